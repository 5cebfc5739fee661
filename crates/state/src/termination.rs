//! How a stream ended: HAProxy's two letters (manual 8.5).

/// Who or what caused the end, the first letter. `-` while all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause(pub u8);

impl Cause {
    pub const NONE: Self = Self(b'-');
    pub const CLIENT: Self = Self(b'C');
    pub const CLIENT_TIMEOUT: Self = Self(b'c');
    pub const SERVER: Self = Self(b'S');
    pub const SERVER_TIMEOUT: Self = Self(b's');
    pub const PROXY: Self = Self(b'P');
    pub const LOCAL: Self = Self(b'L');
    pub const RESOURCE: Self = Self(b'R');
    pub const INTERNAL: Self = Self(b'I');
    pub const DOWN: Self = Self(b'D');
    pub const UP: Self = Self(b'U');
    pub const KILLED: Self = Self(b'K');
}

/// Where the stream was when it ended, the second letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase(pub u8);

impl Phase {
    pub const NONE: Self = Self(b'-');
    pub const REQUEST: Self = Self(b'R');
    pub const QUEUE: Self = Self(b'Q');
    pub const CONNECT: Self = Self(b'C');
    pub const HEADERS: Self = Self(b'H');
    pub const DATA: Self = Self(b'D');
    pub const LAST: Self = Self(b'L');
    pub const TARPIT: Self = Self(b'T');
}

/// Both letters. The first pair set wins: what went wrong first is what the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Termination {
    pub cause: Cause,
    pub phase: Phase,
}

impl Termination {
    pub const NONE: Self = Self { cause: Cause::NONE, phase: Phase::NONE };

    /// Records the end unless one is recorded already.
    pub fn set(&mut self, cause: Cause, phase: Phase) {
        if *self == Self::NONE {
            *self = Self { cause, phase };
        }
    }

    pub fn is_normal(&self) -> bool {
        *self == Self::NONE
    }
}
