//! `show info`: the process in figures.

use state::family::{Object, Row};

use super::prelude::*;
use crate::metric::{Form, INFO, Show};

pub(super) const KEYWORDS: &[Command] = &[user(
    &["show", "info"],
    "show info [desc|json|typed|float]*",
    "report information about the running process",
    |query, _, out| {
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
)];
