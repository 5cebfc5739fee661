//! What fetches, converters and actions have in common that ask or change an entry of a stick table: `sc_conn_rate(0)`,
//! `src_conn_rate(t)` and `src,table_conn_rate(t)` differ in how they come to the entry, not in what they ask.
//!
//! A question about an entry that isn't there is answered with 0, one about data that its table doesn't store with
//! nothing.

use std::ops::Deref;
use std::sync::Arc;

use sample::{Arg, Args, Value};
use state::Table;
use state::expr::Ctx;
use state::table::{Entry, Key, Kind, Seen, Tracked};

/// What is asked of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Tells a number or a rate.
    Tell(Kind),
    /// Tells a count of bytes in units of 1024.
    Kilobytes(Kind),
    /// Counts one more, and how often that happens; tells the count, or the rate if that alone is stored.
    Increment([Kind; 2]),
    /// Sets to 0; tells what it was, nothing where that is not stored.
    Clear(Kind),
    /// Counts a connection; tells how many there were.
    Update(Kind),
    /// Tells how many track it.
    Trackers,
}

/// A question, as a type, so that each keyword's function knows its own.
pub(crate) trait Ask {
    const DOES: Does;
    /// Whether the first argument is the number of an array's element.
    const ELEMENT: bool = false;
}

/// Gives a macro all questions that are asked of what is tracked, of the client's address and of a key alike, and those that
/// it has beside: the end of the name, that of the converter, the question, the answer to it of the entry that examples are
/// of, and what it tells.
macro_rules! questions {
    ($made_by:ident: $($more:tt)*) => { $made_by! {
        "bytes_in_rate" "bytes_in_rate" BytesInRate "1500" "The bytes from clients in the table's period";
        "bytes_out_rate" "bytes_out_rate" BytesOutRate "1700" "The bytes to clients in the table's period";
        "clr_gpc0" "clr_gpc0" ClearGpc0 "3" "Clears the first general purpose counter; gives what it was,";
        "clr_gpc1" "clr_gpc1" ClearGpc1 "18" "Clears the second general purpose counter; gives what it was,";
        "conn_cnt" "conn_cnt" ConnCnt "5" "The connections";
        "conn_cur" "conn_cur" ConnCur "7" "The connections there are now";
        "conn_rate" "conn_rate" ConnRate "6" "The connections in the table's period";
        "get_gpc0" "gpc0" GetGpc0 "3" "The first general purpose counter";
        "get_gpc1" "gpc1" GetGpc1 "18" "The second general purpose counter";
        "get_gpt0" "gpt0" GetGpt0 "2" "The general purpose tag";
        "glitch_cnt" "glitch_cnt" GlitchCnt "26" "The protocol glitches of connections";
        "glitch_rate" "glitch_rate" GlitchRate "27" "The protocol glitches in the table's period";
        "gpc0_rate" "gpc0_rate" Gpc0Rate "4"
            "How often the first general purpose counter was incremented in the table's period";
        "gpc1_rate" "gpc1_rate" Gpc1Rate "19"
            "How often the second general purpose counter was incremented in the table's period";
        "http_err_cnt" "http_err_cnt" HttpErrCnt "12"
            "The requests that were wrong, denied, or answered with a status 4xx,";
        "http_err_rate" "http_err_rate" HttpErrRate "13"
            "The requests that were wrong, denied, or answered with a status 4xx in the period";
        "http_fail_cnt" "http_fail_cnt" HttpFailCnt "24"
            "The responses that failed or had a status 5xx other than 501 and 505";
        "http_fail_rate" "http_fail_rate" HttpFailRate "25"
            "The responses that failed or had a status 5xx in the table's period";
        "http_req_cnt" "http_req_cnt" HttpReqCnt "10" "The requests";
        "http_req_rate" "http_req_rate" HttpReqRate "11" "The requests in the table's period";
        "inc_gpc0" "inc_gpc0" IncrementGpc0 "4"
            "Increments the first general purpose counter; gives what it is then,";
        "inc_gpc1" "inc_gpc1" IncrementGpc1 "19"
            "Increments the second general purpose counter; gives what it is then,";
        "kbytes_in" "kbytes_in" KbytesIn "14" "The bytes from clients, in units of 1024,";
        "kbytes_out" "kbytes_out" KbytesOut "16" "The bytes to clients, in units of 1024,";
        "sess_cnt" "sess_cnt" SessCnt "8" "The connections that rules accepted";
        "sess_rate" "sess_rate" SessRate "9" "The connections that rules accepted in the table's period";
        $($more)*
    } };
}

