//! Lists of patterns: files that ACLs and maps name, and values on a line (manual 2.7, 7.1).

use std::sync::Arc;

use sample::arg::Output;
use sample::pattern::{Columns, Entries, Refused};
use sample::{MatchKind, View};
use state::Reference;
use state::reference::{Comparison, Role, User, text_hash};

use super::Compile;

/// How a file is used.
#[derive(Clone, Copy)]
pub(super) struct Use<'w> {
    pub(super) role: Role,
    /// The ACL's keyword.
    pub(super) keyword: Option<&'w str>,
    /// How it is compared; none if it isn't.
    pub(super) view: Option<View>,
    /// What its values are read as.
    pub(super) output: Output,
    /// Names of hosts are looked up.
    pub(super) resolve: bool,
}

impl Use<'_> {
    const fn columns(&self) -> Columns {
        match self.role {
            Role::Acl => Columns::One,
            Role::Map => Columns::Two,
        }
    }
}

impl Compile<'_> {
    /// The list of a file, read unless it is known; gives its position in the World.
    pub(super) fn file_list(&mut self, written: &str, how: Use<'_>) -> Result<(u32, Arc<Reference>), String> {
        let (name, source) = source(written);
        let position = match self.names.references.position(name) {
            Some(position) => position,
            None => self.load(name, source, how)?,
        };
        let list = self.names.references.at(position).map(Arc::clone).ok_or("too many pattern files")?;
        if list.columns != how.columns() {
            let [is, would_be] = match list.columns {
                Columns::One => ["one", "two"],
                Columns::Two => ["two", "one"],
            };
            return Err(format!(
                "The file \"{name}\" is already used as {is} column file and cannot be used by as {would_be} column \
                 file."
            ));
        }
        list.require_output(how.output).map_err(|e| at_line(&e, name))?;
        if let Some(view) = how.view {
            list.require(view).map_err(|e| at_line(&e, name))?;
        }
        list.used_by(self.user(how));
        Ok((position, list))
    }

    /// Reads a file and makes a list of it.
    fn load(&mut self, name: &str, source: Source, how: Use<'_>) -> Result<u32, String> {
        let missing = || format!("failed to open pattern file <{name}>");
        let content = match source {
            Source::Virtual => Vec::new(),
            Source::Optional => self.names.read(name).unwrap_or_default(),
            Source::File if name.is_empty() => return Err(missing()),
            Source::File => self.names.read(name).map_err(|_| missing())?,
        };
        let text = text_hash(&content);
        if let Some(same) = self.names.known_lists.by_name(name).and_then(|l| l.again(how.columns(), text)) {
            return Ok(self.names.references.push(Arc::new(same)));
        }
        let entries = |content| Entries::from_file(content, how.columns()).map_err(|e| e.0);
        let ip = how.view.is_some_and(|view| view.kind == MatchKind::Ip);
        let entries = if ip && how.resolve {
            let read = entries(content.clone())?;
            let list = Reference::of_text(name, how.columns(), read, text);
            match how.view.map_or(Ok(()), |view| list.require(view)) {
                Ok(()) => return Ok(self.names.references.push(Arc::new(list))),
                Err(_) => entries(resolved(&content))?,
            }
        } else {
            entries(content)?
        };
        Ok(self.names.references.push(Arc::new(Reference::of_text(name, how.columns(), entries, text))))
    }

    /// The list of the values on one ACL's line.
    pub(super) fn line_list(
        &mut self,
        values: &[String],
        number: Option<u32>,
        how: Use<'_>,
    ) -> Result<Arc<Reference>, String> {
        if let Some(list) = self.same_place() {
            return Ok(list);
        }
        let mut entries = Vec::with_capacity(values.len());
        let ip = how.view.is_some_and(|view| view.kind == MatchKind::Ip);
        for value in values {
            match ip && how.resolve && is_host(value) {
                true => entries.extend(addresses(value).unwrap_or_else(|| vec![value.clone()])),
                false => entries.push(value.clone()),
            }
        }
        let entries: Vec<_> = entries.iter().map(|value| sample::text::bytes(value)).collect();
        let pairs = (0..).zip(&entries).map(|(order, v)| (order, &**v, b"".as_slice()));
        let list = Reference::new("", Columns::One, Entries::from_pairs(pairs).map_err(|e| e.0)?);
        if let Some(view) = how.view {
            list.require(view).map_err(|e| e.error.0)?;
        }
        list.used_by(self.user(how));
        if let Some(number) = number {
            let taken = self.names.references.by_number(number).is_some();
            if taken || !list.set_number(number) {
                return Err("the id is already used".to_owned());
            }
        }
        let list = Arc::new(list);
        self.names.references.push(Arc::clone(&list));
        if self.met.1 > 0 {
            self.names.line_lists.insert(self.met, Arc::clone(&list));
        }
        Ok(list)
    }

    /// The list that this place got before: lines of `defaults` are compiled for each proxy, and stay one object.
    fn same_place(&mut self) -> Option<Arc<Reference>> {
        let (file, line) = (self.place.file_number, self.place.line);
        let nth = if (self.met.0, self.met.1) == (file, line) { self.met.2 + 1 } else { 0 };
        self.met = (file, line, nth);
        self.names.line_lists.get(&self.met).map(Arc::clone)
    }

    fn user(&self, how: Use<'_>) -> User {
        let Use { role, keyword, view, output, .. } = how;
        User {
            role,
            in_acl: keyword.is_some(),
            keyword: keyword.unwrap_or_default().into(),
            comparison: view.map(|view| Comparison { view, output }),
            place: self.place.clone(),
        }
    }
}

