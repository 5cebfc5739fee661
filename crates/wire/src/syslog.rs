//! Syslog messages as they come from others: RFC 5424, RFC 3164, and what is neither; and the two ways in which a stream
//! sets them apart (RFC 6587). Borrows from the bytes it is given; knows no clock and no addresses.

/// A message taken apart. What it doesn't say, or leaves out with `-`, is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message<'m> {
    pub priority: Option<Priority>,
    pub style: Style,
    /// The date as it was written: `2003-10-11T22:14:15.003Z` (RFC 5424), `Oct 11 22:14:15` (RFC 3164).
    pub date: Option<&'m [u8]>,
    pub host: Option<&'m [u8]>,
    /// The program.
    pub tag: Option<&'m [u8]>,
    pub pid: Option<&'m [u8]>,
    pub id: Option<&'m [u8]>,
    /// Structured data with its brackets.
    pub data: Option<&'m [u8]>,
    pub text: &'m [u8],
}

/// Who speaks, and how grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    pub facility: u8,
    /// 0 (emerg) to 7 (debug).
    pub level: u8,
}

/// The form a message came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Neither: text, perhaps after a priority.
    #[default]
    Bare,
    Rfc3164,
    Rfc5424,
}

impl<'m> Message<'m> {
    /// Takes a message apart. There is none that can't be: what makes no sense is text.
    pub fn parse(bytes: &'m [u8]) -> Self {
        let bytes = trimmed(bytes);
        let (priority, rest) = match priority(bytes) {
            Some((priority, rest)) => (Some(priority), rest),
            None => (None, bytes),
        };
        let found = new_style(rest).or_else(|| old_style(rest));
        let found = found.unwrap_or(Message { text: rest, ..Message::default() });
        Message { priority, ..found }
    }
}

/// Without line ends behind it.
fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let Some((b'\n' | b'\r' | 0, rest)) = bytes.split_last() {
        bytes = rest;
    }
    bytes
}

/// `<13>`: one to three digits.
fn priority(bytes: &[u8]) -> Option<(Priority, &[u8])> {
    let rest = bytes.strip_prefix(b"<")?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) {
        return None;
    }
    let (number, rest) = rest.split_at_checked(digits)?;
    let rest = rest.strip_prefix(b">")?;
    let number = number.iter().fold(0u16, |n, digit| n * 10 + u16::from(digit - b'0'));
    let facility = u8::try_from(number / 8).ok()?;
    Some((Priority { facility, level: (number % 8) as u8 }, rest))
}

/// RFC 5424: `1 DATE HOST TAG PID ID DATA TEXT`.
fn new_style(bytes: &[u8]) -> Option<Message<'_>> {
    let mut rest = bytes.strip_prefix(b"1 ")?;
    let mut words: [Option<&[u8]>; 5] = [None; 5];
    for word in &mut words {
        let (found, after) = split_once(rest, b' ')?;
        *word = given(found);
        rest = after;
    }
    let [date, host, tag, pid, id] = words;
    let end = data_end(rest)?;
    let (data, after) = rest.split_at_checked(end)?;
    let text = after.strip_prefix(b" ").unwrap_or(after);
    let message =
        Message { priority: None, style: Style::Rfc5424, date, host, tag, pid, id, data: given(data), text };
    Some(message)
}

/// Where structured data ends: `-`, or elements in brackets, in whose values a backslash hides what follows it.
fn data_end(bytes: &[u8]) -> Option<usize> {
    if bytes.first() == Some(&b'-') {
        return matches!(bytes.get(1), None | Some(b' ')).then_some(1);
    }
    let (mut quoted, mut hidden, mut inside) = (false, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match (byte, inside) {
            _ if hidden => hidden = false,
            (b'\\', true) if quoted => hidden = true,
            (b'"', true) => quoted = !quoted,
            (b']', true) if !quoted => inside = false,
            (b'[', false) => inside = true,
            (_, true) => {}
            (b' ', false) if at > 0 => return Some(at),
            (_, false) => return None,
        }
    }
    (!inside && !bytes.is_empty()).then_some(bytes.len())
}

