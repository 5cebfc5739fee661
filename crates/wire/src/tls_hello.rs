//! The first record of a TLS connection, as far as routing looks into it: whether it is a ClientHello, of which version,
//! for which server (RFC 8446 section 4.1.2, RFC 6066 section 3). Nothing is decrypted or believed.

/// What stands at the front of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hello<'a> {
    /// More bytes could make it one.
    Partial,
    /// Something else.
    None,
    Client(Client<'a>),
    /// A handshake message of another type.
    Other(u8),
}

/// A ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client<'a> {
    /// The version that stands in front, whatever is offered behind it.
    pub legacy_version: u16,
    /// The highest version it offers: 0x0303 is TLS 1.2.
    pub version: u16,
    /// The server's name it asks for.
    pub name: Option<&'a [u8]>,
    /// The protocols it offers, each behind a byte of its length.
    pub alpn: Option<&'a [u8]>,
    ciphers: &'a [u8],
    extensions: &'a [u8],
}

impl<'a> Client<'a> {
    /// The ciphers it offers, two bytes each.
    pub fn ciphers(&self) -> &'a [u8] {
        self.ciphers
    }

    /// Kinds and contents of its extensions, in order.
    pub fn extensions(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut rest = self.extensions;
        std::iter::from_fn(move || {
            let ([high, low], value) = rest.split_first_chunk()?;
            let (value, after) = long(value)?;
            rest = after;
            Some((u16::from_be_bytes([*high, *low]), value))
        })
    }

    fn extension(&self, kind: u16) -> Option<&'a [u8]> {
        self.extensions().find(|(have, _)| *have == kind).map(|(_, value)| value)
    }

    /// The groups it offers, two bytes each.
    pub fn groups(&self) -> Option<&'a [u8]> {
        long(self.extension(GROUPS)?).map(|(list, _)| list)
    }

    /// How it can read points of curves, a byte each.
    pub fn point_formats(&self) -> Option<&'a [u8]> {
        short(self.extension(POINT_FORMATS)?).map(|(list, _)| list)
    }

    /// The signatures it can check, two bytes each.
    pub fn signatures(&self) -> Option<&'a [u8]> {
        long(self.extension(SIGNATURES)?).map(|(list, _)| list)
    }

    /// The versions it offers, two bytes each.
    pub fn versions(&self) -> Option<&'a [u8]> {
        short(self.extension(SUPPORTED_VERSIONS)?).map(|(list, _)| list)
    }

    /// The groups it sends keys for, two bytes each.
    pub fn key_shares(&self) -> Option<Vec<u8>> {
        let (mut list, _) = long(self.extension(KEY_SHARE)?)?;
        let mut groups = Vec::new();
        while let Some((group, rest)) = list.split_first_chunk::<2>() {
            groups.extend_from_slice(group);
            list = long(rest)?.1;
        }
        Some(groups)
    }
}

/// Whether it is a value that means nothing: it only keeps the other side used to unknown ones (RFC 8701).
pub fn is_grease([high, low]: [u8; 2]) -> bool {
    high == low && high & 0x0f == 0x0a
}

const HANDSHAKE: u8 = 0x16;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
const GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURES: u16 = 13;
const ALPN: u16 = 16;
const KEY_SHARE: u16 = 51;
const SUPPORTED_VERSIONS: u16 = 43;
/// The longest record (RFC 8446 section 5.1).
const RECORD_MAX: usize = 16 * 1024;

/// Reads it.
pub fn read(bytes: &[u8]) -> Hello<'_> {
    match bytes.first() {
        None => return Hello::Partial,
        Some(&HANDSHAKE) => {}
        Some(_) => return Hello::None,
    }
    let Some(([_, major, _, high, low], rest)) = bytes.split_first_chunk() else { return Hello::Partial };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    if *major != 3 || !(4..=RECORD_MAX).contains(&len) {
        return Hello::None;
    }
    match rest.first() {
        None => return Hello::Partial,
        Some(&CLIENT_HELLO) => {}
        Some(kind) => return Hello::Other(*kind),
    }
    let Some(record) = rest.get(..len) else { return Hello::Partial };
    client(record).map_or(Hello::None, Hello::Client)
}

