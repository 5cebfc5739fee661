//! Frames (RFC 9113 section 4): their heads, what their flags leave of the payload, and writing them.

use super::Code;

/// Bytes in front of a frame's payload.
pub const HEAD: usize = 9;

/// Frame types.
pub mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// Flags.
pub mod flag {
    /// Of SETTINGS and PING.
    pub const ACK: u8 = 1;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
    pub const PADDED: u8 = 8;
    pub const PRIORITY: u8 = 0x20;
}

/// The head of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    pub len: usize,
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
}

impl Head {
    /// Reads the first bytes of `input`; none if they are too few.
    pub fn read(input: &[u8]) -> Option<Head> {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = *input.first_chunk::<HEAD>()?;
        Some(Head {
            len: u32::from_be_bytes([0, l0, l1, l2]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
        })
    }

    /// Appends it. A length beyond 24 bits is a mistake of the caller and is cut.
    pub fn write(self, out: &mut Vec<u8>) {
        let [_, l0, l1, l2] = (self.len as u32).to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.to_be_bytes();
        out.extend_from_slice(&[l0, l1, l2, self.kind, self.flags, s0, s1, s2, s3]);
    }

    pub const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// The payload of DATA or HEADERS without its padding.
pub fn unpad(head: Head, payload: &[u8]) -> Result<&[u8], Code> {
    if !head.has(flag::PADDED) {
        return Ok(payload);
    }
    let (padding, rest) = payload.split_first().ok_or(Code::FRAME_SIZE_ERROR)?;
    let len = rest.len().checked_sub(usize::from(*padding)).ok_or(Code::PROTOCOL_ERROR)?;
    Ok(rest.get(..len).unwrap_or_default())
}

/// The four bytes that a number takes, without its highest bit.
pub fn number31(payload: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*payload.first_chunk::<4>()?) & 0x7fff_ffff)
}

/// Appends a frame whose payload is one number.
pub fn write_number(kind: u8, stream: u32, number: u32, out: &mut Vec<u8>) {
    Head { len: 4, kind, flags: 0, stream }.write(out);
    out.extend_from_slice(&number.to_be_bytes());
}

/// Appends GOAWAY.
pub fn write_goaway(last: u32, code: Code, out: &mut Vec<u8>) {
    Head { len: 8, kind: kind::GOAWAY, flags: 0, stream: 0 }.write(out);
    out.extend_from_slice(&last.to_be_bytes());
    out.extend_from_slice(&code.0.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_come_back() {
        let head = Head { len: 0x01_0203, kind: 9, flags: 5, stream: 0x7fff_ffff };
        let mut out = Vec::new();
        head.write(&mut out);
        assert_eq!(Head::read(&out), Some(head));
        assert_eq!(Head::read(&out[..8]), None);
    }

    #[test]
    fn padding_goes() {
        let head = Head { len: 0, kind: kind::DATA, flags: flag::PADDED, stream: 1 };
        assert_eq!(unpad(head, b"\x02abc00"), Ok(&b"abc"[..]));
        assert_eq!(unpad(head, b"\x02\0\0"), Ok(&b""[..]));
        assert_eq!(unpad(head, b"\x03\0\0"), Err(Code::PROTOCOL_ERROR));
        assert_eq!(unpad(head, b""), Err(Code::FRAME_SIZE_ERROR));
        assert_eq!(unpad(Head { flags: 0, ..head }, b"\x09a"), Ok(&b"\x09a"[..]));
    }
}
