//! `auth`: asks the client who it is (manual 4.4).

use http::Known;
use state::auth::Userlist;
use state::tracking::ERRORS;

use super::answer;
use super::prelude::*;
use crate::auth::Asked;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "auth",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest],
    doc: "Answers with the page of status 401 (407 to what asks a proxy, with `option http-use-proxy-header`) and asks \
          for a user and a password of `realm`, the proxy's name if none is given.",
    examples: &["auth", "auth realm Gimme if !{ http_auth(people) }"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let realm =
        if p.words.accept("realm") { Some(p.words.next().ok_or("missing realm value.\n")?) } else { None };
    Ok(Box::new(Auth { challenge: realm.map(challenge) }))
}

/// Asks for credentials of a realm.
#[derive(Debug)]
struct Auth {
    /// The header's value; none: the realm is the proxy's name.
    challenge: Option<Box<[u8]>>,
}

fn challenge(realm: &str) -> Box<[u8]> {
    format!("Basic realm=\"{realm}\"").into_bytes().into()
}

/// Lets only users of a list pass, and asks others for credentials of this realm.
pub fn gate(list: Userlist, realm: &str) -> Box<dyn Action> {
    Box::new(Gate { list, auth: Auth { challenge: Some(challenge(realm)) } })
}

#[derive(Debug)]
struct Gate {
    list: Userlist,
    auth: Auth,
}

impl Action for Gate {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let asked = asked(act);
        let known = asked.and_then(|asked| asked.user(&self.list, act.arena)).is_some();
        if known { Verdict::Next } else { self.auth.run(act) }
    }
}

/// The request at hand.
fn asked<'a>(act: &'a Act<'_>) -> Option<Asked<'a>> {
    let stream = act.stream.as_deref()?;
    Some(Asked::new(act.world, act.session.frontend, &stream.request))
}

impl Action for Auth {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let world = act.world;
        let own = |stream: &state::Stream| {
            // Rules of the statistics page ask in its name.
            if stream.service_name.is_some() {
                return Some("HAProxy Statistics");
            }
            let backend = stream.backend.and_then(|b| world.backend(b)).map(|b| &*b.name);
            backend.or_else(|| world.frontend(stream.frontend).map(|f| &*f.name))
        };
        let named = match &self.challenge {
            Some(_) => None,
            None => act.stream.as_deref().and_then(own).map(challenge),
        };
        let of_proxy = asked(act).is_some_and(|asked| asked.of_proxy);
        let (status, header) =
            if of_proxy { (407, Known::ProxyAuthenticate) } else { (401, Known::WwwAuthenticate) };
        if answer::give_configured(act, status).is_err() {
            return Verdict::Failed;
        }
        let value = self.challenge.as_deref().or(named.as_deref()).unwrap_or(b"Basic realm=\"\"");
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Failed };
        match stream.response.add_header(header, value) {
            Ok(()) => {
                // Who has to ask again has made an error, as stick tables count it.
                let now = act.now_ns / 1_000_000;
                stream.counters.count(ERRORS, 1, now);
                act.session.counters.count(ERRORS, 1, now);
                Verdict::Reply { denied: false }
            }
            Err(_) => Verdict::Failed,
        }
    }
}
