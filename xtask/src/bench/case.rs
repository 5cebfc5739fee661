//! What is measured: the cases, and the configuration each program gets for them.

use std::fmt::Write;

/// Backends of the large configuration, with five servers each and a `use_backend` rule each.
pub(crate) const BACKENDS: usize = 10_000;
const SERVERS_EACH: usize = 5;
/// Connections of the idle case.
pub(crate) const IDLE: usize = 10_000;

/// How a case is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Closed loop, and when `rate` is not 0 a run at that many requests a second for the latencies.
    Load { connections: usize, keep_alive: bool, rate: u32 },
    /// Memory of [`IDLE`] connections that have each had one answer.
    Idle,
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
}

/// One case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    pub(crate) work: Work,
    pub(crate) path: &'static str,
}

const fn keep_alive(connections: usize, rate: u32) -> Kind {
    Kind::Load { connections, keep_alive: true, rate }
}

/// Every case, in the order they run and are reported.
pub(crate) const ALL: &[Case] = &[
    Case {
        name: "small",
        title: "small GET, keep-alive, 64 connections",
        kind: keep_alive(64, 8000),
        work: Work::Plain,
        path: "/",
    },
    Case {
        name: "log",
        title: "small GET with httplog",
        kind: keep_alive(64, 8000),
        work: Work::Log,
        path: "/",
    },
    Case {
        name: "rules",
        title: "small GET with httplog, 3 ACLs, 2 headers set",
        kind: keep_alive(64, 8000),
        work: Work::Rules,
        path: "/",
    },
    Case {
        name: "16k",
        title: "16 KiB body, keep-alive, 64 connections",
        kind: keep_alive(64, 6000),
        work: Work::Plain,
        path: "/16k",
    },
    Case {
        name: "1m",
        title: "1 MiB body, keep-alive, 16 connections",
        kind: keep_alive(16, 0),
        work: Work::Plain,
        path: "/1m",
    },
    Case {
        name: "close",
        title: "small GET, no keep-alive, 64 connections",
        kind: Kind::Load { connections: 64, keep_alive: false, rate: 4000 },
        work: Work::Plain,
        path: "/",
    },
    Case { name: "idle", title: "10,000 idle connections", kind: Kind::Idle, work: Work::Plain, path: "/" },
    Case {
        name: "large",
        title: "10,000 backends of 5 servers, 10,000 use_backend rules",
        kind: Kind::Large,
        work: Work::Plain,
        path: "/",
    },
];

/// Where the programs of a run find each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports<'a> {
    pub(crate) bind: u16,
    pub(crate) origins: &'a [u16],
    pub(crate) log: u16,
}

impl Case {
    /// The request every program gets.
    pub(crate) fn request(&self) -> Vec<u8> {
        let host = match self.kind {
            Kind::Large => format!("h{}.example", BACKENDS - 1),
            _ => "www.example".to_owned(),
        };
        let connection = match self.kind {
            Kind::Load { keep_alive: false, .. } => "Connection: close\r\n",
            _ => "",
        };
        format!(
            "GET {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench/1\r\nAccept: */*\r\n{connection}\r\n",
            self.path
        )
        .into_bytes()
    }

    /// haproxy.cfg for the case.
    pub(crate) fn haproxy_cfg(&self, ports: &Ports<'_>) -> String {
        // Where the hard limit of open files is low, a maxconn for 10,000 connections is a warning, no error.
        let mut text = String::from("global\n    nbthread 1\n    maxconn 10500\n    no strict-limits\n");
        if self.work != Work::Plain {
            line(&mut text, format_args!("    log 127.0.0.1:{} local0", ports.log));
        }
        text.push_str("\ndefaults\n    mode http\n    timeout connect 10s\n    timeout client 2m\n    timeout server 2m\n");
        if self.work != Work::Plain {
            text.push_str("    log global\n    option httplog\n");
        }
        line(&mut text, format_args!("\nfrontend fe\n    bind 127.0.0.1:{}", ports.bind));
        if self.work == Work::Rules {
            text.push_str(RULES);
        }
        if self.kind == Kind::Large {
            large(&mut text, ports);
        } else {
            text.push_str("    default_backend be\n\nbackend be\n    balance roundrobin\n");
            for (index, port) in ports.origins.iter().enumerate() {
                line(&mut text, format_args!("    server s{index} 127.0.0.1:{port}"));
            }
        }
        text
    }

    /// nginx.conf for the case; none where nginx has no equal.
    pub(crate) fn nginx_conf(&self, ports: &Ports<'_>, folder: &str) -> Option<String> {
        let log = match (self.kind, self.work) {
            (Kind::Large, _) | (_, Work::Rules) => return None,
            (_, Work::Plain) => "off".to_owned(),
            (_, Work::Log) => format!("syslog:server=127.0.0.1:{},facility=local0 combined", ports.log),
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

const RULES: &str = "    acl is_api path_beg /api/ /v1/ /v2/
    acl is_admin hdr(host) -i admin.example ops.example
    acl is_robot hdr_sub(user-agent) -i crawler spider
    http-request deny if is_robot
    http-request set-header X-Kind api if is_api or is_admin
    http-request set-header X-Forwarded-Proto http
    http-response set-header X-Served-By bench
";

fn large(text: &mut String, ports: &Ports<'_>) {
    for index in 0..BACKENDS {
        line(text, format_args!("    use_backend be_{index} if {{ hdr(host) -i h{index}.example }}"));
    }
    for index in 0..BACKENDS {
        line(text, format_args!("\nbackend be_{index}"));
        for server in 0..SERVERS_EACH {
            let port = ports.origins[server % ports.origins.len()];
            line(text, format_args!("    server s{server} 127.0.0.1:{port}"));
        }
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
        let ports = Ports { bind: 1, origins: &[2, 3], log: 4 };
        for (index, case) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.name != case.name));
            let cfg = case.haproxy_cfg(&ports);
            assert!(cfg.contains("server s0 127.0.0.1:2"), "{}", case.name);
            assert_eq!(cfg.contains("option httplog"), case.work != Work::Plain);
        }
    }
}
