//! Generated conversations: what a client sends on one connection, well-formed or not, and what the origin
//! answers to it (asked for in the header `X-Reply`).

use std::time::Duration;

use harness::recorder::{Answer, Recorded};

use super::random::Random;

/// The bytes a client sends on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conversation {
    /// Each whole request; they go out in one write.
    pub(crate) requests: Vec<Vec<u8>>,
    /// Clients that come before this one and wait for a slow answer, so that there is a queue.
    pub(crate) holders: usize,
}

/// What such a client asks for.
pub(crate) const HOLD: &[u8] =
    b"GET /hold HTTP/1.1\r\nHost: hold.example\r\nX-Reply: slow\r\nConnection: close\r\n\r\n";

/// How long its answer takes: less than the patience of the clients behind it.
const HOLD_TIME: Duration = Duration::from_millis(90);

impl Conversation {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.requests.concat()
    }

    /// The method of each request, as far as it can be read.
    pub(crate) fn methods(&self) -> Vec<&str> {
        let method = |request: &'_ Vec<u8>| request.iter().position(|&b| b == b' ').unwrap_or(0);
        self.requests
            .iter()
            .map(|request| std::str::from_utf8(&request[..method(request)]).unwrap_or("?"))
            .collect()
    }

    /// Every conversation with one request less, or one header line less.
    pub(crate) fn smaller(&self) -> Vec<Conversation> {
        let mut all = Vec::new();
        if self.holders > 0 {
            all.push(Conversation { holders: self.holders - 1, ..self.clone() });
        }
        for at in (0..self.requests.len()).filter(|_| self.requests.len() > 1) {
            let mut less = self.clone();
            less.requests.remove(at);
            all.push(less);
        }
        for (number, request) in self.requests.iter().enumerate() {
            let lines: Vec<&[u8]> = request.split_inclusive(|&byte| byte == b'\n').collect();
            let head = lines.iter().position(|line| *line == b"\r\n").unwrap_or(0);
            for at in 1..head {
                let mut less = self.clone();
                less.requests[number] = [&lines[..at], &lines[at + 1..]].concat().concat();
                all.push(less);
            }
        }
        all
    }
}

const METHODS: &[&str] = &[
    "GET", "GET", "GET", "GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE",
    "FOO",
];

const TARGETS: &[&str] = &[
    "/",
    "/",
    "/abc",
    "/api/x",
    "/api/",
    "/static/img.png",
    "/img/a.css",
    "/b1/x",
    "/b2",
    "/mon",
    "/%41%2fz",
    "//double//slash",
    "/a/../b/./c",
    "/a;p=1",
    "/?a=1",
    "/abc?a=1&b=2",
    "/abc?b=&a=x%20y",
    "/abc?",
    "/abc?x?y",
    "/abc#frag",
    "http://abs.example/abs?q=1",
    "http://www.example",
    "*",
    "/caf%C3%A9",
    "/very/long/path/with/many/parts/0123456789/0123456789/0123456789",
];

const HOSTS: &[&str] = &[
    "www.example",
    "www.example",
    "WWW.Example",
    "api.example",
    "www.example:8080",
    "127.0.0.1",
    "[::1]:80",
    "",
    "a b",
];

const HEADERS: &[&str] = &[
    "User-Agent: curl/8.0",
    "Authorization: Basic am9lOnNlY3JldA==",
    "authorization: basic  YW5uOmE6Yg==",
    "Authorization: Basic YW5uOnNlY3JldA==",
    "Authorization: Bearer some.token",
    "Authorization: Basic am9lOnNlY3JldA",
    "Accept: */*",
    "X-Many: a,b, c",
    "X-Many: a",
    "x-many: b",
    "X-MANY:c",
    "X-Api: 1",
    "X-Empty:",
    "X_Under: 1",
    "X.Dot: 1",
    "X-Space:   around   ",
    "X-Tab:\tt\t",
    "X-Quote: \"a, b\", c",
    "Cookie: sid=abc; other=1",
    "Cookie: a=b",
    "Cookie: SRV=c0",
    "Cookie: SRV=c1; sid=c0~x",
    "Cookie: SRV=c1",
    "Cookie: other=1;SRV = c1 , sid=c1~y; last",
    "Cookie: SRV=nobody; SRV=c0; sid",
    "Cookie: $Version=1; SRV=c0; $Path=/; sid=\"c0~;\"",
    "Cookie: ; sid = c1; SRV=c1|x;",
    "Cookie: SRV=c0|ahKj8",
    "Cookie: SRV=c1|ahKj8|ahKj8",
    "Cookie: SRV=c1|AAAAA|AAAAA; other=1",
    "Cookie: SRV=c0|!!!!!; sid=c1|zzzzz",
    "Proxy-Connection: keep-alive",
    "Proxy-Connection: close, X-Api",
    "Forwarded: for=192.0.2.60;proto=http",
    "X-Original-To: 198.51.100.9",
    "X-Forwarded-For: 192.0.2.7",
    "X-Client: 192.0.2.8",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: X-Many",
    "Connection: close, X-Api",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: close",
    "TE: trailers",
    "Via: 1.1 a",
    "Expect: 100-continue",
    "Accept-Encoding: gzip",
    "Accept-Encoding: deflate, gzip;q=0.5",
    "Accept-Encoding: gzip;q=0, *;q=0.1",
    "Accept-Encoding: br, identity",
    "accept-encoding: x, GZIP ; q=1.0",
    "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0)",
    "Range: bytes=0-3",
    "If-None-Match: \"x\"",
    "Authorization: Basic dTpw",
    "Max-Forwards: 3",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==",
    "Connection: upgrade\r\nUpgrade: custom",
];

