//! What a seed stands for: configuration, clients, servers, weather. Pure choices; running them is `run`'s.

use std::fmt::Write as _;

use crate::ledger::Excuses;
use crate::peer::origin::Habits;
use crate::play::{self, Play};
use crate::rng::Rng;
use crate::script::{Answer, Client, Conduct, Fault, Framing, MS, Method, Request, Tunnel};
use crate::weather::Weather;

/// The families of scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Clients that are slow, leave or end at any byte; servers that are good.
    Clients,
    /// Servers that fail at any byte; clients that are good.
    Servers,
    /// More clients than places in the servers; all of them good, so that everybody must be served.
    Queue,
    /// Both, with full queues, retries, refused connections, a lack of descriptors, a stop in the middle.
    Storm,
    /// `mode tcp`.
    Tunnels,
    /// One thing at one phase: a row of [`crate::play`].
    Phases,
    /// Several threads that share servers, queues and counters.
    Threads,
    /// The process is told to stop, or ends at once, in the middle of anything.
    Stops,
    /// The system has no descriptors, memory or ports left, on and off.
    Lack,
}

/// When and how the proxy ends, in nanoseconds from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Once everybody is gone.
    Later,
    Softly(u64),
    Hard(u64),
}

impl Stop {
    /// When it is told to, unless at the end.
    pub const fn after(self) -> Option<u64> {
        match self {
            Stop::Later => None,
            Stop::Softly(after) | Stop::Hard(after) => Some(after),
        }
    }
}

impl Family {
    pub const ALL: [Family; 9] = [
        Family::Clients,
        Family::Servers,
        Family::Queue,
        Family::Storm,
        Family::Tunnels,
        Family::Phases,
        Family::Threads,
        Family::Stops,
        Family::Lack,
    ];

    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Family::Clients => "clients",
            Family::Servers => "servers",
            Family::Queue => "queue",
            Family::Storm => "storm",
            Family::Tunnels => "tunnels",
            Family::Phases => "phases",
            Family::Threads => "threads",
            Family::Stops => "stops",
            Family::Lack => "lack",
        }
    }
}

/// A run before it runs.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// haproxy.cfg.
    pub config: String,
    pub weather: Weather,
    /// When each client comes, in nanoseconds, and what it does.
    pub clients: Vec<(u64, Client)>,
    pub tunnels: Vec<(u64, Tunnel, Conduct)>,
    /// The servers, in the order of the configuration.
    pub servers: Vec<Habits>,
    pub excuses: Excuses,
    pub stop: Stop,
    pub threads: u16,
    pub play: Option<&'static Play>,
    pub is_tcp: bool,
}

/// Where the proxy listens.
pub const FRONT: &str = "10.0.0.1:80";

/// The address of the n-th server.
pub fn server_address(number: usize) -> String {
    format!("10.0.1.{}:80", number + 1)
}

/// The scenario of a seed.
pub fn draw(family: Family, seed: u64, rng: &mut Rng) -> Scenario {
    match family {
        Family::Threads => {
            let base = rng.one([Family::Servers, Family::Queue, Family::Queue, Family::Storm]);
            let mut scenario = base_scenario(base, seed, rng);
            scenario.threads = rng.one([2, 2, 3]);
            let threads = format!("global\n  nbthread {}\n", scenario.threads);
            scenario.config = scenario.config.replacen("global\n", &threads, 1);
            scenario
        }
        Family::Stops => {
            let base = rng.one([Family::Clients, Family::Servers, Family::Queue, Family::Tunnels]);
            let mut scenario = base_scenario(base, seed, rng);
            let after = rng.one([5 * MS, 50 * MS, 800 * MS, 4000 * MS]);
            let after = rng.below(after);
            scenario.stop = if rng.permille(500) { Stop::Hard(after) } else { Stop::Softly(after) };
            scenario.excuses.stops = true;
            scenario.excuses.killed = matches!(scenario.stop, Stop::Hard(_));
            scenario
        }
        Family::Lack => {
            let base = rng.one([Family::Clients, Family::Servers, Family::Queue, Family::Tunnels]);
            let mut scenario = base_scenario(base, seed, rng);
            scenario.weather.no_handles = rng.one([20, 200, 600]);
            scenario.weather.odd_errors = true;
            scenario.excuses.busy = true;
            scenario
        }
        base => base_scenario(base, seed, rng),
    }
}

