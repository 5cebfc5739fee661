//! `compression` of proxies (manual 4.2), and what the process may spend on it: `maxcomprate`, `tune.comp.maxlevel`
//! (manual 3.2).

use std::rc::Rc;
use std::sync::Arc;

use config::SectionKind;
use state::compression::{Algorithm, Budget, Compression};

use crate::ctx::{Applied, Ctx, Directive, Line, at, word, words_from};
use crate::number::atol;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "compression", sections: at::PROXY, apply: compression },
    Directive { name: "maxcomprate", sections: at::GLOBAL, apply: rate },
    Directive { name: "maxcompcpuusage", sections: at::GLOBAL, apply: cpu },
    Directive { name: "tune.comp.maxlevel", sections: at::GLOBAL, apply: level },
];

fn compression<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let words = words_from(line, 2);
    let first = words.first().copied().unwrap_or_default();
    let mut said = cx.draft.settings.compression.as_deref().cloned().unwrap_or_default();
    match word(line, 1) {
        "algo" | "algo-res" if first.is_empty() => {
            let place = cx.plan.place(line.span());
            return Err(format!("parsing [{place}] : 'compression' expects <algorithm>."));
        }
        "algo" | "algo-res" => {
            // The last one named is the preferred one, as with HAProxy.
            for name in words {
                said.algorithms.insert(0, algorithm(name)?);
            }
        }
        "algo-req" => said.request_algorithm = Some(algorithm(first)?),
        "type" | "type-res" | "type-req" if first.is_empty() => {
            return Err("'compression' expects <type>.".to_owned());
        }
        "type-req" => said.request_types.extend(words.into_iter().map(Into::into)),
        "type" | "type-res" => said.types.extend(words.into_iter().map(Into::into)),
        "minsize-req" => said.request_min_size = least(word(line, 1), first)?,
        "minsize-res" => said.min_size = least(word(line, 1), first)?,
        "offload" if cx.draft.kind == SectionKind::Defaults => {
            cx.warn(line, "'compression' : 'offload' ignored in 'defaults' section.");
        }
        "offload" => said.offload = true,
        "direction" => match first {
            "request" => (said.requests, said.responses) = (true, false),
            "response" => (said.requests, said.responses) = (false, true),
            "both" => (said.requests, said.responses) = (true, true),
            _ => return Err("'compression' expects 'request', 'response', or 'both'.".to_owned()),
        },
        _ => {
            return Err("'compression' expects 'algo', 'type', 'direction', 'offload', 'minsize-req' or \
                        'minsize-res'."
                .to_owned());
        }
    }
    cx.draft.settings.compression = Some(Rc::new(said));
    Ok(())
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    let found = Algorithm::ALL.into_iter().find(|a| a.name() == name);
    found.ok_or_else(|| format!("'compression' : '{name}' is not a supported algorithm."))
}

fn least(keyword: &str, text: &str) -> Result<u64, String> {
    config::literal::size64(text.as_bytes()).map_err(|error| match text {
        "" => format!("'{keyword}' expects an integer argument."),
        _ => error.message(keyword),
    })
}

fn rate<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if word(line, 1).is_empty() {
        return Err("'maxcomprate' expects an integer argument in kb/s.".to_owned());
    }
    let kilobytes = u64::try_from(atol(word(line, 1))).unwrap_or(0);
    cx.plan.global.compression.budget = Arc::new(Budget::new(kilobytes.saturating_mul(1024)));
    Ok(())
}

fn cpu<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let percent = atol(word(line, 1));
    if word(line, 1).is_empty() || !(0..=100).contains(&percent) {
        return Err("'maxcompcpuusage' expects an integer argument between 0 and 100.".to_owned());
    }
    cx.plan.global.compression.busy = u8::try_from(percent).unwrap_or(100);
    Ok(())
}

fn level<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let level = u8::try_from(atol(word(line, 1))).ok().filter(|n| (1..=9).contains(n));
    cx.plan.global.compression.level =
        level.ok_or("'tune.comp.maxlevel' expects a numeric value between 1 and 9")?;
    Ok(())
}

/// What a proxy's lines say, for the World.
pub(crate) fn settled(said: Option<&Rc<Compression>>) -> Option<Arc<Compression>> {
    said.map(|said| Arc::new((**said).clone()))
}
