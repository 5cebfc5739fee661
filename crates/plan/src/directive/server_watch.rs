//! The parameters of `server` lines about watching a server: agents, what traffic tells, whom it follows, what happens
//! when it goes down or up (manual 5.2).

use std::net::IpAddr;
use std::sync::Arc;

use state::check::{Pace, Probe};
use state::options::Mode;
use state::server::{Check, InitState, Observe, OnError};

use super::server::ServerSpec;
use super::server_param::check_address;
use crate::ctx::Plan;
use crate::number::{TimeError, atol, time_ms};

/// What the parameters say.
#[derive(Clone, Debug)]
pub(crate) struct WatchSpec<'a> {
    pub(crate) agent: bool,
    pub(crate) agent_port: u16,
    agent_address: Option<IpAddr>,
    agent_inter: Option<u32>,
    agent_send: Option<&'a str>,
    /// `observe`: whether responses are looked at.
    pub(crate) observed: Option<bool>,
    error_limit: u32,
    on_error: OnError,
    pub(crate) shutdown_when_down: bool,
    pub(crate) shutdown_backups_when_up: bool,
    pub(crate) init_state: InitState,
}

impl Default for WatchSpec<'_> {
    fn default() -> Self {
        Self {
            agent: false,
            agent_port: 0,
            agent_address: None,
            agent_inter: None,
            agent_send: None,
            observed: None,
            error_limit: 10,
            on_error: OnError::default(),
            shutdown_when_down: false,
            shutdown_backups_when_up: false,
            init_state: InitState::None,
        }
    }
}

impl WatchSpec<'_> {
    /// The check of the agent.
    pub(crate) fn agent(&self) -> Option<Box<Check>> {
        if !self.agent {
            return None;
        }
        let steps = keywords::check::agent(self.agent_address, self.agent_port, self.agent_send);
        let inter = self.agent_inter.unwrap_or(Pace::default().inter);
        Some(Box::new(Check {
            probe: Arc::new(Probe::Rules(steps)),
            pace: Pace { inter, fast_inter: None, down_inter: None, rise: 1, fall: 1 },
            address: None,
            port: None,
            timeout_ms: None,
            send_proxy: None,
            via_socks4: false,
        }))
    }

    pub(crate) fn observe(&self) -> Option<Box<Observe>> {
        let responses = self.observed?;
        Some(Box::new(Observe { responses, limit: self.error_limit, then: self.on_error }))
    }
}

