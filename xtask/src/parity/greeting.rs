//! What clients of some units say of who they are before their first request: headers of the PROXY protocol, and
//! those of a NetScaler.

use super::random::Random;

/// How a unit's clients begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// With their request.
    #[default]
    None,
    /// With a header that tells no addresses.
    Unknown,
    /// With addresses in the PROXY protocol's version 1.
    Text,
    /// With addresses in version 2, and something behind them.
    Binary,
    /// With the connection of the proxy itself, in version 2.
    Local,
    /// With the addresses in headers of IP and TCP, behind the number that the listener knows.
    NetScaler,
}

/// The number of the NetScaler.
const MAGIC: u32 = 0x00c0_ffee;
/// Whom a header names.
const CLIENT: [u8; 4] = [192, 0, 2, 9];
const SERVER: [u8; 4] = [198, 51, 100, 3];
const SERVER_PORT: u16 = 443;

/// A greeting, in few units.
pub(super) fn pick(random: &mut Random) -> Greeting {
    match random.below(100) {
        0..3 => Greeting::Unknown,
        3..6 => Greeting::Text,
        6..9 => Greeting::Binary,
        9 => Greeting::Local,
        10..12 => Greeting::NetScaler,
        _ => Greeting::None,
    }
}

impl Greeting {
    /// What makes a listener expect it.
    pub(crate) fn bind(self) -> String {
        match self {
            Greeting::None => String::new(),
            Greeting::NetScaler => format!(" accept-netscaler-cip {MAGIC}"),
            _ => " accept-proxy".to_owned(),
        }
    }

    /// The bytes; `port` is the client's where they name one.
    pub(crate) fn bytes(self, port: u16) -> Vec<u8> {
        let name = |address: [u8; 4]| address.map(|part| part.to_string()).join(".");
        match self {
            Greeting::None => Vec::new(),
            Greeting::Unknown => b"PROXY UNKNOWN\r\n".to_vec(),
            Greeting::Text => {
                format!("PROXY TCP4 {} {} {port} {SERVER_PORT}\r\n", name(CLIENT), name(SERVER)).into_bytes()
            }
            Greeting::Binary => {
                // The name that the client asked for, as a TLV of type 2.
                let authority = [&[2, 0, 11], b"www.example".as_slice()].concat();
                let length = (12 + authority.len() as u16).to_be_bytes();
                [SIGNATURE, &[0x21, 0x11], &length, &addresses(port), &authority].concat()
            }
            Greeting::Local => [SIGNATURE, &[0x20, 0, 0, 0]].concat(),
            Greeting::NetScaler => {
                let (magic, length) = (MAGIC.to_be_bytes(), 40_u32.to_be_bytes());
                [&magic, length.as_slice(), &ip_and_tcp(port)].concat()
            }
        }
    }

    /// The client's port that the log tells: that of the header, or the real one.
    pub(crate) fn port(self, told: u16, real: u16) -> u16 {
        match self {
            Greeting::None | Greeting::Unknown | Greeting::Local => real,
            Greeting::Text | Greeting::Binary | Greeting::NetScaler => told,
        }
    }
}

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn addresses(port: u16) -> Vec<u8> {
    [CLIENT.as_slice(), &SERVER, &port.to_be_bytes(), &SERVER_PORT.to_be_bytes()].concat()
}

/// Headers of IP (20 bytes) and TCP (20 bytes) with these addresses and nothing else of meaning.
fn ip_and_tcp(port: u16) -> Vec<u8> {
    let ip = [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0];
    let tcp = [0; 16];
    [ip.as_slice(), &CLIENT, &SERVER, &port.to_be_bytes(), &SERVER_PORT.to_be_bytes(), &tcp].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_have_the_lengths_they_tell() {
        assert_eq!(Greeting::Text.bytes(5), b"PROXY TCP4 192.0.2.9 198.51.100.3 5 443\r\n");
        let binary = Greeting::Binary.bytes(5);
        assert_eq!(binary.len(), 16 + usize::from(u16::from_be_bytes([binary[14], binary[15]])));
        assert_eq!(Greeting::NetScaler.bytes(5).len(), 8 + 40);
        assert_eq!(Greeting::Local.bytes(5).len(), 16);
        assert_eq!((Greeting::Unknown.port(5, 6), Greeting::Binary.port(5, 6)), (6, 5));
    }
}
