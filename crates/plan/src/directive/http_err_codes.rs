//! `http-err-codes`, `http-fail-codes`: which statuses stick tables count as errors and as failures (manual 3.1).

use state::tracking::Codes;

use crate::ctx::{Applied, Ctx, Directive, Line, at, words_from};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "http-err-codes",
        sections: at::GLOBAL,
        apply: |cx, line| change(cx, line, |faults| &mut faults.errors),
    },
    Directive {
        name: "http-fail-codes",
        sections: at::GLOBAL,
        apply: |cx, line| change(cx, line, |faults| &mut faults.failures),
    },
];

fn change<'a>(
    cx: &mut Ctx<'_, 'a>,
    line: Line<'a>,
    which: fn(&mut state::tracking::Faults) -> &mut Codes,
) -> Applied {
    let (keyword, words) = (line.keyword(), words_from(line, 1));
    if words.is_empty() {
        return Err(format!("Missing status codes range for '{keyword}'."));
    }
    let codes = which(&mut cx.plan.global.faults);
    for word in words {
        *codes = changed(*codes, word).map_err(|wrong| match wrong {
            Wrong::Form(position) => format!(
                "Invalid status codes range '{word}' in '{keyword}' at position {position}. Ranges must be in the \
                 form [+-]{{low[-{{high}}]}}[,...]."
            ),
            Wrong::Range => format!(
                "Invalid status codes range '{word}' in '{keyword}'.\n Codes must be between 100 and 599 and ranges \
                 in ascending order."
            ),
        })?;
    }
    Ok(())
}

/// What is wrong with a word.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    /// No range at this position.
    Form(usize),
    /// One that can't be.
    Range,
}

/// The codes as a word changes them.
fn changed(codes: Codes, word: &str) -> Result<Codes, Wrong> {
    let (mut codes, adds, ranges) = match word.split_at_checked(1) {
        Some(("+", rest)) => (codes, true, rest),
        Some(("-", rest)) => (codes, false, rest),
        _ => (Codes::none(), true, word),
    };
    let mut at = word.len() - ranges.len();
    for range in ranges.split(',') {
        let (low, rest) = number(range, at)?;
        let (high, rest) = match rest.strip_prefix('-') {
            Some(high) => number(high, at + range.len() - high.len())?,
            None => (low, rest),
        };
        if !rest.is_empty() {
            return Err(Wrong::Form(at + range.len() - rest.len()));
        }
        if low < 100 || high > 599 || high < low {
            return Err(Wrong::Range);
        }
        codes = codes.with(low, high, adds);
        at += range.len() + 1;
    }
    Ok(codes)
}

/// The number at the front, and what follows it.
fn number(text: &str, at: usize) -> Result<(u16, &str), Wrong> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits).unwrap_or((text, ""));
    if number.is_empty() {
        return Err(Wrong::Form(at));
    }
    Ok((number.parse().unwrap_or(u16::MAX), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let after = |words: &str| words.split(' ').try_fold(Codes::errors(), changed);
        let codes = after("220 +300-499 -300-399").unwrap();
        assert!(codes.has(220) && codes.has(400) && !codes.has(399) && !codes.has(500));
        assert!(after("+501,505").unwrap().has(505) && after("+501").unwrap().has(404));
        for (word, wrong) in [
            ("x", Wrong::Form(0)),
            ("99", Wrong::Range),
            ("600", Wrong::Range),
            ("400-399", Wrong::Range),
            ("400x", Wrong::Form(3)),
            ("+400,500-", Wrong::Form(9)),
            ("400,,500", Wrong::Form(4)),
            ("500-599,", Wrong::Form(8)),
        ] {
            assert_eq!(changed(Codes::none(), word), Err(wrong), "{word}");
        }
    }
}
