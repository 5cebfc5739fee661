//! `bwlim-in`, `bwlim-out`: how many bytes of bodies go on in a time, for each stream or for all streams of one key
//! together (manual 9.7). Works on streams for which a `set-bandwidth-limit` rule was run.

use state::Expr;
use state::table::{Kind, Tracked};

use super::prelude::*;

pub(super) const KEYWORDS: &[FilterKind] = &[
    FilterKind {
        name: "bwlim-in",
        tag: "BWLIM",
        doc: "Limits what goes from clients to servers, once `set-bandwidth-limit` asks for it: `default-limit` bytes in a \
              `default-period` for each stream, or `limit` bytes in the period of `bytes_in_rate` in a stick table for \
              all streams with the same key.",
        examples: &["bwlim-in uploads default-limit 1m default-period 1s min-size 2896"],
        parse: |p| parse(p, Side::Request),
    },
    FilterKind {
        name: "bwlim-out",
        tag: "BWLIM",
        doc: "Limits what goes from servers to clients, once `set-bandwidth-limit` asks for it: `default-limit` bytes in a \
              `default-period` for each stream, or `limit` bytes in the period of `bytes_out_rate` in a stick table for \
              all streams with the same key.",
        examples: &["bwlim-out downloads default-limit 1m default-period 1s"],
        parse: |p| parse(p, Side::Response),
    },
];

/// How often what is held back is looked at again, as a part of the period.
const STEPS: u64 = 5;

/// What the words of a line say.
#[derive(Default)]
struct Said {
    default_limit: u64,
    default_period: u32,
    limit: u64,
    key: Option<Expr>,
    table: Option<String>,
    min_size: u64,
}

fn parse(p: &mut Parse<'_>, side: Side) -> Result<Arc<dyn Filter>, String> {
    let word = if side == Side::Request { "bwlim-in" } else { "bwlim-out" };
    let wrong = |what: String| format!("'{word}' : {what}");
    let name = p.words.next().ok_or_else(|| wrong("a name is expected as first argument ".to_owned()))?;
    let mut said = Said::default();
    while let Some(option) = p.words.peek().filter(|w| OPTIONS.contains(w)) {
        p.words.advance(1);
        if p.words.peek().is_none() {
            return Err(wrong(format!("the value is missing for '{option}' option")));
        }
        option_of(p, option, &mut said).map_err(|e| if option == "key" { e } else { wrong(e) })?;
    }
    let shared = said.limit > 0 || said.key.is_some() || said.table.is_some();
    if shared && (said.default_limit > 0 || said.default_period > 0) {
        return Err(wrong("cannot mix per-stream and shared parameter".to_owned()));
    }
    let missing = |option: &str| Err(wrong(format!("<{option}> option is missing")));
    let how = match said.key {
        None if shared => return missing("key"),
        Some(_) if said.limit == 0 => return missing("limit"),
        Some(key) => {
            How::Shared { limit: said.limit, key, table: table_of(p, name, said.table.as_deref(), side)? }
        }
        None if said.default_period == 0 => return missing("default-period"),
        None if said.default_limit == 0 => return missing("default-limit"),
        None => How::Stream { limit: said.default_limit, period_ms: said.default_period },
    };
    let id = p.compiler.limiter(name);
    Ok(Arc::new(Limit { word, id, side, how, min_size: said.min_size }))
}

const OPTIONS: &[&str] = &["default-limit", "default-period", "limit", "key", "table", "min-size"];

fn option_of(p: &mut Parse<'_>, option: &str, said: &mut Said) -> Result<(), String> {
    if option == "key" {
        said.key = Some(p.compiler.expr(&mut p.words)?);
        return Ok(());
    }
    let text = p.words.next().unwrap_or_default();
    let invalid = || {
        let odd = text.chars().find(|c| !c.is_ascii_digit()).unwrap_or_default();
        format!("invalid value for option '{option}' (unexpected character '{odd}')")
    };
    match option {
        "default-limit" => said.default_limit = p.compiler.size(text).ok_or_else(invalid)?,
        "limit" => said.limit = p.compiler.size(text).ok_or_else(invalid)?,
        "min-size" => said.min_size = p.compiler.size(text).ok_or_else(invalid)?,
        "default-period" => said.default_period = p.compiler.duration(text).ok_or_else(invalid)?,
        _ => said.table = Some(text.to_owned()),
    }
    Ok(())
}

