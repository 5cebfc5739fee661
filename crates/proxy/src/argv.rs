//! The command line (management manual 3): options as HAProxy takes them. As there, a letter decides and what
//! else stands in its word is ignored where it means nothing.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use engine::explain::{OPTIONS, Question};

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args {
    /// `-f` and `--`: files and directories, in order.
    pub(crate) files: Vec<PathBuf>,
    /// `-c`: judge the configuration and leave.
    pub(crate) check: bool,
    /// `--explain`: say what would become of this request, and leave.
    pub(crate) explain: Option<Question>,
    /// `-cc`: judge this condition and leave.
    pub(crate) condition: Option<OsString>,
    /// `-V`: say more.
    pub(crate) verbose: bool,
    /// `-q`: say nothing.
    pub(crate) quiet: bool,
    /// `-d`, `-db`: stay in the foreground.
    pub(crate) foreground: bool,
    /// `-D`: go to the background.
    pub(crate) daemon: bool,
    /// `-dW`: warnings are errors.
    pub(crate) zero_warning: bool,
    /// `-dD`: remarks on what looks suspicious.
    pub(crate) diagnostic: bool,
    /// `-dK`: classes of keywords to print, separated by commas.
    pub(crate) keywords: Option<String>,
    /// `-dL`: print the loaded object files.
    pub(crate) objects: bool,
    /// `-dR`: one socket for all threads.
    pub(crate) no_reuse_port: bool,
    /// `-dS`: nothing goes through pipes in the kernel.
    pub(crate) no_splice: bool,
    /// `-dr`: servers whose name nobody knows are no error.
    pub(crate) skip_unresolved: bool,
    /// `-dV`: servers' certificates are not verified unless a line says so.
    pub(crate) trust_servers: bool,
    /// `-4`: name servers are asked for no other addresses.
    pub(crate) v4_only: bool,
    /// `-p`
    pub(crate) pidfile: Option<PathBuf>,
    /// `-C`: the directory to change to.
    pub(crate) directory: Option<PathBuf>,
    /// `-n`; 0 leaves it to the configuration.
    pub(crate) maxconn: u32,
    /// `-N`; 0 leaves it to the configuration.
    pub(crate) proxy_maxconn: u32,
    /// `-m`: megabytes; 0 is no limit.
    pub(crate) memory_mb: u64,
    /// `-L`
    pub(crate) local_peer: Option<String>,
    /// `-W`, `-Ws`: this process is to start others that serve.
    pub(crate) master: Option<Mastery>,
    /// `-S`: where the master is reached.
    pub(crate) master_sockets: Vec<String>,
    /// `-sf`: processes to be asked to finish once this one serves.
    pub(crate) finish: Vec<u32>,
    /// `-x`: the unix socket of the Runtime API of a process whose listening sockets are gone on with.
    pub(crate) sockets_of: Option<PathBuf>,
    /// `-st`: processes to be ended once this one serves.
    pub(crate) terminate: Vec<u32>,
    /// Variables over those of the process's environment; set by `--demo`.
    pub(crate) variables: Vec<(String, String)>,
    /// Options without which the same is served, only tuned or debugged otherwise.
    pub(crate) ignored: Vec<String>,
}

/// What kind of master a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mastery {
    Plain,
    /// It tells systemd how it is.
    Systemd,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Read a configuration, or judge a condition.
    Work(Box<Args>),
    /// `-v` and its kin.
    Version(Version),
    /// `--demo`: serve the built-in example.
    Demo,
    /// The command line makes no sense: the usage text.
    Usage,
    /// The command line makes no sense in a way that has words.
    Wrong(String),
}

/// How much of the version to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// `-v`
    Line,
    /// `-vv`
    Build,
    /// `-vq`
    Full,
    /// `-vqs`
    Short,
    /// `-vqb`
    Branch,
}

type Rest<'a> = std::iter::Peekable<std::slice::Iter<'a, OsString>>;

/// Reads the words after the program's name.
pub(crate) fn parse(words: &[OsString]) -> Asked {
    let mut args = Args::default();
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        let bytes = word.as_bytes();
        let flag = match bytes {
            b"--demo" => return Asked::Demo,
            _ if asks(&word.to_string_lossy()) => {
                let Some(value) = rest.next() else { return Asked::Usage };
                match ask(&mut args, &word.to_string_lossy(), value.to_string_lossy().into_owned()) {
                    Ok(()) => continue,
                    Err(asked) => return asked,
                }
            }
            b"--" => {
                args.files.extend(rest.by_ref().map(PathBuf::from));
                break;
            }
            [b'-', flag @ ..] if !flag.is_empty() => flag,
            _ => return Asked::Usage,
        };
        let text = String::from_utf8_lossy(flag).into_owned();
        if let Some(version) = version(&text) {
            return Asked::Version(version);
        }
        if text.starts_with('W') {
            args.master = Some(if text.starts_with("Ws") { Mastery::Systemd } else { Mastery::Plain });
        }
        let read = match flag.first() {
            Some(b'd') => debug(&mut args, &text, &mut rest),
            Some(b's') => processes(&mut args, &text, &mut rest),
            _ => option(&mut args, &text, &mut rest),
        };
        if let Err(asked) = read {
            return asked;
        }
    }
    if !args.master_sockets.is_empty() && args.master.is_none() {
        let words = "a master CLI socket was defined, but master-worker mode (-W) is not enabled.";
        return Asked::Wrong(words.to_owned());
    }
    if args.files.is_empty() && args.condition.is_none() {
        return Asked::Usage;
    }
    Asked::Work(Box::new(args))
}

