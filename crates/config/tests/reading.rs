//! What a reader of a configuration gets: sections, words, environment, several files at once.

use config::{Context, Env, FileId, Loaded, SectionKind, Severity, Source, closing_lines, parse_sources};

fn read(texts: &[&str]) -> Loaded {
    let env: Env = [("HOME", "/root"), ("LIST", "a  b")].into_iter().collect();
    let sources = texts.iter().enumerate().map(|(i, text)| Source::new(format!("{i}.cfg"), *text)).collect();
    parse_sources(sources, &Context::with_env(env))
}

/// The words of every directive, `no` and `default` shown as prefixes.
fn words(loaded: &Loaded) -> Vec<String> {
    let directives = loaded.sections().flat_map(|section| section.directives());
    directives
        .map(|directive| {
            let mut words: Vec<_> = directive.words().map(|word| word.lossy().into_owned()).collect();
            if directive.negated() {
                words.insert(0, "no".to_owned());
            }
            if directive.defaulted() {
                words.insert(0, "default".to_owned());
            }
            words.join("|")
        })
        .collect()
}

#[test]
fn environment_directives_act_on_later_lines() {
    let loaded = read(&[
        "global\n description \"1$A\"\n setenv A x\n description \"2$A\"\n presetenv A y\n \
                         description \"3$A\"\n unsetenv A\n presetenv A y\n description \"4$A $HOME\"\n resetenv A\n \
                         description \"5$A $HOME\"\n localpeer me\n description \"$HAPROXY_LOCALPEER\"\n",
        "backend b\n setenv A nothing\n log-tag \"${LIST[*]}$A\"\n",
    ]);
    let found: Vec<String> = words(&loaded).into_iter().filter(|w| w.starts_with("desc")).collect();
    let expected = ["1", "2x", "3x", "4y /root", "5y ", "me"].map(|text| format!("description|{text}"));
    assert_eq!(found, expected);
    assert_eq!(words(&loaded).last().unwrap(), "log-tag|y", "LIST went with resetenv, A stayed");
    assert_eq!(loaded.env().get(b"A"), Some(&b"y"[..]));
    assert_eq!(loaded.env().get(b"HOME"), None);
}

#[test]
fn sections_and_prefixes() {
    let loaded =
        read(&["defaults base\ndefaults from base\n no option httpclose\n default option dontlognull\n\
                         frontend web from base\n bind :1\n"]);
    let headers: Vec<_> = loaded.sections().map(|s| (s.kind(), s.name(), s.from())).collect();
    assert_eq!(
        headers,
        [
            (SectionKind::Defaults, Some("base"), None),
            (SectionKind::Defaults, None, Some("base")),
            (SectionKind::Frontend, Some("web"), Some("base")),
        ]
    );
    assert_eq!(words(&loaded), ["no|option|httpclose", "default|option|dontlognull", "bind|:1"]);
}

#[test]
fn bytes_that_are_no_text_are_carried() {
    let source = Source::new("t.cfg", &b"backend b\n log-tag \xff\\xfe\n"[..]);
    let loaded = parse_sources(vec![source], &Context::default());
    let word = loaded.sections().next().unwrap().directives().next().unwrap().word(1).unwrap();
    assert_eq!((word.bytes(), word.str()), (&b"\xff\xfe"[..], Some("\u{10ffff}\u{10fffe}")));
}

#[test]
fn all_errors_of_all_files_come_at_once() {
    let loaded =
        read(&["foo\nglobal\n deamon\n.if 1\n", " bar\nbackend b\n servr x\n .endif\n", "backend c\n"]);
    let places: Vec<_> =
        loaded.diagnostics().iter().map(|d| d.span.map(|span| (span.file, span.line)).unwrap()).collect();
    let (first, second) = (FileId(0), FileId(1));
    assert_eq!(places, [(first, 1), (first, 3), (first, 4), (second, 1), (second, 3), (second, 4)]);
    assert!(loaded.diagnostics().iter().all(|d| d.severity == Severity::Alert));
    assert_eq!(
        closing_lines(&loaded, 7, true),
        [
            "[ALERT]    (7) : config : Error(s) found in configuration file : 0.cfg",
            "[ALERT]    (7) : config : Error(s) found in configuration file : 1.cfg",
            "[ALERT]    (7) : config : Fatal errors found in configuration.",
        ]
    );
}

#[test]
fn a_span_leads_to_its_line_in_the_text() {
    let loaded = read(&["global\n  maxconn 10 # ten\n"]);
    let directive = loaded.sections().next().unwrap().directives().next().unwrap();
    let span = directive.word(1).unwrap().span();
    assert_eq!(loaded.location(span), ("0.cfg", 2));
    assert_eq!((span.column, span.length), (11, 2));
    assert_eq!(loaded.source_line(span), b"  maxconn 10 # ten");
    let mut document = loaded.file(span.file).unwrap().document().clone();
    document.set_words(span.line as usize - 1, &[b"maxconn", b"20"]);
    assert_eq!(document.print(), b"global\n  maxconn 20 # ten\n");
}

#[test]
fn the_diagnostic_mode_has_its_own_messages() {
    let source = || vec![Source::new("t.cfg", "global\n .diag \"look\"\n")];
    assert!(parse_sources(source(), &Context::default()).diagnostics().is_empty());
    let context = Context { diagnostic_mode: true, ..Context::default() };
    let loaded = parse_sources(source(), &context);
    assert_eq!(loaded.diagnostics().first().unwrap().severity, Severity::Diag);
    assert!(!loaded.has_errors());
}
