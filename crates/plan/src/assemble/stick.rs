//! The `stick` lines of a backend.

use sample::cast::castable;
use state::Cond;
use state::family::{Compiler as _, Words};
use state::stick::{Stick, StickRule};
use state::table::{Column, KeyKind, Kind};

use super::rules::Section;
use crate::compile::Site;
use crate::ctx::{Line, word, words_from};
use crate::draft::Draft;
use crate::known;

impl<'a> Section<'_, 'a> {
    /// Compiles them.
    pub(super) fn stick(&mut self, draft: &Draft<'a>) -> Option<Box<Stick>> {
        if draft.stick.is_empty() {
            return None;
        }
        let (mut request, mut response) = (Vec::new(), Vec::new());
        for line in &draft.stick {
            let of_response = word(*line, 1) == "store-response";
            let rules = if of_response { &mut response } else { &mut request };
            rules.extend(self.stick_rule(*line, of_response));
        }
        Some(Box::new(Stick { request: request.into(), response: response.into() }))
    }

    fn stick_rule(&mut self, line: Line<'a>, of_response: bool) -> Option<StickRule> {
        let words = words_from(line, 2);
        self.note_destination(&words);
        let site = if of_response { Site::StickStore } else { Site::UseServer };
        self.compile.site = site;
        let mut words = Words::new(&words);
        let at = if of_response { "for 'store-response'." } else { "during request." };
        let key = self.compile.key(&mut words, at);
        self.warnings(line);
        let key = match key {
            Ok(key) => key,
            Err(error) => {
                match known::not_run(&error) {
                    Some(what) => {
                        self.plan.remarks.unserved(line.span(), &format!("'stick', which asks for {what},"));
                    }
                    None => self.plan.remarks.alert(line.span(), format!("'stick': {error}")),
                }
                return None;
            }
        };
        let named = words.accept("table").then(|| words.next().unwrap_or_default());
        let name = named.unwrap_or(self.compile.home.name);
        if let Some(other) = words.peek().filter(|_| !words.at_end()) {
            self.plan.remarks.alert(line.span(), format!("'stick': unknown keyword '{other}'."));
            return None;
        }
        let cond = self.stick_cond(line, words.rest())?;
        let Some((table, kind)) = self.compile.names.tables.get(name).copied() else {
            self.late(&format!("unable to find stick-table '{name}'."));
            return None;
        };
        if !fits(key.gives(), kind) {
            self.late(&format!("type of fetch not usable with type of stick-table '{name}'."));
            return None;
        }
        self.remember_servers(table);
        let how = word(line, 1);
        let (matches, stores) = (matches!(how, "on" | "match"), how != "match");
        Some(StickRule { key, table, cond, matches, stores })
    }

    /// The condition at the end; `None` when it can't be had, which has been said then.
    fn stick_cond(&mut self, line: Line<'a>, words: &[&str]) -> Option<Option<Cond>> {
        let known = match self.undecidable_in(words).map(str::to_owned) {
            Some(what) => what,
            None => {
                let result = self.compile.cond(words);
                self.warnings(line);
                let error = match result {
                    Ok(cond) => {
                        // What is stored of a response is never said to be raw.
                        if let Some(cond) = cond.as_ref().filter(|_| self.compile.site == Site::UseServer) {
                            self.advise_raw(line, cond);
                        }
                        return Some(cond);
                    }
                    Err(error) => error,
                };
                let Some(what) = known::not_run(&error) else {
                    let wrong = "'stick': error detected while parsing sticking condition";
                    self.plan.remarks.alert(line.span(), format!("{wrong} : {error}."));
                    return None;
                };
                what
            }
        };
        self.plan.remarks.unserved(line.span(), &format!("'stick', which asks for {known},"));
        None
    }

    /// Has a table store what stick rules look for.
    fn remember_servers(&mut self, table: u32) {
        let Some(draft) = usize::try_from(table).ok().and_then(|at| self.plan.tables.get_mut(at)) else {
            return;
        };
        let mut columns = std::mem::take(&mut draft.shape.columns).into_vec();
        for kind in [Kind::ServerId, Kind::ServerKey] {
            if columns.iter().all(|column| column.kind != kind) {
                columns.push(Column::of(kind));
            }
        }
        columns.sort_by_key(|column| column.kind as usize);
        draft.shape.columns = columns.into();
    }
}

fn fits(gives: sample::Type, kind: KeyKind) -> bool {
    castable(gives, kind.takes())
}
