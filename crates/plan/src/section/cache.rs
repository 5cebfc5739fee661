//! `cache`: where responses are stored (manual 6.2.1).

use std::sync::Arc;

use config::{Diagnostic, Place, Section};
use state::cache::{BLOCK, Cache, Hints, Settings};

use crate::ctx::{Line, Plan, no_more, word};
use crate::number::atol;

const MEGABYTE: u64 = 1 << 20;
/// The most megabytes of a cache.
const MOST: u64 = 4095;
/// The share of the blocks that hints may have.
const RATIO: u8 = 25;

/// Reads one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let name = section.name().unwrap_or_default();
    let mut settings = Settings {
        blocks: 0,
        max_object: 0,
        max_age_s: 60,
        vary: false,
        max_variants: 10,
        hints: Hints::Off,
    };
    let mut bytes = 0;
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        if let Err(message) = no_more(line, if line.keyword() == "early-hints" { 3 } else { 1 }) {
            plan.remarks.alert(line.span(), message);
        }
        match apply(plan, line, &mut settings, &mut bytes) {
            Ok(()) => {}
            Err(message) => {
                plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::ParsingTight));
            }
        }
    }
    if plan.caches.iter().any(|cache| &*cache.name == name) {
        return;
    }
    let half = bytes / 2;
    // Where a value is wrong that has been said.
    if bytes == 0 && !section.directives().any(|line| plan.remarks.is_wrong(line.span())) {
        plan.remarks.alert_bare(format!("config : Size not specified for cache '{name}'"));
    } else if bytes > 0 && settings.max_object > half {
        let limit = "config : \"max-object-size\" is limited to an half of \"total-max-size\"";
        plan.remarks.alert_bare(format!("{limit} => {half}"));
    }
    if settings.max_object == 0 {
        settings.max_object = bytes / 256;
    }
    settings.blocks = bytes / BLOCK;
    plan.caches.push(Arc::new(Cache::new(name, settings)));
}

fn apply<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    settings: &mut Settings,
    bytes: &mut u64,
) -> Result<(), String> {
    let keyword = line.keyword();
    let text = word(line, 1);
    let wrong = || format!("{keyword} wrong value '{text}'");
    let mut warn = |message: &str| {
        plan.remarks.push(Diagnostic::warning(line.span(), message).at(Place::ParsingTight));
    };
    match keyword {
        "total-max-size" => {
            let megabytes = whole(text).ok_or_else(wrong)?;
            if megabytes > MOST {
                return Err(format!("\"total-max-size\" ({megabytes}) must not be greater than {MOST}"));
            }
            *bytes = megabytes * MEGABYTE;
        }
        "max-age" if text.is_empty() => warn("'max-age' expects an age parameter in seconds."),
        "max-age" => settings.max_age_s = u64::try_from(atol(text)).unwrap_or(0),
        "max-object-size" => settings.max_object = whole(text).ok_or_else(wrong)?,
        "process-vary" => match text {
            "on" => settings.vary = true,
            "off" => settings.vary = false,
            _ => warn("'process-vary' expects \"on\" or \"off\" (enable or disable vary processing)."),
        },
        "max-secondary-entries" => {
            let most = whole(text).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
            settings.max_variants = most.ok_or_else(wrong)?;
        }
        "early-hints" => match text {
            "on" => settings.hints = Hints::On(ratio(line)?),
            "off" => settings.hints = Hints::Off,
            "only" => settings.hints = Hints::Only,
            _ => warn(
                "'early-hints' expects \"on\", \"off\" or \"only\" (enable or disable HTTP 103 Early Hints support, or \
                 store only hints).",
            ),
        },
        _ => {}
    }
    Ok(())
}

/// `ratio <percent>`.
fn ratio(line: Line<'_>) -> Result<u8, String> {
    let expected = "'early-hints ratio' expects an integer argument between 1 and 99";
    match (word(line, 2), word(line, 3)) {
        ("ratio", "") => Err(format!("{expected}.")),
        ("ratio", text) => {
            let percent = u8::try_from(atol(text)).ok().filter(|n| (1..=99).contains(n));
            percent.ok_or_else(|| format!("{expected}, got '{text}'."))
        }
        _ => Ok(RATIO),
    }
}

/// A number that is nothing but digits.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
