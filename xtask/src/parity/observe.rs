//! What one program did with a conversation, in a form that can be compared: answers, what the origin
//! received, log lines. What may rightly differ between two runs (times, ports, counters of concurrent
//! connections, chunk sizes) is masked or taken apart here and nowhere else.

use std::net::IpAddr;

use harness::exchange::Exchange;
use harness::recorder::Recorded;
use harness::reply::{self, Framing, Reply};

/// Everything seen of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observation {
    pub(crate) replies: Vec<Reply>,
    /// Bytes after the last whole answer.
    pub(crate) rest: Vec<u8>,
    /// Whether the connection was closed; none when we stopped listening because all answers were in.
    pub(crate) closed: Option<bool>,
    pub(crate) origin: Vec<Received>,
    pub(crate) log: Vec<Logged>,
    /// All bytes as they came, for a report.
    pub(crate) raw: Vec<u8>,
}

/// A request as an origin got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) server: usize,
    /// What the connection told of the client first, without its ports.
    pub(crate) preface: String,
    pub(crate) line: String,
    pub(crate) headers: Vec<String>,
    /// The body without its framing (which the headers tell).
    pub(crate) body: Vec<u8>,
}

impl Observation {
    pub(crate) fn new(
        exchange: &Exchange,
        methods: &[&str],
        enough: bool,
        origin: &[Recorded],
    ) -> Observation {
        let read = reply::parse(&exchange.bytes, methods, exchange.closed);
        Observation {
            replies: read.replies,
            rest: read.rest,
            closed: (!enough).then_some(exchange.closed),
            origin: origin.iter().map(Received::read).collect(),
            log: Vec::new(),
            raw: exchange.bytes.clone(),
        }
    }
}

impl Received {
    fn read(recorded: &Recorded) -> Received {
        let text = String::from_utf8_lossy(&recorded.bytes).into_owned();
        let (head, _) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<String> = lines.map(without_dates).collect();
        // The reader of answers reads any message once its first line looks like one.
        let start = recorded.bytes.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let as_reply = [b"HTTP/1.1 200 OK\r\n", &recorded.bytes[start..]].concat();
        let read = reply::parse(&as_reply, &[], true);
        let body = read.replies.into_iter().next().filter(|reply| reply.framing != Framing::None);
        Received {
            server: recorded.server,
            preface: preface(&recorded.preface),
            line,
            headers,
            body: body.map(|reply| reply.body).unwrap_or_default(),
        }
    }
}

/// A header of the PROXY protocol without what differs from run to run. Of version 2 the parts behind the addresses show
/// by their types only.
fn preface(bytes: &[u8]) -> String {
    if bytes.starts_with(b"PROXY ") {
        let text = String::from_utf8_lossy(bytes).into_owned();
        return text.split(' ').take(4).collect::<Vec<_>>().join(" ");
    }
    let mut shown = bytes.to_vec();
    for port in shown.iter_mut().skip(16 + 8).take(4) {
        *port = 0;
    }
    let (addresses, mut rest) = shown.split_at(shown.len().min(16 + 12));
    let mut text = format!("{addresses:02x?}");
    while let [kind, high, low, behind @ ..] = rest {
        text.push_str(&format!(" {kind:02x}"));
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = behind.get(length..).unwrap_or_default();
    }
    text
}

/// A log line that can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Logged {
    /// What its target's format puts in front.
    pub(crate) front: String,
    pub(crate) line: String,
}

/// A log line taken apart.
struct Line<'a> {
    /// What the target's format puts in front.
    front: &'a str,
    /// The client's port, by which a line finds its conversation.
    port: u16,
    rest: &'a str,
}

impl Line<'_> {
    /// Reads a line that begins with the client's address and port and a date in brackets, behind whatever its target
    /// puts in front; or one in the common log format.
    fn read(line: &str) -> Option<Line<'_>> {
        if let Some((_, behind)) = line.split_once("\" \"\" \"\" ").or(line.split_once(" \"\" \"\" ")) {
            let (port, _) = behind.split_once(' ')?;
            let start = line.find(" - - [")?;
            let start = line[..start].rfind([' ', '>']).map_or(0, |at| at + 1);
            return Some(Line { front: &line[..start], port: port.parse().ok()?, rest: &line[start..] });
        }
        let mut start = 0;
        for word in line.split(' ') {
            let rest = &line[(start + word.len() + 1).min(line.len())..];
            let bare = word.rsplit('>').next().unwrap_or(word);
            if rest.starts_with('[')
                && let Some((address, port)) = bare.rsplit_once(':')
                && address.parse::<IpAddr>().is_ok()
            {
                let front = &line[..start + word.len() - bare.len()];
                return Some(Line { front, port: port.parse().ok()?, rest });
            }
            start += word.len() + 1;
        }
        None
    }
}

/// The client's port in a log line.
pub(crate) fn port_of(line: &str) -> Option<u16> {
    Line::read(line).map(|line| line.port)
}

