//! How a check can end (management manual 9.1 "check_status").

/// How a check ended. The numbers are those of `srv_check_status` in `show servers state`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Status {
    Unknown = 0,
    /// None has ended yet.
    #[default]
    Initializing = 1,
    /// The agent said nothing of the server's state.
    Checked = 3,
    /// Traffic showed it, not a check (`observe`).
    Observed = 4,
    /// The socket could not be made, or broke.
    SocketError = 5,
    L4Ok = 6,
    L4Timeout = 7,
    /// Refused or unreachable.
    L4Connection = 8,
    L6Ok = 9,
    L6Timeout = 10,
    L6Response = 11,
    L7Timeout = 12,
    /// Not what was expected of the protocol.
    L7Response = 13,
    L7Ok = 15,
    /// Passed, but nothing new is to come (`disable-on-404`).
    L7OkConditionally = 16,
    /// The server says by its status that it is not well.
    L7Status = 17,
    ProcessError = 18,
    ProcessTimeout = 19,
    ProcessOk = 20,
}

impl Status {
    const ALL: [Self; 19] = [
        Self::Unknown,
        Self::Initializing,
        Self::Checked,
        Self::Observed,
        Self::SocketError,
        Self::L4Ok,
        Self::L4Timeout,
        Self::L4Connection,
        Self::L6Ok,
        Self::L6Timeout,
        Self::L6Response,
        Self::L7Timeout,
        Self::L7Response,
        Self::L7Ok,
        Self::L7OkConditionally,
        Self::L7Status,
        Self::ProcessError,
        Self::ProcessTimeout,
        Self::ProcessOk,
    ];

    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The status behind a number; 0 is that of an outcome that was never written to.
    pub fn from_number(number: u8) -> Self {
        let found = Self::ALL.into_iter().find(|status| status.number() == number);
        found.filter(|status| *status != Self::Unknown).unwrap_or_default()
    }

    /// The status of this code (`L7OK`).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// As `check_status` shows it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "UNK",
            Self::Initializing => "INI",
            Self::Checked => "CHECKED",
            Self::Observed => "HANA",
            Self::SocketError => "SOCKERR",
            Self::L4Ok => "L4OK",
            Self::L4Timeout => "L4TOUT",
            Self::L4Connection => "L4CON",
            Self::L6Ok => "L6OK",
            Self::L6Timeout => "L6TOUT",
            Self::L6Response => "L6RSP",
            Self::L7Timeout => "L7TOUT",
            Self::L7Response => "L7RSP",
            Self::L7Ok => "L7OK",
            Self::L7OkConditionally => "L7OKC",
            Self::L7Status => "L7STS",
            Self::ProcessError => "PROCERR",
            Self::ProcessTimeout => "PROCTOUT",
            Self::ProcessOk => "PROCOK",
        }
    }

    /// In words, as logs and `check_desc` show it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Initializing => "Initializing",
            Self::Checked => "No status change",
            Self::Observed => "Health analyze",
            Self::SocketError => "Socket error",
            Self::L4Ok => "Layer4 check passed",
            Self::L4Timeout => "Layer4 timeout",
            Self::L4Connection => "Layer4 connection problem",
            Self::L6Ok => "Layer6 check passed",
            Self::L6Timeout => "Layer6 timeout",
            Self::L6Response => "Layer6 invalid response",
            Self::L7Timeout => "Layer7 timeout",
            Self::L7Response => "Layer7 invalid response",
            Self::L7Ok => "Layer7 check passed",
            Self::L7OkConditionally => "Layer7 check conditionally passed",
            Self::L7Status => "Layer7 wrong status",
            Self::ProcessError => "External check error",
            Self::ProcessTimeout => "External check timeout",
            Self::ProcessOk => "External check passed",
        }
    }

    pub const fn passed(self) -> bool {
        matches!(self, Self::L4Ok | Self::L6Ok | Self::L7Ok | Self::L7OkConditionally | Self::ProcessOk)
    }

    /// Whether a code belongs to it: a status of the protocol, or that of a process.
    pub const fn has_code(self) -> bool {
        self as u8 >= Self::L7Ok as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_lead_back() {
        for status in Status::ALL.into_iter().skip(1) {
            assert_eq!(Status::from_number(status.number()), status);
            assert_eq!(Status::from_code(status.code()), Some(status));
        }
        assert_eq!(Status::from_number(0), Status::Initializing);
        assert_eq!(Status::from_number(200), Status::Initializing);
    }
}
