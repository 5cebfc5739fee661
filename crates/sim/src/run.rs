//! One run from its seed to a verdict: the proxy is built and started on the simulated kernel, the peers do what they do,
//! and when nothing moves any more, everything must have come to its end.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use net::Addr;
use state::World;

use crate::ledger::{Outcome, Shared};
use crate::log::{self, Line};
use crate::network::Network;
use crate::peer::client::Client;
use crate::peer::origin::Server;
use crate::peer::player::{Player, Stage, Step};
use crate::peer::tunnel::{Callee, Caller};
use crate::play::{Far, Play};
use crate::process::Process;
use crate::rng::Rng;
use crate::scenario::{self, FRONT, Family, Scenario, Stop, server_address};
use crate::script::MS;
use crate::weather::Canary;

/// Turns of the loop after which a run is taken for one without end.
const STEPS: u64 = 400_000;
/// Turns in a row during which nothing may happen but turning.
const IDLE_STEPS: u32 = 2000;
/// Simulated nanoseconds after which a run is taken for one without end.
const LONGEST: u64 = 900_000_000_000;
/// Turns within a simulated second in which nothing happened, after which the proxy is taken for busy with nothing.
const BUSIEST: u64 = 10_000;
/// How much a timer is late that a planted mistake delays, in nanoseconds.
const LATE: u64 = 1_500_000_000;
/// Simulated nanoseconds that the proxy may still need once it was told to stop and its last exchange is over.
const FAREWELL: u64 = 2_500_000_000;

/// What a run is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Tells all that happens on standard error.
    pub trace: bool,
    /// Plants a mistake.
    pub canary: Canary,
    /// After how many chances it is made.
    pub fuse: u32,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub seed: u64,
    /// A number that stands for all that happened.
    pub trace: u64,
    /// What was wrong.
    pub faults: Vec<String>,
    pub steps: u64,
    /// Simulated nanoseconds.
    pub lasted: u64,
    /// Requests that got all of a server's answer, and the proxy's own answers.
    pub exact: u64,
    pub own: u64,
    pub log_lines: u64,
    /// Tunnels served in full.
    pub tunnels: u64,
    /// Clients of plays that came to their end.
    pub played: u64,
}

impl Report {
    /// How to see the run again.
    pub fn replay(&self, family: Family) -> String {
        format!("cargo run -p sim -- --family {} {} --trace", family.word(), self.seed)
    }
}

/// Runs a seed, on a thread of its own: the engine keeps things by thread, which must not outlive a run.
pub fn seed(family: Family, seed: u64, options: Options) -> Report {
    let thread = std::thread::Builder::new().name(format!("seed {seed}"));
    let report = thread.spawn(move || here(family, seed, options)).map(std::thread::JoinHandle::join);
    match report {
        Ok(Ok(report)) => report,
        Ok(Err(_)) => Report { seed, faults: vec!["the run itself panicked".into()], ..Report::default() },
        Err(e) => Report { seed, faults: vec![format!("no thread: {e}")], ..Report::default() },
    }
}

fn here(family: Family, seed: u64, options: Options) -> Report {
    let mut rng = Rng::new(seed ^ (family as u64) << 56);
    let mut scenario = scenario::draw(family, seed, &mut rng);
    scenario.weather.canary = options.canary;
    scenario.weather.fuse = options.fuse;
    if options.trace {
        eprintln!("{}\n{:#?}\n{:#?}", scenario.config, scenario.clients, scenario.weather);
    }
    let mut report = Report { seed, ..Report::default() };
    match build(&scenario.config) {
        Err(why) => report.faults.push(why),
        Ok(world) => {
            let mut run = Run::new(Arc::new(world), scenario, &mut rng, options.trace);
            run.all(&mut report);
        }
    }
    report
}

/// The World of a configuration.
pub fn build(text: &str) -> Result<World, String> {
    let source = config::Source::new("sim.cfg", text);
    let loaded = config::parse_sources(vec![source], &config::Context::default());
    let built = plan::build(&loaded, &plan::Environment::empty());
    let said = loaded.diagnostics().iter().chain(&built.diagnostics).chain(&built.unserved);
    let said: String = said.map(|diagnostic| diagnostic.render(&loaded, 0)).collect();
    built.world.filter(|_| built.unserved.is_empty()).ok_or_else(|| format!("no World: {said}\n{text}"))
}

fn address(text: &str) -> Addr {
    text.parse::<std::net::SocketAddr>().map(Addr::from).unwrap_or_default()
}