/// A log line without what differs from run to run: the numbers of what is in front, the port, the date, timers, the
/// byte count's dependence on chunk sizes, counters of connections, and what is written as `time(…)`.
pub(crate) fn masked(line: &str) -> Logged {
    let Some(Line { front, port, rest }) = Line::read(line) else {
        return Logged { line: line.to_owned(), ..Logged::default() };
    };
    let mark = front.find('>').map_or(0, |at| at + 1);
    let (number, front) = front.split_at(if front.starts_with('<') { mark } else { 0 });
    let front = format!("{number}{}", without_numbers(front));
    if !rest.starts_with('[') {
        let behind = rest.split_once(&format!(" {port} ")).map_or("", |(_, behind)| behind);
        let words: Vec<String> = behind.split(' ').map(without_numbers).collect();
        let (before, _) = rest.split_once('[').unwrap_or_default();
        let (_, request) = rest.split_once("] ").unwrap_or_default();
        let request = request.split_once("\"\" \"\"").map_or("", |(request, _)| request);
        return Logged { front, line: format!("{before}{request}{}", words.join(" ")) };
    }
    let (_, rest) = rest.split_once("] ").unwrap_or_default();
    let rest = without_times(rest);
    let words: Vec<String> = rest.split(' ').map(mask_word).collect();
    Logged { front, line: words.join(" ").trim_end().to_owned() }
}

/// Every run of digits as one sign.
fn without_numbers(text: &str) -> String {
    let mut masked = String::new();
    for c in text.chars() {
        match c.is_ascii_digit() {
            true if masked.ends_with('#') => {}
            true => masked.push('#'),
            false => masked.push(c),
        }
    }
    masked
}

/// What stands in `time(…)` without its numbers.
fn without_times(text: &str) -> String {
    let mut masked = String::new();
    let mut left = text;
    while let Some((before, behind)) = left.split_once("time(") {
        let (inner, rest) = behind.split_once(')').unwrap_or((behind, ""));
        masked.push_str(&format!("{before}time<{}>", without_numbers(inner)));
        left = rest;
    }
    masked + left
}

/// A header without the dates of a cookie: five characters behind a bar.
pub(crate) fn without_dates(line: &str) -> String {
    let mut parts = line.split('|');
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_code = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
        let length = part.chars().take_while(is_code).count();
        masked.push('|');
        masked.push_str(if length == 5 { "date" } else { &part[..length] });
        masked.push_str(&part[length..]);
    }
    masked
}

/// `1/-1/+3` becomes `t/-1/+t`, `1/1/0/0/0` too: a field of at least three numbers. What is -1 says that a
/// phase was not reached, and stays; the last of five is the number of retries or nothing of the kind, and
/// cannot be told from a timer without its position, so it is masked like the others.
fn mask_word(word: &str) -> String {
    let parts: Vec<&str> = word.split('/').collect();
    let is_number = |part: &&str| part.trim_start_matches(['+', '-']).parse::<u64>().is_ok();
    if parts.len() < 3 || !parts.iter().all(is_number) {
        return word.to_owned();
    }
    let mask = |part: &&str| if part.starts_with('-') { (*part).to_owned() } else { "t".to_owned() };
    parts.iter().map(mask).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "<134>Nov 22 12:00:00 haproxy[1]: 127.0.0.1:4711 [22/Nov/2026:12:00:00.000] f1 \
                        u1_b0/s0 0/0/-1/+3/4 200 55 - - ---- 1/1/0/0/0 0/0 {a|} \"GET /1/2/3 HTTP/1.1\"";

    #[test]
    fn log_lines_lose_times_only() {
        assert_eq!(port_of(LINE), Some(4711));
        assert_eq!(
            masked(LINE).line,
            "f1 u1_b0/s0 t/t/-1/t/t 200 55 - - ---- t/t/t/t/t 0/0 {a|} \"GET /1/2/3 HTTP/1.1\""
        );
    }

    #[test]
    fn the_front_of_a_line_and_its_clock_lose_their_numbers() {
        let line =
            "<134>1 2026-11-22T12:00:00.1+00:00 - haproxy 7 - - 192.0.2.9:20001 [x] f1 time(09:10 8) a";
        assert_eq!(port_of(line), Some(20_001));
        let front = "<134># #-#-#T#:#:#.#+#:# - haproxy # - - ".to_owned();
        assert_eq!(masked(line), Logged { front, line: "f1 time<#:# #> a".to_owned() });
        assert_eq!(masked("<6>::1:5 [x] f1 a"), Logged { front: "<6>".to_owned(), line: "f1 a".to_owned() });
        let common = "<6>127.0.0.1 - - [22/Nov/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"\" \"\" 4711 34 \"f1\" 7";
        assert_eq!(port_of(common), Some(4711));
        assert_eq!(masked(common).line, "127.0.0.1 - - \"GET / HTTP/1.1\" 200 5 # \"f#\" #");
        assert_eq!(without_dates("SRV=c1|abcde|ABCDE; x|abcd"), "SRV=c1|date|date; x|abcd");
    }

    #[test]
    fn a_received_request_is_taken_apart() {
        let bytes =
            b"POST /x HTTP/1.1\r\nA: b\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n";
        let received = Received::read(&Recorded { server: 2, bytes: bytes.to_vec(), preface: Vec::new() });
        assert_eq!((received.line.as_str(), received.body.as_slice()), ("POST /x HTTP/1.1", &b"xyz"[..]));
        assert_eq!(received.headers, ["A: b", "transfer-encoding: chunked"]);
        let get = Received::read(&Recorded {
            server: 0,
            bytes: b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            preface: b"PROXY TCP4 127.0.0.1 127.0.0.2 4711 80\r\n".to_vec(),
        });
        assert_eq!(get.preface, "PROXY TCP4 127.0.0.1 127.0.0.2");
        assert!(get.body.is_empty());
    }
}
