//! What would become of a server's response: its rules, the cookies, what clients get, and the line in the log. The
//! response is one that was asked about, or a plain 200.

use std::cell::RefCell;

use http::h1::{self, Limits, Parsed, Scan};
use state::Backend;
use state::expr::Side;
use state::rule::RuleList;
use state::stick::{StickRule, server_of};
use state::table::Key;

use super::teller::{lossy, show};
use super::{Asked, Ended, Tale};
use crate::persist::{Answer, Persistence};
use crate::{respond, stick};

/// The head of a response that says nothing.
const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

impl<'e> Tale<'e> {
    /// Goes through what is done with the response of the server that was chosen.
    pub(super) fn answered(
        &mut self,
        backend: &'e Backend,
        persistence: Persistence,
        asked: &Asked,
    ) -> Result<(), Ended> {
        self.response_head(asked)?;
        self.scene.side = Side::Response;
        if let Some(sticky) = backend.stick.as_deref() {
            sticky.response.iter().for_each(|rule| self.stored(backend, rule));
        }
        self.set(&backend.tcp_response)?;
        respond::capture(&mut self.scene.stream, self.frontend);
        let apart = self.scene.stream.backend != self.frontend.back;
        for set in apart.then_some(&backend.http_response).into_iter().chain([&self.frontend.http_response]) {
            self.set(set)?;
        }
        self.cookies(backend, persistence);
        self.after_response(apart.then_some(backend));
        Ok(())
    }

    /// The rules on every response, the proxy's own too.
    pub(super) fn after_response(&mut self, backend: Option<&'e Backend>) {
        self.scene.side = Side::Response;
        self.scene.stream.begin_response();
        let sets: [Option<&'e RuleList>; 2] =
            [backend.map(|b| &*b.http_after_response), Some(&self.frontend.http_after_response)];
        for set in sets.into_iter().flatten() {
            // What they decide changes nothing: the response is on its way.
            let _ = self.set(set);
        }
    }

    /// What the client gets, and the frontend's line in the log.
    pub(super) fn finish(&mut self) {
        let stream = &mut self.scene.stream;
        if stream.has_response {
            let response = &stream.response;
            let mut lines = vec![format!("  the client gets status {}", response.status())];
            lines.extend(response.headers().map(|h| format!("    {}: {}", lossy(h.name), lossy(h.value))));
            stream.status = stream.response.status();
            lines.iter().for_each(|line| self.teller.line(line));
        }
        if let Some(status) = self.page {
            self.scene.stream.status = status;
            self.teller.line(format!("  the client gets the page for status {status}"));
        }
        let setup = &self.frontend.log;
        let Some(line) = setup.line.as_deref().filter(|_| !setup.targets.is_empty()) else { return };
        if self.scene.stream.silent {
            return self.teller.line("  no line in the log");
        }
        let mut text = Vec::new();
        line.write(&self.scene.ctx(), &mut text);
        self.teller.line(format!("  log, but for times and sizes: {}", lossy(&text)));
    }

    fn response_head(&mut self, asked: &Asked) -> Result<(), Ended> {
        let global = &self.scene.world.global;
        let limits = Limits {
            max_headers: global.max_headers,
            max_head: global.buffer_size.saturating_sub(global.max_rewrite),
            accept_unsafe: self.frontend.options.accept_unsafe_response,
            any_version: false,
            accept_any_payload: global.accept_any_payload,
        };
        let stream = &mut self.scene.stream;
        let head = if asked.response.is_empty() { PLAIN } else { &asked.response };
        let read = Scan::default().response(head, &mut stream.response, &limits);
        let broken = || "the response can't be read: status 502".to_owned();
        if !matches!(read, Parsed::Complete { .. }) {
            return Err(broken());
        }
        let method = stream.request.method();
        h1::response_framing(&mut stream.response, method, &limits).map_err(|_| broken())?;
        h1::take_connection(&mut stream.response).map_err(|_| broken())?;
        stream.has_response = true;
        stream.begin_response();
        let told = if asked.response.is_empty() { " (as if)" } else { "" };
        let line = head.split(|b| *b == b'\r').next().unwrap_or_default();
        self.teller.line(format!("  response {}{told}", lossy(line)));
        Ok(())
    }

    /// A rule that finds in a stick table where a request goes, or keeps where it went. Gives the server that it leads to.
    pub(super) fn stuck(&mut self, backend: &Backend, rule: &StickRule) -> Option<u32> {
        let cx = self.scene.ctx();
        let table = cx.world.table(rule.table)?;
        let name = &table.name;
        let found = stick::with_key(rule, &cx, |key| {
            let value = rule.key.eval(&cx).map(show).unwrap_or_default();
            let seen = table.find(key, cx.now_ms());
            (value, seen.and_then(|seen| server_of(backend, &seen)))
        });
        let fetch = rule.key.fetch.name;
        let Some((key, led)) = found else {
            self.teller.line(format!("  stick {fetch} table {name}: no key, or its condition doesn't hold"));
            return None;
        };
        let server = led.and_then(|at| backend.server(at));
        let remembers = match server {
            Some(server) => format!("remembers server {}", server.name),
            None => "remembers no server".to_owned(),
        };
        let what = match (rule.matches, rule.stores) {
            (true, true) => format!("{remembers}, and will remember the one that serves"),
            (true, false) => remembers,
            _ => "will remember the server that serves".to_owned(),
        };
        self.teller.line(format!("  stick {fetch} table {name}: key {key} {what}"));
        led.filter(|_| rule.matches)
    }

    fn stored(&mut self, backend: &Backend, rule: &StickRule) {
        let _ = self.stuck(backend, rule);
    }

    fn cookies(&mut self, backend: &Backend, persistence: Persistence) {
        let had = self.set_cookies();
        let answer = Answer {
            backend: Some(backend),
            capture: self.frontend.captures.cookie.as_ref(),
            persistence,
            method: self.scene.stream.request.method(),
            status: self.scene.stream.response.status(),
        };
        if answer.place(&mut self.scene.stream, &RefCell::new(Vec::new())).is_err() {
            return self.teller.line("  the cookie finds no room");
        }
        let has = self.set_cookies();
        for gone in had.iter().filter(|line| !has.contains(line)) {
            self.teller.line(format!("  cookie: - set-cookie: {gone}"));
        }
        for new in has.iter().filter(|line| !had.contains(line)) {
            self.teller.line(format!("  cookie: + set-cookie: {new}"));
        }
    }

    fn set_cookies(&self) -> Vec<String> {
        self.scene.stream.response.iterate(http::Known::SetCookie).map(|line| lossy(line.value)).collect()
    }
}

/// The key of a tracked entry, as people read it.
pub(super) fn key_of(entry: &state::table::Tracked) -> String {
    let mut bytes = Vec::new();
    entry.key(&mut bytes);
    match entry.table().key.value(&bytes) {
        Some(value) => show(value),
        None => show(sample::Value::Bin(Key::Long(&bytes).bytes())),
    }
}
