//! A line of the Runtime API: commands, their words, and the payload that may follow (management manual 9.3). Knows nothing
//! of what commands mean.

/// One line, understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The words of each command. An empty command has none.
    pub(super) commands: Vec<Vec<Vec<u8>>>,
    /// The line that ends the payload of the last command, if one follows; empty for an empty line.
    pub(super) payload_until: Option<Vec<u8>>,
}

/// The longest pattern that may end a payload.
const PATTERN_MAX: usize = 64;

/// Reads a line, its end left out. A backslash takes the meaning from the character behind it, `;` ends a command; `<<`,
/// alone or with a pattern, as the last word announces a payload. A worker's address in front (`@1`), which the master CLI
/// would have taken away, is passed over.
pub(super) fn parse(line: &[u8]) -> Line {
    let mut parsed = Line::default();
    let (line, until) = cut_payload(line);
    parsed.payload_until = until.map(<[u8]>::to_vec);
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => word.get_or_insert_default().extend(bytes.next()),
            b' ' | b'\t' => words.extend(word.take()),
            b';' => {
                words.extend(word.take());
                parsed.commands.push(without_address(std::mem::take(&mut words)));
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    parsed.commands.push(without_address(words));
    parsed
}

/// The line without the announcement of a payload, and what ends that.
fn cut_payload(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let start = line.iter().rposition(blank).map_or(0, |at| at + 1);
    let (before, last) = line.split_at_checked(start).unwrap_or((line, b""));
    match last.strip_prefix(b"<<") {
        Some(pattern) if start > 0 && pattern.len() <= PATTERN_MAX && !pattern.contains(&b';') => {
            (before, Some(pattern))
        }
        _ => (line, None),
    }
}

/// Whether a word is `@1`, `@!1` or `@@1`.
fn is_address(word: &[u8]) -> bool {
    let Some(rest) = word.strip_prefix(b"@") else { return false };
    let number = rest.strip_prefix(b"!").or_else(|| rest.strip_prefix(b"@")).unwrap_or(rest);
    !number.is_empty() && number.iter().all(u8::is_ascii_digit)
}

fn without_address(mut words: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    if words.first().is_some_and(|word| is_address(word)) {
        words.remove(0);
    }
    words
}

/// Where a payload ends in what was read so far: its length, its last line end left out, and the length with the line that
/// ends it. `from` is where looking may begin: the start of a line that wasn't complete before.
pub(super) fn payload_end(bytes: &[u8], until: &[u8], from: &mut usize) -> Option<(usize, usize)> {
    while let Some(rest) = bytes.get(*from..) {
        let len = rest.iter().position(|b| *b == b'\n')?;
        let line = rest.get(..len).unwrap_or_default();
        if line.strip_suffix(b"\r").unwrap_or(line) == until {
            return Some((from.saturating_sub(1), *from + len + 1));
        }
        *from += len + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(line: &str) -> Vec<Vec<String>> {
        let text = |word: &Vec<u8>| String::from_utf8_lossy(word).into_owned();
        parse(line.as_bytes()).commands.iter().map(|words| words.iter().map(text).collect()).collect()
    }

    #[test]
    fn commands_and_words() {
        assert_eq!(commands(" show \t stat;help"), [vec!["show", "stat"], vec!["help"]]);
        assert_eq!(commands(r"a\;b c\\d e\ f \x"), [["a;b", r"c\d", "e f", "x"]]);
        assert_eq!(commands("a;;b;"), [vec!["a"], vec![], vec!["b"], vec![]]);
        assert_eq!(commands(""), [Vec::<String>::new()]);
        assert_eq!(commands("\"a;b\""), [["\"a"], ["b\""]]);
        assert_eq!(commands("a\\"), [["a"]]);
        assert_eq!(commands(r"\ "), [[" "]]);
    }

    #[test]
    fn an_address_in_front_is_passed_over() {
        assert_eq!(
            commands("@1 show info;@!12 quit;@@2 help"),
            [vec!["show", "info"], vec!["quit"], vec!["help"]]
        );
        assert_eq!(commands("@ x"), [["@", "x"]]);
        assert_eq!(commands("add map @1 x"), [["add", "map", "@1", "x"]]);
    }

    #[test]
    fn payloads_are_announced_by_the_last_word() {
        let until = |line: &str| {
            parse(line.as_bytes()).payload_until.map(|p| String::from_utf8_lossy(&p).into_owned())
        };
        assert_eq!(until("add map x <<").as_deref(), Some(""));
        assert_eq!(until("show info;add map x <<%EOF%").as_deref(), Some("%EOF%"));
        assert_eq!(until("add map x << y"), None);
        assert_eq!(until("add map x<<"), None);
        assert_eq!(until(&format!("a <<{}", "x".repeat(65))), None);
        assert_eq!(commands("add map x <<E"), [["add", "map", "x"]]);
    }

    #[test]
    fn payloads_end_where_they_say() {
        let end = |text: &str, until: &str| payload_end(text.as_bytes(), until.as_bytes(), &mut 0);
        assert_eq!(end("a\nb\n\nrest", ""), Some((3, 5)));
        assert_eq!(end("a\r\n\r\n", ""), Some((2, 5)));
        assert_eq!(end("a\n\nEOF\nx", "EOF"), Some((2, 7)));
        assert_eq!(end("\n", ""), Some((0, 1)));
        assert_eq!(end("a\nEO", "EOF"), None);
        let mut from = 0;
        assert_eq!((payload_end(b"a\nb", b"", &mut from), from), (None, 2));
    }
}
