//! `agent-check`: a server that says how it is and what it wants (manual 5.2 "agent-check").

use std::sync::atomic::Ordering::Relaxed;

use state::administer::{self, Order};
use state::check::Status;
use state::turn::Seat;

use super::finding::Finding;

/// What the words of one answer come to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said<'a> {
    /// The word about the server's state, and what stands behind it.
    state: Option<(&'a str, &'a str)>,
    order: Option<Order>,
    weight: Option<&'a str>,
    maxconn: Option<&'a str>,
    /// The first word that means nothing.
    unknown: Option<&'a str>,
}

/// Takes an answer apart: words between blanks and commas, in any order.
fn read(line: &str) -> Said<'_> {
    let mut said = Said::default();
    let (words, comment) = line.split_once('#').unwrap_or((line, ""));
    for word in words.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        match word {
            "up" | "down" | "stopped" | "fail" => said.state = said.state.or(Some((word, comment.trim()))),
            "ready" => said.order = Some(Order::Ready),
            "drain" => said.order = Some(Order::Drain),
            "maint" => said.order = Some(Order::Maintain),
            _ if word.ends_with('%') && word.starts_with(|c: char| c.is_ascii_digit()) => {
                said.weight = Some(word);
            }
            _ => match word.split_once(':') {
                Some(("weight", value)) => said.weight = Some(value),
                Some(("maxconn", value)) => said.maxconn = Some(value),
                _ => said.unknown = said.unknown.or(Some(word)),
            },
        }
    }
    said
}

/// Does what an agent says, and gives what it comes to. Answers that are none stay as they are.
pub(super) fn obey(seat: Seat<'_>, finding: Finding) -> Finding {
    if finding.status != Status::Checked {
        return finding;
    }
    let line = finding.words;
    let said = read(&line);
    let mut warning = None;
    if let Some(order) = said.order {
        administer::apply(seat, order, "agent");
    }
    if let Some(weight) = said.weight {
        warning = administer::weigh(seat, weight).err();
    }
    if let Some(text) = said.maxconn
        && let Err(error) = limit(seat, text)
    {
        warning = Some(error);
    }
    if let Some((word, comment)) = said.state {
        let status = if word == "up" { Status::L7Ok } else { Status::L7Status };
        let why = if comment.is_empty() || word == "up" { String::new() } else { format!(" ({comment})") };
        return Finding::new(status, format!("via agent : {word}{why}"));
    }
    let words = match (warning, said.unknown) {
        (Some(warning), _) => format!("agent warns : {warning}"),
        (None, Some(word)) => format!("agent reports an error : {word}"),
        (None, None) => String::new(),
    };
    Finding::new(Status::Checked, words)
}

fn limit(seat: Seat<'_>, text: &str) -> Result<(), &'static str> {
    let number: u32 = text.parse().map_err(|_| "Invalid maxconn.")?;
    if seat.server.live.maxconn.swap(number, Relaxed) != number {
        seat.backend.changed(seat.now_ns);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let said = read("75%,maxconn:30,maint,down # for a while");
        assert_eq!(
            said,
            Said {
                state: Some(("down", "for a while")),
                order: Some(Order::Maintain),
                weight: Some("75%"),
                maxconn: Some("30"),
                unknown: None,
            }
        );
        assert_eq!(read("foo bar").unknown, Some("foo"));
        assert_eq!(read("weight:10").weight, Some("10"));
        assert_eq!(read(""), Said::default());
    }
}
