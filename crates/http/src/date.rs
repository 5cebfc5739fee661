//! Dates in headers (RFC 9110 section 5.6.7), in all three forms.

/// Seconds since 1970 of a date; none if it isn't one.
pub fn parse(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split([' ', ',', '-']).filter(|word| !word.is_empty()).skip(1);
    let first = words.next()?;
    let (day, month, year, time) = if let Some(month) = month(first) {
        // `Sun Nov  6 08:49:37 1994`
        let (day, time) = (words.next()?, words.next()?);
        (number(day, 2)?, month, number(words.next()?, 4)?, time)
    } else {
        // `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`
        let (month, year) = (month(words.next()?)?, words.next()?);
        let time = words.next()?;
        if words.next()? != "GMT" {
            return None;
        }
        (number(first, 2)?, month, full_year(year)?, time)
    };
    if words.next().is_some() {
        return None;
    }
    let mut parts = time.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let valid = (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61 && parts.next().is_none();
    let days = days_since_1970(year, month, day)?;
    valid.then(|| days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// 1 to 12.
fn month(word: &str) -> Option<u64> {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    (1..).zip(NAMES).find_map(|(number, name)| (name == word).then_some(number))
}

/// Digits, at most so many.
fn number(word: &str, most: usize) -> Option<u64> {
    let digits = !word.is_empty() && word.len() <= most && word.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| word.parse().ok()).flatten()
}

/// A year of two digits is of this century or of the last one.
fn full_year(word: &str) -> Option<u64> {
    let year = number(word, 4)?;
    Some(match year {
        0..70 if word.len() == 2 => year + 2000,
        70..100 if word.len() == 2 => year + 1900,
        _ => year,
    })
}

/// Days of the Gregorian calendar before this one; none before 1970.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 || day == 0 {
        return None;
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    days.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms() {
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse(text.as_bytes()), Some(784_111_777), "{text}");
        }
        assert_eq!(parse(b"Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(parse(b"Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        for text in [
            "",
            "0",
            "-1",
            "garbage",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 6 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sun, 06 Nov 1960 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
