//! One line of a section by itself: whether the tables say all of it, and give it back as it was.

use config::Document;
use serde_json::{Value, json};

use crate::form::{Form, Line, read, set, write};
use crate::model::{Family, SectionModel, all_sections, family};
use crate::section::lists_of;

/// What the tables make of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An object says all of it, and is written as the same words.
    Whole,
    /// An object is read from it that is written as other words, these.
    Otherwise(String),
    /// Words of it are in no object: they are kept, and no client sees them.
    InPart,
    /// What is read from it doesn't fit the contract, which no client could write back.
    Unfit(String),
    /// No table reads it: it is kept as it is.
    Unread,
}

/// Looks at a line in sections that open with a word; `None`: there are no tables for such.
pub fn judge_line(section: &str, text: &[u8]) -> Option<Verdict> {
    let mut models = all_sections().iter().filter(|model| model.word == section).peekable();
    models.peek()?;
    let Some(line) = Line::parse(text) else { return Some(Verdict::Unread) };
    let forms = models.flat_map(|model| model.forms.iter().chain(rows_of(model)));
    let mut found = Verdict::Unread;
    for form in forms.filter(|form| form.may_read(&line)) {
        match (judge(form, &line, text), &found) {
            (Some(Verdict::Whole), _) => return Some(Verdict::Whole),
            (Some(verdict), Verdict::Unread) => found = verdict,
            _ => {}
        }
    }
    Some(found)
}

fn rows_of(model: &SectionModel) -> impl Iterator<Item = &'static Form> {
    let families = lists_of(model).filter_map(|(_, resource)| family(resource)).collect::<Vec<&Family>>();
    families.into_iter().flat_map(|family| family.forms.iter())
}

fn judge(form: &Form, line: &Line, text: &[u8]) -> Option<Verdict> {
    let (object, extra) = read(form, line)?;
    if !extra.is_empty() {
        return Some(Verdict::InPart);
    }
    if let Some(why) = unfit(form, &object) {
        return Some(Verdict::Unfit(why));
    }
    let written = write(form, &object).ok().flatten();
    let written = written.map(|written| written.words.join(&b' ')).unwrap_or_default();
    let words = |text: &[u8]| -> Vec<Vec<u8>> {
        let document = Document::parse(text);
        document.raw_words(0).into_iter().map(config::unquote).collect()
    };
    if words(&written) == words(text) {
        return Some(Verdict::Whole);
    }
    // Other words may mean the same: what is read from them is the same object then.
    let again = Line::parse(&written).and_then(|line| read(form, &line));
    let same = again.is_some_and(|(again, extra)| again == object && extra.is_empty());
    let text = String::from_utf8_lossy(&written).into_owned();
    Some(if same && same_meaning(&words(&written), line.count()) {
        Verdict::Whole
    } else {
        Verdict::Otherwise(text)
    })
}

/// What of an object doesn't fit its schema. Of a section a line holds a part, and some names are given when rows
/// are listed, so that what is missing is no fault.
fn unfit(form: &Form, object: &Value) -> Option<String> {
    let mut whole = object.clone();
    if let Some(list) = &form.each {
        whole = json!({});
        set(&mut whole, list, json!([object]));
    }
    api::validate_part(&json!({ "ref": form.schema }), &whole).err().map(|violation| violation.to_string())
}

/// Parameters in another order are the same line: as many words as there were.
fn same_meaning(written: &[Vec<u8>], count: usize) -> bool {
    written.len() == count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let judged = |section, text: &str| judge_line(section, text.as_bytes());
        assert_eq!(judged("backend", "server s 1.2.3.4:1 check weight 2"), Some(Verdict::Whole));
        assert_eq!(judged("backend", "server s 1.2.3.4:1 weight 2 check # x"), Some(Verdict::Whole));
        assert_eq!(judged("backend", "server s 1.2.3.4:1 unheard-of"), Some(Verdict::InPart));
        assert_eq!(judged("backend", "acl a"), Some(Verdict::Unread));
        assert!(matches!(judged("backend", "http-reuse sometimes"), Some(Verdict::Unfit(_))));
        assert_eq!(judged("nothing", "acl a"), None);
    }
}
