//! `unique-id-format`, `unique-id-header` (manual 4.2).

use crate::ctx::{Applied, Ctx, Directive, Line, at, word};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "unique-id-format", sections: at::PROXY, apply: format },
    Directive { name: "unique-id-header", sections: at::PROXY, apply: header },
];

fn format<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if word(line, 1).is_empty() {
        return Err("unique-id-format expects an argument.".into());
    }
    if line.word(2).is_some() {
        return Err("unique-id-format expects only one argument, don't forget to escape spaces!".into());
    }
    cx.draft.settings.unique_id = Some(line);
    Ok(())
}

fn header<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if word(line, 1).is_empty() {
        return Err("unique-id-header expects an argument.".into());
    }
    cx.draft.settings.unique_id_header = line.word(1);
    Ok(())
}
