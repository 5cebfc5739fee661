//! Administration by the page's form: `s=SERVER&s=SERVER&action=ACTION&b=BACKEND` (manual 4.2 "stats admin"). The backend
//! is named, or numbered as `#3`.

use std::borrow::Cow;

use http::{Known, Message};
use state::administer::{self, Order};
use state::family::Body;
use state::termination::Cause;
use state::turn::Seat;
use state::{Backend, Ctx, Server};

use super::Stats;

/// What became of an order, as the page's address tells it after `;st=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// Nothing was to be done.
    Nothing,
    /// Some servers were not found.
    Partly,
    Invalid,
    TooLarge,
    Denied,
}

const OUTCOMES: &[(Outcome, &str)] = &[
    (Outcome::Done, "DONE"),
    (Outcome::Nothing, "NONE"),
    (Outcome::Partly, "PART"),
    (Outcome::Invalid, "ERRP"),
    (Outcome::TooLarge, "EXCD"),
    (Outcome::Denied, "DENY"),
];

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        OUTCOMES.iter().find(|(outcome, _)| *outcome == self).map_or("UNKN", |(_, word)| word)
    }

    pub(super) fn read(text: &[u8]) -> Option<Self> {
        OUTCOMES.iter().find(|(_, word)| text.starts_with(word.as_bytes())).map(|(outcome, _)| *outcome)
    }
}

/// What can be done to servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Order(Order),
    /// Of agents, which no server has.
    Agent,
    ShutdownSessions,
}

/// The actions: as the form calls them, and as it shows them.
const ACTIONS: &[(&str, &str, Action)] = &[
    ("ready", "Set state to READY", Action::Order(Order::Ready)),
    ("drain", "Set state to DRAIN", Action::Order(Order::Drain)),
    ("maint", "Set state to MAINT", Action::Order(Order::Maintain)),
    ("dhlth", "Health: disable checks", Action::Order(Order::DisableChecks)),
    ("ehlth", "Health: enable checks", Action::Order(Order::EnableChecks)),
    ("hrunn", "Health: force UP", Action::Order(Order::ForceUp)),
    ("hnolb", "Health: force NOLB", Action::Order(Order::ForceStopping)),
    ("hdown", "Health: force DOWN", Action::Order(Order::ForceDown)),
    ("dagent", "Agent: disable checks", Action::Agent),
    ("eagent", "Agent: enable checks", Action::Agent),
    ("arunn", "Agent: force UP", Action::Agent),
    ("adown", "Agent: force DOWN", Action::Agent),
    ("shutdown", "Kill Sessions", Action::ShutdownSessions),
];

/// The names and titles of the actions, in their order.
pub(super) fn actions() -> impl Iterator<Item = (&'static str, &'static str)> {
    ACTIONS.iter().map(|(name, title, _)| (*name, *title))
}

/// More servers than this in one form are too many.
const SERVERS_MAX: usize = 4096;

/// Does what the form in the stream says.
pub(super) fn obey(stats: &Stats, cx: &Ctx<'_>, body: Body) -> Outcome {
    let Some(stream) = cx.stream else { return Outcome::Invalid };
    if !stats.is_admin(cx) || !same_origin(&stream.request) {
        return Outcome::Denied;
    }
    if body == Body::TooLarge {
        return Outcome::TooLarge;
    }
    let Some(form) = Form::read(&stream.form) else { return Outcome::Invalid };
    let action = match &form.action {
        Some(action) => match ACTIONS.iter().find(|(name, ..)| name == action) {
            Some((_, _, action)) => Some(*action),
            None => return Outcome::Invalid,
        },
        None => None,
    };
    let backend = match &form.backend {
        Some(backend) => match find(cx, backend) {
            Some(backend) => Some(backend),
            None => return Outcome::Invalid,
        },
        None => None,
    };
    let (Some(action), Some(backend)) = (action, backend) else { return Outcome::Nothing };
    if !stats.shows(&backend.name) {
        return Outcome::Denied;
    }
    order_all(cx, backend, &form.servers, action)
}