/// The server of a play.
fn stage(play: &Play, mut rng: Rng, ledger: &Shared) -> Stage {
    match play.far {
        Far::Plays(script) => Stage::Plays(Box::new(move || script(&mut rng)), ledger.clone()),
        Far::Refuses => Stage::Refuses,
        Far::Silent => Stage::Silent,
    }
}

/// The client of a play, and the one that holds the server's place before it comes.
fn players(play: &Play, network: &mut Network, rng: &mut Rng, ledger: &Shared) {
    let front = address(FRONT);
    let mut delay = 0;
    if play.is_queued() {
        delay = 200 * MS;
        let first: &[u8] = if play.tcp { b"first" } else { b"GET /block HTTP/1.1\r\nhost: sim\r\n\r\n" };
        let steps = vec![Step::Send(first.to_vec())];
        network.enter(Box::new(Player::client(1, front, steps, ledger.clone())), 0);
    }
    let steps = (play.client)(rng);
    network.enter(Box::new(Player::client(0, front, steps, ledger.clone())), delay);
}

/// Counts a turn; what is wrong when there were too many, or too many `idle` ones.
fn count(steps: &mut u64, second: &mut (u64, u64), now: u64, idle: bool) -> Option<String> {
    *steps += 1;
    if *steps > STEPS || now > LONGEST {
        return Some(format!("livelock: {steps} turns, {now} ns"));
    }
    let present = now / 1_000_000_000;
    *second = (present, if second.0 == present { second.1 + u64::from(idle) } else { 0 });
    (second.1 > BUSIEST).then(|| format!("livelock: {} turns within a second", second.1))
}

struct Run {
    world: Arc<World>,
    scenario: Scenario,
    network: Rc<RefCell<Network>>,
    ledger: Shared,
    engine_seed: u64,
    steps: u64,
    /// The present second, and the idle turns in it.
    second: (u64, u64),
    faults: Vec<String>,
}

impl Run {
    fn new(world: Arc<World>, scenario: Scenario, rng: &mut Rng, loud: bool) -> Run {
        let mut network = Network::new(rng.fork(), scenario.weather.clone());
        network.trace.loud = loud;
        let ledger = Shared::default();
        ledger.borrow_mut().excuses = scenario.excuses;
        let front = address(FRONT);
        let tunnels: Vec<_> =
            scenario.tunnels.iter().map(|(_, tunnel, conduct)| (*tunnel, *conduct)).collect();
        for (number, habits) in scenario.servers.iter().enumerate() {
            let at = address(&server_address(number));
            if let Some(play) = scenario.play {
                network.settle(at, Box::new(stage(play, rng.fork(), &ledger)));
            } else if tunnels.is_empty() {
                network.settle(at, Box::new(Server::new(*habits, ledger.clone())));
            } else {
                network.settle(at, Box::new(Callee::new(tunnels.clone(), ledger.clone())));
            }
        }
        if let Some(play) = scenario.play {
            players(play, &mut network, rng, &ledger);
        }
        for (at, client) in &scenario.clients {
            network.enter(Box::new(Client::new(client.clone(), front, ledger.clone())), *at);
        }
        for (at, tunnel, conduct) in &scenario.tunnels {
            network.enter(Box::new(Caller::new(*tunnel, *conduct, front, ledger.clone())), *at);
        }
        Run {
            world,
            scenario,
            network: Rc::new(RefCell::new(network)),
            ledger,
            engine_seed: rng.next(),
            steps: 0,
            second: (0, 0),
            faults: Vec::new(),
        }
    }

    fn all(&mut self, report: &mut Report) {
        match Process::start(&self.world, &self.network, self.engine_seed, self.scenario.threads) {
            Err(why) => self.faults.push(why),
            Ok(mut process) => self.live(&mut process),
        }
        self.check_log();
        let net = self.network.borrow();
        let mut ledger = self.ledger.borrow_mut();
        report.faults.append(&mut ledger.faults);
        report.faults.append(&mut self.faults);
        report.trace = net.trace.hash();
        report.steps = self.steps;
        report.lasted = net.now;
        report.log_lines = net.datagrams.len() as u64;
        report.tunnels = u64::from(ledger.tunnels);
        report.played = ledger.played.len() as u64;
        for asked in ledger.asked.values() {
            report.exact += u64::from(asked.outcome == Outcome::Exact);
            report.own += u64::from(matches!(asked.outcome, Outcome::Own(_)));
        }
    }

