//! Sample expressions, conditions and log formats as somebody may write them: all are refused or evaluated, none panics.
//! The first byte chooses which of the three the rest is, and the side it stands on.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use state::family::{Compiler, RuleSet, Words};

mod stage;

fuzz_target!(|bytes: &[u8]| {
    let [choice, rest @ ..] = bytes else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let set = if choice & 4 == 0 { RuleSet::HttpRequest } else { RuleSet::HttpResponse };
    let mut names = stage::names();
    let mut compile = stage::compiler(&mut names, set);
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    stage::Stage::with(|stage| {
        stage.with_body(b"{\"a\":[1,{\"b\":\"c\"}]}");
        match choice % 4 {
            0 => {
                let Ok(format) = compile.format(text) else { return };
                stage.play(set.side(), |cx| format.write(cx, &mut Vec::new()));
            }
            1 => {
                let Ok(Some(condition)) = compile.cond(&[&["if"], &words[..]].concat()) else { return };
                stage.play(set.side(), |cx| {
                    condition.holds(cx);
                });
            }
            _ => {
                let Ok(expr) = compile.expr(&mut Words::new(&words)) else { return };
                stage.play(set.side(), |cx| {
                    expr.eval(cx);
                    expr.each(cx, &mut |_| ControlFlow::Continue(()));
                });
            }
        }
    });
});
