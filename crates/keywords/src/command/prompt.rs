//! `prompt`: one line of commands, or a conversation, with a prompt or without.

use state::family::Talk;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["prompt"],
    usage: "prompt [help | n | i | p | timed ]*",
    doc: "toggle interactive mode with prompt",
    level: Level::User,
    gate: Gate::Open,
    run,
}];

const USAGE: &str = "Usage: prompt [help | n | i | p | timed]*\n\
    Sets how commands are taken:\n\
    \x20 help    show this help\n\
    \x20 n       one line of commands, then close\n\
    \x20 i       line after line, without a prompt\n\
    \x20 p       line after line, with a prompt\n\
    \x20 timed   also show in the prompt for how long the process has been running, or no longer\n\
    Without a word: from n or i to p, from p to n.";

fn run(query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Answer {
    let console = query.console;
    let (mut talk, mut timed) = (console.talk.get(), console.timed.get());
    if query.words.len() == 1 {
        talk = if talk == Talk::Prompt { Talk::Once } else { Talk::Prompt };
    }
    for word in query.words.iter().skip(1) {
        match *word {
            b"n" => talk = Talk::Once,
            b"i" => talk = Talk::Silent,
            b"p" => talk = Talk::Prompt,
            b"timed" => {
                // In a conversation without prompts there is nothing to show it in.
                if !query.words.contains(&&b"i"[..]) {
                    talk = Talk::Prompt;
                }
                timed = !timed;
            }
            _ => return query.inform(USAGE, out),
        }
    }
    console.talk.set(talk);
    console.timed.set(timed);
    Answer::Done
}
