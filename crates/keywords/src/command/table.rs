//! `show table`, `set table`, `clear table`: what stick tables hold.

use sample::{Bump, Value};
use state::Table;
use state::table::{Column, Form, Key, KeyKind, Kind, Seen};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    operator(
        &["clear", "table"],
        "clear table <table> [<filter>]*",
        "remove an entry from a table (filter: data/key)",
        |query, _, out| match clear(query) {
            Ok(()) => Answer::Done,
            Err(why) => query.refuse(&why, out),
        },
    ),
    operator(
        &["set", "table"],
        "set table <table> key <k> [data.* <v>]*",
        "update or create a table entry's data",
        |query, _, out| match set(query) {
            Ok(()) => Answer::Done,
            Err(why) => query.refuse(&why, out),
        },
    ),
    user(
        &["show", "table"],
        "show table [<table> [<filter>]*]",
        "report table usage stats or dump this table's contents (filter: data/key)",
        |query, from, out| match show(query, from, out) {
            Ok(flow) => flow,
            Err(why) => query.refuse(&why, out),
        },
    ),
];

const SHOW: &str =
    "Optional argument only supports \"data.<store_data_type>\" <operator> <value> or key <key> or ptr <ptr>";
const CLEAR: &str = "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or <table> key <key> or \
                     <table> ptr <ptr>";
const BY_CONTENT: &str = "content-based lookup is only supported with the \"show\" and \"clear\" actions";
const SET: &str = "Required arguments: <table> key <key> [data.<store_data_type> <value>]* or <table> ptr <ptr> \
                   [data.<store_data_type> <value>]*";

/// Conditions on data at most.
const FILTERS: usize = 4;
/// An answer pauses when so much of it is ready.
const PART: usize = 16 * 1024;

/// The table that the words name.
fn table<'a>(query: &Query<'a>) -> Result<&'a Table, String> {
    let found = query.world.tables.iter().find(|table| table.name.as_bytes() == query.word(2));
    found.map(|table| &**table).ok_or_else(|| "No such table".to_owned())
}

fn show(query: &Query<'_>, from: u64, out: &mut Vec<u8>) -> Result<Answer, String> {
    let now = query.now_ns / 1_000_000;
    query.world.tables.iter().for_each(|table| table.sweep(now));
    if query.word(2).is_empty() {
        for table in query.world.tables.iter().rev() {
            head(table, out);
        }
        return Ok(Answer::Done);
    }
    let table = table(query)?;
    let which = which(query, table, SHOW)?;
    if query.console.level.get() < Level::Operator {
        head(table, out);
        out.extend_from_slice(b"# contents not dumped due to insufficient privileges\n");
        return Ok(Answer::Done);
    }
    let filters = match which {
        Which::Entry(Some(seen)) => {
            head(table, out);
            row(&seen, now, out);
            return Ok(Answer::Done);
        }
        Which::Entry(None) => return Ok(Answer::Done),
        Which::Filtered(filters) => filters,
    };
    if from == 0 {
        head(table, out);
    }
    let mut next = from.saturating_sub(1);
    while let Some(seen) = table.next(next, now) {
        next = seen.number().saturating_add(1);
        if filters.iter().all(|filter| filter.holds(&seen, now)) {
            row(&seen, now, out);
        }
        if out.len() > PART {
            return Ok(Answer::More(next.saturating_add(1)));
        }
    }
    Ok(Answer::Done)
}

fn clear(query: &Query<'_>) -> Result<(), String> {
    if query.word(2).is_empty() {
        return Err(CLEAR.to_owned());
    }
    let (table, now) = (table(query)?, query.now_ns / 1_000_000);
    let busy = || "Entry currently in use, cannot remove".to_owned();
    let filters = match which(query, table, CLEAR)? {
        Which::Entry(Some(seen)) => return if table.remove(seen) { Ok(()) } else { Err(busy()) },
        Which::Entry(None) => return Ok(()),
        Which::Filtered(filters) => filters,
    };
    let mut next = 0;
    while let Some(seen) = table.next(next, now) {
        next = seen.number().saturating_add(1);
        if filters.iter().all(|filter| filter.holds(&seen, now)) {
            // What is tracked stays.
            let _ = table.remove(seen);
        }
    }
    Ok(())
}

