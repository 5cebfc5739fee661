//! Actions that rules of HTTP and of TCP have alike. `KIND` is the property that names the action: `type` or
//! `action`. A family takes the lines whose properties its schema has, and whose actions it knows.

pub(super) const SHARED: &str = "
KIND=do-log [profile {log_profile}] <cond>
=KIND:lua lua.{lua_action} [{lua_params*}] <cond>
=KIND:sc-add-gpc sc-add-gpc({sc_idx},{sc_id}) {sc_int} <cond>
=KIND:sc-add-gpc sc-add-gpc({sc_idx},{sc_id}) {sc_expr*} <cond>
=KIND:sc-inc-gpc sc-inc-gpc({sc_idx},{sc_id}) <cond>
=KIND:sc-inc-gpc0 sc-inc-gpc0({sc_id}) <cond>
=KIND:sc-inc-gpc1 sc-inc-gpc1({sc_id}) <cond>
=KIND:sc-set-gpt sc-set-gpt({sc_idx},{sc_id}) {sc_int} <cond>
=KIND:sc-set-gpt sc-set-gpt({sc_idx},{sc_id}) {sc_expr*} <cond>
=KIND:sc-set-gpt0 sc-set-gpt0({sc_id}) {sc_int} <cond>
=KIND:sc-set-gpt0 sc-set-gpt0({sc_id}) {sc_expr*} <cond>
KIND=send-spoe-group {spoe_engine} {spoe_group} <cond>
KIND=set-bandwidth-limit {bandwidth_limit_name} [limit {bandwidth_limit_limit}] [period {bandwidth_limit_period}] <cond>
KIND=set-bc-mark {expr*} <cond>
KIND=set-bc-tos {expr*} <cond>
KIND=set-fc-mark {expr*} <cond>
KIND=set-fc-tos {expr*} <cond>
KIND=set-dst {expr*} <cond>
KIND=set-dst-port {expr*} <cond>
KIND=set-src {expr*} <cond>
KIND=set-src-port {expr*} <cond>
KIND=set-priority-class {expr*} <cond>
KIND=set-priority-offset {expr*} <cond>
KIND=set-retries {expr*} <cond>
KIND=set-log-level {log_level} <cond>
KIND=set-mark {mark_value} <cond>
KIND=set-tos {tos_value} <cond>
KIND=set-nice {nice_value} <cond>
=KIND:set-var-fmt set-var-fmt({var_scope}.{var_name}) {var_format} <cond>
=KIND:unset-var unset-var({var_scope}.{var_name}) <cond>
KIND=silent-drop [rst-ttl {rst_ttl}] <cond>
KIND=use-service {service_name} <cond>";
