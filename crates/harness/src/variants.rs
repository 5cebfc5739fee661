//! Configurations that differ from each other by what people change: frontends, addresses, backends, servers, rules,
//! weights, maps, certificates, tables, logs, resolvers, defaults, limits come and go. All of them serve the same clients
//! in the same way.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// What all variants have in common.
#[derive(Clone, Debug)]
pub struct Variants {
    /// Lines of `global`.
    pub global: String,
    /// Where the clients go, in every variant.
    pub port: u16,
    /// Where clients of TLS go, and the files of certificates that take each other's place there.
    pub secure: Option<(u16, Vec<PathBuf>)>,
    /// Where [`Variants::write_maps`] wrote.
    pub maps: Option<PathBuf>,
    /// Ports that frontends and addresses may come and go on.
    pub spare: Vec<u16>,
    /// The origin's ports.
    pub origins: Vec<u16>,
    /// Backends that nobody uses, beside the one that serves.
    pub idle_backends: usize,
}

impl Variants {
    /// Writes the maps that variants read into a folder.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_maps(folder: &Path) -> io::Result<()> {
        for n in 0..MAPS {
            let lines: String = (0..=n * 50).map(|key| format!("/m{key} value-{n}\n")).collect();
            std::fs::write(folder.join(format!("{n}.map")), lines)?;
        }
        Ok(())
    }

    /// The variant of this number; neighbours always differ.
    #[must_use]
    pub fn text(&self, number: u64) -> String {
        let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut out = format!("global\n{}", self.global);
        settings(&mut random, &mut out);
        self.clients(number, &mut random, &mut out);
        self.visitors(&mut random, &mut out);
        self.servers(&mut random, &mut out);
        for n in 0..self.idle_backends {
            let _ = write!(out, "backend idle{n}\n  server a 127.0.0.1:1 weight {}\n", 1 + random.below(2));
            out.push_str("  server b 127.0.0.1:1\n");
        }
        let _ = write!(out, "backend only-{number}\n  server s 127.0.0.1:1\n");
        out
    }

    /// The frontend that serves.
    fn clients(&self, number: u64, random: &mut Random, out: &mut String) {
        // Writing to a string never fails, here and below.
        let _ = write!(out, "frontend web\n  bind 127.0.0.1:{}\n", self.port);
        if let Some((port, certificates)) = &self.secure
            && let Some(file) = certificates.get(random.below(certificates.len()))
        {
            let _ = writeln!(out, "  bind 127.0.0.1:{port} ssl crt {} alpn h2,http/1.1", file.display());
        }
        if let Some(port) = self.spare.first().filter(|_| random.one_in(2)) {
            let _ = writeln!(out, "  bind 127.0.0.1:{port}");
        }
        for n in 0..random.below(4) {
            let _ = writeln!(out, "  http-request set-header x-rule-{n} {number} if {{ path_beg /{n} }}");
        }
        if let Some(folder) = &self.maps {
            let file = folder.join(format!("{}.map", random.below(MAPS)));
            let _ = writeln!(out, "  http-request set-var(txn.map) path,map({},none)", file.display());
        }
        let _ = writeln!(out, "  http-request set-var(txn.v{}) str(x)", random.below(8));
        out.push_str("  http-request track-sc0 src table app\n  default_backend app\n");
    }

    /// Frontends that come and go.
    fn visitors(&self, random: &mut Random, out: &mut String) {
        for port in self.spare.iter().skip(1) {
            if random.one_in(2) {
                let name = random.below(1000);
                let _ = write!(out, "frontend f{name}-{port}\n  bind 127.0.0.1:{port}\n");
                out.push_str("  http-request return status 200\n");
            }
        }
    }

    /// The backend that serves.
    fn servers(&self, random: &mut Random, out: &mut String) {
        let balance = ["roundrobin", "leastconn", "random", "source"];
        let chosen = balance.get(random.below(4)).copied().unwrap_or("random");
        let _ = write!(out, "backend app\n  balance {chosen}\n");
        let (size, hours) = (1 + random.below(3), 1 + random.below(2));
        let _ = writeln!(out, "  stick-table type ip size {size}k expire {hours}h store http_req_cnt");
        let stays = self.origins.first().copied().unwrap_or(1);
        let weight = 1 + random.below(100);
        let _ = writeln!(out, "  server stays 127.0.0.1:{stays} weight {weight} check inter 1h maxconn 40");
        for n in 0..random.below(5) {
            let at = random.below(self.origins.len().max(1));
            let port = self.origins.get(at).copied().unwrap_or(1);
            let _ = writeln!(out, "  server s{n} 127.0.0.1:{port} weight {}", 1 + random.below(9));
        }
    }
}

/// How many maps take each other's place.
const MAPS: usize = 4;

/// What is said before the first proxy.
fn settings(random: &mut Random, out: &mut String) {
    if random.one_in(2) {
        let _ = writeln!(out, "  maxconn {}", 1000 + random.below(3));
    }
    if random.one_in(2) {
        let _ = writeln!(out, "  tune.http.maxhdr {}", 101 + random.below(3));
    }
    if random.one_in(3) {
        // Nobody listens at the discard port of this machine: messages are lost, as those of UDP may be.
        out.push_str("  log 127.0.0.1:9 local0\n");
    }
    if random.one_in(2) {
        let _ = write!(out, "resolvers names{}\n  nameserver one 127.0.0.1:9\n", random.below(3));
    }
    out.push_str(
        "defaults\n  mode http\n  log global\n  timeout server 60s\n  timeout connect 60s\n  option redispatch\n",
    );
    let _ = writeln!(out, "  timeout client {}s", 60 + random.below(9));
    let _ = writeln!(out, "  timeout http-keep-alive {}s", 60 + random.below(9));
    if random.one_in(3) {
        out.push_str("  option httplog\n");
    }
    if random.one_in(3) {
        out.push_str("  option forwardfor\n");
    }
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % limit.max(1)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_differ_and_repeat() {
        let variants = Variants {
            global: String::new(),
            port: 1,
            secure: Some((6, vec!["a.pem".into(), "b.pem".into()])),
            maps: Some("maps".into()),
            spare: vec![2, 3, 4],
            origins: vec![5],
            idle_backends: 2,
        };
        assert_eq!(variants.text(7), variants.text(7));
        assert!((0..50).all(|n| variants.text(n) != variants.text(n + 1)));
    }
}
