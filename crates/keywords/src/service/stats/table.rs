//! The tables of the page: one for each proxy, a row for each of its objects. Rows and cells have the classes and anchors
//! that tools look for.

use state::family::{Object, Row};
use state::frontend::BindAddress;
use state::server::Address;
use state::{Backend, Server};

use super::admin::actions;
use super::cells::{Detail, Figure, Html, age, count};
use crate::metric::{Columns, Proxy, ServerStatus, server_status};

/// How the tables are shown.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// With boxes before servers, and a form around the table.
    pub(super) admin: bool,
    /// With addresses, ids and cookies.
    pub(super) legends: bool,
    /// With the figures of protocols in a column each.
    pub(super) modules: bool,
}

/// Groups of columns and how wide they are, then the columns.
const GROUPS: &[(&str, usize)] = &[
    ("Queue", 3),
    ("Session rate", 3),
    ("Sessions", 6),
    ("Bytes", 2),
    ("Denied", 2),
    ("Errors", 3),
    ("Warnings", 2),
    ("Server", 9),
];
const TITLES: &[&str] = &[
    "Cur", "Max", "Limit", "Cur", "Max", "Limit", "Cur", "Max", "Limit", "Total", "LbTot", "Last", "In",
    "Out", "Req", "Resp", "Req", "Conn", "Resp", "Retr", "Redis", "Status", "LastChk", "Wght", "Act", "Bck",
    "Chk", "Dwn", "Dwntme", "Thrtle",
];

/// What the column of a module shows: the beginnings of its metrics' names.
const MODULES: &[&str] = &["h2", "ssl", "h1"];

impl Look {
    /// What comes before the rows of a proxy.
    pub(super) fn begin(self, proxy: Proxy<'_>, html: &mut Html<'_>) {
        let name = proxy.name();
        if self.can_order(proxy) {
            html.raw("<form method=\"post\">");
        }
        html.raw("<table class=\"tbl\">\n<caption><span class=\"pxname\"><a id=\"").text(name);
        html.raw("\" name=\"").text(name);
        html.raw("\"></a><u><a class=\"px\" href=\"#").text(name).raw("\">").text(name).raw("</a>");
        if self.legends {
            legend(proxy, html);
        }
        html.raw("</u></span>");
        let description = proxy.front.and_then(|f| f.description.as_deref());
        let description = description.or_else(|| proxy.back.and_then(|b| b.description.as_deref()));
        if let Some(description) = description {
            html.raw("<span class=\"desc\">").text(description).raw("</span>");
        }
        html.raw("</caption>\n<thead><tr class=\"titre\"><th rowspan=\"2\">");
        if self.can_order(proxy) {
            html.raw("<input type=\"checkbox\" title=\"all servers\" onclick=\"toggle(this)\">");
        }
        html.raw("</th><th rowspan=\"2\"></th>");
        for (title, width) in GROUPS {
            html.raw(&format!("<th colspan=\"{width}\">{title}</th>"));
        }
        if self.modules {
            html.raw(&format!("<th colspan=\"{}\">Extra modules</th>", MODULES.len()));
        }
        html.raw("</tr>\n<tr class=\"titre\">");
        for title in TITLES.iter().chain(MODULES.iter().filter(|_| self.modules)) {
            html.raw("<th>").raw(title).raw("</th>");
        }
        html.raw("</tr></thead>\n<tbody>\n");
    }

    /// What comes behind them.
    pub(super) fn end(self, proxy: Proxy<'_>, html: &mut Html<'_>) {
        html.raw("</tbody></table>\n");
        let Some(backend) = proxy.back.filter(|_| self.can_order(proxy)) else { return };
        html.raw("<p class=\"orders\"><label>Choose the action to perform on the checked servers : ");
        html.raw("<select name=\"action\"><option value=\"\"></option>");
        for (name, title) in actions() {
            html.raw("<option value=\"").raw(name).raw("\">").raw(title).raw("</option>");
        }
        let id = backend.id;
        html.raw(&format!("</select></label><input type=\"hidden\" name=\"b\" value=\"#{id}\">"));
        html.raw(" <input type=\"submit\" value=\"Apply\"></p></form>\n");
    }

    fn can_order(self, proxy: Proxy<'_>) -> bool {
        self.admin && proxy.back.is_some_and(|b| !b.servers.is_empty())
    }

