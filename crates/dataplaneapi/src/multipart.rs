//! The one file of a multipart form: its name and its bytes.

/// What was sent as `file_upload`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    /// The last part of the name it was sent under; nothing that leads elsewhere.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Reads a body by the boundary in its content type.
pub(crate) fn upload(content_type: &str, body: &[u8]) -> Option<Upload> {
    let boundary =
        content_type.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?.trim_matches('"');
    let mark = format!("--{boundary}").into_bytes();
    let mut rest = after(body, &mark)?;
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = find(part, &[b"\r\n", mark.as_slice()].concat())?;
        let (head, bytes) = split(part.get(..end)?, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(head);
        if head.contains("name=\"file_upload\"") {
            return Some(Upload { name: file_name(parameter(&head, "filename")?), bytes: bytes.to_vec() });
        }
        rest = part.get(end + 2 + mark.len()..)?;
    }
    None
}

fn parameter<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = head.split_once(&format!("; {name}=\""))?;
    rest.split('"').next()
}

/// A name that is one file's in a folder.
pub(crate) fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control() && *c != '\0').collect();
    plain.trim_start_matches('.').trim().to_owned()
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window == needle)
}

fn after<'a>(text: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    text.get(find(text, needle)? + needle.len()..)
}

fn split<'a>(text: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    Some((text.get(..find(text, needle)?)?, after(text, needle)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_found_and_its_name_leads_nowhere() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x\r\n\
                     Content-Disposition: form-data; name=\"file_upload\"; filename=\"../../etc/m.map\"\r\n\
                     Content-Type: text/plain\r\n\r\nkey value\r\n\r\n--x--\r\n";
        let found = upload("multipart/form-data; boundary=x", body).unwrap();
        assert_eq!(found, Upload { name: "m.map".into(), bytes: b"key value\r\n".to_vec() });
        assert_eq!(upload("multipart/form-data; boundary=y", body), None);
        assert_eq!(upload("text/plain", body), None);
        assert_eq!(file_name("..\\.hidden"), "hidden");
    }
}
