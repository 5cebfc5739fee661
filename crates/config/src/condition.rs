//! The condition language of `.if`, `.elif` and `-cc` (manual 2.4).
//!
//! The whole text is checked even where the result is already certain, as HAProxy does; predicates are asked
//! only where their answer matters.

use crate::context::{Context, Env};
use crate::words::{self, Comments, Scope, is_space};

/// How deep parentheses and negations may nest.
const MAX_DEPTH: u32 = 128;

/// Why a condition can't be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    /// HAProxy's words.
    pub message: String,
    /// Offset of the culprit in the condition, after words were put together with single spaces.
    pub offset: usize,
}

/// Judges the argument of `-cc`: quotes, escapes and variables are resolved first.
///
/// An empty condition is false. Errors carry the words HAProxy prints after `config : `-less `[ALERT]`.
pub fn check_condition(text: &[u8], context: &Context) -> Result<bool, ConditionError> {
    let scope = Scope { env: &context.env, file: b"", line: 0, section: b"" };
    let (mut out, mut rows) = (Vec::new(), Vec::new());
    words::split(text, &scope, Comments::Keep, &mut out, &mut rows).map_err(|error| {
        let message = error.kind.message();
        let (first, rest) = message.split_at(1);
        let message = format!("Syntax Error in condition: {}{rest}.", first.to_uppercase());
        ConditionError { message, offset: error.offset }
    })?;
    let joined = rows
        .iter()
        .filter_map(|row| out.get(row.start as usize..row.start as usize + row.len as usize))
        .collect::<Vec<_>>()
        .join(&b' ');
    evaluate(&joined, context, &context.env).map_err(|error| ConditionError {
        message: format!("Failed to evaluate condition: {}", error.message),
        ..error
    })
}

