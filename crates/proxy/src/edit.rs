//! Single changes of the configuration in force (management manual 9.3 "add server", "del server", "add backend"): as the
//! lines that a user would have written, put into its text or taken out of it. Pure: what becomes of the text is `apply`'s
//! business.

use config::{Directive, Loaded, Section, SectionKind, Source};
use state::family::{DefaultServers, Defaults, Edit};

/// The texts after the change. Errors: what it concerns has no line of its own.
pub(crate) fn edited(
    loaded: &Loaded,
    mut sources: Vec<Source>,
    edit: &Edit<'_>,
) -> Result<Vec<Source>, String> {
    match *edit {
        Edit::AddServer { backend, name, words } => {
            let section = find(loaded, backend)?;
            let after = section.directives().next_back().unwrap_or_else(|| section.header());
            insert(&mut sources, after, &server_line(name, words));
        }
        Edit::RemoveServer { backend, name } => {
            let line = server(find(loaded, backend)?, name)?;
            replace(&mut sources, line, b"");
        }
        Edit::RenameServer { backend, name, to } => {
            let line = server(find(loaded, backend)?, name)?;
            let words: Vec<&[u8]> = line.words().skip(2).map(|word| word.bytes()).collect();
            let text = server_words(to, &words, false);
            replace(&mut sources, line, &text);
        }
        Edit::AddBackend { name, from, mode, guid } => {
            let Some(last) = sources.last_mut() else { return Err("There is no configuration.".into()) };
            if !last.bytes.ends_with(b"\n") {
                last.bytes.push(b'\n');
            }
            last.bytes.extend_from_slice(&backend_section(name, from, mode, guid));
        }
        // The text says the same; what its files hold is not in it.
        Edit::TlsFiles(_) => {}
        Edit::RemoveBackend { name } => {
            let section = find(loaded, name)?;
            section.directives().for_each(|line| replace(&mut sources, line, b""));
            replace(&mut sources, section.header(), b"");
        }
        Edit::DynamicCookie { backend, on } => {
            let line = own(find(loaded, backend)?, "cookie");
            let line = line.ok_or_else(|| format!("Backend {backend} has no 'cookie' line of its own."))?;
            let words = line.words().map(|word| word.bytes()).filter(|word| *word != b"dynamic");
            let words: Vec<&[u8]> = words.chain(on.then_some(&b"dynamic"[..])).collect();
            replace(&mut sources, line, &written(&words));
        }
        Edit::CookieKey { backend, key } => {
            let section = find(loaded, backend)?;
            let text = written(&[b"dynamic-cookie-key", key.as_bytes()]);
            match own(section, "dynamic-cookie-key") {
                Some(line) => replace(&mut sources, line, &text),
                None => insert(&mut sources, section.header(), &text),
            }
        }
    }
    Ok(sources)
}

/// A configuration that sets a variable and nothing else.
pub(crate) fn variable(name: &str, words: &[&[u8]], format: bool) -> Vec<u8> {
    let mut text = format!("global\n    {} ", if format { "set-var-fmt" } else { "set-var" }).into_bytes();
    for word in std::iter::once(name.as_bytes()).chain(words.iter().copied()) {
        quote(word, &mut text);
        text.push(b' ');
    }
    text.push(b'\n');
    text
}

/// The `defaults` sections that have a name.
pub(crate) fn defaults(loaded: &Loaded) -> Vec<Defaults> {
    let sections = loaded.sections().filter(|s| s.kind() == SectionKind::Defaults);
    let named = sections.filter_map(|s| Some((s, s.name()?)));
    let with_mode = |(s, name): (Section<'_>, &str)| Defaults {
        name: name.to_owned(),
        has_mode: s.directives().any(|line| line.keyword() == "mode"),
    };
    named.map(with_mode).collect()
}

/// What `default-server` lines say, by backend; those that end with `from none` say nothing.
pub(crate) fn default_servers(loaded: &Loaded) -> Vec<DefaultServers> {
    let mut inherited: Vec<(Option<&str>, bool)> = Vec::new();
    let mut all = Vec::new();
    for section in loaded.sections().filter(|s| s.kind().is_proxy()) {
        let lines = section.directives().filter(|line| line.keyword() == "default-server");
        let (named, own): (Vec<_>, Vec<_>) = lines.partition(|line| line.text(1) == b"name");
        let from = match section.from() {
            Some(from) => inherited.iter().rev().find(|(name, _)| *name == Some(from)),
            None => inherited.last(),
        };
        let has = own.iter().fold(from.is_some_and(|(_, has)| *has), |_, line| {
            !line.args().next_back().is_some_and(|w| w.is("none"))
        });
        if section.kind() == SectionKind::Defaults {
            inherited.push((section.name(), has));
        } else if section.kind() != SectionKind::Frontend && (has || !named.is_empty()) {
            let mut names: Vec<String> =
                named.iter().map(|line| String::from_utf8_lossy(line.text(2)).into_owned()).collect();
            names.dedup();
            all.push(DefaultServers { backend: section.name().unwrap_or_default().to_owned(), named: names });
        }
    }
    all
}

