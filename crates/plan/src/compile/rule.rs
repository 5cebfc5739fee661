//! Rules: an action of a rule set and its condition.

use keywords::action;
use state::family::{Parse, RuleSet, Words};
use state::{Action, Rule};

use super::nearest::hint;
use super::{Compile, Site};

impl Compile<'_> {
    /// Compiles a rule from the words after the rule set's own (`set-header x y if ...`).
    pub fn rule(&mut self, set: RuleSet, words: &[&str]) -> Result<Rule, String> {
        self.site = Site::Rules(set);
        let (first, rest) =
            words.split_first().ok_or_else(|| format!("'{}' expects an action", set.words()))?;
        let Some((kind, inside)) = action::find(set, first) else {
            return Err(unknown(set, first));
        };
        let line = format!("{} {first}", set.words());
        let mut parse = Parse { set, inside, words: Words::new(rest), compiler: self };
        let action = (kind.parse)(&mut parse)
            .map_err(|e| format!("error detected while parsing '{line}' rule : {e}"))?;
        let left = parse.words.rest().len();
        let rest = rest.get(rest.len().saturating_sub(left)..).unwrap_or_default();
        if let Some(word) = rest.first().filter(|w| !matches!(**w, "if" | "unless")) {
            return Err(format!(
                "'{line}' expects either 'if' or 'unless' followed by a condition but found '{word}'"
            ));
        }
        let cond = self
            .cond(rest)
            .map_err(|e| format!("error detected while parsing an '{line}' condition : {e}"))?;
        Ok(Rule { cond, action, name: kind.name })
    }
}

impl Compile<'_> {
    /// Compiles the words behind `http-error`: what `return` takes, without a condition.
    pub fn answer(&mut self, words: &[&str]) -> Result<Box<dyn Action>, String> {
        self.site = Site::Answer;
        let set = RuleSet::HttpAfterResponse;
        if let Some(word) = words.iter().find(|w| matches!(**w, "if" | "unless")) {
            return Err(format!("unknown keyword '{word}'."));
        }
        let (kind, _) = action::find(set, "return").ok_or("'return' is no action")?;
        let mut parse = Parse { set, inside: None, words: Words::new(words), compiler: self };
        (kind.parse)(&mut parse)
    }
}

/// What to say of a word that is no action of this rule set.
fn unknown(set: RuleSet, word: &str) -> String {
    let mut names: Vec<String> = action::ALL
        .iter()
        .flat_map(|file| file.iter())
        .filter(|k| k.sets.contains(&set))
        .map(|k| if k.parenthesised { format!("{}(*)", k.name) } else { k.name.to_owned() })
        .collect();
    names.sort_unstable();
    let bare = word.split('(').next().unwrap_or(word);
    let hint = hint(bare, names.iter().map(|n| n.trim_end_matches("(*)")));
    format!("'{}' expects '{}', but got '{word}'{hint}", set.words(), names.join("', '"))
}
