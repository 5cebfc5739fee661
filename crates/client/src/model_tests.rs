//! Lines to objects and back, and changes that touch nothing else.

use config::Document;
use serde_json::{Value, json};

use super::*;
use crate::error::Kind;
use crate::{
    Found, create_section, delete_section, find_section, read_section, replace_rows, replace_section, rows,
};

/// A family's word and a line that must come back as it is.
const LINES: &[(&str, &str)] = &[
    ("servers", "server a 10.0.0.1:80 check inter 2000 weight 10 backup"),
    ("servers", "server a [2001:db8::1]:80 no-check maxconn 5 proxy-v2-options ssl,crc32c"),
    ("servers", "server a unix@/run/a.sock ssl verify none"),
    ("server_templates", "server-template web 1-5 example.com:443 check resolvers dns"),
    ("binds", "bind :443 name tls alpn h2,http/1.1 ssl crt /etc/cert.pem"),
    ("binds", "bind 10.0.0.1:8000-8010 accept-proxy transparent"),
    ("binds", "bind /run/x.sock level admin mode 600"),
    ("dgram_binds", "dgram-bind 127.0.0.1:514 name udp"),
    ("users", "user a insecure-password b groups x,y"),
    ("users", "user a password $6$abc$def"),
    ("groups", "group g users a,b"),
    ("acls", "acl is_static path_beg -i /static /images"),
    ("acls", "acl always TRUE"),
    ("backend_switching_rules", "use_backend static if is_static { path \"a b\" }"),
    ("backend_switching_rules", "use_backend %[path,map(/a.map)]"),
    ("server_switching_rules", "use-server s1 unless { src 10.0.0.0/8 }"),
    ("captures", "declare capture request len 10"),
    ("filters", "filter compression"),
    ("filters", "filter bwlim-in x default-limit 1048576 default-period 1000"),
    ("log_targets", "log global"),
    ("log_targets", "no log"),
    ("log_targets", "log 127.0.0.1:514 len 1024 format rfc5424 sample 1:4 local0 info err"),
    ("log_targets", "log stdout format raw local0"),
    ("stick_rules", "stick on src table t if X"),
    ("http_request_rules", "http-request set-header X-A \"a b\" if { path / }"),
    ("http_request_rules", "http-request set-var(txn.a) path,lower unless X"),
    (
        "http_request_rules",
        "http-request deny deny_status 429 content-type text/plain string \"too many\" hdr a b if X",
    ),
    ("http_request_rules", "http-request return status 200 hdr a b hdr c d"),
    ("http_request_rules", "http-request redirect scheme https code 301 if !{ ssl_fc }"),
    ("http_request_rules", "http-request track-sc0 src table t"),
    ("http_request_rules", "http-request sc-inc-gpc(0,1) if X"),
    ("http_request_rules", "http-request lua.act a b if X"),
    ("http_request_rules", "http-request set-map(/a.map) %[src] %[path]"),
    ("http_response_rules", "http-response set-status 503 reason \"not now\""),
    ("http_response_rules", "http-response cache-store c"),
    ("http_after_response_rules", "http-after-response strict-mode on"),
    ("http_error_rules", "http-error status 503 content-type text/html string \"no\" hdr a b"),
    ("tcp_request_rules", "tcp-request inspect-delay 5000"),
    ("tcp_request_rules", "tcp-request content accept if { req.ssl_hello_type 1 }"),
    ("tcp_request_rules", "tcp-request connection set-var(sess.a) src"),
    ("tcp_request_rules", "tcp-request session track-sc1 src table t if X"),
    ("tcp_response_rules", "tcp-response content close unless X"),
    ("quic_initial_rules", "quic-initial reject if X"),
    ("http_checks", "http-check send meth GET uri / ver HTTP/1.1 hdr host a body \"b c\""),
    ("http_checks", "http-check expect status 200-399"),
    ("http_checks", "http-check expect ! string error"),
    ("http_checks", "http-check connect port 80 ssl"),
    ("tcp_checks", "tcp-check send PING\\r\\n"),
    ("tcp_checks", "tcp-check expect string +PONG"),
    ("tcp_checks", "tcp-check set-var(check.a) int(1)"),
    ("nameservers", "nameserver a 127.0.0.1:53"),
    ("mailer_entries", "mailer a 127.0.0.1:25"),
    ("peer_entries", "peer a 127.0.0.1:1000"),
    ("tables", "table t type ip size 1m store gpc0,conn_rate(30s)"),
    ("crt_loads", "load crt a.pem alias x domains a,b"),
    ("ssl_front_uses", "ssl-f-use crt a.pem alpn h2"),
    ("entries", "trace h1 sink stderr level developer"),
];

