//! `--explain`: the text of a request's way, without a socket.

#![cfg(test)]

mod support;

use harness::scratch::Scratch;
use support::run;

const CONFIG: &str = "\
defaults
  mode http
  timeout client 1s
  timeout server 1s
  timeout connect 1s

frontend web
  bind 127.0.0.1:1
  acl api path_beg /api
  tcp-request connection reject if { src 10.9.9.9 }
  http-request set-var(txn.id) req.hdr(x-id),lower
  http-request deny deny_status 429 if api !{ src 10.0.0.0/8 }
  http-request replace-path /api/(.*) /v2/\\1 if api
  redirect location /new if { path /old }
  stick-table type ip size 1k expire 1m store http_req_rate(10s)
  http-request track-sc0 src
  http-response set-header x-status %[status] if { status 404 }
  http-response del-header server
  use_backend one if { hdr(host) one.example }
  use_backend two if { hdr(host) two.example }
  default_backend app

listen both
  bind 127.0.0.1:2
  server only 127.0.0.1:4

backend app
  balance roundrobin
  cookie SRV insert
  stick-table type string size 1k expire 1m
  stick on req.cook(sid)
  http-response deny if { res.hdr(x-bad) -m found }
  use-server s2 if { path /v2/special }
  server s1 127.0.0.1:5 cookie a
  server s2 127.0.0.1:6 cookie b

backend one
  server x 127.0.0.1:7
backend two
  server x 127.0.0.1:8

frontend raw
  mode tcp
  bind 127.0.0.1:3
  tcp-request inspect-delay 1s
  use_backend secret if { req.ssl_sni -i secret.example }
  default_backend open
backend secret
  mode tcp
  server x 127.0.0.1:9
backend open
  mode tcp
  server x 127.0.0.1:10
";

/// What the program says of a request, and whether it had an answer.
fn explain(words: &[&str]) -> (bool, String) {
    let scratch = Scratch::new("explain").unwrap();
    scratch.write("web.cfg", CONFIG).unwrap();
    let text = run(scratch.path(), &[&["-f", "web.cfg"], words].concat()).text();
    (text.ends_with("= 0\n"), text)
}

fn tells(words: &[&str], expected: &[&str]) {
    let (fine, text) = explain(words);
    assert!(fine, "{text}");
    for words in expected {
        assert!(text.contains(words), "no {words:?} in:\n{text}");
    }
}

#[test]
fn each_rule_is_told_with_its_parts() {
    tells(
        &[
            "--explain",
            "GET /api/a",
            "-H",
            "Host: two.example",
            "-H",
            "X-Id: ABC",
            "--src",
            "10.1.1.1",
            "--frontend",
            "web",
        ],
        &[
            ":10  tcp-request connection reject if { src 10.9.9.9 }\n      { src 10.9.9.9 }: no (src = 10.1.1.1)\n    -> no\n",
            "+ txn.id = \"abc\"",
            "      api: yes (path = \"/api/a\"; ",
            "      !{ src 10.0.0.0/8 }: no (src = 10.1.1.1)\n    -> no\n",
            "      - GET /api/a\n      + GET /v2/a\n",
            "other use_backend lines that compare req.hdr: 1, none holds\n",
            "      { hdr(host) two.example }: yes (req.hdr = \"two.example\")\n    -> yes: backend two\n",
            "=> backend two (",
            "server x 127.0.0.1:8",
        ],
    );
}

#[test]
fn the_rule_that_decides_is_named() {
    tells(
        &["--explain", "GET /api/a", "-H", "Host: a", "--src", "1.2.3.4", "--frontend", "web"],
        &["=> denied with status 429, by ", ":12 http-request deny deny_status 429 if api"],
    );
    tells(
        &["--explain", "/old", "-H", "Host: a", "--frontend", "web"],
        &["answered with status 302, location /new", "=> answered with status 302, by "],
    );
    tells(
        &["--explain", "/", "-H", "Host: a", "--src", "10.9.9.9", "--frontend", "web"],
        &["=> closed, by ", ":10 tcp-request connection reject"],
    );
}

#[test]
fn what_leads_to_a_server_is_told() {
    tells(
        &["--explain", "GET /api/special", "-H", "Host: a", "--src", "10.0.0.1", "--frontend", "web"],
        &[
            "use-server s2 if { path /v2/special }",
            "=> backend app (default_backend), server s2 127.0.0.1:6 (use-server)",
        ],
    );
    tells(
        &["--explain", "GET /", "-H", "Host: a", "-H", "Cookie: x=y; SRV=b", "--frontend", "web"],
        &["cookie SRV leads to server s2", "server s2 127.0.0.1:6 (cookie SRV)"],
    );
    tells(
        &["--explain", "GET /", "-H", "Host: a", "--frontend", "web"],
        &["server s1 127.0.0.1:5 (balance roundrobin, next in turn, of s1, s2)"],
    );
    tells(
        &["--explain", "GET /", "-H", "Host: a", "--frontend", "both"],
        &["=> backend both (the same section), server only 127.0.0.1:4"],
    );
}

#[test]
fn proxies_for_tcp_see_the_name_that_tls_asks_for() {
    tells(
        &["--explain", "GET /", "--tls-sni", "Secret.example", "--frontend", "raw"],
        &["the client sends a ClientHello", "req.ssl_sni = \"Secret.example\"", "=> backend secret ("],
    );
    tells(&["--explain", "GET /", "--frontend", "raw"], &["=> backend open (default_backend)"]);
}

#[test]
fn questions_without_sense_are_refused() {
    for words in [
        &["--explain", ""][..],
        &["--explain", "/", "--src", "nowhere"],
        &["--explain", "/", "-H", "nothing"],
        &["--explain", "/", "--frontend", "none"],
        &["-H", "a: b"],
    ] {
        assert!(!explain(words).0, "{words:?}");
    }
    tells(
        &["--explain", "G<T /", "-H", "Host: a", "--frontend", "web"],
        &["=> the request can't be read: status 400"],
    );
}

#[test]
fn the_response_is_told() {
    tells(
        &["--explain", "/x", "-H", "cookie: sid=abc", "--status", "404", "--response-header", "server: x"],
        &[
            "  response HTTP/1.1 404 Not Found\n",
            "http-request track-sc0 src\n    -> yes\n      + sc0 counts 127.0.0.1 in table web\n",
            "stick req.cook table app: key \"abc\" remembers no server",
            "      - server: x\n",
            "      + x-status: 404\n",
            "  cookie: + set-cookie: SRV=",
            "  the client gets status 404\n",
        ],
    );
    tells(&["--explain", "/", "--response-header", "x-bad: 1"], &["=> denied with status 502, by web.cfg:"]);
    tells(&["--explain", "/"], &["  response HTTP/1.1 200 OK (as if)\n"]);
}