/// The table that counts for a shared limit.
fn table_of(p: &mut Parse<'_>, filter: &str, name: Option<&str>, side: Side) -> Result<u32, String> {
    let called = name.map_or_else(|| p.compiler.proxy().to_owned(), str::to_owned);
    let found = p.compiler.table(name).ok();
    let (position, _) = found
        .ok_or_else(|| format!("unable to find table '{called}' referenced by bwlim filter '{filter}'"))?;
    let kind = kind(side);
    if !p.compiler.table_stores(position, kind) {
        let data = if side == Side::Request { "bytes_in_rate" } else { "bytes_out_rate" };
        return Err(format!(
            "stick-table '{called}' uses a data type incompatible with bwlim filter '{filter}': it must store '{data}'"
        ));
    }
    Ok(position)
}

const fn kind(side: Side) -> Kind {
    match side {
        Side::Request => Kind::BytesInRate,
        Side::Response => Kind::BytesOutRate,
    }
}

#[derive(Debug)]
struct Limit {
    word: &'static str,
    /// The number by which rules name it.
    id: u32,
    side: Side,
    how: How,
    min_size: u64,
}

#[derive(Debug)]
enum How {
    Stream { limit: u64, period_ms: u32 },
    Shared { limit: u64, key: Expr, table: u32 },
}

impl Filter for Limit {
    fn name(&self) -> &'static str {
        self.word
    }

    fn limiter(&self) -> Option<u32> {
        Some(self.id)
    }

    fn head(&self, act: &mut Act<'_>, _: &Shape) -> Option<Box<dyn Work>> {
        if act.side != self.side {
            return None;
        }
        let asked = *act.stream.as_deref()?.limits.iter().find(|limit| limit.filter == self.id)?;
        let (limit, meter) = match &self.how {
            How::Stream { limit, period_ms } => {
                let period_ms = asked.period_ms.unwrap_or(*period_ms);
                let limit = asked.limit.unwrap_or(*limit).max(1);
                (limit, Meter::Own(Bucket::new(limit, period_ms, act.now_ns)))
            }
            How::Shared { limit, key, table } => {
                let cx = act.ctx();
                let table = act.world.table(*table)?;
                let key = table.key.key(key.eval(&cx)?, cx.arena)?;
                let entry = Tracked::track(table, &table.find_or_make(&key, cx.now_ms())?);
                let kind = kind(self.side);
                let period_ms = table.period(kind).unwrap_or(1000);
                (*limit, Meter::Shared { entry, kind, period_ms })
            }
        };
        let min_size = self.min_size.min(limit).max(1);
        Some(Box::new(Throttle { limit: limit.max(1), min_size, meter, held: Vec::new(), until_ns: 0 }))
    }
}

/// What counts the bytes.
#[derive(Debug)]
enum Meter {
    Own(Bucket),
    Shared { entry: Tracked, kind: Kind, period_ms: u32 },
}

impl Meter {
    /// How many bytes may go at a point of monotonic time; the streams of one key share out what is left.
    fn room(&mut self, limit: u64, now_ns: u64) -> u64 {
        match self {
            Self::Own(bucket) => bucket.room(now_ns),
            Self::Shared { entry, kind, .. } => {
                let used = entry.get(*kind, 0, now_ns / 1_000_000).unwrap_or(0);
                limit.saturating_sub(used).div_ceil(u64::from(entry.trackers()).max(1))
            }
        }
    }

    fn spend(&mut self, bytes: u64, now_ns: u64) {
        match self {
            Self::Own(bucket) => bucket.room = bucket.room.saturating_sub(bytes),
            Self::Shared { entry, kind, .. } => {
                entry.touch(now_ns / 1_000_000);
                entry.add(*kind, 0, bytes, now_ns / 1_000_000);
            }
        }
    }

    fn period_ns(&self) -> u64 {
        match self {
            Self::Own(bucket) => bucket.period_ns,
            Self::Shared { period_ms, .. } => u64::from(*period_ms) * 1_000_000,
        }
    }
}

/// The bytes that may go: those of one period at first, and as many more as time brings from the second one on.
#[derive(Debug)]
struct Bucket {
    limit: u64,
    period_ns: u64,
    room: u64,
    /// Until when time has been turned into bytes.
    filled_ns: u64,
}

impl Bucket {
    fn new(limit: u64, period_ms: u32, now_ns: u64) -> Self {
        let period_ns = u64::from(period_ms.max(1)) * 1_000_000;
        Self { limit, period_ns, room: limit, filled_ns: now_ns + period_ns }
    }

