//! `trace`: prints what a filter sees of a stream, for whoever develops or debugs filters (manual 9.1). In HAProxy's
//! lines; those about its own phases have none here, and its masks of them are 0.

use std::fmt::Write as _;
use std::io::Write as _;

use http::{Kind, Message};

use super::prelude::*;

pub(super) const KEYWORDS: &[FilterKind] = &[FilterKind {
    name: "trace",
    tag: "TRACE",
    doc: "Prints on the error output which heads and how much of bodies it sees. `name` says how its lines begin; \
          `hexdump` shows the bytes; `random-forwarding` and `max-fwd` let bodies go on in pieces only; `quiet` prints \
          nothing.",
    examples: &["trace", "trace name BEFORE hexdump", "trace random-forwarding max-fwd 100 quiet"],
    parse,
}];

/// How lines begin where no name is given.
const NAME: &str = "TRACE";

fn parse(p: &mut Parse<'_>) -> Result<Arc<dyn Filter>, String> {
    let (mut name, mut trace) = (NAME, Trace::default());
    while let Some(option) = p.words.peek().filter(|w| OPTIONS.contains(w)) {
        p.words.advance(1);
        match option {
            "name" => name = p.words.next().ok_or("'trace' : 'name' option without value")?,
            "quiet" => trace.quiet = true,
            "random-forwarding" => trace.random = true,
            "hexdump" => trace.hexdump = true,
            "max-fwd" => {
                let number = p.words.next().and_then(|text| text.parse::<u32>().ok());
                trace.most =
                    number.ok_or("'trace' : 'max-fwd' expect unsigned integer (0 to 4294967295 expected)")?;
            }
            _ => {}
        }
    }
    trace.title = format!("{name}/{}", p.compiler.proxy()).into();
    Ok(Arc::new(trace))
}

const OPTIONS: &[&str] = &["name", "quiet", "random-forwarding", "random-parsing", "hexdump", "max-fwd"];

#[derive(Clone, Debug, Default)]
struct Trace {
    title: Arc<str>,
    quiet: bool,
    random: bool,
    hexdump: bool,
    /// The most bytes that go at once; 0: any number.
    most: u32,
}

/// Which body is traced, in the words of the lines.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The stream's address and number.
    stream: usize,
    number: u64,
    side: Side,
    http: bool,
    /// What speaks something else from then on; it has no end.
    tunnel: bool,
    backend: bool,
}

impl Filter for Trace {
    fn name(&self) -> &'static str {
        "trace"
    }

    fn sees_tunnels(&self) -> bool {
        true
    }

    fn head(&self, act: &mut Act<'_>, shape: &Shape) -> Option<Box<dyn Work>> {
        let (side, wall_us, now_ns) = (act.side, act.wall_us, act.now_ns);
        let stream = act.stream.as_deref_mut()?;
        let http = stream.has_request;
        let place = Place {
            stream: std::ptr::from_ref(stream) as usize,
            number: stream.number & 0xffff_ffff,
            side,
            http,
            tunnel: http && shape.tunnel,
            backend: stream.backend.is_some(),
        };
        // The head of a request was shown before its connection became something else.
        if http && !(place.tunnel && side == Side::Request) {
            let head = if side == Side::Request { &stream.request } else { &stream.response };
            self.say(|lines| {
                heads(self, &place, wall_us, head, lines);
                if place.tunnel {
                    self.step(&place, wall_us, "trace_http_end", "", lines);
                }
            });
        }
        let seed = now_ns ^ (place.stream as u64) | 1;
        Some(Box::new(Tracing {
            trace: self.clone(),
            place,
            seed,
            offset: 0,
            held: Vec::new(),
            wall_us,
            now_ns,
        }))
    }
}

impl Trace {
    /// Prints lines, all at once.
    fn say(&self, write: impl FnOnce(&mut String)) {
        if self.quiet {
            return;
        }
        let mut lines = String::new();
        write(&mut lines);
        // Whoever closed the error output doesn't want to know.
        let _ = std::io::stderr().lock().write_all(lines.as_bytes());
    }

    /// Begins a line.
    fn begin(&self, place: &Place, wall_us: u64, out: &mut String) {
        let (s, us) = (wall_us / 1_000_000, wall_us % 1_000_000);
        let (stream, number) = (place.stream, place.number);
        // Writing into memory can't fail.
        let _ = write!(
            out,
            "{s}.{us:06} [{:<20}] [strm {stream:#x}({number:x}) 0x00000000 0x00000000] ",
            self.title
        );
    }

    /// A line about a step.
    fn step(&self, place: &Place, wall_us: u64, what: &str, rest: &str, out: &mut String) {
        self.begin(place, wall_us, out);
        let channel = if place.side == Side::Request { "REQUEST" } else { "RESPONSE" };
        let mode = if place.http { "HTTP" } else { "TCP" };
        let half = if place.backend { "backend" } else { "frontend" };
        let _ = writeln!(out, "{what:<25}: channel={channel:<10} - mode={mode:<5} ({half}){rest}");
    }
}

