//! The statistics page (manual 4.2 "stats enable"): what is asked for ([`ask`]), administration ([`admin`]), the page
//! ([`page`], [`table`], [`cells`]). Tables for programs are those of `show stat`.

mod admin;
mod ask;
mod cells;
mod page;
mod table;

use http::{Full, Known, Message, Method, Version};
use state::family::{Begun, Body, Flow, Row, Serve};
use state::world::Level;
use state::{Act, Cond, Ctx};

use crate::metric::{Form, Proxy, Show, proxies, wants_status};
use ask::{Asked, Output};

/// A part of an answer is sent when it is this long.
const PART: usize = 32 * 1024;

/// What the lines of a `stats` page say.
#[derive(Debug, Default)]
pub struct Settings {
    /// `stats uri`.
    pub uri: Box<str>,
    /// `stats refresh`, seconds; 0 is never.
    pub refresh_s: u32,
    /// `stats scope`: the only proxies shown, unless there are none.
    pub scope: Box<[Box<str>]>,
    /// `stats show-node`, `stats show-desc`.
    pub node: Option<Box<str>>,
    pub description: Option<Box<str>>,
    /// `stats show-version`, `stats show-legends`, `stats show-modules`.
    pub version: bool,
    pub legends: bool,
    pub modules: bool,
    /// `stats admin`: whoever fulfils one of these may change the state of servers.
    pub admin: Box<[Option<Cond>]>,
}

/// The page at work.
#[derive(Debug)]
pub struct Stats {
    settings: Settings,
}

impl Stats {
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Whether this client may change the state of servers.
    fn is_admin(&self, cx: &Ctx<'_>) -> bool {
        self.settings.admin.iter().any(|cond| cond.as_ref().is_none_or(|cond| cond.holds(cx)))
    }

    /// Whether the page may show this proxy at all.
    fn shows(&self, proxy: &str) -> bool {
        let scope = &self.settings.scope;
        scope.is_empty() || scope.iter().any(|name| **name == *proxy)
    }

    /// The proxies that were asked for.
    fn proxies<'w>(&self, cx: &Ctx<'w>, asked: &Asked<'_>) -> Vec<Proxy<'w>> {
        let mut proxies = proxies(cx.world);
        proxies.retain(|proxy| self.shows(proxy.name()) && asked.wants(proxy.name()));
        proxies
    }

    const fn level(&self) -> Level {
        if self.settings.legends { Level::Operator } else { Level::User }
    }

    fn head(&self, message: &mut Message, asked: &Asked<'_>) -> Result<(), Full> {
        message.start_response(200, http::reply::reason(200).as_bytes(), Version::HTTP_11)?;
        message.add_header(Known::CacheControl, b"no-cache")?;
        let kind: &[u8] = match asked.output {
            Output::Page => b"text/html",
            Output::Table(Form::Json) | Output::Schema => b"application/json",
            Output::Table(_) => b"text/plain",
        };
        message.add_header(Known::ContentType, kind)?;
        if self.settings.refresh_s > 0 && asked.refresh {
            message.add_header("refresh", self.settings.refresh_s.to_string().as_bytes())?;
        }
        Ok(())
    }

    /// The rows of `show stat`.
    fn rows(&self, cx: &Ctx<'_>, asked: &Asked<'_>, form: Form, from: u64, out: &mut Vec<u8>) -> Flow {
        let Some(about) = cx.world.process.about.get() else { return Flow::Done };
        let show = Show { form, desc: false, float: false };
        if from == 0 {
            show.begin(out);
        }
        let mut first = from == 0;
        let objects = self.proxies(cx, asked).into_iter().flat_map(Proxy::objects);
        for (object, next) in objects.zip(1u64..).skip(usize::try_from(from).unwrap_or(usize::MAX)) {
            if !wants_status(object, asked.up, asked.no_maintenance) {
                continue;
            }
            let row = Row { world: cx.world, about, level: self.level(), object, now_ns: cx.now_ns };
            show.row(&row, first, out);
            first = false;
            if out.len() >= PART {
                return Flow::More(next);
            }
        }
        show.end(out);
        Flow::Done
    }
}

/// What describes the answers in JSON.
const SCHEMA: &str = include_str!("schema.json");

impl Serve for Stats {
    fn name(&self) -> &'static str {
        "<STATS>"
    }

    fn wants_body(&self, method: Method) -> bool {
        method == Method::Post
    }

    fn heeds_rules(&self) -> bool {
        false
    }

    fn begin(&self, act: &mut Act<'_>, body: Body) -> Begun {
        let is_post = body != Body::Unread;
        if is_post {
            let outcome = admin::obey(self, &act.ctx(), body);
            let Some(stream) = act.stream.as_deref_mut() else { return Begun::Failed };
            let location = Asked::read(&self.settings.uri, stream.request.target_bytes())
                .location(&self.settings.uri, outcome);
            return match see_other(&mut stream.response, &location) {
                Ok(()) => Begun::Head,
                Err(Full) => Begun::Failed,
            };
        }
        let Some(stream) = act.stream.as_deref_mut() else { return Begun::Failed };
        let asked = Asked::read(&self.settings.uri, stream.request.target_bytes());
        match self.head(&mut stream.response, &asked) {
            Ok(()) => Begun::Parts,
            Err(Full) => Begun::Failed,
        }
    }

    fn part(&self, cx: &Ctx<'_>, from: u64, out: &mut Vec<u8>) -> Flow {
        let Some(stream) = cx.stream else { return Flow::Done };
        let asked = Asked::read(&self.settings.uri, stream.request.target_bytes());
        match asked.output {
            Output::Page => page::part(self, cx, &asked, from, out),
            Output::Table(form) => self.rows(cx, &asked, form, from, out),
            Output::Schema => {
                out.extend_from_slice(SCHEMA.as_bytes());
                Flow::Done
            }
        }
    }
}

/// Sends the browser back to the page, so that reloading it doesn't order anything a second time.
fn see_other(message: &mut Message, location: &[u8]) -> Result<(), Full> {
    message.start_response(303, http::reply::reason(303).as_bytes(), Version::HTTP_11)?;
    message.add_header(Known::CacheControl, b"no-cache")?;
    message.add_header(Known::ContentType, b"text/plain")?;
    message.add_header(Known::ContentLength, b"0")?;
    message.add_header(Known::Location, location)
}
