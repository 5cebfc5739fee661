//! Reading the configuration and saying what is wrong with it.

use std::process::ExitCode;

use config::{Context, Diagnostic, Directive, Env, Loaded, Place, Section, SectionKind, Severity, Source};
use plan::{Before, Built, Environment};
use state::World;
use state::world::Families;

use crate::argv::Args;
use crate::{feature, keyword_dump, objects, say, version};

/// A configuration that was read and is valid.
pub(crate) struct Checked {
    pub(crate) loaded: Loaded,
    pub(crate) sources: Vec<Source>,
    pub(crate) world: World,
    /// Why it must not be run although it is valid.
    unserved: Vec<Diagnostic>,
    warnings: bool,
}

/// Reads and judges the files. An unreadable one ends the program.
pub(crate) fn read(args: &Args) -> Result<Checked, ExitCode> {
    let sources = config::read_sources(&args.files).map_err(|error| {
        say::alert(&error.to_string());
        ExitCode::FAILURE
    })?;
    judge(args, sources)
}

/// A configuration that was read: the World if it is valid.
pub(crate) struct Evaluated {
    pub(crate) loaded: Loaded,
    pub(crate) world: Option<World>,
    /// Why it must not be run although it is valid.
    pub(crate) unserved: Vec<Diagnostic>,
}

/// Builds, for taking over from another World if there is one; says nothing.
pub(crate) fn evaluate(args: &Args, sources: Vec<Source>, before: Option<Before<'_>>) -> Evaluated {
    evaluate_in(&environment(args), args, sources, before)
}

/// The same, in surroundings of the caller's.
pub(crate) fn evaluate_in(
    environment: &Environment,
    args: &Args,
    sources: Vec<Source>,
    before: Option<Before<'_>>,
) -> Evaluated {
    let mut loaded = load(args, sources);
    let Built { world, diagnostics, unserved } = plan::build_after(&loaded, environment, before);
    for diagnostic in diagnostics {
        loaded.push_diagnostic(diagnostic);
    }
    let mut world = world.filter(|_| !loaded.has_errors());
    if let Some(world) = &mut world {
        limit_connections(world, &loaded, args);
        world.global.no_splice |= args.no_splice;
        if args.v4_only {
            world.global.dns_families = Families::V4;
        }
    }
    Evaluated { loaded, world, unserved }
}

/// What there is to say of a configuration.
pub(crate) fn rendered(loaded: &Loaded, args: &Args) -> String {
    let said = loaded.diagnostics().iter().filter(|d| d.severity > Severity::Diag || args.diagnostic);
    said.map(|diagnostic| diagnostic.render(loaded, std::process::id())).collect()
}

/// Builds. Whatever there is to say is said; an error ends the program.
pub(crate) fn judge(args: &Args, sources: Vec<Source>) -> Result<Checked, ExitCode> {
    let Evaluated { loaded, world, unserved } = evaluate(args, sources.clone(), None);
    say::set_quiet(!args.verbose && (args.quiet || in_global(&loaded, "quiet").is_some()));
    print(&loaded, args);
    let warnings = loaded.diagnostics().iter().any(|d| d.severity == Severity::Warning && !d.not_run);
    let Some(world) = world else {
        for line in config::closing_lines(&loaded, std::process::id(), args.verbose) {
            say::rendered(Severity::Alert, &format!("{line}\n"));
        }
        return Err(ExitCode::FAILURE);
    };
    for option in &args.ignored {
        say::warning(&format!("{option} is known but not run by this version of Sluice; it is ignored."));
    }
    // An ignored debugging option says nothing about the configuration.
    if warnings && (args.zero_warning || in_global(&loaded, "zero-warning").is_some()) {
        say::alert("Some warnings were found and 'zero-warning' is set. Aborting.");
        return Err(ExitCode::FAILURE);
    }
    if args.objects {
        objects::print();
    }
    if let Some(classes) = &args.keywords {
        say::out(&keyword_dump::dump(classes));
    }
    Ok(Checked { loaded, sources, world, unserved, warnings })
}

/// What the configuration is judged against: this process's environment, these options, this build.
pub(crate) fn context(args: &Args) -> Context {
    let mut env = Env::default();
    for (name, value) in std::env::vars_os() {
        env.set(name.as_encoded_bytes(), value.as_encoded_bytes());
    }
    for (name, value) in &args.variables {
        env.set(name.as_bytes(), value.as_bytes());
    }
    let mut context = Context::with_env(env);
    context.features = feature::names();
    context.ssl_library = version::SSL_LIBRARY.to_owned();
    context.openssl_version = version::OPENSSL.to_owned();
    context.awslc_api = Some(version::AWSLC_API);
    context.enabled = feature::enabled(args);
    context.diagnostic_mode = args.diagnostic;
    context
}

