//! `-cc`: conditions judged on the command line (manual 2.4), by their exit codes.

#![cfg(test)]

mod support;

use support::{INTRODUCTION, run};

const HOLDS: i32 = 0;
const FAILS: i32 = 1;
const SENSELESS: i32 = 2;

fn judge(condition: &str) -> i32 {
    let folder = std::env::temp_dir();
    let mut command = support::sluice(&folder, &["-cc", condition]);
    command.env("WORD", "1").output().unwrap().status.code().unwrap()
}

fn all(expected: i32, conditions: &[&str]) {
    for condition in conditions {
        assert_eq!(judge(condition), expected, "{condition}");
    }
}

#[test]
fn numbers_and_nothing() {
    all(HOLDS, &["1", "-7", "-7 && 3", " 1 ", "((1))"]);
    all(FAILS, &["0", "", "  "]);
}

#[test]
fn versions_and_features() {
    all(HOLDS, &["version_atleast(2.0)", "version_atleast(3.5-dev0)", "!version_before(3.5)"]);
    all(FAILS, &["version_atleast(999)", "feature(NO_SUCH)", "enabled(NO_SUCH)", "feature(KQUEUE)"]);
    all(HOLDS, &["feature(THREAD)", "enabled(EPOLL)", "feature(LUA) || !feature(LUA)"]);
}

#[test]
fn texts() {
    all(HOLDS, &["streq(ab,'ab')", "streq(\"a b\",'a b')", "strneq(a,b)", "strstr(abc,b)"]);
    all(FAILS, &["streq(a,b)", "strneq(a,a)", "strstr(abc,x)"]);
    all(HOLDS, &["defined(WORD) && streq(\"$WORD\",\"1\")"]);
    all(FAILS, &["defined(NO_SUCH_WORD)"]);
}

#[test]
fn operators_nest() {
    // Of a false and a true operand in every place; spaces change nothing.
    all(HOLDS, &["1&&!0", "1 && !0", "0 || 1", "!(0||0)", "1&&!((streq(x,y)||!streq(x,x)&&1)||strneq(x,x))"]);
    all(FAILS, &["1&&0", "!1 || 0", "1 && !((streq(x,x) || 0) || strneq(x,y))"]);
}

#[test]
fn what_makes_no_sense_is_told() {
    all(SENSELESS, &["7up", "(1))", "!(0))", "nonsense", "nonsense(", "streq(a,\"a)"]);
    let ran = run(&std::env::temp_dir(), &["-cc", "nonsense"]);
    let words = "Failed to evaluate condition: unparsable conditional expression 'nonsense'";
    assert_eq!(ran.text(), format!("{INTRODUCTION}[ALERT]    (PID) : {words}\n= 2\n"));
    let silent = run(&std::env::temp_dir(), &["-q", "-cc", "nonsense"]);
    assert_eq!(silent.text(), "= 2\n");
}
