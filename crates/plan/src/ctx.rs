//! What a directive gets to work with, and the shape of the tables of directives.

use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use config::{Loaded, SectionKind, Span};
use state::World;
use state::auth::Userlist;
use state::cache::Cache;
use state::check::Probe;
use state::log::Target;
use state::log_forward::LogForward;
use state::mail::Mailers;
use state::reference::Place;
use state::reply::Pages;
use state::resolvers::Resolvers;
use state::ring::Ring;
use state::world::Global;

use crate::Environment;
use crate::directive::check::CheckSettings;
use crate::directive::log::LogBackend;
use crate::directive::stick_table::TableDraft;
use crate::draft::{Draft, SetVar};
use crate::remarks::Remarks;
use crate::section::log_profile::ProfileDraft;
use crate::server_state::StateFiles;
use crate::tls::TlsPlan;

/// One line of the configuration.
pub(crate) type Line<'a> = config::Directive<'a>;

/// What is being built, as far as it concerns more than one proxy.
pub(crate) struct Plan<'a> {
    pub(crate) loaded: &'a Loaded,
    pub(crate) env: &'a Environment,
    /// The World that the one being built takes over from.
    pub(crate) old: Option<&'a World>,
    pub(crate) remarks: Remarks,
    pub(crate) global: Global,
    /// `maxconn` was given.
    pub(crate) maxconn_set: bool,
    /// `maxsslconn`.
    pub(crate) max_tls: Option<u32>,
    /// `default-path`: where relative names of files start.
    pub(crate) base: Option<String>,
    pub(crate) log_targets: Vec<Target>,
    pub(crate) global_logs: Vec<u32>,
    /// Backends that `log` lines name, by the number that stands in their targets until they are found.
    pub(crate) log_backends: Vec<LogBackend<'a>>,
    pub(crate) rings: Vec<Ring>,
    pub(crate) log_forwards: Vec<LogForward>,
    /// `log-profile` sections, in order.
    pub(crate) log_profiles: Vec<ProfileDraft<'a>>,
    /// `http-errors` sections.
    pub(crate) pages: HashMap<&'a str, Arc<Pages>>,
    /// `cache` sections; positions are what rules hold.
    pub(crate) caches: Vec<Arc<Cache>>,
    pub(crate) resolvers: Vec<Arc<Resolvers>>,
    /// `mailers` sections.
    pub(crate) mailers: Vec<Arc<Mailers>>,
    /// `userlist` sections; positions are what expressions hold.
    pub(crate) userlists: Vec<Userlist>,
    /// `set-var`, `set-var-fmt` lines of `global`, for when expressions can be compiled.
    pub(crate) set_vars: Vec<SetVar<'a>>,
    /// The number of the next server in the process.
    pub(crate) next_uid: u32,
    /// The probe of servers until their backend gives them its own.
    pub(crate) no_probe: Arc<Probe>,
    /// `healthcheck` sections.
    pub(crate) healthchecks: HashMap<&'a str, Rc<CheckSettings<'a>>>,
    pub(crate) external_check: ExternalCheck,
    /// Host names looked up so far.
    pub(crate) resolved: HashMap<String, Vec<IpAddr>>,
    /// Servers whose names could not be resolved, as messages for the end.
    pub(crate) unresolved: Vec<String>,
    /// Stick tables; positions are what expressions hold.
    pub(crate) tables: Vec<TableDraft>,
    /// The names of `peers` sections.
    pub(crate) peers: Vec<&'a str>,
    /// Alerts that HAProxy makes after reading.
    pub(crate) late: Vec<String>,
    pub(crate) tls: TlsPlan<'a>,
    pub(crate) states: StateFiles,
    /// `guid`s, and whose they are.
    pub(crate) guids: HashMap<String, String>,
    /// What the file of `stats-file` says.
    pub(crate) stats_file: Option<Box<str>>,
}

/// What `global` says of programs that check servers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExternalCheck {
    /// `external-check`.
    pub(crate) allowed: bool,
    /// `preserve-env`.
    pub(crate) keep_environment: bool,
    /// `insecure-fork-wanted`.
    pub(crate) may_fork: bool,
}

/// A directive's surroundings: the whole, and the section it stands in.
pub(crate) struct Ctx<'c, 'a> {
    pub(crate) plan: &'c mut Plan<'a>,
    /// The proxy or `defaults` at hand; in `global` an empty one.
    pub(crate) draft: &'c mut Draft<'a>,
}

/// Errors are HAProxy's sentences, printed with the place of the line.
pub(crate) type Applied = Result<(), String>;

/// A directive that Sluice runs.
pub(crate) struct Directive {
    pub(crate) name: &'static str,
    /// Bits of [`at`].
    pub(crate) sections: u8,
    pub(crate) apply: for<'a> fn(&mut Ctx<'_, 'a>, Line<'a>) -> Applied,
}

/// Where a directive has a meaning.
pub(crate) mod at {
    use config::SectionKind;

    pub(crate) const GLOBAL: u8 = 1;
    pub(crate) const DEFAULTS: u8 = 2;
    pub(crate) const FRONTEND: u8 = 4;
    pub(crate) const LISTEN: u8 = 8;
    pub(crate) const BACKEND: u8 = 16;
    pub(crate) const PROXY: u8 = DEFAULTS | FRONTEND | LISTEN | BACKEND;

