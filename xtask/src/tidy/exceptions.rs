//! `tidy.toml`: what may break a rule, and why. The lists may only get shorter: their lengths are committed
//! beside them and must be exact, so that a new entry shows up as a raised number in review.

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

/// A file or function that is longer than the rule allows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Long {
    pub(crate) path: String,
    /// The function; none for the file itself.
    pub(crate) function: Option<String>,
    /// How long it may be.
    pub(crate) lines: usize,
}

/// A file in which a lint is switched off.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Allow {
    pub(crate) path: String,
    pub(crate) lint: String,
}

#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    pub(crate) long: Vec<Long>,
    pub(crate) allow: Vec<Allow>,
}

impl Exceptions {
    /// # Errors
    /// When the text is not what the top of `tidy.toml` describes, a reason is missing, or a length is wrong.
    pub(crate) fn parse(text: &str) -> Result<Exceptions> {
        let table: Table = text.parse().context("tidy.toml")?;
        let mut exceptions = Exceptions::default();
        for entry in entries(&table, "long")? {
            exceptions.long.push(Long {
                path: word(entry, "path")?,
                function: entry.get("function").and_then(Value::as_str).map(str::to_owned),
                lines: number(entry, "lines")?,
            });
        }
        for entry in entries(&table, "allow")? {
            exceptions.allow.push(Allow { path: word(entry, "path")?, lint: word(entry, "lint")? });
        }
        for (name, length) in [("long", exceptions.long.len()), ("allow", exceptions.allow.len())] {
            let most = number(&table, &format!("{name}_max"))?;
            if length != most {
                bail!("tidy.toml: {name}_max is {most}, but {length} are listed (it may only fall)");
            }
        }
        Ok(exceptions)
    }
}

fn entries<'a>(table: &'a Table, name: &str) -> Result<Vec<&'a Table>> {
    let Some(value) = table.get(name) else { return Ok(Vec::new()) };
    let list = value.as_array().with_context(|| format!("tidy.toml: [[{name}]]"))?;
    let tables: Vec<&Table> = list.iter().filter_map(Value::as_table).collect();
    for table in &tables {
        word(table, "reason").context("every exception has its reason")?;
    }
    Ok(tables)
}

fn word(table: &Table, name: &str) -> Result<String> {
    let value = table.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    Ok(value.with_context(|| format!("tidy.toml: '{name}' is missing in {table:?}"))?.to_owned())
}

fn number(table: &Table, name: &str) -> Result<usize> {
    let value = table.get(name).and_then(Value::as_integer);
    Ok(usize::try_from(value.with_context(|| format!("tidy.toml: '{name}' is missing"))?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_reasons_are_needed() {
        let entry = "[[allow]]\npath = \"a\"\nlint = \"b\"\n";
        let good = format!("long_max = 0\nallow_max = 1\n{entry}reason = \"c\"\n");
        assert_eq!(Exceptions::parse(&good).unwrap().allow.len(), 1);
        assert!(Exceptions::parse(&format!("long_max = 0\nallow_max = 1\n{entry}")).is_err());
        assert!(Exceptions::parse(&good.replace("allow_max = 1", "allow_max = 2")).is_err());
    }
}
