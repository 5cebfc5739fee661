//! The command line, and `dataplaneapi.yaml` with the original's keys. Keys that aren't heeded are named on
//! standard error.

use std::path::PathBuf;
use std::time::Duration;

use yaml_rust2::{Yaml, YamlLoader};

use crate::auth::User;
use crate::log::{Target, To, facility};

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
    /// What this program keeps of its own.
    pub(crate) storage: PathBuf,
    pub(crate) spoe: PathBuf,
    pub(crate) spoe_transactions: PathBuf,
    pub(crate) master: Option<PathBuf>,
    pub(crate) reload_command: Option<String>,
    pub(crate) status_command: Option<String>,
    pub(crate) reload_delay: Duration,
    pub(crate) validate_command: Option<String>,
    pub(crate) validate_before: Vec<PathBuf>,
    pub(crate) validate_after: Vec<PathBuf>,
    /// Where lines go.
    pub(crate) logs: Vec<Target>,
    /// What is listened on: `http`, `https`, `unix`.
    pub(crate) schemes: Vec<String>,
    pub(crate) tls: Option<Tls>,
    /// The unix socket.
    pub(crate) socket: PathBuf,
    pub(crate) max_header: usize,
    pub(crate) pid_file: Option<PathBuf>,
    /// Whether the original's faults are mended (`compat: improved`), or its clients notice nothing (`strict`).
    pub(crate) improved: bool,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
}

/// The TLS listener.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Who signs the certificates that clients must show.
    pub(crate) ca: Option<PathBuf>,
}

/// Every key that is heeded, and those that are only known.
const HEEDED: &[&str] = &[
    "config_version",
    "name",
    "compat",
    "log_targets",
    "dataplaneapi.scheme",
    "dataplaneapi.socket_path",
    "dataplaneapi.max_header_size",
    "dataplaneapi.pid_file",
    "dataplaneapi.tls.tls_host",
    "dataplaneapi.tls.tls_port",
    "dataplaneapi.tls.tls_certificate",
    "dataplaneapi.tls.tls_key",
    "dataplaneapi.tls.tls_ca",
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
  --reload-cmd C   --reload-delay SECONDS
  --scheme S       http, https, unix; separated by commas    --socket-path F
  --tls-host H     --tls-port P     --tls-certificate F     --tls-key F     --tls-ca F
  --userlist NAME  --userlist-file F
  --compat C       strict: as the original answers; improved: with its faults mended";

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
        // Under the original's name it answers as the original does; under its own, better.
        Err(_) => from_yaml(if original_name() { "compat: strict" } else { "compat: improved" })?,
    };
    settings.take_environment(|name| std::env::var(name).ok());
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

/// Whether the program was started under the name of the original.
fn original_name() -> bool {
    let name = std::env::args_os().next().map(PathBuf::from);
    name.as_deref().and_then(std::path::Path::file_name).is_some_and(|name| name == "dataplaneapi")
}

