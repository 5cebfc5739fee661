//! What is measured: the cases, and the configuration each program gets for them.

use std::fmt::Write;

use super::policy;

/// Backends of the large configuration, with five servers each and a `use_backend` rule each.
pub(crate) const BACKENDS: usize = 10_000;
const SERVERS_EACH: usize = 5;
/// Backends, each with a rule by host, of the case that chooses among many.
const HOSTS: usize = 1_000;
/// Connections of the idle case.
pub(crate) const IDLE: usize = 10_000;

/// How a case is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Closed loop; with `latency` also a run at 70 % of what the slowest program did, for the latencies.
    Load { connections: usize, keep_alive: bool, latency: bool },
    /// h2load, with HTTP/2 from clients, to servers, or both.
    Http2 { front: bool, back: bool },
    /// Memory of [`IDLE`] connections that have each had one answer.
    Idle,
    /// A stick table of a million keys: CPU and memory of filling it, then CPU of requests that look keys up.
    Table,
    /// The large configuration: time until it listens, memory, CPU of a request that hits the last rule.
    Large,
}

/// What the proxy does besides forwarding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Plain,
    /// `option httplog` to a UDP socket of this machine.
    Log,
    /// The log, three ACLs, a header set on the request and one on the response.
    Rules,
    /// As `Rules`; a cookie in the request, and one in the response that names the server.
    Cookies,
    /// As `Cookies`, with the backend chosen by host among [`HOSTS`].
    Hosts,
    /// The log and the large rule set of [`policy::large`].
    Policy,
    /// The log and rules that never apply ([`policy::unmatched`]).
    Unmatched,
    /// Bodies are compressed with gzip.
    Compression,
    /// Answers come out of the cache.
    Cache,
    /// Look-ups in two maps of a million entries ([`policy::lists`]).
    Lists,
    /// A stick table of a million entries ([`policy::table`]).
    Table,
}

impl Work {
    fn has_rules(self) -> bool {
        matches!(
            self,
            Work::Rules
                | Work::Cookies
                | Work::Hosts
                | Work::Policy
                | Work::Unmatched
                | Work::Lists
                | Work::Table
        )
    }

    fn logs(self) -> bool {
        !matches!(self, Work::Plain | Work::Compression | Work::Cache)
    }

    fn has_cookies(self) -> bool {
        matches!(self, Work::Cookies | Work::Hosts)
    }
}

/// One case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    pub(crate) work: Work,
    pub(crate) path: &'static str,
    /// Worker threads of the proxy; more than one share the cores with load and origin.
    pub(crate) threads: usize,
}

const fn keep_alive(connections: usize) -> Kind {
    Kind::Load { connections, keep_alive: true, latency: true }
}

/// A small GET on 64 connections, answered by one thread.
const fn small(name: &'static str, title: &'static str, work: Work) -> Case {
    Case { name, title, kind: keep_alive(64), work, path: "/", threads: 1 }
}

/// Every case, in the order they run and are reported.
pub(crate) const ALL: &[Case] = &[
    small("small", "small GET, keep-alive, 64 connections", Work::Plain),
    small("log", "small GET with httplog", Work::Log),
    small("rules", "small GET with httplog, 3 ACLs, 2 headers set", Work::Rules),
    small("cookies", "the same with a cookie on both sides", Work::Cookies),
    small("hosts", "the same with 1,000 backends chosen by host", Work::Hosts),
    small(
        "rules-large",
        "httplog, 200 ACL rules (50 regexes), 3 maps, 2 stick counters, 20 headers",
        Work::Policy,
    ),
    small("rules-unmatched", "httplog and 200 rules that never apply", Work::Unmatched),
    Case { threads: 2, ..small("threads", "small GET, two threads, load on the same cores", Work::Plain) },
    Case { path: "/16k", ..small("16k", "16 KiB body, keep-alive, 64 connections", Work::Plain) },
    Case {
        kind: Kind::Load { connections: 64, keep_alive: true, latency: false },
        path: "/text",
        ..small("gzip", "16 KiB of text, compressed with gzip", Work::Compression)
    },
    Case { path: "/16k", ..small("cache", "16 KiB body out of the cache", Work::Cache) },
    Case {
        kind: Kind::Load { connections: 16, keep_alive: true, latency: false },
        path: "/1m",
        ..small("1m", "1 MiB body, keep-alive, 16 connections", Work::Plain)
    },
    Case {
        kind: Kind::Load { connections: 64, keep_alive: false, latency: true },
        ..small("close", "small GET, no keep-alive, 64 connections", Work::Plain)
    },
    Case {
        kind: Kind::Http2 { front: true, back: false },
        ..small("h2-h1", "small GET, HTTP/2, 4 x 100 streams", Work::Plain)
    },
    Case {
        kind: Kind::Http2 { front: false, back: true },
        ..small("h1-h2", "small GET, HTTP/2 to the server", Work::Plain)
    },
    Case {
        kind: Kind::Http2 { front: true, back: true },
        ..small("h2-h2", "small GET, HTTP/2 on both sides", Work::Plain)
    },
    Case { kind: Kind::Idle, ..small("idle", "10,000 idle connections", Work::Plain) },
    Case {
        kind: Kind::Large,
        ..small("large", "10,000 backends of 5 servers, 10,000 use_backend rules", Work::Plain)
    },
    Case {
        kind: Kind::Large,
        ..small(
            "lists",
            "two maps of 1,000,000 strings and addresses, 8 random look-ups in each",
            Work::Lists,
        )
    },
    TABLE,
    Case { name: "table-threads", threads: 2, ..TABLE },
];

