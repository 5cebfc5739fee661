//! Generated configurations. A [`Unit`] is a frontend with its defaults and backends; many units make one
//! file, each on a port of its own. Lines are kept one by one, so that a failing unit can be made smaller.

use super::greeting::{self, Greeting};
use super::lists;
use super::random::Random;
use super::{actions, balance, link, log_line, tables};

/// Servers a unit may have in all its backends together.
pub(crate) const SERVERS_MAX: usize = 6;

/// One configuration under test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) is_tcp: bool,
    /// How clients begin.
    pub(crate) greeting: Greeting,
    /// Whether some clients wait for others.
    pub(crate) is_busy: bool,
    /// Whether the frontend and its one backend are written as a `listen`.
    pub(crate) is_listen: bool,
    /// The settings after the address of the `bind` line.
    pub(crate) bind: String,
    pub(crate) defaults: Vec<String>,
    pub(crate) frontend: Vec<String>,
    pub(crate) backends: Vec<Backend>,
}

/// A backend of a unit; its servers are numbered through the unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backend {
    pub(crate) lines: Vec<String>,
    /// The settings after the address, one a server.
    pub(crate) servers: Vec<String>,
}

/// What a unit is written with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) index: usize,
    pub(crate) bind: u16,
    /// Where log lines are received.
    pub(crate) log: u16,
    pub(crate) origins: &'a [u16],
}

const CONDITIONS: &[&str] = &[
    "if { path_beg /api }",
    "unless { path_beg /api }",
    "if { http_auth(people) }",
    "unless { http_auth_group(people) staff }",
    "if METH_POST",
    "if { method GET HEAD }",
    "if { hdr(host) -i www.example }",
    "if { hdr_beg(host) -i api. }",
    "if { hdr_end(host) -i .example }",
    "if { hdr_dom(host) -i example }",
    "if { hdr_reg(host) ^[a-z]+\\.example$ }",
    "if { hdr_cnt(x-many) gt 1 }",
    "if { hdr(x-many) -m found }",
    "if { req.hdr(x-many,2) b }",
    "if { req.fhdr(x-many) -m sub a,b }",
    "if { path_end .png .css } or { path_dir static }",
    "if { path -m len 4 } !{ method POST }",
    "if { path_sub a } { query -m found }",
    "if { url_param(a) 1 }",
    "if { urlp(b,&) -m found }",
    "if { req.ver 1.0 }",
    "if { req.cook(sid) -m beg a }",
    "if { src 127.0.0.0/8 }",
    "if { src 192.0.2.0/24 }",
    "if { dst_port lt 1 }",
    "if { req.body_size gt 3 }",
    "if { req.body_len le 1 }",
    "if { req.body -m sub b=2 }",
    "if { req.body_param(b) -m found }",
    "if { req.hdr_names -m sub x-many }",
    "if { base_beg www.example/a }",
    "if { capture.req.method GET }",
    "if { path,lower,length ge 5 }",
    "if { path,field(2,/) api }",
    "if { str(a),concat(b) ab }",
    "if HTTP_1.1",
    "if HTTP_CONTENT",
    "if is_static or is_api",
    "if is_api !is_static",
];

fn condition(random: &mut Random) -> String {
    if random.chance(40) {
        return String::new();
    }
    let conditions = if random.chance(20) { lists::CONDITIONS } else { CONDITIONS };
    format!(" {}", random.pick(conditions))
}

const ACLS: &[&str] =
    &["acl is_static path_beg /static /img", "acl is_api path_beg /api", "acl is_api hdr(x-api) -m found"];