    /// The whole life of the proxy.
    fn live(&mut self, process: &mut Process) {
        let begun = self.network.borrow().now;
        match self.scenario.stop {
            Stop::Later => {
                self.until(process, None);
                self.faults.extend(process.at_rest());
                process.stop_softly();
                self.until(process, None);
            }
            Stop::Softly(after) => {
                self.until(process, Some(begun + after));
                process.stop_softly();
                self.until(process, None);
            }
            Stop::Hard(after) => {
                self.until(process, Some(begun + after));
                self.faults.extend(process.kill());
                self.faults.extend(process.places());
                self.until(process, None);
                return self.alone();
            }
        }
        let asked = begun + self.scenario.stop.after().unwrap_or(LONGEST);
        let last = self.network.borrow().last_datagram.max(asked);
        match process.ended() {
            None => self.faults.push("the proxy was told to stop and doesn't end".into()),
            Some(ended) if ended > last + FAREWELL => {
                self.faults.push(format!("the proxy took {} ns to stop", ended - last));
            }
            Some(_) => {}
        }
        self.alone();
        self.faults.extend(process.gauges());
        self.faults.extend(process.panics());
    }

    /// Nobody may be left.
    fn alone(&mut self) {
        let waiting = self.ledger.borrow().clients;
        if waiting > 0 {
            self.faults.push(format!("deadlock: {waiting} clients wait and nothing will ever happen"));
        }
        let streams = self.network.borrow().objects.streams();
        if streams > 0 {
            self.faults.push(format!("{streams} connections are open after the end"));
        }
    }

    /// Lets time pass until `end`, or until nothing will ever happen.
    fn until(&mut self, process: &mut Process, end: Option<u64>) {
        let mut idle = 0;
        loop {
            let noted = self.network.borrow().trace.noted;
            let turn = process.turn();
            let mut net = self.network.borrow_mut();
            net.catch_up();
            idle = if net.trace.noted == noted { idle + 1 } else { 0 };
            // Of several threads one may have nothing to do while another works.
            let quiet = idle as usize > if process.threads() > 1 { process.threads() } else { 0 };
            if let Some(why) = count(&mut self.steps, &mut self.second, net.now, quiet) {
                return self.faults.push(why);
            }
            if end.is_some_and(|end| net.now >= end) {
                return;
            }
            let ready = (0..process.threads()).any(|number| net.objects.has_ready(number));
            // What a thread was told by one that had its turn later shows at its next turn.
            let told = turn.worked && process.threads() > 1;
            if turn.next.is_some_and(|at| at <= net.now) || ready || told {
                if idle > IDLE_STEPS {
                    return self.faults.push("livelock: the loop turns and nothing happens".into());
                }
                continue;
            }
            idle = 0;
            let late = turn.next.is_some() && net.weather.blunder(Canary::LateTimer);
            let timer = turn.next.map(|at| if late { at + LATE } else { at });
            let wake = [timer, net.next_time().filter(|_| !late), end].into_iter().flatten().min();
            match wake {
                Some(at) => net.now = net.now.max(at),
                None => return,
            }
        }
    }

    /// One line for each request, and what it says.
    fn check_log(&mut self) {
        let net = self.network.borrow();
        let ledger = self.ledger.borrow();
        let texts: Vec<String> =
            net.datagrams.iter().map(|d| String::from_utf8_lossy(d).into_owned()).collect();
        // What it says of shortages is no line of an exchange.
        let (shortages, texts): (Vec<String>, Vec<String>) =
            texts.into_iter().partition(|text| text.starts_with("Proxy web reached "));
        for text in &shortages {
            net.trace.say(net.now, format_args!("log: {}", text.trim_end()));
        }
        if self.scenario.weather.no_handles == 0 {
            self.faults
                .extend(shortages.iter().map(|text| format!("nothing lacked, but the log says {text:?}")));
        }
        let lines: Vec<Line<'_>> = texts.iter().map(|text| Line::read(text)).collect();
        let lasted = net.now / 1_000_000;
        for (text, line) in texts.iter().zip(&lines) {
            net.trace.say(net.now, format_args!("log: {}", text.trim_end()));
            if let Some(why) = line.wrong(lasted, self.scenario.is_tcp) {
                self.faults.push(format!("{why} in the log line {text:?}"));
            }
        }
        if let Some(play) = self.scenario.play {
            self.faults.extend(play.judge(&ledger.played, &lines));
        } else if self.scenario.tunnels.is_empty() {
            self.faults.extend(log::of_requests(&ledger, &lines));
        } else {
            let (logged, came) = (texts.len(), self.scenario.tunnels.len());
            // Who leaves early may be gone before it is accepted.
            let sure = self.scenario.tunnels.iter().filter(|(_, _, conduct)| conduct.is_good()).count();
            if logged > came || self.scenario.stop == Stop::Later && logged < sure {
                self.faults.push(format!("{logged} log lines for {came} tunnels, {sure} of them good"));
            }
        }
    }
}
