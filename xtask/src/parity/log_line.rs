//! Generated log settings: the ready-made formats, and formats put together from words.

use super::random::Random;

const LOG_FORMATS: &[&str] = &[
    "option httplog",
    "option httplog",
    "option httplog",
    "option httpslog",
    "option httplog clf",
    "option tcplog",
    "log-format \"%ci:%cp [%t] %f time(%T %t %Tl %tr %trl %trg %Ts.%ms %rt %lc %pid) %bi time(%bp %sp %fp) %si %fi %H\"",
    "log-format \"%ci:%cp [%t] %f %ID %b %s %[unique-id] time(%[date] %[rand(9)] %[uuid,length])\"",
    "log-format \"%ci:%cp [%t] %ft %b/%s %ST %B %CC %CS %tsc %hr %hs %{+Q}r\"",
    "log-format \"%ci:%cp [%t] %f %HM %HU %HP %HQ %HV %ST %[capture.req.uri] %[capture.res.ver]\"",
    "log-format \"%ci:%cp [%t] %{+X}ST %hrl %hsl %U %HPO %rc %sq %bq\"",
];

/// Parts of generated log lines: every alias whose value does not depend on the moment or the process, and whose form is
/// that of 2.6 too. Times and counts of connections stand in groups of three or more, whose numbers are not compared.
const LOG_WORDS: &[&str] = &[
    "%ST",
    "%ts",
    "%tsc",
    "%ft",
    "%f",
    "%b/%s",
    "%HM",
    "%HP",
    "%HPO",
    "%HU",
    "%HV",
    "%CC",
    "%CS",
    "%hr",
    "%hs",
    "%hrl",
    "%hsl",
    "%U",
    "%rc",
    "%sq/%bq",
    "%TR/%Tw/%Tc/%Tr/%Ta",
    "%Th/%Ti/%Tq",
    "%Ta/%Tt/%Tu",
    "%ac/%fc/%bc/%sc",
    "%si",
    "%fi",
    "%H",
    "%sslc/%sslv",
    "%%",
    "x%{+X}ci",
    "%{+X}fi",
    "%{-Q}b",
    "%(name)s",
    "%[capture.req.method]",
    "%[capture.req.uri]",
    "%[capture.req.ver]%[capture.res.ver]",
    "%[src]",
    "%[str(a),upper]",
    "%[var(txn.v)]",
    "%[last_rule_line]",
    "two  words",
];

/// What may stand at the end, quoted.
const LOG_QUOTED: &[&str] = &[
    "%{+Q}r",
    "%{+Q}HQ %{+Q}HU",
    "%{+Q}hr %{+Q}CC",
    "%{+Q,+E}HQ",
    "%{+Q}[capture.req.uri]",
    "%{+Q}hrl",
    "%{+Q}s %{-Q}r",
];

const LOG_OPTIONS: &[&str] = &[
    "option dontlognull",
    "option dontlog-normal",
    "option log-separate-errors",
    "option logasap",
    "log-tag parity",
    "error-log-format \"%ci:%cp [%t] error %ts %ST\"",
];

/// Where lines go and what is put in front of them. All of it is received at one port.
const TARGETS: &[&str] = &[
    "log 127.0.0.1:{log} local1",
    "log 127.0.0.1:{log} format rfc5424 local0",
    "log 127.0.0.1:{log} format rfc3164 local7 info",
    "log 127.0.0.1:{log} format local user",
    "log 127.0.0.1:{log} format short daemon",
    "log 127.0.0.1:{log} format raw local0",
    "log 127.0.0.1:{log} format timed local0",
    "log 127.0.0.1:{log} format iso local0",
    "log 127.0.0.1:{log} format priority local0 debug notice",
    "log 127.0.0.1:{log} len 200 local0",
    "log 127.0.0.1:{log} local0 notice",
    "log 127.0.0.1:{log} local0 debug warning",
    "log 127.0.0.1:{log} sample 1:1 local0",
    "log 127.0.0.1:{log} len 300 format short sample 1-2:2 local0",
];

/// What belongs to targets.
const TARGET_OPTIONS: &[&str] =
    &["log-format-sd \"[own@1 method=\\\"%HM\\\" type=\\\"%ft\\\"]\"", "log-tag own-tag", "no log"];

/// Formats of connections in TCP mode.
const OF_BYTES: &[&str] = &[
    "option tcplog",
    "option tcplog",
    "option tcplog clf",
    "log-format \"%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq\"",
    "log-format \"%ci:%cp [%t] %f %b %s %U %rc %Th/%Ti/%Ta %bi %fi\"",
];

/// The log settings of a unit in TCP mode.
pub(super) fn of_bytes(random: &mut Random) -> Vec<String> {
    [random.pick(OF_BYTES).to_owned()].into_iter().chain(targets(random)).collect()
}

/// Targets beside that of the `global` section, in some units.
fn targets(random: &mut Random) -> Vec<String> {
    let mut lines = Vec::new();
    while random.chance(20) && lines.len() < 3 {
        lines.push(random.pick(TARGETS).to_owned());
        if random.chance(30) {
            lines.push(random.pick(TARGET_OPTIONS).to_owned());
        }
    }
    lines
}

/// The log settings of a unit.
pub(super) fn lines(random: &mut Random) -> Vec<String> {
    formats(random).into_iter().chain(targets(random)).collect()
}

fn formats(random: &mut Random) -> Vec<String> {
    if random.chance(50) {
        return vec![random.pick(LOG_FORMATS).to_owned()];
    }
    let mut words = vec!["%ci:%cp [%t]"];
    for _ in 0..3 + random.below(6) {
        words.push(random.pick(LOG_WORDS));
    }
    let option = random.chance(40).then(|| random.pick(LOG_OPTIONS));
    if random.chance(50) {
        words.push(random.pick(LOG_QUOTED));
    }
    let format = format!("log-format \"{}\"", words.join(" "));
    option.map(str::to_owned).into_iter().chain([format]).collect()
}
