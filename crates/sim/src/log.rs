//! What a log line must say whatever happened: letters, status and timers that go together (manual 8.4, 8.5), and for each
//! request the one line it deserves. Knows nothing of how the proxy comes to it.

use std::collections::HashMap;

use crate::ledger::{Ledger, Outcome};
use crate::script::{Fault, Framing};

/// A line of [`crate::scenario::log_format`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Line<'l> {
    /// What the client got; -1 for nothing.
    pub status: i64,
    /// Two letters.
    pub end: &'l str,
    /// TR, Tw, Tc, Tr, and Ta or Tt.
    pub timers: [i64; 5],
    /// Bytes from the client, and from the server.
    pub bytes: [u64; 2],
    /// Empty without a request.
    pub path: &'l str,
    /// Whether all of it could be read.
    whole: bool,
}

/// How a status and an end go together: the statuses of the proxy itself, and which ends belong to each.
const ENDS: [(i64, &[&str]); 9] = [
    (-1, &["CQ", "CC", "CR", "CH", "CD"]),
    (0, &["--", "CD", "cD", "SD", "sD", "SC", "sC", "sQ", "RC", "PR", "CQ", "CC"]),
    (400, &["CR", "PR", "CH", "cH", "CD", "PH"]),
    (403, &["PR"]),
    (408, &["cR"]),
    (500, &["PT"]),
    (502, &["SH", "PH"]),
    (503, &["SC", "sC", "sQ", "RC"]),
    (504, &["sH"]),
];

/// The ends of an exchange in which the server's answer went out, or a part of it.
const ANSWERED: [&str; 11] = ["--", "CD", "cD", "SD", "sD", "PD", "CL", "cL", "SL", "sL", "PL"];

/// The statuses of servers in a run.
const SERVERS: [i64; 5] = [101, 200, 204, 404, 500];

impl<'l> Line<'l> {
    /// Reads a line; what is missing stays empty and makes it a wrong one.
    pub fn read(text: &'l str) -> Line<'l> {
        let mut words = text.split_whitespace();
        let mut line = Line { status: -2, ..Line::default() };
        let mut next = || words.next().unwrap_or_default();
        line.status = next().parse().unwrap_or(-2);
        line.end = next();
        let mut timers = next().split('/').map(str::parse);
        line.whole = line.status > -2 && line.end.len() == 2;
        for timer in &mut line.timers {
            match timers.next() {
                Some(Ok(n)) => *timer = n,
                _ => line.whole = false,
            }
        }
        for bytes in &mut line.bytes {
            match next().parse() {
                Ok(n) => *bytes = n,
                Err(_) => line.whole = false,
            }
        }
        line.path = next();
        line
    }

    /// What is wrong with it in a run that lasted so many milliseconds.
    pub fn wrong(&self, lasted: u64, tcp: bool) -> Option<String> {
        if !self.whole {
            return Some("something missing".into());
        }
        let own = ENDS.iter().any(|(status, ends)| *status == self.status && ends.contains(&self.end));
        let served = SERVERS.contains(&self.status) && ANSWERED.contains(&self.end);
        if !own && !served {
            return Some(format!("an end {} that doesn't go with the status {}", self.end, self.status));
        }
        let [head, queue, connect, response, all] = self.timers;
        let came = |timer: i64| timer >= 0;
        let right = match self.end.get(1..).unwrap_or_default() {
            "R" => !came(connect) && !came(response),
            "T" => !came(head) && came(queue) && !came(connect) && !came(response),
            "Q" => came(head) && came(queue) && !came(connect) && (tcp || !came(response)),
            "C" => came(head) && !came(connect) && (tcp || !came(response)),
            "H" => came(head) && came(queue) && came(connect) && !came(response),
            // A client that resets the connection before the answer counts as a failed transfer.
            "D" if self.end == "CD" && self.status <= 400 => came(queue) && came(connect),
            _ => came(head) && came(queue) && came(connect) && came(response),
        };
        let sum: i64 = self.timers.iter().take(4).filter(|timer| came(**timer)).sum();
        // The time in a tarpit is told as one in a queue, and counted from the acceptance.
        let sum = if self.end == "PT" { 0 } else { sum };
        let odd = self.timers.iter().any(|timer| *timer < -1);
        if !right || odd || sum > all || !came(all) || u64::try_from(all).is_ok_and(|all| all > lasted) {
            return Some(format!("timers {:?} that don't go with the end {}", self.timers, self.end));
        }
        None
    }
}

/// What is wrong with the lines of a run's requests.
pub fn of_requests(ledger: &Ledger, lines: &[Line<'_>]) -> Vec<String> {
    let mut by_path: HashMap<&str, Vec<&Line<'_>>> = HashMap::new();
    for line in lines {
        by_path.entry(line.path).or_default().push(line);
    }
    let mut faults = Vec::new();
    for (id, asked) in &ledger.asked {
        let path = format!("/r/{id}");
        let of = by_path.get(path.as_str()).map(Vec::as_slice).unwrap_or_default();
        let good = asked.is_good(ledger.excuses);
        let status = match asked.outcome {
            Outcome::Exact => Some(asked.request.answer.status),
            // Without a complete head there is no path to find the line by.
            Outcome::Own(status) if good => Some(status),
            _ => None,
        };
        let unsaid = matches!(asked.outcome, Outcome::Nothing | Outcome::None)
            && asked.left_to_the_client(ledger.excuses);
        let unsaid = unsaid || ledger.excuses.killed;
        if of.len() > 1 || of.is_empty() && (status.is_some() || asked.heads > 0) && !unsaid {
            faults.push(format!("request {id} has {} log lines: {of:?} {asked:?}", of.len()));
        }
        let Some(line) = of.first() else { continue };
        if status.is_some_and(|status| i64::from(status) != line.status) {
            faults.push(format!("request {id} got {status:?}, its log line says {}", line.status));
        }
        let early = asked.request.answer.early;
        let fine = line.end == "--" || early && line.end.ends_with('L');
        if asked.outcome == Outcome::Exact && good && !fine {
            faults.push(format!("request {id} was answered in full, its log line ends with {}", line.end));
        }
        // An end that was the body's own end, for all anybody can tell.
        let untold = matches!(asked.request.answer.framing, Framing::UntilClose(_))
            && matches!(asked.request.answer.fault, Fault::Close(_));
        if line.end == "--" && asked.outcome == Outcome::Cut && good && !untold && !ledger.excuses.stops {
            faults.push(format!("the answer to request {id} was cut short, its log line says all is well"));
        }
        let [up, down] = line.bytes;
        let (asks, gets) = (asked.request.framing.size() as u64, asked.request.answer_size() as u64);
        if line.end == "--" && asked.outcome == Outcome::Exact && (up < asks && !early || down < gets) {
            faults
                .push(format!("request {id} has {asks} and {gets} bytes, its log line says {up} and {down}"));
        }
    }
    faults
}
