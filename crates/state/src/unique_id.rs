//! The unique id of a stream (manual 4.2 "unique-id-format"): made when it is first asked for, the same from then on.

use std::cell::{Cell, RefCell};

use crate::expr::Ctx;
use crate::options::Mode;

/// Where a stream keeps its id.
#[derive(Debug, Default)]
pub struct UniqueId {
    made: Cell<bool>,
    text: RefCell<Vec<u8>>,
}

impl UniqueId {
    /// Forgets it; keeps the memory.
    pub fn clear(&mut self) {
        self.made.set(false);
        self.text.get_mut().clear();
    }
}

/// The id of the stream at hand; none without a stream or a `unique-id-format`. A format that asks for the id itself finds
/// it empty.
pub fn get<'a>(cx: &Ctx<'a>) -> Option<&'a [u8]> {
    let stream = cx.stream?;
    let format = match cx.world.frontend(cx.session.frontend) {
        // What was no request gets none.
        Some(frontend) if frontend.mode == Mode::Http && !stream.has_request => return None,
        Some(frontend) => frontend.unique_id.as_ref()?,
        // A health check comes from no client.
        None => cx.world.backend(stream.backend?)?.unique_id.as_ref()?,
    };
    let id = &stream.unique_id;
    if !id.made.replace(true) {
        let mut text = id.text.take();
        format.write(cx, &mut text);
        id.text.replace(text);
    }
    Some(cx.arena.alloc_slice_copy(&id.text.borrow()))
}
