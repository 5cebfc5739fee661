//! One conversation over the Runtime API: line after line, an answer for each command, prompts, and the limits that keep a
//! client from costing more than its two buffers and its time.

use std::io;
use std::rc::Rc;

use keywords::command::{self, Title};
use net::{Sock, Time};
use state::family::inside::{self, Survey, Told};
use state::family::{Answer, Console, Errand, Query, Talk};
use state::world::Level;
use state::{Endpoint, World};

use super::http_client::{self, Client};
use super::line::{self, Line};
use super::{Cli, Rights, chore, hand_over};
use crate::listener::endpoint;

/// How much is read at once.
const READ: usize = 4096;
/// The most that may follow as a payload (`tune.cli.max-payload-size`'s default).
const PAYLOAD_MAX: usize = 128 * 1024;
/// The same for whole configurations, which only administrators may send.
const CONFIG_MAX: usize = 32 * 1024 * 1024;
/// The most words of a command.
const WORDS_MAX: usize = 64;
/// How long, and how much, of a client's remaining input is read and dropped so that the answer isn't lost to a reset.
const LINGER_MS: u64 = 1000;
const LINGER_BYTES: usize = 64 * 1024;

const TOO_LONG: &[u8] =
    b"The command line is too big for the buffer size. Please change 'tune.bufsize' in the \
    configuration to use a bigger command.\n";
const TOO_MANY: &str = "Too many arguments. Commands must have at most 64 arguments.";

/// Serves a client to its end.
pub(super) async fn serve(cli: &Rc<Cli>, sock: Sock, rights: Rights) {
    let console = Console::new(rights.level, cli.world().global.stats_timeout_ms);
    console.reporting.set(rights.reporting);
    let mut talk = Conversation { cli, sock, console, rights, input: Vec::new(), out: Vec::new() };
    let _mark = cli.roll.enter(as_stream(&talk.sock), b"");
    // Whatever went wrong, there is nobody left to tell.
    if talk.run().await.is_ok() {
        talk.linger().await;
    }
}

/// A command: its words and what followed.
type Asked<'q> = (&'q [&'q [u8]], Option<&'q [u8]>);

struct Conversation<'c> {
    cli: &'c Rc<Cli>,
    sock: Sock,
    console: Console,
    rights: Rights,
    /// What was read and not understood yet.
    input: Vec<u8>,
    /// What was answered and not sent yet.
    out: Vec<u8>,
}

