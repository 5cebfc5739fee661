//! One run from its seed to a verdict: the proxy is built and started on the simulated kernel, the peers do what they do,
//! and when nothing moves any more, everything must have come to its end.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use engine::queue::Queues;
use engine::thread::{Socket, Start};
use net::{Addr, Bound, ListenOptions, Runtime};
use state::World;
use state::frontend::BindAddress;

use crate::kernel::SimKernel;
use crate::ledger::{Ledger, Outcome, Shared};
use crate::network::Network;
use crate::peer::client::Client;
use crate::peer::origin::Server;
use crate::peer::tunnel::{Callee, Caller};
use crate::rng::Rng;
use crate::scenario::{self, FRONT, Family, Scenario, server_address};
use crate::weather::Canary;

/// Turns of the loop after which a run is taken for one without end.
const STEPS: u64 = 400_000;
/// Turns in a row during which nothing may happen but turning.
const IDLE_STEPS: u32 = 2000;
/// Simulated nanoseconds after which a run is taken for one without end.
const LONGEST: u64 = 900_000_000_000;
/// Simulated nanoseconds that the proxy may still need once it was told to stop and its last exchange is over.
const FAREWELL: u64 = 2_500_000_000;

/// Every pair of letters that the manual knows (8.5), for streams of these scenarios.
const ENDS: [&str; 31] = [
    "--", "CC", "cC", "CD", "cD", "CH", "cH", "CL", "cL", "CQ", "CR", "cR", "CT", "PC", "PD", "PH", "PI",
    "PL", "PR", "RC", "RH", "SC", "sC", "SD", "sD", "SH", "sH", "SL", "sL", "sQ", "SQ",
];

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
    let mut scenario = scenario::draw(family, &mut rng);
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