    pub(crate) const fn bit(kind: SectionKind) -> u8 {
        match kind {
            SectionKind::Global => GLOBAL,
            SectionKind::Defaults => DEFAULTS,
            SectionKind::Frontend => FRONTEND,
            SectionKind::Listen => LISTEN,
            SectionKind::Backend => BACKEND,
            _ => 0,
        }
    }
}

impl<'a> Ctx<'_, 'a> {
    pub(crate) fn warn(&mut self, line: Line<'a>, message: impl Into<String>) {
        self.plan.remarks.warn(line.span(), message);
    }

    pub(crate) fn alert(&mut self, line: Line<'a>, message: impl Into<String>) {
        self.plan.remarks.alert(line.span(), message);
    }

    pub(crate) fn not_run(&mut self, line: Line<'a>, what: &str) {
        self.plan.remarks.not_run(line.span(), what);
    }

    /// `frontend 'web'`, as messages name a section.
    pub(crate) fn title(&self) -> String {
        format!("{} '{}'", kind_name(self.draft.kind), self.draft.name)
    }

    /// Says that a directive means nothing here, as HAProxy does, and whether that is so.
    pub(crate) fn lacks_frontend(&mut self, line: Line<'a>, what: &str, hint: &str) -> bool {
        let lacks = self.draft.kind == SectionKind::Backend;
        if lacks {
            let message =
                format!("'{what}' ignored because {} has no frontend capability.{hint}", self.title());
            self.warn(line, message);
        }
        lacks
    }

    pub(crate) fn lacks_backend(&mut self, line: Line<'a>, what: &str) -> bool {
        let lacks = self.draft.kind == SectionKind::Frontend;
        if lacks {
            let message = format!("'{what}' ignored because {} has no backend capability.", self.title());
            self.warn(line, message);
        }
        lacks
    }
}

impl Plan<'_> {
    /// For how many threads backends and servers count from the start. What takes over from a World mostly counts on with
    /// what that has, and gets its counters then.
    pub(crate) fn counting_threads(&self) -> usize {
        if self.old.is_some() { 0 } else { usize::from(self.global.threads) }
    }

    /// A file that the configuration names, by its path as written.
    pub(crate) fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        match &self.base {
            Some(base) if !path.starts_with('/') => (self.env.read_file)(&format!("{base}/{path}")),
            _ => (self.env.read_file)(path),
        }
    }

    /// The addresses of a host name, looked up once.
    pub(crate) fn resolve(&mut self, name: &str) -> &[IpAddr] {
        let env = self.env;
        self.resolved.entry(name.to_owned()).or_insert_with(|| (env.resolve)(name))
    }

    /// A place as rules keep it.
    pub(crate) fn at(&self, span: Span) -> state::rule::Place {
        let (_, line) = self.loaded.location(span);
        state::rule::Place { file: span.file.0, line }
    }

    /// Puts a place of the configuration into `place`, whose file is mostly the same already.
    pub(crate) fn put_place(&self, span: Span, place: &mut Place) {
        let (file, line) = self.loaded.location(span);
        if *place.file != *file {
            place.file = file.into();
        }
        place.file_number = u32::from(span.file.0);
        place.line = line;
    }

    /// `file:line` of a place.
    pub(crate) fn place(&self, span: Span) -> String {
        let (file, line) = self.loaded.location(span);
        format!("{file}:{line}")
    }
}

/// The kind as messages name it: a `listen` section is a `proxy`.
pub(crate) fn kind_name(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Listen => "proxy",
        other => other.keyword(),
    }
}

/// A word as text; empty where there is none or it isn't UTF-8.
pub(crate) fn word(line: Line<'_>, at: usize) -> &str {
    line.word(at).and_then(|w| w.str()).unwrap_or_default()
}

/// The words from `at` on as text.
pub(crate) fn words_from(line: Line<'_>, at: usize) -> Vec<&str> {
    line.words().skip(at).map(|w| w.str().unwrap_or_default()).collect()
}

/// Refuses words after position `last`.
pub(crate) fn no_more(line: Line<'_>, last: usize) -> Applied {
    match line.word(last + 1) {
        None => Ok(()),
        Some(extra) => {
            Err(format!("'{}' cannot handle unexpected argument '{}'.", line.keyword(), extra.lossy()))
        }
    }
}

#[cfg(test)]
mod tests {
    use config::{Context, Source, parse_sources};

    use super::word;

    #[test]
    fn words_are_the_bytes_that_were_written() {
        let text =
            b"defaults\n email-alert from -\\xE0\\xe9\\xF4\\x8f\\xbe\\x80-\xff h\xc3\xa9 plain\n".to_vec();
        let loaded = parse_sources(vec![Source::new("t", text)], &Context::default());
        let line = loaded.sections().next().and_then(|section| section.directives().next()).unwrap();
        let bytes = |at| sample::text::boxed(word(line, at));
        assert_eq!(*bytes(2), *b"-\xe0\xe9\xf4\x8f\xbe\x80-\xff");
        assert_eq!([&*bytes(3), &*bytes(4)], [&b"h\xc3\xa9"[..], b"plain"]);
    }
}
