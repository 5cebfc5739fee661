//! What an entry of a table may hold (manual 11.1, "store"): the kinds of data, their names, and how much room they take.
//! Doesn't know entries.

/// A kind of data, in the order in which `show table` tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    ServerId,
    Gpt0,
    Gpc0,
    Gpc0Rate,
    ConnCnt,
    ConnRate,
    ConnCur,
    SessCnt,
    SessRate,
    HttpReqCnt,
    HttpReqRate,
    HttpErrCnt,
    HttpErrRate,
    BytesInCnt,
    BytesInRate,
    BytesOutCnt,
    BytesOutRate,
    Gpc1,
    Gpc1Rate,
    ServerKey,
    Gpt,
    Gpc,
    GpcRate,
    HttpFailCnt,
    HttpFailRate,
    GlitchCnt,
    GlitchRate,
}

/// How a kind of data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A number of 32 bits: a count or a tag.
    Number,
    /// A number of 64 bits.
    Wide,
    /// How often something happened in a sliding period.
    Rate,
    /// The number of a server's name among those a table knows.
    Name,
}

/// Elements an array may have at most.
pub const ARRAY_MAX: u32 = 100;

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 27] = [
        Self::ServerId,
        Self::Gpt0,
        Self::Gpc0,
        Self::Gpc0Rate,
        Self::ConnCnt,
        Self::ConnRate,
        Self::ConnCur,
        Self::SessCnt,
        Self::SessRate,
        Self::HttpReqCnt,
        Self::HttpReqRate,
        Self::HttpErrCnt,
        Self::HttpErrRate,
        Self::BytesInCnt,
        Self::BytesInRate,
        Self::BytesOutCnt,
        Self::BytesOutRate,
        Self::Gpc1,
        Self::Gpc1Rate,
        Self::ServerKey,
        Self::Gpt,
        Self::Gpc,
        Self::GpcRate,
        Self::HttpFailCnt,
        Self::HttpFailRate,
        Self::GlitchCnt,
        Self::GlitchRate,
    ];

    /// The name after `store`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerId => "server_id",
            Self::Gpt0 => "gpt0",
            Self::Gpc0 => "gpc0",
            Self::Gpc0Rate => "gpc0_rate",
            Self::ConnCnt => "conn_cnt",
            Self::ConnRate => "conn_rate",
            Self::ConnCur => "conn_cur",
            Self::SessCnt => "sess_cnt",
            Self::SessRate => "sess_rate",
            Self::HttpReqCnt => "http_req_cnt",
            Self::HttpReqRate => "http_req_rate",
            Self::HttpErrCnt => "http_err_cnt",
            Self::HttpErrRate => "http_err_rate",
            Self::BytesInCnt => "bytes_in_cnt",
            Self::BytesInRate => "bytes_in_rate",
            Self::BytesOutCnt => "bytes_out_cnt",
            Self::BytesOutRate => "bytes_out_rate",
            Self::Gpc1 => "gpc1",
            Self::Gpc1Rate => "gpc1_rate",
            Self::ServerKey => "server_key",
            Self::Gpt => "gpt",
            Self::Gpc => "gpc",
            Self::GpcRate => "gpc_rate",
            Self::HttpFailCnt => "http_fail_cnt",
            Self::HttpFailRate => "http_fail_rate",
            Self::GlitchCnt => "glitch_cnt",
            Self::GlitchRate => "glitch_rate",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub const fn form(self) -> Form {
        match self {
            Self::Gpc0Rate
            | Self::ConnRate
            | Self::SessRate
            | Self::HttpReqRate
            | Self::HttpErrRate
            | Self::BytesInRate
            | Self::BytesOutRate
            | Self::Gpc1Rate
            | Self::GpcRate
            | Self::HttpFailRate
            | Self::GlitchRate => Form::Rate,
            Self::BytesInCnt | Self::BytesOutCnt => Form::Wide,
            Self::ServerKey => Form::Name,
            _ => Form::Number,
        }
    }

    /// Whether it is an array, whose elements are named `gpc0`, `gpc1`, ...
    pub const fn is_array(self) -> bool {
        matches!(self, Self::Gpt | Self::Gpc | Self::GpcRate)
    }

    /// The array, and the element of it, that is this where arrays are stored.
    pub const fn in_array(self) -> Option<(Self, u32)> {
        Some(match self {
            Self::Gpt0 => (Self::Gpt, 0),
            Self::Gpc0 => (Self::Gpc, 0),
            Self::Gpc1 => (Self::Gpc, 1),
            Self::Gpc0Rate => (Self::GpcRate, 0),
            Self::Gpc1Rate => (Self::GpcRate, 1),
            _ => return None,
        })
    }

    /// Whether it counts bytes, in blocks of the table's `brates-factor`.
    pub const fn is_byte_rate(self) -> bool {
        matches!(self, Self::BytesInRate | Self::BytesOutRate)
    }
}

impl Form {
    /// Words of 32 bits that one takes.
    pub const fn words(self) -> u32 {
        match self {
            Self::Number | Self::Name => 1,
            Self::Wide => 2,
            Self::Rate => 3,
        }
    }
}

/// One kind of data as a table keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub kind: Kind,
    /// Elements of an array; 1 for what is none.
    pub len: u32,
    /// Of a rate: the period, milliseconds.
    pub period_ms: u32,
}

impl Column {
    pub const fn of(kind: Kind) -> Self {
        Self { kind, len: 1, period_ms: 0 }
    }

    /// Words of 32 bits that it takes in an entry.
    pub const fn words(&self) -> u32 {
        self.kind.form().words() * self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_at_their_numbers() {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at);
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
    }
}