/// RFC 3164: `Mmm dd hh:mm:ss HOST TAG[PID]: TEXT`; the tag may be missing.
fn old_style(bytes: &[u8]) -> Option<Message<'_>> {
    let (date, rest) = bytes.split_at_checked(DATE.len()).filter(|(date, _)| is_date(date))?;
    let rest = rest.strip_prefix(b" ")?;
    let (host, rest) = split_once(rest, b' ').map_or((None, rest), |(host, rest)| (given(host), rest));
    let bare = Message { style: Style::Rfc3164, date: Some(date), host, text: rest, ..Message::default() };
    Some(tagged(rest).map_or(bare, |(tag, pid, text)| Message { tag: Some(tag), pid, text, ..bare }))
}

/// A program's name and number in front of a text.
type Tagged<'m> = (&'m [u8], Option<&'m [u8]>, &'m [u8]);

/// `TAG: TEXT`, `TAG[PID]: TEXT`.
fn tagged(bytes: &[u8]) -> Option<Tagged<'_>> {
    let (word, text) = split_once(bytes, b' ')?;
    let word = word.strip_suffix(b":")?;
    let (tag, pid) = match split_once(word, b'[') {
        Some((tag, rest)) => (tag, Some(rest.strip_suffix(b"]")?)),
        None => (word, None),
    };
    (!tag.is_empty()).then_some((tag, pid, text))
}

/// How a date looks: letters, digits (or a space for the first one), and what stands as it is.
const DATE: &[u8] = b"Aaa d0 00:00:00";

fn is_date(bytes: &[u8]) -> bool {
    bytes.len() == DATE.len()
        && bytes.iter().zip(DATE).all(|(byte, shape)| match shape {
            b'A' => byte.is_ascii_uppercase(),
            b'a' => byte.is_ascii_lowercase(),
            b'd' => byte.is_ascii_digit() || *byte == b' ',
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = bytes.iter().position(|b| *b == at)?;
    Some((bytes.get(..position)?, bytes.get(position + 1..)?))
}

fn given(word: &[u8]) -> Option<&[u8]> {
    (!word.is_empty() && word != b"-").then_some(word)
}

/// What stands at the beginning of a stream's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'m> {
    /// A whole message, and how many bytes it took.
    Message(&'m [u8], usize),
    /// More bytes are needed.
    Partial,
    /// No message can begin like that, or it is longer than allowed.
    Broken,
}

/// The next message of a stream: after its length, or up to a line feed where it begins with `<` (RFC 6587 section 3.4).
/// `lines`: line feeds end all of them. No message may be longer than `max`.
pub fn frame(bytes: &[u8], max: usize, lines: bool) -> Frame<'_> {
    match bytes.first() {
        None => Frame::Partial,
        Some(b'<') => line(bytes, max),
        Some(_) if lines => line(bytes, max),
        Some(b'1'..=b'9') => counted(bytes, max),
        Some(_) => Frame::Broken,
    }
}

fn line(bytes: &[u8], max: usize) -> Frame<'_> {
    match split_once(bytes, b'\n') {
        Some((message, _)) if message.len() <= max => Frame::Message(message, message.len() + 1),
        None if bytes.len() <= max => Frame::Partial,
        _ => Frame::Broken,
    }
}

