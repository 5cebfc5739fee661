//! What went wrong with an exchange: whose fault, when, and what the client is told (manual 8.5).

use state::termination::{Cause, Phase};

/// Why an exchange can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub cause: Cause,
    pub phase: Phase,
    /// The page for the client, while nothing was sent to it; none: the connection just ends.
    pub status: Option<u16>,
    /// Whether the page goes out as it is: there is no request that rules could have judged.
    pub raw: bool,
}

impl Failure {
    pub const fn new(cause: Cause, phase: Phase, status: u16) -> Self {
        Self { cause, phase, status: Some(status), raw: false }
    }

    /// A failure of the request's very reading.
    pub const fn raw(cause: Cause, phase: Phase, status: u16) -> Self {
        Self { cause, phase, status: Some(status), raw: true }
    }

    /// A failure after which nothing can be said to the client any more.
    pub const fn silent(cause: Cause, phase: Phase) -> Self {
        Self { cause, phase, status: None, raw: false }
    }
}