impl Conversation<'_> {
    async fn run(&mut self) -> io::Result<()> {
        loop {
            let Some(line) = self.line().await? else { return Ok(()) };
            let payload = match &line.payload_until {
                Some(until) => match self.payload(until, self.payload_max(&line)).await? {
                    Some(payload) => Some(payload),
                    None => return Ok(()),
                },
                None => None,
            };
            let last = line.commands.len();
            for (number, words) in (1..).zip(&line.commands) {
                let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                let payload = payload.as_deref().filter(|_| number == last);
                self.answer(&words, payload).await?;
                if self.console.ended.get() {
                    return self.send().await;
                }
            }
            if self.console.talk.get() == Talk::Once {
                return self.send().await;
            }
            self.prompt(b"> ");
            self.send().await?;
        }
    }

    /// The next line; none at the client's end, or when it is too long, which was said then.
    async fn line(&mut self) -> io::Result<Option<Line>> {
        let max = usize::try_from(self.cli.world().global.buffer_size).unwrap_or(usize::MAX);
        let mut seen = 0;
        loop {
            let new = self.input.get(seen..).unwrap_or_default();
            if let Some(at) = new.iter().position(|b| *b == b'\n') {
                let rest = self.input.split_off(seen + at + 1);
                let whole = std::mem::replace(&mut self.input, rest);
                if whole.len() <= max {
                    return Ok(Some(line::parse(trimmed(&whole))));
                }
                seen = max;
            } else {
                seen = self.input.len();
            }
            if seen >= max {
                self.out.extend_from_slice(TOO_LONG);
                self.send().await?;
                return Ok(None);
            }
            if !self.read().await? {
                return Ok(None);
            }
        }
    }

    /// How long what follows a line may be.
    fn payload_max(&self, line: &Line) -> usize {
        let config =
            line.commands.last().and_then(|words| words.first()).is_some_and(|word| word == b"config");
        if config && self.console.level.get() == Level::Admin { CONFIG_MAX } else { PAYLOAD_MAX }
    }

    /// What follows up to this line; none at the client's end, or when it is too much, which was said then.
    async fn payload(&mut self, until: &[u8], max: usize) -> io::Result<Option<Vec<u8>>> {
        let mut from = 0;
        loop {
            if let Some((len, whole)) = line::payload_end(&self.input, until, &mut from) {
                let rest = self.input.split_off(whole);
                let mut payload = std::mem::replace(&mut self.input, rest);
                payload.truncate(len);
                return Ok(Some(payload));
            }
            if self.input.len() > max {
                let words = format!("The payload is too big: at most {max} bytes are taken.\n");
                self.out.extend_from_slice(words.as_bytes());
                self.send().await?;
                return Ok(None);
            }
            if self.console.talk.get() == Talk::Prompt {
                self.out.extend_from_slice(b"+ ");
                self.send().await?;
            }
            if !self.read().await? {
                return Ok(None);
            }
        }
    }

    /// Answers one command, and ends the answer with an empty line.
    async fn answer(&mut self, words: &[&[u8]], payload: Option<&[u8]>) -> io::Result<()> {
        if let [hand_over::COMMAND] = words {
            // It is the end of the conversation, whatever becomes of it.
            self.console.ended.set(true);
            self.send().await?;
            let until = self.deadline();
            return if self.rights.sockets {
                hand_over::all(self.cli, &self.sock, until).await
            } else {
                Ok(())
            };
        }
        let world = self.cli.world();
        let mut from = 0;
        loop {
            let flow = self.step(&world, words, payload, from);
            self.cli.follow_up(&world);
            match flow {
                Answer::Done => break,
                Answer::More(next) => {
                    self.send().await?;
                    // A fast reader must not keep this thread from its other work.
                    net::yield_now().await;
                    from = next;
                }
                Answer::Later(next, ms) => {
                    self.send().await?;
                    net::sleep_until(net::now().plus_millis(u64::from(ms))).await;
                    from = next;
                }
                Answer::Watch(next, ms) => {
                    self.send().await?;
                    if self.speaks_within(u64::from(ms)).await {
                        break;
                    }
                    from = next;
                }
                Answer::Survey(survey) => {
                    chore::ask(self.cli, &world, &survey).await;
                    self.tell(&world, (words, payload), &*survey).await?;
                    break;
                }
                Answer::Ask(errand) => {
                    self.ask(&errand).await?;
                    break;
                }
                Answer::Then(what) => {
                    chore::everywhere(&self.cli.crew, &world, what).await;
                    break;
                }
            }
        }
        if !self.console.ended.get() {
            self.out.push(b'\n');
        }
        Ok(())
    }

    /// Has a server asked, and passes its answer on as it comes.
    async fn ask(&mut self, errand: &Errand) -> io::Result<()> {
        match Client::ask(errand, &mut self.out).await {
            Ok(mut client) => {
                // What breaks off is shown as far as it came.
                while client.more(&mut self.out).await.unwrap_or(false) {
                    self.send().await?;
                }
            }
            Err(_) => http_client::nobody(&mut self.out),
        }
        Ok(())
    }

    /// Gives what a survey found out, a part at a time.
    async fn tell(&mut self, world: &World, asked: Asked<'_>, survey: &dyn Survey) -> io::Result<()> {
        let mut from = 0;
        loop {
            let mut out = std::mem::take(&mut self.out);
            let told = survey.tell(&self.query(world, asked), from, &mut out);
            self.out = out;
            let Told::More(next) = told else { return Ok(()) };
            self.send().await?;
            net::yield_now().await;
            from = next;
        }
    }

    /// Waits for so long, or until the client says something or goes; whether it did.
    async fn speaks_within(&self, ms: u64) -> bool {
        if !self.input.is_empty() {
            return true;
        }
        let until = net::now().plus_millis(ms);
        let woken = net::wait(|w| {
            w.read(&self.sock).until(until);
        });
        woken.await.any_ready()
    }

    fn query<'q>(&'q self, world: &'q World, (words, payload): Asked<'q>) -> Query<'q> {
        Query {
            words,
            payload,
            world,
            about: &self.cli.about,
            console: &self.console,
            changes: self.cli.changes(),
            now_ns: net::now().as_nanos(),
            wall_us: net::wall(),
        }
    }

    fn step(&mut self, world: &World, words: &[&[u8]], payload: Option<&[u8]>, from: u64) -> Answer {
        let mut out = std::mem::take(&mut self.out);
        let flow = self.run_command(&self.query(world, (words, payload)), from, &mut out);
        self.out = out;
        flow
    }

    fn run_command(&self, query: &Query<'_>, from: u64, out: &mut Vec<u8>) -> Answer {
        let words = query.words;
        if words.is_empty() {
            return Answer::Done;
        }
        if words.len() > WORDS_MAX {
            return query.refuse(TOO_MANY, out);
        }
        match command::find(words) {
            None => {
                command::list(Title::Unknown, words, &self.console, out);
                Answer::Done
            }
            Some(command) => match command::permit(command, &self.console) {
                Ok(()) => (command.run)(query, from, out),
                Err(why) => query.refuse(why, out),
            },
        }
    }

    fn prompt(&mut self, mark: &[u8]) {
        if self.console.talk.get() != Talk::Prompt {
            return;
        }
        if self.console.timed.get() {
            let uptime = self.cli.about.uptime_s(net::now().as_nanos());
            let (minutes, hours) = (uptime / 60, uptime / 3600);
            let (days, hours) = (hours / 24, hours % 24);
            let time = format!("[{days}:{hours:02}:{:02}:{:02}]", minutes % 60, uptime % 60);
            self.out.extend_from_slice(time.as_bytes());
        }
        self.out.extend_from_slice(mark);
    }

    /// Reads what is there, after a wait if need be; false at the client's end.
    async fn read(&mut self) -> io::Result<bool> {
        let mut room = [0u8; READ];
        loop {
            match self.sock.try_read(&mut room) {
                Ok(n) => {
                    self.input.extend_from_slice(room.get(..n).unwrap_or_default());
                    return Ok(n > 0);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let until = self.deadline();
                    let woken = net::wait(|w| {
                        w.read(&self.sock).until(until);
                    });
                    if woken.await.timed_out() {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends all that was answered. Errors: the connection's; `TimedOut` when the client doesn't read.
    async fn send(&mut self) -> io::Result<()> {
        let mut sent = 0;
        while let Some(left) = self.out.get(sent..).filter(|left| !left.is_empty()) {
            match self.sock.try_write(left) {
                Ok(n) => sent += n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let until = self.deadline();
                    let woken = net::wait(|w| {
                        w.write(&self.sock).until(until);
                    });
                    if woken.await.timed_out() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        Ok(())
    }

    fn deadline(&self) -> Time {
        match self.console.timeout_ms.get() {
            0 => Time::NEVER,
            ms => net::now().plus_millis(u64::from(ms)),
        }
    }

    /// Ends our direction and reads what the client still sends for a moment: closing with unread input would send a
    /// reset, which can overtake the answer.
    async fn linger(&mut self) {
        if self.sock.shutdown_write().is_err() {
            return;
        }
        let until = net::now().plus_millis(LINGER_MS);
        let mut room = [0u8; READ];
        let mut left = LINGER_BYTES;
        while left > 0 {
            match self.sock.try_read(&mut room) {
                Ok(n) if n > 0 => left = left.saturating_sub(n),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let woken = net::wait(|w| {
                        w.read(&self.sock).until(until);
                    });
                    if woken.await.timed_out() {
                        return;
                    }
                }
                _ => return,
            }
        }
    }
}

/// A conversation as a stream under way.
fn as_stream(sock: &Sock) -> inside::Stream {
    inside::Stream {
        id: 0,
        count: 0,
        thread: 0,
        is_api: true,
        client: sock.peer_addr().ok().as_ref().and_then(endpoint).unwrap_or(Endpoint::Unix),
        sockets: [Some(sock.descriptor()), None],
        frontend: 0,
        listening: 0,
        backend: None,
        server: None,
        step: inside::Step::Request,
        retries: 0,
        http: false,
        http2: false,
        begun_ns: net::now().as_nanos(),
        begun_wall_us: net::wall(),
        effort: Default::default(),
        expires_ns: None,
    }
}

/// A line without its end.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
