//! What a process that serves gives up for good, so that whoever broke into it gets no further: programs with the rights
//! of others (`insecure-setuid-wanted`), starting programs (`insecure-fork-wanted`), files but where its sockets are
//! (Landlock), and system calls that no proxy needs (seccomp). Where the kernel has no such thing the process does
//! without. Doesn't know users, groups and `chroot`: those are `start`'s.
//!
//! Reading stays allowed: other configurations, maps and certificates are applied while it runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use config::{Directive, Loaded};
use landlock::{
    ABI, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use state::World;
use state::frontend::{Bind, BindAddress};

use crate::check;

/// What a sandbox leaves a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sandbox {
    /// It may start programs (`insecure-fork-wanted`).
    starts: bool,
    /// Those may have the rights of other users (`insecure-setuid-wanted`).
    gains: bool,
    /// Where files may come and go; none: anywhere.
    folders: Option<Vec<PathBuf>>,
    /// `sandbox off`
    off: bool,
    /// `sandbox on`: its lack is worth a word.
    wanted: bool,
}

/// Where sockets are by custom, whether the configuration names one there yet or not.
const CUSTOMARY: &[&str] = &["/run", "/var/run", "/tmp"];

/// Where files may come and go in this process.
static FOLDERS: OnceLock<Vec<PathBuf>> = OnceLock::new();

/// The abilities that Landlock is asked to take are those of its first version: later ones mend the same in detail.
const VERSION: ABI = ABI::V1;

impl Sandbox {
    /// What the configuration asks for.
    pub(crate) fn of(world: &World, loaded: &Loaded) -> Self {
        let says = |keyword: &str| check::in_global(loaded, keyword).is_some_and(|line| !line.negated());
        let word = |line: Directive<'_>| line.text(1).to_vec();
        let mode = check::in_global(loaded, "sandbox").map(word);
        let starts = says("insecure-fork-wanted");
        // Core files are written on the process's behalf; programs that it starts write what they like.
        let writes = starts || says("set-dumpable");
        Self {
            starts,
            gains: says("insecure-setuid-wanted"),
            folders: (!writes).then(|| folders(world)),
            off: mode.as_deref() == Some(b"off"),
            wanted: mode.as_deref() == Some(b"on"),
        }
    }

    /// Enters it, for this thread and those that it starts. Gives what the kernel lacks, if that is worth a word.
    pub(crate) fn enter(&self) -> Vec<String> {
        let mut lacking = Vec::new();
        if !self.gains && rustix::thread::set_no_new_privs(true).is_err() {
            lacking.push("The rights of other programs' users cannot be given up.".to_owned());
        }
        if self.off {
            return lacking;
        }
        if let Some(folders) = &self.folders {
            match confine(folders, self.starts) {
                Ok(RulesetStatus::NotEnforced) => lacking.push("The kernel has no Landlock.".to_owned()),
                Ok(_) => {
                    let _ = FOLDERS.set(folders.clone());
                }
                Err(error) => lacking.push(format!("Landlock: {error}.")),
            }
        }
        // A filter takes that rights are given up.
        if !self.gains
            && let Err(error) = forbid(self.starts)
        {
            lacking.push(format!("Seccomp: {error}."));
        }
        if self.wanted { lacking } else { Vec::new() }
    }
}

/// Whether this process may have a socket with this file.
pub(crate) fn allows(bind: &Bind) -> bool {
    let BindAddress::Unix(path) = &bind.address else { return true };
    let Some(folders) = FOLDERS.get() else { return true };
    let folder = folder(Path::new(&**path));
    folders.iter().any(|allowed| folder.starts_with(allowed))
}

/// Where files of sockets are.
fn folders(world: &World) -> Vec<PathBuf> {
    let binds = world.frontends.iter().flat_map(|f| &f.binds);
    let relays = world.log_forwards.iter().flat_map(|f| f.streams.iter().chain(&f.datagrams));
    let api = world.global.stats_sockets.iter().map(|socket| &socket.bind);
    let files = binds.chain(relays).chain(api).filter_map(|bind| match &bind.address {
        BindAddress::Unix(path) => Some(folder(Path::new(&**path))),
        _ => None,
    });
    let mut all: Vec<PathBuf> = CUSTOMARY.iter().map(PathBuf::from).chain(files).collect();
    all.sort();
    all.dedup();
    all
}

/// The folder that a file is in, without links on the way where it exists.
fn folder(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

fn confine(folders: &[PathBuf], starts: bool) -> Result<RulesetStatus, landlock::RulesetError> {
    let writes = AccessFs::from_write(VERSION);
    let handled = if starts { writes } else { writes | AccessFs::Execute };
    let mut rules = Ruleset::default().handle_access(handled)?.create()?;
    // Devices are written to, such as the null device.
    for folder in folders.iter().map(PathBuf::as_path).chain([Path::new("/dev")]) {
        if let Ok(open) = PathFd::new(folder) {
            rules = rules.add_rule(PathBeneath::new(open, writes))?;
        }
    }
    Ok(rules.restrict_self()?.ruleset)
}

/// System calls that nothing here needs once traffic flows: they answer that it is not permitted.
const FORBIDDEN: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_init_module,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// Those that start programs.
const STARTING: &[i64] = &[libc::SYS_execve, libc::SYS_execveat];

fn forbid(starts: bool) -> Result<(), String> {
    let starting = if starts { &[][..] } else { STARTING };
    // Without conditions: whatever the arguments are.
    let rules: BTreeMap<i64, Vec<_>> =
        FORBIDDEN.iter().chain(starting).map(|call| (*call, Vec::new())).collect();
    let machine = std::env::consts::ARCH.try_into().map_err(|_| "not for this machine".to_owned())?;
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, machine);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(|error| format!("{error}"))?;
    seccompiler::apply_filter(&program).map_err(|error| format!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_folder_is_in_the_present_one() {
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(folder(Path::new("x.sock")), here);
        assert_eq!(folder(Path::new("/nowhere/at/all/x.sock")), Path::new("/nowhere/at/all"));
    }

    #[test]
    fn what_was_given_up_is_gone() {
        let test = || {
            let allowed = std::env::temp_dir();
            let sandbox = Sandbox {
                starts: false,
                gains: false,
                folders: Some(vec![allowed.clone()]),
                off: false,
                wanted: true,
            };
            let lacking = sandbox.enter();
            let program = std::process::Command::new("/bin/true").status().map_err(|e| e.kind());
            let elsewhere = std::fs::write("sandbox-test-file", "x").map_err(|e| e.kind());
            let file = allowed.join(format!("sluice-sandbox-{}", std::process::id()));
            let here = std::fs::write(&file, "x").and_then(|()| std::fs::remove_file(&file));
            let reads = std::fs::read("Cargo.toml").is_ok();
            (lacking, program.is_err(), elsewhere.is_err(), here.is_ok(), reads)
        };
        // For a thread of its own: there is no way back.
        let (lacking, no_program, no_file, file, reads) = std::thread::spawn(test).join().unwrap();
        let _ = std::fs::remove_file("sandbox-test-file");
        assert!(file && reads);
        if lacking.is_empty() {
            assert!(no_program && no_file);
        }
    }
}
