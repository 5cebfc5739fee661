//! The `sluice` binary: reads the command line and the configuration, then checks it or runs it.
//!
//! Reading order: [`argv`] (what the user asked), [`check`] (reading and judging the configuration), [`start`] (sockets,
//! privileges, threads), [`run`] (signals until the end).

mod argv;
mod check;
mod run;
mod start;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    match argv::parse(&words) {
        Ok(args) => act(&args),
        Err(message) => {
            eprintln!("[ALERT]    ({}) : {message}", std::process::id());
            ExitCode::FAILURE
        }
    }
}

fn act(args: &argv::Args) -> ExitCode {
    let checked = match check::read(args) {
        Ok(checked) => checked,
        Err(code) => return code,
    };
    if args.check {
        return checked.report(args);
    }
    match start::start(args, checked) {
        Ok(running) => run::until_stopped(running),
        Err(message) => {
            eprintln!("[ALERT]    ({}) : {message}", std::process::id());
            ExitCode::FAILURE
        }
    }
}
