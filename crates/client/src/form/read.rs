//! A line read by a form.

use std::ops::Range;

use api::Kind;
use config::Document;
use serde_json::{Value, json};

use super::shape::{Form, Group, Item, Piece};
use super::value::{from_word, get, set};

/// A line's words, as written and without quotes.
pub(crate) struct Line {
    text: Vec<u8>,
    words: Vec<Word>,
}

struct Word {
    place: Range<usize>,
    plain: Vec<u8>,
}

impl Line {
    /// The words of a line; `None` if it has none.
    pub(crate) fn of(document: &Document, index: usize) -> Option<Self> {
        let text = document.line_text(index)?.to_vec();
        let places = document.word_places(index);
        if places.is_empty() {
            return None;
        }
        let plain = |place: &Range<usize>| config::unquote(text.get(place.clone()).unwrap_or_default());
        let words = places.iter().map(|place| Word { place: place.clone(), plain: plain(place) }).collect();
        Some(Self { text, words })
    }

    /// The words of a text that isn't a document's.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        Self::of(&Document::parse(text), 0)
    }

    /// How many words it has.
    pub(crate) fn count(&self) -> usize {
        self.words.len()
    }

    fn raw(&self, index: usize) -> &[u8] {
        self.words.get(index).and_then(|word| self.text.get(word.place.clone())).unwrap_or_default()
    }

    fn plain(&self, index: usize) -> &[u8] {
        self.words.get(index).map_or(b"", |word| word.plain.as_slice())
    }

    /// Several words as written, with what stands between them.
    fn raw_between(&self, words: Range<usize>) -> &[u8] {
        let start = self.words.get(words.start).map_or(0, |word| word.place.start);
        let end =
            words.end.checked_sub(1).and_then(|last| self.words.get(last)).map_or(start, |w| w.place.end);
        self.text.get(start..end).unwrap_or_default()
    }
}

impl Form {
    /// Whether a line begins as those of this form do; cheap.
    pub(crate) fn may_read(&self, line: &Line) -> bool {
        let first = usize::from(self.negatable && line.plain(0) == b"no");
        self.first_text().is_none_or(|text| line.plain(first).starts_with(text.as_bytes()))
    }
}

/// What a line says, if it has this form: the object, and the words that were passed over, as written.
pub(crate) fn read(form: &Form, line: &Line) -> Option<(Value, Vec<Vec<u8>>)> {
    let mut reader = Reader { form, line, at: 0, object: json!({}), negated: false, extra: Vec::new() };
    reader.read_all()?;
    let extra = reader.extra.iter().map(|&at| line.raw(at).to_vec()).collect();
    Some((reader.object, extra))
}

struct Reader<'a> {
    form: &'a Form,
    line: &'a Line,
    at: usize,
    object: Value,
    negated: bool,
    extra: Vec<usize>,
}

