//! Transactions, versions, and what is left when a process is killed or a disk is full.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

const TEXT: &str = "# _version=5\n# kept as it is\nglobal\n\tmaxconn   100 # yes\n";

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("client-{}", disk::random_id().unwrap()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("haproxy.cfg"), TEXT).unwrap();
        Self(path)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.0.join("haproxy.cfg")).unwrap()
    }

    fn refusing(&self) -> Check {
        Check { command: Some("/bin/false".into()), ..Check::default() }
    }

    fn open(&self) -> Store {
        Store::open(settings(&self.0)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn settings(folder: &Path) -> Settings {
    Settings {
        file: folder.join("haproxy.cfg"),
        transactions: folder.join("tx"),
        backups: Some((folder.join("backups"), 2)),
        max_open: 3,
        check: Check::default(),
    }
}

fn add(document: &mut Document, word: &str) -> Result<(), Error> {
    document.insert(4, &[word.as_bytes()]);
    Ok(())
}

#[test]
fn a_change_gives_the_next_version_and_touches_nothing_else() {
    let folder = Folder::new();
    let mut store = folder.open();
    let error = store.change(&Base::Version(4), |d| add(d, "daemon")).unwrap_err();
    assert_eq!(error.message, "version mismatch: version in configuration file is 5, given version is 4");
    store.change(&Base::Version(5), |d| add(d, "daemon")).unwrap();
    assert_eq!(folder.text(), TEXT.replace("=5", "=6") + "\tdaemon\n");
    assert_eq!(store.backup(5).unwrap(), TEXT.as_bytes());
    for _ in 0..3 {
        store.change(&Base::Any, |_| Ok(())).unwrap();
    }
    assert_eq!(store.backup(5).unwrap_err().kind, Kind::NotFound, "two are kept");
    assert_eq!(folder.open().version(None), 9);
}

#[test]
fn what_the_proxy_refuses_is_not_written() {
    let folder = Folder::new();
    let mut refused = Store::open(Settings { check: folder.refusing(), ..settings(&folder.0) }).unwrap();
    let error = refused.change(&Base::Any, |d| add(d, "daemon")).unwrap_err();
    assert_eq!((error.kind, refused.version(None)), (Kind::Invalid, 5));
    let id = refused.begin(5).unwrap().id;
    assert_eq!(refused.commit(&id).unwrap_err().kind, Kind::Invalid);
    assert_eq!(folder.open().transaction(&id).unwrap().status, Status::Failed);
    assert_eq!(refused.commit(&id).unwrap_err().kind, Kind::NotCommittable);
    assert_eq!(folder.text(), TEXT);
}

#[test]
fn a_commit_makes_the_others_outdated() {
    let folder = Folder::new();
    let mut store = folder.open();
    let ids: Vec<String> = (0..3).map(|_| store.begin(5).unwrap().id).collect();
    assert_eq!(store.begin(5).unwrap_err().kind, Kind::TooMany);
    store.change(&Base::Transaction(ids[0].clone()), |d| add(d, "first")).unwrap();
    store.change(&Base::Transaction(ids[1].clone()), |d| add(d, "second")).unwrap();
    assert_eq!(folder.text(), TEXT, "nothing is in the file before the commit");
    let mut store = folder.open();
    store.commit(&ids[1]).unwrap();
    assert!(folder.text().contains("second") && !folder.text().contains("first"));
    assert_eq!(store.transaction(&ids[0]).unwrap().status, Status::Outdated);
    assert_eq!(store.commit(&ids[0]).unwrap_err().kind, Kind::NotCommittable);
    assert_eq!(
        store.change(&Base::Transaction("../x".into()), |d| add(d, "x")).unwrap_err().kind,
        Kind::Invalid
    );
    store.discard(&ids[0]).unwrap();
    assert_eq!(folder.open().transactions().count(), 1);
}

#[test]
fn an_edit_from_outside_is_seen_and_gets_a_version() {
    let folder = Folder::new();
    let mut store = folder.open();
    assert!(!store.refresh().unwrap());
    std::fs::write(&store.settings().file, TEXT.replace("100", "200")).unwrap();
    assert!(store.refresh().unwrap());
    assert_eq!(folder.text(), TEXT.replace("100", "200").replace("=5", "=6"));
    assert_eq!(store.version(None), 6);
}

#[test]
fn a_folder_that_takes_nothing_changes_nothing() {
    let folder = Folder::new();
    let mut store = folder.open();
    // A folder in the place of the file that would be renamed: refused for root as for others.
    let blocked = folder.0.join(format!(".haproxy.cfg.{}.tmp", std::process::id()));
    std::fs::create_dir(&blocked).unwrap();
    assert_eq!(store.change(&Base::Any, |d| add(d, "daemon")).unwrap_err().kind, Kind::System);
    assert_eq!((folder.text().as_str(), store.version(None)), (TEXT, 5));
    std::fs::remove_dir(&blocked).unwrap();
    store.change(&Base::Any, |d| add(d, "daemon")).unwrap();
}

#[test]
fn what_cannot_be_enforced_is_taken_back() {
    let folder = Folder::new();
    let mut store = folder.open();
    let refuse = |_: &Document, _: &Document| Err(Error::invalid("no"));
    assert_eq!(store.change_with(&Base::Any, |d| add(d, "daemon"), refuse).unwrap_err().message, "no");
    assert_eq!((folder.text().as_str(), store.version(None)), (TEXT, 5));
    let id = store.begin(5).unwrap().id;
    store.change(&Base::Transaction(id.clone()), |d| add(d, "daemon")).unwrap();
    assert_eq!(store.commit_with(&id, refuse).unwrap_err().message, "no");
    assert_eq!(store.transaction(&id).unwrap().status, Status::Failed);
    assert_eq!((folder.text().as_str(), store.version(None)), (TEXT, 5));
    store.change_with(&Base::Version(5), |d| add(d, "daemon"), |_, _| Ok(())).unwrap();
    assert_eq!(store.version(None), 6);
}

#[test]
fn mode_and_link_of_the_file_stay() {
    let folder = Folder::new();
    let real = folder.0.join("real.cfg");
    let file = folder.0.join("haproxy.cfg");
    std::fs::rename(&file, &real).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &file).unwrap();
    folder.open().change(&Base::Any, |d| add(d, "daemon")).unwrap();
    assert!(std::fs::symlink_metadata(&file).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(std::fs::read_to_string(&real).unwrap().contains("daemon"));
}

/// Runs [`writer`] in a process of its own, on the file of `folder`.
fn start_writer(folder: &Folder, limit: Option<u64>) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "store::tests::writer", "--nocapture", "--ignored"]);
    command.env("CLIENT_WRITER", &folder.0).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(limit) = limit {
        command.env("CLIENT_LIMIT", limit.to_string());
    }
    command.spawn().unwrap()
}

