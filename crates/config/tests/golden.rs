//! Configurations in `data/` and, beside each, what is printed about them. `UPDATE_GOLDEN=1` rewrites the
//! expectations; look at the difference before committing it.

use std::path::Path;

use config::{Context, Source, closing_lines, parse_sources};

#[test]
fn diagnostics_are_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut seen = 0;
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "cfg") {
            continue;
        }
        seen += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let loaded = parse_sources(vec![Source::new(name, bytes)], &context());
        let mut text = String::new();
        for diagnostic in loaded.diagnostics() {
            text.push_str(&diagnostic.render(&loaded, 1));
        }
        for line in closing_lines(&loaded, 1, true) {
            text.push_str(&line);
            text.push('\n');
        }
        let expected = path.with_extension("expected");
        if update {
            std::fs::write(&expected, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(&expected).unwrap(), "{name}");
    }
    assert!(seen >= 8, "only {seen} files found");
}

fn context() -> Context {
    Context {
        version: "3.5-dev5".to_owned(),
        features: vec!["THREAD".to_owned()],
        ..Context::with_env(
            [("HOST", "example.net"), ("EMPTY", ""), ("PORTS", "80  443")].into_iter().collect(),
        )
    }
}
