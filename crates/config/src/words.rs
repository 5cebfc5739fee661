//! Cuts one line into words: quoting, escapes, comments and environment variables (manual 2.2, 2.3).
//!
//! Two readers of the same grammar live here. [`split`] resolves the words into a shared buffer, as the
//! program will see them. [`spans`] only finds where each word lies, for edits that must keep the others as
//! they were written. Neither knows what a word means.

use crate::context::Env;

/// The most words a line may have; HAProxy refuses the line beyond it.
pub const MAX_WORDS: usize = 64;

/// Where a resolved word lies: in the shared buffer, and in the line it was written on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WordRow {
    /// First byte in the shared buffer.
    pub(crate) start: u32,
    /// Bytes in the shared buffer.
    pub(crate) len: u32,
    /// First byte on the line, from 0.
    pub(crate) column: u32,
    /// Bytes on the line, quotes included.
    pub(crate) raw: u32,
}

/// Why a line can't be cut into words, and the byte of the line (from 0) that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexError {
    /// What is wrong.
    pub kind: LexErrorKind,
    /// Offset of the culprit in the line.
    pub offset: usize,
}

/// The ways a line can fail to be words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexErrorKind {
    /// `\x` without two hexadecimal digits.
    BadHex,
    /// `[` in a braced variable that isn't `[*]`.
    BadWordExpansion,
    /// A variable name that starts with something else than a letter or `_`.
    FirstChar,
    /// More than [`MAX_WORDS`] words.
    TooManyWords,
    /// `${` without `}`.
    UnmatchedBrace,
    /// A quote that is never closed.
    UnmatchedQuote,
}

impl LexErrorKind {
    /// HAProxy's words for it.
    pub fn message(self) -> &'static str {
        match self {
            Self::BadHex => "truncated or invalid hexadecimal sequence",
            Self::BadWordExpansion => "truncated or invalid word expansion sequence",
            Self::FirstChar => "forbidden first char in environment variable name",
            Self::TooManyWords => "too many words",
            Self::UnmatchedBrace => "unmatched brace in environment variable name",
            Self::UnmatchedQuote => "unmatched quote",
        }
    }
}

/// What a variable may resolve to while a line is read.
pub(crate) struct Scope<'a> {
    pub(crate) env: &'a Env,
    pub(crate) file: &'a [u8],
    pub(crate) line: u32,
    pub(crate) section: &'a [u8],
}

/// Whether an unquoted `#` ends the line. It doesn't in the argument of `-cc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comments {
    Cut,
    Keep,
}

/// HAProxy's idea of white space: the C locale's.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// Bytes that mean nothing outside quotes can be copied in one go.
fn is_plain(byte: u8) -> bool {
    !is_space(byte) && !matches!(byte, b'#' | b'"' | b'\'' | b'\\')
}

/// Cuts `line` (without its line feed) into words: bytes to `out`, rows to `words`.
///
/// On an error both are left as they were before the call.
pub(crate) fn split(
    line: &[u8],
    scope: &Scope<'_>,
    comments: Comments,
    out: &mut Vec<u8>,
    words: &mut Vec<WordRow>,
) -> Result<(), LexError> {
    let (out_len, words_len) = (out.len(), words.len());
    let mut splitter = Splitter {
        line,
        at: 0,
        scope,
        comments,
        out,
        words,
        first_row: words_len,
        start: out_len,
        column: 0,
        open: false,
    };
    let result = splitter.run();
    if result.is_err() {
        out.truncate(out_len);
        words.truncate(words_len);
    }
    result
}

struct Splitter<'a, 'b> {
    line: &'a [u8],
    at: usize,
    scope: &'b Scope<'b>,
    comments: Comments,
    out: &'b mut Vec<u8>,
    words: &'b mut Vec<WordRow>,
    first_row: usize,
    /// Where the current word begins in `out`.
    start: usize,
    /// Where the current word begins on the line.
    column: usize,
    /// Whether a word is under way even if it has no byte yet (`""` is a word).
    open: bool,
}

impl Splitter<'_, '_> {
    fn run(&mut self) -> Result<(), LexError> {
        let mut spaced = true;
        while let Some(&byte) = self.line.get(self.at) {
            // A CR right behind a word ends the line as `#` does: what follows is lost. Behind white space it
            // is white space.
            if byte == b'\r' && !spaced || byte == b'#' && self.comments == Comments::Cut {
                break;
            }
            spaced = is_space(byte);
            if spaced {
                self.close_word()?;
                self.at += 1;
                continue;
            }
            if !self.in_word() {
                self.column = self.at;
            }
            match byte {
                b'"' => self.weak_quotes()?,
                b'\'' => self.strong_quotes()?,
                b'\\' => self.escape(false)?,
                _ => self.plain_run(),
            }
        }
        self.close_word()
    }

