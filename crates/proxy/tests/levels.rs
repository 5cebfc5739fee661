//! Who may use which command of the Runtime API: every one that there is, asked for over sockets of all levels.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use keywords::command;
use state::family::{Command, Gate};
use state::world::Level;
use support::{LIMIT, sluice, until};

const LEVELS: [(&str, Level); 3] =
    [("user", Level::User), ("operator", Level::Operator), ("admin", Level::Admin)];

fn socket(folder: &Path, level: &str) -> PathBuf {
    folder.join(format!("{level}.sock"))
}

fn ask(folder: &Path, level: &str, words: &str) -> String {
    let mut stream = UnixStream::connect(socket(folder, level)).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(format!("{words}\n").as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// What is to be answered to who may not use it at this level; none: they may.
fn refusal(command: &Command, level: Level) -> Option<&'static str> {
    match command.gate {
        Gate::Expert => Some("This command is restricted to expert mode only.\n"),
        Gate::Experimental => Some("This command is restricted to experimental mode only.\n"),
        Gate::Open if level < command.level => Some("Permission denied\n"),
        Gate::Open => None,
    }
}

#[test]
fn levels_hold_for_every_command() {
    let scratch = Scratch::new("levels").unwrap();
    let folder = scratch.path();
    let lines: String =
        LEVELS.iter().map(|(name, _)| format!("  stats socket unix@{name}.sock level {name}\n")).collect();
    scratch
        .write(
            "s.cfg",
            format!("global\n{lines}{}", support::alive(&format!("127.0.0.1:{}", free_one().unwrap()))),
        )
        .unwrap();
    let mut process = Process::start(sluice(folder, &["-db", "-f", "s.cfg"]), folder.join("out")).unwrap();
    until("its sockets", || LEVELS.iter().all(|(name, _)| socket(folder, name).exists()).then_some(()));
    let mut refused = 0;
    for command in command::ALL.iter().flat_map(|file| file.iter()) {
        let words = command.words.join(" ");
        for (name, level) in LEVELS {
            if let Some(refusal) = refusal(command, level) {
                refused += 1;
                assert_eq!(
                    ask(folder, name, &words).trim_end_matches('\n'),
                    refusal.trim_end(),
                    "{name}: {words}"
                );
            }
        }
        // Modes are no way around levels, and only administrators have them.
        if command.level == Level::Admin {
            let answer = ask(folder, "operator", &format!("expert-mode on;experimental-mode on;{words}"));
            assert!(answer.contains("Permission denied\n"), "{words}: {answer}");
        }
    }
    assert!(refused > 100, "{refused}");
    // What was given up in a conversation stays so.
    let answer =
        ask(folder, "admin", "expert-mode on;user;show cli level;expert-mode on;disable frontend none");
    assert!(answer.contains("user\n") && answer.matches("Permission denied").count() == 2, "{answer}");
    process.signal(rustix::process::Signal::TERM).unwrap();
    process.wait(LIMIT).unwrap();
}
