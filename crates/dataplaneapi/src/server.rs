//! HTTP: requests in, answers out. Handlers block (they write files, start programs), so that each runs on a
//! thread for such work.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::answer::{Answer, Body};
use crate::app::{App, LISTENERS};
use crate::change;
use crate::discovery;
use crate::listen::{self, Listener, Ready};
use crate::log::Access;
use crate::request::Request;
use crate::settings::Settings;

type Response = hyper::Response<Either<Full<Bytes>, Channel<Bytes, Infallible>>>;

/// How often those who listen are sent something.
const ALIVE: Duration = Duration::from_secs(15);

/// Serves until the process is told to end.
pub(crate) fn serve(settings: Settings) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        let listeners = listen::all(&settings).await?;
        let app = Arc::new(App::new(settings)?);
        for (listener, address) in listeners {
            app.log(&format!("listening on {address}/v3"));
            tokio::spawn(accept(listener, Arc::clone(&app)));
        }
        // Remembered before it can change: the process goes on listening there.
        app.runtime();
        change::catch_up(&app);
        let watcher = Arc::clone(&app);
        std::thread::Builder::new()
            .name("watch".into())
            .spawn(move || watcher.watch())
            .map_err(|error| format!("cannot start: {error}"))?;
        let own = Arc::clone(&app);
        std::thread::Builder::new()
            .name("discovery".into())
            .spawn(move || discovery::run(&own))
            .map_err(|error| format!("cannot start: {error}"))?;
        obey(&app).await.map_err(|error| format!("cannot take signals: {error}"))
    })
}

