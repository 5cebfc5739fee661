//! Every fetch and every converter on generated inputs, on Sluice and on HAProxy: hundreds of expressions in one answer
//! of one process, and each must give the same. What is accepted to differ stands in `tests/parity/samples.toml`.
//!
//! The ways to call a keyword are those of its examples, so that one that is added is compared without more ado.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use harness::process::Process;
use harness::scratch::Scratch;
use keywords::{convert, fetch};
use sample::Type;
use state::family::Example;
use toml::{Table, Value};

use super::Count;
use super::random::Random;
use crate::program;
use crate::root::{fits, root};

const KNOWN: &str = "tests/parity/samples.toml";
const START_LIMIT: Duration = Duration::from_secs(60);
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// Expressions in one answer.
const BATCH: usize = 400;
/// Stand between the parts of the answer; no input has them.
const FIELD: u8 = 0x1f;
const RECORD: u8 = 0x1e;
const REQUEST: &str = "GET /a/b?x=1&y=%20z HTTP/1.1\r\nhost: example.com\r\nx-n: 1, 22\r\nx-n: 333\r\n\
    cookie: a=1; b=22\r\nauthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\nconnection: close\r\n\r\n";

/// What a run compares.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Inputs for each way to call a converter.
    pub(crate) inputs: usize,
    pub(crate) seed: u64,
}

/// Compares and prints what differs.
///
/// # Errors
/// When a program does not run.
pub(crate) fn compare(subject: &Path, oracle: &Path, wanted: &Wanted) -> Result<Count> {
    let version = program::version(oracle);
    println!("samples: seed {}, oracle {version}", wanted.seed);
    let known = Known::read(&version)?;
    let (ours, theirs) = (names(subject)?, names(oracle)?);
    let all = expressions(wanted, &|name| ours.contains(name) && theirs.contains(name));
    let all: Vec<String> = all.into_iter().filter(|expression| !known.leaves_out(expression)).collect();
    let mut count = Count::default();
    for batch in all.chunks(BATCH) {
        let expected = answers(oracle, batch)?;
        let found = answers(subject, batch)?;
        for ((expression, expected), found) in batch.iter().zip(&expected).zip(&found) {
            if expected == found {
                count.passed += 1;
            } else {
                count.failed += 1;
                println!(
                    "differs: {expression}\n  expected {}\n  found    {}",
                    shown(expected),
                    shown(found)
                );
            }
        }
    }
    println!("samples: {} agree, {} differ", count.passed, count.failed);
    Ok(count)
}

/// What an expression gives: its text and its length, empty where there is no sample; none where it is refused.
type Answer = Option<Vec<u8>>;

fn shown(answer: &Answer) -> String {
    answer.as_ref().map_or_else(|| "refused".to_owned(), |text| text.escape_ascii().to_string())
}

/// The fetches and converters a program has.
fn names(program: &Path) -> Result<BTreeSet<String>> {
    let output = Command::new(program).args(["-dKsmp,cnv", "-q", "-c", "-f", "/dev/null"]).output();
    let output = output.with_context(|| format!("{} -dK", program.display()))?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    Ok(lines
        .map(|line| line.rsplit_once("] ").filter(|_| line.starts_with('[')).map_or(line, |(_, rest)| rest))
        .filter_map(|line| line.split(['(', ':']).next())
        .map(|name| name.trim().to_owned())
        .collect())
}

/// Each fetch as its examples call it, and each converter as its examples call it on inputs of all kinds.
fn expressions(wanted: &Wanted, both: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = BTreeSet::new();
    for keyword in fetch::ALL.iter().flat_map(|file| file.iter()).filter(|k| both(k.name)) {
        for example in keyword.examples.iter().filter(|e| !e.given.contains("---")) {
            found.insert(example.expr.to_owned());
        }
    }
    let mut random = Random::new(wanted.seed);
    for keyword in convert::ALL.iter().flat_map(|file| file.iter()).filter(|k| both(k.name)) {
        for call in calls(keyword.name, keyword.examples) {
            for _ in 0..wanted.inputs {
                let Some(input) = input(keyword.takes, &mut random) else { continue };
                let digits = matches!(keyword.gives, Type::Str | Type::Bin);
                found.insert(format!("{input},{call}{}", if digits { ",hex" } else { "" }));
            }
            for example in keyword.examples.iter().filter(|e| e.given.is_empty()) {
                found.insert(example.expr.to_owned());
            }
        }
    }
    found.into_iter().filter(|expression| used(expression).all(both)).collect()
}

