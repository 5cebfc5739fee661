//! What stands in a keyword's parentheses: cutting it into arguments (manual 2.2, its last part) and giving each the
//! type its keyword declares.

use std::net::{Ipv4Addr, Ipv6Addr};

use sample::arg::{Arg, ArgKind, ArgSpec, Args, Scope, VarRef};
use sample::pattern::{mask_v4, mask_v6, regex};

use super::Compile;
use super::names::Names;

/// One argument as written, quotes and escapes resolved.
type Text = String;

/// Cuts `text`, which begins after the opening parenthesis, at the commas outside of quotes, for at most `most`
/// arguments. Gives them and what follows the closing parenthesis; none at all for `()`.
pub(super) fn cut(text: &str, most: usize) -> Result<(Vec<Text>, &str), String> {
    let mut args = Vec::new();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix(')') {
        return Ok((args, after));
    }
    while args.len() < most {
        let (arg, after) = one(rest)?;
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
        "" => "expected ')'".to_owned(),
        rest => format!("expected ')' before '{rest}'"),
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

/// Types the arguments of one keyword. Fills in the proxy at hand where the keyword takes one and none is given. An
/// error comes with the position of the argument, from 1.
pub(super) fn typed(
    compile: &mut Compile<'_>,
    specs: &[ArgSpec],
    given: &[Text],
) -> Result<Args, (usize, String)> {
    let needed = specs.iter().rposition(|s| s.required).map_or(0, |p| p + 1);
    let fold =
        specs.iter().zip(given).any(|(spec, text)| spec.kind == ArgKind::RegexFlags && text.contains('i'));
    let mut values = Vec::with_capacity(specs.len());
    for (i, spec) in specs.iter().enumerate() {
        let position = i + 1;
        let value = match given.get(i) {
            Some(text) if !text.is_empty() || spec.kind == ArgKind::Str => {
                Some(compile.arg(spec, text, position, fold).map_err(|e| (position, e))?)
            }
            _ => compile.absent(spec).map_err(|e| (position, e))?,
        };
        // HAProxy takes a string that is missing for an empty one when it is the first.
        if value.is_none() && position <= needed && (i > 0 || spec.kind != ArgKind::Str) {
            let kind = type_name(spec.kind);
            let got = given.len();
            return Err((
                position,
                if (1..=i).contains(&got) {
                    format!("missing arguments (got {got}/{needed}), type '{kind}' expected")
                } else {
                    format!("expected type '{kind}' at position {position}, but got nothing")
                },
            ));
        }
        values.push(value);
    }
    Ok(Args::new(values))
}

impl Compile<'_> {
    fn arg(&mut self, spec: &ArgSpec, text: &str, position: usize, fold: bool) -> Result<Arg, String> {
        let bad = || {
            let kind = type_name(spec.kind);
            format!("failed to parse '{text}' as type '{kind}' at position {position}")
        };
        Ok(match spec.kind {
            ArgKind::Str => Arg::Str(text.as_bytes().into()),
            ArgKind::Sint => Arg::Sint(text.parse().map_err(|_| bad())?),
            ArgKind::IntOrVar => match text.parse() {
                Ok(n) => Arg::Sint(n),
                Err(_) => Arg::Var(
                    var(self.names, text).map_err(|_| "expects an integer or a variable name".to_owned())?,
                ),
            },
            ArgKind::IntOf(list) => match text.parse() {
                Ok(n) if list.contains(&n) => Arg::Sint(n),
                _ => return Err(format!("expects one of {list:?}, got '{text}'")),
            },
            ArgKind::IntOrName(names) => match names.iter().find(|(name, _)| *name == text) {
                Some((_, n)) => Arg::Sint(*n),
                None => Arg::Sint(byte(text).ok_or_else(|| format!("Could not convert type '{text}'"))?),
            },
            ArgKind::OneOf(list) if list.contains(&text) => Arg::Str(text.as_bytes().into()),
            ArgKind::OneOf(list) => {
                return Err(format!("expects one of '{}', got '{text}'", list.join("', '")));
            }
            ArgKind::Hex => Arg::Str(unhex(text).ok_or_else(bad)?),
            ArgKind::RegexFlags => match text.chars().find(|c| !matches!(c, 'g' | 'i')) {
                Some(c) => return Err(format!("invalid regex flag '{c}', only 'i' and 'g' are supported")),
                None => Arg::Str(text.as_bytes().into()),
            },
            ArgKind::Time => Arg::TimeMs(duration_ms(text).ok_or_else(bad)?),
            ArgKind::Size => Arg::Size(size(text).ok_or_else(bad)?),
            ArgKind::Ipv4 => Arg::Ipv4(text.parse().map_err(|_| bad())?),
            ArgKind::Ipv6 => Arg::Ipv6(text.parse().map_err(|_| bad())?),
            ArgKind::Mask4 => Arg::Ipv4(Ipv4Addr::from(mask_v4(text).ok_or_else(bad)?)),
            ArgKind::Mask6 => Arg::Ipv6(Ipv6Addr::from(mask_v6(text).ok_or_else(bad)?)),
            ArgKind::Frontend => Arg::Frontend(
                *self.names.frontends.get(text).ok_or_else(|| unable("frontend", text, position))?,
            ),
            ArgKind::Backend => Arg::Backend(self.backend(text, position)?),
            ArgKind::Server => self.server(text, position)?,
            ArgKind::Table => {
                Arg::Table(*self.names.tables.get(text).ok_or_else(|| unable("table", text, position))?)
            }
            ArgKind::Var => Arg::Var(var(self.names, text)?),
            ArgKind::Regex => Arg::Regex(Box::new(regex(text.as_bytes(), fold).map_err(|e| e.0)?)),
            ArgKind::Map => return Err(format!("maps are not supported yet ('{text}')")),
            ArgKind::Userlist => Arg::Userlist(
                *self.names.userlists.get(text).ok_or_else(|| unable("userlist", text, position))?,
            ),
        })
    }

    /// What a proxy argument that was left out stands for: the proxy at hand.
    fn absent(&mut self, spec: &ArgSpec) -> Result<Option<Arg>, String> {
        let lacks = |what: &str| format!("proxy '{}' has not {what} capability", self.home.name);
        Ok(match spec.kind {
            ArgKind::Frontend => Some(Arg::Frontend(self.home.frontend.ok_or_else(|| lacks("frontend"))?)),
            ArgKind::Backend => Some(Arg::Backend(self.home.backend.ok_or_else(|| lacks("backend"))?)),
            _ => None,
        })
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

/// Resolves `scope.name` (manual 2.8).
pub(super) fn var(names: &mut Names, text: &str) -> Result<VarRef, String> {
    let unknown = || {
        format!(
            "invalid variable name '{text}'. A variable name must start with its scope. The scope can be 'proc', \
             '(p)sess', '(p)txn', '(p)req', '(p)res' or 'check'"
        )
    };
    let (scope, name) = text.split_once('.').ok_or_else(unknown)?;
    let scope = match scope {
        "proc" => Scope::Proc,
        "sess" => Scope::Sess,
        "txn" => Scope::Txn,
        "req" => Scope::Req,
        "res" => Scope::Res,
        "check" => Scope::Check,
        "psess" | "ptxn" | "preq" | "pres" => {
            return Err(format!("the parent stream's scope '{scope}' of '{text}' is not supported yet"));
        }
        _ => return Err(unknown()),
    };
    match name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.')) {
        Some(c) => Err(format!("invalid syntax at char '{c}'")),
        None if name.is_empty() => Err(unknown()),
        None => Ok(VarRef { scope, id: names.var(name) }),
    }
}

/// The bytes an even number of hexadecimal digits stands for.
fn unhex(text: &str) -> Option<Box<[u8]>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|d| d.len().is_multiple_of(2))?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair.first()? * 16 + pair.last()?).ok()).collect()
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

