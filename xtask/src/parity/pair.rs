//! Oracle and program side by side: started with the same units, given the same bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use harness::exchange::{self, Until};
use harness::process::Process;
use harness::recorder::Recorder;
use harness::reply;
use harness::scratch::Scratch;
use harness::syslog::Syslog;

use super::batch::Seen;
use super::config::{self, Place, SERVERS_MAX, Unit};
use super::greeting::Greeting;
use super::observe::{self, Observation};
use super::request::{self, Conversation};

/// No exchange takes longer on a working machine; the limit only keeps a run from hanging.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(30);
/// The first port of clients whose headers tell one.
const TOLD_PORTS: u16 = 20_000;
/// A client that gets a server at once has it by then.
const HOLD_SEEN: Duration = Duration::from_millis(30);
const START_LIMIT: Duration = Duration::from_secs(60);

/// How a program comes to its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It starts with them.
    Fresh,
    /// It starts with others in their places, and has them applied while it runs.
    Applied,
}

/// One of the two programs, running.
pub(crate) struct Side {
    process: Process,
    log: Syslog,
    binds: Vec<u16>,
    /// How the clients of each unit begin.
    greetings: Vec<Greeting>,
    recorders: Vec<Recorder>,
    _scratch: Scratch,
}

impl Side {
    /// Starts a program with these units. A unit's origins are those of recorder `index % lanes`, so that as
    /// many units as there are lanes can be driven at once without mixing what their origins saw.
    ///
    /// # Errors
    /// When it does not start; the message carries what it printed.
    pub(crate) fn start(program: &Path, units: &[Unit], lanes: usize, way: Way) -> Result<Side> {
        let log = Syslog::start()?;
        let lanes = lanes.min(units.len()).max(1);
        let recorders = (0..lanes)
            .map(|_| Recorder::start(SERVERS_MAX, request::answer))
            .collect::<std::io::Result<Vec<_>>>()?;
        let binds = harness::port::free(units.len())?;
        let scratch = Scratch::new("parity")?;
        let socket = scratch.path().join("api.sock");
        // As many lines for both: a log may tell the number of one.
        let line = match way {
            Way::Fresh => String::new(),
            Way::Applied => format!("    stats socket {} level admin", socket.display()),
        };
        let global = config::global(log.port()).replacen("global\n", &format!("global\n{line}\n"), 1);
        let text = |units: &mut dyn Iterator<Item = &Unit>| {
            let mut text = global.clone();
            for (index, unit) in units.enumerate() {
                let origins = recorders[index % lanes].ports();
                text.push_str(&unit.text(&Place { index, bind: binds[index], log: log.port(), origins }));
            }
            text
        };
        let wanted = text(&mut units.iter());
        let other = Unit::stand_in();
        let first = match way {
            Way::Fresh => wanted.clone(),
            Way::Applied => text(&mut units.iter().skip(1).chain([&other])),
        };
        let mut command = Command::new(program);
        command.arg("-db").arg("-f").arg(scratch.write("haproxy.cfg", first)?);
        let mut process = Process::start(command, scratch.path().join("output"))?;
        // Looking whether it listens counts as a client: it comes when what counts is in force.
        if way == Way::Applied {
            apply(&socket, &wanted).with_context(|| process.printed())?;
        }
        for &port in &binds {
            process.wait_listening(SocketAddr::from(([127, 0, 0, 1], port)), START_LIMIT)?;
        }
        let greetings = units.iter().map(|unit| unit.greeting).collect();
        Ok(Side { process, log, binds, greetings, recorders, _scratch: scratch })
    }

