//! How a message of others looks when it is passed on: in its own form or in that of the target, with what it tells of its
//! origin (manual 12.6).

use std::io::{self, Write};
use std::net::IpAddr;

use state::log::{Header, Target};
use state::log_forward::HostPolicy;
use wire::syslog::{Message, Style};

use super::header::{Clock, MONTHS};

/// A message and where it came from.
pub(super) struct Relayed<'m> {
    pub(super) message: Message<'m>,
    /// Unknown for unix sockets.
    pub(super) from: Option<IpAddr>,
    pub(super) host: HostPolicy,
}

impl Relayed<'_> {
    /// Its level; a message that names none is as grave as can be.
    pub(super) fn level(&self) -> u8 {
        self.message.priority.map_or(0, |p| p.level)
    }

    /// Appends what goes before the text.
    pub(super) fn header(&self, target: &Target, clock: &Clock, year: i64, level: u8, out: &mut Vec<u8>) {
        let facility = self.message.priority.map_or(target.facility, |p| p.facility);
        let priority = u32::from(facility) * 8 + u32::from(level);
        // Writing to a vector can't fail.
        let _ = match target.header {
            Header::Raw => Ok(()),
            Header::Short => write!(out, "<{level}>"),
            Header::Priority => write!(out, "<{priority}>"),
            Header::Iso => self.iso_date(clock, year, out).and_then(|()| write!(out, " ")),
            Header::Timed => {
                let _ = write!(out, "<{level}>");
                self.iso_date(clock, year, out).and_then(|()| write!(out, " "))
            }
            Header::Rfc5424 => self.new_style(priority, clock, year, out),
            Header::Usual if self.message.style == Style::Rfc5424 => {
                self.new_style(priority, clock, year, out)
            }
            Header::Usual | Header::Rfc3164 | Header::Local => self.old(target.header, priority, clock, out),
        };
    }

    /// RFC 3164.
    fn old(&self, header: Header, priority: u32, clock: &Clock, out: &mut Vec<u8>) -> io::Result<()> {
        write!(out, "<{priority}>")?;
        self.old_date(clock, out);
        out.push(b' ');
        if header != Header::Local {
            if !self.host(out)? {
                out.extend_from_slice(b"localhost");
            }
            out.push(b' ');
        }
        if let Some(tag) = self.message.tag {
            out.extend_from_slice(tag);
            if let Some(pid) = self.message.pid {
                out.push(b'[');
                out.extend_from_slice(pid);
                out.push(b']');
            }
            out.extend_from_slice(b": ");
        }
        Ok(())
    }

    /// RFC 5424.
    fn new_style(&self, priority: u32, clock: &Clock, year: i64, out: &mut Vec<u8>) -> io::Result<()> {
        write!(out, "<{priority}>1 ")?;
        if self.message.style == Style::Rfc5424 && self.message.date.is_none() {
            out.push(b'-');
        } else {
            self.iso_date(clock, year, out)?;
        }
        out.push(b' ');
        if !self.host(out)? {
            out.push(b'-');
        }
        let message = &self.message;
        for part in [message.tag, message.pid, message.id, message.data] {
            out.push(b' ');
            out.extend_from_slice(part.unwrap_or(b"-"));
        }
        out.push(b' ');
        Ok(())
    }

    /// The date as RFC 5424 has it; now if the message has none.
    fn iso_date(&self, clock: &Clock, year: i64, out: &mut Vec<u8>) -> io::Result<()> {
        match (self.message.date, self.message.style) {
            (Some(date), Style::Rfc3164) => {
                let month = date.get(..3).and_then(|name| MONTHS.iter().position(|m| m.as_bytes() == name));
                write!(out, "{year:04}-{:02}-", month.unwrap_or(0) + 1)?;
                out.extend(date.iter().skip(4).take(2).map(|b| if *b == b' ' { b'0' } else { *b }));
                out.push(b'T');
                out.extend_from_slice(date.get(7..).unwrap_or_default());
                write!(out, "-00:00")
            }
            (Some(date), _) => {
                out.extend_from_slice(date);
                Ok(())
            }
            (None, _) => clock.iso(out),
        }
    }

    /// The date as RFC 3164 has it; now if the message has none that says it.
    fn old_date(&self, clock: &Clock, out: &mut Vec<u8>) {
        match (self.message.date, self.message.style) {
            (Some(date), Style::Rfc3164) => out.extend_from_slice(date),
            (Some(date), _) if old_from_iso(date, out).is_some() => {}
            _ => out.extend_from_slice(clock.old_date()),
        }
    }

    /// The name of the machine, as `option host` has it; false if there is none.
    fn host(&self, out: &mut Vec<u8>) -> io::Result<bool> {
        let own = self.message.host;
        match (self.host, own, self.from) {
            (HostPolicy::Replace, _, Some(from))
            | (HostPolicy::Fill | HostPolicy::Append, None, Some(from)) => {
                write!(out, "{from}")?;
            }
            (HostPolicy::Append, Some(own), Some(from)) => {
                out.extend_from_slice(own);
                write!(out, ",{from}")?;
            }
            (_, Some(own), _) => out.extend_from_slice(own),
            (_, None, _) => return Ok(false),
        }
        Ok(true)
    }
}

/// `2003-10-11T22:14:15.003Z` as `Oct 11 22:14:15`; none, and nothing written, if it isn't such a date.
fn old_from_iso(date: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let number = |from: usize| -> Option<usize> {
        let digits = date.get(from..from + 2)?;
        let [tens, ones] = digits else { return None };
        (tens.is_ascii_digit() && ones.is_ascii_digit())
            .then(|| usize::from(tens - b'0') * 10 + usize::from(ones - b'0'))
    };
    let month = MONTHS.get(number(5)?.checked_sub(1)?)?;
    let day = number(8)?;
    let time = date.get(11..19).filter(|_| date.get(10) == Some(&b'T'))?;
    // Writing to a vector can't fail.
    let _ = write!(out, "{month} {day:2} ");
    out.extend_from_slice(time);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_one_kind_become_the_other() {
        let mut out = Vec::new();
        old_from_iso(b"2003-01-02T22:14:15.003Z", &mut out).unwrap();
        assert_eq!(out, b"Jan  2 22:14:15");
        for wrong in
            ["", "2003-13-02T22:14:15", "2003-01-02 22:14:15", "2003-01-02T22:14", "xxxx-xx-xxTxx:xx:xx"]
        {
            assert!(old_from_iso(wrong.as_bytes(), &mut Vec::new()).is_none(), "{wrong}");
        }
    }
}
