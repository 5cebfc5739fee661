//! Configurations that differ from each other by what people change: frontends, addresses, backends, servers, rules,
//! weights, tables, logs come and go. All of them serve the same clients in the same way.

use std::fmt::Write as _;

/// What all variants have in common.
#[derive(Clone, Debug)]
pub struct Variants {
    /// Lines of `global`.
    pub global: String,
    /// Where the clients go, in every variant.
    pub port: u16,
    /// Ports that frontends and addresses may come and go on.
    pub spare: Vec<u16>,
    /// The origin's ports.
    pub origins: Vec<u16>,
    /// Backends that nobody uses, beside the one that serves.
    pub idle_backends: usize,
}

impl Variants {
    /// The variant of this number; neighbours always differ.
    pub fn text(&self, number: u64) -> String {
        let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut out = format!("global\n{}", self.global);
        out.push_str(
            "defaults\n  mode http\n  timeout client 60s\n  timeout server 60s\n  timeout connect 60s\n",
        );
        if random.one_in(3) {
            out.push_str("  option httpslog\n");
        }
        let mut spare = self.spare.iter();
        // Writing to a string never fails.
        let _ = write!(out, "frontend web\n  bind 127.0.0.1:{}\n", self.port);
        if let Some(port) = spare.next().filter(|_| random.one_in(2)) {
            let _ = writeln!(out, "  bind 127.0.0.1:{port}");
        }
        for n in 0..random.below(4) {
            let _ = writeln!(out, "  http-request set-header x-rule-{n} {number} if {{ path_beg /{n} }}");
        }
        let _ = writeln!(out, "  http-request set-var(txn.v{}) str(x)", random.below(8));
        out.push_str("  http-request track-sc0 src table app\n  default_backend app\n");
        for port in spare {
            if random.one_in(2) {
                let name = random.below(1000);
                let _ = write!(out, "frontend f{name}-{port}\n  bind 127.0.0.1:{port}\n");
                out.push_str("  http-request return status 200\n");
            }
        }
        let balance = ["roundrobin", "leastconn", "random", "source"];
        let chosen = balance.get(random.below(4)).copied().unwrap_or("random");
        let _ = write!(out, "backend app\n  balance {chosen}\n");
        out.push_str("  stick-table type ip size 1k expire 1h store http_req_cnt\n  server stays ");
        let stays = self.origins.first().copied().unwrap_or(1);
        let _ = writeln!(out, "127.0.0.1:{stays} weight {} check inter 1h maxconn 40", 1 + random.below(100));
        for n in 0..random.below(5) {
            let at = random.below(self.origins.len().max(1));
            let port = self.origins.get(at).copied().unwrap_or(1);
            let _ = writeln!(out, "  server s{n} 127.0.0.1:{port} weight {}", 1 + random.below(9));
        }
        for n in 0..self.idle_backends {
            let _ = write!(out, "backend idle{n}\n  server a 127.0.0.1:1 weight {}\n", 1 + random.below(2));
            out.push_str("  server b 127.0.0.1:1\n");
        }
        let _ = write!(out, "backend only-{number}\n  server s 127.0.0.1:1\n");
        out
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
            spare: vec![2, 3, 4],
            origins: vec![5],
            idle_backends: 2,
        };
        assert_eq!(variants.text(7), variants.text(7));
        assert!((0..50).all(|n| variants.text(n) != variants.text(n + 1)));
    }
}