fn find<'l>(loaded: &'l Loaded, backend: &str) -> Result<Section<'l>, String> {
    let kinds = [SectionKind::Backend, SectionKind::Listen];
    let mut sections = loaded.sections();
    let found = sections.find(|s| kinds.contains(&s.kind()) && s.name() == Some(backend));
    found.ok_or_else(|| format!("Backend {backend} has no section of its own."))
}

fn server<'l>(section: Section<'l>, name: &str) -> Result<Directive<'l>, String> {
    let mut lines = section.directives();
    let found = lines.find(|line| line.keyword() == "server" && line.text(1) == name.as_bytes());
    found.ok_or_else(|| format!("Server {name} has no line of its own: it comes from a 'server-template'."))
}

/// The last line of a section with this keyword: the one in force.
fn own<'l>(section: Section<'l>, keyword: &str) -> Option<Directive<'l>> {
    section.directives().rfind(|line| line.keyword() == keyword)
}

/// A line of these words.
fn written(words: &[&[u8]]) -> Vec<u8> {
    let mut line = b"   ".to_vec();
    for word in words {
        line.push(b' ');
        quote(word, &mut line);
    }
    line
}

/// A line for a server that takes nothing from `default-server` unless it says so, and whose checks don't do by
/// themselves what its connections do (manual 9.3 of management "add server").
fn server_line(name: &str, words: &[&[u8]]) -> Vec<u8> {
    let mut line = server_words(name, words, words.get(1) != Some(&b"from".as_slice()));
    let has = |word: &str| words.contains(&word.as_bytes());
    if has("ssl") && !has("check-ssl") {
        line.extend_from_slice(b" no-check-ssl");
    }
    let tells = has("send-proxy") || has("send-proxy-v2");
    if tells && has("check") && !(has("check-send-proxy") || has("addr") || has("port")) {
        // Whoever is checked at an address of its own is told nothing.
        let address = words.first().map(|word| String::from_utf8_lossy(word)).unwrap_or_default();
        if let Some((host, _)) = address.rsplit_once(':') {
            line.extend_from_slice(b" addr ");
            quote(host.as_bytes(), &mut line);
        }
    }
    if words.first().is_some_and(|address| is_name(address)) {
        // Names are not looked up while clients wait.
        line.extend_from_slice(b" init-addr none");
    }
    line
}

/// Whether an address names its host.
fn is_name(address: &[u8]) -> bool {
    let text = String::from_utf8_lossy(address);
    let host = text.rsplit_once(':').map_or(&*text, |(host, _)| host);
    let plain = !host.contains(['/', '@', '*', '[', ':']) && !host.is_empty();
    plain && host.parse::<std::net::IpAddr>().is_err()
}

fn server_words(name: &str, words: &[&[u8]], alone: bool) -> Vec<u8> {
    let mut line = b"    server ".to_vec();
    quote(name.as_bytes(), &mut line);
    for (number, word) in words.iter().enumerate() {
        line.push(b' ');
        quote(word, &mut line);
        if number == 0 && alone {
            line.extend_from_slice(b" from none");
        }
    }
    line
}

fn backend_section(name: &str, from: &str, mode: Option<&str>, guid: Option<&str>) -> Vec<u8> {
    let mut text = b"\nbackend ".to_vec();
    quote(name.as_bytes(), &mut text);
    text.extend_from_slice(b" from ");
    quote(from.as_bytes(), &mut text);
    for (keyword, value) in [("mode", mode), ("guid", guid)] {
        if let Some(value) = value {
            text.extend_from_slice(format!("\n    {keyword} ").as_bytes());
            quote(value.as_bytes(), &mut text);
        }
    }
    text.extend_from_slice(b"\n    be-unpublished\n");
    text
}

/// Appends a word so that it is read as it is.
fn quote(word: &[u8], out: &mut Vec<u8>) {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"._-/:@,%+=()[]{}*<>&|;!?~^".contains(b);
    if !word.is_empty() && word.iter().all(plain) {
        return out.extend_from_slice(word);
    }
    out.push(b'\'');
    for byte in word {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            other => out.push(*other),
        }
    }
    out.push(b'\'');
}

/// Where a line begins and where its end begins.
fn range(source: &Source, line: u32) -> std::ops::Range<usize> {
    let ends = source.bytes.iter().enumerate().filter(|(_, b)| **b == b'\n');
    let mut starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1));
    let number = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let start = starts.nth(number).unwrap_or(source.bytes.len());
    let rest = source.bytes.get(start..).unwrap_or_default();
    start..start + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())
}

