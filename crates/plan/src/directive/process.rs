//! Directives of `global` about the process: identity, limits, names (manual 3.1).

use state::jose::Allowed;
use state::world::Families;

use crate::ctx::{Applied, Ctx, Directive, Line, at, no_more, word};
use crate::number::{atol, count, time_ms};

/// What `setcap` knows.
const CAPABILITIES: &[&str] = &["cap_net_raw", "cap_net_admin", "cap_net_bind_service", "cap_sys_admin"];

pub(super) const DIRECTIVES: &[Directive] = &[
    global("anonkey", |cx, line| {
        let text = need_at(line, 1, "a key is expected after 'anonkey'.")?;
        let wrong = || format!("'anonkey' value must be within range 0-4294967295 (was '{text}').");
        cx.plan.global.anon_key = u32::try_from(atol(text)).map_err(|_| wrong())?;
        Ok(())
    }),
    global("chroot", |cx, line| {
        cx.plan.global.chroot = Some(need(line, "a directory as an argument.")?.to_owned());
        Ok(())
    }),
    global("daemon", |cx, line| {
        no_more(line, 0)?;
        cx.plan.global.daemon = true;
        Ok(())
    }),
    global("default-path", |cx, line| {
        cx.plan.base = match word(line, 1) {
            "current" => None,
            "config" | "parent" => {
                let (file, _) = cx.plan.loaded.location(line.span());
                let parent = std::path::Path::new(file).parent().unwrap_or(std::path::Path::new("."));
                let parent = if word(line, 1) == "parent" { parent.join("..") } else { parent.to_owned() };
                parent.to_str().filter(|p| !p.is_empty()).map(str::to_owned)
            }
            "origin" => Some(
                need_at(line, 2, "'default-path origin' expects a directory as an argument.")?.to_owned(),
            ),
            other => return Err(format!("default-path '{other}' not supported")),
        };
        Ok(())
    }),
    global("description", |cx, line| {
        cx.plan.global.description = Some(rest(line)?.into());
        Ok(())
    }),
    global("external-check", |cx, line| {
        let keep = match word(line, 1) {
            "" => false,
            "preserve-env" => true,
            other => {
                return Err(format!(
                    "'external-check' only supports 'preserve-env' as an argument (got '{other}')."
                ));
            }
        };
        cx.plan.external_check.allowed = true;
        cx.plan.external_check.keep_environment = keep;
        Ok(())
    }),
    global("gid", |cx, line| {
        cx.plan.global.gid = Some(count(need(line, "an integer argument.")?));
        Ok(())
    }),
    global("group", |cx, line| {
        let name = need(line, "a group name as an argument.")?;
        let gid = (cx.plan.env.group)(name).or_else(|| name.parse().ok());
        cx.plan.global.gid =
            Some(gid.ok_or_else(|| format!("cannot find group id for '{name}' (0:Success)"))?);
        cx.plan.global.group = Some(name.to_owned());
        Ok(())
    }),
    global("close-spread-time", |cx, line| {
        let ms = match need(line, "<time> as argument.")? {
            "infinite" => u32::MAX,
            text => time_ms(text).map_err(|e| e.explain(text, "close-spread-time"))?,
        };
        cx.plan.global.close_spread_ms = Some(ms);
        Ok(())
    }),
    global("hard-stop-after", |cx, line| {
        let text = need(line, "<time> as argument")?;
        let ms = time_ms(text).map_err(|e| e.explain(text, "hard-stop-after"))?;
        cx.plan.global.hard_stop_after_ms = Some(ms);
        Ok(())
    }),
    global("insecure-fork-wanted", |cx, line| {
        no_more(line, 0)?;
        cx.plan.external_check.may_fork = true;
        Ok(())
    }),
    global("log-send-hostname", |cx, line| {
        let own = cx.plan.env.hostname.clone();
        let name = line.word(1).and_then(|w| w.str()).map(Into::into);
        cx.plan.global.log_send_hostname = Some(name.unwrap_or(own));
        Ok(())
    }),
    global("log-tag", |cx, line| {
        cx.plan.global.log_tag = need(line, "a tag for use in syslog.")?.into();
        Ok(())
    }),
    global("max-spread-checks", |cx, line| {
        let text = need(line, "an integer argument (0..50).")?;
        let ms = time_ms(text).map_err(|e| e.explain(text, "max-spread-checks"))?;
        cx.plan.global.max_spread_ms = Some(ms);
        Ok(())
    }),
    global("maxconn", |cx, line| {
        let text = need(line, "an integer argument.")?;
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("cannot parse 'maxconn' value '{text}', an integer is expected."));
        }
        no_more(line, 1)?;
        cx.plan.global.maxconn = count(text);
        cx.plan.maxconn_set = true;
        Ok(())
    }),
    global("maxconnrate", |cx, line| limit(&mut cx.plan.global.rates.connections, line)),
    global("maxsessrate", |cx, line| limit(&mut cx.plan.global.rates.sessions, line)),
    global("maxsslrate", |cx, line| limit(&mut cx.plan.global.rates.tls, line)),
    global("maxsslconn", |cx, line| {
        let text = need(line, "an integer argument.")?;
        no_more(line, 1)?;
        let number = u32::try_from(atol(text));
        cx.plan.max_tls = Some(number.map_err(|_| "'maxsslconn' expects a positive numeric value.")?);
        cx.not_run(line, "holding connections to 'maxsslconn'");
        Ok(())
    }),
    global("nbthread", |cx, line| {
        no_more(line, 1)?;
        let text = word(line, 1);
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("'nbthread' passed a missing or unparsable integer value in '{text}'"));
        }
        match u16::try_from(atol(text)) {
            Ok(n @ 1..=1024) => cx.plan.global.threads = n,
            _ => return Err(format!("'nbthread' value must be between 1 and 1024 (was {})", atol(text))),
        }
        Ok(())
    }),
    global("jwt.decrypt_alg_list", |cx, line| {
        cx.plan.global.jose.keys = algorithms(Allowed::KEYS, line)?;
        Ok(())
    }),
    global("jwt.decrypt_enc_list", |cx, line| {
        cx.plan.global.jose.contents = algorithms(Allowed::CONTENTS, line)?;
        Ok(())
    }),
    // Of these two the master is told when the process serves.
    global("mworker-max-reloads", |_, line| {
        let number = need(line, "the number of reloads as argument.")?;
        number
            .parse::<u32>()
            .map(|_| ())
            .map_err(|_| format!("'mworker-max-reloads' : invalid value '{number}'"))
    }),
    // Likewise.
    global("sandbox", |_, line| match word(line, 1) {
        "on" | "off" => no_more(line, 1),
        _ => Err("'sandbox' expects 'on' or 'off'".into()),
    }),
    global("reload-mode", |_, line| match word(line, 1) {
        "auto" | "classic" => Ok(()),
        _ => Err("'reload-mode' expects 'auto' or 'classic'".into()),
    }),
    global("node", |cx, line| {
        cx.plan.global.node = need(line, "a name as argument")?.into();
        Ok(())
    }),
    global("pidfile", |cx, line| {
        cx.plan.global.pidfile = Some(need(line, "a file name as an argument.")?.to_owned());
        Ok(())
    }),
    // Sluice's threads have no common locks to time, and count no memory by task.
    global("profiling.tasks", |cx, line| {
        const WORDS: [&str; 7] = ["on", "auto", "off", "lock", "no-lock", "memory", "no-memory"];
        for word in line.words().skip(1).filter_map(|word| word.str()) {
            if !WORDS.contains(&word) {
                let only =
                    "expects a combination of either 'on', 'auto', 'off', 'lock', 'no-lock', 'memory', or";
                return Err(format!("'profiling.tasks' {only} 'no-memory', but got '{word}'."));
            }
            if matches!(word, "on" | "auto" | "off") {
                cx.plan.global.profile_tasks = word == "on";
            }
        }
        Ok(())
    }),
    global("spread-checks", |cx, line| {
        let value = atol(need(line, "an integer argument (0..50).")?);
        let spread = u8::try_from(value).ok().filter(|n| *n <= 50);
        cx.plan.global.spread_checks = spread.ok_or("'spread-checks' must be between 0 and 50 inclusive")?;
        Ok(())
    }),
    global("dns-accept-family", |cx, line| {
        cx.plan.global.dns_families = families(word(line, 1))?;
        Ok(())
    }),
    // The main thread of the program reads the time from the text.
    global("grace", |_, line| {
        let text = need(line, "<time> as argument.")?;
        time_ms(text).map_err(|e| e.explain(text, "grace")).map(|_| ())
    }),
    // Likewise.
    global("setcap", |cx, line| {
        let all = CAPABILITIES;
        let most = all.len().saturating_sub(1);
        let known = format!(
            "Supported ones are: {} and {}.",
            all.get(..most).unwrap_or_default().join(", "),
            all.last().copied().unwrap_or_default()
        );
        let names = word(line, 1);
        if names.is_empty() {
            return Err(format!("'setcap' : missing capability name(s).  {known}"));
        }
        for name in names.split(',') {
            let found = all.iter().copied().find(|known| *known == name);
            let name =
                found.ok_or_else(|| format!("'setcap' : unsupported capability '{name}'.  {known}"))?;
            cx.plan.global.capabilities.push(name);
        }
        no_more(line, 1)
    }),
    global("insecure-setuid-wanted", |_, line| no_more(line, 0)),
    global("set-dumpable", |cx, line| {
        no_more(line, 1)?;
        match word(line, 1) {
            "" | "on" | "off" => {}
            "libs" => cx.not_run(line, "'set-dumpable libs'"),
            other => {
                let only = "'set-dumpable' only supports 'on' and 'off' as an argument";
                return Err(format!("{only}, found '{other}'."));
            }
        }
        Ok(())
    }),
    global("uid", |cx, line| {
        cx.plan.global.uid = Some(count(need(line, "an integer argument.")?));
        Ok(())
    }),
    global("ulimit-n", |cx, line| {
        cx.plan.global.open_files = Some(count(need(line, "an integer argument.")?));
        Ok(())
    }),
    global("user", |cx, line| {
        let name = need(line, "a user name as an argument.")?;
        let uid = (cx.plan.env.user)(name).or_else(|| name.parse().ok());
        cx.plan.global.uid =
            Some(uid.ok_or_else(|| format!("cannot find user id for '{name}' (0:Success)"))?);
        cx.plan.global.user = Some(name.to_owned());
        Ok(())
    }),
    // What the program does when it starts, from the text.
    global("strict-limits", |_, line| no_more(line, 0)),
    global("nosplice", |cx, line| {
        cx.plan.global.no_splice = true;
        no_more(line, 0)
    }),
    global("noreuseport", |_, line| no_more(line, 0)),
    // Done while reading the file.
    global("setenv", |_, _| Ok(())),
    global("presetenv", |_, _| Ok(())),
    global("resetenv", |_, _| Ok(())),
    global("unsetenv", |_, _| Ok(())),
    // Permissions for words that are not run either; giving one changes nothing.
    global("expose-experimental-directives", |_, _| Ok(())),
    global("expose-deprecated-directives", |_, _| Ok(())),
    global("zero-warning", |_, _| Ok(())),
    global("quiet", |_, _| Ok(())),
    global("localpeer", |_, _| Ok(())),
];