const REQUEST_RULES: &[&str] = &[
    "set-header X-A plain",
    "set-header X-A %[path]",
    "set-header X-Query %[query]",
    "set-header X-Url \"%[url] %[method]\"",
    "set-header X-Base %[base]",
    "set-header Host other.example",
    "set-header X-Many replaced",
    "set-header X-Len %[path,length]",
    "set-header X-Low %[req.hdr(host),lower]",
    "set-header X-Up %[path,upper]",
    "set-header X-Hex %[path,hex]",
    "set-header X-B64 %[path,base64]",
    "set-header X-Crc %[path,crc32]",
    "set-header X-Sum %[path,sdbm]",
    "set-header X-Word \"%[req.hdr(user-agent),word(1,/)]\"",
    "set-header X-Field %[path,field(3,/)]",
    "set-header X-Bytes %[path,bytes(1,3)]",
    "set-header X-Dec %[query,url_dec]",
    "set-header X-Enc %[path,url_enc]",
    "set-header X-Json \"%[query,json]\"",
    "set-header X-Sub %[path,regsub(a,b,g)]",
    "set-header X-Math %[path,length,add(3),mul(2),mod(7)]",
    "set-header X-Param %[url_param(a)]",
    "set-header X-Cook %[req.cook(sid)]",
    "set-header X-Ver %[req.ver]",
    "set-header X-Names %[req.hdr_names]",
    "set-header X-Cnt %[req.hdr_cnt(x-many)]",
    "set-header X-Last %[req.hdr(x-many,-1)]",
    "set-header X-Full %[req.fhdr(x-many)]",
    "set-header X-Src %[src]",
    "set-header X-Fe %[fe_name,length]",
    "set-header X-Iif %[path,length,bool,iif(a,b)]",
    "set-header X-Esc a%%b",
    "set-header X-Size \"%[req.body_len] %[req.body_size]\"",
    "set-header X-Body %[req.body,hex]",
    "set-header X-Form %[req.body_param(a)]",
    "set-header X-Any \"%[req.body_param()] %[req.body_param(B,i)]\"",
    "wait-for-body time 5s",
    "wait-for-body time 5s at-least 2",
    "set-header X-Var %[var(txn.v)]",
    "add-header X-Many added",
    "add-header X-Add \"two words\"",
    "del-header X-Many",
    "del-header X-Reply-None",
    "del-header x- -m beg",
    "del-header User-Agent",
    "replace-header X-Many (.*) [\\1]",
    "replace-header Host ([^.]*)\\.(.*) \\2.\\1",
    "replace-value X-Many ([a-z]) <\\1>",
    "set-path /fixed",
    "set-path /p%[path]",
    "set-query z=1",
    "set-query %[query,regsub(a=,c=)]",
    "replace-path /api/(.*) /\\1",
    "replace-path (.*) \\1/end",
    "set-uri /uri%[path]?u=1",
    "replace-uri /(.*) /r/\\1",
    "set-method PUT",
    "set-var(txn.v) path",
    "set-var(txn.v) str(fixed),upper",
    "set-var(req.n) req.hdr_cnt(x-many),add(1)",
    "unset-var(txn.v)",
    "set-log-level notice",
    "set-priority-class int(-3)",
    "set-priority-offset int(200)",
    "set-header X-Prio %[prio_class]/%[prio_offset]",
    "capture req.hdr(host) len 20",
    "set-header X-User \"%[http_auth_type] %[http_auth_user] %[http_auth(people)] %[http_auth_group(people)]\"",
    "set-header X-Token %[http_auth_bearer]",
    "allow",
    "auth",
    "auth realm \"Only people\"",
    "deny",
    "deny deny_status 429",
    "reject",
    "tarpit deny_status 429",
    "deny status 418 content-type text/plain string \"no tea\" hdr X-D 1",
    "return status 200 content-type text/plain string body",
    "return status 200 content-type text/plain lf-string \"%[method] %[path]\" hdr X-R %[path]",
    "return status 404",
    "return status 204",
    "redirect location /there",
    "redirect location /there%[path] code 303",
    "redirect prefix https://other.example code 301",
    "redirect prefix /pre drop-query append-slash",
    "redirect scheme https code 308",
    "redirect location / set-cookie A=1",
    "redirect location / clear-cookie A=",
];

/// Rules that end a request: they come with a condition, or nothing else of the unit would be seen.
const FINAL: &[&str] = &["allow", "auth", "deny", "return", "redirect", "reject", "tarpit"];

const RESPONSE_RULES: &[&str] = &[
    "set-header X-Ra plain",
    "set-header X-Ra %[status]",
    "set-header X-Rv %[var(txn.v)]",
    "set-header Server proxy",
    "set-header X-Dup one",
    "add-header X-Dup more",
    "add-header X-Ct %[res.hdr(content-type)]",
    "del-header Server",
    "del-header X-Dup",
    "del-header x-d -m beg",
    "replace-header X-Dup (.*) <\\1>",
    "replace-value X-Dup ([a-z]) [\\1]",
    "set-status 299",
    "set-status 503 reason \"Own words\"",
    "set-var(res.s) status,add(1)",
    "capture res.hdr(server) id 0",
    "deny",
    "deny deny_status 500",
    "return status 200 content-type text/plain string instead",
    "allow",
];

