//! ACL lines and conditions (manual 7.1, 7.2, 7.4).

use std::sync::Arc;

use keywords::criterion;
use sample::cast::castable;
use sample::{MatchKind, Patterns, Type};
use state::acl::{Acl, AclTest, Cond, Term};
use state::family::Words;

use super::expr::{Failure, name};
use super::nearest::hint;
use super::{Compile, site};

/// What HAProxy predefines, as the lines one would write (manual 7.4).
const PREDEFINED: &[(&str, &[&str])] = &[
    ("FALSE", &["always_false"]),
    ("HTTP", &["req.proto_http"]),
    ("HTTP_1.0", &["req.ver", "-m", "str", "1.0"]),
    ("HTTP_1.1", &["req.ver", "-m", "str", "1.1"]),
    ("HTTP_2.0", &["req.ver", "-m", "str", "2.0"]),
    ("HTTP_3.0", &["req.ver", "-m", "str", "3.0"]),
    ("HTTP_CONTENT", &["req.hdr_val(content-length)", "gt", "0"]),
    ("HTTP_URL_ABS", &["url", "-m", "reg", "^[^/:]*://"]),
    ("HTTP_URL_SLASH", &["url", "-m", "beg", "/"]),
    ("HTTP_URL_STAR", &["url", "-m", "str", "*"]),
    ("LOCALHOST", &["src", "127.0.0.1/8", "::1"]),
    ("METH_CONNECT", &["method", "CONNECT"]),
    ("METH_DELETE", &["method", "DELETE"]),
    ("METH_GET", &["method", "GET", "HEAD"]),
    ("METH_HEAD", &["method", "HEAD"]),
    ("METH_OPTIONS", &["method", "OPTIONS"]),
    ("METH_POST", &["method", "POST"]),
    ("METH_PUT", &["method", "PUT"]),
    ("METH_TRACE", &["method", "TRACE"]),
    ("RDP_COOKIE", &["req.rdp_cookie_cnt", "gt", "0"]),
    ("REQ_CONTENT", &["req.len", "gt", "0"]),
    ("TRUE", &["always_true"]),
    ("WAIT_END", &["wait_end"]),
];

/// The flags in front of an ACL's values.
#[derive(Default)]
struct Flags {
    fold: bool,
    as_map: bool,
    no_dns: bool,
    matching: Option<MatchKind>,
    /// `--` or a file: an empty list is meant.
    meant: bool,
    /// What the files gave; a set of its own from where `-i` comes after a file.
    sets: Vec<Patterns>,
}