impl Settings {
    fn set_option(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "--host" => self.host = value,
            "--port" => self.port = value.parse().map_err(|_| format!("--port {value} is no port"))?,
            "--compat" => self.improved = improved(&value)?,
            "--scheme" => self.schemes = value.split(',').map(str::to_owned).collect(),
            "--socket-path" => self.socket = value.into(),
            "--userlist" => self.userlist = value,
            "--userlist-file" => self.userlist_file = Some(value.into()),
            _ if name.starts_with("--tls-") => self.tls_mut().set_option(name, value)?,
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

    fn tls_mut(&mut self) -> &mut Tls {
        self.tls.get_or_insert_with(Tls::default)
    }

    /// What the environment says counts where the file says nothing else.
    fn take_environment(&mut self, variable: impl Fn(&str) -> Option<String>) {
        if let Some(socket) = variable("HAPROXY_MASTER_CLI")
            .filter(|_| self.master.is_none() && variable("HAPROXY_MWORKER").as_deref() == Some("1"))
        {
            let first = socket.split(';').next().unwrap_or_default();
            self.master = first.strip_prefix("unix@").map(PathBuf::from);
        }
        let files: Vec<PathBuf> =
            variable("HAPROXY_CFGFILES").unwrap_or_default().split(';').map(PathBuf::from).collect();
        if let Some(first) = files.first().filter(|first| first.is_absolute() && !self.file.exists()) {
            self.file.clone_from(first);
        }
        if let Some(host) = variable("HOST").filter(|host| !host.is_empty() && self.host == DEFAULT_HOST) {
            self.host = host;
        }
        if let Some(port) =
            variable("PORT").and_then(|port| port.parse().ok()).filter(|_| self.port == DEFAULT_PORT)
        {
            self.port = port;
        }
    }

    /// Whether a listener asks clients for certificates, which stand for credentials then.
    pub(crate) fn asks_certificates(&self) -> bool {
        self.schemes.iter().any(|scheme| scheme == "https")
            && self.tls.as_ref().is_some_and(|tls| tls.ca.is_some())
    }
}

const DEFAULT_HOST: &str = "localhost";
const DEFAULT_PORT: u16 = 5555;

impl Default for Tls {
    fn default() -> Self {
        Self {
            host: DEFAULT_HOST.to_owned(),
            port: 6443,
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            ca: None,
        }
    }
}

impl Tls {
    fn set_option(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "--tls-host" => self.host = value,
            "--tls-port" => self.port = value.parse().map_err(|_| format!("{name} {value} is no port"))?,
            "--tls-certificate" => self.certificate = value.into(),
            "--tls-key" => self.key = value.into(),
            "--tls-ca" => self.ca = Some(value.into()),
            _ => return Err(format!("unknown option {name}\n{USAGE}")),
        }
        Ok(())
    }

    fn from_yaml(root: &Yaml) -> Option<Self> {
        let text = |name: &str| text_at(root, &format!("dataplaneapi.tls.tls_{name}"));
        let defaults = Self::default();
        Some(Self {
            certificate: text("certificate")?.into(),
            key: text("key")?.into(),
            host: text("host").unwrap_or(defaults.host),
            port: text("port").and_then(|port| port.parse().ok()).unwrap_or(defaults.port),
            ca: text("ca").map(PathBuf::from),
        })
    }
}

/// Whether a word asks for the improved answers.
fn improved(word: &str) -> Result<bool, String> {
    match word {
        "improved" => Ok(true),
        "strict" => Ok(false),
        _ => Err(format!("compat is strict or improved, not {word}")),
    }
}