/// The ways in which examples call a converter.
fn calls(name: &str, examples: &[Example]) -> BTreeSet<String> {
    let parts = examples.iter().flat_map(|example| split(example.expr));
    parts.filter(|part| part.split('(').next() == Some(name)).collect()
}

/// The names of all keywords in an expression.
fn used(expression: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+'));
    let starts = split(expression).into_iter().map(|part| part.len());
    let mut at = 0;
    starts.map(move |len| {
        let part = expression.get(at..at + len).unwrap_or_default();
        at += len + 1;
        part.split(ends).next().unwrap_or_default()
    })
}

/// An expression's parts, between commas outside of parentheses and quotes.
fn split(expression: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth, mut quote) = (Vec::new(), String::new(), 0usize, None);
    for c in expression.chars() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('(', None) => depth += 1,
            (')', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    parts
}

/// An input for a converter that takes this type, now and then of another that can be cast to it; none if the one at
/// hand can't.
fn input(takes: Type, random: &mut Random) -> Option<String> {
    let input = any_input(takes, random);
    let kind = match input.split('(').next() {
        Some("int" | "req.hdr_cnt") => Type::Sint,
        Some("bool") => Type::Bool,
        Some("ipv4") => Type::Ipv4,
        Some("ipv6") => Type::Ipv6,
        Some("src") => Type::Addr,
        Some("bin") => Type::Bin,
        Some("method") => Type::Meth,
        _ => Type::Str,
    };
    sample::cast::castable(kind, takes).then_some(input)
}

fn any_input(takes: Type, random: &mut Random) -> String {
    const TEXTS: &[&str] = &[
        "str()",
        "str(abc)",
        "str(a b c)",
        "str(1)",
        "str(-7)",
        "str(0x1f)",
        "str(1.5)",
        "str(a=b&c=d)",
        "str(f1_f2_f3__f5)",
        "str(/a/b/../c)",
        "str(Www.Example.COM.)",
        "str(1.2.3.4)",
        "str(2001:db8::1)",
        "str(1.2.3.4:80)",
        "str([::1]:8080)",
        "str(%41%zz%4)",
        "str(YWJj)",
        "str(YWI=)",
        "str(_-8)",
        "str(ffEE01)",
        "str('es;q=0.5, fr')",
        "str('{\"a\":[1,2.5,\"x\"],\"b\":{\"c\":true}}')",
        "str(__a__)",
        "str(true)",
        "str(99999999999999999999)",
        "str('Sun, 06 Nov 1994 08:49:37 GMT')",
        "path",
        "req.hdr(host)",
        "method",
    ];
    const NUMBERS: &[&str] = &[
        "int(0)",
        "int(1)",
        "int(-1)",
        "int(255)",
        "int(-256)",
        "int(65536)",
        "int(4294967296)",
        "int(1700000000)",
        "int(9223372036854775807)",
        "int(-9223372036854775808)",
        "req.hdr_cnt(x-n)",
        "str(42)",
        "bool(1)",
    ];
    const ADDRESSES: &[&str] =
        &["ipv4(1.2.3.4)", "ipv4(255.255.255.255)", "ipv6(2001:db8::1)", "ipv6(::ffff:1.2.3.4)", "src"];
    let numeric = matches!(takes, Type::Sint | Type::Bool);
    match random.below(10) {
        0..=5 if numeric => random.pick(NUMBERS).to_owned(),
        0..=5 if takes == Type::Addr => random.pick(ADDRESSES).to_owned(),
        0 => random.pick(NUMBERS).to_owned(),
        1 => random.pick(ADDRESSES).to_owned(),
        2..=4 => {
            let bytes = (0..1 + random.below(24)).map(|_| format!("{:02x}", random.below(256)));
            // The separators would break the answer, and the other program ends text at a NUL.
            let kept = bytes.filter(|b| !matches!(b.as_str(), "00" | "1e" | "1f")).collect::<String>();
            format!("bin(41{kept})")
        }
        _ => random.pick(TEXTS).to_owned(),
    }
}

