//! The same configuration and the same bytes to Sluice and to HAProxy, and everything that comes out of both
//! compared: answers, what the origins received, log lines. The cases come from a seed that is printed.
//!
//! Read [`config`] with [`balance`], [`link`], [`greeting`] and [`log_line`], and [`request`] (what is generated), [`pair`] (the programs),
//! [`observe`] and [`compare`] (what is a difference), [`batch`] (many cases; the smallest one that fails), [`known`], [`keywords`],
//! [`mutations`] (configurations with one mistake), [`samples`] (every fetch and converter on generated inputs), [`commands`] (the Runtime API).

mod actions;
mod balance;
mod batch;
pub(crate) mod commands;
mod compare;
mod config;
mod greeting;
mod keywords;
mod known;
mod link;
mod lists;
mod log_line;
mod mutations;
mod observe;
mod pair;
mod random;
mod request;
pub(crate) mod samples;
mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::program;
use crate::root::root;
use batch::{Case, Mismatch, Programs};
use config::{Place, SERVERS_MAX};
use known::Known;
use pair::Way;
use random::Random;

const UNITS_A_BATCH: usize = 25;
const CONVERSATIONS_A_UNIT: usize = 40;
/// Kinds of difference that are looked at a second time and made small, unless `--show` says otherwise.
const SHOWN_MAX: usize = 12;

/// How many cases agreed and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

/// Runs cases, or compares keywords.
///
/// # Errors
/// When something differs that is not accepted.
pub(crate) fn run(mut args: Args) -> Result<()> {
    let given: Option<PathBuf> = args.value("--program")?;
    if args.flag("--keywords") {
        args.end()?;
        return keywords::run(&program::subject(given, "release")?);
    }
    let (samples, commands) = (args.flag("--samples"), args.flag("--commands"));
    let oracle: Option<PathBuf> = args.value("--oracle")?;
    if commands {
        args.end()?;
        let subject = program::subject(given, "release")?;
        let oracle = oracle.map_or_else(program::haproxy, |path| program::subject(Some(path), "release"))?;
        return match commands::compare(&subject, &oracle)?.failed {
            0 => Ok(()),
            failed => bail!("{failed} commands are answered otherwise"),
        };
    }
    if samples {
        let inputs = args.value("--inputs")?.unwrap_or(12);
        let seed = args.value("--seed")?.unwrap_or_else(seed_of_now);
        args.end()?;
        let subject = program::subject(given, "release")?;
        let oracle = oracle.map_or_else(program::haproxy, |path| program::subject(Some(path), "release"))?;
        return match samples::compare(&subject, &oracle, &samples::Wanted { inputs, seed })?.failed {
            0 => Ok(()),
            failed => bail!("{failed} expressions differ (seed {seed})"),
        };
    }
    if args.flag("--mutations") {
        let wanted = mutations::Wanted {
            mutations: args.value("--cases")?.unwrap_or(2000),
            seed: args.value("--seed")?.unwrap_or_else(seed_of_now),
            corpus: args.values("--corpus")?.into_iter().map(PathBuf::from).collect(),
        };
        args.end()?;
        let subject = program::subject(given, "release")?;
        let oracle = oracle.map_or_else(program::haproxy, |path| program::subject(Some(path), "release"))?;
        return match mutations::compare(&subject, &oracle, &wanted)?.failed {
            0 => Ok(()),
            failed => bail!("{failed} mutations are judged otherwise (seed {})", wanted.seed),
        };
    }
    let cases = args.value("--cases")?.unwrap_or(10_000);
    let seed = args.value("--seed")?.unwrap_or_else(seed_of_now);
    let keep: Option<PathBuf> = args.value("--keep")?;
    let show = args.value("--show")?.unwrap_or(SHOWN_MAX);
    let actions = args.flag("--actions");
    let way = if args.flag("--applied") { Way::Applied } else { Way::Fresh };
    args.end()?;
    let subject = program::subject(given, "release")?;
    let oracle = oracle.map_or_else(program::haproxy, |path| program::subject(Some(path), "release"))?;
    let count = compare(subject, oracle, &Wanted { cases, seed, show, keep, actions, way })?;
    match count.failed {
        0 => Ok(()),
        failed => bail!("{failed} of {} cases differ (seed {seed})", count.passed + failed),
    }
}

