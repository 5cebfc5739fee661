//! `global`: the process (manual 3).

use config::Section;
use state::jose::Policy;
use state::tracking::Faults;
use state::world::{ClientRates, Global, SocketHolds};

use crate::Environment;
use crate::ctx::{Ctx, Plan};
use crate::draft::Draft;

/// What holds where `global` says nothing.
pub(super) fn initial(env: &Environment) -> Global {
    Global {
        maxconn: 0,
        threads: env.threads.max(1),
        buffer_size: 16_384,
        large_buffer: 0,
        max_pipes: None,
        pipe_size: 0,
        max_rewrite: 1_024,
        max_headers: 101,
        accept_any_payload: false,
        http2: Default::default(),
        header_case: Default::default(),
        own_idle: false,
        no_splice: false,
        compression: state::compression::Effort::default(),
        cookie_len: 63,
        log_line_len: 1023,
        stick_counters: 3,
        faults: Faults::default(),
        daemon: false,
        jose: Policy::default(),
        profile_tasks: false,
        pidfile: None,
        user: None,
        group: None,
        uid: None,
        gid: None,
        chroot: None,
        hostname: env.hostname.clone(),
        node: env.hostname.clone(),
        description: None,
        log_tag: "haproxy".into(),
        log_send_hostname: None,
        pid: 0,
        hard_stop_after_ms: None,
        close_spread_ms: None,
        capabilities: Vec::new(),
        spread_checks: 0,
        max_spread_ms: None,
        dns_families: Default::default(),
        var_limits: None,
        cpu_map: Vec::new(),
        stats_sockets: Vec::new(),
        stats_timeout_ms: 10_000,
        stats_maxconn: 10,
        open_files: None,
        max_tls: 0,
        chosen_by_memory: false,
        anon_key: 0,
        rates: ClientRates::default(),
        client_holds: SocketHolds::default(),
        server_holds: SocketHolds::default(),
    }
}

/// Reads one; several add up.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let mut nobody = Draft::new(section.kind(), "", section.span(), None);
    for line in section.directives() {
        super::apply(&mut Ctx { plan, draft: &mut nobody }, line);
    }
}