fn order_all(cx: &Ctx<'_>, backend: &Backend, servers: &[Cow<'_, str>], action: Action) -> Outcome {
    let (mut unknown, mut obeyed) = (0, 0);
    // From the last one on, as logs have always told it.
    for name in servers.iter().rev() {
        let mut named = backend.servers.iter().filter(|server| *server.name == **name);
        match (named.next(), named.next()) {
            (Some(server), None) => obeyed += usize::from(order(cx, backend, server, action)),
            _ => unknown += 1,
        }
    }
    match (unknown, obeyed) {
        (0, 0) => Outcome::Nothing,
        (_, 0) => Outcome::Invalid,
        (0, _) => Outcome::Done,
        _ => Outcome::Partly,
    }
}

fn order(cx: &Ctx<'_>, backend: &Backend, server: &Server, action: Action) -> bool {
    match action {
        Action::Order(order) => {
            let seat = Seat { world: cx.world, backend, server, now_ns: cx.now_ns };
            administer::apply(seat, order, "Web interface")
        }
        Action::Agent => false,
        Action::ShutdownSessions => {
            cx.world.process.shutdowns.add((server.live.uid, Cause::KILLED));
            true
        }
    }
}

/// The backend of this name, or of this number after `#`.
fn find<'w>(cx: &Ctx<'w>, text: &str) -> Option<&'w Backend> {
    let id = text.strip_prefix('#').and_then(|id| id.parse::<u32>().ok());
    let mut fit = cx.world.backends.iter().filter(|b| id.map_or(*b.name == *text, |id| b.id == id));
    fit.next()
}

/// Whether the page that sent the form is this one: another site's page may have a browser send it in somebody's name.
/// What tells nothing of where it comes from is no browser.
fn same_origin(request: &Message) -> bool {
    let origin = request.find(Known::Origin).or_else(|| request.find(Known::Referer));
    let Some(origin) = origin else { return true };
    let host = request.find(Known::Host).unwrap_or_default();
    let Some(at) = memchr::memmem::find(origin, b"://") else { return false };
    let authority = origin.get(at + 3..).unwrap_or_default();
    let end = memchr::memchr(b'/', authority).unwrap_or(authority.len());
    authority.get(..end).is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

/// What a form holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Form<'a> {
    servers: Vec<Cow<'a, str>>,
    action: Option<Cow<'a, str>>,
    backend: Option<Cow<'a, str>>,
}

impl<'a> Form<'a> {
    /// Reads the fields of a form; none if there are too many servers.
    fn read(text: &'a [u8]) -> Option<Self> {
        let mut form = Self::default();
        for field in text.split(|c| *c == b'&') {
            let Some(at) = memchr::memchr(b'=', field) else { continue };
            let value = decoded(field.get(at + 1..)?)?;
            match field.get(..at)? {
                b"s" => form.servers.push(value),
                b"action" => form.action = Some(value),
                b"b" => form.backend = Some(value),
                _ => {}
            }
        }
        (form.servers.len() <= SERVERS_MAX).then_some(form)
    }
}

/// The text that a form's field stands for.
fn decoded(text: &[u8]) -> Option<Cow<'_, str>> {
    if memchr::memchr2(b'%', b'+', text).is_none() {
        return Some(Cow::Borrowed(std::str::from_utf8(text).ok()?));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(*bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => *other,
        });
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let form = Form::read(b"s=a&s=b+c&action=maint&b=%233&x&y=z").unwrap();
        assert_eq!(form.servers, ["a", "b c"]);
        assert_eq!((form.action.as_deref(), form.backend.as_deref()), (Some("maint"), Some("#3")));
        assert_eq!(Form::read(b""), Some(Form::default()));
        for bad in ["b=%2", "b=%zz", "s=%ff"] {
            assert_eq!(Form::read(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn origins() {
        let ask = |headers: &str| {
            let text = format!("POST / HTTP/1.1\r\nhost: a:80\r\n{headers}\r\n");
            let mut message = Message::new();
            let _ = http::h1::parse_request(text.as_bytes(), &mut message, &http::h1::Limits::default());
            same_origin(&message)
        };
        assert!(ask("") && ask("origin: http://A:80\r\n") && ask("referer: http://a:80/stats\r\n"));
        assert!(!ask("origin: null\r\n") && !ask("referer: http://b/a:80\r\n"));
        assert!(!ask("origin: http://b\r\nreferer: http://a:80/\r\n"));
    }

    #[test]
    fn words_of_outcomes() {
        assert_eq!(Outcome::read(b"PART;up"), Some(Outcome::Partly));
        assert_eq!(Outcome::read(b"<b>"), None);
        assert_eq!(Outcome::TooLarge.word(), "EXCD");
    }
}