const RESPONSE_CONDITIONS: &[&str] = &[
    "if { status 404 }",
    "if { status ge 400 }",
    "unless { status 200 }",
    "if { res.hdr(x-dup) -m found }",
    "if { res.hdr_cnt(x-dup) 2 }",
    "if { var(txn.v) -m found }",
    "if { res.ver 1.0 }",
];

const FRONTEND_OPTIONS: &[&str] = &[
    "option forwardfor",
    "option forwardfor header X-Client",
    "option forwardfor except 127.0.0.0/8",
    "option forwardfor if-none",
    "option originalto",
    "option http-server-close",
    "option httpclose",
    "option http-keep-alive",
    "option http-buffer-request",
    "option http-ignore-probes",
    "option http-no-delay",
    "option http-restrict-req-hdr-names delete",
    "option http-restrict-req-hdr-names reject",
    "option h1-case-adjust-bogus-client",
    "option http-drop-response-trailers",
    "option accept-unsafe-violations-in-http-request",
    "http-error status 400 content-type text/plain string bad",
    "http-error status 403 content-type text/plain lf-string \"no %[path]\" hdr X-Why %[method]",
    "http-error status 502",
    "errorloc 400 /sorry",
    "monitor fail if { hdr(x-api) 1 }",
    "option dontlognull",
    "option log-separate-errors",
    "capture request header Host len 12",
    "capture request header X-Many len 5",
    "capture response header Server len 8",
    "capture cookie sid len 6",
    "monitor-uri /mon",
    "http-after-response set-header X-After a",
    "http-after-response set-header X-After %[status] if { status ge 300 }",
    "http-after-response del-header X-Dup",
    "http-after-response add-header X-Dup after",
    "tcp-request content accept if HTTP",
    "tcp-request inspect-delay 5s",
    "tcp-request connection set-var(sess.p) dst_port",
    "maxconn 100",
    "tcp-request connection set-src ipv4(192.0.2.55)",
    "tcp-request connection set-dst ipv4(198.51.100.7)",
    "http-request set-src ipv4(192.0.2.56) if { path_beg /api }",
    "option clitcpka",
    "option tcp-smart-accept",
    "option splice-auto",
    "option http-use-proxy-header",
    "option idle-close-on-response",
    "option disable-h2-upgrade",
    "option http-restrict-req-hdr-names preserve",
    "option originalto except 198.51.100.0/24",
    "option forwardfor header X-Client if-none",
    "option forwardfor except 192.0.2.9",
    "option socket-stats",
    "option abortonclose",
    "errorloc302 403 /sorry",
    "errorloc303 404 http://sorry.example/",
    "errorfile 403 {page}",
    "http-error status 404 errorfile {page}",
    "http-error status 500 default-errorfiles",
    "monitor fail if { nbsrv({0}) lt 1 }",
    "monitor-uri /api/x",
    "unique-id-format %{+X}ci:%[path,length]:%f",
    "unique-id-header X-Uid",
    "rate-limit sessions 400",
    "rate-limit sessions 80",
    "capture request header User-Agent len 64",
    "capture response header X-Dup len 20",
    "capture cookie SRV= len 20",
    "id 90{unit}",
    "tcp-request inspect-delay 200ms",
];