struct Run {
    world: Arc<World>,
    scenario: Scenario,
    network: Rc<RefCell<Network>>,
    ledger: Shared,
    /// When the proxy's thread has ended, if it has.
    ended: Rc<Cell<Option<u64>>>,
    engine_seed: u64,
    steps: u64,
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
            if tunnels.is_empty() {
                network.settle(at, Box::new(Server::new(*habits, ledger.clone())));
            } else {
                network.settle(at, Box::new(Callee::new(tunnels.clone(), ledger.clone())));
            }
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
            ended: Rc::default(),
            engine_seed: rng.next(),
            steps: 0,
            faults: Vec::new(),
        }
    }

    fn all(&mut self, report: &mut Report) {
        let kernel = SimKernel::new(Rc::clone(&self.network), 0);
        match Runtime::with_kernel(Box::new(kernel)) {
            Err(e) => self.faults.push(format!("no runtime: {e}")),
            Ok(mut runtime) => {
                if let Err(e) = self.start(&mut runtime) {
                    self.faults.push(format!("the proxy didn't start: {e}"));
                }
                self.live(&mut runtime);
                let panics = runtime.counters().panics;
                if panics > 0 {
                    self.faults.push(format!("{panics} tasks panicked"));
                }
            }
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
        for asked in ledger.asked.values() {
            report.exact += u64::from(asked.outcome == Outcome::Exact);
            report.own += u64::from(matches!(asked.outcome, Outcome::Own(_)));
        }
    }

    fn start(&self, runtime: &mut Runtime) -> std::io::Result<()> {
        let world = Arc::clone(&self.world);
        let seed = self.engine_seed;
        let ended = Rc::clone(&self.ended);
        runtime.enter(|| {
            let mut sockets = Vec::new();
            for (frontend, front) in (0u32..).zip(&world.frontends) {
                for (bind, line) in (0u32..).zip(&front.binds) {
                    let BindAddress::Inet(at) = &line.address else { continue };
                    let bound = Bound::open(&Addr::from(*at), &ListenOptions::default())?;
                    sockets.push(Socket { bound, frontend, bind });
                }
            }
            let queues = Arc::new(Queues::default());
            let relays = Vec::new();
            let start = Start { number: 0, world, queues, crew: Arc::default(), sockets, relays, seed };
            net::spawn(async move {
                if engine::thread::run(start).await.is_ok() {
                    ended.set(Some(net::now().as_nanos()));
                }
            });
            Ok(())
        })
    }

    /// The whole life of the proxy.
    fn live(&mut self, runtime: &mut Runtime) {
        let begun = self.network.borrow().now;
        runtime.step();
        let (tasks, handles) = (runtime.enter(net::tasks), self.network.borrow().objects.open_now());
        match self.scenario.stop {
            Some(after) => {
                self.until(runtime, Some(begun + after));
                runtime.enter(engine::thread::stop_softly);
                self.until(runtime, None);
            }
            None => {
                self.until(runtime, None);
                self.at_rest(runtime, tasks, handles);
                runtime.enter(engine::thread::stop_softly);
                self.until(runtime, None);
            }
        }
        let last = self.network.borrow().last_datagram.max(begun + self.scenario.stop.unwrap_or(LONGEST));
        match self.ended.get() {
            None => self.faults.push("the proxy was told to stop and doesn't end".into()),
            Some(ended) if ended > last + FAREWELL => {
                self.faults.push(format!("the proxy took {} ns to stop", ended - last));
            }
            Some(_) => {}
        }
        let waiting = self.ledger.borrow().clients;
        if waiting > 0 {
            self.faults.push(format!("deadlock: {waiting} clients wait and nothing will ever happen"));
        }
        self.gauges();
        let streams = self.network.borrow().objects.streams();
        if streams > 0 {
            self.faults.push(format!("{streams} connections are open after the end"));
        }
    }

    /// Nothing moves and nobody is there: what is kept must be what there was at first.
    fn at_rest(&mut self, runtime: &mut Runtime, tasks: u32, handles: usize) {
        self.gauges();
        let now = runtime.enter(net::tasks);
        if now != tasks {
            self.faults.push(format!("{now} tasks at rest, {tasks} at first"));
        }
        let net = self.network.borrow();
        if net.objects.streams() > 0 {
            self.faults.push(format!("{} connections are open at rest", net.objects.streams()));
        }
        // The log's socket, and pipes in their pool.
        let most = handles + 1 + 2 * 64;
        if net.objects.open_now() > most {
            self.faults.push(format!("{} handles at rest, {handles} at first", net.objects.open_now()));
        }
    }

    /// Lets time pass until `end`, or until nothing will ever happen.
    fn until(&mut self, runtime: &mut Runtime, end: Option<u64>) {
        let mut idle = 0;
        loop {
            self.steps += 1;
            let noted = self.network.borrow().trace.noted;
            let next = runtime.step();
            let mut net = self.network.borrow_mut();
            idle = if net.trace.noted == noted { idle + 1 } else { 0 };
            if self.steps > STEPS || net.now > LONGEST {
                return self.faults.push(format!("livelock: {} turns, {} ns", self.steps, net.now));
            }
            if end.is_some_and(|end| net.now >= end) {
                return;
            }
            let ready = net.objects.has_ready(0);
            let timer = if next.is_never() { None } else { Some(next.as_nanos()) };
            if timer.is_some_and(|at| at <= net.now) || ready {
                if idle > IDLE_STEPS {
                    return self.faults.push("livelock: the loop turns and nothing happens".into());
                }
                continue;
            }
            idle = 0;
            let wake = [timer, net.next_time(), end].into_iter().flatten().min();
            match wake {
                Some(at) => net.now = net.now.max(at),
                None => return,
            }
        }
    }

    /// Whatever counts what there is now must say nothing.
    fn gauges(&mut self) {
        let mut counts = vec![("process connections".to_owned(), self.world.process.connections.now())];
        for front in &self.world.frontends {
            counts.push((format!("sessions of {}", front.name), front.live.sessions.now()));
        }
        for back in &self.world.backends {
            counts.push((format!("sessions of {}", back.name), back.live.sessions.now()));
            counts.push((format!("queue of {}", back.name), back.live.queued.now()));
            for server in &back.servers {
                counts.push((format!("sessions of {}", server.name), server.live.sessions.now()));
                counts
                    .push((format!("connections of {}", server.name), server.live.connections.load(Relaxed)));
                counts.push((format!("idle connections of {}", server.name), server.live.idle.load(Relaxed)));
            }
        }
        for (what, count) in counts {
            if count != 0 {
                self.faults.push(format!("gauge: {what} is {}", count.cast_signed()));
            }
        }
    }

    /// One line for each request, and what it says.
    fn check_log(&mut self) {
        let net = self.network.borrow();
        let ledger = self.ledger.borrow();
        let mut lines: HashMap<&str, Vec<[&str; 2]>> = HashMap::new();
        let texts: Vec<String> =
            net.datagrams.iter().map(|d| String::from_utf8_lossy(d).into_owned()).collect();
        for text in &texts {
            net.trace.say(net.now, format_args!("log: {}", text.trim_end()));
            let mut words = text.split_whitespace().rev();
            let (end, status, path) = (words.next(), words.next(), words.next());
            if !end.is_some_and(|end| ENDS.contains(&end)) {
                self.faults.push(format!("a log line ends with {end:?}: {text:?}"));
            }
            let path = path.or(status).unwrap_or_default();
            lines.entry(path).or_default().push([status.unwrap_or_default(), end.unwrap_or_default()]);
        }
        if !self.scenario.tunnels.is_empty() {
            let (logged, came) = (texts.len(), self.scenario.tunnels.len());
            // Who leaves early may be gone before it is accepted.
            let sure = self.scenario.tunnels.iter().filter(|(_, _, conduct)| conduct.is_good()).count();
            if logged > came || self.scenario.stop.is_none() && logged < sure {
                self.faults.push(format!("{logged} log lines for {came} tunnels, {sure} of them good"));
            }
            return;
        }
        self.faults.extend(log_faults(&ledger, &lines));
    }
}

fn log_faults(ledger: &Ledger, lines: &HashMap<&str, Vec<[&str; 2]>>) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, asked) in &ledger.asked {
        let path = format!("/r/{id}");
        let of = lines.get(path.as_str()).map(Vec::as_slice).unwrap_or_default();
        let status = match asked.outcome {
            Outcome::Exact => Some(asked.request.answer.status),
            // Without a complete head there is no path to find the line by.
            Outcome::Own(status) if asked.conduct.is_good() => Some(status),
            _ => None,
        };
        let unsaid = matches!(asked.outcome, Outcome::Nothing | Outcome::None)
            && asked.left_to_the_client(ledger.excuses);
        if of.len() > 1 || of.is_empty() && (status.is_some() || asked.heads > 0) && !unsaid {
            faults.push(format!("request {id} has {} log lines: {of:?} {asked:?}", of.len()));
        }
        let told = of.first().map(|[status, _]| *status);
        if let (Some(status), Some(told)) = (status, told)
            && told != status.to_string()
        {
            faults.push(format!("request {id} got {status}, its log line says {told}"));
        }
    }
    faults
}