    fn in_word(&self) -> bool {
        self.open || self.out.len() > self.start
    }

    /// Copies up to the next byte that means something.
    fn plain_run(&mut self) {
        let rest = self.line.get(self.at..).unwrap_or_default();
        // The first byte was looked at by the caller: `#` may stand here when it doesn't cut.
        let len = 1 + rest.iter().skip(1).take_while(|&&b| is_plain(b)).count();
        self.out.extend_from_slice(rest.get(..len).unwrap_or(rest));
        self.at += len;
    }

    fn weak_quotes(&mut self) -> Result<(), LexError> {
        let quote = self.at;
        let was_open = self.open;
        self.open = true;
        self.at += 1;
        loop {
            match self.line.get(self.at) {
                None | Some(b'\r') => {
                    return Err(LexError { kind: LexErrorKind::UnmatchedQuote, offset: quote });
                }
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(true)?,
                Some(b'$') => self.variable(was_open)?,
                Some(&byte) => {
                    self.out.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn strong_quotes(&mut self) -> Result<(), LexError> {
        let rest = self.line.get(self.at + 1..).unwrap_or_default();
        // A CR ends the line even here.
        let end = memchr::memchr2(b'\'', b'\r', rest).filter(|&end| rest.get(end) == Some(&b'\''));
        let Some(len) = end else {
            return Err(LexError { kind: LexErrorKind::UnmatchedQuote, offset: self.at });
        };
        self.out.extend_from_slice(rest.get(..len).unwrap_or(rest));
        self.open = true;
        self.at += len + 2;
        Ok(())
    }

    /// One backslash sequence; an unknown one stays as it is written.
    fn escape(&mut self, quoted: bool) -> Result<(), LexError> {
        let next = self.line.get(self.at + 1).copied();
        let resolved = match next {
            Some(b @ (b' ' | b'\t' | b'\\' | b'\'' | b'"' | b'#')) => b,
            Some(b'$') if quoted => b'$',
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'x') => {
                let digits = self.line.get(self.at + 2..self.at + 4).and_then(hex_pair);
                let Some(byte) = digits else {
                    return Err(LexError { kind: LexErrorKind::BadHex, offset: self.at });
                };
                self.at += 2;
                byte
            }
            _ => {
                self.out.push(b'\\');
                self.at += 1;
                return Ok(());
            }
        };
        self.out.push(resolved);
        self.at += 2;
        Ok(())
    }

    /// `$NAME`, `${NAME}`, `${NAME-default}` or `${NAME[*]}` inside weak quotes.
    fn variable(&mut self, was_open: bool) -> Result<(), LexError> {
        let reference = read_reference(self.line, self.at)?;
        let line_number;
        let value = match reference.name {
            b".LINE" => {
                line_number = self.scope.line.to_string();
                Some(line_number.as_bytes())
            }
            b".FILE" => Some(self.scope.file),
            b".SECTION" => Some(self.scope.section),
            name => self.scope.env.get(name),
        };
        let value = value.or(reference.default).unwrap_or_default();
        self.at = reference.end;
        if !reference.split {
            self.out.extend_from_slice(value);
            return Ok(());
        }
        for (i, part) in value.split(|&b| is_space(b)).enumerate() {
            if i > 0 {
                // White space of the value ends words as it would unquoted; only what was quoted
                // before the reference keeps an empty word alive.
                self.open = was_open && i == 1;
                self.close_word()?;
            }
            self.out.extend_from_slice(part);
        }
        if self.out.len() == self.start {
            self.open = was_open && !value.iter().any(|&b| is_space(b));
        }
        Ok(())
    }

    fn close_word(&mut self) -> Result<(), LexError> {
        if !self.in_word() {
            return Ok(());
        }
        // HAProxy's words are C strings: what follows a NUL (`\x00`) is lost.
        let text = self.out.get(self.start..).unwrap_or_default();
        let len = memchr::memchr(0, text).unwrap_or(text.len());
        if self.words.len() - self.first_row >= MAX_WORDS {
            return Err(LexError { kind: LexErrorKind::TooManyWords, offset: self.column });
        }
        self.words.push(WordRow {
            start: to_u32(self.start),
            len: to_u32(len),
            column: to_u32(self.column),
            raw: to_u32(self.at.saturating_sub(self.column)),
        });
        self.start = self.out.len();
        self.open = false;
        Ok(())
    }
}

/// Sources are capped far below 4 GiB where they are read, so this never saturates.
pub(crate) fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn hex_pair(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let high = char::from(*high).to_digit(16)?;
    let low = char::from(*low).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

struct Reference<'a> {
    name: &'a [u8],
    default: Option<&'a [u8]>,
    split: bool,
    /// First byte after the reference.
    end: usize,
}

/// Reads the reference whose `$` stands at `dollar`.
fn read_reference(line: &[u8], dollar: usize) -> Result<Reference<'_>, LexError> {
    let braced = line.get(dollar + 1) == Some(&b'{');
    let brace = dollar + 1;
    let start = brace + usize::from(braced);
    let first = line.get(start).copied().unwrap_or(0);
    let pseudo = first == b'.';
    let body = start + usize::from(pseudo);
    let rest = line.get(body..).unwrap_or_default();
    let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let mut end = body + len;
    let name = line.get(start..end).unwrap_or_default();
    let allowed =
        if pseudo { is_pseudo_variable(name) } else { first.is_ascii_alphabetic() || first == b'_' };
    if !allowed {
        return Err(LexError { kind: LexErrorKind::FirstChar, offset: start });
    }
    let mut reference = Reference { name, default: None, split: false, end };
    if !braced {
        return Ok(reference);
    }
    match line.get(end) {
        Some(b'[') => {
            if line.get(end..end + 3) != Some(b"[*]") {
                return Err(LexError { kind: LexErrorKind::BadWordExpansion, offset: end });
            }
            reference.split = true;
            end += 3;
        }
        Some(b'-') => {
            let rest = line.get(end + 1..).unwrap_or_default();
            let len = memchr::memchr(b'}', rest).unwrap_or(rest.len());
            reference.default = rest.get(..len);
            end += 1 + len;
        }
        _ => {}
    }
    if line.get(end) != Some(&b'}') {
        return Err(LexError { kind: LexErrorKind::UnmatchedBrace, offset: brace });
    }
    reference.end = end + 1;
    Ok(reference)
}

fn is_pseudo_variable(name: &[u8]) -> bool {
    matches!(name, b".FILE" | b".LINE" | b".SECTION")
}

/// Where each word of `line` lies as it is written, quotes included, and where the comment starts.
///
/// Never fails: an open quote runs to the end of the line.
pub(crate) fn spans(line: &[u8]) -> (Vec<std::ops::Range<usize>>, usize) {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        let spaced = at.checked_sub(1).and_then(|i| line.get(i)).is_none_or(|&b| is_space(b));
        if byte == b'#' || byte == b'\r' && !spaced {
            return (found, at);
        }
        if is_space(byte) {
            at += 1;
            continue;
        }
        let start = at;
        at = word_end(line, at);
        found.push(start..at);
    }
    (found, line.len())
}

fn word_end(line: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = line.get(at) {
        match byte {
            b'#' => break,
            b if is_space(b) => break,
            b'\\' => at += 2,
            b'\'' => {
                let rest = line.get(at + 1..).unwrap_or_default();
                at += 2 + memchr::memchr(b'\'', rest).unwrap_or(rest.len());
            }
            b'"' => at = weak_quote_end(line, at + 1),
            _ => at += 1,
        }
    }
    at.min(line.len())
}

fn weak_quote_end(line: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = line.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            b'$' => at = read_reference(line, at).map_or(at + 1, |reference| reference.end),
            _ => at += 1,
        }
    }
    line.len()
}

