//! `show stat`: frontends, listeners, servers and backends in figures.

use state::family::{Object, Row, Scope};

use super::prelude::*;
use crate::metric::{Form, Proxy, Show, proxies, wants_status};

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["show", "stat"],
    usage: "show stat [desc|json|no-maint|typed|up]*",
    doc: "report counters for each proxy and server",
    level: Level::User,
    gate: Gate::Open,
    run,
}];

/// How much of an answer is written before it is sent on.
const PART: usize = 32 * 1024;

fn run(query: &Query<'_>, from: u64, out: &mut Vec<u8>) -> Answer {
    let asked = match Asked::read(query) {
        Ok(asked) => asked,
        Err(why) => return query.refuse(why, out),
    };
    if from == 0 {
        asked.show.begin(out);
    }
    let mut first = from == 0;
    let objects = proxies(query.world).into_iter().flat_map(Proxy::objects);
    // Objects that aren't wanted count too: what is wanted may change from one part to the next.
    for (object, next) in objects.zip(1u64..).skip(usize::try_from(from).unwrap_or(usize::MAX)) {
        if !asked.wants(object) {
            continue;
        }
        asked.show.row(&row(query, object), first, out);
        first = false;
        if out.len() >= PART {
            return Answer::More(next);
        }
    }
    asked.show.end(out);
    Answer::Done
}

fn row<'a>(query: &Query<'a>, object: Object<'a>) -> Row<'a> {
    Row {
        world: query.world,
        about: query.about,
        level: query.console.level.get(),
        object,
        now_ns: query.now_ns,
    }
}

/// What is to be shown.
struct Asked {
    /// The number of the only proxy; none for all.
    proxy: Option<u32>,
    kinds: Scope,
    /// The number of the only server or listener; none for all.
    own: Option<i64>,
    /// Only servers that are up or not checked; only those that are not in maintenance.
    up: bool,
    no_maintenance: bool,
    show: Show,
}

impl Asked {
    fn read(query: &Query<'_>) -> Result<Self, &'static str> {
        let mut from = 2;
        if query.word(from) == b"domain" {
            match query.word(from + 1) {
                b"proxy" => from += 2,
                b"resolvers" => return Err("No resolvers section is run by this version."),
                _ => return Err("Invalid statistics domain."),
            }
        }
        let (mut proxy, mut kinds, mut own) = (None, Scope::ALL, None);
        if !query.word(from + 2).is_empty() {
            proxy = which(query, from)?;
            kinds = match number(query.word(from + 1)).0 {
                -1 => Scope::ALL,
                bits => Scope::from_bits((bits & 0xff) as u8),
            };
            own = Some(number(query.word(from + 2)).0).filter(|n| *n != -1);
        }
        let form = match (query.has(from, "json"), query.has(from, "typed")) {
            (true, _) => Form::Json,
            (false, true) => Form::Typed,
            (false, false) => Form::Plain,
        };
        Ok(Self {
            proxy,
            kinds,
            own,
            up: query.has(from, "up"),
            no_maintenance: query.has(from, "no-maint"),
            // Descriptions belong to values, and only a typed line holds a value of its own.
            show: Show { form, desc: form == Form::Typed && query.has(from, "desc"), float: false },
        })
    }

    fn wants(&self, object: Object<'_>) -> bool {
        let (proxy, own) = match object {
            Object::Process => return false,
            Object::Frontend(f) => (f.id, None),
            Object::Backend(b) => (b.id, None),
            Object::Listener(f, bind) => (f.id, Some(i64::from(bind.id))),
            Object::Server(b, server) => (b.id, Some(i64::from(server.id))),
        };
        self.kinds.has(object)
            && self.proxy.is_none_or(|id| id == proxy)
            && (own.is_none() || self.own.is_none_or(|id| Some(id) == own))
            && wants_status(object, self.up, self.no_maintenance)
    }
}

/// The proxy that the word at this position names, by number or name; none for all.
fn which(query: &Query<'_>, at: usize) -> Result<Option<u32>, &'static str> {
    let word = query.word(at);
    if let (id, true) = number(word) {
        // A number that no proxy can have shows nothing, as one that none has.
        return Ok((id != -1).then(|| u32::try_from(id).unwrap_or(u32::MAX)));
    }
    let world = query.world;
    let frontend = world.frontends.iter().find(|f| f.name.as_bytes() == word).map(|f| f.id);
    let backend = || world.backends.iter().find(|b| b.name.as_bytes() == word).map(|b| b.id);
    frontend.or_else(backend).map(Some).ok_or("No such proxy.")
}
