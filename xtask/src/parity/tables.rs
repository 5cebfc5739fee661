//! Stick tables in generated configurations: a frontend's table with rules that track, count and tell, and backends that
//! stick. What depends on when a connection ends (`conn_cur`, bytes) stays out: the two programs are asked one after the
//! other, each as fast as it is.

use super::config::Unit;
use super::random::Random;

const TABLES: &[&str] = &[
    "type ip size 100 expire 1h store conn_cnt,conn_rate(1h),sess_cnt,http_req_cnt,http_req_rate(1h),http_err_cnt \
     store gpc0,gpc0_rate(1h),gpc1,gpt0",
    "type ipv6 size 1k expire 1h store http_req_cnt,http_err_cnt,http_err_rate(1h),gpc0_rate(1h),sess_rate(1h)",
    "type integer size 1k store gpc(3),gpc_rate(2,1h),gpt(2),http_req_cnt",
    "type string len 6 size 1k expire 1h store http_req_cnt,http_err_cnt,gpc0,gpc1,gpt0,conn_cnt,sess_cnt",
    "type string size 1k store gpc(2),gpt(1),http_req_cnt,conn_rate(1h)",
    "type binary len 4 size 1k store gpc0,http_req_rate(1h)",
];

const TRACKS: &[&str] = &[
    "tcp-request connection track-sc0 src",
    "tcp-request session track-sc0 src",
    "tcp-request session track-sc1 src,ipmask(24)",
    "tcp-request content track-sc1 src",
    "http-request track-sc0 path",
    "http-request track-sc0 req.hdr(host) if METH_GET",
    "http-request track-sc1 url_param(a)",
    "http-request track-sc1 path,length",
    "http-request track-sc2 req.cook(sid)",
    "http-request track-sc2 base32",
    "http-response track-sc2 res.hdr(content-type)",
];

const COUNTS: &[&str] = &[
    "http-request sc-inc-gpc0(0)",
    "http-request sc-inc-gpc1(1) if { path_beg /api }",
    "http-request sc-inc-gpc(1,0)",
    "http-request sc-set-gpt0(0) path,length",
    "http-request sc-set-gpt0(1) 7",
    "http-response sc-inc-gpc0(0) if { status 404 }",
    "http-after-response sc-inc-gpc0(2)",
    "http-request set-header X-Inc %[sc0_inc_gpc0],%[sc_inc_gpc1(1)]",
    "http-request set-header X-Clear %[sc0_clr_gpc0],%[sc_clr_gpc1(1)]",
    "http-request set-header X-Inc %[path,table_inc_gpc0],%[src_inc_gpc1]",
    "http-request set-header X-Update %[src_updt_conn_cnt]",
    "http-request deny if { sc0_http_req_cnt gt 12 }",
];

const TELLS: &[&str] = &[
    "http-request set-header X-Sc \"%[sc0_conn_cnt] %[sc0_sess_cnt] %[sc0_http_req_cnt] %[sc0_http_err_cnt]\"",
    "http-request set-header X-Rates \"%[sc_conn_rate(0)] %[sc_http_req_rate(1)] %[sc_http_err_rate(2)]\"",
    "http-request set-header X-Gpc \"%[sc0_get_gpc0] %[sc1_gpc0_rate] %[sc_get_gpt0(0)] %[sc1_get_gpc1]\"",
    "http-request set-header X-Arrays \"%[sc_get_gpc(1,0)] %[sc_gpc_rate(0,1)] %[sc_get_gpt(1,0)]\"",
    "http-request set-header X-Tracked \"%[sc0_tracked] %[sc1_tracked] %[sc_tracked(2)]\"",
    "http-request set-header X-Src \"%[src_conn_cnt] %[src_http_req_cnt] %[src_get_gpc0] %[src_sess_cnt]\"",
    "http-request set-header X-Table \"%[path,table_http_req_cnt] %[path,in_table] %[src,table_gpc0] %[table_cnt]\"",
    "http-response set-header X-Sc \"%[sc0_http_req_cnt] %[sc1_http_req_cnt] %[sc2_http_req_cnt]\"",
    "http-response set-header X-Err \"%[sc0_http_err_cnt] %[sc1_http_err_cnt] %[sc2_http_err_rate]\"",
    "http-after-response set-header X-Gpc \"%[sc0_get_gpc0] %[sc1_get_gpc0] %[table_avl]\"",
];

const STICKS: &[&str] = &[
    "stick on path",
    "stick on req.hdr(host)",
    "stick on url_param(a) if METH_GET",
    "stick match req.cook(sid)",
    "stick store-request path if { path_beg /api }",
    "stick store-response res.hdr(content-type)",
    "stick on src",
];

/// Adds tables to some units.
pub(crate) fn add(unit: &mut Unit, random: &mut Random) {
    let of_frontend = random.chance(25);
    if of_frontend {
        let table = random.pick(TABLES);
        let mut lines = vec![format!("stick-table {table}")];
        for (kinds, most) in [(TRACKS, 3), (COUNTS, 3), (TELLS, 4)] {
            for _ in 0..1 + random.below(most) {
                lines.push(random.pick(kinds).to_owned());
            }
        }
        // An address is no number.
        lines.retain(|line| !table.starts_with("type integer") || !line.contains(" src"));
        // Conditions of later rules may end the request: some of it happens before, some behind.
        let at = unit.frontend.iter().position(|line| !line.starts_with("acl")).unwrap_or(0);
        unit.frontend.splice(at..at, lines);
    }
    // Both halves of a `listen` have one table.
    let one = of_frontend && unit.is_listen;
    for backend in &mut unit.backends {
        if random.chance(10) && !one {
            backend.lines.push("stick-table type string len 20 size 100 expire 1h".to_owned());
            for _ in 0..1 + random.below(3) {
                backend.lines.push(random.pick(STICKS).to_owned());
            }
        }
    }
}
