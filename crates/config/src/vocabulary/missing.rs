//! What HAProxy says of a parameter of a `bind` or `server` line whose value is missing: the sentence behind its name.

/// A sentence and the parameters it is said of.
type Row = (&'static str, &'static [&'static str]);

/// Of both kinds of lines. What ends with `..` on `server` lines ends with one here.
const BOTH: &[Row] = &[
    (" : missing the comma-delimited ALPN protocol suite", &["alpn", "check-alpn"]),
    (" : missing the comma-delimited NPN protocol suite", &["npn"]),
    (" : missing CAfile path", &["ca-file", "ca-sign-file", "ca-verify-file"]),
    (" : missing CAkey password", &["ca-sign-pass"]),
    (" : missing CRLfile path", &["crl-file"]),
    (" : missing TCP congestion control algorithm", &["cc"]),
    (" : missing TCP MD5 signature password", &["tcp-md5sig"]),
    (" : missing TCP User Timeout value", &["tcp-ut"]),
    (" : missing cipher suite", &["ciphers", "ciphersuites"]),
    (" : missing signature algorithm list", &["sigalgs", "client-sigalgs"]),
    (" : missing the ssl/tls version", &["ssl-max-ver", "ssl-min-ver"]),
    (" : missing verify method", &["verify"]),
    (" : expects an integer argument", &["id"]),
    (" expects an argument.", &["idle-ping"]),
    (" expects \"on\" or \"off\" as an argument.", &["ktls"]),
];

const SERVER: &[Row] = &[
    (" expects a delay as argument.", &["agent-inter", "downinter", "fastinter", "inter"]),
    (" expects a port number as argument.", &["agent-port", "port"]),
    (" expects an integer argument.", &["error-limit", "fall", "log-bufsize", "rise"]),
    (" expects <ipv4|ipv6> as argument.", &["addr"]),
    (" expects an address as argument.", &["agent-addr"]),
    (" expects a string as argument.", &["agent-send"]),
    (
        " expects <value> as argument.",
        &["cookie", "max-reuse", "pool-low-conn", "pool-max-conn", "pool-purge-delay"],
    ),
    (" expects <value> as argument", &["pool-conn-name"]),
    (" expects <mode> as argument.", &["observe"]),
    (" expects <prefix> as argument.", &["redir"]),
    (" expects <addr>:<port> as argument.", &["socks4"]),
    (
        " expects <addr>[:<port>[-<port>]], and optionally 'usesrc' <addr>, and 'interface' <name> as argument.",
        &["source"],
    ),
    (" expects [<proxy>/]<server> as argument.", &["track"]),
    (" expects a healthcheck name as argument.", &["healthcheck"]),
    (" expects a list of networks.", &["resolve-net"]),
    (" expects either ipv4 or ipv6 as argument.", &["resolve-prefer"]),
    (" expects one of 'none', 'fully-up', 'up', 'down', or 'fully-down' but got ''", &["init-state"]),
    (" expects one of 'legacy' or 'octet-count' but got ''", &["log-proto"]),
    (" expects one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down' but got ''", &["on-error"]),
    (" expects 'shutdown-sessions' but got ''", &["on-marked-down"]),
    (" expects 'shutdown-backup-sessions' but got ''", &["on-marked-up"]),
    (" has to be 'id', 'id32', 'guid', 'addr', or 'addr-port'", &["hash-key"]),
    (" has to be 'auto', 'h1' or 'h2'", &["ws"]),
    (" : missing value", &["check-pool-conn-name", "check-proto", "proto"]),
    (" : missing SNI", &["check-sni"]),
    (" : missing sni expression", &["sni"]),
    (" : missing certificate file path", &["crt"]),
    (" : missing curves list", &["curves"]),
    (" : missing hostname to verify against", &["verifyhost"]),
    (" : expects an argument", &["guid"]),
    (" : expects <name> as argument", &["namespace"]),
];

const BIND: &[Row] = &[
    (" : missing error IDs list", &["ca-ignore-err", "crt-ignore-err"]),
    (" : missing certificate location", &["crt", "crt-list", "default-crt"]),
    (" : missing curve suite", &["curves"]),
    (" : missing named curve", &["ecdhe"]),
    (" : missing fd type", &["expose-fd"]),
    (" : missing group name", &["group"]),
    (" : expects an argument", &["guid-prefix"]),
    (" : missing interface name", &["interface"]),
    (" : missing label", &["label"]),
    (" : missing level", &["level"]),
    (" : missing or invalid mode '' (octal integer expected)", &["mode"]),
    (" : missing MSS value", &["mss"]),
    (" : missing name", &["name"]),
    (" : missing namespace id", &["namespace"]),
    (" : missing severity format", &["severity-output"]),
    (" : TCP Save SYN option expects an integer argument from 0 to 2", &["tcp-ss"]),
    (" : missing TLS ticket keys file path", &["tls-ticket-keys"]),
    (" : missing user name", &["user"]),
];

/// The sentence for a parameter of a `server` line, with its end.
pub(crate) fn on_server(name: &str) -> String {
    format!("'{name}'{}.", find(&[SERVER, BOTH], name).unwrap_or(" expects an argument"))
}

/// The sentence for one of a `bind` line.
pub(crate) fn on_bind(name: &str) -> String {
    format!("'{name}'{}", find(&[BIND, BOTH], name).unwrap_or(" : missing value"))
}

fn find(tables: &[&[Row]], name: &str) -> Option<&'static str> {
    let mut rows = tables.iter().flat_map(|table| table.iter());
    rows.find(|(_, names)| names.contains(&name)).map(|(sentence, _)| *sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        assert_eq!(on_server("rise"), "'rise' expects an integer argument..");
        assert_eq!(on_server("verify"), "'verify' : missing verify method.");
        assert_eq!(on_server("weight"), "'weight' expects an argument.");
        assert_eq!(on_bind("crt"), "'crt' : missing certificate location");
        assert_eq!(on_bind("nice"), "'nice' : missing value");
    }
}
