//! The statistics page of a proxy (manual 4.2 "stats enable"): where it is and who may see it. What it shows is a
//! service's business.

use std::sync::Arc;

use crate::Rules;
use crate::family::Serve;

/// A page.
#[derive(Debug)]
pub struct StatsPage {
    /// `stats uri`: what targets of requests for it begin with.
    pub uri: Box<[u8]>,
    /// `stats http-request`, `stats auth`.
    pub rules: Rules,
    pub service: Arc<dyn Serve>,
}