/// HAProxy's name for a kind of argument.
/// A number that fits into a byte, as C writes it.
fn byte(text: &str) -> Option<i64> {
    let n = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u8::from_str_radix(digits, 16).ok()?,
        None => text.parse::<u8>().ok()?,
    };
    Some(i64::from(n))
}

pub(super) const fn type_name(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::Str | ArgKind::IntOrVar | ArgKind::OneOf(_) | ArgKind::RegexFlags => "string",
        ArgKind::Sint | ArgKind::IntOf(_) | ArgKind::IntOrName(_) => "integer",
        ArgKind::Hex => "hexadecimal digits",
        ArgKind::Time => "delay",
        ArgKind::Size => "size",
        ArgKind::Ipv4 => "IPv4 address",
        ArgKind::Ipv6 => "IPv6 address",
        ArgKind::Mask4 => "IPv4 mask",
        ArgKind::Mask6 => "IPv6 mask",
        ArgKind::Frontend => "frontend",
        ArgKind::Backend => "backend",
        ArgKind::Server => "server",
        ArgKind::Table => "table",
        ArgKind::Var => "variable",
        ArgKind::Regex => "regex",
        ArgKind::Map => "map",
        ArgKind::Userlist => "user list",
    }
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
        assert_eq!(cut("a,b,c,d)"), Err("expected ')' before ',d)'".to_owned()));
        assert_eq!(cut("a,b"), Err("expected ')'".to_owned()));
        assert_eq!(cut(")x"), Ok((String::new(), "x".to_owned())));
    }

    #[test]
    fn durations_and_sizes() {
        assert_eq!(duration_ms("5s"), Some(5000));
        assert_eq!(duration_ms("5x"), None);
        assert_eq!(duration_ms("99999999999999999999"), None);
        assert_eq!(size("16k"), Some(16384));
    }
}
