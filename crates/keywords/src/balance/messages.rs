//! How backends for logs distribute messages (manual 4.2 "balance", `mode log`): `roundrobin` and `random` as ever but
//! without weights, `sticky`, `log-hash`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use arc_swap::ArcSwap;
use sample::{Type, Value, cast};
use state::Expr;
use state::expr::Ctx;

use super::prelude::*;
use super::settings::Settings;

/// The names that backends for logs know.
const NAMES: [&str; 4] = ["roundrobin", "random", "sticky", "log-hash"];

/// An algorithm and its name.
type Named = (Box<dyn Balance>, &'static str);

/// The algorithm of this name for messages; none where there is no such name.
pub fn for_messages(name: &str, parse: &mut Parse<'_>) -> Option<Result<Named, String>> {
    let name = NAMES.into_iter().find(|known| *known == name)?;
    let how = match name {
        "roundrobin" => Ok(How::InTurn(AtomicUsize::new(0))),
        "random" => Ok(How::Random),
        "sticky" => Ok(How::First),
        _ => hash(parse),
    };
    Some(how.map(|how| (Box::new(Messages { how, servers: ArcSwap::default() }) as Box<dyn Balance>, name)))
}

fn hash(parse: &mut Parse<'_>) -> Result<How, String> {
    let list = parse.words.next().ok_or("balance log-hash requires a converter list.")?;
    // The message stands in the place of what the converters are given.
    let text = format!("str(),{list}");
    let words = [text.as_str()];
    let compiled = parse.compiler.expr(&mut state::family::Words::new(&words));
    let converters =
        compiled.map_err(|e| format!("{e} (from converter list argument in \"balance log-hash\")"))?;
    let settings = Settings::read(&mut parse.words)?;
    if settings.consistent {
        return Err("unsupported hash method (from \"hash-type\")".to_owned());
    }
    Ok(How::Hash { converters: Box::new(converters), settings })
}

#[derive(Debug)]
enum How {
    InTurn(AtomicUsize),
    Random,
    /// The one that has been there for the longest.
    First,
    Hash {
        converters: Box<Expr>,
        settings: Settings,
    },
}

#[derive(Debug)]
struct Messages {
    how: How,
    /// Those that can be used, in the order in which they came.
    servers: ArcSwap<Vec<u32>>,
}

impl Balance for Messages {
    /// No stream goes to such a backend.
    fn pick(&self, _: &Pick<'_>) -> Option<u32> {
        None
    }

    fn pick_for_message(&self, message: &[u8], cx: &Ctx<'_>, random: u64) -> Option<u32> {
        let servers = self.servers.load();
        let count = servers.len();
        let at = match &self.how {
            How::First => 0,
            How::InTurn(next) => next.fetch_add(1, Relaxed).checked_rem(count)?,
            How::Random => usize::try_from(random >> 16).unwrap_or(0).checked_rem(count)?,
            How::Hash { converters, settings } => {
                let key = converters.apply(Value::Str(cx.arena.alloc_slice_copy(message)), cx)?;
                let key = cast(key, Type::Str, cx.arena)?;
                usize::try_from(settings.hash(key.bytes()?)).ok()?.checked_rem(count)?
            }
        };
        servers.get(at).copied()
    }

    fn changed(&self, backend: &Backend) {
        let usable = backend.eligible();
        let before = self.servers.load();
        let stay = before.iter().copied().filter(|server| usable.contains(server));
        let come = usable.iter().copied().filter(|server| !before.contains(server));
        let servers = stay.chain(come).collect();
        self.servers.store(Arc::new(servers));
    }
}
