//! Fields of protocol buffers by their numbers, and the frames gRPC puts around messages. Knows no schemas: a path of
//! numbers leads through the messages inside messages.

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Varint,
    Fixed64,
    Bytes,
    Fixed32,
}

/// A field found: how it is written, and its content: for a number its bytes as they stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    pub wire: Wire,
    pub content: &'a [u8],
}

/// The bytes in front of each message of gRPC: whether it is compressed, and its length.
const GRPC_HEADER: usize = 5;

/// The first field at a path of numbers.
pub fn find<'a>(message: &'a [u8], path: &[u64]) -> Option<Field<'a>> {
    let mut message = message;
    let (last, before) = path.split_last()?;
    for number in before {
        let field = first(message, *number)?;
        if field.wire != Wire::Bytes {
            return None;
        }
        message = field.content;
    }
    first(message, *last)
}

/// The first field at a path in the messages of a gRPC body.
pub fn find_grpc<'a>(body: &'a [u8], path: &[u64]) -> Option<Field<'a>> {
    let mut rest = body;
    while let Some((header, after)) = rest.split_first_chunk::<GRPC_HEADER>() {
        let [_, length @ ..] = *header;
        let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
        let (message, after) = after.split_at_checked(length)?;
        if let Some(field) = find(message, path) {
            return Some(field);
        }
        rest = after;
    }
    None
}

/// The first field of this number in one message.
fn first(mut message: &[u8], number: u64) -> Option<Field<'_>> {
    while !message.is_empty() {
        let (key, rest) = varint(message)?;
        let (field, rest) = content(key & 7, rest)?;
        if key >> 3 == number {
            return Some(field);
        }
        message = rest;
    }
    None
}

/// The content of a field from behind its key, and what follows it.
fn content(wire: u64, rest: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let (wire, size, rest) = match wire {
        0 => (Wire::Varint, varint_len(rest)?, rest),
        1 => (Wire::Fixed64, 8, rest),
        2 => {
            let (length, rest) = varint(rest)?;
            (Wire::Bytes, usize::try_from(length).ok()?, rest)
        }
        5 => (Wire::Fixed32, 4, rest),
        // Groups, which are no more used, and what doesn't exist.
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(size)?;
    Some((Field { wire, content }, rest))
}

/// A number in seven bits a byte, and what follows it. At most ten bytes; what doesn't fit is lost.
pub fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_at_checked(varint_len(bytes)?)?;
    let bits = |value: u64, (at, byte): (usize, &u8)| value | u64::from(byte & 127) << (7 * at);
    Some((number.iter().enumerate().fold(0, bits), rest))
}

/// The bytes of the number at the front; 0 where there is nothing.
fn varint_len(bytes: &[u8]) -> Option<usize> {
    match bytes.iter().take(10).position(|b| b & 128 == 0) {
        Some(at) => Some(at + 1),
        None => bytes.is_empty().then_some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_messages_inside() {
        let message = [0x0a, 5, 8, 0x96, 1, 0x10, 5, 0x15, 1, 2, 3, 4];
        let varint = |content| Some(Field { wire: Wire::Varint, content });
        assert_eq!(find(&message, &[1, 1]), varint(&[0x96, 1]));
        assert_eq!(find(&message, &[1, 2]), varint(&[5]));
        assert_eq!(find(&message, &[1, 3]), None);
        assert_eq!(find(&message, &[2]), Some(Field { wire: Wire::Fixed32, content: &[1, 2, 3, 4] }));
        assert_eq!(find(message.get(..11).unwrap_or_default(), &[2]), None);
        assert_eq!(find(&[0x0b, 8, 1, 0x0c], &[1]), None);
        assert_eq!(find(&[8; 64], &[]), None);
    }

    #[test]
    fn grpc_frames() {
        let body = [0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 2, 16, 5, 0, 0];
        assert_eq!(find_grpc(&body, &[2]).map(|f| f.content), Some(&[5][..]));
        assert_eq!(find_grpc(&body, &[3]), None);
        assert_eq!(find_grpc(&[0, 255, 255, 255, 255, 8], &[1]), None);
    }
}