/// The targets of `log_targets`; standard error without any.
fn logs(list: &Yaml) -> Result<Vec<Target>, String> {
    let mut targets = Vec::new();
    for entry in list.as_vec().into_iter().flatten() {
        let text = |name: &str| scalar(&entry[name]);
        let to = match text("log_to").unwrap_or_else(|| "stdout".to_owned()).as_str() {
            "stdout" => To::Stdout,
            "file" => To::File(
                text("log_file").unwrap_or_else(|| "/var/log/dataplaneapi/dataplaneapi.log".into()).into(),
            ),
            "syslog" => {
                let name = text("syslog_facility").unwrap_or_else(|| "local0".to_owned());
                let number = facility(&name).ok_or_else(|| format!("unknown syslog_facility {name}"))?;
                let address = text("syslog_address").ok_or("a syslog target needs syslog_address")?;
                if let Some(protocol) =
                    text("syslog_protocol").filter(|p| !matches!(p.as_str(), "udp" | "unixgram" | "unix"))
                {
                    return Err(format!("syslog_protocol {protocol} isn't served: udp or unixgram"));
                }
                To::Syslog(address, number, text("syslog_tag").unwrap_or_else(|| "dataplaneapi".to_owned()))
            }
            other => return Err(format!("log_to {other} is none of stdout, file, syslog")),
        };
        let types: Vec<String> =
            entry["log_types"].as_vec().into_iter().flatten().filter_map(scalar).collect();
        let takes = |kind: &str| types.is_empty() || types.iter().any(|known| known == kind);
        let quiet = matches!(text("log_level").as_deref(), Some("warning" | "error" | "fatal" | "panic"));
        targets.push(Target {
            to,
            json: text("log_format").as_deref() == Some("json"),
            app: takes("app") && !quiet,
            access: takes("access") && !quiet,
        });
    }
    if targets.is_empty() {
        targets.push(Target { to: To::Stderr, json: false, app: true, access: false });
    }
    Ok(targets)
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
        host: text("dataplaneapi.host").unwrap_or_else(|| DEFAULT_HOST.to_owned()),
        port: text("dataplaneapi.port").and_then(|port| port.parse().ok()).unwrap_or(DEFAULT_PORT),
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
        storage: path("dataplaneapi.resources.dataplane_storage_dir", "/etc/haproxy/dataplane"),
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
        logs: logs(&at(&root, "log_targets"))?,
        schemes: schemes(&at(&root, "dataplaneapi.scheme")),
        tls: Tls::from_yaml(&root),
        socket: path("dataplaneapi.socket_path", "/var/run/data-plane.sock"),
        max_header: text("dataplaneapi.max_header_size").and_then(|t| bytes(&t)).unwrap_or(1 << 20).max(8192),
        pid_file: text("dataplaneapi.pid_file").map(PathBuf::from),
        improved: text("compat").map_or(Ok(false), |word| improved(&word))?,
        uid: number("dataplaneapi.uid").and_then(|id| u32::try_from(id).ok()),
        gid: number("dataplaneapi.gid").and_then(|id| u32::try_from(id).ok()),
    })
}

fn schemes(yaml: &Yaml) -> Vec<String> {
    let all: Vec<String> = yaml.as_vec().into_iter().flatten().filter_map(scalar).collect();
    if all.is_empty() { vec![scalar(yaml).unwrap_or_else(|| "http".to_owned())] } else { all }
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
        assert!(!settings.improved && settings.schemes == ["http"] && settings.tls.is_none());
        let other = YamlLoader::load_from_str("dataplaneapi: {tls: {tls_keep_alive: 1}, port: 2}").unwrap();
        assert_eq!(unheeded(&other[0], ""), ["dataplaneapi.tls.tls_keep_alive"]);
    }

    #[test]
    fn listeners_logs_and_the_environment() {
        let text = "compat: improved\ndataplaneapi:\n  scheme: [https, unix]\n  tls: {tls_certificate: c, tls_key: k, tls_ca: a, tls_port: 1}\n\
                    haproxy: {config_file: /nowhere/x}\n\
                    log_targets:\n- {log_to: syslog, syslog_address: \"127.0.0.1:1\", syslog_facility: local2, log_types: [access], log_format: json}\n";
        let mut settings = from_yaml(text).unwrap();
        assert!(settings.improved && settings.asks_certificates() && settings.schemes == ["https", "unix"]);
        let to = To::Syslog("127.0.0.1:1".into(), 18, "dataplaneapi".into());
        assert_eq!(settings.logs, [Target { to, json: true, app: false, access: true }]);
        settings.take_environment(|name| match name {
            "HAPROXY_MWORKER" => Some("1".into()),
            "HAPROXY_MASTER_CLI" => Some("unix@/run/master".into()),
            "HAPROXY_CFGFILES" => Some("/etc/a.cfg;/etc/b.cfg".into()),
            "PORT" => Some("99".into()),
            _ => None,
        });
        assert_eq!(settings.master.as_deref(), Some("/run/master".as_ref()));
        assert_eq!((settings.file.as_path(), settings.port), ("/etc/a.cfg".as_ref(), 99));
        assert!(from_yaml("compat: x").is_err() && from_yaml("log_targets: [{log_to: moon}]").is_err());
    }
}