const TABLE: Case = Case {
    kind: Kind::Table,
    ..small("table", "a stick table of 1,000,000 addresses, 100 random look-ups", Work::Table)
};

/// Where the programs of a run find each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports<'a> {
    /// Where files that the configuration names are.
    pub(crate) folder: &'a str,
    pub(crate) bind: u16,
    pub(crate) origins: &'a [u16],
    pub(crate) log: u16,
}

impl Case {
    /// The request every program gets.
    pub(crate) fn request(&self) -> Vec<u8> {
        let host = match self.kind {
            Kind::Large => format!("h{}.example", BACKENDS - 1),
            _ if self.work == Work::Hosts => format!("h{}.example", HOSTS - 1),
            _ => "www.example".to_owned(),
        };
        let connection = match self.kind {
            Kind::Load { keep_alive: false, .. } => "Connection: close\r\n",
            _ => "",
        };
        let cookie =
            if self.work.has_cookies() { "Cookie: theme=dark; session=0123456789abcdef\r\n" } else { "" };
        let encoding = if self.work == Work::Compression { "Accept-Encoding: gzip\r\n" } else { "" };
        format!(
            "GET {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench/1\r\nAccept: */*\r\n{encoding}{cookie}{connection}\r\n",
            self.path
        )
        .into_bytes()
    }

    /// haproxy.cfg for the case.
    pub(crate) fn haproxy_cfg(&self, ports: &Ports<'_>) -> String {
        // Where the hard limit of open files is low, a maxconn for 10,000 connections is a warning, no error.
        let threads = self.threads;
        let mut text = format!("global\n    nbthread {threads}\n    maxconn 10500\n    no strict-limits\n");
        if self.work.logs() {
            line(&mut text, format_args!("    log 127.0.0.1:{} local0", ports.log));
        }
        text.push_str("\ndefaults\n    mode http\n    timeout connect 10s\n    timeout client 2m\n    timeout server 2m\n");
        if self.work.logs() {
            text.push_str("    log global\n    option httplog\n");
        }
        line(&mut text, format_args!("\nfrontend fe\n    bind 127.0.0.1:{}", ports.bind));
        match self.work {
            Work::Plain | Work::Log => {}
            Work::Compression => text.push_str("    compression algo gzip\n    compression type text/\n"),
            Work::Cache => text.push_str(CACHE),
            Work::Rules | Work::Cookies | Work::Hosts => text.push_str(RULES),
            Work::Policy => text.push_str(&policy::large(ports.folder)),
            Work::Unmatched => text.push_str(&policy::unmatched()),
            Work::Lists => text.push_str(&policy::lists(ports.folder)),
            Work::Table => text.push_str(policy::TABLE),
        }
        match (self.kind, self.work) {
            (Kind::Large, Work::Plain) => many(&mut text, BACKENDS, |text| {
                for server in 0..SERVERS_EACH {
                    let port = ports.origins[server % ports.origins.len()];
                    line(text, format_args!("    server s{server} 127.0.0.1:{port}"));
                }
            }),
            (_, Work::Table) => {
                for rules in policy::table_backends() {
                    text.push_str(&rules);
                    self.servers(&mut text, ports);
                }
            }
            (_, Work::Hosts) => many(&mut text, HOSTS, |text| self.servers(text, ports)),
            _ => {
                text.push_str("    default_backend be\n\nbackend be\n    balance roundrobin\n");
                self.servers(&mut text, ports);
            }
        }
        if self.work == Work::Policy {
            text.push_str(policy::TABLES);
        }
        if self.work == Work::Cache {
            text.push_str(
                "\ncache store\n    total-max-size 64\n    max-object-size 100000\n    max-age 3600\n",
            );
        }

        text
    }

