//! Checks configurations as `-c` would, as far as words go: `check FILE|DIRECTORY...`.

use std::process::ExitCode;

use config::{Context, Env, closing_lines};

fn main() -> ExitCode {
    let env: Env = std::env::vars_os()
        .map(|(name, value)| (name.into_encoded_bytes(), value.into_encoded_bytes()))
        .collect();
    let paths: Vec<_> = std::env::args_os().skip(1).collect();
    let loaded = match config::load(&paths, &Context::with_env(env)) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let pid = std::process::id();
    for diagnostic in loaded.diagnostics() {
        eprint!("{}", diagnostic.render(&loaded, pid));
    }
    for line in closing_lines(&loaded, pid, true) {
        eprintln!("{line}");
    }
    ExitCode::from(u8::from(loaded.has_errors()))
}
