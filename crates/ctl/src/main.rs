//! `sluicectl`: objects of the Data Plane API, from a command line.
//!
//! - `args.rs`: the words. `context.rs`: which API, by whom.
//! - `http.rs`: one request, one answer; over TCP, TLS or a unix socket.
//! - `path.rs`: `backends/b/servers` as a path of the API. `object.rs`: objects from files and `key=value`.
//! - `commands.rs`: what each command does. `output.rs`: tables, JSON, YAML.
//!
//! It knows no configuration: everything is asked of the API.

mod args;
mod commands;
mod context;
mod http;
mod object;
mod output;
mod path;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match commands::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("sluicectl: {message}");
            ExitCode::FAILURE
        }
    }
}
