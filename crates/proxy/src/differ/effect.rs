//! What a changed line does to traffic, in a few words, by the line's keyword. Doesn't know what else changed.

use config::SectionKind;

/// From when on it holds, and for whom.
pub(super) fn of(kind: &str, keyword: &str) -> &'static str {
    if kind == SectionKind::Global.keyword() {
        return global(keyword);
    }
    match keyword {
        "bind" => "see below which addresses are listened on; who is connected stays",
        "server" | "server-template" | "default-server" => "see below what becomes of each server",
        "stick-table" => "see below what becomes of its entries",
        "acl"
        | "http-request"
        | "http-response"
        | "http-after-response"
        | "redirect"
        | "use_backend"
        | "default_backend"
        | "use-server"
        | "stick"
        | "capture"
        | "filter"
        | "declare"
        | "monitor" => {
            "for requests that begin from then on, also on connections that are there; those under way end as they began"
        }
        "tcp-request" | "tcp-response" => {
            "for connections and requests that begin from then on; those under way end as they began"
        }
        "timeout" => "for what is waited for from then on",
        "maxconn" | "rate-limit" | "fullconn" | "backlog" => "at once; who is there already stays",
        "balance" | "hash-type" | "hash-balance-factor" | "hash-preserve-affinity" => {
            "for requests that are led to a server from then on; whose turn it is and how busy servers are is kept"
        }
        "cookie" | "appsession" | "dynamic-cookie-key" => {
            "for answers from then on; cookies that clients have are read by the new line"
        }
        "log" | "log-format" | "log-format-sd" | "log-tag" | "log-steps" | "error-log-format"
        | "unique-id-format" | "unique-id-header" => "for what is logged of requests that begin from then on",
        "mode" => {
            "another kind of proxy: its counters and servers begin anew; who is connected is served to an end as before"
        }
        "errorfile" | "errorfiles" | "errorloc" | "errorloc302" | "errorloc303" | "http-error" => {
            "for answers made from then on"
        }
        "disabled" | "enabled" => {
            "its addresses are listened on or not; who is connected is served to an end"
        }
        "option" | "no option" => "for requests, connections and checks that begin from then on",
        "compression" | "retries" | "retry-on" | "http-reuse" | "source" | "http-send-name-header" => {
            "for requests that go to a server from then on"
        }
        "http-check" | "tcp-check" | "external-check" | "load-server-state-from-file" => {
            "for checks from the next one on; what is known of servers stays"
        }
        "stats" => "for the statistics page from the next request on",
        "nameserver" | "hold" | "resolve_retries" | "accepted_payload_size" | "parse-resolv-conf" => {
            "for names that are asked for from then on; what is known stays"
        }
        "user" | "group" => "for who identifies themselves from then on",
        _ => "for what begins from then on",
    }
}

fn global(keyword: &str) -> &'static str {
    match keyword {
        "maxconn" | "maxconnrate" | "maxsessrate" | "maxsslconn" | "maxsslrate" => {
            "at once; who is there already stays"
        }
        "stats" => "its address is listened on or not; conversations go on",
        "log" | "log-send-hostname" | "log-tag" => "for what is logged from then on",
        "set-var" | "set-var-fmt" => "the variable is set anew",
        "hard-stop-after" | "grace" | "close-spread-time" => "when the process is to stop",
        _ if keyword.starts_with("ssl-") || keyword.starts_with("tune.ssl.") => {
            "for handshakes from then on; connections stay"
        }
        _ => "for what begins from then on",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_depend_on_the_section() {
        assert_ne!(of("global", "maxconn"), of("global", "log"));
        assert!(of("frontend", "http-request").contains("requests"));
        assert!(of("global", "http-request") == of("frontend", "nonsense"));
    }
}