impl Compile<'_> {
    /// Compiles what follows `acl`. Lines of one name add up.
    pub fn acl(&mut self, words: &[&str]) -> Result<(), String> {
        let (acl, rest) = words.split_first().ok_or("missing ACL name")?;
        if let Some(c) =
            acl.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | ':'))
        {
            return Err(format!("character '{c}' is not permitted in acl name '{acl}'"));
        }
        if *acl == "or" {
            return Err(format!(
                "acl name '{acl}' will never match. 'or' is used to express a logical disjunction within a condition"
            ));
        }
        let tests =
            self.tests(rest).map_err(|e| format!("error detected while parsing ACL '{acl}' : {e}"))?;
        let slot = self
            .acls
            .entry((*acl).into())
            .or_insert_with(|| Arc::new(Acl { name: (*acl).into(), tests: Vec::new() }));
        match Arc::get_mut(slot) {
            Some(acl) => acl.tests.extend(tests),
            None => return Err(format!("acl '{acl}' is completed after its first use")),
        }
        Ok(())
    }

    /// Compiles what begins with `if` or `unless`; none if there are no words.
    pub fn cond(&mut self, words: &[&str]) -> Result<Option<Cond>, String> {
        let unless = match words.first() {
            None => return Ok(None),
            Some(&"if") => false,
            Some(&"unless") => true,
            Some(other) => {
                return Err(format!(
                    "expects either 'if' or 'unless' followed by a condition but found '{other}'"
                ));
            }
        };
        let mut words = Words::new(words);
        words.advance(1);
        let mut any: Vec<Box<[Term]>> = Vec::new();
        let mut all: Vec<Term> = Vec::new();
        let mut negated = false;
        while let Some(word) = words.next() {
            if matches!(word, "or" | "||") {
                if !all.is_empty() {
                    any.push(std::mem::take(&mut all).into_boxed_slice());
                }
                negated = false;
                continue;
            }
            let bangs = word.len() - word.trim_start_matches('!').len();
            negated ^= bangs % 2 == 1;
            let word = word.trim_start_matches('!');
            if word.is_empty() {
                continue;
            }
            let acl = if word == "{" { self.anonymous(&mut words)? } else { self.named(word)? };
            self.warn_useless(&acl);
            all.push(Term { negated: std::mem::take(&mut negated), acl });
        }
        if !all.is_empty() {
            any.push(all.into_boxed_slice());
        }
        Ok(Some(Cond { unless, any: any.into_boxed_slice() }))
    }

    fn anonymous(&mut self, words: &mut Words<'_>) -> Result<Arc<Acl>, String> {
        let rest = words.rest();
        let end = rest.iter().position(|w| *w == "}").ok_or("missing closing '}' in condition")?;
        let tests = self.tests(rest.get(..end).unwrap_or_default())?;
        words.advance(end + 1);
        Ok(Arc::new(Acl { name: Box::default(), tests }))
    }

    pub(super) fn named(&mut self, name: &str) -> Result<Arc<Acl>, String> {
        if let Some(acl) = self.acls.get(name) {
            return Ok(Arc::clone(acl));
        }
        let Some((_, words)) = PREDEFINED.iter().find(|(n, _)| *n == name) else {
            let known = self.acls.keys().map(|k| &**k).chain(PREDEFINED.iter().map(|(n, _)| *n));
            return Err(format!("no such ACL : '{name}'{}", hint(name, known)));
        };
        let tests = self.tests(words)?;
        let acl = Arc::new(Acl { name: name.into(), tests });
        self.acls.insert(name.into(), Arc::clone(&acl));
        Ok(acl)
    }

    /// HAProxy lets an ACL stand where it can never match, and says so.
    fn warn_useless(&mut self, acl: &Acl) {
        let backend = self.home.backend.is_some();
        for test in &acl.tests {
            let fetch = test.expr.fetch;
            if !site::legal(fetch.needs, self.site, backend) {
                let which = if acl.name.is_empty() {
                    "anonymous acl".to_owned()
                } else {
                    format!("acl '{}'", acl.name)
                };
                self.warnings.push(format!(
                    "{which} will never match because it uses keyword '{}' which is incompatible with '{}'",
                    fetch.name,
                    self.site.words()
                ));
            }
        }
    }

    /// Compiles `criterion [flags] [operator] values...`: one test, or more if letter case matters only for a part of the
    /// values.
    fn tests(&mut self, words: &[&str]) -> Result<Vec<AclTest>, String> {
        let mut words = Words::new(words);
        let word = words.next().ok_or("missing fetch method in ACL expression ''")?;
        let (expr, implied) = self.criterion(word)?;
        let gives = expr.gives();
        let fetch = expr.fetch.name;
        let mut flags = Flags::default();
        let kind = self.flags(&mut words, &mut flags, |matching| match matching {
            Some(kind) => applicable(kind, gives, fetch),
            None => implied.or_else(|| default_for(gives)).ok_or_else(|| {
                format!(
                    "matching method must be specified first (using '-m') when using a sample fetch of this type \
                     ('{fetch}')"
                )
            }),
        })?;
        if flags.matching.is_some() && implied.is_some_and(|k| !matches!(k, MatchKind::Str | MatchKind::Meth))
        {
            self.warnings.push(overwritten(name(word).0));
        }
        if flags.sets.is_empty() {
            // Methods are compared as they are, whatever `-i` says.
            flags.sets.push(Patterns::new(kind, flags.fold && kind != MatchKind::Meth));
        }
        // HAProxy takes values for `bool` and `found` and never looks at them.
        if let Some(last) =
            flags.sets.last_mut().filter(|_| !matches!(kind, MatchKind::Bool | MatchKind::Found))
        {
            values(last, &mut words, flags.no_dns)?;
        }
        self.warn_empty(word, kind, &flags);
        let mut tests = Vec::with_capacity(flags.sets.len());
        let mut first = Some(expr);
        for patterns in flags.sets {
            let expr = match first.take() {
                Some(expr) => expr,
                None => self.criterion(word)?.0,
            };
            tests.push(AclTest { expr, patterns });
        }
        Ok(tests)
    }

    /// The expression of an ACL and the matching method its keyword implies.
    fn criterion(&mut self, word: &str) -> Result<(state::Expr, Option<MatchKind>), String> {
        let (first, rest) = name(word);
        if let Some((fetch, matching)) = criterion::find(first)
            && let Some(fetch) = keywords::fetch::find(fetch)
        {
            let (expr, rest) = self
                .expr_of(fetch, rest)
                .map_err(|e| format!("ACL keyword '{first}' : {}", unprefixed(e, fetch.name)))?;
            return match rest {
                "" if expr.steps.is_empty() => Ok((expr, Some(matching))),
                "" => {
                    if matching != MatchKind::Str && matching != MatchKind::Meth {
                        self.warnings.push(overwritten(first));
                    }
                    Ok((expr, None))
                }
                _ => Err(format!("ACL keyword '{first}' : missing comma after fetch keyword")),
            };
        }
        match self.expr_in(word) {
            Ok((expr, "")) => Ok((expr, None)),
            Ok(_) => Err(format!("missing comma after fetch keyword in ACL expression '{word}'")),
            Err(e) => Err(format!("{} in ACL expression '{word}'", e.text())),
        }
    }

    /// Takes the flags; gives the matching method in force. Files are loaded as they come, with the flags so far.
    fn flags(
        &mut self,
        words: &mut Words<'_>,
        flags: &mut Flags,
        method: impl Fn(Option<MatchKind>) -> Result<MatchKind, String>,
    ) -> Result<MatchKind, String> {
        while let Some(flag) = words.peek().filter(|w| w.starts_with('-') && w.len() > 1) {
            words.advance(1);
            match flag {
                "--" => {
                    flags.meant = true;
                    break;
                }
                "-i" => {
                    flags.fold = true;
                    if let Some(last) = flags.sets.last() {
                        flags.sets.push(Patterns::new(last.kind(), true));
                    }
                }
                "-n" => flags.no_dns = true,
                "-M" => flags.as_map = true,
                "-u" => {
                    let id = words.next().unwrap_or_default();
                    id.parse::<u32>().map_err(|_| "the argument of -u must be an integer".to_owned())?;
                }
                "-m" => {
                    let kind = words.next().unwrap_or_default();
                    if flags.matching.is_some() || !flags.sets.is_empty() {
                        return Err("'-m' must only be specified once and before patterns and files \
                                    when parsing ACL expression"
                            .to_owned());
                    }
                    let found = MatchKind::by_name(kind).filter(|k| *k != MatchKind::Meth);
                    flags.matching = Some(found.ok_or_else(|| {
                        format!("unknown matching method '{kind}' when parsing ACL expression")
                    })?);
                }
                "-f" => {
                    let path = words.next().ok_or("'-f' expects a file name")?;
                    if flags.sets.is_empty() {
                        flags.sets.push(Patterns::new(method(flags.matching)?, flags.fold));
                    }
                    self.load(path, flags)?;
                    flags.meant = true;
                }
                other => {
                    return Err(format!(
                        "'{other}' is not a valid ACL option. Please use '--' before any pattern beginning with a '-'"
                    ));
                }
            }
        }
        method(flags.matching)
    }

    /// Adds the lines of a pattern file (manual 2.7): blank lines and those that begin with `#` don't count.
    fn load(&mut self, path: &str, flags: &mut Flags) -> Result<(), String> {
        let (as_map, no_dns) = (flags.as_map, flags.no_dns);
        let Some(into) = flags.sets.last_mut() else { return Ok(()) };
        let content = self.names.read(path).map_err(|_| format!("failed to open pattern file <{path}>"))?;
        for (i, line) in content.split(|b| *b == b'\n').enumerate() {
            if line.first() == Some(&b'#') {
                continue;
            }
            let mut line = line.trim_ascii_start();
            line = line.strip_suffix(b"\r").unwrap_or(line);
            if as_map {
                line = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
            }
            if !line.is_empty() {
                add(into, line, no_dns).map_err(|e| format!("{e} at line {} of file <{path}>", i + 1))?;
            }
        }
        Ok(())
    }

    fn warn_empty(&mut self, word: &str, kind: MatchKind, flags: &Flags) {
        let pointless = !matches!(kind, MatchKind::Found | MatchKind::Bool);
        if pointless && !flags.meant && flags.sets.iter().all(Patterns::is_empty) {
            self.warnings.push(format!(
                "parsing acl keyword '{word}' :\n  no pattern to match against were provided, so this ACL will never \
                 match.\n  If this is what you intended, please add '--' to get rid of this warning.\n  If you \
                 intended to match only for existence, please use '-m found'.\n  If you wanted to force an int to \
                 match as a bool, please use '-m bool'.\n"
            ));
        }
    }
}