/// Where a list's first content comes from.
#[derive(Clone, Copy)]
enum Source {
    File,
    /// A file that need not exist.
    Optional,
    /// Nowhere: it begins empty.
    Virtual,
}

/// The name of a list and what its prefix says of it.
fn source(written: &str) -> (&str, Source) {
    if let Some(name) = written.strip_prefix("opt@") {
        return (name, Source::Optional);
    }
    match written.strip_prefix("file@") {
        Some(name) => (name, Source::File),
        None if written.starts_with("virt@") => (written, Source::Virtual),
        None => (written, Source::File),
    }
}

/// The name that a list goes by.
pub(super) fn list_name(written: &str) -> &str {
    source(written).0
}

fn at_line(refused: &Refused, name: &str) -> String {
    format!("{} at line {} of file '{name}'", refused.error.0, refused.line)
}

/// A file of addresses with the names of hosts in it replaced, in place, so that lines keep their numbers.
fn resolved(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    for line in content.split_inclusive(|b| *b == b'\n') {
        let text = std::str::from_utf8(line).unwrap_or_default().trim();
        let found = Some(text).filter(|t| !t.starts_with('#') && is_host(t)).and_then(addresses);
        match found.as_deref() {
            Some([address, ..]) => {
                out.extend_from_slice(address.as_bytes());
                out.push(b'\n');
            }
            _ => out.extend_from_slice(line),
        }
    }
    out
}

/// Whether a word that should be an address may be the name of a host.
fn is_host(text: &str) -> bool {
    let address = |c: char| c.is_ascii_digit() || matches!(c, '.' | '/');
    !text.is_empty() && !text.contains([':', '/']) && !text.chars().all(address)
}

/// The IPv4 addresses of a host, looked up now.
fn addresses(host: &str) -> Option<Vec<String>> {
    let all = std::net::ToSocketAddrs::to_socket_addrs(&(host, 0)).ok()?;
    let v4: Vec<String> = all.filter(std::net::SocketAddr::is_ipv4).map(|a| a.ip().to_string()).collect();
    (!v4.is_empty()).then_some(v4)
}