/// Whether it is `--explain` or goes with it.
fn asks(word: &str) -> bool {
    word == "--explain" || OPTIONS.contains(&word)
}

/// `--explain` and what goes with it.
fn ask(args: &mut Args, option: &str, value: String) -> Result<(), Asked> {
    if option == "--explain" {
        args.explain.get_or_insert_default().line = value;
        return Ok(());
    }
    let Some(question) = &mut args.explain else {
        return Err(Asked::Wrong(format!("{option} goes with --explain, behind it.")));
    };
    question.set(option, value);
    Ok(())
}

fn version(flag: &str) -> Option<Version> {
    let rest = flag.strip_prefix('v')?;
    Some(match rest.as_bytes() {
        [b'v', ..] => Version::Build,
        b"q" => Version::Full,
        [b'q', b's', ..] => Version::Short,
        [b'q', b'b', ..] => Version::Branch,
        _ => Version::Line,
    })
}

/// The options that are one letter, and `-cc`.
fn option(args: &mut Args, flag: &str, rest: &mut Rest<'_>) -> Result<(), Asked> {
    let mut value = || rest.next().ok_or_else(|| Asked::Wrong(format!("option '-{flag}' needs a value.")));
    match flag.as_bytes() {
        [b'c', b'c', ..] => args.condition = Some(rest.next().ok_or(Asked::Usage)?.clone()),
        [b'c', ..] => args.check = true,
        [b'V', ..] => args.verbose = true,
        [b'q', ..] => args.quiet = true,
        [b'D', ..] => args.daemon = true,
        [b'4', ..] => args.v4_only = true,
        [b'W', ..] => {}
        [b'f', ..] => args.files.push(value()?.into()),
        [b'p', ..] => args.pidfile = Some(value()?.into()),
        [b'C', ..] => args.directory = Some(value()?.into()),
        [b'L', ..] => args.local_peer = Some(value()?.to_string_lossy().into_owned()),
        [b'n', ..] => args.maxconn = number(value()?),
        [b'N', ..] => args.proxy_maxconn = number(value()?),
        [b'm', ..] => args.memory_mb = number(value()?).into(),
        [b'S', ..] => args.master_sockets.push(value()?.to_string_lossy().into_owned()),
        [b'x', ..] => args.sockets_of = Some(value()?.into()),
        _ => return Err(Asked::Usage),
    }
    Ok(())
}

/// `-d` and what begins with it. What asks for a state that Sluice is in anyway needs no word.
fn debug(args: &mut Args, flag: &str, rest: &mut Rest<'_>) -> Result<(), Asked> {
    let ignored = match flag.as_bytes() {
        [_, b'b', ..] => {
            args.foreground = true;
            return Ok(());
        }
        [_, b'K', ..] => {
            args.keywords = flag.get(2..).filter(|classes| !classes.is_empty()).map(str::to_owned);
            return Ok(());
        }
        [_, b'W', ..] => {
            args.zero_warning = true;
            return Ok(());
        }
        [_, b'D', ..] => {
            args.diagnostic = true;
            return Ok(());
        }
        [_, b'L', ..] => {
            args.objects = true;
            return Ok(());
        }
        [_, b'R', ..] => {
            args.no_reuse_port = true;
            return Ok(());
        }
        // No poll(), kqueue() or event ports to do without; no kTLS; forks are not forbidden.
        [_, b'p' | b'k' | b'v' | b'T' | b'I', ..] => return Ok(()),
        [_, b'V', ..] => {
            args.trust_servers = true;
            return Ok(());
        }
        [_, b'r', ..] => {
            args.skip_unresolved = true;
            return Ok(());
        }
        [_, b'e', ..] => "polling without epoll",
        [_, b'S', ..] => {
            args.no_splice = true;
            return Ok(());
        }
        [_, b'Z' | b'F', ..] => "forwarding without zero-copy",
        [_, b'G', ..] => "names without getaddrinfo",
        [_, b'M', ..] => "memory debugging",
        [_, b'c', ..] => "the list of CPUs",
        [_, b'C', ..] => "a dump of the configuration",
        [_, b'A', ..] => "an archive of libraries",
        [_, b't', ..] => {
            // Its value may stand in the next word.
            rest.next_if(|next| !next.as_bytes().starts_with(b"-"));
            "traces"
        }
        _ => {
            args.foreground = true;
            "traces of events"
        }
    };
    args.ignored.push(format!("option '-{flag}' ({ignored})"));
    Ok(())
}

