//! A batch: some units, many conversations each, both programs; then, for what differs, a second look at
//! that unit alone and the smallest case that still shows it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::compare::{self, Difference};
use super::config::Unit;
use super::known::Known;
use super::observe::Observation;
use super::pair::{self, Side, Way};
use super::request::Conversation;

/// Units driven at once.
const LANES: usize = 8;
/// Silence after which the client closes its side: long enough that an answer under way on a busy machine is
/// not cut off often. When it is, the second look with more patience says so.
const QUIET: Duration = Duration::from_millis(300);
const QUIET_SECOND: Duration = Duration::from_millis(1500);
/// Time to make one case smaller.
const SMALLER_LIMIT: Duration = Duration::from_secs(15);

/// Differences that follow when a conversation before took the two programs to different numbers of servers, so that
/// each stands elsewhere in its turns.
const OF_TURNS: &[&str] = &[
    "origin server",
    "log server",
    "origin header x-server",
    "header set-cookie",
    "header -set-cookie",
    "header +set-cookie",
];

/// Headers that tell what a stick table counted: they follow when the programs took different numbers of requests.
const OF_TABLES: &[&str] =
    &["x-inc", "x-clear", "x-update", "x-sc", "x-rates", "x-gpc", "x-arrays", "x-src", "x-table", "x-err"];

/// The two programs and what is accepted.
pub(crate) struct Programs {
    pub(crate) oracle: PathBuf,
    pub(crate) subject: PathBuf,
    /// How the subject comes to its configuration.
    pub(crate) way: Way,
    pub(crate) known: Known,
}

/// A unit with its conversations.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) unit: Unit,
    pub(crate) conversations: Vec<Conversation>,
}

/// A conversation whose outcomes differ.
#[derive(Clone, Debug)]
pub(crate) struct Mismatch {
    pub(crate) unit: Unit,
    /// All that were sent, the differing one last.
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) differences: Vec<Difference>,
    pub(crate) theirs: Observation,
    pub(crate) ours: Observation,
    /// Whether the programs stood at different turns and counts before the last one.
    shifted: bool,
}

impl Mismatch {
    /// Without the conversations that came before.
    pub(crate) fn last_only(&self) -> Mismatch {
        let mut own = self.clone();
        own.conversations.drain(..own.conversations.len() - 1);
        own
    }
}

/// What a batch brought.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) compared: usize,
    pub(crate) mismatches: Vec<Mismatch>,
    /// Units the oracle refuses: the generator's mistakes.
    pub(crate) bad_units: Vec<String>,
    /// Units only the subject refuses, with its words.
    pub(crate) refused: Vec<(Unit, String)>,
    /// What the subject printed when it ended.
    pub(crate) ended: Option<String>,
}

/// For each unit its observations, each with the client's port.
pub(crate) type Seen = Vec<Vec<(Observation, u16)>>;

