//! Every converter on hostile bytes, with the arguments of its own examples: JSON, protocol buffers, MQTT, FIX, tokens and
//! all the others. The first two bytes choose the example; the rest is the body that it is applied to.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use state::Expr;
use state::expr::Side;
use state::family::{Compiler, RuleSet, Words};

mod stage;

/// The examples' converters behind the body of the request.
fn chains() -> &'static [Expr] {
    static CHAINS: OnceLock<Vec<Expr>> = OnceLock::new();
    CHAINS.get_or_init(|| {
        let examples = keywords::convert::ALL.iter().flat_map(|file| file.iter()).flat_map(|k| k.examples);
        let mut names = stage::names();
        let compiled = examples.filter_map(|example| {
            let chain = format!("req.body{}", behind_fetch(example.expr));
            stage::compiler(&mut names, RuleSet::HttpRequest).expr(&mut Words::new(&[&chain])).ok()
        });
        compiled.collect()
    })
}

/// The converters of an expression, comma included.
fn behind_fetch(expr: &str) -> &str {
    let mut depth = 0;
    let comma = expr.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    comma.and_then(|at| expr.get(at..)).unwrap_or_default()
}

fuzz_target!(|bytes: &[u8]| {
    let [low, high, rest @ ..] = bytes else { return };
    let chains = chains();
    assert!(chains.len() > 100, "{} chains", chains.len());
    let chain = &chains[usize::from(u16::from_le_bytes([*low, *high])) % chains.len()];
    stage::Stage::with(|stage| {
        stage.with_body(rest);
        stage.play(Side::Request, |cx| {
            chain.eval(cx);
        });
    });
});
