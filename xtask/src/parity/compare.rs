//! Where two observations differ: each difference has a kind, by which differences are grouped and, with a
//! reason, accepted (`tests/parity/known.toml`).

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use harness::reply::Reply;

use super::observe::{Logged, Observation, Received, without_dates};

/// One difference between the oracle and the program under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Short and stable, e.g. `status 200 400` or `origin header +x-a`.
    pub(crate) kind: String,
    /// The oracle's.
    pub(crate) theirs: String,
    pub(crate) ours: String,
}

/// All differences, the most telling first.
pub(crate) fn differences(theirs: &Observation, ours: &Observation) -> Vec<Difference> {
    let mut found = Found::default();
    found.same("answers", &theirs.replies.len(), &ours.replies.len());
    for (theirs, ours) in theirs.replies.iter().zip(&ours.replies) {
        found.reply(theirs, ours);
    }
    let rest = |seen: &Observation| without_dates(&text(&seen.rest));
    found.same("bytes after the answers", &rest(theirs), &rest(ours));
    if let (Some(theirs), Some(ours)) = (theirs.closed, ours.closed) {
        found.same("closed", &theirs, &ours);
    }
    found.same("origin requests", &theirs.origin.len(), &ours.origin.len());
    // With one more or less, which belongs to which is not known.
    if theirs.origin.len() == ours.origin.len() {
        for (theirs, ours) in theirs.origin.iter().zip(&ours.origin) {
            found.received(theirs, ours);
        }
    }
    found.same("log lines", &theirs.log.len(), &ours.log.len());
    if theirs.log.len() == ours.log.len() {
        for (theirs, ours) in ordered(&theirs.log).into_iter().zip(ordered(&ours.log)) {
            found.log(theirs, ours);
        }
    }
    found.differences
}

/// Lines by what is in front of them, equal ones together, otherwise as they came: Sluice sends those for one target
/// together, so that two targets get theirs in another order.
fn ordered(lines: &[Logged]) -> Vec<&Logged> {
    let first = |line: &Logged| lines.iter().position(|other| other == line);
    let mut all: Vec<&Logged> = lines.iter().collect();
    all.sort_by_key(|line| (&line.front, first(line)));
    all
}

#[derive(Default)]
struct Found {
    differences: Vec<Difference>,
}

impl Found {
    fn add(&mut self, kind: impl Into<String>, theirs: impl Into<String>, ours: impl Into<String>) {
        self.differences.push(Difference { kind: kind.into(), theirs: theirs.into(), ours: ours.into() });
    }

    fn same<T: PartialEq + ToString>(&mut self, kind: &str, theirs: &T, ours: &T) {
        if theirs != ours {
            self.add(kind, theirs.to_string(), ours.to_string());
        }
    }

    fn reply(&mut self, theirs: &Reply, ours: &Reply) {
        if theirs.status() == ours.status() {
            self.same("first line", &theirs.line, &ours.line);
        } else {
            self.add(format!("status {} {}", theirs.status(), ours.status()), &theirs.line, &ours.line);
        }
        let lines = |reply: &Reply| -> Vec<String> {
            reply.headers.iter().map(|(name, value)| without_dates(&format!("{name}: {value}"))).collect()
        };
        self.headers("header", &lines(theirs), &lines(ours));
        self.same("body", &text(&content(theirs)), &text(&content(ours)));
        self.same("framing", &format!("{:?}", theirs.framing), &format!("{:?}", ours.framing));
        self.same("trailers", &theirs.trailers.join("|"), &ours.trailers.join("|"));
    }

    fn received(&mut self, theirs: &Received, ours: &Received) {
        self.same("origin server", &theirs.server, &ours.server);
        self.same("origin preface", &theirs.preface, &ours.preface);
        self.same("origin first line", &theirs.line, &ours.line);
        self.headers("origin header", &theirs.headers, &ours.headers);
        self.same("origin body", &text(&theirs.body), &text(&ours.body));
    }

    fn headers(&mut self, what: &str, theirs: &[String], ours: &[String]) {
        if theirs == ours {
            return;
        }
        let before = self.differences.len();
        for line in theirs.iter().filter(|line| !ours.contains(line)) {
            let same = ours.iter().find(|other| name(other) == name(line)).cloned().unwrap_or_default();
            if value(&same) == value(line) && !same.is_empty() {
                self.add(format!("{what} name case {}", name(line)), line.as_str(), same);
                continue;
            }
            let sign = if same.is_empty() { "-" } else { "" };
            self.add(format!("{what} {sign}{}", name(line)), line.as_str(), same);
        }
        for line in ours.iter().filter(|line| !theirs.iter().any(|other| name(other) == name(line))) {
            self.add(format!("{what} +{}", name(line)), "", line.as_str());
        }
        if self.differences.len() == before {
            self.add(format!("{what} order or count"), theirs.join(" | "), ours.join(" | "));
        }
    }