impl Programs {
    /// Runs a batch.
    ///
    /// # Errors
    /// When a program does not start although it accepts every unit, or the oracle ends.
    pub(crate) fn run(&self, cases: &[Case]) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut cases = self.accepted(cases, &mut outcome)?;
        if cases.is_empty() {
            return Ok(outcome);
        }
        let units = |cases: &[Case]| -> Vec<Unit> { cases.iter().map(|case| case.unit.clone()).collect() };
        let mut started = Side::start(&self.subject, &units(&cases), LANES, self.way);
        if started.is_err() {
            cases = self.starting(cases, &mut outcome);
            if cases.is_empty() {
                return Ok(outcome);
            }
            started = Side::start(&self.subject, &units(&cases), LANES, self.way);
        }
        let mut subject = started?;
        let mut oracle = Side::start(&self.oracle, &units(&cases), LANES, Way::Fresh)?;
        let (theirs, ours) = both(&oracle, &subject, &cases, QUIET);
        if let Some(words) = oracle.ended() {
            anyhow::bail!("the oracle ended: {words}");
        }
        outcome.ended = subject.ended();
        for (index, case) in cases.iter().enumerate() {
            let mut shifted = false;
            for (number, (theirs, ours)) in theirs[index].iter().zip(&ours[index]).enumerate() {
                outcome.compared += 1;
                let conversations = case.conversations[..=number].to_vec();
                let seen = (&theirs.0, &ours.0);
                outcome.mismatches.extend(self.compare(&case.unit, conversations, seen, shifted));
                shifted |= is_shift(&theirs.0, &ours.0);
            }
        }
        Ok(outcome)
    }

    /// The cases both programs accept, asked for one by one: one refused unit must not take the others along.
    fn accepted(&self, cases: &[Case], outcome: &mut Outcome) -> Result<Vec<Case>> {
        let mut accepted = Vec::new();
        for case in cases {
            if let Some(words) = pair::refusal(&self.oracle, &case.unit)? {
                outcome.bad_units.push(words);
            } else if let Some(words) = pair::refusal(&self.subject, &case.unit)? {
                outcome.refused.push((case.unit.clone(), words));
            } else {
                accepted.push(case.clone());
            }
        }
        Ok(accepted)
    }

    /// The cases the subject also starts with: `-c` may have promised more than is true.
    fn starting(&self, cases: Vec<Case>, outcome: &mut Outcome) -> Vec<Case> {
        let mut starting = Vec::new();
        for case in cases {
            match Side::start(&self.subject, std::slice::from_ref(&case.unit), 1, self.way) {
                Ok(_) => starting.push(case),
                Err(error) => outcome.refused.push((case.unit, format!("{error:#}"))),
            }
        }
        starting
    }

    fn compare(
        &self,
        unit: &Unit,
        conversations: Vec<Conversation>,
        (theirs, ours): (&Observation, &Observation),
        shifted: bool,
    ) -> Option<Mismatch> {
        if shifted && takes_on(unit) {
            return None;
        }
        let mut all = compare::differences(theirs, ours);
        all.retain(|difference| !shifted || !is_of_shift(&difference.kind));
        if all.is_empty() {
            return None;
        }
        let request = conversations.last().map(|last| String::from_utf8_lossy(&last.bytes()).into_owned());
        let backends = unit.backends.iter().flat_map(|backend| backend.lines.iter().chain(&backend.servers));
        let config: Vec<&str> =
            unit.defaults.iter().chain(&unit.frontend).chain(backends).map(String::as_str).collect();
        let differences = self.known.unknown(all, &config.join("\n"), &request.unwrap_or_default());
        (!differences.is_empty()).then(|| Mismatch {
            unit: unit.clone(),
            conversations,
            differences,
            theirs: theirs.clone(),
            ours: ours.clone(),
            shifted,
        })
    }

    /// The same once more in fresh programs, with more patience: with the last conversation alone, and if
    /// that is not enough with all before it. None when the difference does not come again, or when the
    /// oracle does not agree with itself (a race between the client's close and what is under way).
    ///
    /// # Errors
    /// When a program does not start.
    pub(crate) fn confirm(&self, mismatch: &Mismatch) -> Result<Option<Mismatch>> {
        let last = &mismatch.conversations[mismatch.conversations.len() - 1..];
        for conversations in [last, &mismatch.conversations] {
            if let Some(again) = self.once(&mismatch.unit, conversations, mismatch.shifted)? {
                let (first, second) =
                    self.observe((&self.oracle, Way::Fresh), &mismatch.unit, conversations)?;
                return Ok(compare::differences(&first, &second).is_empty().then_some(again));
            }
        }
        Ok(None)
    }

    /// The smallest case found that still shows the first difference.
    ///
    /// # Errors
    /// When a program does not start.
    pub(crate) fn smallest(&self, mismatch: Mismatch) -> Result<Mismatch> {
        let kind = mismatch.differences[0].kind.clone();
        let mut best = mismatch;
        let end = Instant::now() + SMALLER_LIMIT;
        'smaller: loop {
            let units = best.unit.smaller().into_iter().map(|unit| (unit, best.conversations.clone()));
            let last = best.conversations.len() - 1;
            let talks = best.conversations[last].smaller().into_iter().map(|talk| {
                let mut all = best.conversations.clone();
                all[last] = talk;
                (best.unit.clone(), all)
            });
            for (unit, conversations) in units.chain(talks).collect::<Vec<_>>() {
                if Instant::now() > end {
                    return Ok(best);
                }
                if pair::refusal(&self.oracle, &unit)?.is_some()
                    || pair::refusal(&self.subject, &unit)?.is_some()
                {
                    continue;
                }
                if let Some(less) = self.once(&unit, &conversations, best.shifted)?
                    && less.differences[0].kind == kind
                {
                    best = less;
                    continue 'smaller;
                }
            }
            return Ok(best);
        }
    }

    fn once(&self, unit: &Unit, conversations: &[Conversation], shifted: bool) -> Result<Option<Mismatch>> {
        let (theirs, ours) = self.observe((&self.subject, self.way), unit, conversations)?;
        Ok(self.compare(unit, conversations.to_vec(), (&theirs, &ours), shifted))
    }

    /// What the oracle and another program do with the last of some conversations.
    fn observe(
        &self,
        (other, way): (&Path, Way),
        unit: &Unit,
        conversations: &[Conversation],
    ) -> Result<(Observation, Observation)> {
        let case = [Case { unit: unit.clone(), conversations: conversations.to_vec() }];
        let units = [unit.clone()];
        let (theirs, ours) =
            (Side::start(&self.oracle, &units, 1, Way::Fresh)?, Side::start(other, &units, 1, way)?);
        let (mut theirs, mut ours) = both(&theirs, &ours, &case, QUIET_SECOND);
        let last = |seen: &mut Seen| seen[0].pop().map(|(observation, _)| observation).unwrap_or_default();
        Ok((last(&mut theirs), last(&mut ours)))
    }
}