/// In one of so many scenarios every body that can goes through the kernel.
const SPLICED: u64 = 11;

/// The scenario of a family that builds on no other.
fn base_scenario(family: Family, seed: u64, rng: &mut Rng) -> Scenario {
    let weather = Weather::draw(rng);
    let servers = rng.length(1, 3);
    let mut scenario = Scenario {
        config: String::new(),
        weather,
        clients: Vec::new(),
        tunnels: Vec::new(),
        servers: vec![Habits::default(); servers],
        excuses: Excuses::default(),
        stop: Stop::Later,
        threads: 1,
        play: None,
        is_tcp: family == Family::Tunnels,
    };
    if family == Family::Phases {
        phases(&mut scenario, seed);
        return scenario;
    }
    if family == Family::Tunnels {
        tunnels(&mut scenario, rng);
        return scenario;
    }
    // In a queue everybody must be served.
    scenario.excuses.aborts = family != Family::Queue && seed.is_multiple_of(2);
    if matches!(family, Family::Servers | Family::Storm) && rng.permille(500) {
        let idle_close = rng.one([200, 1000]);
        let drop_reused = rng.one([0, 300, 1000]);
        scenario.servers.iter_mut().for_each(|habits| {
            habits.idle_close = idle_close;
            habits.drop_reused = drop_reused;
        });
        scenario.excuses.idle_close = true;
    }
    let mut limits = Limits::default();
    if family == Family::Storm {
        limits = storm(&mut scenario, rng);
    }
    if family == Family::Queue {
        // Tiny buffers would make every exchange last for seconds.
        scenario.weather.room = (4096, 65_536);
        limits = Limits { frontend: 0, server: rng.one([1, 1, 2]), queue: 120_000 };
    }
    scenario.config = configuration(&scenario, "http", &limits, rng);
    if seed % SPLICED == SPLICED - 1 {
        let options = "  mode http\n  option splice-request\n  option splice-response\n";
        scenario.config = scenario.config.replacen("  mode http\n", options, 1);
    }
    let mut id = 0;
    let most = if family == Family::Queue { 12 } else { 5 };
    for _ in 0..rng.length(1, most) {
        let client = client(family, &scenario.weather, &mut id, rng);
        let at = rng.one([0, 2 * MS, 300 * MS]);
        scenario.clients.push((rng.below(at + 1), client));
    }
    scenario
}

/// Every row has its turn.
fn phases(scenario: &mut Scenario, seed: u64) {
    let count = play::table().count() as u64;
    let row = play::table().nth(usize::try_from(seed % count).unwrap_or(0));
    let Some(row) = row else { return };
    // Tiny buffers would make every exchange last for seconds.
    let (least, most) = scenario.weather.room;
    scenario.weather.room = (least.max(4096), most.clamp(4096, 65_536));
    scenario.weather.no_connect = row.no_connect;
    if row.calm {
        scenario.weather.spurious = 0;
    }
    scenario.servers.truncate(1);
    scenario.config = row.configuration();
    scenario.is_tcp = row.tcp;
    scenario.play = Some(row);
}

/// `maxconn` of the parts; 0 for none.
#[derive(Default)]
struct Limits {
    frontend: u64,
    server: u64,
    /// How long to wait for a place, in milliseconds; 0 for the usual time.
    queue: u64,
}

fn storm(scenario: &mut Scenario, rng: &mut Rng) -> Limits {
    for habits in &mut scenario.servers {
        habits.refuse = rng.one([0, 100, 1000]);
        habits.silence = rng.one([0, 0, 100]);
        habits.slam = rng.one([0, 0, 200]);
    }
    scenario.weather.no_handles = rng.one([0, 0, 20, 200]);
    scenario.excuses.busy = true;
    scenario.excuses.slams = scenario.servers.iter().any(|habits| habits.slam > 0);
    if rng.permille(300) {
        scenario.stop = Stop::Softly(rng.below(800 * MS));
        scenario.excuses.stops = true;
    }
    Limits { frontend: rng.one([0, 1, 2, 3]), server: rng.one([0, 1, 1, 2]), queue: 0 }
}