/// Puts a line behind that of a directive: into an empty one, if there is one, so that the others keep their numbers.
fn insert(sources: &mut [Source], after: Directive<'_>, line: &[u8]) {
    let span = after.span();
    let Some(source) = sources.get_mut(usize::from(span.file.0)) else { return };
    let end = range(source, span.line).end;
    let next = range(source, span.line + 1);
    let blank = source.bytes.get(next.clone()).is_some_and(|line| line.iter().all(u8::is_ascii_whitespace));
    if blank && next.start < source.bytes.len() {
        source.bytes.splice(next, line.iter().copied());
        return;
    }
    let text = [b"\n", line].concat();
    source.bytes.splice(end..end, text);
}

/// Puts a line in the place of a directive's; other lines keep their numbers.
fn replace(sources: &mut [Source], directive: Directive<'_>, line: &[u8]) {
    let span = directive.span();
    let Some(source) = sources.get_mut(usize::from(span.file.0)) else { return };
    let range = range(source, span.line);
    source.bytes.splice(range, line.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "defaults d\n  mode http\nbackend a\n  server s1 1.2.3.4:80 weight 5\n  # end\nbackend b\n";

    fn after(edit: &Edit<'_>) -> Result<String, String> {
        edited_text(TEXT, edit)
    }

    fn edited_text(text: &str, edit: &Edit<'_>) -> Result<String, String> {
        let sources = vec![Source::new("x", text)];
        let loaded = config::parse_sources(sources.clone(), &config::Context::default());
        let sources = edited(&loaded, sources, edit)?;
        Ok(String::from_utf8(sources[0].bytes.clone()).unwrap())
    }

    #[test]
    fn servers_come_and_go() {
        let words: &[&[u8]] = &[b"::1:80", b"sni", b"str(it's a)"];
        let text = after(&Edit::AddServer { backend: "a", name: "n", words }).unwrap();
        assert!(
            text.contains("weight 5\n    server n ::1:80 from none sni 'str(it'\\''s a)'\n  # end\n"),
            "{text}"
        );
        let text = after(&Edit::AddServer { backend: "b", name: "n", words: &[b"::1:80", b"from", b"be:"] })
            .unwrap();
        assert!(text.ends_with("backend b\n    server n ::1:80 from be:\n"), "{text}");
        let text = edited_text(
            "backend a\n\nbackend b\n",
            &Edit::AddServer { backend: "a", name: "n", words: &[b"::1:80"] },
        );
        assert_eq!(text.unwrap(), "backend a\n    server n ::1:80 from none\nbackend b\n");
        let text = after(&Edit::RemoveServer { backend: "a", name: "s1" }).unwrap();
        assert!(text.contains("backend a\n\n  # end\n"), "{text}");
        let text = after(&Edit::RenameServer { backend: "a", name: "s1", to: "z" }).unwrap();
        assert!(text.contains("backend a\n    server z 1.2.3.4:80 weight 5\n  # end\n"), "{text}");
        assert!(after(&Edit::RemoveServer { backend: "a", name: "nobody" }).is_err());
    }

    #[test]
    fn cookies_change() {
        let text = "backend a\n  cookie C insert\n  server s 1.2.3.4:80\n";
        let on = |text: &str, on| edited_text(text, &Edit::DynamicCookie { backend: "a", on }).unwrap();
        let with = on(text, true);
        assert!(with.contains("\n    cookie C insert dynamic\n  server"), "{with}");
        assert!(on(&with, false).contains("\n    cookie C insert\n  server"));
        let key = |text: &str, key| edited_text(text, &Edit::CookieKey { backend: "a", key }).unwrap();
        let keyed = key(text, "x y");
        assert!(keyed.starts_with("backend a\n    dynamic-cookie-key 'x y'\n  cookie"), "{keyed}");
        assert!(key(&keyed, "z").starts_with("backend a\n    dynamic-cookie-key z\n  cookie"));
        assert!(edited_text("backend a\n", &Edit::DynamicCookie { backend: "a", on: true }).is_err());
    }

    #[test]
    fn backends_come_and_go() {
        let edit = Edit::AddBackend { name: "c", from: "d", mode: Some("tcp"), guid: None };
        let text = after(&edit).unwrap();
        assert!(
            text.ends_with("backend b\n\nbackend c from d\n    mode tcp\n    be-unpublished\n"),
            "{text}"
        );
        let text = after(&Edit::RemoveBackend { name: "a" }).unwrap();
        assert!(text.ends_with("mode http\n\n\n  # end\nbackend b\n"), "{text}");
        assert!(after(&Edit::RemoveBackend { name: "d" }).is_err());
    }
}
