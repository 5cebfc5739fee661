//! The words of the command line.

use std::path::PathBuf;

use clap::{Args as Words, Parser, Subcommand, ValueEnum};

/// Objects of the Data Plane API.
#[derive(Debug, Parser)]
#[command(name = "sluicectl", version, about = "Objects of the Data Plane API, from a command line")]
pub(crate) struct Args {
    /// The API, by its name among the contexts; the current one without.
    #[arg(long, global = true)]
    pub(crate) context: Option<String>,
    /// The API: http://host:port, https://host:port or unix:/path.
    #[arg(long, global = true, env = "SLUICECTL_URL")]
    pub(crate) url: Option<String>,
    /// name:password.
    #[arg(long, global = true, env = "SLUICECTL_USER", hide_env_values = true)]
    pub(crate) user: Option<String>,
    /// How objects are written.
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Yaml,
}

/// What a change may ask for.
#[derive(Debug, Words)]
pub(crate) struct Change {
    /// Make it in a transaction.
    #[arg(short, long)]
    pub(crate) transaction: Option<String>,
    /// Only tell what it would do.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Don't come back before it is in force.
    #[arg(long)]
    pub(crate) force_reload: bool,
}

/// Where an object comes from.
#[derive(Debug, Words)]
pub(crate) struct Source {
    /// A file of JSON or YAML; - is standard input.
    #[arg(short, long)]
    pub(crate) file: Option<PathBuf>,
    /// key=value; dots lead into objects, values are JSON where they can be.
    pub(crate) pairs: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show objects: backends, backends/b, backends/b/servers/s, runtime/info, users?userlist=u.
    Get {
        path: String,
        /// With what is in them.
        #[arg(long)]
        full: bool,
        /// As a transaction has them.
        #[arg(short, long)]
        transaction: Option<String>,
    },
    /// Make an object: create backends/b/servers name=s address=10.0.0.1 port=80.
    Create {
        path: String,
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        change: Change,
    },
    /// Change properties of an object: edit backends/b/servers/s weight=10; without any, in $EDITOR.
    Edit {
        path: String,
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        change: Change,
    },
    /// Remove an object.
    Delete {
        path: String,
        #[command(flatten)]
        change: Change,
    },
    /// Put a whole haproxy.cfg in the place of the one in force.
    Apply {
        /// The file; - is standard input.
        #[arg(short, long)]
        file: PathBuf,
        #[command(flatten)]
        change: Change,
    },
    /// Show which objects differ: of a version from the file, of the file from a transaction or another file.
    Diff {
        #[arg(long, conflicts_with_all = ["transaction", "file"])]
        since: Option<u64>,
        #[arg(short, long, conflicts_with = "file")]
        transaction: Option<String>,
        #[arg(short, long)]
        file: Option<PathBuf>,
    },
    /// Tell what would become of a request in the running Sluice.
    Explain {
        target: String,
        #[arg(short = 'X', long, default_value = "GET")]
        method: String,
        /// name: value.
        #[arg(short = 'H', long = "header")]
        headers: Vec<String>,
        /// The client's address.
        #[arg(long)]
        src: Option<String>,
        #[arg(long)]
        sni: Option<String>,
        #[arg(long)]
        frontend: Option<String>,
    },
    /// Show what the running process has: info, backends/b/servers, maps, stick_tables/t/entries.
    Runtime { path: String },
    /// Show reloads; with --now, have the proxy take its file again.
    Reload {
        #[arg(long)]
        now: bool,
    },
    /// Show the versions that are kept, and what changed in each.
    History {
        #[arg(short = 'n', long, default_value_t = 10)]
        count: u64,
    },
    /// Go back to the text of an earlier version, as a new one.
    Rollback {
        version: u64,
        #[arg(long)]
        dry_run: bool,
    },
    /// Which API is meant.
    Context {
        #[command(subcommand)]
        command: ContextCommand,
    },
    /// Write the completion for a shell.
    Completion { shell: clap_complete::Shell },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// Show them.
    List,
    /// Make one the current one.
    Use { name: String },
    /// Add or change one: its --url and --user are kept, readable by you alone.
    Set {
        name: String,
        /// Who signs the API's certificate.
        #[arg(long)]
        ca: Option<PathBuf>,
        /// A certificate to show, with its key.
        #[arg(long)]
        certificate: Option<PathBuf>,
    },
    /// Forget one.
    Remove { name: String },
}
