//! `h1-case-adjust`, `h1-case-adjust-file`: how header names are spelled for peers that insist on it (manual 3.1).

use std::sync::Arc;

use crate::ctx::{Applied, Ctx, Directive, Line, at, no_more, word};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "h1-case-adjust", sections: at::GLOBAL, apply: one },
    Directive { name: "h1-case-adjust-file", sections: at::GLOBAL, apply: from_file },
];

fn one<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let (from, to) = (word(line, 1), word(line, 2));
    if to.is_empty() {
        return Err("'h1-case-adjust' expects <from> and <to> as argument.".into());
    }
    no_more(line, 2)?;
    add(cx, from, to)
}

fn from_file<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let path = word(line, 1);
    if path.is_empty() {
        return Err("'h1-case-adjust-file' expects <file> as argument.".into());
    }
    no_more(line, 1)?;
    let title = format!("h1-headers-case-adjust-file '{path}'");
    let Ok(content) = cx.plan.read(path) else {
        cx.plan.late.push(format!("{title}: failed to open file."));
        return Ok(());
    };
    let content = String::from_utf8_lossy(&content);
    for (number, text) in (1..).zip(content.lines()) {
        let mut words = text.split_ascii_whitespace();
        let Some(from) = words.next().filter(|w| !w.starts_with('#')) else { continue };
        let to = words.next().map(|to| (to, words.next()));
        let outcome = match to {
            None => Err("expect <to>".to_owned()),
            Some((_, Some(_))) => Err(DIFFER.to_owned()),
            Some((to, None)) => add(cx, from, to),
        };
        if let Err(error) = outcome {
            cx.plan.late.push(format!("{title} : {error} at line {number}."));
            break;
        }
    }
    Ok(())
}

const DIFFER: &str = "<from> and <to> must not differ except the case";

fn add(cx: &mut Ctx<'_, '_>, from: &str, to: &str) -> Applied {
    if !from.eq_ignore_ascii_case(to) {
        return Err(DIFFER.into());
    }
    let table = Arc::make_mut(&mut cx.plan.global.header_case);
    match table.insert(sample::text::boxed(from), sample::text::boxed(to)) {
        None => Ok(()),
        Some(_) => Err(format!("duplicate entry '{from}'")),
    }
}
