//! A backend's `option forwarded`: what it computes, compiled.

use state::Expr;
use state::family::{Compiler as _, RuleSet, Words};
use state::forwarded::{Forwarded, Node, Origin};
use state::options::Mode;

use super::rules::asks_destination;
use super::{Assembly, Seat};
use crate::compile::{Compile, Site};
use crate::ctx::Line;
use crate::directive::option_forwarded::{ForwardedSpec, Given};
use crate::draft::Draft;
use crate::known;

/// Makes it, where there is one.
pub(super) fn make<'a>(
    assembly: &mut Assembly<'_, 'a>,
    draft: &Draft<'a>,
    seat: Seat,
) -> Option<Box<Forwarded>> {
    let spec = draft.settings.forwarded.as_deref().filter(|_| draft.settings.mode == Mode::Http)?;
    let mut making = Making { assembly, draft, seat, line: spec.line? };
    Some(Box::new(making.header(spec)?))
}

struct Making<'m, 'c, 'a> {
    assembly: &'m mut Assembly<'c, 'a>,
    draft: &'m Draft<'a>,
    seat: Seat,
    line: Line<'a>,
}

impl<'a> Making<'_, '_, 'a> {
    fn header(&mut self, spec: &ForwardedSpec<'a>) -> Option<Forwarded> {
        self.assembly.wants_destination |= spec.by.is_some();
        Some(Forwarded {
            proto: if spec.proto { Some(self.expr("ssl_fc")?) } else { None },
            host: self.origin(spec.host)?,
            by: self.node(spec.by, spec.by_port)?,
            client: self.node(spec.client, spec.client_port)?,
        })
    }

    fn node(&mut self, name: Option<Given<'a>>, port: Option<Given<'a>>) -> Option<Option<Node>> {
        let (name, port) = (self.origin(name)?, self.origin(port)?);
        Some(name.map(|name| Node { name, port }))
    }

    /// Where a value comes from, if it was asked for; `None` when it can't be had, which has been said then.
    fn origin(&mut self, given: Option<Given<'a>>) -> Option<Option<Origin>> {
        Some(match given {
            None => None,
            Some(Given::Request) => Some(Origin::Request),
            Some(Given::Expr(text)) => Some(Origin::Expr(self.expr(text)?)),
        })
    }

    fn expr(&mut self, text: &str) -> Option<Expr> {
        let Assembly { plan, names, wants_destination, .. } = &mut *self.assembly;
        *wants_destination |= asks_destination(text);
        let mut compile = Compile::new(names, self.seat.home(self.draft.name));
        compile.site = Site::Rules(RuleSet::HttpRequest);
        let whose = format!("backend '{}' [{}]", self.draft.name, plan.place(self.line.span()));
        match compile.expr_anywhere(&mut Words::new(&[text])) {
            Ok(expr) => {
                if let Some(what) = compile.lacking(&expr) {
                    let lacks = format!(
                        "some args extract information from '{what}', none of which is available here."
                    );
                    let about = format!("in 'option forwarded' sample expression '{text}'");
                    plan.remarks.warn_bare(format!("{whose}: {about} : {lacks}"));
                }
                Some(expr)
            }
            Err(error) => {
                match known::not_run(&error) {
                    Some(what) => {
                        let what = format!("'option forwarded', which asks for {what},");
                        plan.remarks.unserved(self.line.span(), &what);
                    }
                    None => plan.remarks.alert_bare(format!(
                        "{whose}: failed to parse 'option forwarded' expression '{text}' in : {error}."
                    )),
                }
                None
            }
        }
    }
}
