//! `use_backend` lines to the steps of a frontend's switching: consecutive lines that compare the same sample with exact
//! strings become one table (manual 4.2 "use_backend").

use std::sync::Arc;

use state::route::{Choice, Step, Table};
use state::{Cond, Expr};

/// Compiles the lines of one frontend, in order.
pub fn switching(rules: Vec<(Option<Cond>, Choice)>) -> Box<[Step]> {
    let mut board = Switchboard::default();
    for (cond, choice) in rules {
        board.push(cond, choice);
    }
    board.finish()
}

/// Takes `use_backend` lines one by one, so that ten thousand of them need not exist as rules first.
#[derive(Debug, Default)]
pub struct Switchboard {
    steps: Vec<Step>,
    /// The number of rules taken so far: the place of the next one.
    taken: u32,
}

impl Switchboard {
    /// Adds a line: its condition, and the backend it leads to.
    pub fn push(&mut self, cond: Option<Cond>, choice: Choice) {
        let place = self.taken;
        self.taken = place.saturating_add(1);
        let Choice::Backend(backend) = choice else {
            self.steps.push(Step::Rule { cond, choice });
            return;
        };
        let cond = match cond {
            Some(cond) if exact(&cond).is_some() => cond,
            cond => {
                self.steps.push(Step::Rule { cond, choice });
                return;
            }
        };
        // A table of one rule costs more than the rule: the second one of a kind makes the table.
        self.open_table(&cond, place);
        match self.steps.last_mut() {
            Some(Step::Table(table)) if fits(&cond, table) => insert(cond, place, backend, table),
            _ => self.steps.push(Step::Rule { cond: Some(cond), choice }),
        }
    }

    /// The steps, trimmed to size.
    pub fn finish(mut self) -> Box<[Step]> {
        for step in &mut self.steps {
            if let Step::Table(table) = step {
                table.entries.shrink_to_fit();
                table.rules.shrink_to_fit();
            }
        }
        self.steps.into_boxed_slice()
    }

    /// Turns the last step into a table if it is a rule that compares the same sample as `next`, the rule to come at
    /// `place`, in the same way.
    fn open_table(&mut self, next: &Cond, place: u32) {
        let Some(Step::Rule { cond: Some(cond), choice: Choice::Backend(backend) }) = self.steps.last()
        else {
            return;
        };
        let (Some((expr, fold)), Some((second, second_fold))) = (exact(cond), exact(next)) else { return };
        if fold != second_fold || !expr.is_same(second) {
            return;
        }
        let mut table = Table {
            expr: expr.clone(),
            fold,
            entries: hashbrown::HashMap::default(),
            rules: Vec::new(),
            changed: Arc::default(),
        };
        insert(cond.clone(), place.saturating_sub(1), *backend, &mut table);
        self.steps.pop();
        self.steps.push(Step::Table(table));
    }
}

/// Adds a rule to the table; the lists it compares with tell the table when they change.
fn insert(cond: Cond, place: u32, backend: u32, table: &mut Table) {
    let terms = cond.any.iter().flatten();
    for (list, fold) in terms.flat_map(|t| &t.acl.tests).filter_map(|t| t.patterns.exact()) {
        list.watch(&table.changed);
        let now = list.now();
        for entry in now.iter() {
            let mut text: Box<[u8]> = entry.key.into();
            if fold {
                text.make_ascii_lowercase();
            }
            table.entries.entry(text).or_insert((place, backend));
        }
    }
    table.rules.push((cond, backend));
}

/// The sample that a condition compares, if it is one of exact strings on the line compared with one sample and
/// nothing else, and whether letter case is ignored.
fn exact(cond: &Cond) -> Option<(&Expr, bool)> {
    let [all] = &*cond.any else { return None };
    let [term] = &**all else { return None };
    let first = term.acl.tests.first()?;
    let (_, fold) = first.patterns.exact()?;
    let alike = |test: &state::AclTest| {
        test.patterns.exact().is_some_and(|(_, f)| f == fold) && test.expr.is_same(&first.expr)
    };
    let plain = !cond.unless && !term.negated && term.acl.tests.iter().all(alike);
    plain.then_some((&first.expr, fold))
}

/// Whether the table compares the same sample in the same way.
fn fits(cond: &Cond, table: &Table) -> bool {
    exact(cond).is_some_and(|(expr, fold)| fold == table.fold && expr.is_same(&table.expr))
}

#[cfg(test)]
mod tests {
    use super::super::{Compile, Home, Names, Site};
    use super::*;

    fn board(lines: &[(&str, u32)]) -> Box<[Step]> {
        let mut names = Names::default();
        let home = Home { name: "f", frontend: Some(0), backend: None };
        let mut compile = Compile::new(&mut names, home);
        compile.site = Site::UseBackend;
        compile.acl(&["named", "hdr(host)", "-i", "X"]).unwrap();
        let mut board = Switchboard::default();
        for (line, backend) in lines {
            let words: Vec<&str> = line.split(' ').collect();
            board.push(compile.cond(&words).unwrap(), Choice::Backend(*backend));
        }
        board.finish()
    }

    #[test]
    fn lines_in_a_row_become_a_table() {
        let steps = board(&[
            ("if { hdr(host) -i A b }", 1),
            ("if named", 2),
            ("if { hdr(host) -i a c }", 3),
            ("if { hdr(host) a }", 4),
            ("if { path /x } TRUE", 5),
            ("unless { path /x }", 6),
        ]);
        let [Step::Table(table), Step::Rule { .. }, Step::Rule { .. }, Step::Rule { .. }] = &*steps else {
            panic!("{steps:?}");
        };
        let entry = |key: &[u8]| table.entries.get(key).copied();
        assert_eq!(
            [entry(b"a"), entry(b"b"), entry(b"x"), entry(b"c"), entry(b"A")],
            [Some((0, 1)), Some((0, 1)), Some((1, 2)), Some((2, 3)), None]
        );
    }

    #[test]
    fn a_lone_line_stays_a_rule() {
        assert!(matches!(&*board(&[("if { path /x }", 1)]), [Step::Rule { .. }]));
    }
}