const fn global(name: &'static str, apply: for<'a> fn(&mut Ctx<'_, 'a>, Line<'a>) -> Applied) -> Directive {
    Directive { name, sections: at::GLOBAL, apply }
}

/// A number a second, said once.
fn limit(place: &mut u32, line: Line<'_>) -> Applied {
    no_more(line, 1)?;
    let text = need(line, "an integer argument.")?;
    if *place != 0 {
        return Err(format!("'{}' already specified. Continuing.", line.keyword()));
    }
    *place = count(text);
    Ok(())
}

fn need<'a>(line: Line<'a>, what: &str) -> Result<&'a str, String> {
    need_at(line, 1, &format!("'{}' expects {what}", line.keyword()))
}

fn need_at<'a>(line: Line<'a>, at: usize, message: &str) -> Result<&'a str, String> {
    match word(line, at) {
        "" => Err(message.to_owned()),
        text => Ok(text),
    }
}

/// The algorithms that a line lists; all that are allowed anyway if it lists none.
fn algorithms(known: Allowed, line: Line<'_>) -> Result<Allowed, String> {
    match word(line, 1) {
        "" => Ok(known),
        list => known.listed(list).map_err(|name| format!("Unknown algorithm/encoding {name}")),
    }
}

fn rest(line: Line<'_>) -> Result<String, String> {
    need(line, "a string argument")?;
    let words: Vec<_> = line.args().map(|w| w.lossy().into_owned()).collect();
    Ok(words.join(" "))
}

/// `dns-accept-family`.
fn families(text: &str) -> Result<Families, String> {
    let (mut v4, mut v6, mut auto) = (false, false, false);
    for family in text.split(',') {
        match family {
            "ipv4" => v4 = true,
            "ipv6" => v6 = true,
            "auto" => auto = true,
            other => {
                return Err(format!(
                    "'dns-accept-family' expects a comma-delimited list of 'ipv4' and 'ipv6' but got '{other}'."
                ));
            }
        }
    }
    Ok(match (v4, v6) {
        _ if auto => Families::Auto,
        (true, false) => Families::V4,
        (false, true) => Families::V6,
        _ => Families::Both,
    })
}
