//! Text that stands for bytes: words of a configuration that aren't UTF-8 carry each byte that is no character as a private
//! one, U+10FF00 and the byte.

use std::borrow::Cow;

const PRIVATE: u32 = 0x0010_ff00;

/// The bytes that a word stands for.
pub fn bytes(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(|c| c as u32 >= PRIVATE) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for char in text.chars() {
        match u8::try_from((char as u32).wrapping_sub(PRIVATE)) {
            Ok(byte) => out.push(byte),
            Err(_) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(out)
}

/// The same, to keep.
pub fn boxed(text: &str) -> Box<[u8]> {
    bytes(text).into_owned().into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn private_characters_are_bytes() {
        assert_eq!(&*bytes("abc"), b"abc");
        assert_eq!(&*bytes("h\u{e9}-\u{10ffe0}-"), b"h\xc3\xa9-\xe0-");
    }
}
