//! What stands in a keyword's parentheses: cutting it into arguments (manual 2.2, its last part) and giving each the
//! type its keyword declares.

use std::net::{Ipv4Addr, Ipv6Addr};

use sample::arg::{Arg, ArgKind, ArgSpec, Args, Made, Output, Reading, Scope, Unread, VarRef, Written};
use sample::cast::address;
use sample::pattern::{Regex, mask_v4, mask_v6};
use sample::{Value, View};
use state::reference::Role;

use state::table::KeyKind;

use super::Compile;
use super::list::Use;
use super::names::Names;

/// One argument as written, quotes and escapes resolved.
type Text = String;

/// Cuts `text`, which begins after the opening parenthesis, at the commas outside of quotes, for at most `most`
/// arguments. Gives them and what follows the closing parenthesis; none at all for `()`. An error comes with the number of
/// the argument, from 1, where it is.
pub(super) fn cut(text: &str, most: usize) -> Result<(Vec<Text>, &str), (usize, String)> {
    let mut args = Vec::new();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix(')') {
        return Ok((args, after));
    }
    while args.len() < most {
        let (arg, after) = one(rest).map_err(|e| (args.len() + 1, e))?;
        args.push(arg);
        rest = after;
        if let Some(after) = rest.strip_prefix(')') {
            return Ok((args, after));
        }
        if args.len() == most {
            break;
        }
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    Err(match rest {
        "" => (args.len().max(2), "expected ')'".to_owned()),
        rest => (args.len() + 1, format!("expected ')' before '{rest}'")),
    })
}

/// One argument up to an unquoted comma or closing parenthesis, which stays in the rest.
fn one(text: &str) -> Result<(Text, &str), String> {
    let mut arg = String::new();
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let rest = text.get(at..).unwrap_or_default();
        match (c, quote) {
            (',' | ')', None) => return Ok((arg, rest)),
            ('"' | '\'', None) => quote = Some(c),
            ('"' | '\'', Some(open)) if open == c => quote = None,
            ('\\', None | Some('"')) => {
                let next = rest.chars().nth(1);
                let resolved = match next {
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some(n @ ('\\' | '"' | '\'' | ' ')) => n,
                    _ => {
                        arg.push('\\');
                        continue;
                    }
                };
                chars.next();
                arg.push(resolved);
            }
            _ => arg.push(c),
        }
    }
    match quote {
        Some(open) => Err(format!("unquoted or unmatched quote {open} in argument list")),
        None => Ok((arg, "")),
    }
}

/// What is wrong with arguments.
pub(super) struct Wrong {
    /// Which of them, from 1, where it is its form; none where it's what the keyword makes of it.
    pub(super) position: Option<usize>,
    pub(super) text: String,
}

/// Types the arguments of one keyword. Fills in the proxy at hand where the keyword takes one and none is given.
pub(super) fn typed(compile: &mut Compile<'_>, specs: &[ArgSpec], given: &[Text]) -> Result<Args, Wrong> {
    let needed = specs.iter().rposition(|s| s.required).map_or(0, |p| p + 1);
    let fold =
        specs.iter().zip(given).any(|(spec, text)| spec.kind == ArgKind::RegexFlags && text.contains('i'));
    let textual = specs.first().is_some_and(|spec| spec.kind.name() == "string");
    let mut values = vec![None; specs.len()];
    // Files are read when all else is right.
    let is_map = |(_, spec): &(usize, &ArgSpec)| matches!(spec.kind, ArgKind::Map(..));
    let (maps, others): (Vec<_>, Vec<_>) = specs.iter().enumerate().partition(is_map);
    for (i, spec) in others.into_iter().chain(maps) {
        let position = i + 1;
        // HAProxy takes a string that is missing for an empty one when it is the first.
        let read = matches!(spec.kind, ArgKind::Own(own) if own.absent);
        let read = read || i == 0 && textual && spec.required;
        let text = given.get(i).map(String::as_str).or(read.then_some(""));
        let value = match text {
            Some(text) if !text.is_empty() || reads_nothing(spec) => {
                let before = values.get(..i).unwrap_or_default();
                Some(compile.arg(spec, text, before, fold)?)
            }
            // A table stands for itself only where no other argument is given.
            _ if spec.kind == ArgKind::Table && i > 0 => None,
            _ => compile.absent(spec, position).map_err(|e| wrong(position, e))?,
        };
        if value.is_none() && position <= needed && !(i == 0 && textual) {
            let kind = spec.kind.name();
            let got = given.len().max(usize::from(textual));
            let text = if (1..=i).contains(&got) {
                format!("missing arguments (got {got}/{needed}), type '{kind}' expected")
            } else {
                format!("expected type '{kind}' at position {position}, but got nothing")
            };
            return Err(wrong(position, text));
        }
        if let Some(slot) = values.get_mut(i) {
            *slot = value;
        }
    }
    Ok(Args::new(values))
}

