//! What this build can do, in the words of HAProxy's `Feature list` and of the conditions `feature()` and
//! `enabled()`: whether it is done, by whatever library. PCRE2 stands for the dialect of regular expressions, LIBCRYPT for the
//! hashes of passwords.

use crate::argv::Args;

/// Features by HAProxy's name, and whether Sluice has them.
pub(crate) const FEATURES: &[(&str, bool)] = &[
    ("51DEGREES", false),
    ("ACCEPT4", true),
    ("ACME", false),
    ("BACKTRACE", false),
    ("CLOSEFROM", false),
    ("CPU_AFFINITY", true),
    ("CRYPT_H", false),
    ("DEVICEATLAS", false),
    ("DL", false),
    ("ECH", false),
    ("ENGINE", false),
    ("EPOLL", true),
    ("EVPORTS", false),
    ("FCGI", false),
    ("GETADDRINFO", true),
    ("H2", false),
    ("HAVE_TCP_MD5SIG", false),
    ("KQUEUE", false),
    ("KTLS", false),
    ("LIBATOMIC", false),
    ("LIBCRYPT", true),
    ("LINUX_CAP", false),
    ("LINUX_SPLICE", true),
    ("LINUX_TPROXY", true),
    ("LUA", false),
    ("MATH", false),
    ("MEMORY_PROFILING", false),
    ("NETFILTER", false),
    ("NS", false),
    ("OBSOLETE_LINKER", false),
    ("OPENSSL", true),
    ("OPENSSL_AWSLC", true),
    ("OPENSSL_WOLFSSL", false),
    ("PCRE", false),
    ("PCRE2", true),
    ("PCRE2_JIT", false),
    ("PCRE_JIT", false),
    ("POLL", false),
    ("PRCTL", true),
    ("PROCCTL", false),
    ("PROMEX", true),
    ("PTHREAD_EMULATION", false),
    ("QUIC", false),
    ("QUIC_OPENSSL_COMPAT", false),
    ("RT", true),
    ("SHM_OPEN", false),
    ("SLZ", false),
    ("SPOE", false),
    ("SSL", true),
    ("STATIC_PCRE", false),
    ("STATIC_PCRE2", false),
    ("TFO", true),
    ("THREAD", true),
    ("THREAD_DUMP", false),
    ("TPROXY", true),
    ("TRACE", false),
    ("WURFL", false),
    ("ZLIB", true),
];

/// The names that `feature()` finds.
pub(crate) fn names() -> Vec<String> {
    FEATURES.iter().filter(|(_, has)| *has).map(|(name, _)| (*name).to_owned()).collect()
}

/// The names that `enabled()` finds under these options (manual 2.4).
pub(crate) fn enabled(args: &Args) -> Vec<String> {
    let mut names = vec!["EPOLL", "GETADDRINFO", "SPLICE", "FAST-FORWARD"];
    if !args.no_reuse_port {
        names.push("REUSEPORT");
    }
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(FEATURES.is_sorted_by_key(|(name, _)| *name));
    }
}
