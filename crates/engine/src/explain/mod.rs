//! What would become of a request: which rules it would meet, what each of their parts gives, which one decides, and
//! where it would go. The rules are walked by the code that serves clients ([`rules::in_order`], [`route`], the
//! conditions, the balancing); only nobody is connected to.
//!
//! In a running process ([`Asked::live`]) nothing that others could notice is changed: entries of stick tables that would
//! be counted in are copies, lists and variables of the process stay as they are; only whose turn it is in balancing moves
//! on. Not told, since it depends on what comes later: queues.

use http::h1::{self, Limits, Parsed, Scan};
use sample::Bump;
use state::backend::Target;
use state::expr::{Ctx, Side};
use state::family::Pick;
use state::options::Mode;
use state::route::{Choice, Step};
use state::rule::{Act, RuleList, Verdict};
use state::server::Address;
use state::{Backend, Endpoint, Frontend, Server, Session, Stream, World};

use crate::persist::{self, Persistence};
use crate::{request, route, rules};

mod answer;
mod hello;
mod question;
mod teller;

pub use question::{OPTIONS, Question};
pub use teller::{Source, Written};
use teller::{Teller, end, lossy, yes};

/// What to explain.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The head of the request, as a client would send it.
    pub request: Vec<u8>,
    pub source: Endpoint,
    /// The name that a TLS client asks for; proxies for TCP see a ClientHello then instead of the request.
    pub server_name: Option<String>,
    /// The frontend; every one where none is given.
    pub frontend: Option<String>,
    /// The head of the server's response; a plain 200 where it is empty.
    pub response: Vec<u8>,
    /// Whether the World serves clients: then nothing in it changes.
    pub live: bool,
}

/// The whole text. An error is a sentence for the user.
pub fn explain(world: &World, asked: &Asked, source: &Source<'_>) -> Result<String, String> {
    let wanted = |f: &Frontend| asked.frontend.as_ref().is_none_or(|name| **name == *f.name);
    let frontends: Vec<(u32, &Frontend)> =
        (0u32..).zip(world.frontends.iter()).filter(|(_, f)| !f.disabled && wanted(f)).collect();
    if frontends.is_empty() {
        return Err(match &asked.frontend {
            Some(name) => format!("there is no frontend '{name}'"),
            None => "there is no frontend".to_owned(),
        });
    }
    let mut text = String::new();
    for (at, frontend) in frontends {
        let arena = Bump::new();
        let mut tale = Tale::new(world, at, frontend, asked, &arena, source);
        let ended = tale.whole(asked);
        tale.finish();
        tale.teller.line(format!("=> {ended}"));
        text.push_str(&tale.teller.out);
        text.push('\n');
    }
    Ok(text)
}

/// What rules and samples look at.
struct Scene<'e> {
    world: &'e World,
    session: Session,
    stream: Stream,
    side: Side,
    arena: &'e Bump,
    now_ns: u64,
    wall_us: u64,
}

impl<'e> Scene<'e> {
    fn ctx(&self) -> Ctx<'_> {
        Ctx {
            world: self.world,
            session: &self.session,
            stream: Some(&self.stream),
            side: self.side,
            arena: self.arena,
            now_ns: self.now_ns,
            wall_us: self.wall_us,
            thread: 0,
        }
    }

    fn act(&mut self, with_stream: bool) -> Act<'_> {
        Act {
            world: self.world,
            session: &mut self.session,
            stream: with_stream.then_some(&mut self.stream),
            side: self.side,
            arena: self.arena,
            now_ns: self.now_ns,
            wall_us: self.wall_us,
            thread: 0,
        }
    }
}

/// One request through one frontend.
struct Tale<'e> {
    frontend: &'e Frontend,
    scene: Scene<'e>,
    teller: Teller<'e>,
    /// The status of the page that is sent instead of a response.
    page: Option<u16>,
}

/// How it ended before a server was chosen, in words.
type Ended = String;

impl<'e> Tale<'e> {
    fn new(
        world: &'e World,
        at: u32,
        frontend: &'e Frontend,
        asked: &Asked,
        arena: &'e Bump,
        source: &'e Source<'e>,
    ) -> Self {
        let (now_ns, wall_us) = (net::now().as_nanos(), net::wall());
        let mut session = Session::new(at, 0, asked.source, now_ns, wall_us);
        let bind = frontend.binds.first();
        let local = bind.and_then(|bind| match &bind.address {
            state::frontend::BindAddress::Inet(address) => Some(Endpoint::Inet(*address)),
            _ => None,
        });
        (session.local, session.destination) = (local, local);
        session.rehearsal = asked.live;
        let mut stream = Stream::new();
        stream.reset(at, now_ns, wall_us);
        stream.times.first_byte = now_ns;
        stream.times.request = now_ns;
        let scene = Scene { world, session, stream, side: Side::Request, arena, now_ns, wall_us };
        Self { frontend, scene, teller: Teller::new(world, source), page: None }
    }

