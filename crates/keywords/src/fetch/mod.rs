//! Sample fetches (manual 7.3). To add one: a file named after it (dots as underscores, several names of one idea
//! may share a file) with a `KEYWORDS` table, and its line in the list below.

use state::family::Fetch;

mod always;
mod hdr;
mod method;
mod path;
mod src;

/// Every fetch, a file a line.
pub static ALL: &[&[Fetch]] =
    &[always::KEYWORDS, hdr::KEYWORDS, method::KEYWORDS, path::KEYWORDS, src::KEYWORDS];

/// The fetch of this name.
pub fn find(name: &str) -> Option<&'static Fetch> {
    ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name)
}

/// What the files of this family share.
mod prelude {
    pub(super) use http::Message;
    pub(super) use sample::{ArgKind, ArgSpec, Args, Type, Value};
    pub(super) use state::expr::{Ctx, Side};
    pub(super) use state::family::{Example, Fetch, Needs};

    /// The request's head, while there is one.
    pub(super) fn request<'a>(cx: &Ctx<'a>) -> Option<&'a Message> {
        cx.stream.filter(|s| s.has_request).map(|s| &s.request)
    }

    /// The response's head, while there is one.
    pub(super) fn response<'a>(cx: &Ctx<'a>) -> Option<&'a Message> {
        cx.stream.filter(|s| s.has_response).map(|s| &s.response)
    }

    /// The head of the side that the rule set works on.
    pub(super) fn head<'a>(cx: &Ctx<'a>) -> Option<&'a Message> {
        match cx.side {
            Side::Request => request(cx),
            Side::Response => response(cx),
        }
    }
}