    fn room(&mut self, now_ns: u64) -> u64 {
        let passed = now_ns.saturating_sub(self.filled_ns);
        let bytes = u128::from(self.limit) * u128::from(passed) / u128::from(self.period_ns);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        if bytes > 0 {
            self.room = self.room.saturating_add(bytes).min(self.limit);
            self.filled_ns = now_ns;
        }
        self.room
    }
}

/// A body that is held to its limit.
#[derive(Debug)]
struct Throttle {
    limit: u64,
    min_size: u64,
    meter: Meter,
    held: Vec<u8>,
    /// While something is held: until when.
    until_ns: u64,
}

impl Throttle {
    /// How many of so many bytes may go now.
    fn share(&mut self, wanted: u64, now_ns: u64) -> u64 {
        match self.meter.room(self.limit, now_ns) {
            room if room >= wanted => wanted,
            room if room < self.min_size => 0,
            room => room,
        }
    }

    /// How long it takes until a piece worth sending may go.
    fn pause_ns(&self) -> u64 {
        let piece = (self.limit / STEPS).max(self.min_size);
        let period = self.meter.period_ns();
        let pause = u128::from(piece) * u128::from(period) / u128::from(self.limit);
        u64::try_from(pause).unwrap_or(period).clamp(1_000_000, period.max(1_000_000))
    }
}

impl Work for Throttle {
    fn alters(&self) -> bool {
        true
    }

    fn pass(&mut self, part: Part<'_>, out: &mut Vec<u8>) -> Passed {
        let waits = !self.held.is_empty() && part.now_ns < self.until_ns;
        let total = (self.held.len() + part.bytes.len()) as u64;
        let n = if waits { 0 } else { self.share(total, part.now_ns) };
        self.meter.spend(n, part.now_ns);
        if self.held.is_empty() && n == total {
            return Passed::Same;
        }
        self.held.extend_from_slice(part.bytes);
        let n = usize::try_from(n).unwrap_or(usize::MAX).min(self.held.len());
        out.extend(self.held.drain(..n));
        if !waits {
            self.until_ns = part.now_ns + self.pause_ns();
        }
        Passed::Other
    }

    fn holds_until(&self) -> Option<u64> {
        (!self.held.is_empty()).then_some(self.until_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const BEGUN: u64 = 5000 * MS;

    fn throttle(limit: u64, min_size: u64) -> Throttle {
        let meter = Meter::Own(Bucket::new(limit, 1000, BEGUN));
        Throttle { limit, min_size, meter, held: Vec::new(), until_ns: 0 }
    }

    /// Sends so many bytes at once; gives how many milliseconds it took.
    fn takes_ms(throttle: &mut Throttle, bytes: usize) -> u64 {
        let (mut now_ns, mut got, body) = (BEGUN, 0, vec![7; bytes]);
        let mut part = &body[..];
        loop {
            let mut out = Vec::new();
            match throttle.pass(Part { bytes: part, last: true, now_ns }, &mut out) {
                Passed::Same => got += part.len(),
                _ => got += out.len(),
            }
            assert!(out.iter().all(|byte| *byte == 7));
            part = &[];
            match throttle.holds_until() {
                Some(until) => now_ns = until,
                None => break,
            }
        }
        assert_eq!(got, bytes);
        (now_ns - BEGUN) / MS
    }

    #[test]
    fn bytes_take_their_time() {
        assert_eq!(takes_ms(&mut throttle(1000, 1), 1000), 0);
        for (bytes, from, to) in [(2000, 1900, 2200), (10_000, 9900, 10_300)] {
            let took = takes_ms(&mut throttle(1000, 1), bytes);
            assert!((from..=to).contains(&took), "{bytes}: {took}");
        }
        let took = takes_ms(&mut throttle(1000, 500), 3000);
        assert!((2900..=3500).contains(&took), "{took}");
        assert!((2900..=3100).contains(&takes_ms(&mut throttle(1, 1), 3)));
    }

    #[test]
    fn rests_bring_no_more_than_a_period_is_worth() {
        let mut bucket = Bucket::new(100, 1000, BEGUN);
        bucket.room = 0;
        for (after_ms, room) in [(500, 0), (1000, 0), (1500, 50), (1501, 50), (60_000, 100)] {
            assert_eq!(bucket.room(BEGUN + after_ms * MS), room, "{after_ms}");
        }
    }
}