    /// The row of an object.
    pub(super) fn row(self, row: &Row<'_>, html: &mut Html<'_>) {
        match row.object {
            Object::Process => return,
            Object::Frontend(_) => self.frontend(row, html),
            Object::Listener(..) => self.listener(row, html),
            Object::Server(backend, server) => self.server(row, backend, server, html),
            Object::Backend(backend) => self.backend(row, backend, html),
        }
        if self.modules {
            modules(row, html);
        }
        html.raw("</tr>\n");
    }

    fn frontend(self, row: &Row<'_>, html: &mut Html<'_>) {
        html.raw("<tr class=\"frontend\"><td></td>");
        name(row, "Frontend", "Frontend", |_| {}, html);
        html.raw("<td colspan=\"3\"></td>");
        html.explained(
            row.n("rate"),
            &[
                rate(row, "Current connection rate:", "conn_rate"),
                rate(row, "Current session rate:", "rate"),
                rate(row, "Current request rate:", if row.is_http() { "req_rate" } else { "" }),
            ],
        );
        html.explained(
            row.n("rate_max"),
            &[
                rate(row, "Max connection rate:", "conn_rate_max"),
                rate(row, "Max session rate:", "rate_max"),
                rate(row, "Max request rate:", if row.is_http() { "req_rate_max" } else { "" }),
            ],
        );
        html.limit(row.n("rate_lim")).cell(row.n("scur")).cell(row.n("smax")).cell(row.n("slim"));
        html.explained(row.n("stot"), &front_totals(row)).empty(2);
        html.cell(row.n("bin")).cell(row.n("bout")).cell(row.n("dreq")).cell(row.n("dresp"));
        html.cell(row.n("ereq")).empty(4).words(&row.s("status").unwrap_or_default());
        html.raw("<td colspan=\"8\"></td>");
    }