/// Judges a condition whose words were resolved and joined. `env` is the environment at that line.
pub(crate) fn evaluate(text: &[u8], context: &Context, env: &Env) -> Result<bool, ConditionError> {
    let mut reader = Reader { text, at: 0, depth: 0, group_start: None, context, env };
    reader.skip_spaces();
    if reader.rest().is_empty() {
        return Ok(false);
    }
    let value = reader.any(true)?;
    reader.skip_spaces();
    match reader.rest().first() {
        None => Ok(value),
        Some(&byte) => {
            let (char, whole) = (char::from(byte), lossy(text));
            let message =
                format!("unexpected character '{char}' at the end of conditional expression '{whole}'");
            Err(reader.error(reader.at, message))
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
    /// Where the innermost open parenthesis begins.
    group_start: Option<usize>,
    context: &'a Context,
    env: &'a Env,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().iter().take_while(|&&b| is_space(b)).count();
    }

    fn error(&self, offset: usize, message: String) -> ConditionError {
        ConditionError { message, offset: offset.min(self.text.len()) }
    }

    fn unparsable(&self, offset: usize) -> ConditionError {
        let text = lossy(self.text.get(offset..).unwrap_or_default());
        self.error(offset, format!("unparsable conditional expression '{text}'"))
    }

    /// Terms joined by `||`. `live` says whether the answer matters.
    fn any(&mut self, live: bool) -> Result<bool, ConditionError> {
        let start = self.at;
        let mut value = self.all(live)?;
        let mut first = None;
        loop {
            self.skip_spaces();
            if !self.rest().starts_with(b"||") {
                return Ok(value);
            }
            self.operator(start, *first.get_or_insert(self.at))?;
            let right = self.all(live && !value)?;
            value = value || right;
        }
    }

    /// Terms joined by `&&`.
    fn all(&mut self, live: bool) -> Result<bool, ConditionError> {
        let mut value = self.term(live)?;
        let mut first = None;
        loop {
            self.skip_spaces();
            if !self.rest().starts_with(b"&&") {
                return Ok(value);
            }
            let first = *first.get_or_insert(self.at);
            self.operator(first, first)?;
            let right = self.term(live && value)?;
            value = value && right;
        }
    }

    /// Steps over `&&` or `||`. With nothing behind it the fault is `first`'s, the first operator of the
    /// chain, quoted from `start`; in parentheses it is theirs.
    fn operator(&mut self, start: usize, first: usize) -> Result<(), ConditionError> {
        self.at += 2;
        self.skip_spaces();
        if !self.rest().is_empty() {
            return Ok(());
        }
        match self.group_start {
            Some(group) => Err(self.unparsable(group)),
            None => Err(ConditionError { offset: first, ..self.unparsable(start) }),
        }
    }

    fn term(&mut self, live: bool) -> Result<bool, ConditionError> {
        self.skip_spaces();
        let start = self.at;
        let mut negated = false;
        while self.rest().first() == Some(&b'!') {
            negated = !negated;
            self.at += 1;
            self.skip_spaces();
        }
        if self.rest().first() == Some(&b'(') {
            return Ok(self.group(live, start)? != negated);
        }
        if let Some(value) = self.integer() {
            return Ok(value != negated);
        }
        match self.predicate(live)? {
            Some(value) => Ok(value != negated),
            None => Err(self.unparsable(start)),
        }
    }

    /// A condition in parentheses; `start` is where its negations begin.
    fn group(&mut self, live: bool, start: usize) -> Result<bool, ConditionError> {
        self.at += 1;
        self.depth += 1;
        self.skip_spaces();
        if self.rest().is_empty() {
            return Err(self.unparsable(start));
        }
        if self.depth > MAX_DEPTH {
            return Err(self.error(start, "too many conditional expressions nested".to_owned()));
        }
        let outer = self.group_start.replace(start);
        let value = self.any(live)?;
        self.group_start = outer;
        self.depth -= 1;
        self.skip_spaces();
        if self.rest().first() != Some(&b')') {
            let text = lossy(self.text.get(start..).unwrap_or_default());
            return Err(self.error(start, format!("expected ')' after conditional expression '{text}'")));
        }
        self.at += 1;
        Ok(value)
    }

    /// An integer as C reads it: a sign, then decimal, octal (`0`) or hexadecimal (`0x`) digits.
    fn integer(&mut self) -> Option<bool> {
        let rest = self.rest();
        let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
        let digits = rest.get(sign..)?;
        let hex = digits.get(..2).is_some_and(|p| p.eq_ignore_ascii_case(b"0x"))
            && digits.get(2).is_some_and(u8::is_ascii_hexdigit);
        let (skip, len) = if hex {
            (2, digits.iter().skip(2).take_while(|b| b.is_ascii_hexdigit()).count())
        } else {
            (0, digits.iter().take_while(|b| b.is_ascii_digit()).count())
        };
        if len == 0 {
            return None;
        }
        let value = digits.get(skip..skip + len)?.iter().any(|&b| b != b'0');
        self.at += sign + skip + len;
        Some(value)
    }

    fn predicate(&mut self, live: bool) -> Result<Option<bool>, ConditionError> {
        let rest = self.rest();
        let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let Some(predicate) = PREDICATES.iter().find(|p| rest.get(..len) == Some(p.name.as_bytes())) else {
            return Ok(None);
        };
        if !matches!(rest.get(len), None | Some(b'(' | b' ' | b'\t')) {
            return Ok(None);
        }
        self.at += len;
        let args = self.arguments(predicate)?;
        if !live {
            return Ok(Some(false));
        }
        let arg = |i: usize| args.get(i).map_or(&b""[..], Vec::as_slice);
        match (predicate.ask)(arg(0), arg(1), self) {
            Some(value) => Ok(Some(value)),
            None => {
                let (name, text) = (predicate.name, lossy(arg(0)));
                let message =
                    format!("invalid argument to conditional expression predicate '{name}': '{text}'");
                Err(self.error(self.at, message))
            }
        }
    }

    /// Reads `(a,b)`; no parenthesis at all means no argument.
    fn arguments(&mut self, predicate: &Predicate) -> Result<Vec<Vec<u8>>, ConditionError> {
        let name = predicate.name;
        let mut args = Vec::new();
        let open = self.rest().first() == Some(&b'(');
        if open {
            self.at += 1;
            if predicate.args > 0 {
                args.push(self.argument());
            }
            while self.rest().first() == Some(&b',') && args.len() < predicate.args {
                self.at += 1;
                args.push(self.argument());
            }
        }
        let needed = predicate.args.max(1) - usize::from(predicate.args <= 1);
        if args.len() <= needed && needed > 0 && args.len() < predicate.args {
            let (got, want) = (args.len().max(1), predicate.args);
            let message = format!(
                "missing arguments (got {got}/{want}), type 'string' expected in argument 1 of predicate \
                 '{name}' used in conditional expression"
            );
            return Err(self.error(self.at, message));
        }
        if !open {
            return Ok(args);
        }
        if self.rest().first() == Some(&b')') {
            self.at += 1;
            return Ok(args);
        }
        let before = match self.rest() {
            b"" => String::new(),
            rest => format!(" before '{}'", lossy(rest)),
        };
        let number = predicate.args.min(1);
        let message = format!(
            "expected ')'{before} in argument {number} of predicate '{name}' used in conditional expression"
        );
        Err(self.error(self.at, message))
    }

    /// One argument up to an unprotected `,` or `)`, quotes and escapes resolved (manual 2.2).
    fn argument(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut quote = None;
        while let Some(&byte) = self.rest().first() {
            let next = self.rest().get(1).copied();
            match (byte, quote) {
                (b',' | b')', None) => break,
                (b'"' | b'\'', None) => quote = Some(byte),
                (b'"' | b'\'', Some(open)) if open == byte => quote = None,
                (b'\\', None | Some(b'"')) => {
                    let resolved = match next {
                        Some(b'n') => b'\n',
                        Some(b'r') => b'\r',
                        Some(b't') => b'\t',
                        Some(b @ (b'\\' | b'"' | b'\'' | b' ' | b'\t')) => b,
                        _ => {
                            out.push(b'\\');
                            self.at += 1;
                            continue;
                        }
                    };
                    out.push(resolved);
                    self.at += 1;
                }
                _ => out.push(byte),
            }
            self.at += 1;
        }
        out
    }
}

struct Predicate {
    name: &'static str,
    args: usize,
    /// The answer for two arguments (empty if not given); `None` if the argument makes no sense.
    ask: fn(&[u8], &[u8], &Reader<'_>) -> Option<bool>,
}

const PREDICATES: &[Predicate] = &[
    Predicate { name: "awslc_api_atleast", args: 1, ask: |a, _, r| Some(r.context.awslc_api? >= number(a)?) },
    Predicate { name: "awslc_api_before", args: 1, ask: |a, _, r| Some(r.context.awslc_api? < number(a)?) },
    Predicate { name: "defined", args: 1, ask: |a, _, r| Some(r.env.get(a).is_some()) },
    Predicate { name: "enabled", args: 1, ask: |a, _, r| Some(r.context.has_enabled(a)) },
    Predicate { name: "feature", args: 1, ask: |a, _, r| Some(r.context.has_feature(a)) },
    Predicate { name: "fips_mode", args: 0, ask: |_, _, r| Some(r.context.fips) },
    Predicate {
        name: "openssl_version_atleast",
        args: 1,
        ask: |a, _, r| Some(own_openssl_version(r.context) >= openssl_version(a)?),
    },
    Predicate {
        name: "openssl_version_before",
        args: 1,
        ask: |a, _, r| Some(own_openssl_version(r.context) < openssl_version(a)?),
    },
    Predicate {
        name: "ssllib_name_startswith",
        args: 1,
        ask: |a, _, r| Some(r.context.ssl_library.as_bytes().starts_with(a)),
    },
    Predicate { name: "streq", args: 2, ask: |a, b, _| Some(a == b) },
    Predicate { name: "strneq", args: 2, ask: |a, b, _| Some(a != b) },
    Predicate { name: "strstr", args: 2, ask: |a, b, _| Some(memchr::memmem::find(a, b).is_some()) },
    Predicate {
        name: "version_atleast",
        args: 1,
        ask: |a, _, r| Some(version(r.context.version.as_bytes()) >= version(a)),
    },
    Predicate {
        name: "version_before",
        args: 1,
        ask: |a, _, r| Some(version(r.context.version.as_bytes()) < version(a)),
    },
];

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Takes a decimal number off the front of `text`; 0 if there is none.
fn take_number(text: &mut &[u8]) -> u32 {
    let len = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(len);
    *text = rest;
    number(digits).unwrap_or(if digits.is_empty() { 0 } else { u32::MAX })
}

/// `3.5-dev5-50872d-2` as something that compares: numbers, stage (dev, rc, release), stage number, commits.
fn version(text: &[u8]) -> [u32; 6] {
    let mut rest = text;
    let mut numbers = [0; 3];
    for slot in &mut numbers {
        *slot = take_number(&mut rest);
        match rest.strip_prefix(b".") {
            Some(after) => rest = after,
            None => break,
        }
    }
    let [major, minor, patch] = numbers;
    let mut stage = 2;
    for (rank, name) in [(0, &b"-dev"[..]), (1, b"-rc")] {
        if let Some(after) = rest.strip_prefix(name) {
            (stage, rest) = (rank, after);
        }
    }
    let stage_number = if stage == 2 { 0 } else { take_number(&mut rest) };
    // What follows is a commit's name and the number of commits since the tag, the latter alone compares.
    let mut commits = 0;
    if let Some(dash) = memchr::memrchr(b'-', rest) {
        let mut last = rest.get(dash + 1..).unwrap_or_default();
        commits = take_number(&mut last);
    }
    [major, minor, patch, stage, stage_number, commits]
}

/// The version to compare with; older than any if the context has none.
fn own_openssl_version(context: &Context) -> [u32; 5] {
    openssl_version(context.openssl_version.as_bytes()).unwrap_or_default()
}

/// `1.1.1w` or `3.0.22` as something that compares. Two dots are a must.
fn openssl_version(text: &[u8]) -> Option<[u32; 5]> {
    let mut rest = text;
    let mut numbers = [0; 3];
    for (i, slot) in numbers.iter_mut().enumerate() {
        if !rest.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        *slot = take_number(&mut rest);
        if i < 2 {
            rest = rest.strip_prefix(b".")?;
        }
    }
    let letters = rest.iter().take_while(|b| b.is_ascii_lowercase()).count();
    let (patch, suffix) = rest.split_at(letters);
    let patch = patch.iter().fold(0u32, |sum, &b| sum.saturating_add(u32::from(b - b'a') + 1));
    let stage = if suffix.starts_with(b"-dev") {
        0
    } else if suffix.starts_with(b"-") {
        1
    } else {
        2
    };
    let [major, minor, fix] = numbers;
    Some([major, minor, fix, patch, stage])
}

fn lossy(text: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context {
            version: "3.5-dev5-50872d-2".to_owned(),
            features: vec!["OPENSSL".to_owned(), "THREAD".to_owned()],
            enabled: vec!["EPOLL".to_owned()],
            ssl_library: "OpenSSL 3.0.22".to_owned(),
            openssl_version: "3.0.22".to_owned(),
            ..Context::with_env([("HOME", "/r"), ("TESTVAR", "1")].into_iter().collect())
        }
    }

    fn ask(text: &str) -> Result<bool, String> {
        check_condition(text.as_bytes(), &context()).map_err(|e| e.message)
    }

    #[test]
    fn truths() {
        for text in [
            "version_atleast(2.4)",
            "version_atleast(2.x)",
            "version_atleast()",
            "version_atleast",
            "version_atleast(3.5-dev5)",
            "version_atleast(3.5-dev5-50872d-2)",
            "version_before(3.5)",
            "version_before(3.5.1)",
            "streq(foo,'foo')",
            "streq(\"foo bar\",'foo bar')",
            "streq(,)",
            "streq( a, a)",
            "streq(\\\"a\\\",a)",
            "defined(TESTVAR) && streq(\"$TESTVAR\",\"1\")",
            "feature(OPENSSL) || !feature(OPENSSL)",
            "1&&!0&&!((streq(a,b)||!streq(a,a)&&1)||strneq(a,a))",
            "1   &&!   0&&    !((streq(a,b)||!streq(a,a)&&1)||strneq(a,a))",
            "-1000 && 200",
            "+1",
            "0x10",
            "99999999999999999999",
            "!!1",
            "((((1))))",
            "strstr(abc,b)",
            "strstr(abc,)",
            "enabled(EPOLL)",
            "ssllib_name_startswith(OpenSSL)",
            "openssl_version_atleast(1.1.1w)",
            "openssl_version_before(3.5.0)",
            " 1",
            "\"1\"",
        ] {
            assert_eq!(ask(text), Ok(true), "{text}");
        }
    }

    #[test]
    fn falsehoods() {
        for text in [
            "",
            "version_atleast(1024)",
            "version_atleast(3.5-dev6)",
            "version_atleast(3.5-rc1)",
            "version_atleast(3.5)",
            "version_atleast(3.5-dev5-50872d-3)",
            "streq(foo,bar)",
            "1 && !0 && !((streq(a,b) || !streq(a,a) && 1) || strneq(a,b))",
            "1 && !0 && !((streq(a,a) || !streq(a,a) && 1) || strneq(a,a))",
            "feature()",
            "feature(openssl)",
            "-0",
            "! 1",
            "fips_mode",
            "fips_mode()",
            "defined()",
        ] {
            assert_eq!(ask(text), Ok(false), "{text}");
        }
    }

    #[test]
    fn errors_in_haproxys_words() {
        let failed = "Failed to evaluate condition: ";
        for (text, message) in [
            ("200rrr", "unexpected character 'r' at the end of conditional expression '200rrr'"),
            ("!(0))", "unexpected character ')' at the end of conditional expression '!(0))'"),
            ("(1", "expected ')' after conditional expression '(1'"),
            ("1 &&", "unparsable conditional expression '&&'"),
            ("1 || ", "unparsable conditional expression '1 ||'"),
            ("(", "unparsable conditional expression '('"),
            ("fips_mode&&1", "unparsable conditional expression 'fips_mode&&1'"),
            ("!", "unparsable conditional expression '!'"),
            ("()", "unparsable conditional expression ')'"),
            ("0 && foo", "unparsable conditional expression 'foo'"),
            ("1 || foo", "unparsable conditional expression 'foo'"),
            (
                "streq(a)",
                "missing arguments (got 1/2), type 'string' expected in argument 1 of predicate 'streq' used \
                 in conditional expression",
            ),
            (
                "streq",
                "missing arguments (got 1/2), type 'string' expected in argument 1 of predicate 'streq' used \
                 in conditional expression",
            ),
            (
                "streq(a,b,c)",
                "expected ')' before ',c)' in argument 1 of predicate 'streq' used in conditional expression",
            ),
            (
                "feature(OPENSSL",
                "expected ')' in argument 1 of predicate 'feature' used in conditional expression",
            ),
            (
                "fips_mode(1)",
                "expected ')' before '1)' in argument 0 of predicate 'fips_mode' used in conditional \
                 expression",
            ),
            (
                "openssl_version_atleast(3)",
                "invalid argument to conditional expression predicate 'openssl_version_atleast': '3'",
            ),
            (
                "awslc_api_atleast(35)",
                "invalid argument to conditional expression predicate 'awslc_api_atleast': '35'",
            ),
        ] {
            assert_eq!(ask(text), Err(format!("{failed}{message}")), "{text}");
        }
        assert_eq!(ask("streq(a,\"a)"), Err("Syntax Error in condition: Unmatched quote.".to_owned()));
    }

    #[test]
    fn depth_is_capped() {
        let text = "(".repeat(100_000);
        assert!(evaluate(text.as_bytes(), &context(), &Env::default()).is_err());
    }
}