    /// Has the unit's frontend answer its `number`th conversation; gives the client's port as the log tells it, too. The
    /// log lines come later, by [`Side::finish`].
    ///
    /// # Errors
    /// When the program does not accept the connection.
    pub(crate) fn converse(
        &self,
        unit: usize,
        number: usize,
        conversation: &Conversation,
        quiet: Duration,
    ) -> Result<(Observation, u16)> {
        let recorder = &self.recorders[unit % self.recorders.len()];
        let _ = recorder.take();
        let methods = conversation.methods();
        let complete = |bytes: &[u8]| {
            let replies = reply::parse(bytes, &methods, false).replies;
            replies.iter().filter(|reply| reply.status() >= 200).count() >= methods.len()
        };
        let address = SocketAddr::from(([127, 0, 0, 1], self.binds[unit]));
        let greeting = self.greetings[unit];
        let told = TOLD_PORTS + number as u16;
        let holders = (0..conversation.holders).map_while(|_| self.hold(unit, recorder).ok()).collect();
        let until = Until::enough(&complete).half_close_after(quiet);
        let bytes = [greeting.bytes(told), conversation.bytes()].concat();
        let exchange = exchange::exchange(address, &bytes, until, EXCHANGE_LIMIT)
            .with_context(|| format!("frontend {unit}: {}", self.process.printed()))?;
        release(holders);
        let enough = complete(&exchange.bytes);
        let origin = recorder.take();
        let port = greeting.port(told, exchange.local_port);
        Ok((Observation::new(&exchange, &methods, enough, &origin), port))
    }

    /// A client that waits for a slow answer, begun before the next one comes.
    fn hold(&self, unit: usize, recorder: &Recorder) -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.binds[unit]))?;
        let before = recorder.count();
        stream.write_all(&[&self.greetings[unit].bytes(1), request::HOLD].concat())?;
        // Where it has to wait itself, no origin sees it soon.
        let end = Instant::now() + HOLD_SEEN;
        while recorder.count() == before && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(stream)
    }

    /// Whether the program still runs; what it printed when it does not.
    pub(crate) fn ended(&mut self) -> Option<String> {
        (!self.process.is_running().unwrap_or(false)).then(|| self.process.printed())
    }

    /// Gives each observation its log lines, by the frontend's name and the client's port (the kernel uses a
    /// port again for another frontend). Waits until no line has come for `quiet`.
    pub(crate) fn finish(&self, quiet: Duration, seen: &mut Seen) {
        let lines = self.settled(quiet);
        for (unit, observations) in seen.iter_mut().enumerate() {
            let frontend = format!("f{unit}");
            let is_own = |line: &&String| line.split(' ').any(|word| word.trim_matches('"') == frontend);
            let own: Vec<&String> = lines.iter().filter(is_own).collect();
            for (observation, port) in observations {
                let of_port = own.iter().filter(|line| observe::port_of(line) == Some(*port));
                observation.log = of_port.map(|line| observe::masked(line)).collect();
            }
        }
    }

    fn settled(&self, quiet: Duration) -> Vec<String> {
        let end = Instant::now() + EXCHANGE_LIMIT;
        loop {
            let count = self.log.lines().len();
            let lines = self.log.wait_until(quiet, |lines| lines.len() > count);
            if lines.len() == count || Instant::now() > end {
                return lines;
            }
        }
    }
}

/// Has a running program apply a configuration.
fn apply(socket: &Path, text: &str) -> Result<()> {
    let end = Instant::now() + START_LIMIT;
    // It may listen for clients a moment earlier.
    let mut stream = loop {
        match UnixStream::connect(socket) {
            Ok(stream) => break stream,
            Err(error) if Instant::now() > end => return Err(error).context("the Runtime API"),
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    stream.set_read_timeout(Some(START_LIMIT))?;
    stream.write_all(format!("config apply <<%end%\n{text}\n%end%\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if !answer.contains("Applied:") {
        bail!("not applied: {answer}");
    }
    Ok(())
}

/// Waits for the answers of those who hold places, so that nothing of them is left. The last one goes first: it may wait
/// in a queue, and would get the place that another one leaves a moment before.
fn release(holders: Vec<TcpStream>) {
    for mut stream in holders.into_iter().rev() {
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.set_read_timeout(Some(EXCHANGE_LIMIT));
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    }
}

/// Whether a program accepts a unit (`-c`), and what it says when it does not.
///
/// # Errors
/// When the program cannot be run at all.
pub(crate) fn refusal(program: &Path, unit: &Unit) -> Result<Option<String>> {
    let scratch = Scratch::new("parity")?;
    let place = Place { index: 0, bind: 1, log: 3, origins: &[1; SERVERS_MAX] };
    let text = config::global(1) + &unit.text(&place);
    let file: PathBuf = scratch.write("haproxy.cfg", text)?;
    let output = Command::new(program).arg("-c").arg("-f").arg(&file).output().context("-c")?;
    if output.status.success() {
        return Ok(None);
    }
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Ok(Some(printed.replace(&file.to_string_lossy().into_owned(), "haproxy.cfg")))
}