    fn listener(self, row: &Row<'_>, html: &mut Html<'_>) {
        let own = row.s("svname").unwrap_or_default().into_owned();
        html.raw("<tr class=\"socket\"><td></td>");
        let anchor = format!("+{own}");
        let details = |html: &mut Html<'_>| {
            let Some(bind) = row.bind().filter(|_| self.legends) else { return };
            html.raw("<div class=\"tips\">");
            match &bind.address {
                BindAddress::Inet(at) => address(at, html),
                BindAddress::Unix(path) => {
                    html.raw("unix: ").text(path);
                }
                BindAddress::Abstract(path) => {
                    html.raw("abns: ").text(path);
                }
                BindAddress::Fd(fd) => {
                    html.raw(&format!("fd: {fd}"));
                }
            }
            if let Some(protocol) = row.s("proto") {
                html.raw(", proto=").text(&protocol);
            }
            html.raw(&format!(", id: {}</div>", bind.id));
        };
        name(row, &anchor, &own, details, html);
        html.raw("<td colspan=\"3\"></td><td colspan=\"3\"></td>");
        html.cell(row.n("scur")).cell(row.n("smax")).cell(row.n("slim")).cell(row.n("stot")).empty(2);
        html.cell(row.n("bin")).cell(row.n("bout")).cell(row.n("dreq")).cell(row.n("dresp"));
        html.cell(row.n("ereq")).empty(4).words(&row.s("status").unwrap_or_default());
        html.raw("<td colspan=\"8\"></td>");
    }

    fn server(self, row: &Row<'_>, backend: &Backend, server: &Server, html: &mut Html<'_>) {
        let status = server_status(row.world, server);
        html.raw("<tr class=\"").raw(class(server, status)).raw("\"><td>");
        if self.admin {
            html.raw("<input class=\"").text(&backend.name);
            html.raw("-checkbox\" type=\"checkbox\" name=\"s\" value=\"").text(&server.name).raw("\">");
        }
        html.raw("</td>");
        name(row, &server.name, &server.name, |html| self.server_legend(server, html), html);
        html.cell(row.n("qcur")).cell(row.n("qmax")).limit(row.n("qlimit"));
        html.cell(row.n("rate")).cell(row.n("rate_max")).raw("<td></td>");
        html.explained(
            row.n("scur"),
            &[
                detail("Current used connections:", count(row, "used_conn_cur")),
                detail("Current idle connections:", count(row, "srv_icur")),
                detail("Active connections limit:", Figure::Limit(row.n("slim"))),
                detail("Idle connections limit:", Figure::Limit(row.n("src_ilim"))),
            ],
        );
        html.cell(row.n("smax")).limit(row.n("slim")).explained(row.n("stot"), &back_totals(row));
        html.cell(row.n("lbtot"));
        last(row, html);
        html.cell(row.n("bin")).cell(row.n("bout")).raw("<td></td>").cell(row.n("dresp"));
        html.raw("<td></td>").cell(row.n("econ"));
        response_errors(row, html);
        html.cell(row.n("wretr")).cell(row.n("wredis"));
        html.raw("<td class=\"ac\">");
        if status == ServerStatus::Unchecked {
            html.raw("<i>no check</i>");
        } else {
            html.raw(&age(row.n("lastchg").unwrap_or(0))).raw(" ").text(&status.text());
        }
        html.raw("</td>");
        last_check(row, html);
        weight(row, html);
        html.words(yes(row.n("act"))).words(yes(row.n("bck")));
        match row.n("chkfail") {
            Some(failed) => {
                html.raw("<td><u>")
                    .number(failed)
                    .raw("<div class=\"tips\">Failed Health Checks</div></u></td>");
                html.cell(row.n("chkdown")).words(&age(row.n("downtime").unwrap_or(0)));
            }
            None => {
                html.raw("<td colspan=\"3\"></td>");
            }
        }
        match row.n("throttle") {
            Some(percent) => html.words(&format!("{percent} %")),
            None => html.words("-"),
        };
    }

    fn server_legend(self, server: &Server, html: &mut Html<'_>) {
        if !self.legends {
            return;
        }
        html.raw("<div class=\"tips\">");
        match &*server.address() {
            Address::Inet(at) => address(at, html),
            Address::Unix(path) => {
                html.raw("unix: ").text(path.trim_start_matches('\0'));
            }
            Address::Unresolved(_) => {
                html.raw("(no address)");
            }
        }
        html.raw(&format!(", id: {}, rid: 0", server.id));
        if let Some(cookie) = &server.cookie {
            html.raw(", cookie: '").text(&String::from_utf8_lossy(cookie)).raw("'");
        }
        html.raw("</div>");
    }

    fn backend(self, row: &Row<'_>, backend: &Backend, html: &mut Html<'_>) {
        html.raw("<tr class=\"backend\"><td></td>");
        let details = |html: &mut Html<'_>| {
            if self.legends {
                html.raw("<div class=\"tips\">balancing: ").text(backend.balance_name);
                if let Some(cookie) = row.s("cookie") {
                    html.raw(", cookie: '").text(&cookie).raw("'");
                }
                html.raw("</div>");
            }
        };
        name(row, "Backend", "Backend", details, html);
        html.cell(row.n("qcur")).cell(row.n("qmax")).raw("<td></td>");
        html.cell(row.n("rate")).cell(row.n("rate_max")).raw("<td></td>");
        html.cell(row.n("scur")).cell(row.n("smax")).cell(row.n("slim"));
        html.explained(row.n("stot"), &back_totals(row)).cell(row.n("lbtot"));
        last(row, html);
        html.cell(row.n("bin")).cell(row.n("bout")).cell(row.n("dreq")).cell(row.n("dresp"));
        html.raw("<td></td>").cell(row.n("econ"));
        response_errors(row, html);
        html.cell(row.n("wretr")).cell(row.n("wredis"));
        html.raw("<td class=\"ac\">").raw(&age(row.n("lastchg").unwrap_or(0))).raw(" ");
        html.text(&row.s("status").unwrap_or_default()).raw("</td><td></td>");
        weight(row, html);
        html.cell(row.n("act")).cell(row.n("bck")).raw("<td></td>").cell(row.n("chkdown"));
        match row.n("downtime") {
            Some(seconds) => html.words(&age(seconds)),
            None => html.raw("<td></td>"),
        };
        html.raw("<td></td>");
    }
}

/// `cap: frontend, mode: http, id: 2`
fn legend(proxy: Proxy<'_>, html: &mut Html<'_>) {
    let (mode, id) = match (proxy.front, proxy.back) {
        (Some(front), _) => (front.mode, front.id),
        (None, Some(back)) => (back.mode, back.id),
        (None, None) => return,
    };
    let kind = match (proxy.front, proxy.back) {
        (Some(_), None) => "frontend",
        (None, _) => "backend",
        _ => "proxy",
    };
    html.raw(&format!("<div class=\"tips\">cap: {kind}, mode: {}, id: {id}</div>", mode.name()));
}

