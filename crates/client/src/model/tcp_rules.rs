//! `tcp-request`, `tcp-response`, `quic-initial` (manual 4.3).

/// Lines after `tcp-request connection`, `session` or `content`.
pub(super) const REQUEST: &str = "
action=accept <cond>
action=reject <cond>
action=attach-srv {server_name} [name {expr}] <cond>
action=capture {capture_sample} len {capture_len} <cond>
=action:do-resolve do-resolve({resolve_var},{resolve_resolvers},{resolve_protocol}) {expr*} <cond>
=action:do-resolve do-resolve({resolve_var},{resolve_resolvers}) {expr*} <cond>
=action:expect-netscaler-cip expect-netscaler-cip layer4 <cond>
=action:expect-proxy expect-proxy layer4 <cond>
=action:sc-add-gpc sc-add-gpc({sc_idx},{sc_inc_id}) {sc_int} <cond>
=action:sc-add-gpc sc-add-gpc({sc_idx},{sc_inc_id}) {expr*} <cond>
=action:sc-inc-gpc sc-inc-gpc({sc_idx},{sc_inc_id}) <cond>
=action:sc-inc-gpc0 sc-inc-gpc0({sc_inc_id}) <cond>
=action:sc-inc-gpc1 sc-inc-gpc1({sc_inc_id}) <cond>
=action:sc-set-gpt sc-set-gpt({sc_idx},{sc_inc_id}) {gpt_value} <cond>
=action:sc-set-gpt0 sc-set-gpt0({sc_inc_id}) {gpt_value} <cond>
action=send-spoe-group {spoe_engine_name} {spoe_group_name} <cond>
action=switch-mode http [proto {switch_mode_proto}] <cond>
=action:track-sc track-sc{track_stick_counter} {track_key} [table {track_table}] <cond>
=action:set-var set-var({var_scope}.{var_name}) {expr*} <cond>
@shared";

/// Lines after `tcp-response content`.
pub(super) const RESPONSE: &str = "
action=accept <cond>
action=close <cond>
action=reject <cond>
=action:set-var set-var({var_scope}.{var_name}) {expr*} <cond>
@shared";

pub(super) const QUIC_INITIAL: &str = "
quic-initial type=reject <cond>
quic-initial type=accept <cond>
quic-initial type=send-retry <cond>
quic-initial type=dgram-drop <cond>";
