//! `tcp-check expect`, `http-check expect` (manual 4.2).

use state::Format;
use state::check::{Header, Matching};

use super::prelude::*;

const TCP: &str = "'only supports min-recv, '[!]binary', '[!]string', '[!]rstring', '[!]string-lf''[!]rbinary', \
                   '[!]binary-lf' or comment";
const HTTP: &str = "'only supports min-recv, [!]string', '[!]rstring', '[!]string-lf', '[!]status', '[!]rstatus', \
                    [!]hdr, [!]fhdr or comment";

/// Parses what stands behind `expect`.
pub(super) fn expect(words: &mut Words<'_>, compiler: &mut dyn Compiler, http: bool) -> Result<Rule, String> {
    if words.peek().is_none() {
        return Err("expects at least a matching pattern as arguments.".to_owned());
    }
    let mut found = Expect::plain(Pattern::Text(Box::default()));
    let mut pattern = None;
    let mut comment = None;
    while let Some(word) = words.next() {
        let bare = word.strip_prefix('!');
        let (negated, word) = match bare {
            Some("") => (true, words.next().unwrap_or_default()),
            Some(rest) => (true, rest),
            None => (false, word),
        };
        if !negated && pattern_free(word) {
            setting(word, words, compiler, &mut found, &mut comment)?;
            continue;
        }
        let read = if pattern.is_some() { None } else { matching(word, words, compiler, http)? };
        let Some(read) = read else {
            let supported = if http { HTTP } else { TCP };
            return Err(format!("{supported} but got '{word}' as argument.."));
        };
        found.negated = negated;
        pattern = Some(read);
    }
    found.pattern = pattern.ok_or("expects at least a matching pattern as arguments.")?;
    Ok(Rule::Step(Does::Expect(Box::new(found)), comment))
}

/// Whether a word is none of the patterns.
fn pattern_free(word: &str) -> bool {
    matches!(
        word,
        "min-recv"
            | "comment"
            | "ok-status"
            | "error-status"
            | "tout-status"
            | "on-success"
            | "on-error"
            | "status-code"
    )
}

fn setting(
    word: &str,
    words: &mut Words<'_>,
    compiler: &mut dyn Compiler,
    found: &mut Expect,
    comment: &mut Option<Box<str>>,
) -> Result<(), String> {
    if word == "status-code" {
        let expr = compiler
            .expr(words)
            .map_err(|e| format!("error detected while parsing status-code expression : {e}."))?;
        found.status_code = Some(expr);
        return Ok(());
    }
    let kind = if word == "min-recv" { "integer" } else { "string" };
    let text = words.next().ok_or_else(|| format!("'{word}' expects a {kind} as argument."))?;
    match word {
        "min-recv" => found.min_recv = min_recv(text)?,
        "comment" => *comment = Some(text.into()),
        "ok-status" => {
            let good = [Status::L7Ok, Status::L7OkConditionally, Status::L6Ok, Status::L4Ok];
            found.ok = status(text, &good, "'ok-status' only supports 'L4OK', 'L6OK', 'L7OK' or 'L7OKC'")?;
        }
        "error-status" => {
            let bad = [
                Status::L7OkConditionally,
                Status::L7Response,
                Status::L7Status,
                Status::L6Response,
                Status::L4Connection,
            ];
            let words = "'error-status' only supports 'L4CON', 'L6RSP', 'L7RSP' or 'L7STS'";
            found.error = Some(status(text, &bad, words)?);
        }
        "tout-status" => {
            let late = [Status::L7Timeout, Status::L6Timeout, Status::L4Timeout];
            found.timeout =
                status(text, &late, "'tout-status' only supports 'L4TOUT', 'L6TOUT' or 'L7TOUT'")?;
        }
        "on-success" => found.on_success = Some(format(compiler, text)?),
        _ => found.on_error = Some(format(compiler, text)?),
    }
    Ok(())
}

/// -1 is none; what is no number counts as 0.
fn min_recv(text: &str) -> Result<Option<usize>, String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let number = digits.get(..end).and_then(|d| d.parse::<i32>().ok()).unwrap_or(0);
    match sign * number {
        -1 => Ok(None),
        n => match usize::try_from(n) {
            Ok(n) => Ok(Some(n)),
            Err(_) => Err("'min-recv' expects -1 or an integer from 0 to INT_MAX.".to_owned()),
        },
    }
}

fn status(text: &str, allowed: &[Status], words: &str) -> Result<Status, String> {
    let found = Status::from_code(text).filter(|status| allowed.contains(status));
    found.ok_or_else(|| format!("{words} status (got '{text}').."))
}

/// A format, with the message of these rules if it is wrong.
pub(super) fn format(compiler: &mut dyn Compiler, text: &str) -> Result<Format, String> {
    compiler
        .body(text)
        .map_err(|e| format!("'{text}' invalid log-format string ({}).\n.", e.trim_end_matches('.')))
}

