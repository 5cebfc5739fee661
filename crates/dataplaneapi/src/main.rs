//! The REST sidecar: the Data Plane API (dialect 3.4) over the native client.
//!
//! - `settings.rs`: the command line and `dataplaneapi.yaml`.
//! - `listen.rs`: TCP, TLS, unix sockets. `server.rs`: the only file that speaks HTTP; a request becomes a [`Request`](request::Request), what comes
//!   back an [`Answer`](answer::Answer).
//! - `app.rs`: who may ask, what is asked for, is it well made: by the contract. Then a handler.
//! - `handlers/`: one file a group of resources. An operation without a handler is answered 501 by its name.
//! - `discovery.rs`: servers that a Consul knows of.
//!
//! It knows nothing of how objects stand in a configuration: that is `client`.

mod answer;
mod app;
mod auth;
mod change;
mod discovery;
mod handlers;
mod listen;
mod log;
mod multipart;
mod request;
mod server;
mod settings;

use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = settings::from_words(std::env::args().skip(1)).and_then(|settings| {
        become_user(&settings)?;
        if let Some(path) = &settings.pid_file {
            std::fs::write(path, format!("{}\n", std::process::id()))
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        server::serve(settings)
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("sluice-dataplaneapi: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Takes the group and the user of the settings, before there are other threads, which then have them too.
fn become_user(settings: &settings::Settings) -> Result<(), String> {
    use rustix::process::{Gid, Uid};
    use rustix::thread::{set_thread_gid, set_thread_uid};
    if let Some(gid) = settings.gid {
        set_thread_gid(Gid::from_raw(gid))
            .map_err(|error| format!("cannot take the group {gid}: {error}"))?;
    }
    if let Some(uid) = settings.uid {
        set_thread_uid(Uid::from_raw(uid)).map_err(|error| format!("cannot take the user {uid}: {error}"))?;
    }
    Ok(())
}
