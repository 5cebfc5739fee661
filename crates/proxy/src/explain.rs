//! `--explain` and the Runtime API's `explain`: what would become of a request.

use std::collections::HashMap;
use std::process::ExitCode;

use config::{Directive, Loaded};
use engine::explain::{Asked, Question, Written, explain};
use state::World;
use state::rule::Place;

use crate::check::Checked;
use crate::say;

/// Answers the question.
pub(crate) fn answer(checked: &Checked, question: &Question) -> ExitCode {
    match question.asked(false).and_then(|asked| text(&checked.loaded, &checked.world, &asked)) {
        Ok(text) => {
            say::out(&text);
            ExitCode::SUCCESS
        }
        Err(words) => {
            say::alert(&words);
            ExitCode::FAILURE
        }
    }
}

/// The answer in words, of a World made of this configuration. Errors: a sentence about the question.
pub(crate) fn text(loaded: &Loaded, world: &World, asked: &Asked) -> Result<String, String> {
    let lines = lines(loaded);
    let source = |place: Place| lines.get(&(place.file, place.line)).map(|line| written(loaded, *line));
    explain(world, asked, &source)
}

/// The lines of all sections, by their place.
fn lines(loaded: &Loaded) -> HashMap<(u16, u32), Directive<'_>> {
    let lines = loaded.sections().flat_map(|section| section.directives());
    lines.map(|line| ((line.span().file.0, line.span().line), line)).collect()
}

fn written(loaded: &Loaded, line: Directive<'_>) -> Written {
    let (file, number) = loaded.location(line.span());
    let text = String::from_utf8_lossy(loaded.source_line(line.span()));
    Written {
        place: format!("{file}:{number}"),
        text: text.trim().to_owned(),
        words: line.words().map(|word| word.lossy().into_owned()).collect(),
    }
}
