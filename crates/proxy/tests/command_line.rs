//! Arguments, checks and their exit codes.

#![cfg(test)]

mod support;

use harness::scratch::Scratch;
use support::{DEFAULTS, INTRODUCTION, Ran, run};

fn scratch() -> Scratch {
    let scratch = Scratch::new("command-line").unwrap();
    let good = support::alive("127.0.0.1:1");
    scratch.write("good.cfg", &good).unwrap();
    scratch.write("wrong.cfg", good.replace("maxconn", "maxcon")).unwrap();
    scratch.write("warned.cfg", good.replace("timeout client 60s", "")).unwrap();
    scratch.write("empty.cfg", "").unwrap();
    scratch
}

fn check(scratch: &Scratch, arguments: &str) -> Ran {
    run(scratch.path(), &arguments.split(' ').collect::<Vec<_>>())
}

#[test]
fn a_valid_file_is_passed_over_in_silence() {
    let scratch = scratch();
    for arguments in ["-c -f good.cfg", "-c -q -f good.cfg", "-c -- good.cfg", "-c -f empty.cfg -D -db"] {
        assert_eq!(check(&scratch, arguments).text(), "= 0\n", "{arguments}");
    }
    for arguments in ["-c -V -f good.cfg", "-c -q -V -f good.cfg", "-V -c -C . -L here -f good.cfg"] {
        assert_eq!(check(&scratch, arguments).text(), "Configuration file is valid\n= 0\n", "{arguments}");
    }
}

#[test]
fn errors_are_told_with_their_place() {
    let ran = check(&scratch(), "-c -f wrong.cfg");
    let expected = format!(
        "{INTRODUCTION}\
         [ALERT]    (PID) : config : parsing [wrong.cfg:3] : unknown keyword 'maxcon' in 'global' section; \
         did you mean 'maxconn' maybe ?\n  \
         3 |     maxcon 100\n    |     ^^^^^^\n\
         [ALERT]    (PID) : config : Error(s) found in configuration file : wrong.cfg\n\
         [ALERT]    (PID) : config : Fatal errors found in configuration.\n\
         = 1\n"
    );
    assert_eq!(ran.text(), expected);
    assert_eq!(check(&scratch(), "-c -q -f wrong.cfg").text(), "= 1\n");
}

#[test]
fn warnings_are_errors_only_when_asked() {
    let scratch = scratch();
    let ran = check(&scratch, "-c -f warned.cfg");
    assert!(ran.err.contains("[WARNING]  (PID) : missing timeouts for frontend 'web'.\n"), "{}", ran.err);
    assert_eq!((ran.status, ran.out.as_str()), (Some(0), "Warnings were found.\n"));
    let ran = check(&scratch, "-c -dW -f warned.cfg");
    let aborting = "[ALERT]    (PID) : Some warnings were found and 'zero-warning' is set. Aborting.\n";
    assert!(ran.err.ends_with(aborting), "{}", ran.err);
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""));
    assert_eq!(check(&scratch, "-c -dW -f good.cfg").status, Some(0));
}

#[test]
fn what_cannot_be_read_is_named() {
    let scratch = scratch();
    let ran = check(&scratch, "-c -f none.cfg");
    let words = "config : Cannot open configuration file/directory none.cfg : No such file or directory";
    assert_eq!(ran.text(), format!("{INTRODUCTION}[ALERT]    (PID) : {words}\n= 1\n"));
    let ran = check(&scratch, "-C /none/here -c -f good.cfg");
    assert!(ran.err.contains("Could not change to directory /none/here : No such file or directory"));
    assert_eq!(ran.status, Some(1));
}

#[test]
fn nonsense_gets_the_usage_and_status_1() {
    for arguments in ["", "-c", "-Q", "--help", "-c -f good.cfg more"] {
        let ran = check(&scratch(), arguments);
        assert_eq!(ran.status, Some(1), "{arguments}");
        assert!(ran.err.starts_with("Usage : sluice [-f <cfgfile|cfgdir>]* [ -vdVD ]"), "{arguments}");
        assert!(ran.out.starts_with("HAProxy version "), "{arguments}");
    }
}

#[test]
fn an_option_that_is_not_run_is_named() {
    let scratch = scratch();
    let ran = check(&scratch, "-dM -c -f good.cfg");
    assert!(ran.err.contains("[WARNING]  (PID) : option '-dM' (memory debugging) is known but not run"));
    assert_eq!(ran.status, Some(0));
}

#[test]
fn what_would_be_served_wrongly_is_valid_and_not_started() {
    let scratch = scratch();
    let text = format!("{DEFAULTS}frontend web\n    mode haterm\n    bind 127.0.0.1:1\n");
    scratch.write("unserved.cfg", text).unwrap();
    let ran = check(&scratch, "-c -f unserved.cfg");
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let place = "[NOTICE]   (PID) : config : [unserved.cfg:7] : 'mode haterm'";
    assert!(ran.err.contains(place) && ran.err.contains("Starting with it would be refused."), "{}", ran.err);
    let ran = check(&scratch, "-db -f unserved.cfg");
    assert_eq!(ran.status, Some(1));
    assert!(ran.err.contains("it is not started."), "{}", ran.err);
}

#[test]
fn the_version_is_told() {
    let scratch = scratch();
    let line = check(&scratch, "-v");
    let first = line.out.lines().next().unwrap();
    assert!(
        first.starts_with("HAProxy version 3.5.0-sluice-") && first.contains("this is Sluice "),
        "{first}"
    );
    assert_eq!(line.status, Some(0));
    let build = check(&scratch, "-vv").out;
    for start in ["Feature list : -51DEGREES +ACCEPT4 ", "Available polling systems :", "Default settings :"]
    {
        assert!(build.lines().any(|line| line.starts_with(start)), "{start}\n{build}");
    }
    let counted = build.lines().filter(|line| line.ends_with(" known are run")).count();
    assert_eq!(counted, 12, "{build}");
    assert_eq!(check(&scratch, "-vqs").out, "3.5.0\n");
    assert_eq!(check(&scratch, "-vqb").out, "3.5\n");
}

#[test]
fn keywords_are_listed_by_class() {
    let scratch = scratch();
    let all = check(&scratch, "-dKall -q -c -f empty.cfg").out;
    assert_eq!(all.lines().filter(|line| line.starts_with("# List of registered ")).count(), 7);
    assert!(all.contains("\nlower: str => str\n") && all.contains("\n\tmaxconn\n"));
    assert!(
        check(&scratch, "-dKhelp -c -f empty.cfg").out.starts_with("# List of supported keyword classes:\n")
    );
}

#[test]
fn the_environment_holds_what_is_predefined() {
    let scratch = scratch();
    let said = ".notice \"$HAPROXY_CFGFILES ${HAPROXY_LOCALPEER} ${HAPROXY_BRANCH}\"";
    scratch.write("env.cfg", format!("global\n{said}\n")).unwrap();
    let ran = check(&scratch, "-c -L me -f env.cfg -f empty.cfg");
    assert!(ran.err.contains("'env.cfg;empty.cfg me 3.5'."), "{}", ran.err);
    scratch.write("named.cfg", format!("global\n{said}\n    localpeer other\n")).unwrap();
    assert!(check(&scratch, "-c -f named.cfg").err.contains(" other 3.5'."));
    let twice = check(&scratch, "-c -L me -f named.cfg");
    assert!(twice.err.contains("'localpeer' ignored since it is already set"), "{}", twice.err);
    assert_eq!(twice.status, Some(1));
}