/// What to compare and what to tell.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) cases: usize,
    pub(crate) seed: u64,
    /// Kinds of difference to look at a second time and to make small.
    pub(crate) show: usize,
    /// Where each of those is written, too, and every case as it was first seen.
    pub(crate) keep: Option<PathBuf>,
    /// Whether rules have more actions and variables.
    pub(crate) actions: bool,
    /// How the program comes to its configuration.
    pub(crate) way: Way,
}

impl Wanted {
    /// So many cases of a seed, told as usual.
    pub(crate) fn new(cases: usize, seed: u64) -> Wanted {
        Wanted { cases, seed, show: SHOWN_MAX, keep: None, actions: false, way: Way::Fresh }
    }

    /// The same, of a program that serves other configurations first.
    pub(crate) fn applied(self) -> Wanted {
        Wanted { way: Way::Applied, ..self }
    }
}

/// Compares the cases and prints what differs.
///
/// # Errors
/// When a program cannot be run or the oracle does not survive.
pub(crate) fn compare(subject: PathBuf, oracle: PathBuf, wanted: &Wanted) -> Result<Count> {
    let (cases, seed) = (wanted.cases, wanted.seed);
    let version = program::version(&oracle);
    println!("parity: {cases} cases, seed {seed}, oracle {version}");
    let start = Instant::now();
    let text =
        fs::read_to_string(root().join("tests/parity/known.toml")).context("tests/parity/known.toml")?;
    let programs = Programs { oracle, subject, way: wanted.way, known: Known::parse(&text, &version)? };
    let mut random = Random::new(seed);
    random.actions = wanted.actions;
    let mut tally = Tally::default();
    let mut index = 0;
    while tally.compared < cases {
        let units = (cases - tally.compared).div_ceil(CONVERSATIONS_A_UNIT).min(UNITS_A_BATCH);
        let batch: Vec<Case> =
            (index..index + units).map(|index| case(&random, index, &programs.known)).collect();
        index += units;
        tally.add(programs.run(&batch)?);
        if tally.compared == 0 && index > 20 * UNITS_A_BATCH {
            break;
        }
    }
    println!("parity: {} cases run in {:.1} s", tally.compared, start.elapsed().as_secs_f64());
    let failed = tally.report(&programs, wanted)?;
    println!(
        "parity: {} cases compared in {:.0} s, {failed} differ, {} configurations refused by the program only",
        tally.compared,
        start.elapsed().as_secs_f64(),
        tally.refused.values().map(|(count, _)| count).sum::<usize>()
    );
    Ok(Count { passed: tally.compared.saturating_sub(failed), failed })
}

fn case(random: &Random, index: usize, known: &Known) -> Case {
    let mut random = random.part(index);
    let mut unit = config::unit(&mut random);
    unit.leave_out(|line| known.leaves_out_line(line));
    let talk = |random: &mut Random| {
        let mut talk = match unit.is_tcp && random.chance(5) {
            true => request::rdp(random),
            false => request::conversation(random),
        };
        balance::hold(&unit, random, &mut talk);
        talk
    };
    let conversations = std::iter::repeat_with(|| talk(&mut random))
        .filter(|talk| !known.leaves_out(&String::from_utf8_lossy(&talk.bytes())))
        .take(CONVERSATIONS_A_UNIT)
        .collect();
    Case { unit, conversations }
}

fn seed_of_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs())
}

#[derive(Default)]
struct Tally {
    compared: usize,
    bad_units: usize,
    /// By the first difference's kind.
    mismatches: BTreeMap<String, Vec<Mismatch>>,
    /// By what the program said: how often, and one configuration.
    refused: BTreeMap<String, (usize, String)>,
    ended: Vec<String>,
}