fn set(query: &Query<'_>) -> Result<(), String> {
    if query.word(2).is_empty() {
        return Err(SET.to_owned());
    }
    let (table, now) = (table(query)?, query.now_ns / 1_000_000);
    let seen = match query.word(3) {
        b"" => return Ok(()),
        b"key" => {
            if matches!(table.key, KeyKind::Bin(_)) {
                return Err(
                    "Inserting keys into tables of type other than ip, ipv6, string and integer is not \
                            supported"
                        .to_owned(),
                );
            }
            with_key(query, table, |key| table.find_or_make(key, now))?
                .ok_or_else(|| "Unable to allocate a new entry".to_owned())?
        }
        b"ptr" => by_pointer(query, table, now)?,
        word if word.starts_with(b"data.") => return Err(BY_CONTENT.to_owned()),
        _ => return Err(SET.to_owned()),
    };
    seen.touch(now);
    let mut at = 5;
    while !query.word(at).is_empty() {
        let name = query.word(at).strip_prefix(b"data.");
        let name = name.ok_or("\"data.<type>\" followed by a value expected")?;
        let (kind, element) = data(name).ok_or("Unknown data type")?;
        let column = table.columns.iter().find(|column| column.kind == kind);
        let column = column.ok_or("Data type not stored in this table")?;
        if element >= column.len {
            return Err("index out of range in this data array".to_owned());
        }
        let value = integer(query.word(at + 1)).ok_or("Require a valid integer value to store")?;
        seen.set(kind, element, value.cast_unsigned(), now);
        at += 2;
    }
    Ok(())
}

/// Which entries are meant.
enum Which<'t> {
    Entry(Option<Seen<'t>>),
    /// All for which these hold.
    Filtered(Vec<Filter>),
}

fn which<'t>(query: &Query<'t>, table: &'t Table, usage: &str) -> Result<Which<'t>, String> {
    let now = query.now_ns / 1_000_000;
    Ok(match query.word(3) {
        b"" => Which::Filtered(Vec::new()),
        b"key" => Which::Entry(with_key(query, table, |key| table.find(key, now))?),
        b"ptr" => Which::Entry(Some(by_pointer(query, table, now)?)),
        word if word.starts_with(b"data.") => Which::Filtered(filters(query, table)?),
        _ => return Err(usage.to_owned()),
    })
}

/// The entry of the key among the words.
fn with_key<'t>(
    query: &Query<'_>,
    table: &Table,
    find: impl FnOnce(&Key<'_>) -> Option<Seen<'t>>,
) -> Result<Option<Seen<'t>>, String> {
    if query.word(4).is_empty() {
        return Err("Key value expected".to_owned());
    }
    let arena = Bump::new();
    let word = query.word(4);
    let key = table.key.key(Value::Str(word), &arena).or_else(|| {
        // An address of the other family may have its like in this one.
        table.key.key(sample::cast::address(word)?, &arena)
    });
    Ok(find(&key.ok_or("Invalid key")?))
}

/// The entry that `show table` has shown with this in front.
fn by_pointer<'t>(query: &Query<'_>, table: &'t Table, now_ms: u64) -> Result<Seen<'t>, String> {
    let digits = query.word(4).strip_prefix(b"0x").and_then(|digits| std::str::from_utf8(digits).ok());
    let pointer = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let number = pointer.ok_or("Pointer expected (0xffff notation)")?.checked_sub(POINTER);
    let found = number.and_then(|number| table.next(number, now_ms).filter(|seen| seen.number() == number));
    found.ok_or_else(|| "No entry can be found matching ptr.".to_owned())
}

/// What is added to an entry's number so that it looks like an address.
const POINTER: u64 = 0x1000;

/// A condition on what an entry holds.
struct Filter {
    kind: Kind,
    element: u32,
    holds: fn(&i128, &i128) -> bool,
    value: i128,
}

impl Filter {
    fn holds(&self, seen: &Seen<'_>, now_ms: u64) -> bool {
        let have = seen.get(self.kind, self.element, now_ms);
        have.is_some_and(|have| (self.holds)(&i128::from(have), &self.value))
    }
}

fn filters(query: &Query<'_>, table: &Table) -> Result<Vec<Filter>, String> {
    let mut filters = Vec::new();
    let mut at = 3;
    while !query.word(at).is_empty() {
        if filters.len() == FILTERS {
            let (word, after) = (at + 1, query.text(at - 1));
            return Err(format!("Detected extra data in filter, {word}th word of input, after '{after}'"));
        }
        let wrong = |why: &str| format!("Filter entry #{}: {why}", filters.len() + 1);
        let name = query.word(at).strip_prefix(b"data.").unwrap_or_default();
        let (kind, element) = data(name).ok_or_else(|| wrong("Unknown data type"))?;
        if !table.stores(kind) {
            return Err(wrong("Data type not stored in this table"));
        }
        let holds: fn(&i128, &i128) -> bool = match query.word(at + 1) {
            b"eq" => i128::eq,
            b"ne" => i128::ne,
            b"le" => i128::le,
            b"ge" => i128::ge,
            b"lt" => i128::lt,
            b"gt" => i128::gt,
            _ => {
                return Err(wrong(
                    "Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"",
                ));
            }
        };
        let value = integer(query.word(at + 2));
        let value = value.ok_or_else(|| wrong("Require a valid integer value to compare against"))?;
        filters.push(Filter { kind, element, holds, value: i128::from(value) });
        at += 3;
    }
    Ok(filters)
}

