//! `use_backend`, `default_backend`, `use-server`: which backend, which server (manual 4.2).

use config::{Diagnostic, Place};
use state::Cond;
use state::backend::{Named, Target, UseServer};
use state::cookie::PersistRule;
use state::options::Mode;
use state::route::{Choice, Step};

use super::Seat;
use super::rules::Section;
use crate::compile::{Site, Switchboard};
use crate::ctx::{Line, word, words_from};
use crate::draft::Draft;
use crate::known;

/// The steps of a frontend, and its default.
#[derive(Default)]
pub(super) struct Steps {
    pub(super) steps: Box<[Step]>,
    pub(super) default: Option<u32>,
    pub(super) force: Vec<Cond>,
}

impl<'a> Section<'_, 'a> {
    /// Compiles the `use_backend` lines and the default.
    pub(super) fn switching(&mut self, draft: &Draft<'a>) -> Steps {
        let maxconn = u64::from(draft.settings.maxconn.unwrap_or(self.plan.global.maxconn));
        // A `listen` section leads to its own servers.
        let own = self.compile.home.frontend.and(self.compile.home.backend);
        if let Some(peer) = own.and_then(|at| self.peers.get_mut(usize::try_from(at).ok()?)) {
            peer.reach = peer.reach.saturating_add(maxconn);
        }
        let mut board = Switchboard::default();
        for line in &draft.use_backend {
            if let Some((cond, choice)) = self.use_backend(*line, draft, maxconn) {
                board.push(cond, choice);
            }
        }
        let default = draft.settings.default_backend.filter(|_| draft.kind.has_frontend()).and_then(|name| {
            let name = name.str().unwrap_or_default();
            self.target(draft, name, "default_backend", "as its default backend", maxconn)
        });
        let force = draft.force_be_switch.iter().filter_map(|line| self.forcing(*line)).collect();
        Steps { steps: board.finish(), default, force }
    }

    /// A `force-be-switch` line.
    fn forcing(&mut self, line: Line<'a>) -> Option<Cond> {
        self.cond(line, &words_from(line, 1), Site::UseBackend, "a 'force-be-switch'")?
    }

    fn use_backend(
        &mut self,
        line: Line<'a>,
        draft: &Draft<'a>,
        maxconn: u64,
    ) -> Option<(Option<Cond>, Choice)> {
        if self.plan.remarks.is_wrong(line.span()) {
            return None;
        }
        let name = word(line, 1);
        let words = words_from(line, 2);
        if let Some(first) = words.first().filter(|w| !matches!(**w, "if" | "unless")) {
            let message = format!(
                "unexpected keyword '{first}' after switching rule, only 'if' and 'unless' are allowed."
            );
            self.plan.remarks.alert(line.span(), message);
            return None;
        }
        let cond = self.cond(line, &words, Site::UseBackend, "switching rule");
        let choice = if name.contains('%') {
            self.computed(line, name)
        } else {
            self.target(draft, name, "use_backend", "in a 'use_backend' rule", maxconn).map(Choice::Backend)
        };
        Some((cond?, choice?))
    }

    fn computed(&mut self, line: Line<'a>, text: &str) -> Option<Choice> {
        use state::family::Compiler as _;
        self.compile.site = Site::UseBackend;
        match self.compile.format(text) {
            Ok(format) => Some(Choice::Named(Box::new(format))),
            Err(error) => {
                match known::not_run(&error) {
                    Some(what) => {
                        let what = format!("'{}', which asks for {what},", line.keyword());
                        self.plan.remarks.unserved(line.span(), &what);
                    }
                    None => {
                        let message = format!("failed to parse use_backend rule '{text}' : {error}.");
                        let alert = Diagnostic::alert(line.span(), message);
                        self.plan.remarks.push(alert.at(Place::ParsingCapital));
                    }
                }
                None
            }
        }
    }

    /// The backend of this name, if the frontend may use it.
    fn target(
        &mut self,
        draft: &Draft<'a>,
        name: &str,
        required: &str,
        how: &str,
        maxconn: u64,
    ) -> Option<u32> {
        let Some(position) = self.compile.names.backends.get(name).copied() else {
            let message = format!("Proxy '{}': unable to find required {required}: '{name}'.", draft.name);
            self.plan.remarks.alert_bare(message);
            return None;
        };
        let peer = usize::try_from(position).ok().and_then(|p| self.peers.get_mut(p))?;
        peer.reach = peer.reach.saturating_add(maxconn);
        let (mode, front) = (peer.mode, draft.settings.mode);
        if mode != front && !(front == Mode::Tcp && mode == Mode::Http) {
            let (here, there) = (self.plan.place(draft.span), self.plan.place(peer.span));
            let message = format!(
                "{} frontend '{}' ({here}) tries to use incompatible {} backend '{}' ({there}) {how} (see 'mode').",
                front.name(),
                draft.name,
                mode.name(),
                peer.name
            );
            self.plan.remarks.alert_bare(message);
            return None;
        }
        Some(position)
    }

    /// Compiles the `use-server` lines.
    pub(super) fn use_server(&mut self, draft: &Draft<'a>, seat: Seat) -> Vec<UseServer> {
        let mut found = Vec::new();
        for line in &draft.use_server {
            let name = word(*line, 1);
            let words = words_from(*line, 2);
            let cond = self.cond(*line, &words, Site::UseServer, "switching rule");
            if name.contains('%') {
                let target = self.computed_server(*line, name, seat);
                found.extend(cond.zip(target).map(|(cond, target)| UseServer { cond, target }));
                continue;
            }
            let server = seat.backend.and_then(|b| self.compile.names.server(b, name));
            match (server, cond) {
                (Some(server), Some(cond)) => found.push(UseServer { cond, target: Target::Server(server) }),
                (None, _) => {
                    let message = format!(
                        "backend '{}' : unable to find server '{name}' referenced in a 'use-server' rule.",
                        draft.name
                    );
                    self.plan.remarks.alert_bare(message);
                }
                _ => {}
            }
        }
        found
    }
}

impl<'a> Section<'_, 'a> {
    /// A server's name that is computed for each request.
    fn computed_server(&mut self, line: Line<'a>, text: &str, seat: Seat) -> Option<Target> {
        use state::family::Compiler as _;
        self.compile.site = Site::UseServer;
        match self.compile.body(text) {
            Ok(format) => {
                let named = seat.backend.and_then(|b| usize::try_from(b).ok());
                let servers = named.and_then(|b| self.compile.names.servers.get(b));
                let servers = servers.into_iter().flatten();
                let servers = servers.map(|(name, at)| (name.as_bytes().into(), *at)).collect();
                Some(Target::Named(Box::new(Named { format, servers })))
            }
            Err(error) => {
                match known::not_run(&error) {
                    Some(what) => {
                        let what = format!("'use-server', which asks for {what},");
                        self.plan.remarks.unserved(line.span(), &what);
                    }
                    None => {
                        let message =
                            format!("use-server rule failed to parse log-format '{text}' : {error}.");
                        self.plan.remarks.alert(line.span(), message);
                    }
                }
                None
            }
        }
    }

    /// Compiles the `force-persist` and `ignore-persist` lines.
    pub(super) fn persist_rules(&mut self, draft: &Draft<'a>) -> Vec<PersistRule> {
        let mut found = Vec::new();
        for line in &draft.persist_rules {
            let words = words_from(*line, 1);
            let cond = self.cond(*line, &words, Site::Persist, &format!("a '{}'", line.keyword()));
            let force = line.keyword() == "force-persist";
            found.extend(cond.map(|cond| PersistRule { cond, force }));
        }
        found
    }
}
