//! The numbers of a case: every contender in turn, round after round.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

use anyhow::{Result, bail};
use harness::load::{self, Outcome, Plan};
use harness::machine;
use harness::origin::Origin;

use super::case::{Case, IDLE, Kind};
use super::contender::{Contender, Running};
use super::policy;
use super::report::{Metric, Numbers, Results};
use super::{Cores, Effort, http2};

/// Share of failed requests above which a number means nothing.
const ERRORS_MAX: f64 = 0.001;

/// Measures a case: for each contender its medians over the rounds, in the order of `contenders`.
///
/// # Errors
/// When a contender does not start or too many of its answers are wrong.
pub(crate) fn case(
    case: &Case,
    contenders: &[Contender],
    origin: &mut Origin,
    effort: Effort,
    cores: Cores,
) -> Result<Results> {
    // Nobody reads it: what a log line costs its sender is the same, and the load's core stays free.
    let log = UdpSocket::bind(("127.0.0.1", 0))?;
    let http2 = match case.kind {
        Kind::Http2 { back: true, .. } => Some(http2::Origin::start(cores)?),
        _ => None,
    };
    let ports = http2.as_ref().map_or_else(|| origin.ports().to_vec(), |origin| vec![origin.port]);
    let start = |contender: &Contender| contender.start(case, &ports, log.local_addr()?.port(), cores);
    let mut samples: Vec<Vec<Numbers>> = vec![Vec::new(); contenders.len()];
    // Programs whose start is not part of the case keep running between the rounds.
    let mut running: Vec<Option<Running>> = Vec::new();
    if matches!(case.kind, Kind::Load { .. } | Kind::Http2 { .. }) {
        running = contenders.iter().map(start).collect::<Result<_>>()?;
    }
    for _ in 0..effort.rounds {
        let mut round: Vec<Option<Numbers>> = Vec::with_capacity(contenders.len());
        for (index, contender) in contenders.iter().enumerate() {
            round.push(match case.kind {
                Kind::Load { .. } => match &running[index] {
                    Some(running) => Some(loaded(case, running, origin, effort, cores)?),
                    None => None,
                },
                Kind::Http2 { front, .. } => match &running[index] {
                    Some(running) => Some(http2::measure(front, running, effort, cores)?),
                    None => None,
                },
                Kind::Idle => start(contender)?.map(|running| idle(case, &running)).transpose()?,
                Kind::Table => start(contender)?
                    .map(|running| table(case, &running, origin, effort, cores))
                    .transpose()?,
                Kind::Large => start(contender)?
                    .map(|running| large(case, &running, origin, effort, cores))
                    .transpose()?,
            });
        }
        if let Kind::Load { latency: true, .. } = case.kind {
            latencies(case, &running, &mut round, origin, effort, cores)?;
        }
        for (samples, numbers) in samples.iter_mut().zip(round) {
            samples.extend(numbers);
        }
    }
    Ok(samples.iter().map(|rounds| medians(rounds)).collect())
}

/// What a load asks for, in a closed loop.
fn plan(case: &Case, running: &Running, effort: Effort) -> Plan {
    let (connections, keep_alive) = match case.kind {
        Kind::Load { connections, keep_alive, .. } => (connections, keep_alive),
        Kind::Idle | Kind::Large | Kind::Table | Kind::Http2 { .. } => (64, true),
    };
    let (target, request) = (running.address, case.request());
    Plan { target, request, connections, keep_alive, rate: None, duration: effort.run }
}

fn loaded(
    case: &Case,
    running: &Running,
    origin: &mut Origin,
    effort: Effort,
    cores: Cores,
) -> Result<Numbers> {
    let mut numbers = Numbers::new();
    cpu_and_rate(&mut numbers, running, &plan(case, running, effort), origin, effort, cores)?;
    Ok(numbers)
}

/// Share of the slowest program's throughput at which latencies are taken.
const BUSY: f64 = 0.7;

/// Adds the latencies of all programs at the same rate.
fn latencies(
    case: &Case,
    running: &[Option<Running>],
    round: &mut [Option<Numbers>],
    origin: &mut Origin,
    effort: Effort,
    cores: Cores,
) -> Result<()> {
    let rates = round.iter().flatten().filter_map(|numbers| numbers.get(&Metric::Rate).copied());
    let rate = rates.fold(f64::INFINITY, f64::min) * BUSY;
    for (running, numbers) in running.iter().zip(round) {
        let (Some(running), Some(numbers)) = (running, numbers) else { continue };
        let at_rate = Plan { rate: Some(rate), ..plan(case, running, effort) };
        let outcome = checked(&at_rate, origin, cores)?;
        let micros = |share| outcome.latency.quantile(share).as_secs_f64() * 1e6;
        numbers.insert(Metric::P50, micros(0.5));
        numbers.insert(Metric::P99, micros(0.99));
    }
    Ok(())
}

