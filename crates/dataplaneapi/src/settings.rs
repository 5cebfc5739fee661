//! The command line, and `dataplaneapi.yaml` with the original's keys. Keys that aren't heeded are named on
//! standard error.

use std::path::PathBuf;
use std::time::Duration;

use yaml_rust2::{Yaml, YamlLoader};

use crate::auth::User;

/// How it runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) max_body: usize,
    pub(crate) users: Vec<User>,
    pub(crate) userlist_file: Option<PathBuf>,
    pub(crate) userlist: String,
    pub(crate) file: PathBuf,
    pub(crate) program: PathBuf,
    pub(crate) transactions: PathBuf,
    pub(crate) max_open: usize,
    pub(crate) backups: Option<(PathBuf, usize)>,
    pub(crate) maps: PathBuf,
    pub(crate) certificates: PathBuf,
    pub(crate) general: PathBuf,
    pub(crate) spoe: PathBuf,
    pub(crate) spoe_transactions: PathBuf,
    pub(crate) master: Option<PathBuf>,
    pub(crate) reload_command: Option<String>,
    pub(crate) status_command: Option<String>,
    pub(crate) reload_delay: Duration,
    pub(crate) validate_command: Option<String>,
    pub(crate) validate_before: Vec<PathBuf>,
    pub(crate) validate_after: Vec<PathBuf>,
    /// Where lines go; standard error without one.
    pub(crate) log_file: Option<PathBuf>,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
}

/// Every key that is heeded, and those that are only known.
const HEEDED: &[&str] = &[
    "config_version",
    "name",
    "log_targets",
    "dataplaneapi.host",
    "dataplaneapi.port",
    "dataplaneapi.max_body_size",
    "dataplaneapi.user",
    "dataplaneapi.userlist.userlist",
    "dataplaneapi.userlist.userlist_file",
    "dataplaneapi.transaction.transaction_dir",
    "dataplaneapi.transaction.max_open_transactions",
    "dataplaneapi.transaction.backups_number",
    "dataplaneapi.transaction.backups_dir",
    "dataplaneapi.resources.maps_dir",
    "dataplaneapi.resources.ssl_certs_dir",
    "dataplaneapi.resources.general_storage_dir",
    "dataplaneapi.resources.dataplane_storage_dir",
    "dataplaneapi.resources.spoe_dir",
    "dataplaneapi.resources.spoe_transaction_dir",
    "dataplaneapi.uid",
    "dataplaneapi.gid",
    "haproxy.config_file",
    "haproxy.haproxy_bin",
    "haproxy.master_runtime",
    "haproxy.master_worker_mode",
    "haproxy.reload.reload_delay",
    "haproxy.reload.reload_cmd",
    "haproxy.reload.restart_cmd",
    "haproxy.reload.status_cmd",
    "haproxy.reload.reload_strategy",
    "haproxy.reload.service_name",
    "haproxy.reload.validate_cmd",
    "haproxy.reload.validate_files_before",
    "haproxy.reload.validate_files_after",
];

const USAGE: &str = "usage: sluice-dataplaneapi [-f FILE] [--maps-dir DIR] [--host HOST] [--port PORT]
  -f FILE          dataplaneapi.yaml (default /etc/haproxy/dataplaneapi.yaml)
  --config-file F  haproxy.cfg        --haproxy-bin F  the proxy's program
  --maps-dir DIR   --ssl-certs-dir DIR   --general-storage-dir DIR   --transaction-dir DIR
  --reload-cmd C   --reload-delay SECONDS";

/// Reads the command line and the file that it names.
pub(crate) fn from_words(words: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut options = Vec::new();
    let mut file = PathBuf::from("/etc/haproxy/dataplaneapi.yaml");
    let mut given = false;
    let mut words = words;
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word, None),
        };
        if name == "-h" || name == "--help" {
            return Err(USAGE.to_owned());
        }
        let value = value.or_else(|| words.next()).ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
        match name.as_str() {
            "-f" => (file, given) = (value.into(), true),
            _ => options.push((name, value)),
        }
    }
    let mut settings = match std::fs::read_to_string(&file) {
        Ok(text) => from_yaml(&text).map_err(|error| format!("{}: {error}", file.display()))?,
        Err(error) if given => return Err(format!("cannot read {}: {error}", file.display())),
        Err(_) => from_yaml("{}")?,
    };
    for (name, value) in options {
        settings.set_option(&name, value)?;
    }
    if let Some(milliseconds) =
        std::env::var("CI_DATAPLANE_RELOAD_DELAY_OVERRIDE").ok().and_then(|v| v.parse().ok())
    {
        settings.reload_delay = Duration::from_millis(milliseconds);
    }
    Ok(settings)
}