/// Lines that make a request malformed, doubtful or hostile.
const BAD_HEADERS: &[&str] = &[
    "Content-Length: x",
    "Content-Length: -1",
    "Content-Length: +3",
    "Content-Length: 0, 0",
    "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: identity",
    "Transfer-Encoding:\x0bchunked",
    "No-Colon",
    "Bad Name: x",
    "Space-Before : x",
    ": no name",
    " folded: first",
    "X-Fold: a\r\n folded",
    "X-Nul: a\0b",
    "X-Ctl: a\x01b",
    "X-Lf: a\nX-After: b",
    "X-Cr: a\rb",
    "X-High: caf\u{e9}",
    "B\u{e4}d: x",
    "Host: second.example",
    "Upgrade: nothing",
];

const BAD_LINES: &[&str] = &[
    "GET /",
    "GET  / HTTP/1.1",
    "GET / HTTP/1.1 ",
    "GET / HTTP/1.2",
    "GET / HTTP/2.0",
    "GET / HTTP/0.9",
    "GET / HTTP/1",
    "GET / http/1.1",
    "GET / HTTP/1.1x",
    "get / HTTP/1.1",
    "G@T / HTTP/1.1",
    "G T / HTTP/1.1",
    "GET /a b HTTP/1.1",
    "GET noslash HTTP/1.1",
    "GET /\x01 HTTP/1.1",
    "GET /\u{e9} HTTP/1.1",
    "GET /a\tb HTTP/1.1",
    "GET http:/// HTTP/1.1",
    "GET ftp://x/ HTTP/1.1",
    "CONNECT /x HTTP/1.1",
    "\r\nGET / HTTP/1.1",
    "\r\n\r\nGET / HTTP/1.1",
    " GET / HTTP/1.1",
    "GET\t/ HTTP/1.1",
    "POST",
    "\x16\x03\x01",
];

const REPLIES: &[&str] = &[
    "plain",
    "plain",
    "plain",
    "plain",
    "chunked",
    "chunked",
    "trailers",
    "eof",
    "204",
    "304",
    "404",
    "500",
    "1.0",
    "1.0ka",
    "401",
    "429",
    "503",
    "504",
    "cacheable",
    "dup",
    "spaces",
    "continue",
    "hints",
    "cookies",
    "cookies",
    "cached",
    "close",
    "badline",
    "badheader",
    "badlength",
    "short",
    "empty",
    "both",
    "big",
    "redirect",
    "nophrase",
    "101",
    "large",
];

/// A new conversation.
pub(crate) fn conversation(random: &mut Random) -> Conversation {
    let count = if random.chance(75) { 1 } else { 2 + random.below(2) };
    Conversation { requests: (0..count).map(|_| request(random)).collect(), holders: 0 }
}

/// What a client of RDP begins with: its cookie in a connection request of X.224.
pub(crate) fn rdp(random: &mut Random) -> Conversation {
    let cookie = random.pick(&["mstshash=joe", "mstshash=ann", "msts=3640205228.15629.0000", "other=x"]);
    let body =
        [b"\xe0\0\0\0\0\0Cookie: ".as_slice(), cookie.as_bytes(), b"\r\n\x01\0\x08\0\x03\0\0\0"].concat();
    let (length, whole) = (body.len() as u8, (body.len() + 5) as u8);
    Conversation { requests: vec![[&[3, 0, 0, whole, length], body.as_slice()].concat()], holders: 0 }
}

