//! The process's own numbers, and the World around all.

use std::sync::Arc;

use sample::arg::Scope;
use sample::{Bump, View};
use state::expr::{Ctx, Side};
use state::family::{Compiler as _, Words};
use state::log::Profile;
use state::vars::Vars;
use state::world::{Process, Seats};
use state::{Backend, Endpoint, Frontend, Session, World};

use super::Assembly;
use crate::compile::{Compile, Home, Names, Site};
use crate::ctx::{Plan, word, words_from};
use crate::draft::{Draft, SetVar};
use crate::known;
use crate::tls::files;

/// Judges the sizes of buffers against each other; works out `maxconn` where `global` gives none.
pub(super) fn settle(plan: &mut Plan<'_>, drafts: &[Draft<'_>]) {
    let (large, usual) = (plan.global.large_buffer, plan.global.buffer_size);
    if large > 0 && large < usual {
        plan.remarks.warn_bare(format!(
            "tune.bufsize.large ({large}) is lower than tune.bufsize ({usual}). large buffers support is disabled. \
             Please fix either value to remove this warning."
        ));
        plan.global.large_buffer = 0;
    }
    super::maxconn::settle(plan, drafts);
}

/// The World, when nothing is wrong.
pub(super) fn world(
    mut assembly: Assembly<'_, '_>,
    log_profiles: Vec<Profile>,
    frontends: Vec<Frontend>,
    backends: Vec<Backend>,
) -> World {
    let set_vars = std::mem::take(&mut assembly.plan.set_vars);
    let compiled: Vec<_> = set_vars.iter().filter_map(|set| compile(&mut assembly, set)).collect();
    let Assembly {
        plan, mut names, wants_destination, wants_server_ends, wants_line_count, restored, ..
    } = assembly;
    settle_lists(&names);
    for certificate in &names.certificates.wanted {
        // What can't be read has been said: it may be loaded while traffic flows.
        let _ = files::for_tokens(plan, certificate);
    }
    let seats = Seats::of(&frontends, &backends);
    let mut world = World {
        global: plan.global.clone(),
        files: plan.loaded.files().map(|(_, file)| file.name().into()).collect(),
        frontends,
        backends,
        backend_names: names.backends.clone(),
        log_targets: std::mem::take(&mut plan.log_targets),
        rings: std::mem::take(&mut plan.rings),
        log_forwards: std::mem::take(&mut plan.log_forwards),
        log_profiles,
        global_logs: Arc::from(std::mem::take(&mut plan.global_logs)),
        references: std::mem::take(&mut names.references),
        acls: std::mem::take(&mut names.acls),
        tables: super::tables::make(plan),
        caches: std::mem::take(&mut plan.caches),
        resolvers: std::mem::take(&mut plan.resolvers),
        userlists: std::mem::take(&mut plan.userlists),
        kept: names.kept.clone(),
        var_names: names.var_names().to_vec(),
        wants_destination,
        wants_server_ends,
        wants_line_count,
        initial_vars: Vars::new(),
        generation: 0,
        seats,
        tls: Arc::new(std::mem::take(&mut plan.tls).into_store()),
        process: Arc::new(Process::default()),
        counted: plan.stats_file.take(),
        restored,
    };
    world.process.server_numbers.reserve(plan.next_uid);
    for (name, value) in &plan.env.variables {
        if let (Some(id), Ok(mut vars)) = (world.variable(name), world.process.vars.write()) {
            vars.set(id, value.clone());
        }
    }
    for (id, source) in compiled {
        if let Some(value) = evaluate(&world, &source, plan.env.wall_us) {
            world.initial_vars.set(id, value.clone());
            if let Ok(mut vars) = world.process.vars.write() {
                vars.set(id, value);
            }
        }
    }
    world
}

/// Numbers the lists of patterns, and has those that rules change arranged for it.
fn settle_lists(names: &Names) {
    for name in &names.changed_lists {
        if let Some(list) = names.references.by_name(name) {
            // Comparing whole texts refuses nothing.
            let _ = list.require(View::KEY);
        }
    }
    names.references.number();
}

enum Source {
    Expr(state::Expr),
    Format(state::Format),
}

fn compile(assembly: &mut Assembly<'_, '_>, set: &SetVar<'_>) -> Option<(u32, Source)> {
    let line = set.line;
    let mut compile = Compile::new(&mut assembly.names, Home::default());
    compile.site = Site::Nowhere;
    assembly.plan.put_place(line.span(), &mut compile.place);
    let variable = compile.var(word(line, 1)).and_then(|var| {
        if var.scope == Scope::Proc { Ok(var.id) } else { Err("the scope must be 'proc'".to_owned()) }
    });
    let source = if set.format {
        compile.format(word(line, 2)).map(Source::Format)
    } else {
        let words = words_from(line, 2);
        compile.expr(&mut Words::new(&words)).map(Source::Expr)
    };
    match (variable, source) {
        (Ok(id), Ok(source)) => Some((id, source)),
        (Err(error), _) | (_, Err(error)) => {
            match known::not_run(&error) {
                Some(what) => {
                    let what = format!("'{}', which asks for {what},", line.keyword());
                    assembly.plan.remarks.unserved(line.span(), &what);
                }
                None => {
                    let message = format!("'{}' : {error}", line.keyword());
                    assembly.plan.remarks.alert(line.span(), message);
                }
            }
            None
        }
    }
}

/// Evaluates a `set-var` line of `global`, when there is no stream and no session worth the name.
fn evaluate(world: &World, source: &Source, wall_us: u64) -> Option<sample::Owned> {
    let session = Session::new(0, 0, Endpoint::Unix, 0, wall_us);
    let arena = Bump::new();
    let cx = Ctx {
        world,
        session: &session,
        stream: None,
        side: Side::Request,
        arena: &arena,
        now_ns: 0,
        wall_us,
        thread: 0,
    };
    match source {
        Source::Expr(expr) => expr.eval(&cx).map(|v| v.to_owned()),
        Source::Format(format) => {
            let mut text = Vec::new();
            format.write(&cx, &mut text);
            Some(sample::Owned::Str(text.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn set_var_reads_the_clock_and_the_variables_that_there_are() {
        let mut machine = crate::Environment::empty();
        machine.wall_us = 7_000_000;
        machine.variables = vec![("a".into(), sample::Owned::Str((*b"before").into()))];
        let text = "global\n set-var proc.b var(proc.a),upper\n set-var proc.c date\n";
        let source = config::Source::new("test", text.as_bytes().to_vec());
        let loaded = config::parse_sources(vec![source], &config::Context::with_env(config::Env::default()));
        let world = crate::build(&loaded, &machine).world.unwrap();
        let value = |name: &str| {
            let id = world.variable(name)?;
            world.initial_vars.get(id).map(|value| value.to_owned())
        };
        assert_eq!(value("b"), Some(sample::Owned::Str((*b"BEFORE").into())));
        assert_eq!(value("c"), Some(sample::Owned::Sint(7)));
        assert_eq!(value("a"), None);
    }
}
