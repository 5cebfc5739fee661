//! Any bytes as haproxy.cfg: reading never panics, text survives it, every remark can be printed.
#![no_main]

use config::{Context, Document, Env, Source, parse_sources};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(Document::parse(bytes).print(), bytes);
    let env: Env = [("A", "a  b "), ("E", "")].into_iter().collect();
    let loaded = parse_sources(vec![Source::new("t.cfg", bytes)], &Context::with_env(env));
    for diagnostic in loaded.diagnostics() {
        let _ = diagnostic.render(&loaded, 1);
    }
    for section in loaded.sections() {
        for directive in section.directives() {
            assert_eq!(directive.words().count(), directive.len());
        }
    }
    let mut document = Document::parse(bytes);
    for section in document.sections().into_iter().rev() {
        document.set_param(section.lines.start, 1, b"name", 1, &[b"x"]);
        document.insert(section.lines.end, &[b"mode", b"http"]);
        document.remove_section(&section);
    }
});