/// A pattern; none if the word isn't one here.
fn matching(
    word: &str,
    words: &mut Words<'_>,
    compiler: &mut dyn Compiler,
    http: bool,
) -> Result<Option<Pattern>, String> {
    if http && matches!(word, "hdr" | "fhdr") {
        return header(word, words, compiler).map(|header| Some(Pattern::Header(Box::new(header))));
    }
    let here = match word {
        "string" | "rstring" | "string-lf" => true,
        "status" | "rstatus" => http,
        "binary" | "rbinary" | "binary-lf" => !http,
        _ => false,
    };
    if !here {
        return Ok(None);
    }
    let text = words.next().ok_or_else(|| format!("'{word}' expects a <pattern> as argument."))?;
    let mut regex = || compiler.regex(text, false).map_err(|e| format!("{}.", e.trim_end_matches('.')));
    Ok(Some(match word {
        "string" => Pattern::Text(text.as_bytes().into()),
        "rstring" => Pattern::Regex(regex()?),
        "string-lf" => Pattern::TextFormat(format(compiler, text)?),
        "status" => Pattern::Status(statuses(text)?),
        "rstatus" => Pattern::StatusRegex(regex()?),
        "binary" => Pattern::Binary(binary(text).map_err(|e| format!("invalid binary string ({e})."))?),
        "rbinary" => Pattern::BinaryRegex(regex()?),
        _ => Pattern::BinaryFormat(format(compiler, text)?),
    }))
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn binary(text: &str) -> Result<Box<[u8]>, String> {
    if let Some(c) = text.chars().find(|c| !c.is_ascii_hexdigit()).filter(|_| text.len().is_multiple_of(2)) {
        return Err(format!("an hex digit is expected (found '{c}')"));
    }
    sample::pattern::unhex(text.as_bytes())
        .ok_or_else(|| "an even number of hex digit is expected".to_owned())
}

/// `200,201,300-310`.
fn statuses(text: &str) -> Result<Box<[(u16, u16)]>, String> {
    if let Some(c) = text.chars().find(|c| !c.is_ascii_digit() && !matches!(c, ',' | '-')) {
        return Err(format!("invalid character '{c}' in the list of status codes."));
    }
    let range = |part: &str| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let (low, high) = (low.parse().ok()?, high.parse().ok()?);
        (low <= high).then_some((low, high))
    };
    text.split(',')
        .map(|part| range(part).ok_or_else(|| format!("invalid range of status codes '{part}'.")))
        .collect()
}

/// `name [-m METHOD] NAME [value [-m METHOD] VALUE]`, either with `-lf`.
fn header(word: &str, words: &mut Words<'_>, compiler: &mut dyn Compiler) -> Result<Header, String> {
    let no_name = || format!("'{word}' expects at the name keyword as first argument followed by a pattern.");
    let first = words.next().filter(|first| matches!(*first, "name" | "name-lf")).ok_or_else(no_name)?;
    let name = part(word, first, words, compiler)?.ok_or_else(no_name)?;
    let value = match words.peek() {
        Some(second @ ("value" | "value-lf")) => {
            words.advance(1);
            let no_value = || format!("'{word}' expect a pattern with the value keyword.");
            Some(part(word, second, words, compiler)?.ok_or_else(no_value)?)
        }
        _ => None,
    };
    Ok(Header { name, value, full: word == "fhdr" })
}

/// A name or a value with its method; none where the text is missing.
fn part(
    word: &str,
    which: &str,
    words: &mut Words<'_>,
    compiler: &mut dyn Compiler,
) -> Result<Option<(Matching, Format)>, String> {
    let method = if words.accept("-m") { words.next().unwrap_or_default() } else { "str" };
    if !matches!(method, "str" | "beg" | "end" | "sub" | "reg") {
        return Err(format!(
            "'{word}' : '-m' only supports 'str', 'beg', 'end', 'sub' or 'reg' (got '{method}')."
        ));
    }
    let Some(text) = words.next() else { return Ok(None) };
    let computed = which.ends_with("-lf");
    if computed && method == "reg" {
        return Err(format!("'{word}': log-format string is not supported with a regex matching method."));
    }
    let matching = match method {
        "beg" => Matching::Prefix,
        "end" => Matching::Suffix,
        "sub" => Matching::Contains,
        "reg" => {
            let fold = which.starts_with("name");
            let regex = compiler.regex(text, fold);
            Matching::Regex(regex.map_err(|e| format!("'{word}': {e}."))?)
        }
        _ => Matching::Exact,
    };
    let format = if computed { format(compiler, text)? } else { Format::constant(text.as_bytes()) };
    Ok(Some((matching, format)))
}
