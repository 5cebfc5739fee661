//! `option httpchk` (manual 4.2).

use state::Format;
use state::check::Request;

use super::prelude::*;

/// What `option httpchk` says of the request.
#[derive(Debug, Default)]
pub struct Asked {
    method: Option<Box<[u8]>>,
    uri: Option<Box<[u8]>>,
    version: Option<Box<[u8]>>,
    host: Option<Format>,
    /// Whether the option stands behind the rules: then it is right where they contradict each other.
    pub last: bool,
}

impl Asked {
    /// Puts what it says into a request that says otherwise.
    pub(super) fn overrule(self, request: &mut Request) {
        let Self { method, uri, version, host, last: _ } = self;
        request.method = method.unwrap_or_else(|| std::mem::take(&mut request.method));
        request.version = version.unwrap_or_else(|| std::mem::take(&mut request.version));
        if let Some(uri) = uri {
            request.uri = Format::constant(&uri);
        }
        if let Some(host) = host {
            request.headers = vec![((*b"host").into(), host)];
        }
    }

    /// The request, what is open filled in.
    pub fn request(self) -> Request {
        Request {
            method: self.method.unwrap_or_else(|| (*b"OPTIONS").into()),
            uri: self.uri.map_or_else(|| Format::constant(b"/"), |uri| Format::constant(&uri)),
            version: self.version.unwrap_or_else(|| (*b"HTTP/1.0").into()),
            headers: self.host.map(|host| ((*b"host").into(), host)).into_iter().collect(),
            body: None,
        }
    }
}

/// Parses the words behind `option httpchk`. Errors are whole sentences.
pub fn asked(words: &[&str], compiler: &mut dyn Compiler) -> Result<Asked, String> {
    let own = |word: &str| Some(word.as_bytes().into());
    let mut asked = Asked::default();
    match words {
        [] => {}
        [uri] => asked.uri = own(uri),
        [method, uri, rest @ ..] => {
            (asked.method, asked.uri) = (own(method), own(uri));
            if let Some(version) = rest.first() {
                if version.contains(['\r', '\n']) {
                    return Err(
                        "'option httpchk' : hiding headers or body at the end of the version string is \
                                unsupported.Use 'http-check send' directive instead.."
                            .to_owned(),
                    );
                }
                asked.version = own(version);
            }
            if let Some(host) = rest.get(1) {
                let host = compiler.format(host).map_err(|e| format!("'option httpchk' : {e}"))?;
                asked.host = Some(host);
            }
            no_words("httpchk", rest.get(2..).unwrap_or_default())?;
        }
    }
    Ok(asked)
}