const fn wrong(position: usize, text: String) -> Wrong {
    Wrong { position: Some(position), text }
}

/// Whether an empty text is something to read for an argument of this kind.
const fn reads_nothing(spec: &ArgSpec) -> bool {
    match spec.kind {
        ArgKind::Str => true,
        ArgKind::Own(own) => own.absent || spec.required,
        ArgKind::Var | ArgKind::Hex | ArgKind::IntOrVar | ArgKind::OneOf(..) => spec.required,
        ArgKind::Map(..) | ArgKind::Acl => spec.required,
        _ => false,
    }
}

impl Compile<'_> {
    /// The argument behind `before`.
    fn arg(&mut self, spec: &ArgSpec, text: &str, before: &[Option<Arg>], fold: bool) -> Result<Arg, Wrong> {
        let position = before.len() + 1;
        let read = match spec.kind {
            ArgKind::Own(own) => (own.read)(&Written { text, before }, self),
            ArgKind::IntOf(list, refusal) => match text.parse() {
                Ok(n) if list.contains(&n) => Ok(Arg::Sint(n)),
                Ok(_) => Err(Unread::Says(refusal.replace("{}", text))),
                Err(_) => Err(Unread::Form),
            },
            ArgKind::IntOrName(names) => {
                let named = names.iter().find(|(name, _)| *name == text).map(|(_, n)| *n);
                let number = named.or_else(|| byte(text)).map(Arg::Sint);
                number.ok_or_else(|| Unread::Says(format!("Could not convert type '{text}'")))
            }
            kind if kind.name() == "string" => self.text_arg(kind, text).map_err(Unread::Says),
            _ => return self.plain(spec, text, position, fold).map_err(|text| wrong(position, text)),
        };
        read.map_err(|e| match e {
            Unread::Form => {
                let kind = spec.kind.name();
                wrong(position, format!("failed to parse '{text}' as type '{kind}' at position {position}"))
            }
            Unread::Says(text) => Wrong { position: None, text },
        })
    }

    /// An argument that is text to HAProxy, which looks into it afterwards.
    fn text_arg(&mut self, kind: ArgKind, text: &str) -> Result<Arg, String> {
        let shown = |template: &str| template.replace("{}", text);
        Ok(match kind {
            ArgKind::IntOrVar if text.is_empty() => Arg::Sint(0),
            ArgKind::IntOrVar => match text.parse() {
                Ok(n) => Arg::Sint(n),
                Err(_) => {
                    Arg::Var(var(self.names, text).map_err(|_| "expects an integer or a variable name")?)
                }
            },
            ArgKind::OneOf(list, refusal) if !list.contains(&text) => {
                return Err(shown(refusal));
            }
            ArgKind::Hex => Arg::Str(unhex(text)?),
            ArgKind::Var => Arg::Var(var(self.names, text)?),
            ArgKind::Map(view, output) => self.map(text, view, output)?,
            ArgKind::MapAddress => match address(text.as_bytes()) {
                Some(Value::Ipv4(a)) => Arg::Ipv4(a),
                Some(Value::Ipv6(a)) => Arg::Ipv6(a),
                _ => return Err(format!("map: cannot parse default ip <{text}>.")),
            },
            ArgKind::Acl => {
                let name = text.trim_start_matches('!');
                let negated = (text.len() - name.len()) % 2 == 1;
                Arg::Acl(self.acl_number(name)?, negated)
            }
            ArgKind::RegexFlags => match text.chars().find(|c| !matches!(c, 'g' | 'i')) {
                Some(c) => return Err(format!("invalid regex flag '{c}', only 'i' and 'g' are supported")),
                None => Arg::Str(sample::text::boxed(text)),
            },
            _ => Arg::Str(sample::text::boxed(text)),
        })
    }

    /// An argument whose form says what it is.
    fn plain(&mut self, spec: &ArgSpec, text: &str, position: usize, fold: bool) -> Result<Arg, String> {
        let bad = || {
            let kind = spec.kind.name();
            format!("failed to parse '{text}' as type '{kind}' at position {position}")
        };
        Ok(match spec.kind {
            ArgKind::Sint => Arg::Sint(integer(text).ok_or_else(bad)?),
            ArgKind::Time => Arg::TimeMs(duration_ms(text).ok_or_else(bad)?),
            ArgKind::Size => Arg::Size(size(text).ok_or_else(bad)?),
            ArgKind::Ipv4 => Arg::Ipv4(text.parse().map_err(|_| bad())?),
            ArgKind::Ipv6 => Arg::Ipv6(text.parse().map_err(|_| bad())?),
            ArgKind::Mask4 => Arg::Ipv4(Ipv4Addr::from(mask_v4(text).ok_or_else(bad)?)),
            ArgKind::Mask6 => {
                let mask = mask_v6(text).map(Ipv6Addr::from).or_else(|| text.parse().ok());
                Arg::Ipv6(mask.ok_or_else(bad)?)
            }
            ArgKind::Frontend => Arg::Frontend(
                *self.names.frontends.get(text).ok_or_else(|| unable("frontend", text, position))?,
            ),
            ArgKind::Backend => Arg::Backend(self.backend(text, position)?),
            ArgKind::Server => self.server(text, position)?,
            ArgKind::Table => Arg::Table(self.table_at(text, position)?.0),
            ArgKind::Regex => {
                Arg::Regex(Box::new(Regex::new(&sample::text::bytes(text), fold).map_err(|e| e.0)?))
            }
            ArgKind::Userlist => Arg::Userlist(
                *self.names.userlists.get(text).ok_or_else(|| unable("userlist", text, position))?,
            ),
            // What is not read here.
            ArgKind::Str
            | ArgKind::IntOf(..)
            | ArgKind::IntOrName(_)
            | ArgKind::IntOrVar
            | ArgKind::OneOf(..)
            | ArgKind::Hex
            | ArgKind::Var
            | ArgKind::RegexFlags
            | ArgKind::Map(..)
            | ArgKind::MapAddress
            | ArgKind::Acl
            | ArgKind::Own(_) => return Err(bad()),
        })
    }

    /// A map by the name of its file.
    fn map(&mut self, name: &str, view: View, output: Output) -> Result<Arg, String> {
        let how = Use { role: Role::Map, keyword: None, view: Some(view), output, resolve: true };
        self.file_list(name, how).map(|(position, _)| Arg::Map(position))
    }

    /// What a proxy argument that was left out stands for: the proxy at hand.
    fn absent(&mut self, spec: &ArgSpec, position: usize) -> Result<Option<Arg>, String> {
        let lacks = |what: &str| format!("proxy '{}' has not {what} capability", self.home.name);
        Ok(match spec.kind {
            ArgKind::Frontend => Some(Arg::Frontend(self.home.frontend.ok_or_else(|| lacks("frontend"))?)),
            ArgKind::Backend => Some(Arg::Backend(self.home.backend.ok_or_else(|| lacks("backend"))?)),
            ArgKind::Table if spec.required => Some(Arg::Table(self.table_at(self.home.name, position)?.0)),
            _ => None,
        })
    }

    /// The position of a stick table in the World, and what it is keyed by.
    pub(super) fn table_at(&self, name: &str, position: usize) -> Result<(u32, KeyKind), String> {
        self.names.tables.get(name).copied().ok_or_else(|| unable("table", name, position))
    }

    fn backend(&self, name: &str, position: usize) -> Result<u32, String> {
        self.names.backends.get(name).copied().ok_or_else(|| unable("backend", name, position))
    }

    fn server(&self, text: &str, position: usize) -> Result<Arg, String> {
        let (proxy, backend, name) = match text.split_once('/') {
            Some((proxy, name)) => (proxy, Some(self.backend(proxy, position)?), name),
            None => (self.home.name, self.home.backend, text),
        };
        backend.and_then(|b| Some(Arg::Server(b, self.names.server(b, name)?))).ok_or_else(|| {
            format!("unable to find server '{name}' in proxy '{proxy}', referenced in arg {position}")
        })
    }
}

