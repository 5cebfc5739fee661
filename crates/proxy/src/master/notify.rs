//! Telling systemd how the service is (sd_notify(3)): a datagram to the socket that it named.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Sends these lines. Where nobody listens, nobody is told.
pub(super) fn send(words: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let text = path.to_string_lossy();
    let address = match text.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&path),
    };
    let sent = address.and_then(|to| UnixDatagram::unbound()?.send_to_addr(words.as_bytes(), &to));
    if let Err(error) = sent {
        crate::say::warning(&format!("Cannot notify '{text}': {error}"));
    }
}
