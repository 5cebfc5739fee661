//! `crt-list`: a certificate a line, maybe with parameters in brackets, and the names it is for (manual 5.1 "crt-list").
//! Here is how a line is read and written; what the parameters mean is `plan`'s.

use std::fmt;

/// The longest line, bytes.
const MOST: usize = 65_536;

/// A list, or a directory of certificates, which is a list without parameters and names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub entries: Vec<Line>,
    /// Whether it is a directory.
    pub directory: bool,
    /// Lines of the configuration that serve it.
    pub binds: Vec<Box<str>>,
    /// How many lines it has had: the number of the last one.
    pub last: u32,
}

/// One line of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: u32,
    /// The name of the certificate: as it is written, or as the store has it once it was read.
    pub certificate: Box<str>,
    pub parameters: Vec<Box<str>>,
    pub filters: Vec<Box<str>>,
}

/// What is wrong with a line, in HAProxy's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mistake(pub &'static str);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Line {
    /// Takes a line apart; none if there is nothing in it.
    pub fn parse(text: &str, number: u32) -> Result<Option<Self>, Mistake> {
        if text.len() > MOST {
            return Err(Mistake("line too long, please use a smaller number of filters"));
        }
        let mut line = Self { number, ..Self::default() };
        let (mut inside, mut closed) = (false, false);
        for word in text.split_ascii_whitespace() {
            if line.certificate.is_empty() {
                match word.chars().next() {
                    Some('#') => return Ok(None),
                    Some('[') => return Err(Mistake("file must start with a cert")),
                    _ => line.certificate = word.into(),
                }
                continue;
            }
            let mut word = word;
            if !inside && word.starts_with('[') {
                if closed || !line.filters.is_empty() {
                    return Err(Mistake("unexpected '['"));
                }
                inside = true;
                word = word.trim_start_matches('[');
            }
            if inside {
                let last = word.ends_with(']');
                let word = word.trim_end_matches(']');
                if !word.is_empty() {
                    line.parameters.push(word.into());
                }
                (inside, closed) = (!last, last);
            } else {
                line.filters.push(word.into());
            }
        }
        if inside {
            return Err(Mistake("can't find ']'"));
        }
        Ok((!line.certificate.is_empty()).then_some(line))
    }

    /// Writes it as a line of a list, its number behind the certificate if that is wanted.
    pub fn show(&self, numbered: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(self.certificate.as_bytes());
        if numbered {
            out.extend_from_slice(format!(":{}", self.number).as_bytes());
        }
        if !self.parameters.is_empty() {
            out.extend_from_slice(format!(" [{}]", self.parameters.join(" ")).as_bytes());
        }
        for filter in &self.filters {
            out.push(b' ');
            out.extend_from_slice(filter.as_bytes());
        }
        out.push(b'\n');
    }
}

impl List {
    /// Reads the text of a list. Errors: the number of the line, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, (u32, Mistake)> {
        let mut list = Self::default();
        for (number, text) in (1..).zip(text.lines()) {
            list.last = number;
            list.entries.extend(Line::parse(text, number).map_err(|mistake| (number, mistake))?);
        }
        Ok(list)
    }

    /// A list of these certificates.
    pub fn of_directory(certificates: impl Iterator<Item = Box<str>>) -> Self {
        let line = |certificate| Line { certificate, ..Line::default() };
        Self { entries: certificates.map(line).collect(), directory: true, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::parse(text, 1).unwrap().unwrap()
    }

    #[test]
    fn lines_have_three_parts() {
        let read = line("a.pem [alpn h2 ssl-min-ver TLSv1.3] *.b.org !c.b.org");
        assert_eq!(&*read.certificate, "a.pem");
        assert_eq!(read.parameters, ["alpn".into(), "h2".into(), "ssl-min-ver".into(), "TLSv1.3".into()]);
        assert_eq!(read.filters, ["*.b.org".into(), "!c.b.org".into()]);
        assert!(Line::parse("  # nothing", 1).unwrap().is_none());
        assert_eq!(line("a.pem [ verify none ]").parameters, ["verify".into(), "none".into()]);
    }

    #[test]
    fn lines_are_written_as_they_were_read() {
        for text in ["a.pem", "a.pem b.org !c.org", "a.pem [verify none] b.org", "a.pem [alpn h2]"] {
            let mut out = Vec::new();
            line(text).show(false, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{text}\n"));
        }
    }

    #[test]
    fn mistakes_are_said() {
        for (text, mistake) in [
            ("a.pem [alpn h2", "can't find ']'"),
            ("[alpn h2]", "file must start with a cert"),
            ("a.pem b.org [alpn h2]", "unexpected '['"),
        ] {
            assert_eq!(Line::parse(text, 1), Err(Mistake(mistake)), "{text}");
        }
    }
}