fn request(random: &mut Random) -> Vec<u8> {
    let is_bad = random.chance(12);
    let method = random.pick(METHODS);
    let version = if random.chance(8) { "HTTP/1.0" } else { "HTTP/1.1" };
    let mut head = match is_bad && random.chance(50) {
        true => random.pick(BAD_LINES).to_owned(),
        false => format!("{method} {} {version}", random.pick(TARGETS)),
    };
    if random.chance(96) {
        head.push_str(&format!("\r\nHost: {}", random.pick(HOSTS)));
    }
    head.push_str(&format!("\r\nX-Reply: {}", random.pick(REPLIES)));
    for _ in 0..random.below(5) {
        head.push_str(&format!("\r\n{}", random.pick(HEADERS)));
    }
    // Of two faults each program may name another one.
    if !is_bad && random.chance(3) {
        head.push_str(&excess(random));
    }
    if is_bad {
        head.push_str(&format!("\r\n{}", random.pick(BAD_HEADERS)));
    }
    let with_body = matches!(method, "POST" | "PUT" | "PATCH") || random.chance(4);
    let body = if with_body { body(random, &mut head) } else { String::new() };
    head.push_str("\r\n\r\n");
    // One byte a character: what is above ASCII in the lists goes out as a single byte.
    head.chars().chain(body.chars()).map(|c| c as u8).collect()
}

/// Header lines that are much, or too much.
fn excess(random: &mut Random) -> String {
    let lines = |count: usize| "\r\nX-Many: m".repeat(count);
    let long = |length: usize| format!("\r\nX-Long: {}", "l".repeat(length));
    match random.below(5) {
        0 => long(9_000),
        1 => long(14_000),
        2 => long(20_000),
        3 => lines(80),
        _ => lines(120),
    }
}

fn body(random: &mut Random, head: &mut String) -> String {
    let text =
        random.pick(&["", "x", "a=1&b=2", "{\"k\": [1, 2]}", "0123456789012345678901234567890123456789"]);
    let length = text.len();
    match random.below(12) {
        0..=5 => {
            head.push_str(&format!("\r\nContent-Length: {length}"));
            text.to_owned()
        }
        6 => {
            head.push_str(&format!("\r\nContent-Length: {length}\r\nContent-Length: {length}"));
            text.to_owned()
        }
        7 => {
            head.push_str(&format!("\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked"));
            format!("{length:x}\r\n{text}\r\n{}", if length > 0 { "0\r\n\r\n" } else { "" })
        }
        8 => {
            head.push_str("\r\nTransfer-Encoding: chunked");
            random
                .pick(&[
                    "zz\r\nx\r\n0\r\n\r\n",
                    "3\r\nabcd\r\n0\r\n\r\n",
                    "-1\r\n\r\n",
                    "1 \r\nx\r\n0\r\n\r\n",
                    "1\nx\n0\n\n",
                ])
                .to_owned()
        }
        _ => {
            head.push_str("\r\nTransfer-Encoding: chunked");
            let trailer = random.pick(&["", "", "X-Trailer: t\r\n"]);
            let extension = random.pick(&["", "", ";e=1"]);
            let chunk =
                if length > 0 { format!("{length:X}{extension}\r\n{text}\r\n") } else { String::new() };
            format!("{chunk}0\r\n{trailer}\r\n")
        }
    }
}

/// What the origin answers: by the last `X-Reply` it sees.
pub(crate) fn answer(recorded: &Recorded) -> Answer {
    let text = String::from_utf8_lossy(&recorded.bytes);
    let kind = text
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("x-reply"))
        .last()
        .map_or("plain", |(_, value)| value.trim());
    let is_head = text.starts_with("HEAD ");
    let (head, body, close) = reply(kind);
    let body = if is_head { "" } else { body };
    if head.is_empty() {
        return Answer { close, ..Answer::default() };
    }
    let delay = if kind == "slow" { HOLD_TIME } else { Duration::ZERO };
    Answer { delay, bytes: [head.as_bytes(), b"\r\n", body.as_bytes()].concat(), close }
}

/// A body that goes through more than one buffer.
const LARGE: &str = match std::str::from_utf8(&[b'z'; 100_000]) {
    Ok(text) => text,
    Err(_) => "",
};

