//! `compression`, `comp-req`, `comp-res`: compress bodies as the `compression` lines say (manual 9.2). Which encoding a
//! response gets is [`choice`]'s business, the bytes are [`encoder`]'s.

mod choice;
mod encoder;
mod head;

use state::compression::{Algorithm, Budget, Compression};

use self::encoder::Encoder;
use super::prelude::*;

pub(super) const KEYWORDS: &[FilterKind] = &[
    FilterKind {
        name: "compression",
        tag: "COMP",
        doc: "Compresses requests and responses, each as far as `compression direction` says. Stands where it does among \
              other filters; where there are none, `compression` lines are enough.",
        examples: &["compression"],
        parse: |_| Ok(Arc::new(Compress { name: "compression", of: Of::Direction })),
    },
    FilterKind {
        name: "comp-req",
        tag: "COMP",
        doc: "Compresses requests.",
        examples: &["comp-req"],
        parse: |_| Ok(Arc::new(Compress { name: "comp-req", of: Of::Requests })),
    },
    FilterKind {
        name: "comp-res",
        tag: "COMP",
        doc: "Compresses responses.",
        examples: &["comp-res"],
        parse: |_| Ok(Arc::new(Compress { name: "comp-res", of: Of::Responses })),
    },
];

/// The filter that `compression` lines bring along by themselves.
pub fn implied() -> Arc<dyn Filter> {
    Arc::new(Compress { name: "compression", of: Of::Direction })
}

/// Which messages a filter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Requests,
    Responses,
    /// As `compression direction` says.
    Direction,
}

#[derive(Debug)]
struct Compress {
    name: &'static str,
    of: Of,
}

impl Filter for Compress {
    fn name(&self) -> &'static str {
        self.name
    }

    fn head(&self, act: &mut Act<'_>, shape: &Shape) -> Option<Box<dyn Work>> {
        let said = Said::of(act)?;
        match act.side {
            Side::Request => {
                if self.is_for(Side::Response, &said) {
                    choose(act, &said);
                }
                if !self.is_for(Side::Request, &said) {
                    return None;
                }
                let algorithm = said.first(|c| c.request_algorithm)?;
                head::request(act, shape, &said, algorithm)?;
                Some(work(act, algorithm))
            }
            Side::Response if self.is_for(Side::Response, &said) => {
                let stream = act.stream.as_deref_mut()?;
                let algorithm = stream.encoding?;
                if budget(act).is_some_and(|budget| budget.spend(0, act.now_ns)) || is_strained(act) {
                    return None;
                }
                head::response(act, shape, &said, algorithm)?;
                act.stream.as_deref_mut()?.compressed = Some(algorithm);
                Some(work(act, algorithm))
            }
            Side::Response => None,
        }
    }
}

impl Compress {
    fn is_for(&self, side: Side, said: &Said<'_>) -> bool {
        match (self.of, side) {
            (Of::Requests, side) => side == Side::Request,
            (Of::Responses, side) => side == Side::Response,
            (Of::Direction, Side::Request) => said.any(|c| c.requests),
            (Of::Direction, Side::Response) => said.any(|c| c.responses),
        }
    }
}

/// The settings of the backend and of the frontend: what the one doesn't say, the other may.
struct Said<'w> {
    backend: Option<&'w Compression>,
    frontend: Option<&'w Compression>,
}

impl<'w> Said<'w> {
    fn of(act: &Act<'w>) -> Option<Self> {
        let stream = act.stream.as_deref().filter(|s| s.has_request)?;
        let world = act.world;
        let frontend = world.frontend(stream.frontend).and_then(|f| f.compression.as_deref());
        let backend = stream.backend.and_then(|b| world.backend(b)).and_then(|b| b.compression.as_deref());
        (frontend.is_some() || backend.is_some()).then_some(Self { backend, frontend })
    }

    /// The first that there is: the backend's, then the frontend's.
    fn first<T>(&self, pick: impl Fn(&'w Compression) -> Option<T>) -> Option<T> {
        self.backend.and_then(&pick).or_else(|| self.frontend.and_then(&pick))
    }

    fn any(&self, test: impl Fn(&Compression) -> bool) -> bool {
        self.backend.is_some_and(&test) || self.frontend.is_some_and(test)
    }
}

/// Chooses the encoding of the response by what the request accepts; with `compression offload` the server isn't told,
/// unless what the client accepts is nothing that is offered.
fn choose(act: &mut Act<'_>, said: &Said<'_>) {
    let Some(stream) = act.stream.as_deref_mut() else { return };
    if stream.encoding.is_some() {
        return;
    }
    let algorithms = said.first(|c| Some(&*c.algorithms).filter(|list| !list.is_empty()));
    let choice = choice::choose(&stream.request, algorithms.unwrap_or_default());
    stream.encoding = choice.map(|choice| choice.algorithm);
    if choice.is_some_and(|choice| choice.named) && said.any(|c| c.offload) {
        stream.request.del_header(http::Known::AcceptEncoding);
    }
}

fn budget<'w>(act: &Act<'w>) -> Option<&'w Arc<Budget>> {
    Some(&act.world.global.compression.budget).filter(|budget| budget.limit() > 0)
}

/// Whether the thread is busier than one that compresses may be.
fn is_strained(act: &Act<'_>) -> bool {
    let most = act.world.global.compression.busy;
    most < 100 && act.world.process.about.get().is_some_and(|about| (about.busy_percent)() > most)
}

fn work(act: &Act<'_>, algorithm: Algorithm) -> Box<dyn Work> {
    let level = act.world.global.compression.level;
    let encoder = Encoder::take(algorithm, level);
    Box::new(Compressing { encoder, budget: budget(act).cloned(), sums: Sums::default() })
}

/// A body being compressed.
#[derive(Debug)]
struct Compressing {
    /// None for `identity`.
    encoder: Option<Encoder>,
    budget: Option<Arc<Budget>>,
    sums: Sums,
}

impl Work for Compressing {
    fn alters(&self) -> bool {
        true
    }

    fn pass(&mut self, part: Part<'_>, out: &mut Vec<u8>) -> Passed {
        let bytes = part.bytes.len() as u64;
        let Some(encoder) = &mut self.encoder else {
            self.sums.bypassed += bytes;
            return Passed::Same;
        };
        if bytes == 0 && !part.last {
            return Passed::Same;
        }
        if let Some(budget) = &self.budget {
            encoder.strain(budget.spend(bytes, part.now_ns));
        }
        let before = out.len();
        if !encoder.run(part.bytes, part.last, out) {
            return Passed::Broken;
        }
        self.sums.taken += bytes;
        self.sums.made += (out.len() - before) as u64;
        Passed::Other
    }

    fn sums(&self) -> Sums {
        self.sums
    }
}