/// The process that the tests below kill: a line in the file for each version, and a word when it is kept.
#[test]
#[ignore = "a process for other tests"]
fn writer() {
    let Some(folder) = std::env::var_os("CLIENT_WRITER") else { return };
    if let Some(limit) = std::env::var("CLIENT_LIMIT").ok().and_then(|text| text.parse().ok()) {
        let limit = rustix::process::Rlimit { current: Some(limit), maximum: Some(limit) };
        rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).unwrap();
    }
    let mut store = Store::open(settings(Path::new(&folder))).unwrap();
    loop {
        let version = store.version(None);
        store.change(&Base::Any, |d| add(d, &format!("# line {version}"))).unwrap();
        println!("\nkept {version}");
    }
}

/// The versions whose lines the file has, and whether it is whole.
fn lines_of(folder: &Folder) -> Vec<u64> {
    let text = folder.text();
    assert!(text.ends_with('\n') && text.contains("\tmaxconn   100 # yes\n"), "{text}");
    let mut found: Vec<u64> =
        text.lines().filter_map(|l| l.trim().strip_prefix("# line ")?.parse().ok()).collect();
    found.sort_unstable();
    found
}

#[test]
fn a_process_killed_at_any_instant_leaves_a_whole_file_with_all_that_was_kept() {
    let folder = Folder::new();
    let mut kept = 4;
    for round in 0_u64..12 {
        let mut child = start_writer(&folder, None);
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut note = |line: String| {
            if let Some(version) = line.trim().strip_prefix("kept ").and_then(|text| text.parse().ok()) {
                kept = version;
            }
        };
        // It is under way when it has told something.
        for line in told.by_ref().map_while(Result::ok).take(8) {
            note(line);
        }
        std::thread::sleep(Duration::from_micros(round * 731 % 5000));
        child.kill().unwrap();
        child.wait().unwrap();
        told.map_while(Result::ok).for_each(&mut note);
        let lines = lines_of(&folder);
        assert!(lines.last().is_some_and(|last| *last >= kept), "kept {kept}, the file has {lines:?}");
        assert!(lines.iter().copied().eq(5..5 + lines.len() as u64), "{lines:?}");
        assert_eq!(folder.open().version(None), 5 + lines.len() as u64);
    }
}

#[test]
fn a_full_disk_keeps_the_last_version() {
    let folder = Folder::new();
    let child = start_writer(&folder, Some(1500));
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success(), "it ends where a file may not grow");
    let lines = lines_of(&folder);
    assert!(lines.len() > 10 && lines.iter().copied().eq(5..5 + lines.len() as u64), "{lines:?}");
    assert_eq!(folder.open().version(None), 5 + lines.len() as u64);
}
