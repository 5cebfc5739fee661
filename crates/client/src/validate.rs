//! Asking the proxy itself whether a configuration is one it would start with.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;

/// How a file is judged.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// The proxy's program; without one nothing is judged.
    pub program: Option<PathBuf>,
    /// Files that the proxy is given before and after the one in question.
    pub before: Vec<PathBuf>,
    /// See `before`.
    pub after: Vec<PathBuf>,
    /// A command instead of the program's own check: words separated by spaces, no shell. It finds the file
    /// in the environment variable `DATAPLANEAPI_TRANSACTION_FILE`.
    pub command: Option<String>,
}

impl Check {
    /// Judges a file; `id` is the transaction's, for the message.
    pub fn run(&self, file: &Path, id: &str) -> Result<(), Error> {
        let Some(mut command) = self.prepare(file) else { return Ok(()) };
        let output = command
            .env("DATAPLANEAPI_TRANSACTION_FILE", file)
            .output()
            .map_err(|e| Error::system("cannot run the validation", &e))?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let status = output.status.code().map_or("signal".to_owned(), |code| code.to_string());
        let lines = readable(&text);
        Err(Error::invalid(format!(
            "validation error: exit status {status}: err transactionId={id} \n{lines}"
        )))
    }

    fn prepare(&self, file: &Path) -> Option<Command> {
        if let Some(text) = self.command.as_deref().filter(|text| !text.trim().is_empty()) {
            let mut words = text.split_whitespace();
            let mut command = Command::new(words.next()?);
            command.args(words);
            return Some(command);
        }
        let mut command = Command::new(self.program.as_ref()?);
        command.arg("-W");
        for part in self.before.iter().map(PathBuf::as_path).chain([file]) {
            command.arg("-f").arg(part);
        }
        for part in &self.after {
            command.arg("-f").arg(part);
        }
        command.arg("-c");
        Some(command)
    }
}

/// The proxy's alerts as `line=N msg="…"`, one a line; other alerts without the line.
fn readable(stderr: &str) -> String {
    let alerts = stderr.lines().filter(|line| line.starts_with("[ALERT]"));
    let told: Vec<String> = alerts
        .filter_map(|alert| {
            let mut parts = alert.split(" : ").skip(1).skip_while(|part| *part == "config");
            let first = parts.next()?.trim();
            let line = first.split_once(':').and_then(|(_, rest)| {
                let digits = rest.split(']').next()?;
                (first.starts_with("parsing [") && digits.parse::<u64>().is_ok()).then_some(digits)
            });
            let rest: Vec<&str> = parts.collect();
            Some(match line {
                Some(line) => format!("line={line} msg=\"{}\"", rest.join(" : ").trim()),
                None => format!("msg=\"{}\"", [&[first], rest.as_slice()].concat().join(" : ").trim()),
            })
        })
        .collect();
    if told.is_empty() { stderr.trim().to_owned() } else { told.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_told_with_their_lines() {
        let text = "[NOTICE]   (1) : haproxy version is 3.5\n\
                    [ALERT]    (1) : config : parsing [/t/x:5] : unknown keyword 'foo'\n\
                    [ALERT]    (1) : parsing [/t/x:7] : 'bind' : bad\n[ALERT]    (1) : config : Fatal errors";
        assert_eq!(
            readable(text),
            "line=5 msg=\"unknown keyword 'foo'\"\nline=7 msg=\"'bind' : bad\"\nmsg=\"Fatal errors\""
        );
    }
}
