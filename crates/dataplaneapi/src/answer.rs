//! What goes back: a status, headers, a body.

use client::{Error, Kind};
use serde_json::{Value, json};

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

/// Its body.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Nothing,
    Json(Value),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    Html(String),
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Nothing }
    }

    pub(crate) fn json(status: u16, value: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(value) }
    }

    pub(crate) fn text(status: u16, text: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body: Body::Text(text) }
    }

    /// A failure as the contract has it: the status again, and a sentence.
    pub(crate) fn failure(status: u16, message: impl Into<String>) -> Self {
        Self::json(status, json!({ "code": status, "message": message.into() }))
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        let status = match error.kind {
            Kind::Invalid => 400,
            Kind::Schema => 422,
            Kind::NotFound => 404,
            Kind::Conflict => 409,
            Kind::NotCommittable => 406,
            Kind::TooMany => 429,
            Kind::NotServed => 501,
            Kind::System => 500,
        };
        Self::failure(status, error.message)
    }
}
