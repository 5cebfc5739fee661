//! The command line (management manual 3): options as HAProxy takes them.

use std::path::PathBuf;

/// What the user asked for.
#[derive(Debug, Default)]
pub struct Args {
    /// `-f`: files and directories, in order.
    pub files: Vec<PathBuf>,
    /// `-c`: judge the configuration and leave.
    pub check: bool,
    /// `-V`: say more.
    pub verbose: bool,
    /// `-q`: say nothing.
    pub quiet: bool,
    /// `-d`, `-db`: stay in the foreground.
    pub foreground: bool,
    /// `-D`: go to the background.
    pub daemon: bool,
    /// `-dW`: warnings are errors.
    pub zero_warning: bool,
    /// `-p`
    pub pidfile: Option<PathBuf>,
    /// `-n`
    pub maxconn: Option<u32>,
    /// `-N`
    pub proxy_maxconn: Option<u32>,
    /// `-m`: megabytes.
    pub memory_mb: Option<u64>,
    /// `-L`
    pub local_peer: Option<String>,
}

/// Reads the words; the first is the program's name.
pub fn parse(words: &[String]) -> Result<Args, String> {
    let mut args = Args::default();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let mut value = |name: &str| rest.next().cloned().ok_or(format!("option '{name}' needs a value"));
        match word.as_str() {
            "-f" => args.files.push(value("-f")?.into()),
            "-c" => args.check = true,
            "-V" => args.verbose = true,
            "-q" => args.quiet = true,
            "-d" | "-db" => args.foreground = true,
            "-D" => args.daemon = true,
            "-dW" => args.zero_warning = true,
            "-p" => args.pidfile = Some(value("-p")?.into()),
            "-n" => args.maxconn = Some(number(&value("-n")?)?),
            "-N" => args.proxy_maxconn = Some(number(&value("-N")?)?),
            "-m" => args.memory_mb = Some(number(&value("-m")?)?),
            "-L" => args.local_peer = Some(value("-L")?),
            "--" => args.files.extend(rest.by_ref().map(PathBuf::from)),
            other if other.starts_with('-') => return Err(format!("unknown option '{other}'")),
            file => args.files.push(file.into()),
        }
    }
    Ok(args)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("'{text}' is no number"))
}