impl Tally {
    fn add(&mut self, outcome: batch::Outcome) {
        self.compared += outcome.compared;
        self.bad_units += outcome.bad_units.len();
        if let Some(words) = outcome.bad_units.first() {
            println!("the oracle refuses a generated configuration:\n{words}");
        }
        for mismatch in outcome.mismatches {
            self.mismatches.entry(mismatch.differences[0].kind.clone()).or_default().push(mismatch);
        }
        for (unit, words) in outcome.refused {
            let alert = words.lines().find(|line| line.contains("[ALERT]")).unwrap_or(&words).to_owned();
            // Without the pid and the place, so that the same words count together.
            let said = alert
                .rsplit_once("] : ")
                .or(alert.split_once(" : "))
                .map_or(alert.as_str(), |(_, said)| said);
            let said = said.to_owned();
            let entry = self.refused.entry(said).or_default();
            entry.0 += 1;
            entry.1 = unit.text(&Place { index: 0, bind: 1, log: 3, origins: &[1; SERVERS_MAX] });
        }
        self.ended.extend(outcome.ended);
    }

    /// Prints everything that is wrong; how many cases that is. A difference that does not come again when
    /// its unit runs alone with more patience is told but not counted.
    fn report(&self, programs: &Programs, wanted: &Wanted) -> Result<usize> {
        let mut failed = 0;
        if let Some(folder) = &wanted.keep {
            fs::create_dir_all(folder)?;
        }
        for (number, (kind, mismatches)) in self.mismatches.iter().enumerate() {
            let mut confirmed = None;
            if let Some(folder) = &wanted.keep {
                let all: String = mismatches.iter().map(|one| described(&one.last_only()) + "\n").collect();
                fs::write(folder.join(format!("{number:03}-all.txt")), format!("## {kind}\n{all}"))?;
            }
            if number < wanted.show {
                for mismatch in mismatches.iter().take(3) {
                    confirmed = programs.confirm(mismatch)?;
                    if confirmed.is_some() {
                        break;
                    }
                }
                if confirmed.is_none() {
                    println!("{}", described(&mismatches[0].last_only()));
                    println!("\n## {kind}: {} cases, not seen again alone\n", mismatches.len());
                    continue;
                }
            }
            failed += mismatches.len();
            println!("\n## {kind}: {} cases", mismatches.len());
            if let Some(mismatch) = confirmed {
                let text = described(&programs.smallest(mismatch)?);
                println!("{text}");
                if let Some(folder) = &wanted.keep {
                    fs::write(folder.join(format!("{number:03}.txt")), text)?;
                }
            }
        }
        for (said, (count, config)) in &self.refused {
            println!("\n## refused, {count} times: {said}\n{config}");
        }
        for words in &self.ended {
            println!("\n## the program ended:\n{words}");
        }
        if self.bad_units > 0 {
            println!("\n{} generated configurations are refused by the oracle itself", self.bad_units);
        }
        Ok(failed + self.refused.len() + self.ended.len())
    }
}

fn described(mismatch: &Mismatch) -> String {
    let mut text = String::new();
    for difference in &mismatch.differences {
        text.push_str(&format!(
            "   {}\n      oracle:  {}\n      program: {}\n",
            difference.kind, difference.theirs, difference.ours
        ));
    }
    text.push_str(&mismatch.unit.text(&Place { index: 0, bind: 1, log: 3, origins: &[2; SERVERS_MAX] }));
    for conversation in &mismatch.conversations {
        text.push_str(&format!(
            "-- sent\n{}\n",
            String::from_utf8_lossy(&conversation.bytes()).escape_debug()
        ));
    }
    for (name, observation) in [("oracle", &mismatch.theirs), ("program", &mismatch.ours)] {
        text.push_str(&format!("-- {name}: answer\n{}\n", String::from_utf8_lossy(&observation.raw)));
        for received in &observation.origin {
            let headers = received.headers.join(" | ");
            text.push_str(&format!(
                "-- {name}: server {} got {} | {headers}\n",
                received.server, received.line
            ));
        }
        for line in &observation.log {
            text.push_str(&format!("-- {name}: log {}{}\n", line.front, line.line));
        }
    }
    text
}
