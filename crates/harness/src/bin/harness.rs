//! `harness origin [PORT...]`, `harness load URL [options]`, `harness idle URL COUNT`: the test servers and
//! clients by hand. It holds no logic of its own.

use std::io::{self, Error};
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use harness::load::{self, Plan};
use harness::machine;
use harness::origin::{Options, Origin};

const USAGE: &str = "usage:
  harness origin [--core N] [PORT...]      serve on these ports (one free port when none is given)
  harness load http://HOST:PORT/PATH [--connections N] [--seconds N] [--rate N] [--close] [--core N]
  harness idle http://HOST:PORT/PATH COUNT open COUNT connections, one request on each, until Enter is read";

fn main() {
    if let Err(error) = run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        eprintln!("harness: {error}");
        std::process::exit(1);
    }
}

fn run(arguments: &[String]) -> io::Result<()> {
    match arguments.split_first() {
        Some((command, rest)) if command == "origin" => origin(rest),
        Some((command, rest)) if command == "load" => generate(rest),
        Some((command, rest)) if command == "idle" => idle(rest),
        _ => Err(Error::other(USAGE)),
    }
}

fn origin(arguments: &[String]) -> io::Result<()> {
    let mut options = Options::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--core" => options.core = Some(number(words.next())?),
            _ => options.ports.push(number(Some(word))?),
        }
    }
    machine::raise_open_files(65_536)?;
    let origin = Origin::start(&options)?;
    for port in origin.ports() {
        println!("listening on 127.0.0.1:{port}");
    }
    origin.join();
    Ok(())
}

fn generate(arguments: &[String]) -> io::Result<()> {
    let (target, request) = url(arguments.first())?;
    let mut plan = Plan {
        target,
        request,
        connections: 64,
        keep_alive: true,
        rate: None,
        duration: Duration::from_secs(5),
    };
    let mut words = arguments.iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--connections" => plan.connections = number(words.next())?,
            "--seconds" => plan.duration = Duration::from_secs_f64(number(words.next())?),
            "--rate" => plan.rate = Some(number(words.next())?),
            "--close" => plan.keep_alive = false,
            "--core" => machine::pin_to(&[number(words.next())?])?,
            other => return Err(Error::other(format!("unknown option {other}\n{USAGE}"))),
        }
    }
    machine::raise_open_files(65_536)?;
    machine::sharpen_timers()?;
    let outcome = load::run(&plan)?;
    println!(
        "{} answers, {} errors, {:.0} a second, {} MiB, p50 {:?}, p99 {:?}",
        outcome.answers,
        outcome.errors,
        outcome.rate(),
        outcome.bytes >> 20,
        outcome.latency.quantile(0.5),
        outcome.latency.quantile(0.99)
    );
    Ok(())
}

fn idle(arguments: &[String]) -> io::Result<()> {
    let (target, request) = url(arguments.first())?;
    machine::raise_open_files(65_536)?;
    let idle = load::open_idle(target, number(arguments.get(1))?, &request)?;
    println!("{} connections open; Enter ends", idle.streams.len());
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

fn url(word: Option<&String>) -> io::Result<(SocketAddr, Vec<u8>)> {
    let rest = word.and_then(|word| word.strip_prefix("http://")).ok_or_else(|| Error::other(USAGE))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let target = host.to_socket_addrs()?.next().ok_or_else(|| Error::other("no such host"))?;
    Ok((target, format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()))
}

fn number<T: std::str::FromStr>(word: Option<&String>) -> io::Result<T> {
    word.and_then(|word| word.parse().ok())
        .ok_or_else(|| Error::other(format!("a number is missing\n{USAGE}")))
}