/// Sets the parameter; false if it is none of these.
pub(super) fn set<'a>(
    plan: &mut Plan<'a>,
    spec: &mut ServerSpec<'a>,
    name: &str,
    value: &'a str,
    server: &str,
) -> Result<bool, String> {
    if agent(plan, &mut spec.watch, name, value, server)? {
        return Ok(true);
    }
    let watch = &mut spec.watch;
    match name {
        "slowstart" => {
            spec.slowstart_ms = time_ms(value).map_err(|e| match e {
                TimeError::Unexpected(_) if value.is_empty() => "unexpected character '.".to_owned(),
                TimeError::Unexpected(_) => explain(e, value, name, server),
                TimeError::Overflow => explain(e, value, name, server).replacen("timer ", "", 1),
            })?;
        }
        "track" => {
            needed(value, name, "[<proxy>/]<server>")?;
            spec.track = Some(value);
        }
        "observe" => {
            needed(value, name, "<mode>")?;
            watch.observed = match value {
                "none" => None,
                "layer4" => Some(false),
                "layer7" => Some(true),
                other => {
                    return Err(format!(
                        "'observe' expects one of 'none', 'layer4', 'layer7' but got '{other}'."
                    ));
                }
            };
        }
        "init-state" => watch.init_state = init_state(value)?,
        "error-limit" => {
            needed(value, name, "an integer")?;
            let limit = u32::try_from(atol(value)).ok().filter(|n| *n > 0);
            watch.error_limit = limit.ok_or("error-limit has to be > 0..")?;
        }
        "on-error" => {
            watch.on_error = match value {
                "fastinter" => OnError::FastInter,
                "fail-check" => OnError::FailCheck,
                "sudden-death" => OnError::SuddenDeath,
                "mark-down" => OnError::MarkDown,
                other => {
                    return Err(format!(
                        "'on-error' expects one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down' but got \
                         '{other}'."
                    ));
                }
            };
        }
        "on-marked-down" => watch.shutdown_when_down = action(value, name, "shutdown-sessions")?,
        "on-marked-up" => watch.shutdown_backups_when_up = action(value, name, "shutdown-backup-sessions")?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Sets a parameter of the agent; false if it is none of these.
fn agent<'a>(
    plan: &mut Plan<'a>,
    watch: &mut WatchSpec<'a>,
    name: &str,
    value: &'a str,
    server: &str,
) -> Result<bool, String> {
    match name {
        "agent-port" => {
            needed(value, name, "a port number")?;
            // As much of the number as a port has room for.
            watch.agent_port = u16::try_from(atol(value) & 0xffff).unwrap_or(0);
        }
        "agent-addr" => {
            needed(value, name, "an address")?;
            let found = check_address(plan, value).ok().filter(|(_, port)| port.is_none());
            let wrong = || format!("parsing agent-addr failed. Check if '{value}' is correct address..");
            watch.agent_address = Some(found.ok_or_else(wrong)?.0);
        }
        "agent-inter" => {
            needed(value, name, "a delay")?;
            let ms = duration(value, name, server)?;
            if ms == 0 {
                return Err(format!("invalid value 0 for argument '{name}' of server {server}.."));
            }
            watch.agent_inter = Some(ms);
        }
        "agent-send" => {
            needed(value, name, "a string")?;
            watch.agent_send = Some(value);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Drops `observe layer7` where no HTTP is spoken; whether it did. HAProxy calls it wrong and goes on without it.
pub(super) fn drop_blind_observer(spec: &mut ServerSpec<'_>, mode: Mode) -> bool {
    let blind = spec.watch.observed == Some(true) && mode != Mode::Http;
    if blind {
        spec.watch.observed = None;
    }
    blind
}

/// Whether all that a line says goes together.
pub(super) fn combined(spec: &ServerSpec<'_>, server: &str) -> Result<(), String> {
    if spec.check && spec.track.is_some() {
        return Err("unable to enable checks and tracking at the same time!".to_owned());
    }
    if spec.watch.init_state != InitState::None && spec.track.is_some() {
        return Err("unable to set init-state and tracking at the same time!".to_owned());
    }
    if spec.watch.agent && spec.watch.agent_port == 0 {
        return Err(format!("server {server} does not have agent port. Agent check has been disabled."));
    }
    Ok(())
}

fn init_state(value: &str) -> Result<InitState, String> {
    Ok(match value {
        "none" => InitState::None,
        "fully-up" => InitState::FullyUp,
        "up" => InitState::Up,
        "down" => InitState::Down,
        "fully-down" => InitState::FullyDown,
        other => {
            return Err(format!(
                "'init-state' expects one of 'none', 'fully-up', 'up', 'down', or 'fully-down' but got '{other}'."
            ));
        }
    })
}

fn needed(value: &str, name: &str, what: &str) -> Result<(), String> {
    if value.is_empty() { Err(format!("'{name}' expects {what} as argument..")) } else { Ok(()) }
}

fn action(value: &str, name: &str, only: &str) -> Result<bool, String> {
    if value == only { Ok(true) } else { Err(format!("'{name}' expects '{only}' but got '{value}'.")) }
}

fn duration(value: &str, name: &str, server: &str) -> Result<u32, String> {
    time_ms(value).map_err(|e| explain(e, value, name, server))
}

/// What is wrong with a time in a server's parameter.
pub(super) fn explain(error: TimeError, value: &str, name: &str, server: &str) -> String {
    match error {
        TimeError::Unexpected(c) => {
            format!("unexpected character '{c}' in '{name}' argument of server {server}..")
        }
        TimeError::Overflow => format!(
            "timer overflow in argument <{value}> to <{name}> of server {server}, maximum value is 2147483647 ms (~24.8 \
             days).."
        ),
    }
}
