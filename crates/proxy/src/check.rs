//! Reading the configuration and saying what is wrong with it.

use std::process::ExitCode;

use config::{Context, Diagnostic, Env, Loaded, Severity};
use plan::{Built, Environment};

use crate::argv::Args;

/// A configuration that was read, and what became of it.
pub struct Checked {
    pub loaded: Loaded,
    pub built: Built,
}

/// Reads and builds. Whatever there is to say is said; an unreadable file or an error ends the program.
pub fn read(args: &Args) -> Result<Checked, ExitCode> {
    let pid = std::process::id();
    let mut env = Env::default();
    for (name, value) in std::env::vars_os() {
        env.set(name.as_encoded_bytes(), value.as_encoded_bytes());
    }
    let context = Context::with_env(env);
    let loaded = config::load(&args.files, &context).map_err(|error| {
        eprintln!("[ALERT]    ({pid}) : {error}");
        ExitCode::FAILURE
    })?;
    let built = plan::build(&loaded, &environment());
    let all = loaded.diagnostics().iter().chain(&built.diagnostics);
    if !args.quiet {
        for diagnostic in all.clone() {
            eprint!("{}", diagnostic.render(&loaded, pid));
        }
    }
    let warnings = all.clone().filter(|d| d.severity == Severity::Warning).count();
    if loaded.has_errors() || built.world.is_none() {
        closing(&loaded, args, "Fatal errors found in configuration.");
        return Err(ExitCode::FAILURE);
    }
    if args.zero_warning && warnings > 0 {
        eprintln!("[ALERT]    ({pid}) : Some warnings were found and 'zero-warning' is set. Aborting.");
        return Err(ExitCode::FAILURE);
    }
    Ok(Checked { loaded, built })
}

fn closing(loaded: &Loaded, args: &Args, last: &str) {
    let pid = std::process::id();
    if args.quiet {
        return;
    }
    for line in config::closing_lines(loaded, pid, args.verbose) {
        eprintln!("{line}");
    }
    eprintln!("[ALERT]    ({pid}) : config : {last}");
}

impl Checked {
    /// The end of `-c`.
    pub fn report(&self, args: &Args) -> ExitCode {
        if args.verbose && !args.quiet {
            println!("Configuration file is valid");
        }
        ExitCode::SUCCESS
    }

    /// Why it must not be run although it is valid.
    pub fn unserved(&self) -> &[Diagnostic] {
        &self.built.unserved
    }
}

/// This machine, as far as building a World asks for it.
fn environment() -> Environment {
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let threads = net::thread::affinity().map_or(1, |cpus| cpus.len());
    let files = net::process::nofile().unwrap_or(1024);
    Environment::system(
        hostname.trim(),
        u16::try_from(threads).unwrap_or(64).clamp(1, 1024),
        u32::try_from(files).unwrap_or(u32::MAX),
        net::process::uid() == 0,
    )
}
