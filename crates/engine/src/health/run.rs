//! One check of one server: the steps of its ruleset in order (manual 4.2 "tcp-check", "http-check").

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use sample::{Bump, Type, Value, cast};
use state::check::{Connect, Data, Does, Expect, Port, Protocol, Ruleset, Status, Step};
use state::expr::Side;
use state::frontend::Proto;
use state::server::Check;
use state::{Act, Action, Backend, Ctx, Endpoint, Expr, Format, Server, Session, Stream, World};

use super::expect;
use super::finding::{Finding, explain};
use super::http::Answer;
use super::talk::{Broken, Place, Refused, Talk};

/// A check under way.
pub(super) struct Run<'x> {
    pub world: &'x World,
    pub backend: &'x Backend,
    pub server: &'x Server,
    pub check: &'x Check,
    pub rules: &'x Ruleset,
    pub stream: Box<Stream>,
    session: Session,
    arena: Bump,
    pub talk: Option<Talk>,
    /// What came on the connection since something was last sent.
    pub input: Vec<u8>,
    /// Whether no more will come.
    pub ended: bool,
    /// The answer to the last request.
    pub answer: Answer,
}

/// Why the steps end before the last.
pub(super) type Stop = Box<Finding>;

/// Checks once.
pub(super) async fn run(
    world: &World,
    positions: (u32, u32),
    backend: &Backend,
    server: &Server,
    check: &Check,
    rules: &Ruleset,
) -> Finding {
    let mut stream = Box::<Stream>::default();
    (stream.backend, stream.server) = (Some(positions.0), Some(positions.1));
    let now_ns = net::now().as_nanos();
    let session = Session::new(u32::MAX, 0, Endpoint::Unix, now_ns, net::wall());
    let mut run = Run {
        world,
        backend,
        server,
        check,
        rules,
        stream,
        session,
        arena: Bump::new(),
        talk: None,
        input: Vec::new(),
        ended: false,
        answer: Answer::default(),
    };
    let finding = match run.steps().await {
        Ok(finding) => finding,
        Err(stop) => *stop,
    };
    if let Some(talk) = run.talk.take() {
        talk.close();
    }
    finding
}

impl<'x> Run<'x> {
    async fn steps(&mut self) -> Result<Finding, Stop> {
        let mut last = None;
        for step in &self.rules.steps {
            if let Does::Act(action) = &step.does {
                self.act(&**action);
                continue;
            }
            if self.talk.is_none() && !matches!(step.does, Does::Connect(_)) {
                self.connect(None, &Connect::as_server()).await?;
            }
            match &step.does {
                Does::Connect(connect) => self.connect(Some(step), connect).await?,
                Does::Send(data) => self.send(step, data).await?,
                Does::Request(request) => self.request(step, request).await?,
                Does::Expect(expect) => {
                    if let Some(finding) = self.expect(step, expect).await? {
                        return Ok(finding);
                    }
                }
                Does::Act(_) => {}
            }
            last = Some(step);
        }
        if self.talk.is_none() {
            self.connect(None, &Connect::as_server()).await?;
        }
        Ok(self.passed(last))
    }

    /// What it comes to when all steps are done.
    fn passed(&self, last: Option<&Step>) -> Finding {
        let Some(step) = last else { return Finding::new(self.stands(), "") };
        match &step.does {
            Does::Expect(expect) => {
                let code = self.code(expect);
                let words = match &expect.on_success {
                    Some(format) => self.text(format),
                    None if self.rules.protocol == Protocol::Tcp => "(tcp-check)".to_owned(),
                    None => String::new(),
                };
                Finding { status: expect.ok, code, words }
            }
            Does::Connect(_) => Finding::new(self.stands(), "(tcp-check)"),
            _ => Finding::new(Status::L7Ok, "(tcp-check)"),
        }
    }

    /// The status that an expectation tells: its own, or that of the protocol.
    pub(super) fn code(&self, expect: &Expect) -> u16 {
        let own = || self.number(expect.status_code.as_ref()?);
        let code = own().unwrap_or_else(|| i64::from(self.answer.status(&self.stream)));
        u16::try_from(code).unwrap_or(0)
    }