/// What a program answers for each expression. A list that it refuses is halved until what it refuses is alone.
fn answers(program: &Path, expressions: &[String]) -> Result<Vec<Answer>> {
    match run(program, expressions)? {
        Some(answers) => Ok(answers),
        None if expressions.len() == 1 => Ok(vec![None]),
        None => {
            let (left, right) = expressions.split_at(expressions.len() / 2);
            Ok([answers(program, left)?, answers(program, right)?].concat())
        }
    }
}

/// Starts a program with a frontend that answers with all expressions, and asks it; none if it refuses them.
fn run(program: &Path, expressions: &[String]) -> Result<Option<Vec<Answer>>> {
    let scratch = Scratch::new("samples")?;
    let formats: Vec<String> =
        expressions.iter().map(|e| format!("%[{e}]\u{1f}%[{e},length]\u{1e}")).collect();
    let body = scratch.write("body", formats.concat())?;
    let port = harness::port::free_one()?;
    let file = scratch.write("haproxy.cfg", configuration(port, &body))?;
    let check = Command::new(program).arg("-c").arg("-f").arg(&file).output().context("-c")?;
    if !check.status.success() {
        return Ok(None);
    }
    let mut command = Command::new(program);
    command.arg("-db").arg("-f").arg(&file);
    let mut process = Process::start(command, scratch.path().join("output"))?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    process.wait_listening(address, START_LIMIT)?;
    let mut client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(ANSWER_LIMIT))?;
    client.write_all(REQUEST.as_bytes())?;
    let mut answer = Vec::new();
    client.read_to_end(&mut answer)?;
    let head = answer.windows(4).position(|part| part == b"\r\n\r\n").context("no answer")?;
    let records: Vec<Answer> =
        answer[head + 4..].split(|b| *b == RECORD).map(|record| Some(record.to_vec())).collect();
    if records.len() != expressions.len() + 1 || !records.iter().rev().skip(1).all(has_field) {
        bail!("{}: {} answers to {} expressions", program.display(), records.len(), expressions.len());
    }
    Ok(Some(records.into_iter().take(expressions.len()).collect()))
}

fn has_field(record: &Answer) -> bool {
    record.as_ref().is_some_and(|record| record.contains(&FIELD))
}

/// The proxies that examples name, and the answer.
fn configuration(port: u16, body: &Path) -> String {
    format!(
        "global\n nbthread 1\n tune.bufsize 1048576\ndefaults\n mode http\n timeout client 60s\n timeout server 20s\n\
         \x20timeout connect 4s\n timeout queue 4500ms\n timeout tarpit 5s\n timeout tunnel 60s\n\
         userlist people\n group heroes\n user Aladdin insecure-password \"open sesame\" groups heroes\n\
         frontend web\n bind 127.0.0.1:{port} name main\n http-request return status 200 content-type \
         application/octet-stream lf-file {}\n default_backend app\n\
         backend app\n server s1 127.0.0.1:1\n server s2 127.0.0.1:2 weight 10 maxconn 100\n",
        body.display()
    )
}

/// Expressions on which the programs may differ.
struct Known {
    globs: Vec<String>,
}

impl Known {
    fn read(oracle: &str) -> Result<Known> {
        let path: PathBuf = root().join(KNOWN);
        let text = std::fs::read_to_string(&path).context(KNOWN)?;
        let table: Table = text.parse().context(KNOWN)?;
        let entries = table.get("known").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut globs = Vec::new();
        for entry in entries {
            let word = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
            if word("expression").is_empty() || word("reason").is_empty() {
                bail!("{KNOWN}: an entry needs an expression and a reason: {entry}");
            }
            if oracle.contains(word("oracle")) {
                globs.push(word("expression").to_owned());
            }
        }
        Ok(Known { globs })
    }

    fn leaves_out(&self, expression: &str) -> bool {
        self.globs.iter().any(|glob| fits(glob, expression))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_cut_where_keywords_meet() {
        assert_eq!(split("str('a,b'),field(1,\",\")"), ["str('a,b')", "field(1,\",\")"]);
        let names: Vec<&str> = used("str(a),be2hex(:,2),length").collect();
        assert_eq!(names, ["str", "be2hex", "length"]);
    }
}
