//! The options of a chore: `--name value` and `--name`, each asked for once, the rest refused.

use std::str::FromStr;

use anyhow::{Result, bail};

/// Words of the command line that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Args {
    words: Vec<String>,
}

impl Args {
    pub(crate) fn new(words: impl IntoIterator<Item = String>) -> Args {
        Args { words: words.into_iter().collect() }
    }

    /// Takes `--name`; whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let at = self.words.iter().position(|word| word == name);
        at.map(|at| self.words.remove(at)).is_some()
    }

    /// Takes every `--name VALUE`.
    ///
    /// # Errors
    /// When a value is missing.
    pub(crate) fn values(&mut self, name: &str) -> Result<Vec<String>> {
        let mut values = Vec::new();
        while let Some(at) = self.words.iter().position(|word| word == name) {
            if at + 1 >= self.words.len() {
                bail!("{name} wants a value");
            }
            values.push(self.words.remove(at + 1));
            self.words.remove(at);
        }
        Ok(values)
    }

    /// Takes `--name VALUE`; the last one counts.
    ///
    /// # Errors
    /// When the value is missing or unreadable.
    pub(crate) fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        match self.values(name)?.pop() {
            None => Ok(None),
            Some(word) => match word.parse() {
                Ok(value) => Ok(Some(value)),
                Err(_) => bail!("{name} cannot be '{word}'"),
            },
        }
    }

    /// Takes the words that are no options. To be called when the options with values have been taken.
    pub(crate) fn names(&mut self) -> Vec<String> {
        let (names, options) = self.words.drain(..).partition(|word| !word.starts_with("--"));
        self.words = options;
        names
    }

    /// Refuses what is left.
    ///
    /// # Errors
    /// When there is something left.
    pub(crate) fn end(self) -> Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => bail!("unknown option '{word}'"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_is_asked_for_and_refuses_the_rest() {
        let mut args = Args::new("--n 3 --peer a --quick --peer b --odd".split(' ').map(str::to_owned));
        assert!(args.flag("--quick"));
        assert!(!args.flag("--quick"));
        assert_eq!(args.value::<u32>("--n").unwrap(), Some(3));
        assert_eq!(args.values("--peer").unwrap(), ["a", "b"]);
        assert!(args.names().is_empty());
        assert_eq!(Args::new(["a", "--b"].map(str::to_owned)).names(), ["a"]);
        assert!(args.end().unwrap_err().to_string().contains("--odd"));
    }

    #[test]
    fn a_missing_or_bad_value_is_an_error() {
        assert!(Args::new(["--n".to_owned()]).value::<u32>("--n").is_err());
        assert!(Args::new(["--n".to_owned(), "x".to_owned()]).value::<u32>("--n").is_err());
    }
}