    fn whole(&mut self, asked: &Asked) -> Ended {
        let f = self.frontend;
        let mode = if f.mode == Mode::Http { "HTTP" } else { "TCP" };
        self.teller.line(format!("frontend {} ({mode})", f.name));
        self.teller.line(format!("  client {}", end(asked.source)));
        match self.phases(asked) {
            Ok(ended) => ended,
            Err(ended) => {
                if self.scene.stream.has_response && self.scene.side == Side::Request {
                    self.after_response(None);
                }
                ended
            }
        }
    }

    fn phases(&mut self, asked: &Asked) -> Result<Ended, Ended> {
        let f = self.frontend;
        self.connection_rules(&f.tcp_connection)?;
        self.connection_rules(&f.tcp_session)?;
        let http = f.mode == Mode::Http;
        if http {
            self.head(asked)?;
        } else {
            self.bytes(asked)?;
        }
        let upgraded = self.set(&f.tcp_content)?;
        if upgraded && !http {
            self.head(asked)?;
        }
        if http || upgraded {
            self.monitor()?;
            self.set(&f.http_request)?;
            self.statistics(f.stats.as_deref())?;
            self.set(&f.redirects)?;
        }
        let (backend, why) = self.route()?;
        let http = http || upgraded;
        self.backend(backend, http, asked)?;
        let (ended, persistence) = self.server(backend, &why)?;
        if http || backend.mode == Mode::Http {
            self.answered(backend, persistence, asked)?;
        }
        Ok(ended)
    }

    /// Rules for which only the connection exists.
    fn connection_rules(&mut self, set: &'e RuleList) -> Result<(), Ended> {
        let mut act = self.scene.act(false);
        match rules::in_order(&mut self.teller, &mut act, set, &mut 0) {
            Verdict::Close(_) => Err(self.decided("closed")),
            _ => Ok(()),
        }
    }

    /// A rule set on the stream; whether the connection goes on as HTTP.
    fn set(&mut self, set: &'e RuleList) -> Result<bool, Ended> {
        let mut at = 0;
        self.scene.stream.lenient = false;
        loop {
            let mut act = self.scene.act(true);
            match rules::in_order(&mut self.teller, &mut act, set, &mut at) {
                Verdict::Next => return Ok(false),
                // What there is is all there will be.
                Verdict::Body(_) | Verdict::Pause(_) | Verdict::Lookup | Verdict::Handshake => {}
                Verdict::More => self.scene.stream.request_body.more = false,
                Verdict::Upgrade => return Ok(true),
                Verdict::Close(_) => return Err(self.decided("closed")),
                Verdict::Deny { status } | Verdict::Tarpit { status } => {
                    self.scene.stream.has_response = false;
                    self.page = Some(status);
                    return Err(self.decided(&format!("denied with status {status}")));
                }
                Verdict::Reply { denied } => {
                    let what = if denied { "denied" } else { "answered" };
                    let status = self.scene.stream.response.status();
                    return Err(self.decided(&format!("{what} with status {status}")));
                }
                Verdict::Serve => return Err(self.decided("answered by a service")),
                Verdict::Invalid => return Err(self.decided("refused with status 400")),
                _ => return Err(self.decided("fails with status 500")),
            }
        }
    }

    /// The end, and the rule that brought it.
    fn decided(&self, what: &str) -> Ended {
        let rule = self.teller.last.as_deref().unwrap_or("a rule");
        format!("{what}, by {rule}")
    }

