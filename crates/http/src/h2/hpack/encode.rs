//! Writing header lists: each field as an index of the static table or as a literal that nobody keeps.

/// Appends a number with a prefix of so many bits (RFC 7541 section 5.1); `mark`: what stands in front of the prefix.
fn number(value: usize, bits: u32, mark: u8, out: &mut Vec<u8>) {
    let most = (1usize << bits) - 1;
    if value < most {
        out.push(mark | value as u8);
        return;
    }
    out.push(mark | most as u8);
    let mut rest = value - most;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends the field at an index of the static table.
pub fn indexed(index: u8, out: &mut Vec<u8>) {
    number(usize::from(index), 7, 0x80, out);
}

/// Appends a field with the name at an index of the static table, or with this name where that is 0.
pub fn literal(index: u8, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    number(usize::from(index), 4, 0, out);
    if index == 0 {
        number(name.len(), 7, 0, out);
        out.extend_from_slice(name);
    }
    number(value.len(), 7, 0, out);
    out.extend_from_slice(value);
}

/// Appends `:status`.
pub fn status(status: u16, out: &mut Vec<u8>) {
    match status {
        200 => indexed(8, out),
        204 => indexed(9, out),
        206 => indexed(10, out),
        304 => indexed(11, out),
        400 => indexed(12, out),
        404 => indexed(13, out),
        500 => indexed(14, out),
        other => {
            let digit = |n: u16| b'0' + (n % 10) as u8;
            literal(8, b"", &[digit(other / 100), digit(other / 10), digit(other)], out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_rfc() {
        let written = |value, bits, mark| {
            let mut out = Vec::new();
            number(value, bits, mark, &mut out);
            out
        };
        assert_eq!(written(10, 5, 0), [10]);
        assert_eq!(written(1337, 5, 0), [31, 154, 10]);
        assert_eq!(written(42, 8, 0), [42]);
        assert_eq!(written(127, 7, 0x80), [255, 0]);
    }

    #[test]
    fn fields_are_literals_or_static() {
        let mut out = Vec::new();
        status(200, &mut out);
        status(418, &mut out);
        literal(31, b"", b"a/b", &mut out);
        literal(0, b"x", b"", &mut out);
        assert_eq!(out, b"\x88\x08\x03418\x0f\x10\x03a/b\x00\x01x\x00");
    }
}
