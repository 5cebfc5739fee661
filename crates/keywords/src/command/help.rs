//! `help`, and what is said of words that are no command.

use std::borrow::Cow;

use state::family::{Command, Console, Reporting};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] =
    &[user(&["help"], "help [<command>]", "list matching or all commands", |query, _, out| {
        list(Title::Help, query.words.get(1..).unwrap_or_default(), query.console, out);
        Answer::Done
    })];

/// Why commands are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Title {
    Help,
    /// The words are no command.
    Unknown,
}

/// These end every list.
const ALWAYS: [&str; 3] = ["help", "prompt", "quit"];
/// How many commands are offered that only resemble the words.
const OFFERED: usize = 5;

/// Lists commands: all, or those that resemble `words`, in the order of the alphabet.
pub fn list(title: Title, words: &[&[u8]], console: &Console, out: &mut Vec<u8>) {
    if title == Title::Unknown && console.reporting.get() != Reporting::Nothing {
        let mark: &[u8] = if console.reporting.get() == Reporting::Number { b"[6]: " } else { b"[info]: " };
        out.extend_from_slice(mark);
    }
    let listed = |command: &&Command| match command.gate {
        _ if command.usage.is_empty() => false,
        Gate::Open => true,
        Gate::Expert => console.expert.get(),
        Gate::Experimental => console.experimental.get(),
    };
    let all: Vec<&Command> = super::ALL.iter().flat_map(|file| file.iter()).filter(listed).collect();
    let (mut last, others): (Vec<&Command>, Vec<&Command>) =
        all.into_iter().partition(|command| command.words.first().is_some_and(|word| ALWAYS.contains(word)));
    let mut shown = if words.is_empty() { others } else { alike(words, others) };
    let heading = match (title, words.first()) {
        (Title::Unknown, Some(word)) => {
            let word = String::from_utf8_lossy(word);
            let tail = if shown.is_empty() {
                "."
            } else {
                ", but maybe one of the following ones is a better match:"
            };
            format!("Unknown command: '{word}'{tail}\n")
        }
        _ => "The following commands are valid at this level:\n".to_owned(),
    };
    out.extend_from_slice(heading.as_bytes());
    shown.sort_by_key(|command| command.words);
    last.sort_by_key(|command| command.words);
    for command in shown.iter().chain(&last) {
        out.extend_from_slice(format!("  {:<40}: {}\n", command.usage, command.doc).as_bytes());
    }
}

/// Those that the words begin, or else those that look most like them.
fn alike<'c>(words: &[&[u8]], commands: Vec<&'c Command>) -> Vec<&'c Command> {
    let words: Vec<Cow<'_, str>> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
    let begun =
        |command: &&&Command| {
            let count = words.len().min(command.words.len());
            words.iter().zip(command.words).enumerate().all(|(n, (typed, word))| {
                if n + 1 == count { word.starts_with(&**typed) } else { word == typed }
            })
        };
    let found: Vec<&Command> = commands.iter().filter(begun).copied().collect();
    if !found.is_empty() {
        return found;
    }
    // Nobody types more than this by mistake, and comparing costs the square of it.
    let typed: String = words.join(" ").chars().take(64).collect();
    let mut near: Vec<(usize, &Command)> = commands
        .into_iter()
        .map(|command| (distance(&typed, &command.words.join(" ")), command))
        .filter(|(distance, command)| *distance * 2 <= typed.len().max(command.words.join(" ").len()))
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().take(OFFERED).map(|(_, command)| command).collect()
}

/// How many characters must be put in, left out or changed to get from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let change = diagonal + usize::from(x != *y);
            diagonal = *cell;
            left = change.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(title: Title, line: &str) -> String {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let mut out = Vec::new();
        list(title, &words, &Console::new(Level::User, 0), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn distances() {
        for (a, b, n) in
            [("", "abc", 3), ("show stat", "show stat", 0), ("shw sata", "show stat", 3), ("a", "b", 1)]
        {
            assert_eq!(distance(a, b), n, "{a} {b}");
        }
    }

    #[test]
    fn what_begins_alike_is_offered() {
        let said = text(Title::Unknown, "show stat");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(
            lines.first().copied(),
            Some("Unknown command: 'show', but maybe one of the following ones is a better match:")
        );
        assert_eq!(lines.len(), 5, "{said}");
        assert!(lines.get(1).is_some_and(|l| l.starts_with("  show stat [")));
        assert!(lines.get(4).is_some_and(|l| l.starts_with("  quit ")));
    }

    #[test]
    fn what_looks_alike_is_offered() {
        assert!(text(Title::Unknown, "shw sttat").contains("\n  show stat "));
        assert!(!text(Title::Unknown, "xyzzy").contains("show"));
        assert!(text(Title::Help, "").lines().count() > super::super::ALL.len());
    }
}