fn unable(what: &str, name: &str, position: usize) -> String {
    format!("unable to find {what} '{name}' referenced in arg {position}")
}

impl Reading for Compile<'_> {
    fn var(&mut self, name: &str) -> Result<VarRef, String> {
        var(self.names, name)
    }

    fn file(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.names.read(path).map_err(|e| e.to_string())
    }

    fn acl(&mut self, name: &str) -> Result<Made, String> {
        self.named(name).map(Made::new)
    }

    fn keep(&mut self, path: &str, made: Made) {
        self.names.kept.insert(path.into(), made);
    }

    fn verify_with(&mut self, certificate: &str) {
        let all = &self.names.certificates;
        if !all.sealed && !all.known.contains_key(certificate) {
            let text = self.names.read(certificate).unwrap_or_default();
            if state::tls::cert::certificates(&text).is_err() {
                self.warnings.push(format!(
                    "there is no certificate in '{certificate}': tokens are not verified until it is loaded."
                ));
            }
        }
        let all = &mut self.names.certificates;
        all.known.insert(certificate.into(), true);
        all.wanted.insert(certificate.into());
    }

    fn may_decrypt_with(&mut self, certificate: &str) -> Option<bool> {
        let all = &self.names.certificates;
        all.known.get(certificate).copied().or(all.sealed.then_some(true))
    }

    fn has_ring(&self, name: &str) -> bool {
        self.names.rings.contains(name)
    }

    fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }
}

