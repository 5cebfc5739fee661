//! What expressions are evaluated on: a small World, a client, and a stream that has had its request and its response.

use std::cell::RefCell;
use std::collections::HashMap;

use config::{Context, Source};
use http::h1::{Limits, Parsed, parse_request, parse_response};
use plan::compile::{Compile, Home, Names, Site};
use plan::{Environment, build};
use sample::Bump;
use state::expr::Side;
use state::family::RuleSet;
use state::{Ctx, Endpoint, Session, Stream, World};

const CONFIG: &str = "frontend web\n  mode http\n  bind :80\n  default_backend app\n\
                      backend app\n  mode http\n  server s1 192.0.2.1:80\n";

const REQUEST: &str = "POST http://www.example:80/a/b%20c.html?a=1&b=x%2Cy&c HTTP/1.1\r\nHost: www.example\r\n\
                       User-Agent: fuzz/1\r\nAccept-Language: fr;q=0.9,de\r\nX-Forwarded-For: 192.0.2.7, 2001:db8::1\r\n\
                       Cookie: a=1; b=two\r\nAuthorization: Basic YTpi\r\nContent-Length: 0\r\n\r\n";

const RESPONSE: &str =
    "HTTP/1.1 200 OK\r\nSet-Cookie: s=1; path=/\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n";

/// All that a context borrows.
pub struct Stage {
    world: World,
    session: Session,
    stream: Stream,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(Stage::new());
}

impl Stage {
    /// Lends the one stage there is: making a World takes longer than most runs.
    pub fn with(work: impl FnOnce(&mut Self)) {
        STAGE.with(|stage| work(&mut stage.borrow_mut()));
    }

    fn new() -> Self {
        let loaded = config::parse_sources(vec![Source::new("fuzz.cfg", CONFIG)], &Context::default());
        let world = build(&loaded, &Environment::empty()).world.expect("a World");
        let source = Endpoint::Inet("192.0.2.1:50000".parse().expect("an address"));
        let mut stream = Stream::new();
        stream.reset(0, 1, 1);
        stream.backend = Some(0);
        stream.server = Some(0);
        let request = parse_request(REQUEST.as_bytes(), &mut stream.request, &Limits::default());
        let response = parse_response(RESPONSE.as_bytes(), &mut stream.response, &Limits::default());
        let whole = |parsed: &Parsed| matches!(parsed, Parsed::Complete { .. });
        assert!(whole(&request) && whole(&response));
        (stream.has_request, stream.has_response, stream.status) = (true, true, 200);
        Self { world, session: Session::new(0, 0, source, 1, 1), stream }
    }

    /// Has the bodies of both messages be these bytes.
    pub fn with_body(&mut self, bytes: &[u8]) {
        for body in [&mut self.stream.request_body, &mut self.stream.response_body] {
            body.content.clear();
            body.content.extend_from_slice(bytes);
            (body.size, body.buffered) = (bytes.len() as u64, bytes.len() as u64);
        }
    }

    /// Calls `show` with what a rule of this side would see.
    pub fn play(&self, side: Side, show: impl FnOnce(&Ctx<'_>)) {
        let arena = Bump::new();
        show(&Ctx {
            world: &self.world,
            session: &self.session,
            stream: Some(&self.stream),
            side,
            arena: &arena,
            now_ns: 1_000_000,
            wall_us: 1_700_000_000_000_000,
            thread: 0,
        });
    }
}

/// The names that exist in the World.
pub fn names() -> Names {
    let mut names = Names::default();
    names.frontends = HashMap::from([("web".into(), 0)]);
    names.backends = HashMap::from([("app".into(), 0)]);
    names.servers = vec![HashMap::from([("s1".into(), 0)])];
    names.stick_counters = 3;
    names
}

/// A compiler at home in the World's proxies.
pub fn compiler(names: &mut Names, set: RuleSet) -> Compile<'_> {
    let mut compile = Compile::new(names, Home { name: "web", frontend: Some(0), backend: Some(0) });
    compile.site = Site::Rules(set);
    compile
}
