//! `show info`: the process in figures.

use state::family::{Object, Row};

use super::prelude::*;
use crate::metric::{Form, INFO, Show};

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["show", "info"],
    usage: "show info [desc|json|typed|float]*",
    doc: "report information about the running process",
    level: Level::User,
    gate: Gate::Open,
    run: |query, _, out| {
        let form = match (query.has(2, "json"), query.has(2, "typed")) {
            (true, _) => Form::Json,
            (false, true) => Form::Typed,
            (false, false) => Form::Plain,
        };
        let show = Show { form, desc: query.has(2, "desc"), float: query.has(2, "float") };
        let row = Row {
            world: query.world,
            about: query.about,
            level: query.console.level.get(),
            object: Object::Process,
            now_ns: query.now_ns,
        };
        show.info(&row, INFO, out);
        Answer::Done
    },
}];
