//! The arguments of `option forwarded` (manual 4.2); what they compute is compiled for each backend.

use crate::ctx::{Ctx, Line, words_from};

/// What the header is to say.
#[derive(Debug, Default)]
pub(crate) struct ForwardedSpec<'a> {
    pub(crate) line: Option<Line<'a>>,
    pub(crate) proto: bool,
    pub(crate) host: Option<Given<'a>>,
    pub(crate) by: Option<Given<'a>>,
    pub(crate) by_port: Option<Given<'a>>,
    pub(crate) client: Option<Given<'a>>,
    pub(crate) client_port: Option<Given<'a>>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    Request,
    Expr(&'a str),
}

/// Reads them.
pub(super) fn read<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Result<ForwardedSpec<'a>, String> {
    let mut spec = ForwardedSpec { line: Some(line), ..ForwardedSpec::default() };
    let words = words_from(line, 2);
    if words.is_empty() {
        (spec.proto, spec.client) = (true, Some(Given::Request));
        return Ok(spec);
    }
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let slot = match word.strip_suffix("-expr").unwrap_or(word) {
            "proto" if *word == "proto" => {
                spec.proto = true;
                continue;
            }
            "host" => &mut spec.host,
            "by" => &mut spec.by,
            "by_port" => &mut spec.by_port,
            "for" => &mut spec.client,
            "for_port" => &mut spec.client_port,
            _ => return Err(ONLY.into()),
        };
        *slot = Some(match word.ends_with("-expr") {
            false => Given::Request,
            true => Given::Expr(words.next().ok_or_else(|| format!("'{word}' expects <expr> as argument."))?),
        });
    }
    for (node, port, name) in
        [(&spec.by, &mut spec.by_port, "by"), (&spec.client, &mut spec.client_port, "for")]
    {
        if node.is_none() && port.take().is_some() {
            let both = format!("because both '{name}' and '{name}-expr' are unset");
            let ignored = format!("'option forwarded' : '{name}_port-expr' will be ignored {both}");
            cx.warn(line, ignored);
        }
    }
    Ok(spec)
}

const ONLY: &str = "'option forwarded' only supports optional values: 'proto', 'host', 'host-expr', 'by', 'by-expr', \
                    'by_port', 'by_port-expr', 'for', 'for-expr', 'for_port' and 'for_port-expr'.";