/// Resolves `scope.name` (manual 2.8).
pub(super) fn var(names: &mut Names, text: &str) -> Result<VarRef, String> {
    let unknown = || {
        format!(
            "invalid variable name '{text}'. A variable name must start with its scope. The scope can be 'proc', \
             '(p)sess', '(p)txn', '(p)req', '(p)res' or 'check'"
        )
    };
    if text.is_empty() {
        return Err("Empty variable name cannot be accepted".to_owned());
    }
    let (scope, name) = text.split_once('.').ok_or_else(unknown)?;
    let scope = match scope {
        "proc" => Scope::Proc,
        "sess" => Scope::Sess,
        "txn" => Scope::Txn,
        "req" => Scope::Req,
        "res" => Scope::Res,
        "check" => Scope::Check,
        "psess" | "ptxn" | "preq" | "pres" => Scope::Parent,
        _ => return Err(unknown()),
    };
    match name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.')) {
        Some(c) => Err(format!("invalid syntax at char '{c}'")),
        None if name.is_empty() => Err(unknown()),
        None => Ok(VarRef { scope, id: names.var(name) }),
    }
}

/// The bytes an even number of hexadecimal digits stands for.
fn unhex(text: &str) -> Result<Box<[u8]>, String> {
    if text.is_empty() {
        return Err("hex digits are expected".to_owned());
    }
    if !text.len().is_multiple_of(2) {
        return Err("an even number of hex digit is expected".to_owned());
    }
    let digit = |c: char| c.to_digit(16).ok_or_else(|| format!("an hex digit is expected (found '{c}')"));
    let digits: Vec<u32> = text.chars().map(digit).collect::<Result<_, _>>()?;
    let pair = |pair: &[u32]| pair.iter().fold(0u8, |byte, digit| byte << 4 | (digit & 15) as u8);
    Ok(digits.chunks_exact(2).map(pair).collect())
}

/// A duration in milliseconds from `5`, `5ms`, `5s`, `5m`, `5h`, `5d`, `5us`.
pub fn duration_ms(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text.get(..end)?.parse().ok()?;
    match text.get(end..)? {
        "" | "ms" => Some(number),
        "us" => Some(number.div_ceil(1000)),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        "d" => number.checked_mul(86_400_000),
        _ => None,
    }
}

/// A size in bytes from `5`, `5k`, `5m`, `5g` in either case.
pub fn size(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text.get(..end)?.parse().ok()?;
    match text.get(end..)? {
        "" => Some(number),
        "k" | "K" => number.checked_mul(1 << 10),
        "m" | "M" => number.checked_mul(1 << 20),
        "g" | "G" => number.checked_mul(1 << 30),
        _ => None,
    }
}

/// An integer; one that is too large is the largest there is.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let most = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(most))
}

/// A number that fits into a byte, as C writes it.
fn byte(text: &str) -> Option<i64> {
    let n = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u8::from_str_radix(digits, 16).ok()?,
        None => text.parse::<u8>().ok()?,
    };
    Some(i64::from(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_commas_outside_of_quotes() {
        let cut = |text| cut(text, 3).map(|(args, rest)| (args.join("|"), rest.to_owned()));
        assert_eq!(cut("a,b,c),x"), Ok(("a|b|c".to_owned(), ",x".to_owned())));
        assert_eq!(cut("'(a,b)',\" c\")"), Ok(("(a,b)| c".to_owned(), String::new())));
        assert_eq!(cut("a\\\"b,\\n,)"), Ok(("a\"b|\n|".to_owned(), String::new())));
        assert_eq!(cut("a,b,c,d)"), Err((4, "expected ')' before ',d)'".to_owned())));
        assert_eq!(cut("a,b"), Err((3, "expected ')'".to_owned())));
        assert_eq!(cut(")x"), Ok((String::new(), "x".to_owned())));
    }

    #[test]
    fn numbers_by_name_are_numbers() {
        let mut names = Names::default();
        let mut compile = Compile::new(&mut names, super::super::Home::default());
        let spec = ArgSpec::required("id", ArgKind::IntOrName(&[("SSL", 0x20)]));
        for (text, expected) in [("0xEA", Some(0xea)), ("SSL", Some(0x20)), ("7", Some(7)), ("x", None)] {
            let read = typed(&mut compile, &[spec], &[text.to_owned()]).ok();
            assert_eq!(read.and_then(|args| args.int(0)), expected, "{text}");
        }
    }

    #[test]
    fn durations_and_sizes() {
        assert_eq!(duration_ms("5s"), Some(5000));
        assert_eq!(duration_ms("5x"), None);
        assert_eq!(duration_ms("99999999999999999999"), None);
        assert_eq!(size("16k"), Some(16384));
    }
}
