//! Sample fetches (manual 7.3). To add one: a file named after it (dots as underscores, several names of one idea
//! may share a file) with a `KEYWORDS` table, and its line in the list below.

use state::family::{Fetch, Known, Needs};

mod acl;
mod always;
mod backend;
mod base;
mod bc;
mod body;
mod bytes;
mod capture;
mod cook;
mod cpu_calls;
mod date;
mod distcc_body;
mod dst;
mod dump_all_vars;
mod fc;
mod fc_pp;
mod fc_rtt;
mod fc_saved_syn;
mod frontend;
mod fs;
mod hdr;
mod hdr_ip;
mod hdr_names;
mod http_auth;
mod internal_htx;
mod last_rule;
mod method;
mod path;
mod payload;
mod prio;
mod process;
mod rand;
mod rdp_cookie;
mod req_ssl;
mod res_cache;
mod res_comp;
mod sc;
mod server;
mod src;
mod src_table;
mod ssl;
mod ssl_cert;
mod ssl_hello;
mod status;
mod table_cnt;
mod term_events;
mod timer;
mod txn;
mod unique_id;
mod url_ip;
mod url_param;
pub(crate) mod var;
mod ver;

/// Every fetch, a file a line.
pub static ALL: &[&[Fetch]] = &[
    acl::KEYWORDS,
    always::KEYWORDS,
    backend::KEYWORDS,
    base::KEYWORDS,
    bc::KEYWORDS,
    body::KEYWORDS,
    bytes::KEYWORDS,
    capture::KEYWORDS,
    cook::KEYWORDS,
    cook::COOK,
    cook::REQUEST,
    cook::RESPONSE,
    cook::SCOOK,
    cpu_calls::KEYWORDS,
    date::KEYWORDS,
    distcc_body::KEYWORDS,
    dst::KEYWORDS,
    fc::KEYWORDS,
    fc_pp::KEYWORDS,
    fc_rtt::KEYWORDS,
    fc_saved_syn::KEYWORDS,
    frontend::KEYWORDS,
    fs::KEYWORDS,
    hdr::KEYWORDS,
    hdr_ip::KEYWORDS,
    hdr_names::KEYWORDS,
    http_auth::KEYWORDS,
    internal_htx::KEYWORDS,
    last_rule::KEYWORDS,
    method::KEYWORDS,
    path::KEYWORDS,
    payload::KEYWORDS,
    prio::KEYWORDS,
    process::KEYWORDS,
    rand::KEYWORDS,
    rdp_cookie::KEYWORDS,
    req_ssl::KEYWORDS,
    res_cache::KEYWORDS,
    res_comp::KEYWORDS,
    sc::KEYWORDS,
    sc::NUMBERED,
    server::KEYWORDS,
    src::KEYWORDS,
    src_table::KEYWORDS,
    src_table::ELEMENTS,
    ssl::KEYWORDS,
    ssl::OF_CLIENT,
    ssl::OF_SERVER,
    ssl_cert::CLIENT,
    ssl_cert::FRONTEND,
    ssl_cert::KEYWORDS,
    ssl_hello::KEYWORDS,
    ssl_cert::SERVER,
    status::KEYWORDS,
    table_cnt::KEYWORDS,
    term_events::KEYWORDS,
    timer::KEYWORDS,
    txn::KEYWORDS,
    unique_id::KEYWORDS,
    url_ip::KEYWORDS,
    url_param::KEYWORDS,
    var::KEYWORDS,
    dump_all_vars::KEYWORDS,
    ver::KEYWORDS,
];

/// The fetch of this name.
pub fn find(name: &str) -> Option<&'static Fetch> {
    ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name)
}

/// Values that grow until the stream is over.
const GROWING: &[&str] = &[
    "bytes_in",
    "bytes_out",
    "cpu_calls",
    "cpu_ns_avg",
    "cpu_ns_tot",
    "fc.timer.total",
    "lat_ns_avg",
    "lat_ns_tot",
    "req.bytes_in",
    "req.bytes_out",
    "res.bytes_in",
    "res.bytes_out",
    "res.timer.data",
    "term_events",
    "txn.timer.total",
    "txn.timer.user",
    "waiting_entity",
];

/// From when on a log line can have what a fetch gives.
pub fn known(fetch: &Fetch) -> Known {
    if fetch.needs == Needs::Log || GROWING.contains(&fetch.name) { Known::End } else { Known::Response }
}

/// What the files of this family share.
mod prelude {
    pub(super) use std::ops::ControlFlow;

    pub(super) use http::Message;
    pub(super) use sample::cast::address;
    pub(super) use sample::{ArgKind, ArgSpec, Args, Type, Value};
    pub(super) use state::expr::{Ctx, Side};
    pub(super) use state::family::{Example, Fetch, Needs};

    pub(super) use crate::bytes::{avalanche, joined, sdbm};

    /// Takes each value of a fetch that can find several, until it breaks.
    pub(super) type Visit<'v, 'a> = &'v mut dyn FnMut(Value<'a>) -> ControlFlow<()>;

    /// An integer that surely fits.
    pub(super) fn int<'a>(n: impl Into<i64>) -> Value<'a> {
        Value::Sint(n.into())
    }

    /// An address of either family.
    pub(super) fn ip<'a>(address: std::net::IpAddr) -> Value<'a> {
        match address {
            std::net::IpAddr::V4(a) => Value::Ipv4(a),
            std::net::IpAddr::V6(a) => Value::Ipv6(a),
        }
    }

    /// The rate of something that is counted elsewhere, a second.
    pub(super) fn rate<'a>(cx: &Ctx<'a>, rate: &state::counters::Rate, total: u64) -> Option<Value<'a>> {
        let about = cx.world.process.about.get()?;
        i64::try_from(about.per_second(rate, total, cx.now_ns)).ok().map(Value::Sint)
    }

    /// The request's head, while there is one; undecided while it may still come to be one.
    pub(super) fn request<'a>(cx: &Ctx<'a>) -> Option<&'a Message> {
        let stream = cx.stream?;
        if stream.has_request {
            return Some(&stream.request);
        }
        let body = &stream.request_body;
        body.undecided.set(body.undecided.get() | (body.begun && body.more));
        None
    }

    /// The response's head, while there is one; undecided while it may still come.
    pub(super) fn response<'a>(cx: &Ctx<'a>) -> Option<&'a Message> {
        let stream = cx.stream?;
        if stream.has_response {
            return Some(&stream.response);
        }
        let body = &stream.response_body;
        body.undecided.set(body.undecided.get() | (body.begun && body.more));
        None
    }

    /// The head of the side that the rule set works on.
    pub(super) fn head<'a>(cx: &Ctx<'a>) -> Option<&'a Message> {
        match cx.side {
            Side::Request => request(cx),
            Side::Response => response(cx),
        }
    }
}