/// An error of a fetch without its first words, where the ACL's own come in their place.
fn unprefixed(failure: Failure, fetch: &str) -> String {
    let text = failure.text();
    let prefix = format!("fetch method '{fetch}' : ");
    text.strip_prefix(&prefix).map_or_else(|| text.clone(), str::to_owned)
}

/// The method an ACL uses for a sample of this type when neither keyword nor `-m` says so.
fn default_for(gives: Type) -> Option<MatchKind> {
    match gives {
        Type::Str => Some(MatchKind::Str),
        Type::Meth => None,
        other => MatchKind::default_for(other),
    }
}

/// Checks that a sample of this type can be compared by the method (manual 7.1, the matrix).
fn applicable(kind: MatchKind, gives: Type, fetch: &str) -> Result<MatchKind, String> {
    let ok = match (kind, gives) {
        (MatchKind::Found, _) | (_, Type::Any) => true,
        (MatchKind::Bool, _) => matches!(gives, Type::Bool | Type::Sint | Type::Str),
        (MatchKind::Int, _) => !matches!(gives, Type::Bin | Type::Meth | Type::Ipv6),
        (MatchKind::Ip, _) => matches!(gives, Type::Addr | Type::Ipv4 | Type::Ipv6 | Type::Str | Type::Sint),
        _ => castable(gives, kind.expects()),
    };
    let method = method_name(kind);
    ok.then_some(kind)
        .ok_or_else(|| format!("matching method '{method}' cannot be used with fetch keyword '{fetch}'"))
}