/// Whether what becomes of a request follows from how many came before: who counted more refuses earlier, and a server
/// whose turn it is redirects, or can't be reached.
fn takes_on(unit: &Unit) -> bool {
    let redirects =
        |settings: &String| [" redir ", "{refused}", "{mapped}"].iter().any(|mark| settings.contains(mark));
    unit.frontend.iter().any(|line| line.contains(" gt 12 }"))
        || unit.backends.iter().flat_map(|backend| &backend.servers).any(redirects)
}

/// Whether the programs took different numbers of requests.
fn is_shift(theirs: &Observation, ours: &Observation) -> bool {
    let taken = |seen: &Observation| (seen.origin.len(), seen.replies.len(), seen.log.len());
    taken(theirs) != taken(ours)
}

fn is_of_shift(kind: &str) -> bool {
    let header = kind.trim_start_matches("origin ").strip_prefix("header ");
    OF_TURNS.contains(&kind) || header.is_some_and(|name| OF_TABLES.contains(&name))
}

/// Oracle and subject at the same time: most of a run is waiting.
fn both(oracle: &Side, subject: &Side, cases: &[Case], last_quiet: Duration) -> (Seen, Seen) {
    std::thread::scope(|scope| {
        let theirs = scope.spawn(|| drive(oracle, cases, last_quiet));
        let ours = drive(subject, cases, last_quiet);
        (theirs.join().expect("a driving thread panicked"), ours)
    })
}

/// Every conversation with its unit, one after the other within a lane, the lanes side by side. A unit whose
/// program stops accepting has fewer observations than conversations.
/// The last conversation of a unit gets `last_quiet`, those before it the usual patience.
fn drive(side: &Side, cases: &[Case], last_quiet: Duration) -> Seen {
    let seen: Mutex<Seen> = Mutex::new(vec![Vec::new(); cases.len()]);
    std::thread::scope(|scope| {
        for lane in 0..LANES.min(cases.len()) {
            let seen = &seen;
            scope.spawn(move || {
                for (index, case) in cases.iter().enumerate().skip(lane).step_by(LANES) {
                    let last = case.conversations.len() - 1;
                    let quiet = |number| if number == last { last_quiet } else { QUIET };
                    let talks = case.conversations.iter().enumerate();
                    let own = talks.map_while(|(n, c)| side.converse(index, n, c, quiet(n)).ok()).collect();
                    seen.lock().expect("no thread panics with it")[index] = own;
                }
            });
        }
    });
    let mut seen = seen.into_inner().expect("no thread panics with it");
    side.finish(Duration::from_millis(400), &mut seen);
    seen
}
