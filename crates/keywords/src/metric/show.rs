//! How metrics are written: CSV, a typed line for each value, JSON (management manual 9.1, 9.2, "show stat", "show info").

use std::borrow::Cow;
use std::io::Write as _;

use state::family::{Metric, Object, Read, Row};

use super::columns;
use super::identity::{own_id, proxy_id};

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `show stat`: a line for each object. `show info`: a line for each value.
    Plain,
    /// A line for each value, with its place, tags and type.
    Typed,
    Json,
}

/// What a user wants to see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Show {
    pub(crate) form: Form,
    /// With descriptions.
    pub(crate) desc: bool,
    /// Fractions where there are some.
    pub(crate) float: bool,
}

/// A value that was read.
enum Value<'a> {
    U32(u32),
    S32(i32),
    U64(u64),
    Fraction(f64),
    Str(Cow<'a, str>),
}

impl Show {
    /// What goes before all rows of `show stat`.
    pub(crate) fn begin(self, out: &mut Vec<u8>) {
        match self.form {
            Form::Plain => {
                out.extend_from_slice(b"# ");
                for (name, _) in columns() {
                    out.extend_from_slice(name.as_bytes());
                    out.push(b',');
                }
                out.push(b'\n');
            }
            Form::Typed => {}
            Form::Json => out.push(b'['),
        }
    }

    /// One object's row of `show stat`.
    pub(crate) fn row(self, row: &Row<'_>, first: bool, out: &mut Vec<u8>) {
        match self.form {
            Form::Plain => self.csv(row, out),
            Form::Typed => {
                each(row, |position, metric| {
                    if let Some(value) = self.read(metric, row) {
                        let letter = letter(row.object);
                        let (px, own) = (proxy_id(row.object), own_id(row.object));
                        let _ = write!(out, "{letter}.{px}.{own}.{position}.");
                        self.typed(metric, row, &value, out);
                    }
                });
            }
            Form::Json => {
                out.extend_from_slice(if first { b"[" } else { b",[" });
                let mut next = false;
                each(row, |position, metric| {
                    if let Some(value) = self.read(metric, row) {
                        out.extend_from_slice(if next { b",{" } else { b"{" });
                        next = true;
                        let kind = kind(row.object);
                        let (px, own) = (proxy_id(row.object), own_id(row.object));
                        let _ = write!(out, "\"objType\":\"{kind}\",\"proxyId\":{px},\"id\":{own},");
                        json(position, metric, row, &value, out);
                    }
                });
                out.push(b']');
            }
        }
    }

    /// What goes after all rows of `show stat`.
    pub(crate) fn end(self, out: &mut Vec<u8>) {
        if self.form == Form::Json {
            out.extend_from_slice(b"]\n");
        }
    }

    /// All of `show info`.
    pub(crate) fn info(self, row: &Row<'_>, table: &[(u16, Metric)], out: &mut Vec<u8>) {
        let mut next = false;
        for (position, metric) in table {
            let Some(value) = self.read(metric, row) else { continue };
            match self.form {
                Form::Plain => {
                    let _ = write!(out, "{}: ", metric.name);
                    match &value {
                        Value::Str(text) => quoted(text, out),
                        other => plain(other, out),
                    }
                    self.described(metric, out);
                    out.push(b'\n');
                }
                Form::Typed => {
                    let _ = write!(out, "{position}.");
                    self.typed(metric, row, &value, out);
                }
                Form::Json => {
                    out.extend_from_slice(if next { b",{" } else { b"[{" });
                    next = true;
                    json(usize::from(*position), metric, row, &value, out);
                }
            }
        }
        if self.form == Form::Json {
            out.extend_from_slice(b"]\n");
        }
    }

    fn csv(self, row: &Row<'_>, out: &mut Vec<u8>) {
        for (name, metric) in columns() {
            if *name == SEPARATOR {
                out.extend_from_slice(SEPARATOR.as_bytes());
            }
            let value = metric.filter(|m| m.scope.has(row.object)).and_then(|m| self.read(m, row));
            match &value {
                Some(Value::Str(text)) => quoted(text, out),
                Some(other) => plain(other, out),
                None => {}
            }
            out.push(b',');
        }
        out.push(b'\n');
    }

    /// From the metric's name to the end of the line. There is one process, and its number is 1.
    fn typed(self, metric: &Metric, row: &Row<'_>, value: &Value<'_>, out: &mut Vec<u8>) {
        let _ = write!(out, "{}.1:{}:{}:", metric.name, metric.tags_of(row.object), type_name(value));
        plain(value, out);
        self.described(metric, out);
        out.push(b'\n');
    }

    fn described(self, metric: &Metric, out: &mut Vec<u8>) {
        if self.desc {
            let _ = write!(out, ":\"{}\"", metric.doc);
        }
    }

    fn read<'a>(self, metric: &Metric, row: &Row<'a>) -> Option<Value<'a>> {
        Some(match metric.read {
            Read::U32(read) => Value::U32(read(row)?),
            Read::S32(read) => Value::S32(read(row)?),
            Read::U64(read) => Value::U64(read(row)?),
            Read::Str(read) => Value::Str(read(row)?),
            Read::Fraction(read) if self.float => Value::Fraction(read(row)?),
            // As a conversion does: the fraction is cut off, what doesn't fit is the largest.
            Read::Fraction(read) => Value::U32(read(row)? as u32),
        })
    }
}

