//! Generated log settings: the ready-made formats, and formats put together from words.

use super::random::Random;

const LOG_FORMATS: &[&str] = &[
    "option httplog",
    "option httplog",
    "option httplog",
    "option httpslog",
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

/// The log settings of a unit.
pub(super) fn lines(random: &mut Random) -> Vec<String> {
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