    /// Reads the request's head.
    fn head(&mut self, asked: &Asked) -> Result<(), Ended> {
        let global = &self.scene.world.global;
        let limits = Limits {
            max_headers: global.max_headers,
            max_head: global.buffer_size.saturating_sub(global.max_rewrite),
            accept_unsafe: self.frontend.options.accept_unsafe_request,
            any_version: false,
            accept_any_payload: global.accept_any_payload,
        };
        let request = &mut self.scene.stream.request;
        match Scan::default().request(&asked.request, request, &limits) {
            Parsed::Complete { .. } => {}
            Parsed::Invalid(error) => {
                return Err(format!("the request can't be read: status {}", error.status()));
            }
            Parsed::Partial => return Err("the request is not complete".to_owned()),
        }
        if let Err(error) = h1::request_framing(request, &limits) {
            return Err(format!("the request can't be read: status {}", error.status()));
        }
        if h1::take_connection(request).is_err() {
            return Err("the request is too large: status 431".to_owned());
        }
        self.scene.stream.has_request = true;
        request::write_line(&mut self.scene.stream, global.log_line_len);
        request::capture(&mut self.scene.stream, self.frontend);
        self.teller.line(format!("  request {}", lossy(&self.scene.stream.request_line)));
        Ok(())
    }

    /// What a client of a proxy for TCP sends first.
    fn bytes(&mut self, asked: &Asked) -> Result<(), Ended> {
        let hello = asked.server_name.as_deref().map(hello::asking_for);
        let (bytes, what) = match hello {
            None => (asked.request.clone(), "the request's bytes"),
            Some(Some(hello)) => (hello, "a ClientHello"),
            Some(None) => return Err("the server's name is too long".to_owned()),
        };
        self.teller.line(format!("  the client sends {what}"));
        let body = &mut self.scene.stream.request_body;
        (body.size, body.buffered) = (bytes.len() as u64, bytes.len() as u64);
        (body.content, body.raw, body.more) = (bytes, true, false);
        Ok(())
    }

