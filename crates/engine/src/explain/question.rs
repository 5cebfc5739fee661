//! A question as people ask it: the words of the command line or of a command.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use state::Endpoint;

use super::Asked;

/// What stands behind `explain` and beside it.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// `GET /path`, with a version or without; a target alone is asked for with GET.
    pub line: String,
    /// `-H`: `name: value`.
    pub headers: Vec<String>,
    /// `--src`: an address, with a port or without.
    pub source: Option<String>,
    /// `--tls-sni`
    pub server_name: Option<String>,
    /// `--frontend`
    pub frontend: Option<String>,
    /// `--status`: what the server answers with.
    pub status: Option<String>,
    /// `--response-header`: `name: value`.
    pub response_headers: Vec<String>,
}

/// The options that go with a question, each with one value.
pub const OPTIONS: &[&str] = &["-H", "--src", "--tls-sni", "--frontend", "--status", "--response-header"];

/// The port of a client that has none.
const PORT: u16 = 40_000;

impl Question {
    /// Reads the words of a command: the request line's, then options.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn read(words: &[&str]) -> Result<Self, String> {
        let mut question = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if OPTIONS.contains(word) {
                let value = words.next().ok_or_else(|| format!("{word} expects a value"))?;
                question.set(word, (*value).to_owned());
            } else if word.starts_with('-') {
                return Err(format!("unknown option '{word}'; there are {}", OPTIONS.join(", ")));
            } else {
                let space = if question.line.is_empty() { "" } else { " " };
                question.line = format!("{}{space}{word}", question.line);
            }
        }
        Ok(question)
    }

    /// Takes the value of one of [`OPTIONS`]; others are passed over.
    pub fn set(&mut self, option: &str, value: String) {
        match option {
            "-H" => self.headers.push(value),
            "--src" => self.source = Some(value),
            "--tls-sni" => self.server_name = Some(value),
            "--frontend" => self.frontend = Some(value),
            "--status" => self.status = Some(value),
            "--response-header" => self.response_headers.push(value),
            _ => {}
        }
    }

    /// What is asked. `live`: of a World that serves clients.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn asked(&self, live: bool) -> Result<Asked, String> {
        let mut words = self.line.split_whitespace();
        let first = words.next().ok_or("explain expects a request line such as 'GET /path'")?;
        let (method, target) = match words.next() {
            Some(target) => (first, target),
            None => ("GET", first),
        };
        let version = words.next().unwrap_or("HTTP/1.1");
        Ok(Asked {
            request: head(&format!("{method} {target} {version}"), &self.headers, "-H")?,
            source: Endpoint::Inet(source(self.source.as_deref())?),
            server_name: self.server_name.clone(),
            frontend: self.frontend.clone(),
            response: self.response()?,
            live,
        })
    }

    fn response(&self) -> Result<Vec<u8>, String> {
        let status = match self.status.as_deref() {
            None if self.response_headers.is_empty() => return Ok(Vec::new()),
            None => 200,
            Some(text) => text
                .parse::<u16>()
                .ok()
                .filter(|status| (200..600).contains(status))
                .ok_or_else(|| format!("--status expects a number from 200 to 599, not '{text}'"))?,
        };
        let line = format!("HTTP/1.1 {status} {}", http::reply::reason(status));
        head(&line, &self.response_headers, "--response-header")
    }
}

/// The head of a message.
fn head(line: &str, headers: &[String], option: &str) -> Result<Vec<u8>, String> {
    let mut head = format!("{line}\r\n");
    for header in headers {
        if !header.contains(':') {
            return Err(format!("{option} expects 'name: value', not '{header}'"));
        }
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    Ok(head.into_bytes())
}

fn source(text: Option<&str>) -> Result<SocketAddr, String> {
    let Some(text) = text else { return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT)) };
    let address = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT));
    address.or_else(|_| text.parse()).map_err(|_| format!("--src expects an address, not '{text}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_a_question() {
        let words = ["POST", "/x", "-H", "host: a", "--src", "192.0.2.1", "--status", "404"];
        let asked = Question::read(&words).unwrap().asked(true).unwrap();
        assert_eq!(asked.request, b"POST /x HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(asked.response, b"HTTP/1.1 404 Not Found\r\n\r\n");
        assert!(asked.live);
        let fails = |words: &[&str]| Question::read(words).and_then(|q| q.asked(false)).unwrap_err();
        assert_eq!(fails(&[]), "explain expects a request line such as 'GET /path'");
        assert_eq!(fails(&["/", "-H", "x"]), "-H expects 'name: value', not 'x'");
        assert_eq!(fails(&["/", "--status", "99"]), "--status expects a number from 200 to 599, not '99'");
        assert!(fails(&["/", "--nope"]).starts_with("unknown option '--nope'"));
        assert_eq!(fails(&["/", "-H"]), "-H expects a value");
    }
}