/// The cell with the object's name, which others can link to.
fn name(row: &Row<'_>, anchor: &str, shown: &str, details: impl Fn(&mut Html<'_>), html: &mut Html<'_>) {
    let proxy = row.s("pxname").unwrap_or_default();
    html.raw("<td class=\"ac\"><a id=\"").text(&proxy).raw("/").text(anchor);
    html.raw("\" name=\"").text(&proxy).raw("/").text(anchor).raw("\"></a><u>");
    html.raw("<a class=\"lfsb\" href=\"#").text(&proxy).raw("/").text(anchor).raw("\">").text(shown);
    html.raw("</a>");
    details(html);
    html.raw("</u></td>");
}

fn address(at: &std::net::SocketAddr, html: &mut Html<'_>) {
    let family = if at.is_ipv4() { "IPv4" } else { "IPv6" };
    html.raw(family).raw(": ").text(&at.to_string());
}

const fn detail(title: &str, value: Figure) -> Detail<'_> {
    Detail { title, value }
}

fn rate<'t>(row: &Row<'_>, title: &'t str, name: &str) -> Detail<'t> {
    detail(title, row.n(name).map_or(Figure::None, Figure::Rate))
}

/// What a frontend's sessions were.
fn front_totals(row: &Row<'_>) -> Vec<Detail<'static>> {
    let mut lines = vec![
        detail("Cum. connections:", count(row, "conn_tot")),
        detail("Cum. sessions:", count(row, "stot")),
    ];
    if row.is_http() {
        lines.extend([
            detail("- HTTP/1 sessions:", count(row, "h1sess")),
            detail("- HTTP/2 sessions:", count(row, "h2sess")),
            detail("- HTTP/3 sessions:", count(row, "h3sess")),
            detail("- other sessions:", count(row, "sess_other")),
            detail("Cum. HTTP requests:", count(row, "req_tot")),
            detail("- HTTP/1 requests:", count(row, "h1req")),
            detail("- HTTP/2 requests:", count(row, "h2req")),
            detail("- HTTP/3 requests:", count(row, "h3req")),
            detail("- other requests:", count(row, "req_other")),
        ]);
        lines.extend(responses(row, false));
        lines.push(detail("Intercepted requests:", count(row, "intercepted")));
        lines.push(detail("Failed hdr rewrites:", count(row, "wrew")));
        lines.push(detail("Internal errors:", count(row, "eint")));
    }
    lines
}

/// What a server's or a backend's sessions were.
fn back_totals(row: &Row<'_>) -> Vec<Detail<'static>> {
    let (new, reused) = (row.n("connect").unwrap_or(0), row.n("reuse").unwrap_or(0));
    let mut lines = vec![
        detail("Cum. sessions:", count(row, "stot")),
        detail("New connections:", Figure::Count(new)),
        detail("Reused connections:", Figure::Part(reused, new.saturating_add(reused))),
    ];
    if row.is_http() {
        lines.push(detail("Cum. HTTP requests:", count(row, "req_tot")));
        lines.extend(responses(row, row.server().is_some()));
        lines.push(detail("Failed hdr rewrites:", count(row, "wrew")));
        lines.push(detail("Internal errors:", count(row, "eint")));
    }
    for (title, average, most) in [
        ("Queue time (max / avg):", "qtime", "qtime_max"),
        ("Connect time (max / avg):", "ctime", "ctime_max"),
        ("Response time (max / avg):", "rtime", "rtime_max"),
        ("Total time (max / avg):", "ttime", "ttime_max"),
    ] {
        if let (Some(average), Some(most)) = (row.n(average), row.n(most)) {
            lines.push(detail(title, Figure::Times(most, average)));
        }
    }
    lines
}

fn responses(row: &Row<'_>, parts: bool) -> impl Iterator<Item = Detail<'static>> {
    const CLASSES: &[(&str, &str)] = &[
        ("- HTTP 1xx responses:", "hrsp_1xx"),
        ("- HTTP 2xx responses:", "hrsp_2xx"),
        ("- HTTP 3xx responses:", "hrsp_3xx"),
        ("- HTTP 4xx responses:", "hrsp_4xx"),
        ("- HTTP 5xx responses:", "hrsp_5xx"),
        ("- other responses:", "hrsp_other"),
    ];
    let all = row.n("req_tot").filter(|_| parts);
    CLASSES.iter().map(move |(title, name)| {
        let figure = match (row.n(name), all) {
            (Some(n), Some(all)) => Figure::Part(n, all),
            (n, _) => n.map_or(Figure::None, Figure::Count),
        };
        detail(title, figure)
    })
}

fn last(row: &Row<'_>, html: &mut Html<'_>) {
    match row.n("lastsess") {
        Some(seconds) => html.words(&age(seconds)),
        None => html.words("?"),
    };
}

fn response_errors(row: &Row<'_>, html: &mut Html<'_>) {
    let (client, server) = (row.n("cli_abrt").unwrap_or(0), row.n("srv_abrt").unwrap_or(0));
    html.raw("<td><u>").number(row.n("eresp").unwrap_or(0));
    html.raw("<div class=\"tips\">Connection resets during transfers: ").number(client);
    html.raw(" client, ").number(server).raw(" server</div></u></td>");
}

/// `L7OK/200 in 3ms`
fn last_check(row: &Row<'_>, html: &mut Html<'_>) {
    let Some(status) = row.s("check_status") else {
        html.raw("<td></td>");
        return;
    };
    html.raw("<td class=\"ac\"><u>").text(&status);
    if let Some(code) = row.n("check_code") {
        html.raw(&format!("/{code}"));
    }
    if let Some(ms) = row.n("check_duration") {
        html.raw(&format!(" in {ms}ms"));
    }
    html.raw("<div class=\"tips\">").text(&row.s("check_desc").unwrap_or_default());
    if let Some(more) = row.s("last_chk").filter(|more| !more.is_empty()) {
        html.raw(": ").text(&more);
    }
    html.raw("</div></u></td>");
}

fn weight(row: &Row<'_>, html: &mut Html<'_>) {
    let (now, set) = (row.n("weight").unwrap_or(0), row.n("uweight").unwrap_or(0));
    html.words(&format!("{now}/{set}"));
}

const fn yes(flag: Option<u64>) -> &'static str {
    match flag {
        Some(0) | None => "-",
        Some(_) => "Y",
    }
}

/// The class of a server's row, which gives it its colour.
const fn class(server: &Server, status: ServerStatus) -> &'static str {
    match (status, server.backup) {
        (ServerStatus::Maintenance, _) => "maintain",
        (ServerStatus::Down(None) | ServerStatus::DownByAgent, false) => "active_down",
        (ServerStatus::Down(None) | ServerStatus::DownByAgent, true) => "backup_down",
        (ServerStatus::Down(Some(_)), false) => "active_going_up",
        (ServerStatus::Down(Some(_)), true) => "backup_going_up",
        (ServerStatus::Up(None), false) => "active_up",
        (ServerStatus::Up(None), true) => "backup_up",
        (ServerStatus::Up(Some(_)), false) => "active_going_down",
        (ServerStatus::Up(Some(_)), true) => "backup_going_down",
        (ServerStatus::Stopping(_), false) => "active_nolb",
        (ServerStatus::Stopping(_), true) => "backup_nolb",
        (ServerStatus::Drain(_) | ServerStatus::DrainByAgent, false) => "active_draining",
        (ServerStatus::Drain(_) | ServerStatus::DrainByAgent, true) => "backup_draining",
        (ServerStatus::Unchecked, false) => "active_no_check",
        (ServerStatus::Unchecked, true) => "backup_no_check",
    }
}

/// A cell for each module, with all its figures in a box.
fn modules(row: &Row<'_>, html: &mut Html<'_>) {
    for module in MODULES {
        let figures = crate::metric::extra(module).filter(|metric| metric.scope.has(row.object));
        let lines: Vec<Detail<'_>> =
            figures.map(|metric| detail(metric.doc, count(row, metric.name))).collect();
        if lines.is_empty() {
            html.raw("<td></td>");
            continue;
        }
        html.raw("<td class=\"ac\"><u>").raw(module).raw("<div class=\"tips\"><table class=\"det\">");
        for line in lines {
            html.raw("<tr><th>").text(line.title).raw("</th><td>");
            line.value.write(html);
            html.raw("</td></tr>");
        }
        html.raw("</table></div></u></td>");
    }
}
