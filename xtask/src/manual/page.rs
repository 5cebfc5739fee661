//! The pages: one per family, each entry with its form, what it does, where it is allowed and its examples.

use std::fmt::Write;

use keywords::{action, alias, balance, command, convert, criterion, fetch, filter, metric, service};
use state::family::{ActionKind, Converter, Example, Fetch, Needs};

use super::GENERATED;

/// One page of the manual.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) text: String,
    pub(crate) keywords: usize,
}

impl Page {
    fn new(file: &'static str, title: &'static str, about: &str) -> Page {
        let text = format!("# {title}\n\n{GENERATED}\n\n{about}\n");
        Page { file, title, text, keywords: 0 }
    }

    /// A heading with the keyword's form, then its paragraph.
    fn entry(&mut self, form: &str, doc: &str) {
        self.keywords += 1;
        put(&mut self.text, format_args!("\n### `{form}`\n\n{}", prose(doc)));
    }

    fn row(&mut self, cells: &[&str]) {
        self.keywords += 1;
        put(&mut self.text, format_args!("| {} |", cells.join(" | ")));
    }
}

/// Every page, in the order of the index.
pub(crate) fn all() -> Vec<Page> {
    vec![
        fetches(),
        converters(),
        criteria(),
        actions(),
        aliases(),
        balancers(),
        filters(),
        services(),
        commands(),
        metrics(),
    ]
}

fn fetches() -> Page {
    let mut page = Page::new(
        "fetch.md",
        "Sample fetches",
        "What a rule, a log line or a balance algorithm can look at. A fetch that needs something which isn't there yet \
         in the rule set where it stands is refused when the configuration is read.",
    );
    let mut all: Vec<&Fetch> = fetch::ALL.iter().flat_map(|file| file.iter()).collect();
    all.sort_by_key(|k| k.name);
    for needs in NEEDS {
        let these: Vec<&&Fetch> = all.iter().filter(|k| k.needs == *needs).collect();
        if these.is_empty() {
            continue;
        }
        put(&mut page.text, format_args!("\n## {}", needed(*needs)));
        for k in these {
            page.entry(&format!("{}{}", k.name, signature(k.args)), k.doc);
            put(&mut page.text, format_args!("\nGives: {}.", k.gives.name()));
            examples(&mut page.text, k.examples);
        }
    }
    page
}

fn converters() -> Page {
    let mut page = Page::new(
        "converter.md",
        "Converters",
        "What a sample goes through on its way, each applied to what the one before gave: `path,lower,sha1,hex`. A sample \
         is cast to the type that a converter takes; where that can't be done there is no sample any more.",
    );
    let mut all: Vec<&Converter> = convert::ALL.iter().flat_map(|file| file.iter()).collect();
    all.sort_by_key(|k| k.name);
    for k in all {
        page.entry(&format!("{}{}", k.name, signature(k.args)), k.doc);
        put(&mut page.text, format_args!("\nTakes: {}. Gives: {}.", k.takes.name(), k.gives.name()));
        examples(&mut page.text, k.examples);
    }
    page
}

fn criteria() -> Page {
    let mut page = Page::new(
        "acl.md",
        "ACL keywords",
        "Names that stand for a fetch with a matching method. Every sample fetch is an ACL keyword as well; these are the \
         ones that imply how it is compared.",
    );
    page.text.push_str("\n| keyword | fetch | method |\n|---|---|---|\n");
    let mut names: Vec<String> = criterion::names().collect();
    names.sort();
    for name in names {
        let Some((fetch, method)) = criterion::find(&name) else { continue };
        page.row(&[&code(&name), &code(fetch), &code(&format!("{method:?}").to_lowercase())]);
    }
    page
}

fn actions() -> Page {
    let mut page = Page::new(
        "action.md",
        "Actions",
        "What a rule does when its condition holds. Each is followed by `if` or `unless` and a condition, or by nothing.",
    );
    let mut all: Vec<&ActionKind> = action::ALL.iter().flat_map(|file| file.iter()).collect();
    all.sort_by_key(|k| k.name);
    for k in all {
        page.entry(&format!("{}{}", k.name, if k.parenthesised { "(…)" } else { "" }), k.doc);
        let sets: Vec<String> = k.sets.iter().map(|set| code(set.words())).collect();
        put(&mut page.text, format_args!("\nIn: {}.", sets.join(", ")));
        lines(&mut page.text, k.examples);
    }
    page
}

fn aliases() -> Page {
    let mut page = Page::new(
        "log-format.md",
        "Log-format aliases",
        "Short names in log formats, after a percent sign. Sample expressions stand there as `%[expression]`.",
    );
    page.text.push_str("\n| alias | what it writes |\n|---|---|\n");
    let mut all: Vec<_> = alias::ALL.iter().flat_map(|file| file.iter()).collect();
    all.sort_by_key(|k| k.name);
    for k in all {
        page.row(&[&code(&format!("%{}", k.name)), &prose(k.doc)]);
    }
    page
}

fn balancers() -> Page {
    let mut page =
        Page::new("balance.md", "Balance algorithms", "How a server is chosen among those that can be used.");
    for k in balance::ALL.iter().flat_map(|file| file.iter()) {
        page.entry(k.name, k.doc);
        lines(&mut page.text, k.examples);
    }
    page
}

fn filters() -> Page {
    let mut page = Page::new("filter.md", "Filters", "What sees bodies on their way: `filter NAME`.");
    for k in filter::ALL.iter().flat_map(|file| file.iter()) {
        page.entry(k.name, k.doc);
        lines(&mut page.text, k.examples);
    }
    page
}

fn services() -> Page {
    let mut page = Page::new(
        "service.md",
        "Services",
        "What answers in a server's place: `http-request use-service NAME`.",
    );
    for k in service::ALL.iter().flat_map(|file| file.iter()) {
        page.entry(k.name, k.doc);
    }
    page
}