impl Reader<'_> {
    fn read_all(&mut self) -> Option<()> {
        if self.form.negatable && self.line.plain(0) == b"no" {
            self.negated = true;
            self.at = 1;
        }
        for item in &self.form.head {
            let mut object = std::mem::take(&mut self.object);
            let read = self.item(item, None, &mut object);
            self.object = object;
            read?;
        }
        while self.at < self.line.words.len() {
            if self.condition() || self.form.groups.iter().any(|group| self.group(group).is_some()) {
                continue;
            }
            if !self.form.lenient {
                return None;
            }
            self.extra.push(self.at);
            self.at += 1;
        }
        Some(())
    }

    fn condition(&mut self) -> bool {
        let Some((word, test)) = &self.form.condition else { return false };
        if !self.at_condition() || self.at + 1 >= self.line.words.len() {
            return false;
        }
        set(&mut self.object, word, text_value(self.line.plain(self.at)));
        let rest = self.line.raw_between(self.at + 1..self.line.words.len());
        set(&mut self.object, test, text_value(rest));
        self.at = self.line.words.len();
        true
    }

    fn at_condition(&self) -> bool {
        self.form.condition.is_some() && matches!(self.line.plain(self.at), b"if" | b"unless")
    }

    fn group(&mut self, group: &Group) -> Option<()> {
        let before = (self.at, self.object.clone());
        let read = match &group.each {
            Some(list) => {
                let mut entry = json!({});
                let read = group.items.iter().try_for_each(|item| self.item(item, Some(list), &mut entry));
                if read.is_some() {
                    let mut entries = get(&self.object, list).cloned().unwrap_or_else(|| json!([]));
                    entries.as_array_mut()?.push(entry);
                    set(&mut self.object, list, entries);
                }
                read
            }
            None => {
                let mut object = std::mem::take(&mut self.object);
                let read = group.items.iter().try_for_each(|item| self.item(item, None, &mut object));
                self.object = object;
                read
            }
        };
        if read.is_none() || self.at == before.0 {
            (self.at, self.object) = before;
            return None;
        }
        read
    }

    fn item(&mut self, item: &Item, each: Option<&str>, object: &mut Value) -> Option<()> {
        match item {
            Item::Flag(name, yes) => {
                let yes = *yes != self.negated;
                let kind = self.form.kind(each, name);
                let value = if kind == Kind::Bool {
                    json!(yes)
                } else {
                    json!(if yes { "enabled" } else { "disabled" })
                };
                set(object, name, value);
            }
            Item::Constant(name, value) => {
                let kind = self.form.kind(each, name);
                set(object, name, from_word(&kind, value).unwrap_or_else(|| json!(value)));
            }
            Item::Word(pieces) => {
                self.word(pieces, each, object)?;
                self.at += 1;
            }
            Item::Plain(name) => {
                self.line.words.get(self.at).filter(|word| !self.form.begins_group(&word.plain))?;
                self.once(object, name, text_value(self.line.plain(self.at)))?;
                self.at += 1;
            }
            Item::Rest(name) => {
                let words = self.run()?;
                self.once(object, name, text_value(self.line.raw_between(words.clone())))?;
                self.at = words.end;
            }
            Item::Words(name) => {
                let words = self.run()?;
                let list: Vec<Value> = words.clone().map(|at| text_value(self.line.raw(at))).collect();
                self.once(object, name, Value::Array(list))?;
                self.at = words.end;
            }
            Item::Commas(name) => {
                self.line.words.get(self.at)?;
                let text = String::from_utf8_lossy(self.line.plain(self.at)).into_owned();
                let of = match self.form.kind(each, name) {
                    Kind::List(of) => *of,
                    kind => kind,
                };
                let list: Option<Vec<Value>> = text.split(',').map(|part| from_word(&of, part)).collect();
                self.once(object, name, Value::Array(list?))?;
                self.at += 1;
            }
            Item::Address(address, port, end) => {
                self.address(address, port, end, object)?;
                self.at += 1;
            }
        }
        Some(())
    }

    /// Sets what isn't set yet; a property that comes twice isn't this group's.
    fn once(&self, object: &mut Value, name: &str, value: Value) -> Option<()> {
        if get(object, name).is_some() {
            return None;
        }
        set(object, name, value);
        Some(())
    }

    /// The words from here to the next part; at least one.
    fn run(&self) -> Option<Range<usize>> {
        let len = self.line.words.len();
        if self.at >= len || self.at_condition() {
            return None;
        }
        let stop = |at: &usize| {
            let word = self.line.plain(*at);
            (self.form.condition.is_some() && matches!(word, b"if" | b"unless"))
                || self.form.begins_group(word)
        };
        Some(self.at..(self.at + 1..len).find(stop).unwrap_or(len))
    }

    fn word(&self, pieces: &[Piece], each: Option<&str>, object: &mut Value) -> Option<()> {
        self.line.words.get(self.at)?;
        if let [Piece::Text(text)] = pieces {
            return (self.line.plain(self.at) == text.as_bytes()).then_some(());
        }
        // A condition is never a value.
        if self.at_condition() {
            return None;
        }
        let raw = String::from_utf8_lossy(self.line.raw(self.at)).into_owned();
        let mut rest = raw.as_str();
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Property(name) => {
                    let end = match pieces.get(index + 1) {
                        // A closing bracket that ends the word is its last one.
                        Some(Piece::Text(text)) if index + 2 == pieces.len() => rest.rfind(text.as_str())?,
                        Some(Piece::Text(text)) => rest.find(text.as_str())?,
                        _ => rest.len(),
                    };
                    let (word, tail) = rest.split_at_checked(end)?;
                    if word.is_empty() {
                        return None;
                    }
                    self.once(object, name, from_word(&self.form.kind(each, name), word)?)?;
                    rest = tail;
                }
            }
        }
        rest.is_empty().then_some(())
    }

    fn address(&self, address: &str, port: &str, end: &str, object: &mut Value) -> Option<()> {
        self.line.words.get(self.at)?;
        let text = String::from_utf8_lossy(self.line.raw(self.at)).into_owned();
        let ports = text.rsplit_once(':').filter(|(host, ports)| {
            let bare_v6 =
                host.contains(':') && !host.contains('[') && !host.contains(['@', '"', '$']) && host != &"::";
            !bare_v6 && ports.split('-').all(|p| p.parse::<u16>().is_ok())
        });
        let Some((host, ports)) = ports else { return self.once(object, address, json!(text)) };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        self.once(object, address, json!(bare))?;
        let (first, last) = ports.split_once('-').map_or((ports, None), |(first, last)| (first, Some(last)));
        self.once(object, port, json!(first.parse::<u16>().ok()?))?;
        match last {
            Some(last) => self.once(object, end, json!(last.parse::<u16>().ok()?)),
            None => Some(()),
        }
    }
}

fn text_value(bytes: &[u8]) -> Value {
    json!(String::from_utf8_lossy(bytes))
}
