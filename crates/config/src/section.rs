//! The kinds of section HAProxy 3.5 knows, by the word that opens them.

/// What a section is. Its opening word is a keyword everywhere (manual 2.1, rule 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionKind {
    /// `acme`: ACME providers (manual 12.8).
    Acme,
    /// `backend` (manual 4).
    Backend,
    /// `cache` (manual 6).
    Cache,
    /// `crt-store`: certificate storage (manual 12.7).
    CrtStore,
    /// `defaults` (manual 4).
    Defaults,
    /// `fcgi-app` (manual 10.1).
    FcgiApp,
    /// `frontend` (manual 4).
    Frontend,
    /// `global` (manual 3).
    Global,
    /// `healthcheck` (manual 12.9).
    Healthcheck,
    /// `http-errors` (manual 12.4).
    HttpErrors,
    /// `listen` (manual 4).
    Listen,
    /// `log-forward` (manual 12.6).
    LogForward,
    /// `log-profile` (manual 8.3.5).
    LogProfile,
    /// `mailers` (manual 12.3).
    Mailers,
    /// `peers` (manual 11.2).
    Peers,
    /// `resolvers` (manual 5.3).
    Resolvers,
    /// `ring` (manual 12.5).
    Ring,
    /// `traces` (manual 12.1).
    Traces,
    /// `userlist` (manual 12.2).
    Userlist,
}

impl SectionKind {
    /// Every kind, in the order of their keywords.
    pub const ALL: [Self; 19] = [
        Self::Acme,
        Self::Backend,
        Self::Cache,
        Self::CrtStore,
        Self::Defaults,
        Self::FcgiApp,
        Self::Frontend,
        Self::Global,
        Self::Healthcheck,
        Self::HttpErrors,
        Self::Listen,
        Self::LogForward,
        Self::LogProfile,
        Self::Mailers,
        Self::Peers,
        Self::Resolvers,
        Self::Ring,
        Self::Traces,
        Self::Userlist,
    ];

    /// The word that opens the section.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Acme => "acme",
            Self::Backend => "backend",
            Self::Cache => "cache",
            Self::CrtStore => "crt-store",
            Self::Defaults => "defaults",
            Self::FcgiApp => "fcgi-app",
            Self::Frontend => "frontend",
            Self::Global => "global",
            Self::Healthcheck => "healthcheck",
            Self::HttpErrors => "http-errors",
            Self::Listen => "listen",
            Self::LogForward => "log-forward",
            Self::LogProfile => "log-profile",
            Self::Mailers => "mailers",
            Self::Peers => "peers",
            Self::Resolvers => "resolvers",
            Self::Ring => "ring",
            Self::Traces => "traces",
            Self::Userlist => "userlist",
        }
    }

    /// The kind a line's first word opens, if it opens one.
    pub fn from_keyword(word: &[u8]) -> Option<Self> {
        // Every keyword is a lower-case word; most lines fail here.
        let (first, len) = (word.first()?, word.len());
        if !(4..=11).contains(&len) || !b"abcdfghlmprtu".contains(first) {
            return None;
        }
        Self::ALL.into_iter().find(|kind| kind.keyword().as_bytes() == word)
    }

    /// Whether it is one of the four that hold proxy keywords.
    pub fn is_proxy(self) -> bool {
        matches!(self, Self::Backend | Self::Defaults | Self::Frontend | Self::Listen)
    }

    /// Whether it takes connections: `frontend` or `listen`.
    pub fn has_frontend(self) -> bool {
        matches!(self, Self::Frontend | Self::Listen)
    }

    /// Whether it sends to servers: `backend` or `listen`.
    pub fn has_backend(self) -> bool {
        matches!(self, Self::Backend | Self::Listen)
    }
}

impl std::fmt::Display for SectionKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.keyword())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_lead_to_their_kind() {
        for kind in SectionKind::ALL {
            assert_eq!(SectionKind::from_keyword(kind.keyword().as_bytes()), Some(kind));
        }
        for word in ["", "server", "program", "globals", "Global"] {
            assert_eq!(SectionKind::from_keyword(word.as_bytes()), None);
        }
    }
}