const BACKEND_OPTIONS: &[&str] = &[
    "option forwardfor",
    "option http-server-close",
    "option httpclose",
    "option http-pretend-keepalive",
    "option redispatch",
    "option redispatch 1",
    "option redispatch -2",
    "retries 2",
    "retry-on none",
    "retry-on 404 500 503",
    "retry-on junk-response empty-response",
    "fullconn 20",
    "no option abortonclose",
    "timeout queue 5s",
    "http-reuse never",
    "http-reuse always",
    "option srvtcpka",
    "option tcp-smart-connect",
    "source 127.0.0.1",
    "http-send-name-header X-Server",
    "option http-restrict-req-hdr-names delete",
    "option h1-case-adjust-bogus-server",
    "option http-drop-request-trailers",
    "option accept-unsafe-violations-in-http-response",
    "http-error status 403 default-errorfiles",
    "http-error status 502 content-type text/plain lf-string \"%[capture.req.uri] %[be_name]\"",
    "option persist",
    "option prefer-last-server",
    "ignore-persist if { path_beg /api }",
    "force-persist unless { path_beg /api }",
    "ignore-persist if METH_POST",
    "errorloc 502 /sorry",
    "errorloc303 503 /sorry",
    "errorloc302 502 http://sorry.example/%[path]",
    "errorfile 503 {page}",
    "errorfile 502 {page}",
    "http-error status 504 errorfile {page}",
    "http-error status 503 content-type text/plain lf-file {page} hdr X-Why busy",
    "option checkcache",
    "option forwarded",
    "option forwarded proto host by for",
    "option originalto header X-To",
    "option originalto except 127.0.0.1",
    "option http-keep-alive",
    "option http-no-delay",
    "option http-restrict-req-hdr-names preserve",
    "option use-small-buffers",
    "option log-health-checks",
    "persist rdp-cookie",
    "http-reuse safe",
    "timeout server 15s",
    "option http-buffer-request",
    "option abortonclose",
    "max-keep-alive-queue 1",
    "description some words",
    "load-server-state-from-file none",
];

const USE_SERVER: &[&str] =
    &["if { path_beg /api }", "unless { path_beg /api }", "if METH_POST", "if { req.cook(SRV) c1 }"];

const COOKIES: &[&str] = &[
    "cookie SRV",
    "cookie SRV indirect",
    "cookie SRV indirect preserve",
    "cookie SRV rewrite",
    "cookie SRV insert",
    "cookie SRV insert indirect",
    "cookie SRV insert indirect nocache",
    "cookie SRV insert postonly",
    "cookie SRV insert preserve",
    "cookie SRV insert indirect preserve nocache",
    "cookie SRV insert nocache httponly secure",
    "cookie SRV insert domain .example.com domain b.example attr SameSite=Lax attr X",
    "cookie sid prefix",
    "cookie sid prefix indirect",
    "cookie sid prefix indirect preserve",
    "cookie sid insert",
    "cookie SRV insert maxidle 10m",
    "cookie SRV insert indirect maxlife 1h",
    "cookie SRV insert indirect maxidle 1000d maxlife 1000d",
    "cookie SRV rewrite nocache",
    "cookie sid prefix nocache",
];

/// Algorithms to choose from, and what makes a response one that is compressed.
const COMPRESSION: &[&str] = &[
    "compression algo gzip",
    "compression algo gzip deflate",
    "compression algo raw-deflate gzip",
    "compression algo identity",
    "compression algo deflate identity",
];

const COMPRESSION_MORE: &[&str] =
    &["compression offload", "compression type text/plain", "compression type text/ application/json"];

/// The compression of a proxy, in some of them.
fn compression_lines(random: &mut Random) -> Vec<String> {
    let mut lines = Vec::new();
    if random.chance(12) {
        lines.push(random.pick(COMPRESSION).to_owned());
        if random.chance(50) {
            lines.push(random.pick(COMPRESSION_MORE).to_owned());
        }
    }
    lines
}

/// A new unit.
pub(crate) fn unit(random: &mut Random) -> Unit {
    let mut unit = if random.chance(6) { tcp_unit(random) } else { http_unit(random) };
    balance::troubles(&mut unit, random);
    if !unit.is_tcp {
        tables::add(&mut unit, random);
    }
    balance::say_aborts(&mut unit, random);
    unit
}

fn http_unit(random: &mut Random) -> Unit {
    let mut unit = Unit { greeting: greeting::pick(random), bind: link::bind(random), ..Unit::default() };
    unit.defaults.extend(log_line::lines(random));
    unit.defaults.extend(link::timeouts(random));
    unit.frontend.extend(ACLS.iter().map(|line| (*line).to_owned()));
    for _ in 0..random.below(4) {
        unit.frontend.push(random.pick(FRONTEND_OPTIONS).to_owned());
    }
    unit.frontend.extend(link::front(random));
    for _ in 0..if random.actions { random.below(3) } else { 0 } {
        unit.frontend.push(random.pick(actions::LINES).to_owned());
    }
    for _ in 0..random.below(5) {
        unit.frontend.push(request_rule(random));
    }
    for _ in 0..random.below(3) {
        unit.frontend.push(response_rule(random));
    }
    unit.frontend.extend(compression_lines(random));
    let backends = 1 + random.below(3);
    for backend in 1..backends {
        let condition = match condition(random) {
            words if words.is_empty() => format!(" if {{ path_beg /b{backend} }}"),
            words => words,
        };
        unit.frontend.push(format!("use_backend {{{backend}}}{condition}"));
    }
    if random.chance(92) {
        unit.frontend.push("default_backend {0}".to_owned());
    }
    unit.backends = (0..backends).map(|_| backend(random)).collect();
    unit.is_listen = backends == 1 && random.chance(15);
    if unit.is_listen {
        unit.frontend.retain(|line| !line.starts_with("default_backend"));
    }
    drop_clashes(&mut unit);
    unit
}

