//! `set timeout cli`: how long this session may be silent.

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["set", "timeout"],
    usage: "set timeout [cli] <delay>",
    doc: "set for how long this session may be silent",
    level: Level::User,
    gate: Gate::Open,
    run: |query, _, out| {
        if query.word(2) != b"cli" {
            return query.refuse("'set timeout' only supports 'cli'.", out);
        }
        if query.word(3).is_empty() {
            return query.refuse("Expects an integer value.", out);
        }
        match seconds(query.word(3)).filter(|ms| *ms > 0) {
            Some(ms) => {
                query.console.timeout_ms.set(ms);
                Answer::Done
            }
            None => query.refuse("Invalid timeout value.", out),
        }
    },
}];

/// Milliseconds of a number with a unit, which is seconds if there is none (manual 2.5).
fn seconds(text: &[u8]) -> Option<u32> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (count, unit) = text.split_at_checked(digits)?;
    let count: u64 = std::str::from_utf8(count).ok()?.parse().ok()?;
    let ms = match unit {
        b"us" => Some(count.div_ceil(1000)),
        b"ms" => Some(count),
        b"" | b"s" => count.checked_mul(1000),
        b"m" => count.checked_mul(60_000),
        b"h" => count.checked_mul(3_600_000),
        b"d" => count.checked_mul(86_400_000),
        _ => None,
    }?;
    u32::try_from(ms).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, ms) in [
            ("60", Some(60_000)),
            ("5ms", Some(5)),
            ("2h", Some(7_200_000)),
            ("5x", None),
            ("", None),
            ("99999999d", None),
        ] {
            assert_eq!(seconds(text.as_bytes()), ms, "{text}");
        }
    }
}
