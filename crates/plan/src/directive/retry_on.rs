//! `retry-on` (manual 4.2).

use state::options::RetryOn;

use crate::ctx::{Directive, at, words_from};

/// What `all-retryable-errors` stands for, beside the failed connection.
const ALL: &[&str] =
    &["empty-response", "junk-response", "response-timeout", "0rtt-rejected", "500", "502", "503", "504"];

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "retry-on",
    sections: at::PROXY,
    apply: |cx, line| {
        if cx.lacks_backend(line, "retry-on") {
            return Ok(());
        }
        let words = words_from(line, 1);
        let mut bits = 0;
        match &*words {
            [] => return Err("'retry-on' needs at least one keyword to specify when to retry".into()),
            ["none"] => {}
            _ if words.contains(&"none") => {
                return Err("'retry-on' 'none' keyword only usable alone".into());
            }
            words => {
                for word in words {
                    bits |= bit(word).ok_or_else(|| format!("'retry-on': unknown keyword '{word}'"))?;
                }
            }
        }
        cx.draft.options().retry_on = RetryOn(bits);
        Ok(())
    },
}];

fn bit(word: &str) -> Option<u32> {
    Some(match word {
        "conn-failure" => RetryOn::CONN_FAILURE,
        "empty-response" => RetryOn::EMPTY_RESPONSE,
        "junk-response" => RetryOn::JUNK_RESPONSE,
        "response-timeout" => RetryOn::RESPONSE_TIMEOUT,
        "0rtt-rejected" => RetryOn::EARLY_REJECTED,
        "all-retryable-errors" => {
            ALL.iter().filter_map(|word| bit(word)).fold(RetryOn::CONN_FAILURE, |a, b| a | b)
        }
        status => match RetryOn::of_status(status.parse().ok()?) {
            0 => return None,
            bit => bit,
        },
    })
}
