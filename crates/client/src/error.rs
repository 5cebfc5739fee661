//! What can go wrong for a user of the client, by who has to act.

use std::fmt;

/// What kind of failure it is. The REST sidecar turns it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request can't be carried out as it stands: refused by the validation, an index out of range.
    Invalid,
    /// A value doesn't fit its schema, or can't stand in a configuration.
    Schema,
    /// The object doesn't exist.
    NotFound,
    /// An object of this name exists already, or the versions differ.
    Conflict,
    /// The transaction can't be committed any more.
    NotCommittable,
    /// As many transactions are open as may be.
    TooMany,
    /// Known to the contract, not carried out by this program.
    NotServed,
    /// The system failed: file, folder, process.
    System,
}

/// A failure: its kind, and a sentence that names the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Who has to act.
    pub kind: Kind,
    /// For a person to read.
    pub message: String,
}

impl Error {
    /// A failure of this kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// [`Kind::Invalid`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// [`Kind::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// [`Kind::Conflict`].
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// A failure of the system, with what was tried.
    pub fn system(what: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(Kind::System, format!("{what}: {error}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
