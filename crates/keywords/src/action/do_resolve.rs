//! `do-resolve`: looks a name up (manual 4.4). Read, and not run.

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "do-resolve",
    parenthesised: true,
    sets: &[RuleSet::TcpRequestContent, RuleSet::HttpRequest],
    doc: "Looks up the name that an expression gives, with the servers of a `resolvers` section, and sets a variable to \
          its address. Not run.",
    examples: &["do-resolve(txn.ip,dns) hdr(host),lower", "do-resolve(txn.ip,dns,ipv4) hdr(host),lower"],
    parse,
}];

const EXPECTS: &str = "Expects 'do-resolve(<varname>,<resolvers>[,<options>]) <expr>'. Available options are 'ipv4' and \
                       'ipv6'";

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let (inside, word) = (p.inside.unwrap_or_default(), p.word);
    let odd = || format!("Can't parse '{word}'. {EXPECTS}");
    let mut words = inside.split(',').map(str::trim);
    let (Some(name), Some(_)) = (words.next(), words.next()) else { return Err(odd()) };
    if words.any(|option| !matches!(option, "ipv4" | "ipv6")) {
        return Err(odd());
    }
    p.compiler.var(name)?;
    if p.words.at_end() {
        return Err(format!("Can't parse '': missing fetch method. {EXPECTS}"));
    }
    p.compiler.expr(&mut p.words)?;
    Ok(Box::new(NotRun))
}
