//! `do-resolve`: looks a name up (manual 4.4). The asking is `engine`'s, between two rules.

use std::net::IpAddr;

use sample::arg::VarRef;
use sample::{Type, Value};
use state::resolvers::Lookup;

use super::prelude::*;
use super::set_var::store;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "do-resolve",
    parenthesised: true,
    sets: &[RuleSet::TcpRequestContent, RuleSet::HttpRequest],
    doc: "Looks up the name that an expression gives, with the servers of a `resolvers` section, and sets a variable to \
          its address; `ipv4` and `ipv6` say which family is asked for first. The variable stays as it is if there is none.",
    examples: &["do-resolve(txn.ip,dns) hdr(host),lower", "do-resolve(txn.ip,dns,ipv4) hdr(host),lower"],
    parse,
}];

const EXPECTS: &str = "Expects 'do-resolve(<varname>,<resolvers>[,<options>]) <expr>'. Available options are 'ipv4' and \
                       'ipv6'";

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let (inside, word) = (p.inside.unwrap_or_default(), p.word);
    let odd = || format!("Can't parse '{word}'. {EXPECTS}");
    let mut words = inside.split(',').map(str::trim);
    let (Some(name), Some(resolvers)) = (words.next(), words.next()) else { return Err(odd()) };
    let mut v4_first = false;
    for option in words {
        match option {
            "ipv4" => v4_first = true,
            "ipv6" => v4_first = false,
            _ => return Err(odd()),
        }
    }
    let var = p.compiler.var(name)?;
    if p.words.at_end() {
        return Err(format!("Can't parse '': missing fetch method. {EXPECTS}"));
    }
    let name = p.compiler.expr(&mut p.words)?;
    let resolvers = p.compiler.resolvers(resolvers)?;
    Ok(Box::new(Resolve { resolvers, v4_first, var, name }))
}

#[derive(Debug)]
struct Resolve {
    resolvers: u32,
    v4_first: bool,
    var: VarRef,
    name: Expr,
}

impl Action for Resolve {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let name = act.eval(&self.name).and_then(|name| sample::cast(name, Type::Str, act.arena));
        let name = name.and_then(|name| Some(name.bytes()?.to_vec()));
        let (Some(name), Some(stream)) = (name, act.stream.as_deref_mut()) else { return Verdict::Next };
        let Self { resolvers, v4_first, var, .. } = *self;
        stream.trail.lookup = Some(Box::new(Lookup { resolvers, name, v4_first, var }));
        Verdict::Lookup
    }
}

/// What is done once an address was found: it goes into the variable.
#[derive(Debug)]
pub struct Resolved {
    pub var: VarRef,
    pub address: IpAddr,
}

impl Action for Resolved {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let value = match self.address {
            IpAddr::V4(address) => Value::Ipv4(address),
            IpAddr::V6(address) => Value::Ipv6(address),
        };
        store(act, self.var, value);
        Verdict::Next
    }
}