pub(crate) use questions;

macro_rules! asks {
    ($($name:ident = $does:expr $(, $element:literal)?;)*) => {$(
        pub(crate) struct $name;
        impl Ask for $name {
            const DOES: Does = $does;
            $(const ELEMENT: bool = $element;)?
        }
    )*};
}

asks! {
    BytesInRate = Does::Tell(Kind::BytesInRate);
    BytesOutRate = Does::Tell(Kind::BytesOutRate);
    ClearGpc = Does::Clear(Kind::Gpc), true;
    ClearGpc0 = Does::Clear(Kind::Gpc0);
    ClearGpc1 = Does::Clear(Kind::Gpc1);
    ConnCnt = Does::Tell(Kind::ConnCnt);
    ConnCur = Does::Tell(Kind::ConnCur);
    ConnRate = Does::Tell(Kind::ConnRate);
    GetGpc = Does::Tell(Kind::Gpc), true;
    GetGpc0 = Does::Tell(Kind::Gpc0);
    GetGpc1 = Does::Tell(Kind::Gpc1);
    GetGpt = Does::Tell(Kind::Gpt), true;
    GetGpt0 = Does::Tell(Kind::Gpt0);
    GlitchCnt = Does::Tell(Kind::GlitchCnt);
    GlitchRate = Does::Tell(Kind::GlitchRate);
    GpcRate = Does::Tell(Kind::GpcRate), true;
    Gpc0Rate = Does::Tell(Kind::Gpc0Rate);
    Gpc1Rate = Does::Tell(Kind::Gpc1Rate);
    HttpErrCnt = Does::Tell(Kind::HttpErrCnt);
    HttpErrRate = Does::Tell(Kind::HttpErrRate);
    HttpFailCnt = Does::Tell(Kind::HttpFailCnt);
    HttpFailRate = Does::Tell(Kind::HttpFailRate);
    HttpReqCnt = Does::Tell(Kind::HttpReqCnt);
    HttpReqRate = Does::Tell(Kind::HttpReqRate);
    IncrementGpc = Does::Increment([Kind::Gpc, Kind::GpcRate]), true;
    IncrementGpc0 = Does::Increment([Kind::Gpc0, Kind::Gpc0Rate]);
    IncrementGpc1 = Does::Increment([Kind::Gpc1, Kind::Gpc1Rate]);
    KbytesIn = Does::Kilobytes(Kind::BytesInCnt);
    KbytesOut = Does::Kilobytes(Kind::BytesOutCnt);
    ServerId = Does::Tell(Kind::ServerId);
    SessCnt = Does::Tell(Kind::SessCnt);
    SessRate = Does::Tell(Kind::SessRate);
    Trackers = Does::Trackers;
    UpdateConnCnt = Does::Update(Kind::ConnCnt);
}

impl Does {
    /// Whether it makes the entry it asks about where there is none.
    const fn makes(self) -> bool {
        matches!(self, Self::Increment(_) | Self::Clear(_) | Self::Update(_))
    }

    /// Asks an entry.
    pub(crate) fn ask<T: Deref<Target = Table>>(
        self,
        entry: &Entry<T>,
        element: u32,
        now_ms: u64,
    ) -> Option<u64> {
        match self {
            Self::Tell(kind) => entry.get(kind, element, now_ms),
            Self::Kilobytes(kind) => entry.get(kind, element, now_ms).map(|bytes| bytes >> 10),
            Self::Trackers => Some(u64::from(entry.trackers())),
            Self::Increment(kinds) => Some(add(entry, kinds, element, 1, now_ms)),
            Self::Clear(kind) => {
                entry.touch(now_ms);
                entry.clear(kind, element)
            }
            Self::Update(kind) => {
                entry.touch(now_ms);
                entry.add(kind, element, 1, now_ms)
            }
        }
    }
}

/// Adds to a counter and to its rate; gives the counter, or the rate if that alone is stored.
pub(crate) fn add<T: Deref<Target = Table>>(
    entry: &Entry<T>,
    [count, rate]: [Kind; 2],
    element: u32,
    n: u32,
    now_ms: u64,
) -> u64 {
    entry.touch(now_ms);
    let total = entry.add(count, element, u64::from(n), now_ms);
    entry.add(rate, element, u64::from(n), now_ms);
    total.or_else(|| entry.get(rate, element, now_ms)).unwrap_or(0)
}

