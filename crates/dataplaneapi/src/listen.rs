//! What is listened on: plain TCP, TLS with or without clients' certificates, a unix socket.

use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio_rustls::TlsAcceptor;

use crate::settings::{Settings, Tls};

/// A place that is listened on.
pub(crate) enum Listener {
    Plain(TcpListener),
    Tls(TcpListener, TlsAcceptor),
    Unix(UnixListener),
}

/// A connection of any kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that was accepted, before its handshake if it has one.
pub(crate) enum Accepted {
    Plain(Box<dyn Stream>, String),
    Tls(tokio::net::TcpStream, TlsAcceptor, String),
}

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Listens as the settings say; each with its address, for a person to read.
pub(crate) async fn all(settings: &Settings) -> Result<Vec<(Listener, String)>, String> {
    let mut found = Vec::new();
    for scheme in &settings.schemes {
        found.push(match scheme.as_str() {
            "http" => {
                let address = format!("{}:{}", settings.host, settings.port);
                (Listener::Plain(bind(&address).await?), format!("http://{address}"))
            }
            "https" => {
                let tls = settings.tls.as_ref().ok_or("https needs tls_certificate and tls_key")?;
                let address = format!("{}:{}", tls.host, tls.port);
                let acceptor = TlsAcceptor::from(Arc::new(config(tls)?));
                (Listener::Tls(bind(&address).await?, acceptor), format!("https://{address}"))
            }
            "unix" => {
                (Listener::Unix(socket(&settings.socket)?), format!("unix:{}", settings.socket.display()))
            }
            other => return Err(format!("scheme {other} is none of http, https, unix")),
        });
    }
    Ok(found)
}

/// A process that was killed a moment ago may hold the port for a while yet.
async fn bind(address: &str) -> Result<TcpListener, String> {
    let mut tries = 0;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries < 50 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Err(format!("cannot listen on {address}: {error}")),
        }
    }
}

/// A socket file that nobody answers on any more is taken over; any other file stays, and is an error.
fn socket(path: &Path) -> Result<UnixListener, String> {
    let left = path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket());
    if left && std::os::unix::net::UnixStream::connect(path).is_err() {
        std::fs::remove_file(path).map_err(|e| format!("cannot remove {}: {e}", path.display()))?;
    }
    UnixListener::bind(path).map_err(|e| format!("cannot listen on {}: {e}", path.display()))
}

fn config(tls: &Tls) -> Result<ServerConfig, String> {
    let told = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let certificates = |path: &Path| -> Result<Vec<CertificateDer<'static>>, String> {
        let all = CertificateDer::pem_file_iter(path).map_err(|e| told(path, &e))?;
        all.collect::<Result<_, _>>().map_err(|e| told(path, &e))
    };
    let chain = certificates(&tls.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|e| told(&tls.key, &e))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?;
    let builder = match &tls.ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|e| told(path, &e))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().map_err(|e| told(path, &e))?)
        }
    };
    builder.with_single_cert(chain, key).map_err(|e| told(&tls.certificate, &e))
}

impl Listener {
    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        Ok(match self {
            Self::Plain(listener) => {
                let (stream, from) = listener.accept().await?;
                Accepted::Plain(Box::new(stream), from.ip().to_string())
            }
            Self::Tls(listener, acceptor) => {
                let (stream, from) = listener.accept().await?;
                Accepted::Tls(stream, acceptor.clone(), from.ip().to_string())
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Accepted::Plain(Box::new(stream), "unix".to_owned())
            }
        })
    }
}

/// A connection that can be spoken on.
pub(crate) struct Ready {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) client: String,
    /// Whether the client has shown a certificate that was verified.
    pub(crate) certified: bool,
}

impl Accepted {
    /// Does the handshake, if there is one; `None` if it fails.
    pub(crate) async fn ready(self) -> Option<Ready> {
        match self {
            Self::Plain(stream, client) => Some(Ready { stream, client, certified: false }),
            Self::Tls(stream, acceptor, client) => {
                let stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await.ok()?.ok()?;
                let certified = stream.get_ref().1.peer_certificates().is_some();
                Some(Ready { stream: Box::new(stream), client, certified })
            }
        }
    }
}
