//! Wall-clock time as text: the formats of strftime in UTC and in local time, HTTP's dates, and the dates of log lines,
//! which are computed once a second.

use std::cell::RefCell;
use std::fmt::Write;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

fn zone(local: bool) -> TimeZone {
    if local { TimeZone::system() } else { TimeZone::UTC }
}

fn at(micros: i64, local: bool) -> Option<Zoned> {
    Some(Timestamp::from_microsecond(micros).ok()?.to_zoned(zone(local)))
}

/// A point in time, microseconds since 1970, by a format of strftime(3). `%N` gives nanoseconds and `%3N` their first
/// three digits. None if the time is out of range or the format is no text.
pub(crate) fn format(format: &[u8], micros: i64, local: bool) -> Option<String> {
    let format = std::str::from_utf8(format).ok()?;
    let time = at(micros, local)?;
    let mut out = String::with_capacity(format.len() + 16);
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let width = after.get(..digits).unwrap_or_default();
        let mut tail = after.get(digits..).unwrap_or_default().chars();
        match tail.next() {
            Some('N') => fraction(&mut out, micros, width.parse().unwrap_or(9)),
            Some('%') => out.push('%'),
            Some(conversion) => {
                // The locale is always "C"; what strftime does not know stays as it is.
                let one = match conversion {
                    'c' => "%a %b %e %H:%M:%S %Y".to_owned(),
                    'x' => "%m/%d/%y".to_owned(),
                    'X' => "%H:%M:%S".to_owned(),
                    'r' => "%I:%M:%S %p".to_owned(),
                    known if "aAbBCdDeFgGhHIjklmMnpPRsStTuUVwWyYzZ".contains(known) => {
                        format!("%{width}{known}")
                    }
                    unknown => format!("%%{width}{unknown}"),
                };
                match jiff::fmt::strtime::format(&one, &time) {
                    Ok(text) => out.push_str(&text),
                    Err(_) => out.push_str(&one),
                }
            }
            None => out.push('%'),
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
    Some(out)
}

fn fraction(out: &mut String, micros: i64, width: usize) {
    let nanos = format!("{:09}", micros.rem_euclid(1_000_000) * 1000);
    out.push_str(nanos.get(..width.clamp(1, 9)).unwrap_or(&nanos));
}

/// A point in time, microseconds since 1970, as mails write it (RFC 5322 section 3.3).
pub fn mail_date(wall_us: u64) -> String {
    let micros = i64::try_from(wall_us).unwrap_or(0);
    format(b"%a, %d %b %Y %H:%M:%S +0000 (UTC)", micros, false).unwrap_or_default()
}

/// Seconds since 1970 of a date as HTTP writes it (RFC 9110 section 5.6.7, all three forms).
pub(crate) fn parse_http(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let words: Vec<&str> = text.split([' ', ',', '-']).filter(|w| !w.is_empty()).collect();
    let (day, month, year, time) = match *words.as_slice() {
        [_, day, month, year, time, "GMT"] => (day, month, year, time),
        [_, month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let mut year: i16 = year.parse().ok()?;
    if year < 100 {
        year += if year < 70 { 2000 } else { 1900 };
    }
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = i8::try_from(names.iter().position(|n| *n == month)? + 1).ok()?;
    let mut clock = time.split(':').map(|n| n.parse::<i8>().ok());
    let mut next = || clock.next().flatten();
    let date = jiff::civil::Date::new(year, month, day.parse().ok()?).ok()?;
    let time = jiff::civil::Time::new(next()?, next()?, next()?, 0).ok()?;
    Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// How a log line shows a date.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// `22/Nov/2026:12:26:24`, local, milliseconds behind it.
    Millis,
    /// The same with the time zone behind it, local.
    Local,
    /// The same with the time zone behind it, UTC.
    Utc,
}

thread_local! {
    /// The second and the text last made, by kind: most lines of a thread share it.
    static LAST: RefCell<[(u64, String); 3]> = RefCell::new(Default::default());
}

/// Appends a date of a log line.
pub fn write_stamp(stamp: Stamp, wall_us: u64, out: &mut Vec<u8>) {
    let (second, slot) = (wall_us / 1_000_000, stamp as usize);
    LAST.with_borrow_mut(|last| {
        let Some((made, text)) = last.get_mut(slot) else { return };
        if *made != second || text.is_empty() {
            *made = second;
            text.clear();
            if let Some(time) = i64::try_from(wall_us).ok().and_then(|us| at(us, stamp != Stamp::Utc)) {
                let pattern =
                    if stamp == Stamp::Millis { "%d/%b/%Y:%H:%M:%S" } else { "%d/%b/%Y:%H:%M:%S %z" };
                let _ = write!(text, "{}", time.strftime(pattern));
            }
        }
        out.extend_from_slice(text.as_bytes());
    });
    if stamp == Stamp::Millis {
        let millis = wall_us / 1000 % 1000;
        let digit = |n: u64| b'0' + (n % 10) as u8;
        out.extend_from_slice(&[b'.', digit(millis / 100), digit(millis / 10), digit(millis)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http() {
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse_http(text.as_bytes()), Some(784_111_777), "{text}");
        }
        assert_eq!(parse_http(b"yesterday"), None);
    }

    #[test]
    fn dates_of_logs() {
        let mut out = Vec::new();
        write_stamp(Stamp::Utc, 1_700_000_000_123_456, &mut out);
        assert_eq!(out, b"14/Nov/2023:22:13:20 +0000");
    }
}