fn reply(kind: &str) -> (String, &'static str, bool) {
    let ok = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}");
    let length = "Content-Length: 5\r\n";
    let (head, body, close) = match kind {
        "chunked" => (ok("Transfer-Encoding: chunked\r\n"), "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", false),
        "trailers" => {
            (ok("Transfer-Encoding: chunked\r\nTrailer: X-T\r\n"), "5\r\nabcde\r\n0\r\nX-T: 1\r\n\r\n", false)
        }
        "eof" => (ok(""), "until the end", true),
        "204" => ("HTTP/1.1 204 No Content\r\n".to_owned(), "", false),
        "304" => ("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 5\r\n".to_owned(), "", false),
        "404" => (format!("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n{length}"), "gone\n", false),
        "500" => (format!("HTTP/1.1 500 Oops\r\n{length}"), "oops\n", false),
        "401" | "429" | "503" | "504" => (format!("HTTP/1.1 {kind} Not now\r\n{length}"), "later", false),
        "cacheable" => (
            ok(&format!("Set-Cookie: SRV=z\r\nCache-Control: public, max-age=5\r\n{length}")),
            "abcde",
            false,
        ),
        "1.0" => (format!("HTTP/1.0 200 OK\r\n{length}"), "abcde", true),
        "1.0ka" => (format!("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n{length}"), "abcde", false),
        "dup" => (ok(&format!("X-Dup: a\r\nX-Dup: b, c\r\nServer: origin\r\n{length}")), "abcde", false),
        "spaces" => (ok(&format!("X-Space:    a   \r\nX-None:\r\nx-LOWER:b\r\n{length}")), "abcde", false),
        "continue" => (format!("HTTP/1.1 100 Continue\r\n\r\n{}", ok(length)), "abcde", false),
        "hints" => (format!("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n{}", ok(length)), "abcde", false),
        "cached" => (
            ok(&format!("ETag: \"x\"\r\nSet-Cookie: SRV = y ;x\r\nset-cookie: sid=\"a;b\"; c\r\n{length}")),
            "abcde",
            false,
        ),
        "cookies" => (
            ok(&format!(
                "Set-Cookie: sid=1; Path=/\r\nSet-Cookie: SRV=x\r\nCache-Control: private\r\n{length}"
            )),
            "abcde",
            false,
        ),
        "close" => (ok(&format!("Connection: close\r\n{length}")), "abcde", true),
        "badline" => (format!("HTTP/1.x 200 OK\r\n{length}"), "abcde", true),
        "badheader" => (ok(&format!("Bad Header: x\r\n{length}")), "abcde", true),
        "badlength" => (ok("Content-Length: 5, 6\r\n"), "abcde", true),
        "short" => (ok("Content-Length: 50\r\n"), "too short", true),
        "empty" => return (String::new(), "", true),
        "both" => (ok(&format!("Transfer-Encoding: chunked\r\n{length}")), "5\r\nabcde\r\n0\r\n\r\n", false),
        "big" => (ok(&format!("X-Big: {}\r\n{length}", "b".repeat(3000))), "abcde", false),
        "redirect" => {
            (format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\n{length}"), "abcde", false)
        }
        "101" => (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n".to_owned(),
            "hello in another protocol",
            true,
        ),
        "large" => (ok("Content-Length: 100000\r\n"), LARGE, false),
        "nophrase" => (format!("HTTP/1.1 200\r\n{length}"), "abcde", false),
        _ => (ok(&format!("Content-Type: text/plain\r\nServer: origin\r\n{length}")), "hello", false),
    };
    (head, body, close)
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::reply;

    #[test]
    fn every_kind_of_answer_is_reachable_and_most_are_whole() {
        for kind in REPLIES {
            let recorded = Recorded {
                server: 0,
                bytes: format!("GET / HTTP/1.1\r\nX-Reply: {kind}\r\n\r\n").into_bytes(),
                preface: Vec::new(),
            };
            let answer = answer(&recorded);
            let replies = reply::parse(&answer.bytes, &["GET"], answer.close).replies;
            assert_eq!(replies.is_empty(), matches!(*kind, "short" | "empty"), "{kind}");
        }
    }

    #[test]
    fn conversations_get_smaller() {
        let request = b"POST / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\nbody\n".to_vec();
        let conversation = Conversation { requests: vec![request.clone(), request], holders: 0 };
        assert_eq!(conversation.methods(), ["POST", "POST"]);
        let smaller = conversation.smaller();
        assert_eq!(smaller.len(), 2 + 4);
        assert_eq!(smaller[2].requests[0], b"POST / HTTP/1.1\r\nB: 2\r\n\r\nbody\n");
    }
}