fn client(record: &[u8]) -> Option<Client<'_>> {
    let ([_, _, high, low, major, minor], rest) = record.split_first_chunk()?;
    let body = usize::from(u16::from_be_bytes([*high, *low]));
    let rest = rest.get(..body.checked_sub(2)?.min(rest.len()))?;
    let legacy_version = u16::from_be_bytes([*major, *minor]);
    let mut version = legacy_version;
    let (_random, rest) = rest.split_at_checked(32)?;
    let (_session, rest) = short(rest)?;
    let (ciphers, rest) = long(rest)?;
    let (_compressions, rest) = short(rest)?;
    let (mut name, mut alpn) = (None, None);
    let (all, _) = long(rest).unwrap_or((&[], &[]));
    let mut extensions = all;
    while let Some(([high, low], rest)) = extensions.split_first_chunk() {
        let (value, after) = long(rest)?;
        extensions = after;
        match u16::from_be_bytes([*high, *low]) {
            SERVER_NAME => name = server_name(value),
            ALPN => alpn = long(value).map(|(list, _)| list),
            SUPPORTED_VERSIONS => {
                let offered = short(value).map_or(&[][..], |(list, _)| list);
                let highest = offered.as_chunks::<2>().0.iter().map(|v| u16::from_be_bytes(*v));
                // Those that mean nothing (RFC 8701) have two equal bytes.
                version = highest.filter(|v| v >> 8 == 3).max().unwrap_or(version);
            }
            _ => {}
        }
    }
    Some(Client { legacy_version, version, name, alpn, ciphers, extensions: all })
}

/// The first host name of the list.
fn server_name(value: &[u8]) -> Option<&[u8]> {
    let (mut list, _) = long(value)?;
    while let Some((kind, rest)) = list.split_first() {
        let (name, after) = long(rest)?;
        if *kind == 0 {
            return Some(name);
        }
        list = after;
    }
    None
}

/// What follows a length of one byte, and the rest.
fn short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*len))
}

/// What follows a length of two bytes, and the rest.
fn long(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let ([high, low], rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized(bytes: &[u8]) -> Vec<u8> {
        [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }

    fn hello(extensions: &[u8]) -> Vec<u8> {
        let body = [&[3, 3][..], &[7; 32], &[0], &sized(&[0x13, 1]), &[1, 0], &sized(extensions)].concat();
        let message = [&[1, 0][..], &sized(&body)].concat();
        [&[0x16, 3, 1][..], &sized(&message)].concat()
    }

    #[test]
    fn a_name_a_protocol_and_a_version() {
        let name = [&[0, 0][..], &sized(&sized(&[&[0][..], &sized(b"a.example")].concat()))].concat();
        let alpn = [&[0, 16][..], &sized(&sized(b"\x02h2"))].concat();
        let versions = [&[0, 43][..], &sized(&[6, 0x1a, 0x1a, 3, 4, 3, 3])].concat();
        let bytes = hello(&[name, alpn, versions].concat());
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), Hello::Partial, "{cut}");
        }
        let Hello::Client(found) = read(&bytes) else { panic!("no hello") };
        assert_eq!((found.legacy_version, found.version), (0x303, 0x304));
        assert_eq!((found.name, found.alpn), (Some(&b"a.example"[..]), Some(&b"\x02h2"[..])));
        assert_eq!(
            (found.ciphers(), found.versions()),
            (&[0x13, 1][..], Some(&[0x1a, 0x1a, 3, 4, 3, 3][..]))
        );
        assert_eq!(found.extensions().map(|(kind, _)| kind).collect::<Vec<_>>(), [0, 16, 43]);
        assert!(is_grease([0x1a, 0x1a]) && !is_grease([3, 4]) && !is_grease([0x11, 0x11]));
        let bare = hello(&[]);
        let Hello::Client(plain) = read(&bare) else { panic!("no hello") };
        assert_eq!((plain.version, plain.name), (0x303, None));
        assert_eq!(read(b"GET / HTTP/1.1"), Hello::None);
        assert_eq!(read(b"\x16\x03\x01\x00\x10\x02"), Hello::Other(2));
        assert_eq!(read(b"\x16\x03\x01\x00\x04\x01\x00\x00\x09"), Hello::None);
    }
}
