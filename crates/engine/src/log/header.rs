//! What stands in front of a log line: RFC 3164, RFC 5424 and the short forms (manual 4.2 "log").

use std::io::Write;
use std::sync::atomic::Ordering::Relaxed;

use state::log::{Header, Target};
use state::{Ctx, Format, World};

pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The texts of the present second, made once and used for all its lines.
#[derive(Default)]
pub(super) struct Clock {
    second: u64,
    /// `Nov 22 11:59:44`
    rfc3164: Vec<u8>,
    /// `2026-11-22T11:59:44`
    iso: Vec<u8>,
    zone: Vec<u8>,
}

/// A date and time of day.
struct Civil {
    year: i64,
    month: usize,
    day: i64,
    seconds: i64,
}

/// Who speaks in a line.
pub(super) struct Names<'n> {
    pub(super) world: &'n World,
    /// The process's own if none.
    pub(super) tag: Option<&'n [u8]>,
}

impl Names<'_> {
    fn tag(&self) -> &[u8] {
        self.tag.unwrap_or(self.world.global.log_tag.as_bytes())
    }
}

impl Clock {
    /// Appends the header for a line of this level, with structured data where the header has a place for it.
    pub(super) fn header(
        &mut self,
        names: &Names<'_>,
        target: &Target,
        level: u8,
        structured: Option<(&Format, &Ctx<'_>)>,
        out: &mut Vec<u8>,
    ) {
        let now = net::wall();
        self.refresh(now / 1_000_000, i64::from(names.world.process.utc_offset_s.load(Relaxed)));
        let priority = u32::from(target.facility) * 8 + u32::from(level);
        // Writing to a vector can't fail.
        let _ = match target.header {
            Header::Raw => Ok(()),
            Header::Short => write!(out, "<{level}>"),
            Header::Priority => write!(out, "<{priority}>"),
            Header::Timed | Header::Iso => self.dated(target.header, level, now, out),
            Header::Usual | Header::Local | Header::Rfc3164 => self.old(names, target.header, priority, out),
            Header::Rfc5424 => self.new_style(names, priority, now, structured, out),
        };
    }

    /// RFC 3164; without the machine's name for `local`, and by default where no `log-send-hostname` asks for it.
    fn old(
        &self,
        names: &Names<'_>,
        header: Header,
        priority: u32,
        out: &mut Vec<u8>,
    ) -> std::io::Result<()> {
        write!(out, "<{priority}>")?;
        out.extend_from_slice(&self.rfc3164);
        out.push(b' ');
        let global = &names.world.global;
        match (header, &global.log_send_hostname) {
            (Header::Local, _) | (Header::Usual, None) => {}
            (_, Some(host)) => write!(out, "{host} ")?,
            (_, None) => out.extend_from_slice(b"localhost "),
        }
        out.extend_from_slice(names.tag());
        write!(out, "[{}]: ", global.pid)
    }

    /// RFC 5424.
    fn new_style(
        &self,
        names: &Names<'_>,
        priority: u32,
        now: u64,
        structured: Option<(&Format, &Ctx<'_>)>,
        out: &mut Vec<u8>,
    ) -> std::io::Result<()> {
        write!(out, "<{priority}>1 ")?;
        out.extend_from_slice(&self.iso);
        write!(out, ".{:06}", now % 1_000_000)?;
        out.extend_from_slice(&self.zone);
        let global = &names.world.global;
        let host = global.log_send_hostname.as_deref().unwrap_or("-");
        write!(out, " {host} ")?;
        out.extend_from_slice(names.tag());
        write!(out, " {} - ", global.pid)?;
        let start = out.len();
        if let Some((format, cx)) = structured {
            format.write(cx, out);
        }
        if out.len() == start {
            out.push(b'-');
        }
        out.push(b' ');
        Ok(())
    }

    /// Now, as RFC 5424 has it.
    pub(super) fn iso(&self, out: &mut Vec<u8>) -> std::io::Result<()> {
        out.extend_from_slice(&self.iso);
        write!(out, ".{:06}", net::wall() % 1_000_000)?;
        out.extend_from_slice(&self.zone);
        Ok(())
    }

    /// Now, as RFC 3164 has it.
    pub(super) fn old_date(&self) -> &[u8] {
        &self.rfc3164
    }

    /// Brings it up to date for a message of others; gives the year.
    pub(super) fn turn(&mut self, world: &World) -> i64 {
        let second = net::wall() / 1_000_000;
        let offset = i64::from(world.process.utc_offset_s.load(Relaxed));
        self.refresh(second, offset);
        civil(i64::try_from(second).unwrap_or(0) + offset).year
    }

    fn dated(&self, header: Header, level: u8, now: u64, out: &mut Vec<u8>) -> std::io::Result<()> {
        if header == Header::Timed {
            write!(out, "<{level}>")?;
        }
        out.extend_from_slice(&self.iso);
        write!(out, ".{:06}", now % 1_000_000)?;
        out.extend_from_slice(&self.zone);
        out.push(b' ');
        Ok(())
    }

    fn refresh(&mut self, second: u64, offset: i64) {
        if self.second == second && !self.iso.is_empty() {
            return;
        }
        self.second = second;
        let c = civil(i64::try_from(second).unwrap_or(0) + offset);
        let (h, m, s) = (c.seconds / 3600, c.seconds / 60 % 60, c.seconds % 60);
        self.rfc3164.clear();
        self.iso.clear();
        self.zone.clear();
        let month = MONTHS.get(c.month - 1).copied().unwrap_or("Jan");
        let _ = write!(self.rfc3164, "{month} {:2} {h:02}:{m:02}:{s:02}", c.day);
        let _ = write!(self.iso, "{:04}-{:02}-{:02}T{h:02}:{m:02}:{s:02}", c.year, c.month, c.day);
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.abs() / 60;
        let _ = write!(self.zone, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    }
}

/// The proleptic Gregorian date of a count of seconds since 1970 (days of 400-year eras).
fn civil(seconds: i64) -> Civil {
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Civil { year, month: usize::try_from(month).unwrap_or(1), day, seconds: seconds.rem_euclid(86_400) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let c = civil(1_795_348_784);
        assert_eq!((c.year, c.month, c.day, c.seconds), (2026, 11, 22, 11 * 3600 + 59 * 60 + 44));
        let leap = civil(951_782_400);
        assert_eq!((leap.year, leap.month, leap.day), (2000, 2, 29));
    }
}