impl Settings {
    fn set_option(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "--host" => self.host = value,
            "--port" => self.port = value.parse().map_err(|_| format!("--port {value} is no port"))?,
            "-c" | "--config-file" => self.file = value.into(),
            "-b" | "--haproxy-bin" => self.program = value.into(),
            "-p" | "--maps-dir" => self.maps = value.into(),
            "--ssl-certs-dir" => self.certificates = value.into(),
            "--general-storage-dir" => self.general = value.into(),
            "-t" | "--transaction-dir" => self.transactions = value.into(),
            "-r" | "--reload-cmd" => self.reload_command = Some(value),
            "-d" | "--reload-delay" => {
                let seconds = value.parse().map_err(|_| format!("--reload-delay {value} is no number"))?;
                self.reload_delay = Duration::from_secs(seconds);
            }
            _ => return Err(format!("unknown option {name}\n{USAGE}")),
        }
        Ok(())
    }
}

fn from_yaml(text: &str) -> Result<Settings, String> {
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    let root = documents.first().cloned().unwrap_or(Yaml::BadValue);
    for key in unheeded(&root, "") {
        eprintln!("sluice-dataplaneapi: the key {key} isn't heeded");
    }
    let text = |path: &str| text_at(&root, path);
    let path = |key: &str, default: &str| PathBuf::from(text(key).unwrap_or_else(|| default.to_owned()));
    let number = |key: &str| text(key).and_then(|value| value.parse::<usize>().ok());
    let strategy = text("haproxy.reload.reload_strategy").unwrap_or_else(|| "custom".to_owned());
    let service = text("haproxy.reload.service_name").unwrap_or_else(|| "haproxy.service".to_owned());
    let reload_command = match strategy.as_str() {
        "systemd" => Some(format!("sudo -n systemctl reload {service}")),
        "s6" => Some("s6-svc -2 /var/run/service/haproxy".to_owned()),
        _ => text("haproxy.reload.reload_cmd"),
    };
    let backups = number("dataplaneapi.transaction.backups_number").filter(|count| *count > 0);
    let master = text("haproxy.master_runtime").map(PathBuf::from);
    Ok(Settings {
        host: text("dataplaneapi.host").unwrap_or_else(|| "localhost".to_owned()),
        port: text("dataplaneapi.port").and_then(|port| port.parse().ok()).unwrap_or(5555),
        max_body: text("dataplaneapi.max_body_size").and_then(|t| bytes(&t)).unwrap_or(1 << 30),
        users: users(&at(&root, "dataplaneapi.user")),
        userlist_file: text("dataplaneapi.userlist.userlist_file").map(PathBuf::from),
        userlist: text("dataplaneapi.userlist.userlist").unwrap_or_else(|| "controller".to_owned()),
        file: path("haproxy.config_file", "/etc/haproxy/haproxy.cfg"),
        program: path("haproxy.haproxy_bin", "haproxy"),
        transactions: path("dataplaneapi.transaction.transaction_dir", "/tmp/haproxy"),
        max_open: number("dataplaneapi.transaction.max_open_transactions").unwrap_or(20),
        backups: backups.map(|count| (path("dataplaneapi.transaction.backups_dir", "/tmp/backups"), count)),
        maps: path("dataplaneapi.resources.maps_dir", "/etc/haproxy/maps"),
        certificates: path("dataplaneapi.resources.ssl_certs_dir", "/etc/haproxy/ssl"),
        general: path("dataplaneapi.resources.general_storage_dir", "/etc/haproxy/general"),
        spoe: path("dataplaneapi.resources.spoe_dir", "/etc/haproxy/spoe"),
        spoe_transactions: path("dataplaneapi.resources.spoe_transaction_dir", "/tmp/spoe-haproxy"),
        master: master.filter(|_| text("haproxy.master_worker_mode").as_deref() == Some("true")),
        reload_command,
        status_command: text("haproxy.reload.status_cmd"),
        reload_delay: text("haproxy.reload.reload_delay")
            .and_then(|t| seconds(&t))
            .unwrap_or(Duration::from_secs(5)),
        validate_command: text("haproxy.reload.validate_cmd"),
        validate_before: list(&at(&root, "haproxy.reload.validate_files_before")),
        validate_after: list(&at(&root, "haproxy.reload.validate_files_after")),
        log_file: at(&root, "log_targets")
            .as_vec()
            .into_iter()
            .flatten()
            .find_map(|t| scalar(&t["log_file"]))
            .map(PathBuf::from),
        uid: number("dataplaneapi.uid").and_then(|id| u32::try_from(id).ok()),
        gid: number("dataplaneapi.gid").and_then(|id| u32::try_from(id).ok()),
    })
}

