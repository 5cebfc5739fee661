//! What changes a whole process: signals, going to the background, giving up rights. Each part runs in a
//! process of its own whose only thread is the main one, hence no test harness.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking"
)]

mod common;

use common::*;
use net::{Signal, Signals, background, process, signals};
use rustix::process::{Signal as Raw, getpid, kill_process};
use std::process::Command;
use std::time::Duration;

const PART: &str = "NET_TEST_PART";
const FILE: &str = "NET_TEST_FILE";

fn main() {
    match std::env::var(PART).as_deref() {
        Ok("signals") => signals_come_as_events(),
        Ok("daemon") => goes_to_the_background(),
        Ok("failure") => a_failed_start_is_seen(),
        Ok("namespace") => listens_in_another_namespace(),
        Ok("rights") => gives_up_rights(),
        Ok(other) => panic!("no part '{other}'"),
        // What runs tests one by one asks for their names first.
        Err(_) if asked("--list") && asked("--ignored") => {}
        Err(_) if asked("--list") => println!("parts: test"),
        Err(_) => {
            for part in ["signals", "daemon", "failure", "namespace", "rights"] {
                run_part(part);
                println!("test {part} ... ok");
            }
        }
    }
}

fn asked(option: &str) -> bool {
    std::env::args().any(|argument| argument == option)
}

fn run_part(part: &str) {
    let file = std::env::temp_dir().join(format!("net-process-{part}-{}", std::process::id()));
    let ran =
        Command::new(std::env::current_exe().unwrap()).env(PART, part).env(FILE, &file).output().unwrap();
    let _ = std::fs::remove_dir(&file);
    let said = [ran.stdout.as_slice(), ran.stderr.as_slice()].concat();
    assert!(ran.status.success(), "{part}: {}", String::from_utf8_lossy(&said));
    if part == "daemon" {
        let word = (0..6000).find_map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            std::fs::read_to_string(&file).ok().filter(|word| word.ends_with('.'))
        });
        std::fs::remove_file(&file).unwrap();
        assert_eq!(word.as_deref(), Some("other pid, own session, works."));
    }
}

fn signals_come_as_events() {
    signals::block().unwrap();
    run(async {
        let signals = Signals::new().unwrap();
        let sends = [
            (Raw::USR1, Signal::Usr1),
            (Raw::TERM, Signal::Term),
            (Raw::HUP, Signal::Hup),
            (Raw::USR2, Signal::Usr2),
            (Raw::INT, Signal::Int),
            (Raw::QUIT, Signal::Quit),
        ];
        for (send, expect) in sends {
            kill_process(getpid(), send).unwrap();
            assert_eq!(signals.next().await.unwrap(), expect);
        }
        // Sent by another thread while this one sleeps in the kernel; threads inherit the mask.
        let thread = std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(20));
            kill_process(getpid(), Raw::TERM).unwrap();
        });
        assert_eq!(signals.next().await.unwrap(), Signal::Term);
        thread.join().unwrap();
    });
    signals::unblock().unwrap();
}

fn goes_to_the_background() {
    let before = process::pid();
    let starting = match background::fork().unwrap() {
        background::Side::Child(starting) => starting,
        background::Side::Ready => return,
        ended @ background::Side::Ended { .. } => panic!("{ended:?}"),
    };
    starting.ready().unwrap();
    let mut word = String::new();
    if process::pid() != before {
        word += "other pid, ";
    }
    if rustix::process::getsid(None).unwrap() == getpid() {
        word += "own session, ";
    }
    run(async {
        let (client, server) = pair().await;
        write_all(&client, b"x").await;
        read_exactly(&server, 1).await;
    });
    std::fs::write(std::env::var(FILE).unwrap(), word + "works.").unwrap();
}

fn a_failed_start_is_seen() {
    match background::fork().unwrap() {
        background::Side::Child(_starting) => std::process::exit(3),
        background::Side::Ended { status, child } => assert!(status == 3 && child != process::pid()),
        ready @ background::Side::Ready => panic!("{ready:?}"),
    }
}

fn listens_in_another_namespace() {
    let (ready, started) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        #[allow(unsafe_code, reason = "some flags of unshare take descriptors from under their owners")]
        // SAFETY: a network namespace of its own leaves the thread's memory and descriptors as they are.
        let made = unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNET) };
        ready.send(made.map(|()| rustix::thread::gettid().as_raw_nonzero())).unwrap();
        std::thread::park();
    });
    let Ok(Ok(tid)) = started.recv() else {
        println!("no right to make a namespace");
        return;
    };
    let name = format!("net-test-{}", process::pid());
    let file = std::path::Path::new("/var/run/netns").join(&name);
    let made = std::fs::create_dir("/var/run/netns").is_ok();
    std::os::unix::fs::symlink(format!("/proc/self/task/{tid}/ns/net"), &file).unwrap();
    let opened = net::namespace::open(&name);
    std::fs::remove_file(&file).unwrap();
    if made {
        std::fs::remove_dir("/var/run/netns").unwrap();
    }
    opened.unwrap();
    let here = net::ListenOptions { reuse_port: false, ..net::ListenOptions::default() };
    let there = net::ListenOptions { namespace: Some(name.as_str().into()), ..here.clone() };
    let first = net::Bound::open(&net::Addr::ANY_V4, &here).unwrap();
    let same = net::Addr::ANY_V4.with_port(first.addr().port());
    assert!(net::Bound::open(&same, &here).is_err(), "taken here");
    let second = net::Bound::open(&same, &there).unwrap();
    assert_eq!(second.addr(), same, "free there");
    assert!(net::Bound::open(&same, &here).is_err(), "and we are back");
}

fn gives_up_rights() {
    if process::uid() != 0 {
        println!("not root: nothing to give up");
        return;
    }
    assert!(process::allow_core().is_ok());
    let dir = std::env::var(FILE).unwrap();
    std::fs::create_dir(&dir).unwrap();
    process::chroot(dir.as_ref()).unwrap();
    assert!(process::is_directory("/".as_ref()) && !process::is_directory("/etc".as_ref()));
    process::set_gid(65_534).unwrap();
    process::set_uid(65_534).unwrap();
    assert_eq!(process::uid(), 65_534);
    assert!(process::set_uid(0).is_err() && process::set_gid(0).is_err());
    assert!(std::fs::write("/file", "x").is_err());
    process::malloc_trim();
}
