//! The comments at the head of a managed file: `# _version=N` and `# _md5hash=…`.
//!
//! The hash is of everything after its line. It is kept true where it stands, and not added: a file without
//! one is managed all the same.

use config::Document;
use md5::{Digest, Md5};

const VERSION: &[u8] = b"_version=";
const HASH: &[u8] = b"_md5hash=";

/// The version a text carries; a text without one has 1.
pub(crate) fn version(document: &Document) -> u64 {
    find(document, VERSION)
        .and_then(|line| value(document.line_text(line).unwrap_or_default(), VERSION))
        .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
        .unwrap_or(1)
}

/// Writes the version, and the hash if the text has one.
pub(crate) fn set_version(document: &mut Document, version: u64) {
    let line = format!("# _version={version}");
    match find(document, VERSION) {
        Some(at) => {
            let end = document.line_text(at).unwrap_or_default().len();
            document.splice(at, 0..end, line.as_bytes());
        }
        None => {
            let at = find(document, HASH).map_or(0, |at| at + 1);
            document.insert_blank(at);
            document.splice(at, 0..0, line.as_bytes());
        }
    }
    set_hash(document);
}

fn set_hash(document: &mut Document) {
    let Some(at) = find(document, HASH) else { return };
    let mut digest = Md5::new();
    for line in at + 1..document.len() {
        digest.update(document.raw_line(line));
    }
    let line = format!("# _md5hash={}", hex(&digest.finalize()));
    let end = document.line_text(at).unwrap_or_default().len();
    document.splice(at, 0..end, line.as_bytes());
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The md5 of a text as it is told in headers.
pub fn md5_hex(text: &[u8]) -> String {
    hex(&Md5::digest(text))
}

/// The line among the leading comments that carries this key.
fn find(document: &Document, key: &[u8]) -> Option<usize> {
    (0..document.len())
        .take_while(|&line| {
            let text = document.line_text(line).unwrap_or_default().trim_ascii_start();
            text.is_empty() || text.starts_with(b"#")
        })
        .find(|&line| value(document.line_text(line).unwrap_or_default(), key).is_some())
}

fn value<'a>(line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    line.trim_ascii_start().strip_prefix(b"#")?.trim_ascii_start().strip_prefix(key).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_and_written_and_nothing_else_changes() {
        let mut d = Document::parse("# mine\nglobal\n# _version=7\n");
        assert_eq!(version(&d), 1, "a comment further down isn't the head");
        set_version(&mut d, 2);
        assert_eq!(d.print(), b"# _version=2\n# mine\nglobal\n# _version=7\n");
        set_version(&mut d, 3);
        assert_eq!(version(&d), 3);
        assert_eq!(d.print(), b"# _version=3\n# mine\nglobal\n# _version=7\n");
    }

    #[test]
    fn a_hash_is_kept_true() {
        let mut d = Document::parse("# _md5hash=x\n# _version=1\nglobal\n");
        set_version(&mut d, 2);
        let text = d.print();
        let rest = b"# _version=2\nglobal\n";
        assert_eq!(text, [format!("# _md5hash={}\n", md5_hex(rest)).as_bytes(), rest].concat());
    }
}