/// `sc_x(N)`, `sc_x(N,table)`: of what is tracked under a number among the arguments.
pub(crate) fn numbered<'a, A: Ask>(args: &'a Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let at = usize::from(A::ELEMENT);
    let number = u32::try_from(args.int(at)?).ok()?;
    tracked::<A>(number, args, at + 1, cx)
}

/// `sc0_x`, `sc0_x(table)`: of what is tracked under this number.
pub(crate) fn fixed<'a, A: Ask, const N: u32>(args: &'a Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    tracked::<A>(N, args, usize::from(A::ELEMENT), cx)
}

fn tracked<'a, A: Ask>(number: u32, args: &'a Args, table: usize, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let entry = cx.tracked(number)?;
    let element = element::<A>(args)?;
    let answer = match table_in(args, table, cx) {
        Some(table) if !is_of(entry, table, cx) => {
            if table.key != entry.table().key {
                return None;
            }
            let mut key = Vec::new();
            entry.key(&mut key);
            let key = Key::Long(&key);
            let sketch = sketch::<A>(table, &key, cx);
            match sketch.as_ref().unwrap_or(table).find(&key, cx.now_ms()) {
                Some(other) => A::DOES.ask(&other, element, cx.now_ms()),
                None => Some(0),
            }
        }
        _ => A::DOES.ask(entry, element, cx.now_ms()),
    };
    answer.map(number_value)
}

/// `src_x(table)`: of the client's address.
pub(crate) fn by_source<'a, A: Ask>(args: &'a Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let value = match cx.source().ip()? {
        std::net::IpAddr::V4(a) => Value::Ipv4(a),
        std::net::IpAddr::V6(a) => Value::Ipv6(a),
    };
    let table = table_in(args, usize::from(A::ELEMENT), cx)?;
    let key = table.key.key(value, cx.arena)?;
    ask::<A>(table, &key, element::<A>(args)?, cx)
}

/// `KEY,table_x(table)`: of any key.
pub(crate) fn by_key<'a, A: Ask>(args: &'a Args, value: Value<'a>, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let table = table_in(args, usize::from(A::ELEMENT), cx)?;
    match table.key.key(value, cx.arena) {
        Some(key) => ask::<A>(table, &key, element::<A>(args)?, cx),
        None => Some(Value::Sint(0)),
    }
}

/// Whether a tracked entry is one of this table, or of a sketch of it.
fn is_of(entry: &Tracked, table: &Arc<Table>, cx: &Ctx<'_>) -> bool {
    let of = entry.table();
    std::ptr::eq(&raw const **table, of) || cx.session.rehearsal && of.name == table.name
}

/// Where nothing may be changed: what stands in for a table that would be.
fn sketch<A: Ask>(table: &Table, key: &Key<'_>, cx: &Ctx<'_>) -> Option<Arc<Table>> {
    (cx.session.rehearsal && A::DOES.makes()).then(|| table.sketch(key, cx.now_ms()))
}

fn ask<'a, A: Ask>(table: &Table, key: &Key<'_>, element: u32, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let now = cx.now_ms();
    let sketch = sketch::<A>(table, key, cx);
    let table = sketch.as_deref().unwrap_or(table);
    let seen = if A::DOES.makes() { table.find_or_make(key, now) } else { table.find(key, now) };
    let Some(seen) = seen else { return Some(Value::Sint(0)) };
    let answer = A::DOES.ask(&seen, element, now)?;
    // HAProxy counts whoever looks at the entry among those that track it.
    Some(number_value(if A::DOES == Does::Trackers { answer + 1 } else { answer }))
}

/// The entry that a converter's input is the key of.
pub(crate) fn look<'a>(args: &'a Args, position: usize, value: Value<'a>, cx: &Ctx<'a>) -> Option<Seen<'a>> {
    let table = table_in(args, position, cx)?;
    table.find(&table.key.key(value, cx.arena)?, cx.now_ms())
}

/// The table at this position of the arguments.
pub(crate) fn table_in<'a>(args: &Args, position: usize, cx: &Ctx<'a>) -> Option<&'a Arc<Table>> {
    match args.at(position)? {
        Arg::Table(table) => cx.world.table(*table),
        _ => None,
    }
}

fn element<A: Ask>(args: &Args) -> Option<u32> {
    if A::ELEMENT { u32::try_from(args.int(0)?).ok() } else { Some(0) }
}

pub(crate) fn number_value<'a>(n: u64) -> Value<'a> {
    Value::Sint(i64::try_from(n).unwrap_or(i64::MAX))
}
