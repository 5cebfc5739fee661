//! Services (manual 4.4 "use-service"): what answers in a server's place. To add one: a file named after it (dashes as
//! underscores) with a `KEYWORDS` table, and its line in the list. The statistics page is no service that rules name, but
//! works as one.

use state::family::Service;

mod prometheus_exporter;
pub mod stats;

/// Every service, a file a line.
pub static ALL: &[&[Service]] = &[prometheus_exporter::KEYWORDS];

/// The service of this name.
pub fn find(name: &str) -> Option<&'static Service> {
    ALL.iter().flat_map(|file| file.iter()).find(|service| service.name == name)
}
