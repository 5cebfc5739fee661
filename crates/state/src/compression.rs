//! What the `compression` lines of a proxy say (manual 4.2 "compression algo").

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A content coding that compression can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Identity,
    Gzip,
    /// The format of zlib.
    Deflate,
    /// As `Deflate`, without its frame, which is what some clients take `deflate` for.
    RawDeflate,
    Brotli,
    Zstd,
}

impl Algorithm {
    pub const ALL: [Self; 6] =
        [Self::Identity, Self::Gzip, Self::Deflate, Self::RawDeflate, Self::Brotli, Self::Zstd];

    /// Its word in the configuration and in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RawDeflate => "raw-deflate",
            other => other.token(),
        }
    }

    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate | Self::RawDeflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// The settings of a proxy.
#[derive(Clone, Debug)]
pub struct Compression {
    /// For responses, the preferred one first.
    pub algorithms: Vec<Algorithm>,
    /// For requests.
    pub request_algorithm: Option<Algorithm>,
    /// Beginnings of media types; any type where there are none.
    pub types: Vec<Box<str>>,
    pub request_types: Vec<Box<str>>,
    /// Bytes from which on a body is worth it.
    pub min_size: u64,
    pub request_min_size: u64,
    /// `compression offload`: servers are not told what encodings the client knows.
    pub offload: bool,
    /// `compression direction`.
    pub requests: bool,
    pub responses: bool,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            algorithms: Vec::new(),
            request_algorithm: None,
            types: Vec::new(),
            request_types: Vec::new(),
            min_size: 0,
            request_min_size: 0,
            offload: false,
            requests: false,
            responses: true,
        }
    }
}

/// How much the process may spend on compression.
#[derive(Clone, Debug)]
pub struct Effort {
    /// `tune.comp.maxlevel`: 1 to 9.
    pub level: u8,
    /// `maxcomprate`.
    pub budget: Arc<Budget>,
    /// `maxcompcpuusage`: how busy a thread may be that compresses, in percent; 100: however busy.
    pub busy: u8,
}

impl Default for Effort {
    fn default() -> Self {
        Self { level: 1, budget: Arc::new(Budget::new(0)), busy: 100 }
    }
}

/// `maxcomprate`: the bytes that may be given to compression in a second, counted over the process.
#[derive(Debug)]
pub struct Budget {
    limit: AtomicU64,
    second: AtomicU64,
    taken: AtomicU64,
}

impl Budget {
    pub const fn new(limit: u64) -> Self {
        Self { limit: AtomicU64::new(limit), second: AtomicU64::new(0), taken: AtomicU64::new(0) }
    }

    /// Bytes a second; 0: any number.
    pub fn limit(&self) -> u64 {
        self.limit.load(Relaxed)
    }

    pub fn set_limit(&self, bytes: u64) {
        self.limit.store(bytes, Relaxed);
    }

    /// Notes `bytes` at a point of monotonic time; whether this second's share is used up with them. Threads that begin a
    /// second together may lose a few of its bytes.
    pub fn spend(&self, bytes: u64, now_ns: u64) -> bool {
        let second = now_ns / 1_000_000_000;
        if self.second.swap(second, Relaxed) != second {
            self.taken.store(0, Relaxed);
        }
        self.taken.fetch_add(bytes, Relaxed) + bytes >= self.limit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_for_one_second() {
        let budget = Budget::new(100);
        assert!(!budget.spend(60, 0) && budget.spend(60, 1));
        assert!(!budget.spend(60, 1_000_000_000));
    }
}
