//! Which `defaults` section each proxy section inherits from (manual 4, "defaults").

use std::collections::HashMap;

use crate::loaded::Loaded;
use crate::section::SectionKind;

impl Loaded {
    /// For each section, in order, the index of the `defaults` section it takes its settings from.
    ///
    /// That is the one named after `from`, if it stands above; without `from` the last one above, whatever
    /// its name, and nothing for a `defaults` section. Of several with one name, the last above counts.
    pub fn inheritance(&self) -> Vec<Option<usize>> {
        let mut named: HashMap<&[u8], usize> = HashMap::new();
        let mut last = None;
        self.sections()
            .enumerate()
            .map(|(index, section)| {
                if !section.kind().is_proxy() {
                    return None;
                }
                let defaults = section.kind() == SectionKind::Defaults;
                let source = match section.from_word() {
                    Some(word) => named.get(word.bytes()).copied(),
                    None if defaults => None,
                    None => last,
                };
                if defaults {
                    last = Some(index);
                    if let Some(name) = section.name_word() {
                        named.insert(name.bytes(), index);
                    }
                }
                source
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Context, Source, parse_sources};

    #[test]
    fn sections_find_their_defaults() {
        let text = "frontend a\ndefaults x\ndefaults y from x\nbackend b\nbackend c from x\nbackend d from z\n\
                    defaults from y\ncache e\nbackend f\n";
        let loaded = parse_sources(vec![Source::new("t.cfg", text)], &Context::default());
        let expected = [None, None, Some(1), Some(2), Some(1), None, Some(2), None, Some(6)];
        assert_eq!(loaded.inheritance(), expected);
    }
}