fn commands() -> Page {
    let mut page = Page::new(
        "runtime-api.md",
        "Commands of the Runtime API",
        "What a `stats socket` understands. The level is the lowest one of a socket that may be asked.",
    );
    page.text.push_str("\n| command | level | |\n|---|---|---|\n");
    for k in command::ALL.iter().flat_map(|file| file.iter()) {
        let level = format!("{:?}", k.level).to_lowercase();
        let words = k.words.join(" ");
        let usage = if k.usage.trim().is_empty() { &words } else { k.usage.trim() };
        page.row(&[&code(usage), &level, &prose(k.doc)]);
    }
    page
}

fn metrics() -> Page {
    let mut page = Page::new(
        "metric.md",
        "Metrics",
        "The columns of `show stat` and the lines of `show info`, which the statistics page and the Prometheus exporter show \
         as well. The four letters: origin, nature, scope, persistence.",
    );
    page.text.push_str("\n| metric | tags | |\n|---|---|---|\n");
    for k in metric::ALL.iter().flat_map(|file| file.iter()) {
        page.row(&[&code(k.name), k.tags, &prose(k.doc)]);
    }
    page
}

const NEEDS: &[Needs] = &[
    Needs::Constant,
    Needs::Nothing,
    Needs::Inspection,
    Needs::Client,
    Needs::Frontend,
    Needs::Session,
    Needs::Request,
    Needs::RequestCounts,
    Needs::TransactionCounts,
    Needs::RequestHead,
    Needs::EitherHead,
    Needs::RequestBody,
    Needs::RequestBuffer,
    Needs::Backend,
    Needs::ServerChosen,
    Needs::Server,
    Needs::ServerConnection,
    Needs::Response,
    Needs::CachedResponse,
    Needs::ResponseCounts,
    Needs::ResponseHead,
    Needs::ResponseBody,
    Needs::ResponseBuffer,
    Needs::EitherBuffer,
    Needs::Log,
];

const fn needed(needs: Needs) -> &'static str {
    match needs {
        Needs::Constant => "Anywhere",
        Needs::Nothing => "Wherever traffic flows",
        Needs::Inspection => "Where a content is inspected",
        Needs::Client => "With the client's connection",
        Needs::Frontend => "With the frontend",
        Needs::Session => "With the session",
        Needs::Request => "From the request on",
        Needs::RequestCounts => "With what is counted of the request",
        Needs::TransactionCounts => "With what is counted of the exchange",
        Needs::RequestHead => "With the request's head",
        Needs::EitherHead => "With the head of the message at work",
        Needs::RequestBody => "With the request's body",
        Needs::RequestBuffer => "With the bytes of the request",
        Needs::Backend => "Once a backend is chosen",
        Needs::ServerChosen => "Once a server is chosen",
        Needs::Server => "From the server's address on",
        Needs::ServerConnection => "From the server's connection on",
        Needs::Response => "From the response on",
        Needs::CachedResponse => "From the response on, be it a cache's",
        Needs::ResponseCounts => "With what is counted of the response",
        Needs::ResponseHead => "With the response's head",
        Needs::ResponseBody => "With the response's body",
        Needs::ResponseBuffer => "With the bytes of the response",
        Needs::EitherBuffer => "With the bytes of the side at work",
        Needs::Log => "In logs",
    }
}

/// `(name,[name])`; nothing where a keyword takes no arguments.
fn signature(args: &[sample::ArgSpec]) -> String {
    if args.is_empty() {
        return String::new();
    }
    let names: Vec<String> = args
        .iter()
        .map(|arg| if !arg.required { format!("[{}]", arg.name) } else { arg.name.to_owned() })
        .collect();
    format!("({})", names.join(","))
}

/// What the examples show: an expression, what it looks at, what it gives.
fn examples(text: &mut String, examples: &[Example]) {
    if examples.is_empty() {
        return;
    }
    text.push_str("\n| expression | on | gives |\n|---|---|---|\n");
    for example in examples {
        let on = if example.given.is_empty() { String::new() } else { code(&shown(example.given)) };
        let gives = if example.gives == "-" { "nothing".to_owned() } else { code(&shown(example.gives)) };
        put(text, format_args!("| {} | {on} | {gives} |", code(&shown(example.expr))));
    }
}

fn lines(text: &mut String, examples: &[&str]) {
    if !examples.is_empty() {
        put(text, format_args!("\n```\n{}\n```", examples.join("\n")));
    }
}

/// Text in one line.
fn shown(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\r', "\\r").replace('\n', "\\n").replace('\t', "\\t")
}

/// Code in a table's cell or a line.
fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    if text.is_empty() { "(empty)".to_owned() } else { format!("{fence}{}{fence}", text.replace('|', "\\|")) }
}

/// A sentence as documentation has it: a capital at the front, a full stop at the end.
fn prose(doc: &str) -> String {
    let doc = doc.trim().replace('|', "\\|");
    let mut letters = doc.chars();
    let Some(first) = letters.next() else { return String::new() };
    let stop = if doc.ends_with(['.', ':', '!', '?']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), letters.as_str())
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    writeln!(text, "{words}").expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_a_page_with_its_keywords() {
        for page in all() {
            assert!(page.keywords > 0, "{}", page.file);
            assert!(page.text.starts_with(&format!("# {}", page.title)));
        }
        let converters = converters().text;
        assert!(converters.contains("### `lower`") && converters.contains("`abc-1`"));
    }

    #[test]
    fn cells_stay_in_their_row() {
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(shown("a\r\nb"), "a\\r\\nb");
        assert_eq!(prose("one line"), "One line.");
    }
}
