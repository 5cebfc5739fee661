//! What stands in front of a log line: RFC 3164, RFC 5424 and the short forms (manual 4.2 "log").

use std::io::Write;
use std::sync::atomic::Ordering::Relaxed;

use state::World;
use state::log::{Header, Target};

const MONTHS: [&str; 12] =
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

impl Clock {
    /// Appends the header for a line of this level.
    pub(super) fn header(
        &mut self,
        world: &World,
        target: &Target,
        tag: Option<&[u8]>,
        level: u8,
        out: &mut Vec<u8>,
    ) {
        let now = net::wall();
        self.refresh(now / 1_000_000, i64::from(world.process.utc_offset_s.load(Relaxed)));
        let priority = u32::from(target.facility) * 8 + u32::from(level);
        let tag = tag.unwrap_or(world.global.log_tag.as_bytes());
        // Writing to a vector can't fail.
        let _ = match target.header {
            Header::Raw => Ok(()),
            Header::Short => write!(out, "<{level}>"),
            Header::Priority => write!(out, "<{priority}>"),
            Header::Timed | Header::Iso | Header::Local => self.dated(target.header, level, now, out),
            Header::Rfc3164 => self.rfc3164(world, priority, tag, out),
            Header::Rfc5424 => self.rfc5424(world, priority, tag, now, out),
        };
    }

    fn rfc3164(&self, world: &World, priority: u32, tag: &[u8], out: &mut Vec<u8>) -> std::io::Result<()> {
        write!(out, "<{priority}>")?;
        out.extend_from_slice(&self.rfc3164);
        out.push(b' ');
        if let Some(host) = &world.global.log_send_hostname {
            write!(out, "{host} ")?;
        }
        out.extend_from_slice(tag);
        write!(out, "[{}]: ", world.global.pid)
    }

    fn rfc5424(
        &self,
        world: &World,
        priority: u32,
        tag: &[u8],
        now: u64,
        out: &mut Vec<u8>,
    ) -> std::io::Result<()> {
        write!(out, "<{priority}>1 ")?;
        out.extend_from_slice(&self.iso);
        write!(out, ".{:06}", now % 1_000_000)?;
        out.extend_from_slice(&self.zone);
        let host = world.global.log_send_hostname.as_deref().unwrap_or(&world.global.hostname);
        write!(out, " {host} ")?;
        out.extend_from_slice(tag);
        write!(out, " {} - - ", world.global.pid)
    }

    fn dated(&self, header: Header, level: u8, now: u64, out: &mut Vec<u8>) -> std::io::Result<()> {
        if header == Header::Timed {
            write!(out, "<{level}>")?;
        }
        out.extend_from_slice(&self.iso);
        if header == Header::Timed {
            write!(out, ".{:06}", now % 1_000_000)?;
        }
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