/// The column that ends those whose position never changes. In typed output and JSON it has no number.
const SEPARATOR: &str = "-";

fn each(row: &Row<'_>, mut visit: impl FnMut(usize, &'static Metric)) {
    let known = columns().iter().filter(|(name, _)| *name != SEPARATOR).enumerate();
    for (position, (_, metric)) in known {
        if let Some(metric) = metric.filter(|m| m.scope.has(row.object)) {
            visit(position, metric);
        }
    }
}

const fn letter(object: Object<'_>) -> char {
    match object {
        Object::Process => 'P',
        Object::Frontend(_) => 'F',
        Object::Listener(..) => 'L',
        Object::Server(..) => 'S',
        Object::Backend(_) => 'B',
    }
}

const fn kind(object: Object<'_>) -> &'static str {
    match object {
        Object::Process => "Unknown",
        Object::Frontend(_) => "Frontend",
        Object::Listener(..) => "Listener",
        Object::Server(..) => "Server",
        Object::Backend(_) => "Backend",
    }
}

const fn type_name(value: &Value<'_>) -> &'static str {
    match value {
        Value::U32(_) => "u32",
        Value::S32(_) => "s32",
        Value::U64(_) => "u64",
        Value::Fraction(_) => "flt",
        Value::Str(_) => "str",
    }
}

fn plain(value: &Value<'_>, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = match value {
        Value::U32(n) => write!(out, "{n}"),
        Value::S32(n) => write!(out, "{n}"),
        Value::U64(n) => write!(out, "{n}"),
        Value::Fraction(n) => write!(out, "{}", fraction(*n)),
        Value::Str(text) => out.write_all(text.as_bytes()),
    };
}

/// Six digits behind the point, without trailing zeros.
fn fraction(n: f64) -> String {
    let text = format!("{n:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text of a column: in quotes when it holds a comma, a quote or the end of a line.
fn quoted(text: &str, out: &mut Vec<u8>) {
    if text.contains([',', '"', '\n', '\r']) {
        let _ = write!(out, "\"{}\"", text.replace('"', "\"\""));
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

fn json(position: usize, metric: &Metric, row: &Row<'_>, value: &Value<'_>, out: &mut Vec<u8>) {
    let tags = metric.tags_of(row.object);
    let mut letters = tags.chars();
    let mut next = || letters.next().unwrap_or(' ');
    let (origin, nature, scope) = (origin(next()), nature(next()), scope(next()));
    let _ = write!(out, "\"field\":{{\"pos\":{position},\"name\":\"{}\"}},\"processNum\":1,", metric.name);
    let _ = write!(
        out,
        "\"tags\":{{\"origin\":\"{origin}\",\"nature\":\"{nature}\",\"scope\":\"{scope}\"}},\
         \"value\":{{\"type\":\"{}\",\"value\":",
        type_name(value)
    );
    match value {
        Value::Str(text) => string(text, out),
        other => plain(other, out),
    }
    out.extend_from_slice(b"}}");
}

const fn origin(letter: char) -> &'static str {
    match letter {
        'M' => "Metric",
        'S' => "Status",
        'K' => "Key",
        'C' => "Config",
        'P' => "Product",
        _ => "Unknown",
    }
}

const fn nature(letter: char) -> &'static str {
    match letter {
        'A' => "Age",
        'a' => "Avg",
        'C' => "Counter",
        'D' => "Duration",
        'G' => "Gauge",
        'L' => "Limit",
        'M' => "Max",
        'm' => "Min",
        'N' => "Name",
        'O' => "Output",
        'R' => "Rate",
        'T' => "Time",
        _ => "Unknown",
    }
}

const fn scope(letter: char) -> &'static str {
    match letter {
        'C' => "Cluster",
        'P' => "Process",
        'S' => "Service",
        's' => "System",
        _ => "Unknown",
    }
}

/// A string of JSON (RFC 8259 section 7).
fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        let _ = match c {
            '"' => out.write_all(b"\\\""),
            '\\' => out.write_all(b"\\\\"),
            '\n' => out.write_all(b"\\n"),
            '\r' => out.write_all(b"\\r"),
            '\t' => out.write_all(b"\\t"),
            c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_quoted_when_they_must() {
        assert_eq!(with(|out| quoted("a b", out)), "a b");
        assert_eq!(with(|out| quoted("a, \"b\"", out)), "\"a, \"\"b\"\"\"");
    }

    #[test]
    fn strings_of_json() {
        assert_eq!(with(|out| string("a\"\\\n\u{1}é", out)), "\"a\\\"\\\\\\n\\u0001é\"");
    }

    #[test]
    fn fractions() {
        assert_eq!(
            (fraction(0.0), fraction(35.760_753), fraction(2.5)),
            ("0".into(), "35.760753".into(), "2.5".into())
        );
    }

    #[test]
    fn the_header_ends_with_a_comma_like_every_row() {
        let show = Show { form: Form::Plain, desc: false, float: false };
        let header = with(|out| show.begin(out));
        assert!(header.starts_with("# pxname,svname,") && header.ends_with(",\n"));
        assert_eq!(header.matches(',').count(), super::super::COLUMNS.len());
    }
}