/// A capture into slot 0 needs a declared slot; two declarations of one option only repeat themselves.
fn drop_clashes(unit: &mut Unit) {
    let slots = unit.frontend.iter().any(|line| line.starts_with("capture response"));
    let keep = |line: &String| slots || !line.contains("id 0");
    unit.frontend.retain(keep);
    for backend in &mut unit.backends {
        backend.lines.retain(keep);
    }
}

fn request_rule(random: &mut Random) -> String {
    let rules = match () {
        () if random.actions && random.chance(35) => actions::REQUEST,
        () if random.chance(10) => lists::RULES,
        () => REQUEST_RULES,
    };
    let rule = random.pick(rules);
    // Some rules are made for the condition they have.
    if rule.contains(" if ") {
        return format!("http-request {rule}");
    }
    let mut words = condition(random);
    while words.is_empty() && FINAL.iter().any(|end| rule.starts_with(end)) {
        words = condition(random);
    }
    format!("http-request {rule}{words}")
}

fn response_rule(random: &mut Random) -> String {
    let rules = if random.actions && random.chance(35) { actions::RESPONSE } else { RESPONSE_RULES };
    let rule = random.pick(rules);
    let needs = FINAL.iter().any(|end| rule.starts_with(end));
    match needs || random.chance(50) {
        true => format!("http-response {rule} {}", random.pick(RESPONSE_CONDITIONS)),
        false => format!("http-response {rule}"),
    }
}

fn backend(random: &mut Random) -> Backend {
    let mut backend = Backend::default();
    backend.lines.extend(balance::lines(random));
    for _ in 0..random.below(3) {
        backend.lines.push(random.pick(BACKEND_OPTIONS).to_owned());
    }
    backend.lines.extend(link::back(random));
    for _ in 0..random.below(3) {
        backend.lines.push(request_rule_of_backend(random));
    }
    for _ in 0..random.below(2) {
        backend.lines.push(response_rule(random));
    }
    backend.lines.extend(compression_lines(random));
    let with_cookie = random.chance(35);
    if with_cookie {
        backend.lines.push(random.pick(COOKIES).to_owned());
    }
    for server in 0..random.below(3) + usize::from(random.chance(95)) {
        let mut settings = String::new();
        if with_cookie && random.chance(90) {
            settings.push_str(&format!(" cookie c{server}"));
        }
        settings.push_str(random.pick(&[
            "",
            "",
            "",
            "",
            " weight 3",
            " weight 0",
            " backup",
            " disabled",
            " maxconn 5",
        ]));
        settings.push_str(balance::share(random));
        settings.push_str(&link::server(random));
        backend.servers.push(settings);
    }
    backend.servers.truncate(2);
    link::template(random, &mut backend);
    // Of two servers, which one it is shows too much; and HAProxy 3.5-dev5 never gives back the places that redirected
    // requests take.
    let counts_places = |line: &String| {
        line == "balance leastconn" || line.starts_with("hash-balance-factor") || line.contains("maxconn")
    };
    if let [only] = &mut *backend.servers
        && !only.contains("maxconn")
        && !backend.lines.iter().any(counts_places)
        && random.chance(10)
    {
        only.push_str(random.pick(&[" redir http://there.example", " redir /"]));
    }
    if !backend.servers.is_empty() && random.chance(12) {
        let server = random.below(backend.servers.len());
        backend.lines.push(format!("use-server s{server} {}", random.pick(USE_SERVER)));
    }
    backend
}

fn request_rule_of_backend(random: &mut Random) -> String {
    loop {
        let rule = request_rule(random);
        // ACLs by name and new captures belong to the frontend.
        if !rule.contains("is_") && !rule.contains("capture") {
            return rule;
        }
    }
}

