//! A small HTTP/1.1 server that tells what it was asked. For demonstrations: it reads heads only, and closes
//! after a request that has a body.

use std::net::Ipv4Addr;

use net::{Addr, Bound, ListenOptions, Listener, Sock};

/// The longest head that is read, in bytes.
const HEAD_MAX: usize = 16 * 1024;
/// How long a client may say nothing.
const PATIENCE_MS: u64 = 60_000;

/// Starts a server on a thread of its own, which lives as long as the process; gives its port on the
/// loopback.
pub(super) fn start(name: &'static str) -> Result<u16, String> {
    let failed = |error: std::io::Error| format!("cannot start the demo's server '{name}': {error}");
    let at = Addr::ip_port(Ipv4Addr::LOCALHOST.into(), 0);
    let bound = Bound::open(&at, &ListenOptions::default()).map_err(failed)?;
    let port = bound.addr().port();
    let work = move |_: std::io::Result<()>| {
        let served = net::Runtime::new().and_then(|mut runtime| runtime.run(serve(name, bound)));
        if let Err(error) = served {
            crate::say::alert(&format!("the demo's server '{name}': {error}"));
        }
    };
    net::thread::spawn(&format!("demo/{name}"), None, work).map_err(failed)?;
    Ok(port)
}

async fn serve(name: &'static str, bound: Bound) -> std::io::Result<()> {
    let listener = Listener::new(bound)?;
    loop {
        match listener.accept() {
            Ok((client, _)) => {
                net::spawn(async move {
                    // A client that left in the middle is nobody's concern.
                    let _ = talk(name, &client).await;
                });
            }
            Err(net::AcceptError::WouldBlock) => listener.wait().await,
            Err(net::AcceptError::Other(error)) => return Err(error),
            Err(_) => net::sleep(std::time::Duration::from_millis(100)).await,
        }
    }
}

async fn talk(name: &str, client: &Sock) -> std::io::Result<()> {
    let mut read = Vec::new();
    while let Some(end) = head(client, &mut read).await? {
        let head: Vec<u8> = read.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let (answer, last) = answer(name, &head);
        write(client, answer.as_bytes()).await?;
        if last {
            break;
        }
    }
    Ok(())
}

/// Reads until `read` holds a whole head; gives its length, or nothing when the client left or says too much.
async fn head(client: &Sock, read: &mut Vec<u8>) -> std::io::Result<Option<usize>> {
    loop {
        if let Some(at) = read.windows(4).position(|w| w == b"\r\n\r\n") {
            return Ok(Some(at + 4));
        }
        if read.len() >= HEAD_MAX {
            return Ok(None);
        }
        let mut part = [0; 4096];
        match client.try_read(&mut part) {
            Ok(0) => return Ok(None),
            Ok(n) => read.extend_from_slice(part.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                let woken = net::wait(|w| {
                    w.read(client).until(net::now().plus_millis(PATIENCE_MS));
                })
                .await;
                if woken.timed_out() {
                    return Ok(None);
                }
            }
            Err(e) => return Err(e),
        }
    }
}

async fn write(client: &Sock, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match client.try_write(bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                net::wait(|w| {
                    w.write(client);
                })
                .await;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// The whole response, and whether the connection ends with it.
fn answer(name: &str, head: &str) -> (String, bool) {
    let line = head.lines().next().unwrap_or_default();
    let headers = || head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let has = |name: &str, value: &str| {
        headers().any(|(n, v)| n.eq_ignore_ascii_case(name) && v.trim().eq_ignore_ascii_case(value))
    };
    let body = headers().any(|(n, v)| {
        let length = n.eq_ignore_ascii_case("content-length") && v.trim() != "0";
        length || n.eq_ignore_ascii_case("transfer-encoding")
    });
    let last = body || has("connection", "close") || !line.ends_with("HTTP/1.1");
    let text = format!("This is the demo's server '{name}'. It was asked:\n\n{}\n", head.trim_end());
    let shown = if line.starts_with("HEAD ") { "" } else { &text };
    let connection = if last { "connection: close\r\n" } else { "" };
    let kind = "content-type: text/plain; charset=utf-8";
    let length = text.len();
    let answer = format!("HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {length}\r\n{connection}\r\n{shown}");
    (answer, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_framed() {
        let (text, last) = answer("blue", "GET /x HTTP/1.1\r\nhost: a\r\n\r\n");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())) && !last);
        assert!(body.contains("'blue'") && body.contains("GET /x HTTP/1.1"));
        for head in ["GET / HTTP/1.0\r\n\r\n", "POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n"] {
            assert!(answer("blue", head).1, "{head}");
        }
        assert!(answer("blue", "HEAD / HTTP/1.1\r\n\r\n").0.ends_with("\r\n\r\n"));
    }
}