    /// Files beside the configuration: name and content.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        match self.work {
            Work::Policy => policy::maps(),
            Work::Lists => policy::long_maps(),
            _ => Vec::new(),
        }
    }

    /// A server for each origin, which a cookie names where the case has cookies.
    fn servers(&self, text: &mut String, ports: &Ports<'_>) {
        if self.work.has_cookies() {
            text.push_str("    cookie SRV insert indirect nocache\n");
        }
        for (index, port) in ports.origins.iter().enumerate() {
            let cookie = if self.work.has_cookies() { format!(" cookie s{index}") } else { String::new() };
            let proto = if matches!(self.kind, Kind::Http2 { back: true, .. }) { " proto h2" } else { "" };
            line(text, format_args!("    server s{index} 127.0.0.1:{port}{proto}{cookie}"));
        }
    }

    /// nginx.conf for the case; none where nginx has no equal.
    pub(crate) fn nginx_conf(&self, ports: &Ports<'_>, folder: &str) -> Option<String> {
        let log = match (self.kind, self.work) {
            _ if self.threads > 1 || self.work.has_rules() => return None,
            (_, Work::Compression | Work::Cache) => return None,
            (Kind::Large | Kind::Http2 { .. }, _) => return None,
            (_, Work::Plain) => "off".to_owned(),
            _ => format!("syslog:server=127.0.0.1:{},facility=local0 combined", ports.log),
        };
        let servers: String = ports.origins.iter().map(|port| format!("server 127.0.0.1:{port}; ")).collect();
        Some(format!(
            "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr error;\n\
             worker_rlimit_nofile 65536;\nevents {{ worker_connections 24000; }}\n\
             http {{\n  access_log {log};\n  client_body_temp_path {folder}/body;\n  proxy_temp_path {folder}/proxy;\n\
             \x20 fastcgi_temp_path {folder}/fastcgi;\n  uwsgi_temp_path {folder}/uwsgi;\n  scgi_temp_path {folder}/scgi;\n\
             \x20 keepalive_timeout 120s;\n  keepalive_requests 1000000000;\n\
             \x20 upstream be {{ {servers}keepalive 64; keepalive_requests 1000000000; }}\n\
             \x20 server {{\n    listen 127.0.0.1:{};\n    location / {{\n      proxy_pass http://be;\n\
             \x20     proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      proxy_set_header Host $host;\n\
             \x20   }}\n  }}\n}}\n",
            ports.bind
        ))
    }
}

const CACHE: &str = "    http-request cache-use store
    http-response set-header Cache-Control max-age=3600
    http-response cache-store store
";

const RULES: &str = "    acl is_api path_beg /api/ /v1/ /v2/
    acl is_admin hdr(host) -i admin.example ops.example
    acl is_robot hdr_sub(user-agent) -i crawler spider
    http-request deny if is_robot
    http-request set-header X-Kind api if is_api or is_admin
    http-request set-header X-Forwarded-Proto http
    http-response set-header X-Served-By bench
";

/// As many backends, each chosen by a host of its own; `servers` writes what is in one.
fn many(text: &mut String, count: usize, servers: impl Fn(&mut String)) {
    for index in 0..count {
        line(text, format_args!("    use_backend be_{index} if {{ hdr(host) -i h{index}.example }}"));
    }
    for index in 0..count {
        line(text, format_args!("\nbackend be_{index}"));
        servers(text);
    }
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    writeln!(text, "{words}").expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_different_and_configurations_whole() {
        let ports = Ports { folder: "/tmp", bind: 1, origins: &[2, 3], log: 4 };
        for (index, case) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.name != case.name));
            let cfg = case.haproxy_cfg(&ports);
            assert!(cfg.contains("server s0 127.0.0.1:2"), "{}", case.name);
            assert_eq!(cfg.contains("option httplog"), case.work.logs());
        }
    }
}
