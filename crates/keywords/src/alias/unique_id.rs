//! `%ID`: the id of a request.

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[Alias {
    name: "ID",
    doc: "The id that `unique-id-format` makes.",
    known: Known::End,
    write: |cx, _, out| state::unique_id::get(cx).map_or(Written::Nothing, |id| text(id, out)),
}];
