//! A ClientHello that asks for a server by name, as the first bytes of a client that speaks TLS (RFC 8446 section 4.1.2,
//! RFC 6066 section 3). Only for looking at: no connection is made with it.

/// The record; none where the name is too long for one.
pub(super) fn asking_for(name: &str) -> Option<Vec<u8>> {
    let name = name.as_bytes();
    let length = u16::try_from(name.len()).ok().filter(|n| *n <= 255)?;
    let mut server_name = Vec::new();
    put16(&mut server_name, length + 3);
    server_name.push(0);
    put16(&mut server_name, length);
    server_name.extend_from_slice(name);
    let mut extensions = Vec::new();
    extension(&mut extensions, 0, &server_name);
    // TLS 1.3 and 1.2.
    extension(&mut extensions, 43, &[4, 3, 4, 3, 3]);
    let mut body = vec![3, 3];
    body.extend_from_slice(&[0; 32]);
    body.push(0);
    body.extend_from_slice(&[0, 2, 0x13, 0x01, 1, 0]);
    put16(&mut body, extensions.len() as u16);
    body.extend_from_slice(&extensions);
    let mut record = vec![0x16, 3, 1];
    put16(&mut record, body.len() as u16 + 4);
    record.extend_from_slice(&[1, 0]);
    put16(&mut record, body.len() as u16);
    record.extend_from_slice(&body);
    Some(record)
}

fn extension(out: &mut Vec<u8>, kind: u16, content: &[u8]) {
    put16(out, kind);
    put16(out, content.len() as u16);
    out.extend_from_slice(content);
}

fn put16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use wire::tls_hello::{Hello, read};

    #[test]
    fn it_is_read_as_what_it_is() {
        let record = super::asking_for("www.example").unwrap_or_default();
        match read(&record) {
            Hello::Client(client) => assert_eq!(client.name, Some(&b"www.example"[..])),
            other => panic!("{other:?}"),
        }
        assert_eq!(super::asking_for(&"x".repeat(300)), None);
    }
}