#[test]
fn lines_come_back_as_they_were() {
    let failures: Vec<String> =
        LINES.iter().filter_map(|(resource, line)| comes_back(resource, line).err()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

fn comes_back(resource: &str, line: &str) -> Result<(), String> {
    let family = family(resource).ok_or_else(|| format!("{resource} is no family"))?;
    let text = format!("backend b\n\t{line} # why\n");
    let mut document = Document::parse(text.clone());
    let found = found(&document);
    let mut value = rows(&document, &found, family).pop().ok_or_else(|| format!("{line} isn't read"))?.value;
    let schema = json!({ "ref": family.schema });
    api::validate(&schema, &value).map_err(|e| format!("{line}: {e} in {value}"))?;
    if family.key == Some("name") && !line.contains(" name ") && line.starts_with("bind") {
        value.as_object_mut().unwrap().remove("name");
    }
    let written = crate::line_of(family, &value).map_err(|e| format!("{line}: {e} in {value}"))?;
    // Parameters come in the table's order.
    if sorted(&written) != sorted(line) {
        return Err(format!("{line}: {written} from {value}"));
    }
    replace_rows(&mut document, &found, family, &[value]).map_err(|e| format!("{line}: {e}"))?;
    let same = document.print() == text.as_bytes();
    if same { Ok(()) } else { Err(format!("{line}: became {}", String::from_utf8_lossy(&document.print()))) }
}

fn sorted(line: &str) -> Vec<&str> {
    let mut words: Vec<&str> = line.split(' ').collect();
    words.sort_unstable();
    words
}

fn found(document: &Document) -> Found {
    find_section(document, section("backends").unwrap(), "b").unwrap()
}

const TEXT: &str = "# top\ndefaults d\n  mode http\n\nbackend b from d\n  # comment\n  mode   http # as it is\n  \
                    balance roundrobin\n.if defined(X)\n  unknown word\n.endif\n  option httpchk GET /x\n  \
                    timeout server 10s\n  server s 1.2.3.4:80 strange\n\nfrontend f\n  bind :80\n";

fn lines_changed(before: &str, after: &Document) -> (Vec<String>, Vec<String>) {
    let after = String::from_utf8(after.print()).unwrap();
    let not_in =
        |a: &str, b: &str| a.lines().filter(|l| !b.lines().any(|m| m == *l)).map(str::to_owned).collect();
    (not_in(before, &after), not_in(&after, before))
}

#[test]
fn a_section_is_read_and_what_is_said_already_stays() {
    let model = section("backends").unwrap();
    let mut document = Document::parse(TEXT);
    let object = read_section(&document, model, &found(&document), true);
    let expected = json!({
        "adv_check": "httpchk", "balance": { "algorithm": "roundrobin" }, "from": "d",
        "httpchk_params": { "method": "GET", "uri": "/x" }, "mode": "http", "name": "b", "server_timeout": 10000,
        "servers": { "s": { "address": "1.2.3.4", "name": "s", "port": 80 } },
    });
    assert_eq!(
        api::ordered(&json!({ "ref": "backend" }), object.clone()),
        api::ordered(&json!({ "ref": "backend" }), expected)
    );
    let at = found(&document);
    replace_section(&mut document, model, &at, &object, true).unwrap();
    assert_eq!(String::from_utf8(document.print()).unwrap(), TEXT);
}

#[test]
fn a_change_touches_its_lines_alone() {
    let model = section("backends").unwrap();
    let mut document = Document::parse(TEXT);
    let at = found(&document);
    let mut object = read_section(&document, model, &at, false);
    object["server_timeout"] = json!(5);
    object["balance"] = json!({ "algorithm": "uri", "uri_depth": 3 });
    object.as_object_mut().unwrap().remove("adv_check");
    object.as_object_mut().unwrap().remove("httpchk_params");
    object["abortonclose"] = json!("disabled");
    object["error_files"] = json!([{ "code": 503, "file": "/a" }]);
    replace_section(&mut document, model, &at, &object, false).unwrap();
    let (gone, new) = lines_changed(TEXT, &document);
    assert_eq!(gone, ["  balance roundrobin", "  option httpchk GET /x", "  timeout server 10s"]);
    let wanted =
        ["  timeout server 5", "  balance uri depth 3", "  no option abortonclose", "  errorfile 503 /a"];
    assert_eq!(new, wanted);
    let at = found(&document);
    delete_section(&mut document, &at);
    assert!(!String::from_utf8(document.print()).unwrap().contains("unknown"));
}

#[test]
fn sections_are_made_where_they_change_nothing_for_others() {
    let mut document = Document::parse(TEXT);
    let defaults = section("defaults").unwrap();
    create_section(&mut document, defaults, &json!({ "name": "e", "mode": "tcp" }), false).unwrap();
    let backend = json!({ "name": "n", "servers": { "x": { "name": "x", "address": "1.1.1.1" } } });
    create_section(&mut document, section("backends").unwrap(), &backend, true).unwrap();
    let text = String::from_utf8(document.print()).unwrap();
    assert_eq!(
        text,
        TEXT.replace("defaults d", "defaults e\n  mode tcp\n\ndefaults d")
            + "\nbackend n\n  server x 1.1.1.1\n"
    );
    create_section(&mut document, defaults, &json!({ "name": "g", "from": "e" }), false).unwrap();
    assert!(
        String::from_utf8(document.print())
            .unwrap()
            .contains("mode tcp\n\ndefaults g from e\n\ndefaults d\n")
    );
    let error = create_section(&mut document, defaults, &json!({ "name": "e" }), false).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
}

#[test]
fn a_section_without_a_name_keeps_its_header() {
    let model = section("defaults").unwrap();
    let mut document = Document::parse("global\n\ndefaults\n  mode http\n  retries 3\n");
    let at = find_section(&document, model, "unnamed_defaults_1").unwrap();
    let object = json!({ "name": "unnamed_defaults_1", "mode": "tcp" });
    replace_section(&mut document, model, &at, &object, false).unwrap();
    assert_eq!(document.print(), b"global\n\ndefaults\n  mode tcp\n");
}

#[test]
fn what_would_be_lost_is_refused() {
    let mut document = Document::parse(TEXT);
    let at = found(&document);
    let refused = |family_of: &str, value: Value| {
        crate::insert_row(&mut Document::parse(TEXT), &at, family(family_of).unwrap(), 0, &value).unwrap_err()
    };
    let error = refused("http_request_rules", json!({ "type": "allow", "hdr_name": "x" }));
    assert_eq!(error.kind, Kind::Schema, "{error}");
    let error =
        refused("acls", json!({ "acl_name": "a", "criterion": "b", "metadata": { "x": {} , "y": 1 } }));
    assert_eq!(error.kind, Kind::NotServed, "{error}");
    let error = refused("servers", json!({ "name": "a\0", "address": "1" }));
    assert_eq!(error.kind, Kind::Schema, "{error}");
    let error = refused("http_request_rules", json!({ "type": "set-header", "hdr_name": "x" }));
    assert_eq!(error.kind, Kind::Invalid, "{error}");
    let half = json!({ "name": "b", "error_files": [{ "code": 500, "file": "/a" }, { "code": 502 }] });
    let error = replace_section(&mut document, section("backends").unwrap(), &at, &half, false).unwrap_err();
    assert_eq!(error.message, "error_files.1 lacks a property that it needs");
    let twice = json!({ "name": "b", "adv_check": "tcp-check", "httpchk_params": { "uri": "/" } });
    let error = replace_section(&mut document, section("backends").unwrap(), &at, &twice, false).unwrap_err();
    assert_eq!(error.kind, Kind::Schema, "{error}");
    assert_eq!(document.print(), TEXT.as_bytes());
}
