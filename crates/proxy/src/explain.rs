//! `--explain`: what would become of a request, without serving anybody.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use config::{Directive, Loaded};
use engine::explain::{Asked, Written, explain};
use state::Endpoint;
use state::rule::Place;

use crate::check::Checked;
use crate::say;

/// What stands behind `--explain` and beside it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Question {
    /// `GET /path`, with a version or without.
    pub(crate) line: String,
    /// `-H`: `name: value`.
    pub(crate) headers: Vec<String>,
    /// `--src`: an address, with a port or without.
    pub(crate) source: Option<String>,
    /// `--tls-sni`
    pub(crate) server_name: Option<String>,
    /// `--frontend`
    pub(crate) frontend: Option<String>,
}

/// The port of a client that has none.
const PORT: u16 = 40_000;

impl Question {
    fn asked(&self) -> Result<Asked, String> {
        let mut words = self.line.split_whitespace();
        let first = words.next().ok_or("--explain expects a request line such as 'GET /path'")?;
        // A target alone is asked for with GET.
        let (method, target) = match words.next() {
            Some(target) => (first, target),
            None => ("GET", first),
        };
        let version = words.next().unwrap_or("HTTP/1.1");
        let mut head = format!("{method} {target} {version}\r\n");
        for header in &self.headers {
            if !header.contains(':') {
                return Err(format!("-H expects 'name: value', not '{header}'"));
            }
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        Ok(Asked {
            request: head.into_bytes(),
            source: Endpoint::Inet(source(self.source.as_deref())?),
            server_name: self.server_name.clone(),
            frontend: self.frontend.clone(),
        })
    }
}

fn source(text: Option<&str>) -> Result<SocketAddr, String> {
    let Some(text) = text else { return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT)) };
    let address = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT));
    address.or_else(|_| text.parse()).map_err(|_| format!("--src expects an address, not '{text}'"))
}

/// Answers the question.
pub(crate) fn answer(checked: &Checked, question: &Question) -> ExitCode {
    let lines = lines(&checked.loaded);
    let source =
        |place: Place| lines.get(&(place.file, place.line)).map(|line| written(&checked.loaded, *line));
    match question.asked().and_then(|asked| explain(&checked.world, &asked, &source)) {
        Ok(text) => {
            say::out(&text);
            ExitCode::SUCCESS
        }
        Err(words) => {
            say::alert(&words);
            ExitCode::FAILURE
        }
    }
}

/// The lines of all sections, by their place.
fn lines(loaded: &Loaded) -> HashMap<(u16, u32), Directive<'_>> {
    let lines = loaded.sections().flat_map(|section| section.directives());
    lines.map(|line| ((line.span().file.0, line.span().line), line)).collect()
}

fn written(loaded: &Loaded, line: Directive<'_>) -> Written {
    let (file, number) = loaded.location(line.span());
    let text = String::from_utf8_lossy(loaded.source_line(line.span()));
    Written {
        place: format!("{file}:{number}"),
        text: text.trim().to_owned(),
        words: line.words().map(|word| word.lossy().into_owned()).collect(),
    }
}
