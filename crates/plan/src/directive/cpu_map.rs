//! `cpu-map` (manual 3.1): which processors a thread may run on.

use crate::ctx::{Applied, Ctx, Directive, Line, at, word};

pub(super) const DIRECTIVES: &[Directive] =
    &[Directive { name: "cpu-map", sections: at::GLOBAL, apply: cpu_map }];

/// The largest number of a processor that is taken.
const MAX_CPU: usize = 4096;

fn cpu_map<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let text = word(line, 1);
    if text.is_empty() || line.word(2).is_none() {
        return Err(
            "'cpu-map' expects a thread group number  including 'all', 'odd', 'even', or a number from 1 to \
                    64, followed by a list of CPU ranges with numbers from 0 to 63."
                .into(),
        );
    }
    let (auto, text) = match text.strip_prefix("auto:") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (group, threads) = match text.split_once('/') {
        Some((group, threads)) => (group, Some(threads)),
        None => (text, None),
    };
    let group = set(group, 1, 16).ok_or_else(|| format!("'cpu-map' : '{group}' is no group"))?;
    let threads = match threads {
        Some(text) => set(text, 1, 1024).ok_or_else(|| format!("'cpu-map' : '{text}' is no thread"))?,
        None => (1..=1024).collect(),
    };
    let mut cpus = Vec::new();
    for part in line.words().skip(2).flat_map(|w| w.str().unwrap_or_default().split(',')) {
        cpus.extend(set(part, 0, MAX_CPU).ok_or_else(|| format!("'cpu-map' : '{part}' is no CPU range"))?);
    }
    if !group.contains(&1) {
        return Ok(());
    }
    let count = usize::from(cx.plan.global.threads).max(threads.len().min(1024));
    for (i, thread) in threads.iter().take(count).enumerate() {
        let on = if auto { cpus.get(i).map(|c| vec![*c]) } else { Some(cpus.clone()) };
        let (Some(on), Ok(thread)) = (on, u16::try_from(thread - 1)) else { continue };
        cx.plan.global.cpu_map.retain(|(t, _)| *t != thread);
        cx.plan.global.cpu_map.push((thread, on));
    }
    Ok(())
}

/// `all`, `odd`, `even`, a number, a range.
fn set(text: &str, low: usize, high: usize) -> Option<Vec<usize>> {
    let within = |n: &usize| (low..=high).contains(n);
    Some(match text {
        "all" => (low..=high).collect(),
        "odd" => (low..=high).filter(|n| n % 2 == 1).collect(),
        "even" => (low..=high).filter(|n| n % 2 == 0).collect(),
        _ => {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            let first: usize = first.parse().ok().filter(within)?;
            let last: usize = if last.is_empty() { high } else { last.parse().ok().filter(within)? };
            (first.min(last)..=first.max(last)).collect()
        }
    })
}