fn cpu_and_rate(
    numbers: &mut Numbers,
    running: &Running,
    plan: &Plan,
    origin: &mut Origin,
    effort: Effort,
    cores: Cores,
) -> Result<()> {
    checked(&Plan { duration: effort.warm_up, ..plan.clone() }, origin, cores)?;
    let before = running.process.cpu()?;
    let outcome = checked(plan, origin, cores)?;
    let used = running.process.cpu()?.since(before);
    let each = |seconds: f64| seconds * 1e6 / outcome.answers as f64;
    numbers.insert(Metric::Cpu, each(used.total()));
    numbers.insert(Metric::CpuUser, each(used.user));
    numbers.insert(Metric::CpuSystem, each(used.system));
    numbers.insert(Metric::Rate, outcome.rate());
    Ok(())
}

/// Runs a plan on the load's core and refuses a result with errors in it. One thread is load and origin, so that the two
/// don't wait for each other's slices of the core they share, and a program isn't charged for waking both.
fn checked(plan: &Plan, origin: &mut Origin, cores: Cores) -> Result<Outcome> {
    let Some(mut hands) = origin.lend() else { bail!("the origin's thread ended") };
    let outcome = on_load_core(cores, || load::run_with(plan, Some(&mut hands)));
    origin.give_back(hands);
    sound(outcome?)
}

fn on_load_core(cores: Cores, work: impl FnOnce() -> io::Result<Outcome> + Send) -> Result<Outcome> {
    let on_core = || -> Result<Outcome> {
        machine::pin_to(&[cores.load])?;
        machine::sharpen_timers()?;
        Ok(work()?)
    };
    std::thread::scope(|scope| scope.spawn(on_core).join())
        .map_err(|_| anyhow::anyhow!("the load thread ended"))?
}

fn sound(outcome: Outcome) -> Result<Outcome> {
    if outcome.answers == 0 || outcome.errors as f64 > outcome.answers as f64 * ERRORS_MAX {
        bail!("{} errors beside {} answers", outcome.errors, outcome.answers);
    }
    Ok(outcome)
}

fn idle(case: &Case, running: &Running) -> Result<Numbers> {
    // What the first requests make the program allocate once is not the connections' cost.
    drop(load::open_idle(running.address, 100, &case.request())?);
    let before = running.process.memory()?.resident;
    let idle = load::open_idle(running.address, IDLE, &case.request())?;
    std::thread::sleep(Duration::from_millis(500));
    let after = running.process.memory()?.resident;
    drop(idle);
    let each = after.saturating_sub(before) as f64 / IDLE as f64;
    Ok(Numbers::from([(Metric::BytesIdle, each)]))
}

/// Random keys drawn for the table, in keys it has: then all but one in twenty are there.
const DRAWS: u32 = 3;

fn table(
    case: &Case,
    running: &Running,
    origin: &mut Origin,
    effort: Effort,
    cores: Cores,
) -> Result<Numbers> {
    let mut numbers = Numbers::new();
    let look_up = plan(case, running, effort);
    let filling = Case { path: policy::FILL, ..*case };
    let fill = Plan { duration: Duration::from_millis(500), ..plan(&filling, running, effort) };
    // What the first requests make the program allocate once is not the table's cost.
    checked(&Plan { duration: effort.warm_up, ..look_up.clone() }, origin, cores)?;
    let (memory, cpu) = (running.process.memory()?.resident, running.process.cpu()?);
    let draws = f64::from(policy::TABLE_KEYS) * f64::from(DRAWS);
    let mut drawn = 0.0;
    while drawn < draws {
        drawn += checked(&fill, origin, cores)?.answers as f64 * f64::from(policy::TABLE_LOOK_UPS);
    }
    let used = running.process.cpu()?.since(cpu).total();
    let grown = running.process.memory()?.resident.saturating_sub(memory) as f64;
    let entries = f64::from(policy::TABLE_KEYS) * (1.0 - (-drawn / f64::from(policy::TABLE_KEYS)).exp());
    numbers.insert(Metric::CpuFill, used * 1e9 / drawn);
    numbers.insert(Metric::BytesEntry, grown / entries);
    cpu_and_rate(&mut numbers, running, &look_up, origin, effort, cores)?;
    Ok(numbers)
}

fn large(
    case: &Case,
    running: &Running,
    origin: &mut Origin,
    effort: Effort,
    cores: Cores,
) -> Result<Numbers> {
    let mut numbers = Numbers::new();
    numbers.insert(Metric::StartUp, running.start_up.as_secs_f64() * 1e3);
    numbers.insert(Metric::Resident, running.process.memory()?.resident as f64 / f64::from(1 << 20));
    cpu_and_rate(&mut numbers, running, &plan(case, running, effort), origin, effort, cores)?;
    Ok(numbers)
}

fn medians(rounds: &[Numbers]) -> Numbers {
    let Some(first) = rounds.first() else { return Numbers::new() };
    first
        .keys()
        .map(|metric| (*metric, median(rounds.iter().filter_map(|numbers| numbers.get(metric).copied()))))
        .collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_counts() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < 1e-9);
        let rounds = [Numbers::from([(Metric::Rate, 1.0)]), Numbers::from([(Metric::Rate, 3.0)])];
        assert!((medians(&rounds)[&Metric::Rate] - 2.0).abs() < 1e-9);
    }
}
