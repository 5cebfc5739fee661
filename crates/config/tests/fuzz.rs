//! Properties that hold for any bytes: reading never panics, text survives it, edits keep to their line.

use config::{Context, Document, Env, Source, parse_sources, quote};
use proptest::prelude::*;

/// Pieces that a configuration is made of, so that random text reaches the deep branches.
const PIECES: &[&str] = &[
    "global\n",
    "defaults\n",
    "defaults d\n",
    "frontend f",
    " from d\n",
    "listen l\n",
    "backend b\n",
    "peers p\n",
    "no ",
    "default ",
    " option httplog\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "#",
    "\"",
    "'",
    "\\",
    "\\x",
    "\\x4",
    "$",
    "${",
    "${A}",
    "${A-",
    "}",
    "[*]",
    "\"${A[*]}\"",
    "${.LINE}",
    ".if ",
    ".elif ",
    ".else\n",
    ".endif\n",
    "&&",
    "||",
    "!",
    "(",
    ")",
    "streq(a,",
    "1",
    "setenv A x\n",
    "setenv A \"x y\"\n",
    "unsetenv A\n",
    "resetenv\n",
    "bind :80 ssl crt x\n",
    "server s 1.1.1.1:1 check source\n",
    "use_backend b if TRUE\n",
    "http-request dny\n",
    "\0",
    "\u{b}",
    "é",
    "timeout",
    "tcp-request content accept\n",
    "server-template x 1-99999999 a:1\n",
    ".notice \"x\"\n",
    "\"\"",
    "w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w ",
];

fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn context() -> Context {
    Context::with_env([("A", "a  b ")].into_iter().collect::<Env>())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_survives_reading(bytes in text()) {
        prop_assert_eq!(Document::parse(bytes.clone()).print(), bytes.clone());
        let loaded = parse_sources(vec![Source::new("t.cfg", bytes.clone())], &context());
        for diagnostic in loaded.diagnostics() {
            prop_assert!(diagnostic.render(&loaded, 1).ends_with('\n'));
        }
        for section in loaded.sections() {
            for directive in section.directives() {
                prop_assert_eq!(directive.words().count(), directive.len());
                let _ = (directive.full_span(), directive.keyword(), section.name(), section.from());
            }
        }
        let (_, file) = loaded.files().next().unwrap();
        prop_assert_eq!(file.document().print(), bytes);
    }

    #[test]
    fn quoted_words_read_back(word in prop::collection::vec(1..=255u8, 1..20)) {
        let line = [b"global\n log-tag ", quote(&word).as_slice(), b"\n"].concat();
        let loaded = parse_sources(vec![Source::new("t.cfg", line)], &context());
        let section = loaded.sections().next().unwrap();
        let directive = section.directives().next().unwrap();
        prop_assert_eq!(directive.text(1), word.as_slice());
    }

    #[test]
    fn an_edit_keeps_to_its_line(bytes in text(), at in 0..80usize) {
        let mut document = Document::parse(bytes.clone());
        prop_assume!(!document.is_empty());
        let at = at % document.len();
        document.set_words(at, &[b"maxconn", b"7"]);
        let before = Document::parse(bytes);
        prop_assert_eq!(document.len(), before.len());
        for line in (0..document.len()).filter(|&line| line != at) {
            prop_assert_eq!(document.raw_line(line), before.raw_line(line));
        }
        let words = document.raw_words(at);
        prop_assert_eq!(&words[..], &[&b"maxconn"[..], b"7"]);
        document.insert(at, &[b"daemon"]);
        document.delete(at..at + 1);
        prop_assert_eq!(document.len(), before.len());
    }
}
