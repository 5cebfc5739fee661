//! Keeps lists of patterns fast that many changes have left in pieces: merging them may take a second, so that a thread
//! of its own does it, now and then, one list after the other.

use std::sync::Arc;
use std::thread::JoinHandle;

use state::{Reference, World};

/// Who tidies, and whether that thread is at work.
#[derive(Default)]
pub(crate) struct Tidier {
    at_work: Option<JoinHandle<()>>,
}

impl Tidier {
    /// Starts a thread if some list needs it and none is at work. Not being able to start one is no harm: lists then
    /// stay as they are until the next time.
    pub(crate) fn look(&mut self, world: &World) {
        if self.at_work.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return;
        }
        let untidy: Vec<Arc<Reference>> =
            world.references.iter().filter(|list| list.is_untidy()).map(Arc::clone).collect();
        self.at_work = None;
        if !untidy.is_empty() {
            let work = move || untidy.iter().for_each(|list| list.tidy());
            self.at_work = std::thread::Builder::new().name("lists".to_owned()).spawn(work).ok();
        }
    }
}