    fn monitor(&mut self) -> Result<(), Ended> {
        match &self.frontend.monitor_uri {
            Some(uri) if self.scene.stream.request.target_bytes() == &**uri => {
                Err("answered by the frontend itself (monitor-uri)".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn statistics(&mut self, page: Option<&state::stats::StatsPage>) -> Result<(), Ended> {
        let wanted =
            page.filter(|page| self.scene.stream.request.path().is_some_and(|p| p.starts_with(&page.uri)));
        if wanted.is_some() {
            Err("answered with the statistics page (stats uri)".to_owned())
        } else {
            Ok(())
        }
    }

    /// The backend, and why it is that one.
    fn route(&mut self) -> Result<(&'e Backend, String), Ended> {
        let f = self.frontend;
        let mut steps: Vec<(&Step, Option<u32>)> = Vec::new();
        let cx = self.scene.ctx();
        // The steps live as long as the frontend; the walk lends them for a moment only.
        let mut number = 0;
        let chosen = route::pick_seen(&f.switching, &cx, &mut |_, led| {
            steps.extend(f.switching.steps.get(number).map(|step| (step, led)));
            number += 1;
        });
        let mut why = None;
        for (step, led) in steps {
            why = self.step(step, led);
        }
        let Some(backend) = chosen.and_then(|at| self.scene.world.backend(at)) else {
            return Err("no backend: status 503".to_owned());
        };
        let why = why.unwrap_or_else(|| match Some(chosen) {
            _ if f.back == chosen => "the same section".to_owned(),
            _ => "default_backend".to_owned(),
        });
        self.scene.stream.backend = chosen;
        if backend.id != f.id {
            self.scene.stream.max_retries = None;
            self.scene.stream.timeouts.leave_proxy();
        }
        Ok((backend, why))
    }

    /// Tells of a step of the switching; gives why, if it led somewhere.
    fn step(&mut self, step: &Step, led: Option<u32>) -> Option<String> {
        let name = led.and_then(|at| self.scene.world.backend(at)).map(|backend| backend.name.to_string());
        let cond = match step {
            Step::Rule { cond, choice } => {
                let otherwise = match (choice, &name) {
                    (Choice::Named(_), _) => "use_backend with a computed name".to_owned(),
                    (_, name) => format!("use_backend {}", name.as_deref().unwrap_or("...")),
                };
                let Some(cond) = cond else {
                    self.teller.line(format!("  {otherwise}"));
                    return name.map(|_| "use_backend without a condition".to_owned());
                };
                cond
            }
            Step::Table(table) => {
                let hit =
                    table.rules.iter().find(|(cond, at)| Some(*at) == led && cond.holds(&self.scene.ctx()));
                let others = table.rules.len() - usize::from(hit.is_some());
                let fetch = table.expr.fetch.name;
                self.teller
                    .line(format!("  other use_backend lines that compare {fetch}: {others}, none holds"));
                &hit?.0
            }
        };
        let written = self.teller.written(cond.place, "use_backend");
        self.teller.parts(cond, &written, &self.scene.ctx());
        match &name {
            Some(name) => self.teller.line(format!("    -> yes: backend {name}")),
            None => self.teller.line("    -> no"),
        }
        name.map(|_| format!("{} {}", written.place, written.text))
    }

    /// The backend's own rules.
    fn backend(&mut self, backend: &'e Backend, http: bool, asked: &Asked) -> Result<(), Ended> {
        self.teller.line(format!("backend {}", backend.name));
        let at_home = self.scene.stream.backend == self.frontend.back;
        if http || backend.mode == Mode::Http {
            if !self.scene.stream.has_request {
                self.head(asked)?;
            }
            if !at_home {
                self.set(&backend.tcp_content)?;
                self.set(&backend.http_request)?;
            }
            self.statistics(backend.stats.as_deref())?;
            if !at_home {
                self.set(&backend.redirects)?;
            }
        } else if !at_home {
            self.set(&backend.tcp_content)?;
        }
        Ok(())
    }

    /// The server, and why it is that one.
    fn server(&mut self, backend: &'e Backend, why: &str) -> Result<(Ended, Persistence), Ended> {
        let mut persistence = Persistence::default();
        let open = |at: u32| persistence.takes(backend, backend.server(at));
        let led = persist::named(&backend.use_server, &open, &self.scene.ctx());
        let mut reason = None;
        for rule in &backend.use_server {
            let taken = self.use_server(rule, led);
            if taken {
                reason = Some("use-server".to_owned());
                break;
            }
        }
        persistence.server = led;
        if led.is_none() && backend.cookie.is_some() {
            let cookie = persist::look(&mut persistence, backend, &mut self.scene.stream);
            if let Some(server) = persistence.server.and_then(|at| backend.server(at)) {
                self.teller.line(format!("  cookie {cookie} leads to server {}", server.name));
                reason = Some(format!("cookie {cookie}"));
            } else {
                self.teller.line(format!("  cookie {cookie} leads to no server"));
            }
        }
        if let Some(sticky) = backend.stick.as_deref() {
            for rule in &sticky.request {
                let led = self.stuck(backend, rule);
                let before = persistence.server;
                persistence.lead(backend, led);
                if before.is_none() && persistence.server.is_some() {
                    reason = Some(format!("stick {}", rule.key.fetch.name));
                }
            }
        }
        let usable: Vec<&str> = backend.servers.iter().filter(|s| s.is_usable()).map(|s| &*s.name).collect();
        let cx = self.scene.ctx();
        let picked = || backend.balance.pick(&Pick { cx: &cx, backend, random: 0, avoid: None });
        let at = persistence.server.or_else(picked);
        self.scene.stream.server = at;
        let Some(server) = at.and_then(|at| backend.server(at)) else {
            return Err(format!("no server in backend {} ({why}): status 503", backend.name));
        };
        let reason = reason.unwrap_or_else(|| {
            let sure = match backend.balance_name {
                _ if backend.balance.is_sticky() => "",
                "random" => ", any",
                _ => ", next in turn",
            };
            format!("balance {}{sure}, of {}", backend.balance_name, usable.join(", "))
        });
        self.teller.line(format!("  server {} {} ({reason})", server.name, address(server)));
        let ended = format!(
            "backend {} ({why}), server {} {} ({reason})",
            backend.name,
            server.name,
            address(server)
        );
        Ok((ended, persistence))
    }

    /// Tells of a `use-server` rule; whether it is the one that led to the server.
    fn use_server(&mut self, rule: &state::backend::UseServer, led: Option<u32>) -> bool {
        let holds = rule.cond.as_ref().is_none_or(|cond| cond.holds(&self.scene.ctx()));
        if let Some(cond) = &rule.cond {
            let written = self.teller.written(cond.place, "use-server");
            self.teller.parts(cond, &written, &self.scene.ctx());
        }
        self.teller.line(format!("    -> {}", yes(holds)));
        holds
            && led.is_some()
            && match &rule.target {
                Target::Server(at) => Some(*at) == led,
                Target::Named(_) => true,
            }
    }
}

fn address(server: &Server) -> String {
    match &*server.address() {
        Address::Inet(address) => address.to_string(),
        Address::Unix(path) => path.replace('\0', "@"),
        Address::Unresolved(_) => "with a name that did not resolve".to_owned(),
    }
}
