//! What one program did with a conversation, in a form that can be compared: answers, what the origin
//! received, log lines. What may rightly differ between two runs (times, ports, counters of concurrent
//! connections, chunk sizes) is masked or taken apart here and nowhere else.

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
    pub(crate) log: Vec<String>,
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
        let headers: Vec<String> = lines.map(str::to_owned).collect();
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

/// The client's port in a log line of ours (`127.0.0.1:PORT `), by which a line finds its conversation.
pub(crate) fn port_of(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("]: 127.0.0.1:")?;
    rest.split(' ').next()?.parse().ok()
}

/// A log line without what differs from run to run: the syslog prefix, the port, the date, timers, the byte
/// count's dependence on chunk sizes, and counters of connections.
pub(crate) fn masked(line: &str) -> String {
    let Some((_, rest)) = line.split_once("]: 127.0.0.1:") else { return line.to_owned() };
    let (_, rest) = rest.split_once(' ').unwrap_or(("", rest));
    let rest = match (rest.starts_with('['), rest.split_once("] ")) {
        (true, Some((_, rest))) => rest,
        _ => rest,
    };
    let words: Vec<String> = rest.split(' ').map(mask_word).collect();
    words.join(" ").trim_end().to_owned()
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
            masked(LINE),
            "f1 u1_b0/s0 t/t/-1/t/t 200 55 - - ---- t/t/t/t/t 0/0 {a|} \"GET /1/2/3 HTTP/1.1\""
        );
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