fn configuration(scenario: &Scenario, mode: &str, limits: &Limits, rng: &mut Rng) -> String {
    let mut text = String::from("global\n  maxconn 1000\n  log 10.0.0.9:514 format raw local0\n");
    let _ = writeln!(text, "defaults\n  mode {mode}\n  log global");
    text.push_str("  timeout client 3s\n  timeout server 2s\n  timeout connect 1s\n");
    let _ = writeln!(text, "  timeout queue {}", if limits.queue > 0 { limits.queue } else { 1500 });
    if mode == "http" {
        text.push_str("  timeout http-request 4s\n");
        text.push_str(rng.one(["", "  timeout http-keep-alive 500ms\n", "  timeout http-keep-alive 2s\n"]));
        text.push_str(rng.one([
            "",
            "",
            "",
            "",
            "",
            "",
            "  option http-server-close\n",
            "  option httpclose\n",
        ]));
        text.push_str(if scenario.excuses.aborts { "" } else { "  no option abortonclose\n" });
    }
    text.push_str(log_format(mode));
    let _ = writeln!(text, "  retries {}", rng.one([0, 1, 3]));
    text.push_str(rng.one(["", "  option redispatch\n"]));
    let _ = writeln!(text, "frontend web\n  bind {FRONT}\n  default_backend app");
    if limits.frontend > 0 {
        let _ = writeln!(text, "  maxconn {}", limits.frontend);
    }
    text.push_str("backend app\n  balance roundrobin\n");
    if mode == "http" {
        let _ =
            writeln!(text, "  http-reuse {}", rng.one(["never", "safe", "aggressive", "always", "always"]));
    }
    for number in 0..scenario.servers.len() {
        let _ = write!(text, "  server s{number} {}", server_address(number));
        if limits.server > 0 {
            let _ = write!(text, " maxconn {}", limits.server);
        }
        text.push('\n');
    }
    text
}

/// What [`crate::log`] reads.
pub const fn log_format(mode: &str) -> &'static str {
    if mode.len() == "tcp".len() {
        "  log-format \"0 %ts 0/%Tw/%Tc/0/%Tt %U %B /t\"\n"
    } else {
        "  log-format \"%ST %ts %TR/%Tw/%Tc/%Tr/%Ta %U %B %[capture.req.uri]\"\n"
    }
}

/// A body's length: mostly short, sometimes enough for a splice, never more than the connections can bear.
fn size(weather: &Weather, rng: &mut Rng) -> usize {
    let most = rng.one([0, 1, 10, 300, 300, 3000, 20_000, 150_000]);
    rng.index(most + 1).min(weather.room.0 * 30)
}

fn framing(weather: &Weather, until_close: bool, rng: &mut Rng) -> Framing {
    let size = size(weather, rng);
    match rng.below(if until_close { 5 } else { 4 }) {
        0 | 1 => Framing::Length(size),
        4 => Framing::UntilClose(size),
        _ => {
            let piece = rng.one([1, 10, 1000, 70_000]).max(size / 50);
            Framing::Chunked { size, piece, trailers: rng.permille(200) }
        }
    }
}

fn answer(family: Family, weather: &Weather, rng: &mut Rng) -> Answer {
    let framing = framing(weather, true, rng);
    let length = framing.size() + 120;
    let at = if rng.permille(500) { rng.index(120) } else { rng.index(length) };
    let bad = matches!(family, Family::Servers | Family::Storm) && rng.permille(300);
    let fault = match rng.below(6) {
        _ if !bad => Fault::None,
        0 => Fault::Mute,
        1 | 2 => Fault::Reset(at),
        3 => Fault::Close(at),
        4 => Fault::Stall(at),
        _ => Fault::Garbage,
    };
    let slow = rng.permille(150);
    Answer {
        status: rng.one([200, 200, 200, 404, 500, 204]),
        framing,
        interim: fault == Fault::None && rng.permille(100),
        early: false,
        delay: rng.one([0, 0, MS, 60 * MS]),
        close: rng.permille(50),
        fault,
        pace: slow.then(|| ((length / 20).max(1), rng.one([MS, 20 * MS]))),
    }
}

