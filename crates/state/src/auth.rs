//! Userlists: who may come in, and in which groups they are (manual 12.2). Comparing passwords is `keywords`' business.

use std::collections::HashMap;
use std::sync::OnceLock;

/// A `userlist` section, or the accounts of `stats auth`.
#[derive(Debug, Default)]
pub struct Userlist {
    pub name: Box<str>,
    pub users: HashMap<Box<[u8]>, User>,
}

/// A `user` line.
#[derive(Debug, Default)]
pub struct User {
    pub password: Password,
    /// The names of the groups it is in, each once.
    pub groups: Vec<Box<[u8]>>,
    /// A keyed digest of the password that was found to be the right one, so that the expensive function runs once.
    pub proven: OnceLock<[u8; 32]>,
}

/// What a password is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Password {
    /// No password is the right one.
    #[default]
    None,
    /// `insecure-password`: as it is.
    Plain(Box<[u8]>),
    /// `password`: what crypt(3) makes of it.
    Crypt(Box<str>),
}