/// Rules that look at a client's first bytes, decided by the time it says no more.
const CONTENT_RULES: &[&str] = &[
    "accept if HTTP",
    "accept if { req.len gt 20 }",
    "accept if { req.payload(0,1) -m found }",
    "reject if { req.payload(0,3) -m str PUT }",
    "reject if { req.payload(0,0) -m sub x-many }",
    "reject if { path_beg /api }",
    "reject if { method HEAD }",
    "reject if !HTTP",
    "reject if { req.ssl_hello_type 1 }",
];

fn tcp_unit(random: &mut Random) -> Unit {
    let mut unit =
        Unit { is_tcp: true, greeting: greeting::pick(random), bind: link::bind(random), ..Unit::default() };
    unit.defaults.extend(log_line::of_bytes(random));
    unit.defaults.extend(link::timeouts(random));
    if random.chance(30) {
        unit.frontend.push("tcp-request connection reject if { src 192.0.2.1 }".to_owned());
    }
    if random.chance(60) {
        unit.frontend.push("tcp-request inspect-delay 5s".to_owned());
        for _ in 0..1 + random.below(2) {
            unit.frontend.push(format!("tcp-request content {}", random.pick(CONTENT_RULES)));
        }
    }
    let algorithm = random.pick(&[
        "roundrobin",
        "leastconn",
        "source",
        "first",
        "rdp-cookie",
        "rdp-cookie(mstshash)",
        "static-rr",
        "hash src",
    ]);
    if algorithm.starts_with("rdp-cookie") {
        // Whether bytes are there that nothing waits for is a matter of luck.
        unit.frontend.push("tcp-request inspect-delay 5s".to_owned());
        unit.frontend.push("tcp-request content accept if { req.len gt 0 }".to_owned());
    }
    unit.frontend.push("default_backend {0}".to_owned());
    let mut lines = vec![format!("balance {algorithm}")];
    lines.extend(link::bytes(random));
    unit.backends.push(Backend { lines, servers: vec![link::server(random), link::server(random)] });
    unit
}

impl Backend {
    /// Its lines and servers. `{origin}` in a line stands for the port of its first server; a server that is `{mapped}`
    /// is reached at the client's port and an offset; at
    /// that of one that is `{refused}` nobody listens.
    fn write(&self, text: &mut String, bind: u16, origins: &mut impl Iterator<Item = u16>) {
        let ports: Vec<u16> = self.servers.iter().map(|_| origins.next().unwrap_or_default()).collect();
        let first = ports.first().copied().unwrap_or(1).to_string();
        for line in &self.lines {
            text.push_str(&format!("    {}\n", line.replace("{origin}", &first)));
        }
        for (server, (settings, port)) in self.servers.iter().zip(ports).enumerate() {
            let (settings, port) = if let Some(rest) = settings.strip_prefix(" {mapped}") {
                (rest, format!("{:+}", i32::from(port) - i32::from(bind)))
            } else if let Some(rest) = settings.strip_prefix(" {refused}") {
                (rest, "1".to_owned())
            } else {
                (settings.as_str(), port.to_string())
            };
            text.push_str(&format!("    server s{server} 127.0.0.1:{port}{settings}\n"));
        }
    }
}

impl Unit {
    /// The sections of the unit. `{N}` in a frontend's line stands for the name of its Nth backend.
    pub(crate) fn text(&self, place: &Place<'_>) -> String {
        let index = place.index;
        let mode = if self.is_tcp { "tcp" } else { "http" };
        let mut text = format!(
            "defaults d{index}\n    mode {mode}\n    log global\n    timeout connect 5s\n    timeout client 20s\n    \
             timeout server 20s\n"
        );
        for line in &self.defaults {
            text.push_str(&format!("    {line}\n"));
        }
        let kind = if self.is_listen { "listen" } else { "frontend" };
        text.push_str(&format!(
            "\n{kind} f{index} from d{index}\n    bind 127.0.0.1:{}{}{}\n",
            place.bind,
            self.greeting.bind(),
            self.bind
        ));
        for line in &self.frontend {
            let mut line = line.clone();
            for backend in 0..self.backends.len() {
                line = line.replace(&format!("{{{backend}}}"), &format!("u{index}_b{backend}"));
            }
            text.push_str(&format!("    {line}\n"));
        }
        let mut origins = place.origins.iter().copied();
        for (number, backend) in self.backends.iter().enumerate() {
            if !self.is_listen {
                text.push_str(&format!("\nbackend u{index}_b{number} from d{index}\n"));
            }
            backend.write(&mut text, place.bind, &mut origins);
        }
        text.push('\n');
        lists::placed(&text).replace("{log}", &place.log.to_string()).replace("{unit}", &index.to_string())
    }