fn at(root: &Yaml, path: &str) -> Yaml {
    path.split('.').fold(root.clone(), |yaml, name| yaml[name].clone())
}

/// A scalar as text; `"${NAME}"` is the environment's.
fn text_at(root: &Yaml, path: &str) -> Option<String> {
    scalar(&at(root, path))
}

fn scalar(yaml: &Yaml) -> Option<String> {
    let text = match yaml {
        Yaml::String(text) | Yaml::Real(text) => text.clone(),
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(yes) => yes.to_string(),
        _ => return None,
    };
    let variable = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    Some(variable.map_or(text.clone(), |name| std::env::var(name).unwrap_or_default()))
}

fn list(yaml: &Yaml) -> Vec<PathBuf> {
    yaml.as_vec().into_iter().flatten().filter_map(scalar).map(PathBuf::from).collect()
}

fn users(yaml: &Yaml) -> Vec<User> {
    let user = |entry: &Yaml| {
        let insecure = entry["insecure"].as_bool().unwrap_or(false);
        Some(User { name: scalar(&entry["name"])?, password: scalar(&entry["password"])?, insecure })
    };
    yaml.as_vec().into_iter().flatten().filter_map(user).collect()
}

/// `10s`, `500ms`, `2m`; a bare number is seconds.
fn seconds(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}

/// `1MiB`, `512k`, `1024`.
fn bytes(text: &str) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let shift = match unit.trim().to_ascii_lowercase().chars().next() {
        None | Some('b') => 0,
        Some('k') => 10,
        Some('m') => 20,
        Some('g') => 30,
        Some(_) => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(1 << shift)
}

/// The keys of a file that nothing here looks at.
fn unheeded(yaml: &Yaml, path: &str) -> Vec<String> {
    let Some(entries) = yaml.as_hash() else { return Vec::new() };
    let mut found = Vec::new();
    for (key, value) in entries {
        let inside = [path, key.as_str().unwrap_or_default()].join(if path.is_empty() { "" } else { "." });
        if HEEDED.contains(&inside.as_str()) {
            continue;
        }
        match value.as_hash() {
            Some(_) => found.extend(unheeded(value, &inside)),
            None => found.push(inside),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_keys() {
        let settings = from_yaml(
            "dataplaneapi:\n  port: 8080\n  user:\n  - {name: a, password: b, insecure: true}\n  max_body_size: 2MiB\n\
             haproxy:\n  reload:\n    reload_cmd: kill -s 12 1\n    reload_delay: 500ms\n",
        )
        .unwrap();
        assert_eq!((settings.port, settings.max_body), (8080, 2 << 20));
        assert_eq!(settings.users, [User { name: "a".into(), password: "b".into(), insecure: true }]);
        assert_eq!(settings.reload_command.as_deref(), Some("kill -s 12 1"));
        assert_eq!(settings.reload_delay, Duration::from_millis(500));
        let other = YamlLoader::load_from_str("dataplaneapi: {tls: {tls_port: 1}, port: 2}").unwrap();
        assert_eq!(unheeded(&other[0], ""), ["dataplaneapi.tls.tls_port"]);
    }
}
