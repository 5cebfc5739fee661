//! Where lines for those who run it go: `log_targets`, each with what it takes and how it is written.

use std::io::Write;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use serde_json::json;

/// A target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) to: To,
    /// A line of JSON instead of `name=value`.
    pub(crate) json: bool,
    /// Whether it takes what the program says of itself.
    pub(crate) app: bool,
    /// Whether it takes a line for each request.
    pub(crate) access: bool,
}

/// Its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Stderr,
    Stdout,
    File(PathBuf),
    /// Datagrams to an address or a socket's path, with the facility and the tag.
    Syslog(String, u8, String),
}

/// A request that was answered.
pub(crate) struct Access<'a> {
    pub(crate) client: &'a str,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) status: u16,
    pub(crate) bytes: usize,
    pub(crate) micros: u128,
}

/// The names of facilities, by their number.
const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// The number of a facility.
pub(crate) fn facility(name: &str) -> Option<u8> {
    FACILITIES.iter().position(|known| *known == name).and_then(|at| u8::try_from(at).ok())
}

/// Writes what the program says of itself.
pub(crate) fn app(targets: &[Target], line: &str) {
    let time = client::timestamp();
    for target in targets.iter().filter(|target| target.app) {
        let text = match target.json {
            true => json!({ "time": time, "level": "info", "msg": line }).to_string(),
            false => format!("time=\"{time}\" level=info msg=\"{}\"", quoted(line)),
        };
        write(&target.to, &text);
    }
}

/// Writes a line for a request.
pub(crate) fn access(targets: &[Target], access: &Access<'_>) {
    if !targets.iter().any(|target| target.access) {
        return;
    }
    let time = client::timestamp();
    let Access { client, method, target, status, bytes, micros } = access;
    for place in targets.iter().filter(|target| target.access) {
        let text = match place.json {
            true => json!({
                "time": time, "remote_addr": client, "method": method, "uri": target, "status": status,
                "size": bytes, "duration_us": u64::try_from(*micros).unwrap_or(u64::MAX),
            })
            .to_string(),
            false => format!(
                "time=\"{time}\" level=info msg=\"{client} {method} {} {status} {bytes} {micros}us\"",
                quoted(target)
            ),
        };
        write(&place.to, &text);
    }
}

/// Text that stays in its quotes and on its line.
fn quoted(text: &str) -> String {
    text.escape_debug().to_string().replace("\\'", "'")
}

/// A log that can't be written doesn't stop the work.
fn write(to: &To, line: &str) {
    match to {
        To::Stderr => drop(writeln!(std::io::stderr(), "{line}")),
        To::Stdout => drop(writeln!(std::io::stdout(), "{line}")),
        To::File(path) => {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
            drop(file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())));
        }
        To::Syslog(address, facility, tag) => {
            let text = format!("<{}>{tag}[{}]: {line}", u16::from(*facility) * 8 + 6, std::process::id());
            drop(match address.starts_with('/') {
                true => UnixDatagram::unbound().and_then(|socket| socket.send_to(text.as_bytes(), address)),
                false => local(address).and_then(|socket| socket.send_to(text.as_bytes(), address)),
            });
        }
    }
}

fn local(address: &str) -> std::io::Result<UdpSocket> {
    UdpSocket::bind(if address.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_reach_their_targets() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let file = std::env::temp_dir().join(format!("log-{}", std::process::id()));
        let targets = [
            Target { to: To::Syslog(address, 16, "api".into()), json: true, app: true, access: false },
            Target { to: To::File(file.clone()), json: false, app: false, access: true },
        ];
        app(&targets, "a \"b\"\nc");
        let mut room = [0; 1000];
        let length = socket.recv(&mut room).unwrap();
        let text = String::from_utf8_lossy(&room[..length]).into_owned();
        assert!(text.starts_with("<134>api[") && text.contains(r#""msg":"a \"b\"\nc""#), "{text}");
        access(
            &targets,
            &Access { client: "c", method: "GET", target: "/\n", status: 200, bytes: 1, micros: 2 },
        );
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.ends_with("msg=\"c GET /\\n 200 1 2us\"\n") && text.lines().count() == 1, "{text}");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(facility("local0"), Some(16));
    }
}
