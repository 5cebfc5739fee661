//! Sample expressions: `fetch(args),conv(args),...` (manual 7.3).

use keywords::{convert, fetch};
use sample::Type;
use sample::cast::castable;
use state::Expr;
use state::expr::{Side, Step};
use state::family::{Fetch, Needs, RuleSet, Words};

use super::arg::{cut, typed};
use super::nearest::hint;
use super::{Compile, Site, site};

/// Why a word is no expression.
pub(super) enum Failure {
    /// The first name is no fetch: the caller may know other names.
    NoFetch(String),
    Other(String),
}

impl Failure {
    pub(super) fn text(self) -> String {
        match self {
            Self::NoFetch(text) | Self::Other(text) => text,
        }
    }
}

impl Compile<'_> {
    /// Compiles the expression at the front of `text` with the converters that commas join to it; gives what follows.
    pub(super) fn expr_in<'t>(&mut self, text: &'t str) -> Result<(Expr, &'t str), Failure> {
        let (name, rest) = name(text);
        if name.is_empty() {
            return Err(Failure::Other("missing fetch method".to_owned()));
        }
        let Some(fetch) = fetch::find(name) else {
            let known = fetch::ALL.iter().flat_map(|file| file.iter()).map(|k| k.name);
            let hint = hint(name, known);
            return Err(Failure::NoFetch(format!("unknown fetch method '{name}'{hint}")));
        };
        self.expr_of(fetch, rest)
    }

    /// Compiles what follows a fetch's name: its arguments, then the converters that commas join to it.
    pub(super) fn expr_of<'t>(
        &mut self,
        fetch: &'static Fetch,
        text: &'t str,
    ) -> Result<(Expr, &'t str), Failure> {
        let name = fetch.name;
        self.note_look(fetch.needs);
        let error = |text: String| Failure::Other(format!("fetch method '{name}' : {text}"));
        let (given, mut rest) = inside(text, fetch.args.len()).map_err(|(_, e)| error(e))?;
        let args = typed(self, fetch.args, &given).map_err(|wrong| match wrong.position {
            Some(_) => error(wrong.text),
            None => Failure::Other(format!("invalid args in fetch method '{name}' : {}", wrong.text)),
        })?;
        let mut steps = Vec::new();
        let mut gives = fetch.gives;
        while let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start_matches(',');
            if rest.is_empty() {
                break;
            }
            rest = self.step(rest, &mut gives, &mut steps).map_err(Failure::Other)?;
        }
        Ok((Expr { fetch, args, steps: steps.into_boxed_slice() }, rest))
    }

    /// Remembers who looks into bodies: for others nothing of them is kept.
    fn note_look(&mut self, needs: Needs) {
        let early = matches!(
            self.site,
            Site::Rules(RuleSet::TcpRequestContent) | Site::UseBackend | Site::UseServer | Site::Persist
        );
        if early && matches!(needs, Needs::Request | Needs::RequestHead | Needs::EitherHead) {
            let positions = [self.home.frontend, self.home.backend];
            for (set, position) in self.names.looking.heads.iter_mut().zip(positions) {
                set.extend(position);
            }
        }
        let side = match needs {
            Needs::RequestBody | Needs::RequestBuffer => 0,
            Needs::ResponseBody | Needs::ResponseBuffer => 1,
            Needs::EitherBuffer | Needs::Inspection => usize::from(self.site.side() == Side::Response),
            _ => return,
        };
        let (home, looking) = (self.home, &mut self.names.looking);
        if let (Some(position), Some(set)) = (home.frontend, looking.frontends.get_mut(side)) {
            set.insert(position);
        }
        if let (Some(position), Some(set)) = (home.backend, looking.backends.get_mut(side)) {
            set.insert(position);
        }
    }

    /// Compiles the converter at the front of `text`; gives what follows.
    fn step<'t>(
        &mut self,
        text: &'t str,
        gives: &mut Type,
        steps: &mut Vec<Step>,
    ) -> Result<&'t str, String> {
        let (name, rest) = name(text);
        let Some(converter) = convert::find(name) else {
            let known = convert::ALL.iter().flat_map(|file| file.iter()).map(|k| k.name);
            return Err(format!("unknown converter '{name}'{}", hint(name, known)));
        };
        if !castable(*gives, converter.takes) {
            return Err(format!("converter '{name}' cannot be applied"));
        }
        let (given, rest) = inside(rest, converter.args.len())
            .map_err(|(got, e)| format!("invalid arg {got} in converter '{name}' : {e}"))?;
        let args = typed(self, converter.args, &given).map_err(|wrong| {
            let which = wrong.position.map_or_else(|| "args".to_owned(), |n| format!("arg {n}"));
            format!("invalid {which} in converter '{name}' : {}", wrong.text)
        })?;
        if converter.gives != Type::Same {
            *gives = converter.gives;
        }
        steps.push(Step { converter, args });
        Ok(rest)
    }

    /// Compiles the expression at the front of `words`: its converters may follow as words of their own.
    pub(super) fn expr_words(&mut self, words: &mut Words<'_>) -> Result<Expr, String> {
        let first = words.next().ok_or("missing fetch method")?;
        let (expr, rest) = self.expr_in(first).map_err(Failure::text)?;
        if !rest.is_empty() {
            return Err(format!("missing comma after fetch keyword in expression '{first}'"));
        }
        self.joined(expr, words, |_| true)
    }

    /// Adds the converters that follow an expression as words of their own, as long as `takes` wants the word.
    pub(super) fn joined(
        &mut self,
        expr: Expr,
        words: &mut Words<'_>,
        takes: fn(&str) -> bool,
    ) -> Result<Expr, String> {
        let mut gives = expr.gives();
        let Expr { fetch, args, steps } = expr;
        let mut steps = steps.into_vec();
        while let Some(word) = words.peek() {
            if convert::find(name(word).0).is_none() || !takes(word) {
                break;
            }
            words.advance(1);
            let mut rest = word;
            while !rest.is_empty() {
                rest = self.step(rest, &mut gives, &mut steps)?;
                rest = match rest.strip_prefix(',') {
                    Some(after) => after.trim_start_matches(','),
                    None if rest.is_empty() => rest,
                    None => return Err(format!("missing comma after converter in expression '{word}'")),
                };
            }
        }
        Ok(Expr { fetch, args, steps: steps.into_boxed_slice() })
    }

    /// What a fetch needs and can't find where it stands.
    pub(crate) fn lacking(&self, expr: &Expr) -> Option<&'static str> {
        let needs = expr.fetch.needs;
        let legal = site::legal(needs, self.site, self.home.backend.is_some());
        (!legal).then(|| site::what(needs))
    }

    /// Whether what a fetch needs would be there at another place.
    pub(crate) fn knows(&self, needs: Needs, site: Site) -> bool {
        site::legal(needs, site, self.home.backend.is_some())
    }

    /// Refuses a fetch in a log format that can't find what it needs where it stands.
    pub(super) fn legal(&self, expr: &Expr) -> Result<(), String> {
        let name = expr.fetch.name;
        match self.lacking(expr) {
            None => Ok(()),
            Some(what) => Err(format!(
                "sample fetch <{name}> may not be reliably used here because it needs '{what}' which is not available \
                 here"
            )),
        }
    }
}

/// The keyword's name at the front of `text`, and the rest.
pub(super) fn name(text: &str) -> (&str, &str) {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '+'));
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// The arguments in parentheses at the front of `text`, if any, and the rest.
fn inside(text: &str, most: usize) -> Result<(Vec<String>, &str), (usize, String)> {
    match text.strip_prefix('(') {
        Some(after) => cut(after, most),
        None => Ok((Vec::new(), text)),
    }
}