/// Writes `word` so that it reads back as itself: bare when it can be, in quotes when it must.
///
/// An empty word becomes `""`. A NUL can't be written in a word and is dropped.
pub fn quote(word: &[u8]) -> Vec<u8> {
    if !word.is_empty() && word.iter().all(|&b| is_plain(b) && b >= b' ' && b != 0x7f) {
        return word.to_vec();
    }
    let strong = !word.contains(&b'\'') && !word.iter().any(|&b| b < b' ' && b != b'\t');
    if strong && !word.is_empty() && (word.contains(&b'\\') || word.contains(&b'"') || word.contains(&b'$')) {
        return [b"'", word, b"'"].concat();
    }
    let mut out = vec![b'"'];
    for &byte in word {
        match byte {
            0 => {}
            b'"' | b'\\' | b'$' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b if b < b' ' && b != b'\t' => out.extend_from_slice(format!("\\x{b:02x}").as_bytes()),
            b => out.push(b),
        }
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Env {
        let mut env = Env::default();
        env.set(b"HOME", b"/r");
        env.set(b"L", b"a  b\tc ");
        env.set(b"E", b"");
        env.set(b"S", b" ");
        env
    }

    fn cut(line: &str) -> Result<Vec<String>, LexError> {
        let env = env();
        let scope = Scope { env: &env, file: b"t.cfg", line: 18, section: b"global" };
        let (mut out, mut words) = (Vec::new(), Vec::new());
        split(line.as_bytes(), &scope, Comments::Cut, &mut out, &mut words)?;
        Ok(words
            .iter()
            .map(|w| {
                let range = w.start as usize..(w.start + w.len) as usize;
                String::from_utf8_lossy(&out[range]).into_owned()
            })
            .collect())
    }

    #[test]
    fn words_as_haproxy_reads_them() {
        for (line, expected) in [
            ("a b\tc # d", &["a", "b", "c"][..]),
            ("a#b", &["a"]),
            (r#"x'y'"z"w"#, &["xyzw"]),
            (r#""\q\a\ \#\'\"\\\$\n""#, &["\\q\\a #'\"\\$\n"]),
            (r#"\q\a\ \#\'\"\\\$\n|"#, &["\\q\\a #'\"\\\\$\n|"]),
            ("a\\", &["a\\"]),
            ("$HOME-${HOME}", &["$HOME-${HOME}"]),
            (r#""$HOME-x|${HOME-x}|${NOPE-d e}|${NOPE}|$NOPE|${NOPE-}|$HOMEx""#, &["/r-x|/r|d e||||"][..]),
            (r#""${E-def}|""#, &["|"]),
            (r#""${NOPE-a\}b}""#, &["a\\b}"]),
            (r#""${NOPE-a"b}""#, &["a\"b"]),
            (r#""${.LINE}$.LINE${.LINE-x}""#, &["181818"]),
            (r#""${.FILE} ${.SECTION}""#, &["t.cfg global"]),
            (r"ab\x00c\x41", &["ab"]),
            (r#""" '' "#, &["", ""]),
            (r#""x${L[*]}y""#, &["xa", "b", "c", "y"]),
            (r#"z "${NOPE[*]}" "${E[*]}" "${S[*]}" "" ''"#, &["z", "", ""]),
            (r#""${E[*]}""""#, &[""]),
            (r#""""${E[*]}""#, &[""]),
            (r#"x"${S[*]}"z"#, &["x", "z"]),
            (r#""a${E[*]}${E[*]}b""#, &["ab"]),
            (r#""${NOPE-q r[*]}""#, &["q r[*]"]),
            ("a\r", &["a"]),
            ("a \rb", &["a", "b"]),
            ("a\r b", &["a"]),
            ("\x0ba\x0bb", &["a", "b"]),
        ] {
            let expected: Vec<String> = expected.iter().map(|s| (*s).to_owned()).collect();
            assert_eq!(cut(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn errors_where_haproxy_sees_them() {
        use LexErrorKind as K;
        for (line, kind, position) in [
            (r#" .notice "a"#, K::UnmatchedQuote, 10),
            (" .notice '", K::UnmatchedQuote, 10),
            (" .notice 'a\rb'", K::UnmatchedQuote, 10),
            (" .notice \"a\rb\"", K::UnmatchedQuote, 10),
            (r#" .notice "\x4""#, K::BadHex, 11),
            (r" .notice a\x2", K::BadHex, 11),
            (r#" .notice "${HOME""#, K::UnmatchedBrace, 12),
            (r#" .notice "${HOME x}""#, K::UnmatchedBrace, 12),
            (r#" .notice "${HOME[*}""#, K::BadWordExpansion, 17),
            (r#" .notice "$""#, K::FirstChar, 12),
            (r#" .notice "a$""#, K::FirstChar, 13),
            (r#" .notice "${.FOO}""#, K::FirstChar, 13),
            (r#" .notice "${.LINE}$.LINE$.LINEX""#, K::FirstChar, 26),
            (r#" .notice "${1}""#, K::FirstChar, 13),
        ] {
            assert_eq!(cut(line), Err(LexError { kind, offset: position - 1 }), "{line}");
        }
        let long = vec!["w"; MAX_WORDS + 1].join(" ");
        assert!(matches!(cut(&long), Err(LexError { kind: K::TooManyWords, .. })));
    }

    #[test]
    fn quoted_words_read_back() {
        for word in
            ["a", "", "a b", "a\"b", "it's", "a\\b", "$x", "\"${L[*]}\"", "a#b", "a\nb\tc", "é", "\x01'"]
        {
            let written = String::from_utf8(quote(word.as_bytes())).unwrap();
            assert_eq!(cut(&written), Ok(vec![word.to_owned()]), "{written}");
        }
    }

    #[test]
    fn spans_agree_with_words() {
        let line = br#"bind "fd@${A-x"y}" ssl 'a b' c\ d # e"#;
        let (found, comment) = spans(line);
        let texts: Vec<&[u8]> = found.iter().map(|r| &line[r.clone()]).collect();
        assert_eq!(texts, [&b"bind"[..], br#""fd@${A-x"y}""#, b"ssl", b"'a b'", b"c\\ d"]);
        assert_eq!(line[comment], b'#');
    }
}
