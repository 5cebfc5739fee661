//! The results: `bench/results/latest.json` and the table in the README.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::Effort;
use super::case::{self, Case};
use super::contender::Contender;
use crate::root::root;
use crate::splice::splice;

/// A number of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Metric {
    Cpu,
    CpuUser,
    CpuSystem,
    Rate,
    P50,
    P99,
    BytesIdle,
    CpuFill,
    BytesEntry,
    StartUp,
    Resident,
}

const METRICS: &[Metric] = &[
    Metric::Cpu,
    Metric::CpuUser,
    Metric::CpuSystem,
    Metric::Rate,
    Metric::P50,
    Metric::P99,
    Metric::BytesIdle,
    Metric::CpuFill,
    Metric::BytesEntry,
    Metric::StartUp,
    Metric::Resident,
];

impl Metric {
    /// As in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Metric::Cpu => "CPU µs a request",
            Metric::CpuUser => "of it user",
            Metric::CpuSystem => "of it system",
            Metric::Rate => "requests a second",
            Metric::P50 => "p50 µs at 70 % of the slowest",
            Metric::P99 => "p99 µs at 70 % of the slowest",
            Metric::BytesIdle => "RSS bytes a connection",
            Metric::CpuFill => "CPU ns a key found or made",
            Metric::BytesEntry => "RSS bytes a table entry",
            Metric::StartUp => "ms until it listens",
            Metric::Resident => "RSS MiB",
        }
    }

    /// As in the JSON file.
    fn key(self) -> &'static str {
        match self {
            Metric::Cpu => "cpu_us",
            Metric::CpuUser => "cpu_user_us",
            Metric::CpuSystem => "cpu_system_us",
            Metric::Rate => "rate_per_s",
            Metric::P50 => "p50_us",
            Metric::P99 => "p99_us",
            Metric::BytesIdle => "idle_bytes",
            Metric::CpuFill => "fill_ns",
            Metric::BytesEntry => "entry_bytes",
            Metric::StartUp => "start_ms",
            Metric::Resident => "rss_mib",
        }
    }
}

/// The numbers of one contender in one case.
pub(crate) type Numbers = BTreeMap<Metric, f64>;
/// Those of all contenders, in their order.
pub(crate) type Results = Vec<Numbers>;

const FILE: &str = "bench/results/latest.json";

/// The results of a run, to be merged into those of earlier runs with other cases.
pub(crate) struct Report {
    json: Value,
}

impl Report {
    pub(crate) fn new(contenders: &[Contender], effort: Effort) -> Report {
        let programs: Vec<Value> =
            contenders.iter().map(|c| json!({ "name": c.name, "version": c.version })).collect();
        let json = json!({
            "machine": machine(),
            "rounds": effort.rounds,
            "seconds_a_run": effort.run.as_secs_f64(),
            "programs": programs,
            "cases": {},
        });
        Report { json }
    }

    pub(crate) fn add(&mut self, case: &Case, contenders: &[Contender], results: &Results) {
        let mut entry = Map::new();
        for (contender, numbers) in contenders.iter().zip(results) {
            let numbers: Map<String, Value> = numbers
                .iter()
                .map(|(metric, value)| (metric.key().to_owned(), json!(rounded(*value))))
                .collect();
            entry.insert(contender.name.clone(), Value::Object(numbers));
        }
        self.json["cases"][case.name] = Value::Object(entry);
    }

    /// The table: one row a number, a column a program, and what the first takes of the second.
    pub(crate) fn table(&self) -> String {
        let names: Vec<&str> = self.programs().iter().filter_map(|p| p["name"].as_str()).collect();
        let mut text = String::new();
        let ratio = match names[..] {
            [first, second, ..] => format!(" {first} / {second} |"),
            _ => String::new(),
        };
        let _ = writeln!(text, "| case | measure | {} |{ratio}", names.join(" | "));
        let _ = writeln!(text, "|---|---|{}", "---:|".repeat(names.len() + usize::from(names.len() > 1)));
        for case in case::ALL {
            let entry = &self.json["cases"][case.name];
            for metric in METRICS {
                let values: Vec<Option<f64>> =
                    names.iter().map(|name| entry[*name][metric.key()].as_f64()).collect();
                if values.iter().all(Option::is_none) {
                    continue;
                }
                let _ = write!(text, "| {} | {} |", case.title, metric.title());
                for value in &values {
                    let _ = write!(text, " {} |", value.map_or("–".to_owned(), shown));
                }
                if let [Some(first), Some(second), ..] = values[..] {
                    let _ = write!(text, " {:.2} |", first / second);
                }
                text.push('\n');
            }
        }
        let _ = writeln!(text, "\n{}", self.footing());
        text
    }

    fn footing(&self) -> String {
        let versions: Vec<&str> = self.programs().iter().filter_map(|p| p["version"].as_str()).collect();
        format!(
            "{}; {}. Medians of {} rounds of {} s.",
            versions.join(", "),
            self.json["machine"].as_str().unwrap_or_default(),
            self.json["rounds"],
            self.json["seconds_a_run"],
        )
    }

    fn programs(&self) -> &[Value] {
        self.json["programs"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Writes the file and the README's table; cases this run did not measure keep their last numbers, when
    /// the same programs measured them.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the README has lost its markers.
    pub(crate) fn save(&mut self) -> Result<()> {
        let path = root().join(FILE);
        let earlier: Value = fs::read_to_string(&path)
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        if earlier["programs"] == self.json["programs"]
            && let Some(cases) = earlier["cases"].as_object()
        {
            for (name, entry) in cases {
                if self.json["cases"][name].is_null() {
                    self.json["cases"][name] = entry.clone();
                }
            }
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&self.json)?)).context(FILE)?;
        let readme = root().join("README.md");
        let text = fs::read_to_string(&readme).context("README.md")?;
        fs::write(&readme, splice(&text, "bench", &self.table())?).context("README.md")?;
        println!("written: {FILE}, README.md");
        Ok(())
    }
}

fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = cpuinfo.matches("processor\t").count();
    format!("{cores} cores, {}, Linux {}", model.map_or("unknown CPU", |(_, name)| name), kernel.trim())
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn shown(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_ratio_and_gaps() {
        let mut report = Report {
            json: json!({ "programs": [
            { "name": "a", "version": "A 1" }, { "name": "b", "version": "B 1" }, { "name": "c", "version": "C 1" }],
            "cases": { "small": { "a": { "cpu_us": 10.0 }, "b": { "cpu_us": 20.0 }, "c": {} } },
            "rounds": 3, "seconds_a_run": 1.0, "machine": "m" }),
        };
        let table = report.table();
        assert!(table.contains("| CPU µs a request | 10.0 | 20.0 | – | 0.50 |"), "{table}");
        assert!(table.contains("A 1, B 1, C 1; m. Medians of 3 rounds"), "{table}");
        report.json["cases"]["small"]["b"]["cpu_us"] = json!(5.0);
        assert!(report.table().contains("| 2.00 |"));
    }
}
