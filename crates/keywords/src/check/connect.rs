//! `tcp-check connect`, `http-check connect` (manual 4.2).

use state::check::Port;

use super::prelude::*;

/// Parses what stands behind `connect`; `rule` is how messages call the line.
pub(super) fn connect(
    words: &mut Words<'_>,
    compiler: &mut dyn Compiler,
    rule: &str,
) -> Result<Rule, String> {
    let mut connect = Connect::default();
    let mut comment = None;
    let mut missing = None;
    while let Some(word) = words.next() {
        match word {
            "default" => connect.by_server = true,
            "send-proxy" => connect.send_proxy = true,
            "linger" => connect.linger = true,
            "comment" => {
                comment = Some(words.next().ok_or("'comment' expects a string as argument..")?.into());
            }
            "port" => connect.port = Some(port(words, compiler)?),
            "addr" => {
                let text = words.next().ok_or("'addr' expects <ipv4|ipv6> as argument..")?;
                let at = compiler.address(text).map_err(|e| format!("'addr' : {e}.."))?;
                connect.address = Some(at.ip());
                if at.port() != 0 {
                    connect.port = Some(Port::Fixed(at.port()));
                }
            }
            "via-socks4" => connect.via_socks4 = true,
            "ssl" => connect.tls = true,
            "sni" => connect.sni = Some(words.next().ok_or("'sni' expects <sni> as argument..")?.into()),
            "alpn" => {
                let list = words.next().ok_or("'alpn' : missing the comma-delimited ALPN protocol suite.")?;
                let names = list.split(',').filter(|name| !name.is_empty());
                connect.alpn = Some(names.map(|name| name.as_bytes().to_vec()).collect());
            }
            "proto" => {
                let name = words.next().ok_or("'proto' : missing value.")?;
                match name {
                    "h1" | "none" => {}
                    "h2" | "fcgi" | "spop" => {
                        missing = missing.or(Some(format!("'{rule} {word} {name}'")));
                    }
                    other => return Err(format!("'proto' : unknown MUX protocol '{other}'..")),
                }
            }
            other => {
                return Err(format!(
                    "expects 'comment', 'port', 'addr', 'send-proxy', 'ssl', 'sni', 'alpn' or 'via-socks4', 'linger', \
                     'default' but got '{other}' as argument.."
                ));
            }
        }
    }
    Ok(match missing {
        Some(what) => Rule::NotRun(what),
        None => Rule::Step(Does::Connect(connect), comment),
    })
}

/// A number, or an expression that gives one.
fn port(words: &mut Words<'_>, compiler: &mut dyn Compiler) -> Result<Port, String> {
    let text = words.peek().ok_or("'port' expects a port number or a sample expression as argument..")?;
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        words.advance(1);
        return match text.parse().ok().filter(|port| *port > 0) {
            Some(port) => Ok(Port::Fixed(port)),
            None => Err(format!(
                "expects a valid TCP port (from range 1 to 65535) or a sample expression, got {text}.."
            )),
        };
    }
    let expr =
        compiler.expr(words).map_err(|e| format!("error detected while parsing port expression : {e}."))?;
    Ok(Port::Computed(expr))
}
