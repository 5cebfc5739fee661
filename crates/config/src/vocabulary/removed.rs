//! Words HAProxy once had, and what it says to those who still use them.

use crate::diagnostic::Place;

/// A word that is gone.
#[derive(Clone, Copy, Debug)]
pub struct Removed {
    /// The keyword, or keyword and first argument.
    pub words: &'static str,
    /// HAProxy's message. `{}` stands for the first argument.
    pub message: &'static str,
    /// How HAProxy introduces the place.
    pub place: Place,
}

/// What HAProxy says of a proxy's or (`global`) the global section's gone keyword.
pub fn removed(global: bool, keyword: &[u8], argument: &[u8]) -> Option<&'static Removed> {
    let table = if global { GLOBAL } else { PROXY };
    table.iter().find(|row| match row.words.split_once(' ') {
        None => row.words.as_bytes() == keyword,
        Some((first, second)) => first.as_bytes() == keyword && second.as_bytes() == argument,
    })
}

const fn gone(words: &'static str, message: &'static str) -> Removed {
    Removed { words, message, place: Place::Parsing }
}

const fn tight(words: &'static str, message: &'static str) -> Removed {
    Removed { words, message, place: Place::ParsingTight }
}

macro_rules! since_2_1 {
    ($word:literal) => {
        gone($word, concat!("The '", $word, "' directive is not supported anymore since HAProxy 2.1."))
    };
    ($word:literal, $instead:literal) => {
        gone(
            $word,
            concat!("The '", $word, "' directive is not supported anymore since HAProxy 2.1. Use ", $instead),
        )
    };
}

const GLOBAL: &[Removed] = &[
    gone(
        "master-worker",
        "support for 'master-worker' was removed in version 3.5. Use -W or -Ws in the startup script instead.\n",
    ),
    gone(
        "nbproc",
        "nbproc is not supported any more since HAProxy 2.5. Threads will automatically be used on \
         multi-processor machines if available.",
    ),
    gone("stats bind-process", "'stats bind-process' is not supported anymore."),
    gone("tune.chksize", "option 'tune.chksize' is not supported any more (tune.bufsize is used instead)."),
];

const PROXY: &[Removed] = &[
    gone("appsession", "'appsession' is not supported anymore since HAProxy 1.6."),
    tight("bind-process", "'bind-process' is not supported anymore."),
    since_2_1!("block", "'http-request deny' which uses the exact same syntax."),
    gone(
        "clitimeout",
        "the 'clitimeout' directive is not supported anymore since HAProxy 2.1. Use 'timeout client'.",
    ),
    gone(
        "contimeout",
        "the 'contimeout' directive is not supported anymore since HAProxy 2.1. Use 'timeout connect'.",
    ),
    tight(
        "dispatch",
        "support for 'dispatch' was removed in version 3.5. The modern way to do the same is to create a server \
         with the same address, and possibly to assign any extra server a weight of zero if any:\n    server \
         dispatch {}",
    ),
    tight("grace", "the 'grace' keyword is not supported any more since HAProxy version 2.5."),
    gone(
        "mode health",
        "'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead.",
    ),
    gone(
        "monitor-net",
        "'monitor-net' doesn't exist anymore. Please use 'http-request return status 200 if { src {} }' instead.",
    ),
    tight(
        "option forceclose",
        "option 'forceclose' is not supported any more since HAProxy 2.0, please just remove it, or use 'option \
         httpclose' if absolutely needed.",
    ),
    tight(
        "option http-tunnel",
        "option 'http-tunnel' is not supported any more since HAProxy 2.1, please just remove it, it shouldn't be \
         needed.",
    ),
    tight(
        "option http_proxy",
        "option 'http_proxy' is not supported any more since HAProxy 2.5. This option stopped working in HAProxy \
         1.9 and usually had nasty side effects. It can be more reliably implemented with combinations of \
         'http-request set-dst' and 'http-request set-uri', and even 'http-request do-resolve' if DNS resolution \
         is desired.",
    ),
    tight("option transparent", "support for option 'transparent' was removed in version 3.5."),
    gone(
        "redisp",
        "keyword 'redisp' directive is not supported anymore since HAProxy 2.1. Use 'option redispatch'.",
    ),
    gone(
        "redispatch",
        "keyword 'redispatch' directive is not supported anymore since HAProxy 2.1. Use 'option redispatch'.",
    ),
    since_2_1!("reqadd", "'http-request add-header' instead."),
    since_2_1!("reqallow", "'http-request allow' instead."),
    since_2_1!("reqdel", "'http-request del-header' instead."),
    gone(
        "reqdeny",
        "The 'reqdeny' not supported anymore since HAProxy 2.1. Use 'http-request deny' instead.",
    ),
    since_2_1!("reqiallow", "'http-request allow' instead."),
    since_2_1!("reqidel", "'http-request del-header' instead."),
    since_2_1!("reqideny", "'http-request deny' instead."),
    since_2_1!("reqipass"),
    since_2_1!("reqirep", "'http-request replace-header' instead."),
    since_2_1!("reqitarpit", "'http-request tarpit' instead."),
    gone("reqpass", "The 'reqpass' not supported anymore since HAProxy 2.1."),
    since_2_1!(
        "reqrep",
        "'http-request replace-path', 'http-request replace-uri' or 'http-request replace-header' instead."
    ),
    since_2_1!("reqtarpit", "'http-request tarpit' instead."),
    since_2_1!("rspadd", "'http-response add-header' instead."),
    since_2_1!("rspdel", "'http-response del-header' ."),
    since_2_1!("rspdeny", "'http-response deny' instead."),
    since_2_1!("rspidel", "'http-response del-header' instead."),
    since_2_1!("rspideny", "'http-response deny' instead."),
    since_2_1!("rspirep", "'http-response replace-header' instead."),
    since_2_1!("rsprep", "'http-response replace-header' instead."),
    gone(
        "srvtimeout",
        "the 'srvtimeout' directive is not supported anymore since HAProxy 2.1. Use 'timeout server'.",
    ),
    gone(
        "timeout clitimeout",
        "the 'clitimeout' directive is not supported anymore since HAProxy 2.1. Use 'timeout client'.",
    ),
    gone(
        "timeout contimeout",
        "the 'contimeout' directive is not supported anymore since HAProxy 2.1. Use 'timeout connect'.",
    ),
    gone(
        "timeout srvtimeout",
        "the 'srvtimeout' directive is not supported anymore since HAProxy 2.1. Use 'timeout server'.",
    ),
    tight(
        "transparent",
        "support for 'transparent' was removed in version 3.5. The modern way to do the same is to create a server \
         with address 0.0.0.0.",
    ),
];