fn counted(bytes: &[u8], max: usize) -> Frame<'_> {
    let mut length = 0usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => length = length * 10 + usize::from(byte - b'0'),
            b' ' => {
                let message = bytes.get(at + 1..).and_then(|rest| rest.get(..length));
                return message.map_or(Frame::Partial, |m| Frame::Message(m, at + 1 + length));
            }
            _ => return Frame::Broken,
        }
        if length > max {
            return Frame::Broken;
        }
    }
    Frame::Partial
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(part: Option<&[u8]>) -> String {
        part.map_or("-".to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn parsed(bytes: &[u8]) -> String {
        let m = Message::parse(bytes);
        let priority = m.priority.map_or("-".to_owned(), |p| format!("{}.{}", p.facility, p.level));
        let parts = [m.date, m.host, m.tag, m.pid, m.id, m.data].map(text).join("|");
        format!("{:?} {priority} {parts}|{}", m.style, String::from_utf8_lossy(m.text))
    }

    #[test]
    fn messages_of_both_kinds_and_of_none() {
        for (bytes, expected) in [
            (
                "<13>Nov 26 10:11:12 myhost app[42]: hello",
                "Rfc3164 1.5 Nov 26 10:11:12|myhost|app|42|-|-|hello",
            ),
            ("<13>Nov  6 10:11:12 h app: no pid\r\n", "Rfc3164 1.5 Nov  6 10:11:12|h|app|-|-|-|no pid"),
            ("<13>Nov 26 10:11:12 app[42]: hello", "Rfc3164 1.5 Nov 26 10:11:12|app[42]:|-|-|-|-|hello"),
            ("<13>Nov 26 10:11:12 h app[4 x", "Rfc3164 1.5 Nov 26 10:11:12|h|-|-|-|-|app[4 x"),
            (
                "<165>1 2003-10-11T22:14:15.003Z host app 111 ID47 [ex@1 a=\"b\"] BOM msg",
                "Rfc5424 20.5 2003-10-11T22:14:15.003Z|host|app|111|ID47|[ex@1 a=\"b\"]|BOM msg",
            ),
            ("<165>1 - - - - - - m", "Rfc5424 20.5 -|-|-|-|-|-|m"),
            ("<165>1 - - - - - -", "Rfc5424 20.5 -|-|-|-|-|-|"),
            ("<1>1 - - - - - [a x=\"\\\" ] \"][b] t", "Rfc5424 0.1 -|-|-|-|-|[a x=\"\\\" ] \"][b]|t"),
            (
                "<34>1 2003-10-11T22:14:15.003Z host app",
                "Bare 4.2 -|-|-|-|-|-|1 2003-10-11T22:14:15.003Z host app",
            ),
            ("plain", "Bare - -|-|-|-|-|-|plain"),
            ("<999>x", "Bare 124.7 -|-|-|-|-|-|x"),
            ("<1234>x", "Bare - -|-|-|-|-|-|<1234>x"),
            ("<13>", "Bare 1.5 -|-|-|-|-|-|"),
        ] {
            assert_eq!(parsed(bytes.as_bytes()), expected, "{bytes}");
        }
    }

    #[test]
    fn any_part_of_a_message_is_one_too() {
        let message = b"<165>1 2003-10-11T22:14:15.003Z host app 111 ID47 [ex@1 a=\"b\\]\"] BOM\xff\x00msg";
        for from in 0..message.len() {
            for to in from..message.len() {
                let part = &message[from..to];
                assert!(Message::parse(part).text.len() <= part.len());
            }
        }
    }

    #[test]
    fn streams_are_cut_into_messages() {
        let cases: [(&[u8], bool, Frame<'_>); 12] = [
            (b"", false, Frame::Partial),
            (b"<13>a\n<", false, Frame::Message(b"<13>a", 6)),
            (b"<13>a", false, Frame::Partial),
            (b"5 <13>a6 ", false, Frame::Message(b"<13>a", 7)),
            (b"5 <13>", false, Frame::Partial),
            (b"12", false, Frame::Partial),
            (b"0 a", false, Frame::Broken),
            (b"5x", false, Frame::Broken),
            (b"999999999999999999999999999 ", false, Frame::Broken),
            (b"x<13>a\n", false, Frame::Broken),
            (b"x<13>a\n", true, Frame::Message(b"x<13>a", 7)),
            (b"<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false, Frame::Broken),
        ];
        for (bytes, lines, expected) in cases {
            assert_eq!(frame(bytes, 40, lines), expected, "{bytes:?}");
        }
    }
}
