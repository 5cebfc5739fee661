//! `redir` on a `server` line (manual 5.2): clients are sent to another place that serves the same.

use http::{Full, Method, Version};
use state::Server;
use state::termination::{Cause, Phase};

use crate::exchange::{Exchange, Stop};
use crate::failure::Failure;

/// Answers in the server's stead, if it has a place that this request can be sent to.
pub fn instead(x: &mut Exchange<'_>, server: &Server) -> Result<(), Stop> {
    let Some(prefix) = server.redirect.as_deref() else { return Ok(()) };
    if !matches!(x.method, Method::Get | Method::Head) {
        return Ok(());
    }
    let out = &mut x.worker.out.borrow_mut();
    out.clear();
    // Every path begins with a slash already.
    out.extend_from_slice(if prefix == b"/" { b"" } else { prefix });
    out.extend_from_slice(x.stream.request.pathq().unwrap_or_default());
    let response = &mut x.stream.response;
    let mut fill = || {
        response.start_response(302, b"Found", Version::HTTP_11)?;
        response.add_header("cache-control", b"no-cache")?;
        response.add_header("content-length", b"0")?;
        response.add_header("location", out)
    };
    fill().map_err(|Full| Failure::new(Cause::INTERNAL, Phase::CONNECT, 500))?;
    x.stream.has_response = true;
    x.stream.status = 302;
    x.stream.termination.set(Cause::LOCAL, Phase::CONNECT);
    Err(Stop::Reply)
}
