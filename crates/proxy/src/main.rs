//! The `sluice` binary: reads the command line and the configuration, then checks it or runs it.
//!
//! Reading order: [`argv`] (what the user asked), [`check`] (reading and judging the configuration),
//! [`start`] ([`sockets`], the background, privileges, threads), [`run`] (signals until the end). Beside
//! them: [`version`], [`feature`], [`inventory`] and [`keyword_dump`] (what this program is and runs),
//! [`condition`] (`-cc`), [`demo`].

mod apply;
mod argv;
mod changes;
mod check;
mod condition;
mod demo;
mod differ;
mod edit;
mod explain;
mod feature;
mod frozen;
mod host;
mod inventory;
mod keyword_dump;
mod lists;
mod master;
mod memory;
mod objects;
mod passed;
mod prepare;
mod report;
mod run;
mod sandbox;
mod say;
mod sockets;
mod start;
mod usage;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use argv::{Args, Asked};
use run::End;
use start::Started;

fn main() -> ExitCode {
    heed_signals();
    master::link::find();
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    match argv::parse(&words) {
        Asked::Work(args) => work(&args, &words),
        Asked::Demo => demo::run(),
        Asked::Version(asked) => {
            say::out(&version::text(asked));
            ExitCode::SUCCESS
        }
        Asked::Usage => {
            say::out(&version::text(argv::Version::Line));
            say::err(usage::USAGE);
            ExitCode::FAILURE
        }
        Asked::Wrong(words) => fail(&words),
    }
}

/// Whoever starts this in the background of a shell hands on that the keyboard's signals are ignored; one that comes
/// before they are listened to would be lost, and the process live on.
fn heed_signals() {
    for signal in [net::Signal::Int, net::Signal::Term] {
        // What can't be changed is as it was.
        let _ = net::signals::restore(signal);
    }
}

fn work(args: &Args, words: &[OsString]) -> ExitCode {
    say::set_quiet(args.quiet && !args.verbose);
    if let Some(condition) = &args.condition {
        return condition::evaluate(condition, args);
    }
    if let Some(directory) = &args.directory
        && let Err(error) = std::env::set_current_dir(directory)
    {
        let why = sockets::reason(&error);
        return fail(&format!("Could not change to directory {} : {why}", directory.display()));
    }
    if args.master.is_some() && !args.check && args.explain.is_none() {
        return master::start(args, words);
    }
    let checked = match check::read(args) {
        Ok(checked) => checked,
        Err(code) => {
            master::link::tell(None);
            return code;
        }
    };
    if let Some(question) = &args.explain {
        return explain::answer(&checked, question);
    }
    if args.check {
        return checked.report(args);
    }
    match start::start(args, checked) {
        Ok(Started::Running(running)) => match run::until_stopped(running) {
            End::Finished => ExitCode::SUCCESS,
            End::Killed(signal) => run::die(signal),
            End::Failed => ExitCode::FAILURE,
        },
        Ok(Started::Parent(status)) => ExitCode::from(status),
        Err(words) => fail(&words),
    }
}

fn fail(words: &str) -> ExitCode {
    say::alert(words);
    master::link::tell(None);
    ExitCode::FAILURE
}