fn load(args: &Args, sources: Vec<Source>) -> Loaded {
    let mut context = context(args);
    let own = args.local_peer.clone().unwrap_or_else(hostname);
    context.env.set(b"HAPROXY_LOCALPEER", own.as_bytes());
    let mut loaded = config::parse_sources(sources.clone(), &context);
    let given = in_global(&loaded, "localpeer").and_then(|line| {
        let word = line.word(1)?;
        Some((word.bytes().to_vec(), line.span()))
    });
    match given {
        Some((_, span)) if args.local_peer.is_some() => {
            let words =
                "'localpeer' ignored since it is already set by using the '-L' command line argument.";
            loaded.push_diagnostic(Diagnostic::alert(span, words));
        }
        // The variable holds the name from the first line on, wherever the name is given.
        Some((name, _)) if name != own.as_bytes() => {
            context.env.set(b"HAPROXY_LOCALPEER", &name);
            loaded = config::parse_sources(sources, &context);
        }
        _ => {}
    }
    loaded
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// The first line of `global` with this keyword.
pub(crate) fn in_global<'a>(loaded: &'a Loaded, keyword: &str) -> Option<Directive<'a>> {
    loaded.sections().filter(|s| s.kind() == SectionKind::Global).find_map(|s| s.find(keyword))
}

fn print(loaded: &Loaded, args: &Args) {
    for diagnostic in loaded.diagnostics() {
        if diagnostic.severity > Severity::Diag || args.diagnostic {
            say::rendered(diagnostic.severity, &diagnostic.render(loaded, std::process::id()));
        }
    }
}

/// `-n` and `-N` over what the configuration says.
fn limit_connections(world: &mut World, loaded: &Loaded, args: &Args) {
    if args.maxconn > 0 {
        world.global.maxconn = args.maxconn;
    }
    let default = if args.proxy_maxconn > 0 { args.proxy_maxconn } else { args.maxconn };
    if default == 0 {
        return;
    }
    for frontend in &mut world.frontends {
        if !has_own_maxconn(loaded, &frontend.name) {
            frontend.maxconn = default;
        }
    }
}

/// Whether a proxy, or the `defaults` that it takes from, says `maxconn`.
fn has_own_maxconn(loaded: &Loaded, name: &str) -> bool {
    let says = |section: Section<'_>| section.find("maxconn").is_some();
    let mut last_defaults = None;
    for section in loaded.sections() {
        if section.kind() == SectionKind::Defaults {
            last_defaults = Some(section);
        } else if section.kind().has_frontend() && section.name() == Some(name) {
            let named = section.from().and_then(|from| {
                let defaults = |s: &Section<'_>| s.kind() == SectionKind::Defaults && s.name() == Some(from);
                loaded.sections().find(defaults)
            });
            return says(section) || named.or(last_defaults).is_some_and(says);
        }
    }
    false
}

impl Checked {
    /// The end of `-c`.
    pub(crate) fn report(&self, args: &Args) -> ExitCode {
        for (_, words) in self.refusals() {
            say::notice(&format!("{words} Starting with it would be refused."));
        }
        if self.warnings {
            say::plain("Warnings were found.");
        }
        if args.verbose {
            say::plain("Configuration file is valid");
        }
        ExitCode::SUCCESS
    }

    /// Says why it is not run, if it is not.
    pub(crate) fn refuse(&self) -> Result<(), String> {
        let refusals = self.refusals();
        if refusals.is_empty() {
            return Ok(());
        }
        refusals.iter().for_each(|(rendered, _)| say::rendered(Severity::Alert, rendered));
        Err("this needs what this version of Sluice does not run; it is not started.".to_owned())
    }

    /// Each reason, as an alert with its place where it has one, and as a sentence.
    fn refusals(&self) -> Vec<(String, String)> {
        let pid = std::process::id();
        let lines = self.unserved.iter().map(|reason| {
            let (file, line) = reason.span.map_or(("", 0), |span| self.loaded.location(span));
            let words = reason.message.trim_end_matches(": not starting.").trim_end_matches('.');
            let place =
                if reason.place == Place::Bare { String::new() } else { format!("[{file}:{line}] : ") };
            (reason.render(&self.loaded, pid), format!("config : {place}{words}."))
        });
        lines.collect()
    }
}

/// This machine, as far as building a World asks for it.
pub(crate) fn environment(args: &Args) -> Environment {
    let threads = net::thread::affinity().map_or(1, |cpus| cpus.len());
    let files = net::process::nofile().unwrap_or(1024);
    let mut environment = Environment::system(
        &hostname(),
        u16::try_from(threads).unwrap_or(64).clamp(1, 1024),
        u32::try_from(files).unwrap_or(u32::MAX),
        net::process::uid() == 0,
    );
    environment.skip_unresolved = args.skip_unresolved;
    environment.trust_servers = args.trust_servers;
    environment.memory_mb = u32::try_from(args.memory_mb).unwrap_or(u32::MAX);
    environment
}