fn request(family: Family, weather: &Weather, id: u64, rng: &mut Rng) -> Request {
    let method = rng.one([Method::Get, Method::Get, Method::Head, Method::Put, Method::Post, Method::Post]);
    let with_body = matches!(method, Method::Put | Method::Post);
    let old = rng.permille(50);
    let mut framing = if with_body { framing(weather, false, rng) } else { Framing::None };
    if old && let Framing::Chunked { size, .. } = framing {
        framing = Framing::Length(size);
    }
    let mut answer = answer(family, weather, rng);
    answer.early = with_body && framing.size() > 0 && rng.permille(150);
    answer.interim &= !old;
    let expect = with_body && !old && framing.size() > 0 && rng.permille(150);
    // A fault after the last byte would be none.
    let length = answer.bytes(id, method == Method::Head).len();
    match &mut answer.fault {
        Fault::Reset(at) | Fault::Close(at) | Fault::Stall(at) => *at %= length,
        Fault::None | Fault::Mute | Fault::Garbage => {}
    }
    Request { id, method, old, close: rng.permille(50), framing, expect, answer }
}

fn client(family: Family, weather: &Weather, id: &mut u64, rng: &mut Rng) -> Client {
    let count = rng.one([1, 2, 3, 6, 6]);
    let mut requests = Vec::new();
    for _ in 0..count {
        *id += 1;
        requests.push(request(family, weather, *id, rng));
    }
    // Whatever follows a request that asks for the end can't be answered.
    if let Some(last) = requests.iter().position(|r| r.close || r.old) {
        requests.truncate(last + 1);
    }
    let total: usize = requests.iter().map(|r| r.bytes().0.len() + r.framing.size()).sum();
    let received: usize = requests.iter().map(|r| r.answer_size() + 100).sum();
    let sending = if rng.permille(500) { rng.index(total.min(400) + 1) } else { rng.index(total + 1) };
    let bad = match family {
        Family::Clients => rng.permille(700),
        Family::Storm => rng.permille(200),
        _ => false,
    };
    let conduct = match rng.below(9) {
        _ if !bad => rng.one([Conduct::Good, Conduct::Good, Conduct::HalfClose]),
        0 | 1 => Conduct::CutOff(sending),
        2 | 3 => Conduct::LeaveSending(sending, rng.permille(500)),
        4 | 5 => Conduct::LeaveReceiving(rng.index(received) + 1, rng.permille(500)),
        6 => Conduct::Stall(sending),
        7 => Conduct::NeverRead,
        _ => Conduct::Garbage,
    };
    let slow = rng.permille(300);
    let sips = rng.permille(150);
    Client {
        requests,
        depth: rng.one([1, 1, 2, 8]),
        conduct,
        pace: slow.then(|| ((total / 15).max(1), rng.one([MS, 10 * MS, 40 * MS]))),
        sips: sips.then(|| ((received / 15).max(1), rng.one([MS, 10 * MS, 40 * MS]))),
        lingers: rng.permille(300),
    }
}

fn tunnels(scenario: &mut Scenario, rng: &mut Rng) {
    if rng.permille(300) {
        scenario.weather.no_handles = 50;
        scenario.excuses.busy = true;
    }
    if rng.permille(200) {
        scenario.stop = Stop::Softly(rng.below(200 * MS));
        scenario.excuses.stops = true;
    }
    let frontend = rng.one([0, 0, 1, 2]);
    scenario.config = configuration(scenario, "tcp", &Limits { frontend, server: 0, queue: 0 }, rng);
    for id in 1..=rng.range(1, 5) {
        let (up, down) = (size(&scenario.weather, rng), size(&scenario.weather, rng));
        let tunnel = Tunnel { id, up, down, turns: rng.permille(500) };
        let conduct = match rng.below(5) {
            0 => Conduct::LeaveSending(rng.index(up + 14), rng.permille(500)),
            1 => Conduct::LeaveReceiving(rng.index(down + 1) + 1, rng.permille(500)),
            _ => Conduct::Good,
        };
        scenario.tunnels.push((rng.below(300 * MS), tunnel, conduct));
    }
}
