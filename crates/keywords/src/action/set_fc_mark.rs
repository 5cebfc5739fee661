//! `set-fc-mark`, `set-fc-tos`, `set-bc-mark`, `set-bc-tos`: what packets to the client and to the server carry for the
//! network (manual 4.4). `set-mark` and `set-tos` are the older names of the first two.

use sample::{Type, Value, cast};
use state::link::Packets;

use super::prelude::*;

/// What reaches the client can be marked as soon as it is there.
const CLIENT: &[RuleSet] = EVERYWHERE_BUT_AFTER;

/// What reaches the server, before it is connected to.
const SERVER: &[RuleSet] = &[RuleSet::TcpRequestContent, RuleSet::HttpRequest];

const fn kind(
    name: &'static str,
    sets: &'static [RuleSet],
    doc: &'static str,
    examples: &'static [&'static str],
    parse: fn(&mut Parse<'_>) -> Result<Box<dyn Action>, String>,
) -> ActionKind {
    ActionKind { name, parenthesised: false, sets, doc, examples, parse }
}

pub(super) const KEYWORDS: &[ActionKind] = &[
    kind(
        "set-bc-mark",
        SERVER,
        "Sets the netfilter mark of packets to the server, which takes privileges.",
        &["set-bc-mark 0x12", "set-bc-mark int(5)"],
        |p| parse(p, End::Server, Field::Mark),
    ),
    kind(
        "set-bc-tos",
        SERVER,
        "Sets the TOS or DSCP field of packets to the server.",
        &["set-bc-tos 0x10"],
        |p| parse(p, End::Server, Field::Tos),
    ),
    kind(
        "set-fc-mark",
        CLIENT,
        "Sets the netfilter mark of packets to the client, which takes privileges.",
        &["set-fc-mark 1 if { src 10.0.0.0/8 }"],
        |p| parse(p, End::Client, Field::Mark),
    ),
    kind(
        "set-fc-tos",
        CLIENT,
        "Sets the TOS or DSCP field of packets to the client.",
        &["set-fc-tos 0x10", "set-fc-tos src_port,mod(4)"],
        |p| parse(p, End::Client, Field::Tos),
    ),
    kind("set-mark", CLIENT, "As `set-fc-mark`.", &["set-mark 5"], |p| parse(p, End::Client, Field::Mark)),
    kind("set-tos", CLIENT, "As `set-fc-tos`.", &["set-tos 0x10"], |p| parse(p, End::Client, Field::Tos)),
];

#[derive(Clone, Copy, Debug)]
enum End {
    Client,
    Server,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Mark,
    Tos,
}

/// A number, decimal or hexadecimal, or an expression that gives one.
fn parse(p: &mut Parse<'_>, end: End, field: Field) -> Result<Box<dyn Action>, String> {
    let word = p.words.peek().ok_or("expects an argument")?;
    let hexadecimal = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
    let number = hexadecimal.map_or_else(|| word.parse().ok(), |digits| i64::from_str_radix(digits, 16).ok());
    let value = match number {
        Some(number) => {
            p.words.advance(1);
            Number::Fixed(number)
        }
        None => Number::Expr(p.compiler.expr(&mut p.words)?),
    };
    Ok(Box::new(Set { end, field, value }))
}

#[derive(Debug)]
enum Number {
    Fixed(i64),
    Expr(Expr),
}

#[derive(Debug)]
struct Set {
    end: End,
    field: Field,
    value: Number,
}

impl Action for Set {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let number = match &self.value {
            Number::Fixed(number) => *number,
            Number::Expr(expr) => match act.eval(expr).and_then(|v| cast(v, Type::Sint, act.arena)) {
                Some(Value::Sint(number)) => number,
                _ => return Verdict::Next,
            },
        };
        let packets = match (self.end, &mut act.stream) {
            (End::Client, _) => act.session.packets.get_or_insert(Packets::NONE),
            (End::Server, Some(stream)) => &mut stream.packets,
            (End::Server, None) => return Verdict::Next,
        };
        match self.field {
            Field::Mark => packets.mark = Some(number as u32),
            // The two lowest bits are not the user's.
            Field::Tos => packets.tos = Some(number as u8 & 0xfc),
        }
        Verdict::Next
    }
}