/// `-sf` and `-st`: process ids up to the next option.
fn processes(args: &mut Args, flag: &str, rest: &mut Rest<'_>) -> Result<(), Asked> {
    let list = match flag {
        "sf" => &mut args.finish,
        "st" => &mut args.terminate,
        _ => return Err(Asked::Usage),
    };
    while let Some(word) = rest.next_if(|next| !next.as_bytes().starts_with(b"-")) {
        // One word may hold what a shell's "$(cat file)" gave.
        for pid in word.to_string_lossy().split_whitespace() {
            let words =
                || Asked::Wrong(format!("-{flag} option: some bytes unconsumed in PID list {{{pid}}}"));
            list.push(pid.parse().ok().filter(|pid| i32::try_from(*pid).is_ok()).ok_or_else(words)?);
        }
    }
    Ok(())
}

/// What the workers of a master with this command line are started with: all but what is the master's own.
pub(crate) fn of_workers(words: &[OsString]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        match word.as_bytes() {
            b"--" => {
                kept.push(word.clone());
                kept.extend(rest.by_ref().cloned());
            }
            [b'-', b'S' | b'p' | b'x', ..] => {
                rest.next();
            }
            [b'-', b's', ..] => while rest.next_if(|next| !next.as_bytes().starts_with(b"-")).is_some() {},
            [b'-', b'W' | b'D', ..] => {}
            [b'-', b'f' | b'C' | b'L' | b'n' | b'N' | b'm', ..] => {
                kept.push(word.clone());
                kept.extend(rest.next().cloned());
            }
            _ => kept.push(word.clone()),
        }
    }
    kept
}

/// The digits at the front, as C's `atol` reads them: 0 without any, and what is too large is the largest.
fn number(word: &OsStr) -> u32 {
    let digits = word.as_bytes().iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0u32, |n, digit| n.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Asked {
        parse(&line.split(' ').filter(|w| !w.is_empty()).map(OsString::from).collect::<Vec<_>>())
    }

    fn args(line: &str) -> Args {
        match asked(line) {
            Asked::Work(args) => *args,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn files_come_in_order() {
        let args = args("-f a -f b -- c -c");
        assert_eq!(args.files, ["a", "b", "c", "-c"].map(PathBuf::from));
        assert!(!args.check);
    }

    #[test]
    fn a_letter_decides() {
        assert!(args("-cq -f a").check);
        assert!(!args("-cq -f a").quiet);
        assert!(args("-dbx -f a").foreground);
        assert_eq!(args("-n10 -c -f a").maxconn, 0, "the value is the next word, as in HAProxy");
        assert_eq!(args("-n 10x -N 7 -m 300 -f a").maxconn, 10);
        assert_eq!(args("-m 99999999999 -f a").memory_mb, u64::from(u32::MAX));
    }

    #[test]
    fn nonsense_gets_the_usage() {
        for line in ["", "-c", "-Q", "--help", "file", "-c -f a b", "-cc", "-s -f a", "-sx 1 -f a", "-"] {
            assert!(matches!(asked(line), Asked::Usage), "{line}");
        }
        for line in ["-f", "-n", "-sf x -f a", "-S /s -f a", "-sf 4294967295 -f a"] {
            assert!(matches!(asked(line), Asked::Wrong(_)), "{line}");
        }
    }

    #[test]
    fn versions() {
        for (line, version) in [
            ("-v", Version::Line),
            ("-vv", Version::Build),
            ("-vvv -Q", Version::Build),
            ("-vq", Version::Full),
            ("-vqs", Version::Short),
            ("-vqb", Version::Branch),
        ] {
            assert!(matches!(asked(line), Asked::Version(v) if v == version), "{line}");
        }
    }

    #[test]
    fn processes_end_at_an_option() {
        let args = args("-sf 1 2 -c -st 3 -f a");
        assert_eq!((args.finish, args.terminate, args.check), (vec![1, 2], vec![3], true));
        let args = parse(&["-sf", "4 5\n6", "-f", "a"].map(OsString::from));
        assert!(matches!(args, Asked::Work(args) if args.finish == [4, 5, 6]));
    }

    #[test]
    fn workers_get_what_is_theirs() {
        let of = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let kept: Vec<String> =
                of_workers(&words).iter().map(|w| w.to_string_lossy().into_owned()).collect();
            kept.join(" ")
        };
        assert_eq!(of("-Ws -S /s -f -W -p /pid -sf 1 2 -n 5 -D -- -W"), "-f -W -n 5 -- -W");
    }

    #[test]
    fn what_is_not_run_is_named() {
        let args = args("-Ws -S /s -x /dev/null -dt h1 -dZ -dT -f a");
        assert_eq!(args.master, Some(Mastery::Systemd));
        assert_eq!(args.master_sockets, ["/s"]);
        assert_eq!(args.sockets_of.as_deref(), Some(std::path::Path::new("/dev/null")));
        assert_eq!(args.ignored, ["option '-dt' (traces)", "option '-dZ' (forwarding without zero-copy)"]);
    }
}
