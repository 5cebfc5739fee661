//! One request and its answer, over TCP, TLS or a unix socket.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::context::Context;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest answer that is read.
const MOST: usize = 1 << 30;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// The configuration's version.
    pub(crate) fn version(&self) -> Option<u64> {
        self.header("configuration-version")?.parse().ok()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Asks; `kind` is the body's media type. Errors: a sentence with the API's address, or the API's own.
pub(crate) fn ask(
    context: &Context,
    method: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> Result<Answer, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let asked = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, exchange(context, method, path, kind, body)).await
    });
    let answer = asked
        .map_err(|_| format!("{} doesn't answer", context.url))?
        .map_err(|error| format!("{}: {error}", context.url))?;
    if answer.status < 400 {
        return Ok(answer);
    }
    let told: Option<serde_json::Value> = serde_json::from_str(&answer.body).ok();
    let message = told.as_ref().map(|value| api::text(value, "message")).filter(|text| !text.is_empty());
    Err(format!("{} ({})", message.unwrap_or(answer.body.trim()), answer.status))
}

async fn exchange(
    context: &Context,
    method: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> Result<Answer, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    if let Some(path_of_socket) = context.url.strip_prefix("unix:") {
        let stream = tokio::net::UnixStream::connect(path_of_socket).await.map_err(|e| told(&e))?;
        return speak(stream, context, "localhost", method, path, kind, body).await;
    }
    let (scheme, rest) = context.url.split_once("://").ok_or("expected http://, https:// or unix:")?;
    let authority = rest.split('/').next().unwrap_or_default();
    let usual = if scheme == "https" { 443 } else { 80 };
    let (host, port) =
        match authority.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?))) {
            Some((host, port)) => (host, port),
            None => (authority, usual),
        };
    let bare = host.trim_matches(['[', ']']);
    let stream = tokio::net::TcpStream::connect((bare, port)).await.map_err(|e| told(&e))?;
    match scheme {
        "http" => speak(stream, context, authority, method, path, kind, body).await,
        "https" => {
            let name = ServerName::try_from(bare.to_owned()).map_err(|e| told(&e))?;
            let connector = tokio_rustls::TlsConnector::from(Arc::new(tls(context)?));
            let stream = connector.connect(name, stream).await.map_err(|e| told(&e))?;
            speak(stream, context, authority, method, path, kind, body).await
        }
        other => Err(format!("unknown scheme {other}")),
    }
}

fn tls(context: &Context) -> Result<rustls::ClientConfig, String> {
    let told = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let certificates = |path: &Path| -> Result<Vec<CertificateDer<'static>>, String> {
        let all = CertificateDer::pem_file_iter(path).map_err(|e| told(path, &e))?;
        all.collect::<Result<_, _>>().map_err(|e| told(path, &e))
    };
    let mut roots = rustls::RootCertStore::empty();
    let path = context.ca.clone().unwrap_or_else(|| "/etc/ssl/certs/ca-certificates.crt".into());
    for certificate in certificates(&path)? {
        // A bundle of the system may hold what isn't understood here.
        let added = roots.add(certificate);
        if context.ca.is_some() {
            added.map_err(|e| told(&path, &e))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots);
    match &context.certificate {
        None => Ok(builder.with_no_client_auth()),
        Some(path) => {
            let key = PrivateKeyDer::from_pem_file(path).map_err(|e| told(path, &e))?;
            builder.with_client_auth_cert(certificates(path)?, key).map_err(|e| told(path, &e))
        }
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    context: &Context,
    host: &str,
    method: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> Result<Answer, String> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    tokio::spawn(connection);
    let mut request = hyper::Request::builder().method(method).uri(path).header("Host", host);
    if !context.user.is_empty() {
        let word = base64::engine::general_purpose::STANDARD.encode(&context.user);
        request = request.header("Authorization", format!("Basic {word}"));
    }
    if !body.is_empty() {
        request = request.header("Content-Type", kind);
    }
    let request =
        request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).map_err(|e| e.to_string())?;
    let response = sender.send_request(request).await.map_err(|e| e.to_string())?;
    let (parts, body) = response.into_parts();
    let bytes = Limited::new(body, MOST).collect().await.map_err(|e| e.to_string())?.to_bytes();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}