    pub(super) fn number(&self, expr: &Expr) -> Option<i64> {
        let cx = self.ctx();
        match cast(expr.eval(&cx)?, Type::Sint, cx.arena) {
            Some(Value::Sint(n)) => Some(n),
            _ => None,
        }
    }

    pub(super) fn text(&self, format: &Format) -> String {
        String::from_utf8_lossy(&self.bytes(format)).into_owned()
    }

    pub(super) fn bytes(&self, format: &Format) -> Vec<u8> {
        let mut out = Vec::new();
        format.write(&self.ctx(), &mut out);
        out
    }

    fn ctx(&self) -> Ctx<'_> {
        Ctx {
            world: self.world,
            session: &self.session,
            stream: Some(&self.stream),
            side: Side::Response,
            arena: &self.arena,
            now_ns: net::now().as_nanos(),
            wall_us: net::wall(),
            thread: 0,
        }
    }

    fn act(&mut self, action: &dyn Action) {
        let mut act = Act {
            world: self.world,
            session: &mut self.session,
            stream: Some(&mut self.stream),
            side: Side::Response,
            arena: &self.arena,
            now_ns: net::now().as_nanos(),
            wall_us: net::wall(),
            thread: 0,
        };
        action.run(&mut act);
    }

    async fn connect(&mut self, step: Option<&Step>, connect: &Connect) -> Result<(), Stop> {
        if let Some(talk) = self.talk.take() {
            talk.close();
        }
        self.forget();
        let port = match &connect.port {
            Some(Port::Fixed(port)) => Some(*port),
            // As much of the number as a port has room for.
            Some(Port::Computed(expr)) => {
                self.number(expr).and_then(|port| u16::try_from(port & 0xffff).ok()).filter(|port| *port > 0)
            }
            None => None,
        };
        let goes = connect.via_socks4 || (connect.by_server && self.check.via_socks4);
        let via = self.server.socks4.filter(|_| goes);
        let tls = self.tls(step, connect);
        let mute = !connect.linger && tls.is_none() && self.is_mute_after(step);
        let place = Place { address: connect.address, port, via, mute, tls };
        let by_server = self.check.send_proxy.filter(|_| connect.by_server);
        let send_proxy = by_server.or(connect.send_proxy.then_some(1));
        let (global, between) = (&self.world.global, (self.backend, self.server));
        let opened = Talk::open(global, between, self.check, place, send_proxy, connect.linger);
        match opened.await {
            Ok(mut talk) => {
                if self.rules.protocol == Protocol::Http {
                    talk.speak_http2(self.forces_http2());
                }
                self.talk = Some(talk);
            }
            Err(Refused { made, why }) => {
                let (status, error) = match why {
                    Broken::Late => (Status::L4Timeout, String::new()),
                    Broken::Tls(None) => (Status::L6Timeout, String::new()),
                    Broken::Tls(Some(net::tls::Fault::Broken(error))) => {
                        (Status::L4Connection, explain(&error))
                    }
                    Broken::Tls(Some(_)) => (Status::L6Response, "SSL handshake failure".to_owned()),
                    Broken::Error(error) if made => (Status::L4Connection, explain(&error)),
                    Broken::Error(error) => (Status::SocketError, explain(&error)),
                };
                return Err(self.failed(step, status, error));
            }
        }
        Ok(())
    }

    /// Whether nothing is sent or waited for behind this step.
    fn is_mute_after(&self, step: Option<&Step>) -> bool {
        let behind = self.rules.steps.iter().skip_while(|s| step.is_some_and(|at| !std::ptr::eq(*s, at)));
        behind.skip(usize::from(step.is_some())).all(|s| matches!(s.does, Does::Act(_)))
    }

    /// Whether HTTP/2 is spoken whatever was negotiated: as the check's `proto` says, else the server's.
    fn forces_http2(&self) -> bool {
        let Server { proto, check_proto, .. } = self.server;
        *check_proto == Proto::Http2 || (*check_proto == Proto::Any && *proto == Proto::Http2)
    }

    /// What a connection that stands is worth.
    fn stands(&self) -> Status {
        if self.speaks_tls() { Status::L6Ok } else { Status::L4Ok }
    }

    fn speaks_tls(&self) -> bool {
        self.talk.as_ref().is_some_and(Talk::speaks_tls)
    }

    /// How TLS is spoken on a connection, if it is.
    fn tls(
        &self,
        step: Option<&Step>,
        connect: &Connect,
    ) -> Option<(Arc<ClientConfig>, ServerName<'static>)> {
        let tls = self.server.tls.as_ref()?;
        if !(connect.tls || connect.by_server && tls.checks) {
            return None;
        }
        let given = connect.sni.as_deref().or(tls.check_sni.as_deref()).map(str::to_owned);
        let name = given.or_else(|| {
            let auto = step.is_none() && tls.check_sni_auto && self.rules.protocol == Protocol::Http;
            if auto { self.host() } else { None }
        });
        Some(tls.check_config(name.as_deref(), connect.alpn.as_deref()))
    }

    /// The host that the first request asks for, without a port.
    fn host(&self) -> Option<String> {
        let request = self.rules.steps.iter().find_map(|step| match &step.does {
            Does::Request(request) => Some(request),
            _ => None,
        })?;
        let (_, host) = request.headers.iter().find(|(name, _)| **name == *b"host")?;
        let host = self.text(host);
        let bare = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        Some(bare.map_or(host.as_str(), |(host, _)| host).to_ascii_lowercase())
            .filter(|host| !host.is_empty())
    }

    /// Forgets what came before.
    fn forget(&mut self) {
        self.input.clear();
        self.ended = false;
        self.answer = Answer::default();
        self.stream.response.clear();
        self.stream.has_response = false;
    }

    async fn send(&mut self, step: &Step, data: &Data) -> Result<(), Stop> {
        let ordered = self.server.aim(self.check).text();
        let bytes = match data {
            _ if ordered.is_some() => ordered.unwrap_or_default().into(),
            Data::Bytes(bytes) => bytes.to_vec(),
            Data::Stamped(bytes, at) => {
                let seconds = u32::try_from(net::wall() / 1_000_000).unwrap_or(u32::MAX).to_be_bytes();
                let mut bytes = bytes.to_vec();
                if let Some(place) = bytes.get_mut(*at..at + seconds.len()) {
                    place.copy_from_slice(&seconds);
                }
                bytes
            }
            Data::Text(format) => self.bytes(format),
            Data::Hex(format) => match sample::pattern::unhex(&self.bytes(format)) {
                Some(bytes) => bytes.into(),
                None => {
                    let words =
                        format!("tcp-check send : failed to build log-format string at step {}", step.number);
                    return Err(Box::new(Finding::new(Status::L7Response, words)));
                }
            },
        };
        self.write(step, &bytes).await
    }

    /// Sends bytes; what came before is forgotten.
    pub(super) async fn write(&mut self, step: &Step, bytes: &[u8]) -> Result<(), Stop> {
        self.forget();
        let Some(talk) = self.talk.as_mut() else { return Ok(()) };
        match talk.write(bytes).await {
            Ok(()) => Ok(()),
            Err(broken) => Err(self.broken(step, broken, Status::L7Timeout)),
        }
    }

    /// Reads more of the answer.
    pub(super) async fn read(&mut self, step: &Step, timeout: Status) -> Result<(), Stop> {
        let most = usize::try_from(self.world.global.buffer_size).unwrap_or(16_384);
        let Some(talk) = self.talk.as_mut() else { return Ok(()) };
        match talk.read(&mut self.input, most).await {
            Ok(more) => {
                self.ended = !more;
                Ok(())
            }
            Err(broken) => Err(self.broken(step, broken, timeout)),
        }
    }

    /// The exchange ended early.
    pub(super) fn broken(&self, step: &Step, broken: Broken, timeout: Status) -> Stop {
        match broken {
            Broken::Late | Broken::Tls(_) => self.failed(Some(step), timeout, String::new()),
            Broken::Error(error) => self.failed(Some(step), Status::SocketError, explain(&error)),
        }
    }

    /// A failure, with the step where rules of the user name one.
    fn failed(&self, step: Option<&Step>, status: Status, mut words: String) -> Stop {
        if self.rules.protocol == Protocol::Tcp && self.rules.explicit {
            words.push_str(&expect::place(step));
        }
        Box::new(Finding::new(status, words))
    }
}
