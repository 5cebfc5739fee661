//! Rules: an action of a rule set and its condition.

use keywords::action;
use state::family::{Parse, RuleSet, Words};
use state::{Action, Rule};

use super::nearest::hint;
use super::{Compile, Site};

/// What is wrong with a rule, and with which of its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    /// The position of the word, counted from the action's.
    pub at: usize,
    pub part: Part,
    /// A sentence without an end, or the word itself where there is one too many.
    pub text: String,
}

/// The part of a rule that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The name of the action.
    Name,
    /// Its arguments.
    Arguments,
    /// A word behind them that begins no condition.
    Extra,
    Condition,
}

impl Compile<'_> {
    /// Compiles a rule from the words after the rule set's own (`set-header x y if ...`).
    pub fn rule(&mut self, set: RuleSet, words: &[&str]) -> Result<Rule, RuleFault> {
        self.site = Site::Rules(set);
        let fault = |at, part, text| RuleFault { at, part, text };
        let Some((first, rest)) = words.split_first() else {
            return Err(fault(0, Part::Name, format!("'{}' expects an action", set.words())));
        };
        let Some((kind, inside)) = action::find(set, first) else {
            return Err(fault(0, Part::Name, unknown(set, first)));
        };
        let mut parse = Parse { set, word: first, inside, words: Words::new(rest), compiler: self };
        let action = (kind.parse)(&mut parse);
        let taken = rest.len().saturating_sub(parse.words.rest().len());
        let action = action.map_err(|text| fault(taken, Part::Arguments, text))?;
        let rest = rest.get(taken..).unwrap_or_default();
        if let Some(word) = rest.first().filter(|w| !matches!(**w, "if" | "unless")) {
            return Err(fault(taken + 1, Part::Extra, (*word).to_owned()));
        }
        let cond = self.cond(rest).map_err(|text| fault(taken + 1, Part::Condition, text))?;
        Ok(Rule { cond, action, name: kind.name, place: None, written: self.here() })
    }
}

impl Compile<'_> {
    /// Compiles the words behind `http-error`: what `return` takes, without a condition.
    pub fn answer(&mut self, words: &[&str]) -> Result<Box<dyn Action>, String> {
        self.site = Site::Answer;
        let set = RuleSet::HttpAfterResponse;
        let (kind, _) = action::find(set, "return").ok_or("'return' is no action")?;
        let mut parse = Parse { set, word: "return", inside: None, words: Words::new(words), compiler: self };
        let answer = (kind.parse)(&mut parse)?;
        match parse.words.peek() {
            Some(word) => Err(format!("unknown keyword '{word}'.")),
            None => Ok(answer),
        }
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
