//! HTTP: requests in, answers out. Handlers block (they write files, start programs), so that each runs on a
//! thread for such work.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::answer::{Answer, Body};
use crate::app::App;
use crate::request::Request;
use crate::settings::Settings;

/// Serves until the process ends.
pub(crate) fn serve(settings: Settings) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        let address = format!("{}:{}", settings.host, settings.port);
        let listener = listen(&address).await?;
        let app = Arc::new(App::new(settings)?);
        app.log(&format!("listening on http://{address}/v3"));
        // Remembered before it can change: the process goes on listening there.
        app.runtime();
        let watcher = Arc::clone(&app);
        std::thread::Builder::new()
            .name("watch".into())
            .spawn(move || watcher.watch())
            .map_err(|error| format!("cannot start: {error}"))?;
        accept(listener, &app).await
    })
}

/// A process that was killed a moment ago may hold the port for a while yet.
async fn listen(address: &str) -> Result<TcpListener, String> {
    let mut tries = 0;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && tries < 50 => {
                tries += 1;
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            Err(error) => return Err(format!("cannot listen on {address}: {error}")),
        }
    }
}

async fn accept(listener: TcpListener, app: &Arc<App>) -> Result<(), String> {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // Out of descriptors, most likely: those in use come back.
            Err(_) => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        let app = Arc::clone(app);
        tokio::spawn(async move {
            let service = service_fn(move |request| one(Arc::clone(&app), request));
            let mut http = hyper::server::conn::http1::Builder::new();
            // What a client does wrong is its own affair; there is nobody to tell.
            let _ = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn one(
    app: Arc<App>,
    incoming: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (parts, body) = incoming.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::new(parts.method.as_str(), target);
    for (name, value) in &parts.headers {
        request
            .headers
            .insert(name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    let answer = match Limited::new(body, app.max_body()).collect().await {
        Ok(body) => {
            request.body = body.to_bytes().to_vec();
            let work = tokio::task::spawn_blocking(move || app.answer(&request));
            work.await.unwrap_or_else(|_| Answer::failure(500, "the request couldn't be carried out"))
        }
        Err(_) => Answer::failure(413, "the body is too large or was cut off"),
    };
    Ok(respond(answer))
}

fn respond(answer: Answer) -> hyper::Response<Full<Bytes>> {
    let (kind, bytes) = match answer.body {
        Body::Nothing => (None, Vec::new()),
        Body::Json(value) => (Some("application/json; charset=UTF-8"), format!("{value}\n").into_bytes()),
        Body::Text(text) => (Some("text/plain"), text),
        Body::Bytes(bytes) => (Some("application/octet-stream"), bytes),
    };
    let mut builder = hyper::Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        builder = builder.header(name, value);
    }
    if let Some(kind) = kind {
        builder = builder.header("Content-Type", kind);
    }
    builder.body(Full::new(Bytes::from(bytes))).unwrap_or_else(|_| {
        let mut plain = hyper::Response::new(Full::default());
        *plain.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        plain
    })
}