    fn log(&mut self, theirs: &Logged, ours: &Logged) {
        self.same("log front", &theirs.front, &ours.front);
        let (theirs, ours) = (theirs.line.as_str(), ours.line.as_str());
        if theirs == ours {
            return;
        }
        let (a, b): (Vec<&str>, Vec<&str>) = (theirs.split(' ').collect(), ours.split(' ').collect());
        if a.len() != b.len() {
            let at = a.iter().zip(&b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
            return self.add(format!("log fields from {at}"), theirs, ours);
        }
        for at in (0..a.len()).filter(|at| a[*at] != b[*at]) {
            let kind =
                if names_server(a[at], b[at]) { "log server".to_owned() } else { format!("log field {at}") };
            self.add(kind, theirs, ours);
        }
    }
}

/// Whether all that two fields of a log line differ in is which server of the generator's they name.
fn names_server(theirs: &str, ours: &str) -> bool {
    let split = |field: &'_ str| -> (String, String) {
        let (before, name) = field.rsplit_once('/').unwrap_or(("", field));
        (before.to_owned(), name.trim_matches('"').to_owned())
    };
    let is_server = |name: &str| {
        name.len() == 2 && name.starts_with(['s', 't']) && name.ends_with(|c: char| c.is_ascii_digit())
    };
    let ((before, a), (same, b)) = (split(theirs), split(ours));
    before == same && is_server(&a) && is_server(&b)
}

/// The body without its coding: two encoders need not agree on the bytes. As it is where it can't be decoded.
fn content(reply: &Reply) -> Cow<'_, [u8]> {
    let mut plain = Vec::new();
    let read = match reply.header("content-encoding") {
        Some("gzip") => GzDecoder::new(&reply.body[..]).read_to_end(&mut plain),
        Some("deflate") => ZlibDecoder::new(&reply.body[..]).read_to_end(&mut plain).or_else(|_| {
            plain.clear();
            DeflateDecoder::new(&reply.body[..]).read_to_end(&mut plain)
        }),
        _ => return Cow::Borrowed(&reply.body),
    };
    if read.is_ok() { Cow::Owned(plain) } else { Cow::Borrowed(&reply.body) }
}

fn name(line: &str) -> String {
    line.split(':').next().unwrap_or_default().to_ascii_lowercase()
}

fn value(line: &str) -> Option<&str> {
    line.split_once(':').map(|(_, value)| value)
}

fn text(bytes: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned();
    shown.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::reply;

    fn observed(bytes: &[u8], log: &str) -> Observation {
        let read = reply::parse(bytes, &[], true);
        Observation {
            replies: read.replies,
            rest: read.rest,
            log: vec![Logged { line: log.to_owned(), ..Logged::default() }],
            ..Observation::default()
        }
    }

    #[test]
    fn every_part_is_compared() {
        let a = observed(b"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nContent-Length: 1\r\n\r\nx", "f b/s 200");
        let b = observed(b"HTTP/1.1 404 No\r\nA: 2\r\nC: 2\r\nContent-Length: 1\r\n\r\ny", "f b/s 404");
        let kinds: Vec<String> = differences(&a, &b).into_iter().map(|difference| difference.kind).collect();
        assert_eq!(kinds, ["status 200 404", "header a", "header -b", "header +c", "body", "log field 2"]);
        assert!(differences(&a, &a).is_empty());
    }

    #[test]
    fn servers_are_known_by_their_names() {
        assert!(names_server("u0_b0/s0", "u0_b0/s1"));
        assert!(names_server("t1", "s0"));
        assert!(!names_server("u0_b0/s0", "u0_b1/s1"));
        assert!(!names_server("--", "CC"));
    }

    #[test]
    fn lines_for_two_targets_keep_the_order_of_requests() {
        let line = |front: &str, line: &str| Logged { front: front.to_owned(), line: line.to_owned() };
        let (a, b) = (["x", "y"].map(|front| line(front, "2")), ["x", "y"].map(|front| line(front, "1")));
        let [one, other] =
            [[&a[0], &a[1], &b[0], &b[1]], [&a[0], &b[0], &a[1], &b[1]]].map(|lines| lines.map(Clone::clone));
        assert_eq!(ordered(&one), ordered(&other));
        assert_eq!(ordered(&one)[0], &a[0]);
    }

    #[test]
    fn order_counts() {
        let a = observed(b"HTTP/1.1 204 OK\r\nA: 1\r\nB: 2\r\n\r\n", "");
        let b = observed(b"HTTP/1.1 204 OK\r\nB: 2\r\nA: 1\r\n\r\n", "");
        assert_eq!(differences(&a, &b)[0].kind, "header order or count");
    }
}