const fn method_name(kind: MatchKind) -> &'static str {
    match kind {
        MatchKind::Found => "found",
        MatchKind::Bool => "bool",
        MatchKind::Int => "int",
        MatchKind::Ip => "ip",
        MatchKind::Bin => "bin",
        MatchKind::Len => "len",
        MatchKind::Str => "str",
        MatchKind::Beg => "beg",
        MatchKind::Sub => "sub",
        MatchKind::Dir => "dir",
        MatchKind::Dom => "dom",
        MatchKind::End => "end",
        MatchKind::Reg => "reg",
        MatchKind::Meth => "meth",
    }
}

fn overwritten(keyword: &str) -> String {
    format!("original matching method '{keyword}' was overwritten and will not be applied as expected")
}

/// Adds the values; for integers, an operator applies to those after it.
fn values(patterns: &mut Patterns, words: &mut Words<'_>, no_dns: bool) -> Result<(), String> {
    let numeric = matches!(patterns.kind(), MatchKind::Int | MatchKind::Len);
    let mut operator = "eq";
    for word in words {
        if !numeric {
            add(patterns, word.as_bytes(), no_dns)?;
        } else if matches!(word, "eq" | "ge" | "gt" | "le" | "lt") {
            operator = word;
        } else {
            let (low, high) = range(operator, word)?;
            patterns.add_range(low, high);
        }
    }
    Ok(())
}

/// The inclusive range that an operator and its operand stand for.
fn range(operator: &str, word: &str) -> Result<(i64, i64), String> {
    if operator == "eq"
        && let Some((low, high)) = word.split_once(':')
    {
        let bad = || format!("'{word}' is not a valid number range");
        let bound = |text: &str, open: i64| {
            if text.is_empty() { Ok(open) } else { text.parse().map_err(|_| bad()) }
        };
        let (low, high) = (bound(low, i64::MIN)?, bound(high, i64::MAX)?);
        return if low <= high { Ok((low, high)) } else { Err(bad()) };
    }
    let n: i64 = word.parse().map_err(|_| match operator {
        "eq" => format!("'{word}' is not a number"),
        _ => format!("'{word}' is neither a number nor a supported operator"),
    })?;
    Ok(match operator {
        "ge" => (n, i64::MAX),
        "gt" => (n.checked_add(1).ok_or("number too large")?, i64::MAX),
        "le" => (i64::MIN, n),
        "lt" => (i64::MIN, n.checked_sub(1).ok_or("number too small")?),
        _ => (n, n),
    })
}

/// Adds one pattern. A host's name stands for its IPv4 addresses, looked up now, unless `-n` forbids it.
fn add(patterns: &mut Patterns, text: &[u8], no_dns: bool) -> Result<(), String> {
    let Err(error) = patterns.add(text) else { return Ok(()) };
    let host = std::str::from_utf8(text).ok().filter(|t| !t.is_empty() && !t.contains([':', '/']));
    let Some(host) = host.filter(|_| patterns.kind() == MatchKind::Ip && !no_dns) else {
        return Err(error.0);
    };
    let mut found = false;
    for address in std::net::ToSocketAddrs::to_socket_addrs(&(host, 0)).into_iter().flatten() {
        if address.is_ipv4() {
            patterns.add(address.ip().to_string().as_bytes()).map_err(|e| e.0)?;
            found = true;
        }
    }
    if found { Ok(()) } else { Err(error.0) }
}
