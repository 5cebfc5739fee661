//! Files of at most 800 lines, functions of at most 70 lines of code (comments and empty lines not counted,
//! as clippy's `too_many_lines` counts).

use super::exceptions::{Exceptions, Long};
use super::tree::Tree;
use super::{Finding, code};

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;

pub(crate) fn check(tree: &Tree, exceptions: &Exceptions) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = vec![false; exceptions.long.len()];
    for (path, text) in tree.rust() {
        let file = Piece { function: None, line: 0, lines: text.lines().count(), most: FILE_LINES_MAX };
        for piece in std::iter::once(file).chain(functions(text)).filter(|piece| piece.lines > piece.most) {
            let listed = exceptions.long.iter().position(|long| piece.is(path, long));
            let most = listed.map_or(piece.most, |index| exceptions.long[index].lines);
            if let Some(index) = listed {
                used[index] = true;
            }
            if piece.lines != most {
                let what = piece.function.unwrap_or("the file");
                let message = format!("{what} has {} lines, {most} are allowed", piece.lines);
                findings.push(Finding::new(path, piece.line, message));
            }
        }
    }
    for (long, used) in exceptions.long.iter().zip(used) {
        if !used {
            findings.push(Finding::new("tidy.toml", 0, format!("{} is no longer too long", long.path)));
        }
    }
    findings
}

#[derive(Debug)]
struct Piece<'a> {
    function: Option<&'a str>,
    line: usize,
    lines: usize,
    most: usize,
}

impl Piece<'_> {
    fn is(&self, path: &str, long: &Long) -> bool {
        long.path == path && long.function.as_deref() == self.function
    }
}

/// The functions of a file that rustfmt has formatted: a body ends with the `}` under its first line.
fn functions(text: &str) -> Vec<Piece<'_>> {
    let code = code::only(text);
    let lines: Vec<&str> = code.lines().collect();
    let written: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line, written[start]) else { continue };
        let indent = line.len() - line.trim_start().len();
        let end = lines[start..].iter().position(|line| {
            let own = line.len() - line.trim_start().len();
            own == indent && (line.trim_start().starts_with('}') || line.trim_end().ends_with(';'))
        });
        let Some(end) = end else { continue };
        let body = &lines[start + 1..start + end.max(1)];
        let lines = body.iter().filter(|line| !line.trim().is_empty()).count();
        found.push(Piece { function: Some(name), line: start + 1, lines, most: FUNCTION_LINES_MAX });
    }
    found
}

fn function_name<'a>(code: &str, written: &'a str) -> Option<&'a str> {
    let words = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern"];
    let mut rest = code.trim_start();
    while let Some(next) = words.iter().find_map(|word| rest.strip_prefix(word)?.strip_prefix(' ')) {
        rest = next.trim_start();
    }
    rest.strip_prefix("fn ")?;
    let name = written.split_once("fn ")?.1;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    Some(&name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_function(lines: usize) -> String {
        format!("impl A {{\n    pub fn b() {{\n{}    }}\n}}\n", "        c();\n".repeat(lines))
    }

    #[test]
    fn finds_long_files_and_functions() {
        let file = "//! a\n".repeat(801);
        let function = long_function(71);
        let fine = long_function(70);
        let tree = Tree::of(&[("a.rs", &file), ("b.rs", &function), ("c.rs", &fine)]);
        let findings = check(&tree, &Exceptions::default());
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert_eq!((findings[1].path.as_str(), findings[1].line), ("b.rs", 2));
        assert!(findings[1].message.starts_with("b has 71 lines"));
    }

    #[test]
    fn an_exception_holds_for_its_number_only() {
        let long = |lines| Exceptions {
            long: vec![Long { path: "b.rs".to_owned(), function: Some("b".to_owned()), lines }],
            allow: Vec::new(),
        };
        let function = long_function(75);
        let tree = Tree::of(&[("b.rs", &function)]);
        assert!(check(&tree, &long(75)).is_empty());
        assert_eq!(check(&tree, &long(74)).len(), 1);
        assert_eq!(check(&tree, &long(76)).len(), 1);
        assert_eq!(check(&Tree::default(), &long(75)).len(), 1);
    }

    #[test]
    fn comments_and_strings_do_not_count() {
        let text = "fn a() {\n    // c\n\n    let b = \"\n}\n\";\n    d();\n}\n";
        let found = functions(text);
        assert_eq!((found[0].function, found[0].lines), (Some("a"), 3));
    }
}
