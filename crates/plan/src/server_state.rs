//! Files with states of servers (manual 3.1 "server-state-file", 4.2 "load-server-state-from-file"): lines into rows, by the
//! names of backend and server. What is taken over from them is `state::restore`'s business.

use std::collections::HashMap;
use std::rc::Rc;

use state::restore::Row;

use crate::ctx::Plan;

/// Where the states of a proxy's servers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum From {
    #[default]
    Nowhere,
    /// The file of `global`.
    Global,
    /// One of the proxy's own.
    Local,
}

/// The states of a file, by backend and server.
#[derive(Debug, Default)]
pub(crate) struct States(HashMap<(Box<str>, Box<str>), Row>);

impl States {
    pub(crate) fn get(&self, backend: &str, server: &str) -> Option<&Row> {
        self.0.get(&(backend.into(), server.into()))
    }
}

/// What `global` says of files, and those that were read.
#[derive(Debug, Default)]
pub(crate) struct StateFiles {
    /// `server-state-base`.
    pub(crate) base: Option<String>,
    /// `server-state-file`.
    pub(crate) global: Option<String>,
    read: HashMap<String, Rc<States>>,
}

/// The states that a proxy's servers had; `file`: `server-state-file-name`.
pub(crate) fn of<'p>(plan: &mut Plan<'p>, from: From, proxy: &str, file: Option<&str>) -> Option<Rc<States>> {
    // What lives on in a process needs no file.
    if plan.old.is_some() {
        return None;
    }
    let (name, what) = match from {
        From::Nowhere => return None,
        From::Global => (plan.states.global.clone()?, "global"),
        From::Local => (file.unwrap_or(proxy).to_owned(), "local"),
    };
    let path = match &plan.states.base {
        Some(base) if !name.starts_with('/') => format!("{base}/{name}"),
        _ => name,
    };
    if let Some(known) = plan.states.read.get(&path) {
        return Some(Rc::clone(known));
    }
    // That there is none yet is how it begins.
    let content = plan.read(&path).unwrap_or_default();
    let states = Rc::new(read(plan, &String::from_utf8_lossy(&content), &path, what));
    plan.states.read.insert(path, Rc::clone(&states));
    Some(states)
}

/// The only version there is.
const VERSION: &str = "1";
/// Columns that every line has, and all that there are.
const LEAST: usize = 18;

fn read(plan: &mut Plan<'_>, content: &str, path: &str, what: &str) -> States {
    let mut lines = (1..).zip(content.lines());
    match lines.next() {
        None => return States::default(),
        Some((_, VERSION)) => {}
        Some(_) => {
            plan.remarks
                .warn_bare(format!("config: Can't get version of the {what} server state file '{path}'."));
            return States::default();
        }
    }
    let mut states = States::default();
    for (number, line) in lines {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        if columns.is_empty() || line.starts_with('#') {
            continue;
        }
        if columns.len() < LEAST {
            plan.remarks
                .warn_bare(format!("config: corrupted {what} server state file '{path}' at line {number}."));
            return States::default();
        }
        let (backend, server) = (text(&columns, 1), text(&columns, 3));
        match row(&columns) {
            Ok(row) => {
                states.0.insert((backend.into(), server.into()), row);
            }
            Err(wrong) => plan.remarks.warn_bare(format!(
                "server-state application failed for server '{backend}/{server}', {}",
                wrong.join(", ")
            )),
        }
    }
    states
}

fn text<'a>(columns: &[&'a str], at: usize) -> &'a str {
    columns.get(at).copied().unwrap_or("-")
}

/// Reads a line. Errors: what is wrong with it.
fn row(columns: &[&str]) -> Result<Row, Vec<String>> {
    let mut wrong = Vec::new();
    let mut number = |at: usize, name: &str, most: u64| {
        let text = text(columns, at);
        let value = if at >= LEAST && text == "-" { Some(0) } else { text.parse::<u64>().ok() };
        value.filter(|n| *n <= most).unwrap_or_else(|| {
            wrong.push(format!("invalid {name} value '{text}'"));
            0
        })
    };
    let byte = |n: u64| u8::try_from(n).unwrap_or(0);
    let port = |n: u64| u16::try_from(n).unwrap_or(0);
    let name = |at| Some(text(columns, at)).filter(|text| *text != "-").map(Into::into);
    let ip = |at| text(columns, at).parse().ok();
    let row = Row {
        address: ip(4),
        operational: byte(number(5, "srv_op_state", 3)),
        administrative: byte(number(6, "srv_admin_state", 127)),
        weight: port(number(7, "srv_uweight", 256)),
        configured_weight: port(number(8, "srv_iweight", 256)),
        changed_s: number(9, "srv_time_since_last_change", u64::MAX),
        check_status: byte(number(10, "srv_check_status", 30)),
        check_state: {
            number(11, "srv_check_result", 4);
            byte(number(13, "srv_check_state", 31))
        },
        agent_state: byte(number(14, "srv_agent_state", 31)),
        fqdn: name(17),
        port: port(number(18, "srv_port", 65_535)),
        service: name(19),
        check_port: port(number(21, "srv_check_port", 65_535)),
        check_address: ip(22),
        agent_address: ip(23),
        agent_port: port(number(24, "srv_agent_port", 65_535)),
    };
    if wrong.is_empty() { Ok(row) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let line = "3 b 1 s1 10.0.0.1 0 9 20 10 100 8 2 0 6 0 0 0 a.test 9001 _x._tcp.test 0 77 - ::1 88";
        let columns: Vec<&str> = line.split(' ').collect();
        let read = row(&columns).unwrap();
        assert_eq!((read.operational, read.administrative, read.weight, read.changed_s), (0, 9, 20, 100));
        assert_eq!((read.port, read.check_port, read.agent_port), (9001, 77, 88));
        assert_eq!((read.fqdn.as_deref(), read.service.as_deref()), (Some("a.test"), Some("_x._tcp.test")));
        assert_eq!((read.address, read.agent_address), ("10.0.0.1".parse().ok(), "::1".parse().ok()));
        assert_eq!(row(&columns[..18]).unwrap().port, 0);
        let mut odd = columns.clone();
        (odd[5], odd[6], odd[18]) = ("4", "x", "65536");
        let wrong = row(&odd).unwrap_err();
        let expected = ["srv_op_state value '4'", "srv_admin_state value 'x'", "srv_port value '65536'"];
        assert_eq!(wrong, expected.map(|what| format!("invalid {what}")));
    }
}