    /// One that is nothing like others: what a program serves before it has a unit applied.
    pub(crate) fn stand_in() -> Unit {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Unit {
            defaults: lines(&["timeout http-request 1s", "option httplog"]),
            frontend: lines(&["http-request return status 418 if { path /tea }", "default_backend {0}"]),
            backends: vec![Backend {
                lines: lines(&["balance leastconn", "stick-table type string len 8 size 100 store gpc1"]),
                servers: lines(&[" weight 7", " backup"]),
            }],
            ..Unit::default()
        }
    }

    /// Takes out the lines that may not be written.
    pub(crate) fn leave_out(&mut self, unwanted: impl Fn(&str) -> bool) {
        let backends = self.backends.iter_mut().map(|backend| &mut backend.lines);
        for lines in backends.chain([&mut self.defaults, &mut self.frontend]) {
            lines.retain(|line| !unwanted(line));
        }
        let servers = self.backends.iter_mut().flat_map(|backend| &mut backend.servers);
        for settings in servers.chain([&mut self.bind]) {
            if unwanted(settings) {
                settings.clear();
            }
        }
    }

    /// Every unit that lacks one line, or one server, of this one.
    pub(crate) fn smaller(&self) -> Vec<Unit> {
        let mut all = Vec::new();
        for number in 0..self.backends.len() {
            let mut unit = self.clone();
            unit.backends[number].lines.retain(|line| line.starts_with("balance"));
            unit.backends[number].servers.clear();
            all.push(unit);
        }
        for at in 0..self.frontend.len() {
            let mut unit = self.clone();
            unit.frontend.remove(at);
            all.push(unit);
        }
        for (number, backend) in self.backends.iter().enumerate() {
            // The balance line stays: without it the choice would be at random.
            for at in (0..backend.lines.len()).filter(|&at| !backend.lines[at].starts_with("balance")) {
                let mut unit = self.clone();
                unit.backends[number].lines.remove(at);
                all.push(unit);
            }
            for at in 0..backend.servers.len() {
                let mut unit = self.clone();
                unit.backends[number].servers.remove(at);
                all.push(unit);
            }
        }
        all
    }
}

/// Who may come in: joe with `secret`, ann with `a:b`.
const PEOPLE: &str = "userlist people\n    group staff users joe\n    user joe insecure-password secret\n    \
                      user ann password $5$rounds=1000$saltstring$BZwFuI7Mahc9GnQg5dYZ7huu8xaN2D6wzm3FKy0RMR8\n";

/// The top of every file.
pub(crate) fn global(log: u16) -> String {
    let names = ["X-Many", "X-Dup", "X-T", "Content-Length", "Host"];
    let adjust = names.map(|name| format!("    h1-case-adjust {} {name}\n", name.to_ascii_lowercase()));
    format!(
        "global\n    log 127.0.0.1:{log} local0\n    nbthread 1\n    expose-experimental-directives\n    maxconn 2000\n{}\n{PEOPLE}\n{}\n",
        adjust.concat(),
        link::pages()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_stay_within_their_servers_and_names() {
        let random = Random::new(1);
        for index in 0..500 {
            let unit = unit(&mut random.part(index));
            let servers: usize = unit.backends.iter().map(|backend| backend.servers.len()).sum();
            assert!(servers <= SERVERS_MAX);
            let place = Place { index, bind: 1, log: 3, origins: &[2; SERVERS_MAX] };
            let text = unit.text(&place);
            assert!(!text.contains("{0}") && !text.contains("127.0.0.1:0"), "{text}");
            let marks = ["{origin}", "{mapped}", "{refused}", "{log}", "{unit}"];
            assert!(!marks.iter().any(|mark| text.contains(mark)), "{text}");
            assert!(unit.smaller().iter().all(|smaller| smaller.text(&place).len() <= text.len()));
        }
    }
}