/// SIGUSR1: the proxy's socket is looked for anew. SIGUSR2: the configuration is read again. SIGTERM, SIGINT:
/// the end; a change that is being made is made.
async fn obey(app: &Arc<App>) -> std::io::Result<()> {
    let (mut first, mut second) =
        (signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?);
    let (mut end, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    loop {
        tokio::select! {
            _ = first.recv() => app.forget_socket(),
            _ = second.recv() => {
                if let Err(error) = app.refresh() {
                    app.log(&format!("reading the configuration: {error}"));
                }
            }
            _ = end.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    app.log("ending");
    drop(app.store());
    Ok(())
}

async fn accept(listener: Listener, app: Arc<App>) {
    loop {
        let accepted = match listener.accept().await {
            Ok(accepted) => accepted,
            // Out of descriptors, most likely: those in use come back.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            let Some(Ready { stream, client, certified }) = accepted.ready().await else { return };
            let certified = if app.settings.improved { certified } else { app.settings.asks_certificates() };
            let largest = app.settings.max_header;
            let client: Arc<str> = client.into();
            let service =
                service_fn(move |request| one(Arc::clone(&app), Arc::clone(&client), certified, request));
            let mut http = hyper::server::conn::http1::Builder::new();
            // What a client does wrong is its own affair; there is nobody to tell.
            let _ = http
                .timer(TokioTimer::new())
                .max_buf_size(largest)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn one(
    app: Arc<App>,
    client: Arc<str>,
    certified: bool,
    incoming: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let start = Instant::now();
    let (parts, body) = incoming.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let mut request = Request::new(parts.method.as_str(), &target);
    request.certified = certified;
    for (name, value) in &parts.headers {
        request
            .headers
            .insert(name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    let origin = request.header("origin").is_some();
    let unless = request.header("if-none-match").map(str::to_owned);
    let method = request.method.clone();
    let answer = if method == "OPTIONS" && origin {
        Ok(preflight())
    } else if !body.is_end_stream() && !known(&app, &mut request).await {
        // The body of one who isn't let in isn't read.
        Ok(app.answer(&request))
    } else {
        match Limited::new(body, app.max_body()).collect().await {
            Ok(body) => {
                request.body = body.to_bytes().to_vec();
                let own = Arc::clone(&app);
                let work = tokio::task::spawn_blocking(move || answer(&own, &request));
                work.await.unwrap_or_else(|_| Ok(Answer::failure(500, "the request couldn't be carried out")))
            }
            Err(_) => Ok(Answer::failure(413, "the body is too large or was cut off")),
        }
    };
    let (mut response, bytes) = match answer {
        Ok(answer) => respond(answer, app.settings.improved && method == "GET", unless.as_deref()),
        Err(receiver) => (events(receiver), 0),
    };
    if origin {
        let all = hyper::header::HeaderValue::from_static("*");
        response.headers_mut().insert(hyper::header::ACCESS_CONTROL_ALLOW_ORIGIN, all.clone());
        response.headers_mut().insert(hyper::header::ACCESS_CONTROL_EXPOSE_HEADERS, all);
    }
    let (status, micros) = (response.status().as_u16(), start.elapsed().as_micros());
    app.log_access(&Access { client: &client, method: &method, target: &target, status, bytes, micros });
    Ok(response)
}

/// Whether a client is let in; found out once, before a body is read.
async fn known(app: &Arc<App>, request: &mut Request) -> bool {
    if !request.certified {
        let (own, asked) = (Arc::clone(app), request.clone());
        request.certified = tokio::task::spawn_blocking(move || own.lets_in(&asked)).await.unwrap_or(false);
    }
    request.certified
}

/// The answer; or, for one who is to be told of events, where they come from.
fn answer(app: &App, request: &Request) -> Result<Answer, broadcast::Receiver<Arc<str>>> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    if request.method != "GET" || segments != ["v3", "services", "haproxy", "events"] {
        return Ok(app.answer(request));
    }
    if !request.certified && !app.lets_in(request) {
        return Ok(app.answer(request));
    }
    match app.listen() {
        Some(receiver) => Err(receiver),
        None => Ok(Answer::failure(503, format!("{LISTENERS} listen already"))),
    }
}

/// Browsers ask before they send what isn't plain; nobody is asked for credentials here.
fn preflight() -> Answer {
    Answer::empty(204)
        .with("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH")
        .with("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, X-Runtime-Actions")
        .with("Access-Control-Max-Age", "300")
}

/// The response, and how long its body is. With `tagged`, what is read can be asked for once more and found
/// unchanged.
fn respond(answer: Answer, tagged: bool, unless: Option<&str>) -> (Response, usize) {
    let (kind, bytes) = match answer.body {
        Body::Nothing => (None, Vec::new()),
        Body::Json(value) => (Some("application/json; charset=UTF-8"), format!("{value}\n").into_bytes()),
        Body::Text(text) => (Some("text/plain"), text),
        Body::Html(text) => (Some("text/html; charset=UTF-8"), text.into_bytes()),
        Body::Bytes(bytes) => (Some("application/octet-stream"), bytes),
    };
    let tag = format!("\"{}\"", client::md5_hex(&bytes));
    let known = tagged && answer.status == 200 && unless.is_some_and(|tags| tags.contains(&tag));
    let (status, bytes) = if known { (304, Vec::new()) } else { (answer.status, bytes) };
    let mut builder = hyper::Response::builder().status(status);
    for (name, value) in answer.headers {
        builder = builder.header(name, value);
    }
    if let Some(kind) = kind {
        builder = builder.header("Content-Type", kind);
    }
    if tagged && matches!(status, 200 | 304) {
        builder = builder.header("ETag", tag);
    }
    let length = bytes.len();
    let response = builder.body(Either::Left(Full::new(Bytes::from(bytes)))).unwrap_or_else(|_| failed());
    (response, length)
}

fn failed() -> Response {
    let mut plain = hyper::Response::new(Either::Left(Full::default()));
    *plain.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
    plain
}

/// Server-sent events, until the client goes.
fn events(receiver: broadcast::Receiver<Arc<str>>) -> Response {
    let (sender, body) = Channel::new(1);
    tokio::spawn(pass_on(receiver, sender));
    let builder = hyper::Response::builder()
        .header("Content-Type", "text/event-stream")
        .header("Cache-Control", "no-cache");
    builder.body(Either::Right(body)).unwrap_or_else(|_| failed())
}

async fn pass_on(mut receiver: broadcast::Receiver<Arc<str>>, mut sender: Sender<Bytes, Infallible>) {
    loop {
        let text: Arc<str> = match tokio::time::timeout(ALIVE, receiver.recv()).await {
            Ok(Ok(text)) => text,
            Ok(Err(RecvError::Lagged(missed))) => format!("event: missed\ndata: {missed}\n\n").into(),
            Ok(Err(RecvError::Closed)) => return,
            Err(_) => ":\n\n".into(),
        };
        if sender.send_data(Bytes::copy_from_slice(text.as_bytes())).await.is_err() {
            return;
        }
    }
}