/// The kind of data, and the element of an array, that a name means: `gpc0`, `gpt[1]`.
fn data(name: &[u8]) -> Option<(Kind, u32)> {
    let name = std::str::from_utf8(name).ok()?;
    match name.split_once('[') {
        None => Some((Kind::named(name)?, 0)),
        Some((name, rest)) => {
            let kind = Kind::named(name).filter(|kind| kind.is_array())?;
            Some((kind, rest.strip_suffix(']')?.parse().ok()?))
        }
    }
}

fn integer(text: &[u8]) -> Option<i64> {
    let (value, whole) = number(text);
    whole.then_some(value)
}

/// Appends the line about a table.
fn head(table: &Table, out: &mut Vec<u8>) {
    let (name, kind) = (&table.name, table.key.name());
    let line = format!("# table: {name}, type: {kind}, size:{}, used:{}\n", table.size, table.used());
    out.extend_from_slice(line.as_bytes());
}

/// Appends the line about an entry.
fn row(seen: &Seen<'_>, now_ms: u64, out: &mut Vec<u8>) {
    let table = seen.table();
    out.extend_from_slice(format!("0x{:x}: key=", seen.number().saturating_add(POINTER)).as_bytes());
    key(seen, out);
    let left = seen.left_ms(now_ms).unwrap_or(0);
    out.extend_from_slice(format!(" use={} exp={left} shard=0", seen.trackers()).as_bytes());
    for column in &table.columns {
        for element in 0..column.len {
            cell(seen, column, element, now_ms, out);
        }
    }
    out.push(b'\n');
}

fn cell(seen: &Seen<'_>, column: &Column, element: u32, now_ms: u64, out: &mut Vec<u8>) {
    let value = seen.get(column.kind, element, now_ms).unwrap_or(0);
    let name = match column.kind {
        Kind::Gpt => format!(" gpt{element}"),
        Kind::Gpc => format!(" gpc{element}"),
        Kind::GpcRate => format!(" gpc{element}_rate"),
        kind => format!(" {}", kind.name()),
    };
    out.extend_from_slice(name.as_bytes());
    match column.kind.form() {
        Form::Rate => out.extend_from_slice(format!("({})={value}", column.period_ms).as_bytes()),
        Form::Number | Form::Wide => out.extend_from_slice(format!("={value}").as_bytes()),
        Form::Name => {
            out.push(b'=');
            let name = u32::try_from(value).ok().and_then(|number| seen.table().servers().name(number));
            match name {
                Some(name) => escaped(&name, out),
                None => out.push(b'-'),
            }
        }
    }
}

/// Appends the key: addresses and numbers as they are written, text escaped, blocks in hexadecimal digits.
fn key(seen: &Seen<'_>, out: &mut Vec<u8>) {
    let mut bytes = Vec::new();
    seen.key(&mut bytes);
    match seen.table().key.value(&bytes) {
        Some(Value::Str(text)) => escaped(text, out),
        Some(Value::Bin(block)) => {
            block.iter().for_each(|byte| out.extend_from_slice(format!("{byte:02X}").as_bytes()));
        }
        Some(value) => sample::cast::write_text(&value, out),
        None => {}
    }
}

/// Appends text so that it is one word of one line.
fn escaped(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x1b => out.extend_from_slice(b"\\e"),
            b' ' | b'\\' | b'=' => out.extend_from_slice(&[b'\\', *byte]),
            0x21..=0x7e => out.push(*byte),
            other => out.extend_from_slice(format!("\\x{other:02X}").as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_data() {
        assert_eq!(data(b"gpc0"), Some((Kind::Gpc0, 0)));
        assert_eq!(data(b"gpt[12]"), Some((Kind::Gpt, 12)));
        for wrong in ["gpc0[0]", "gpt[x]", "gpt[1", "foo", ""] {
            assert_eq!(data(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn text_stays_one_word() {
        let mut out = Vec::new();
        escaped("a b=\\\té".as_bytes(), &mut out);
        assert_eq!(out, b"a\\ b\\=\\\\\\t\\xC3\\xA9");
    }
}
