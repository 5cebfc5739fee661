//! The main thread while traffic flows: signals until the end (management manual 4).

use std::process::ExitCode;

use net::Signal;

use crate::start::Running;

/// Waits for a signal that ends the process. SIGUSR1 lets clients finish, SIGTERM and SIGINT don't.
pub fn until_stopped(running: Running) -> ExitCode {
    let watched = net::Runtime::new().and_then(|mut runtime| runtime.run(signals(&running)));
    match watched {
        Ok(true) => {
            for thread in running.threads {
                let _ = thread.join();
            }
            ExitCode::SUCCESS
        }
        // As the shell tells of a process that a signal ended.
        Ok(false) => ExitCode::from(128 + 15),
        Err(error) => {
            eprintln!("[ALERT]    ({}) : {error}", std::process::id());
            ExitCode::FAILURE
        }
    }
}

/// Whether the threads are to finish by themselves.
async fn signals(running: &Running) -> std::io::Result<bool> {
    let signals = net::Signals::new()?;
    loop {
        match signals.next().await? {
            Signal::Usr1 => {
                for remote in &running.remotes {
                    let _ = remote.send(Box::new(engine::thread::stop_softly));
                }
                return Ok(true);
            }
            Signal::Term | Signal::Int => return Ok(false),
            _ => {}
        }
    }
}