fn heads(trace: &Trace, place: &Place, wall_us: u64, head: &Message, out: &mut String) {
    let text = String::from_utf8_lossy;
    let version = head.version().text();
    let first = match head.kind() {
        Kind::Request => {
            format!("\t{} {} HTTP/{}", text(head.method_bytes()), text(head.target_bytes()), text(&version))
        }
        Kind::Response => format!("\tHTTP/{} {} {}", text(&version), head.status(), text(head.reason())),
    };
    trace.step(place, wall_us, "trace_http_headers", &first, out);
    for line in head.headers() {
        trace.begin(place, wall_us, out);
        let _ = writeln!(out, "\t{}: {}", text(line.name), text(line.value));
    }
}

/// A body that is traced.
#[derive(Debug)]
struct Tracing {
    trace: Trace,
    place: Place,
    /// Of the random numbers.
    seed: u64,
    offset: u64,
    held: Vec<u8>,
    /// The clocks when it began.
    wall_us: u64,
    now_ns: u64,
}

impl Tracing {
    /// How many of so many bytes go now.
    fn forward(&mut self, len: usize) -> usize {
        let mut n = len;
        if self.trace.random && len > 0 {
            self.seed ^= self.seed << 13;
            self.seed ^= self.seed >> 7;
            self.seed ^= self.seed << 17;
            n = usize::try_from(self.seed % (len as u64 + 1)).unwrap_or(len);
        }
        match usize::try_from(self.trace.most).unwrap_or(usize::MAX) {
            0 => n,
            most => n.min(most),
        }
    }

    fn tell(&self, bytes: &[u8], forward: usize, last: bool, now_ns: u64) {
        let wall_us = self.wall_us + now_ns.saturating_sub(self.now_ns) / 1000;
        self.trace.say(|lines| {
            let is_body = self.place.http && !self.place.tunnel;
            let offset = if self.place.tunnel { 0 } else { self.offset };
            let rest = format!(" - offset={offset} - len={} - forward={forward}", bytes.len());
            let what = if is_body { "trace_http_payload" } else { "trace_tcp_payload" };
            self.trace.step(&self.place, wall_us, what, &rest, lines);
            if self.trace.hexdump {
                hexdump(bytes.get(..forward).unwrap_or_default(), lines);
            }
            if last && is_body {
                self.trace.step(&self.place, wall_us, "trace_http_end", "", lines);
            }
        });
    }
}

impl Work for Tracing {
    fn alters(&self) -> bool {
        self.trace.random || self.trace.most > 0
    }

    fn pass(&mut self, part: Part<'_>, out: &mut Vec<u8>) -> Passed {
        if !self.alters() {
            if !part.bytes.is_empty() || part.last {
                self.tell(part.bytes, part.bytes.len(), part.last, part.now_ns);
                self.offset += part.bytes.len() as u64;
            }
            return Passed::Same;
        }
        self.held.extend_from_slice(part.bytes);
        let n = self.forward(self.held.len());
        if !self.held.is_empty() || part.last {
            self.tell(&self.held, n, part.last && n == self.held.len(), part.now_ns);
        }
        self.offset += n as u64;
        out.extend(self.held.drain(..n));
        Passed::Other
    }

    /// What is held goes on with the next look.
    fn holds_until(&self) -> Option<u64> {
        (!self.held.is_empty()).then_some(0)
    }
}

/// Sixteen bytes a line: in hexadecimal digits, and as text where they are.
fn hexdump(bytes: &[u8], out: &mut String) {
    for (row, chunk) in bytes.chunks(16).enumerate() {
        let digits: String = chunk.iter().map(|byte| format!("{byte:02x} ")).collect();
        let text: String = chunk
            .iter()
            .map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' })
            .collect();
        let _ = writeln!(out, "\t0x{:06x}: {digits:<52}|{text}|", row * 16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up() {
        for (random, most) in [(true, 0), (false, 3), (true, 5)] {
            let trace = Trace { quiet: true, random, most, ..Trace::default() };
            let place = Place {
                stream: 1,
                number: 1,
                side: Side::Request,
                http: true,
                tunnel: false,
                backend: false,
            };
            let mut tracing =
                Tracing { trace, place, seed: 7, offset: 0, held: Vec::new(), wall_us: 0, now_ns: 0 };
            let (mut out, mut part) = (Vec::new(), &b"hello world"[..]);
            for _ in 0..1000 {
                assert_eq!(
                    tracing.pass(Part { bytes: part, last: true, now_ns: 0 }, &mut out),
                    Passed::Other
                );
                part = b"";
                if tracing.holds_until().is_none() {
                    break;
                }
            }
            assert_eq!(out, b"hello world");
        }
    }

    #[test]
    fn lines() {
        let trace = Trace { title: "T/p".into(), ..Trace::default() };
        let place = Place {
            stream: 0x10,
            number: 2,
            side: Side::Response,
            http: false,
            tunnel: false,
            backend: true,
        };
        let mut out = String::new();
        trace.step(&place, 1_000_001, "trace_tcp_payload", " - len=1", &mut out);
        hexdump(b"hi\n", &mut out);
        let expected = "1.000001 [T/p                 ] [strm 0x10(2) 0x00000000 0x00000000] \
                        trace_tcp_payload        : channel=RESPONSE   - mode=TCP   (backend) - len=1\n\
                        \t0x000000: 68 69 0a                                            |hi.|\n";
        assert_eq!(out, expected);
    }
}
