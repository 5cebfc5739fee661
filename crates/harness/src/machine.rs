//! The machine under the run: cores and limits.

use std::io;
use std::num::NonZeroU64;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity, set_current_timer_slack};

/// The cores this thread may run on, in ascending order.
///
/// # Errors
/// When the kernel does not say.
pub fn cores() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect())
}

/// Binds this thread, and what it starts from now on, to these cores.
///
/// # Errors
/// When one of them does not exist or is not ours to use.
pub fn pin_to(cores: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for &core in cores {
        set.set(core);
    }
    Ok(sched_setaffinity(None, &set)?)
}

/// Lets sleeps of this thread end within a microsecond of their time instead of the usual 50.
///
/// # Errors
/// When the kernel refuses.
pub fn sharpen_timers() -> io::Result<()> {
    Ok(set_current_timer_slack(NonZeroU64::new(1_000))?)
}

/// Raises the number of open files to the hard limit (and that to `wanted` when we may); returns the limit.
///
/// # Errors
/// When the soft limit cannot be set at all.
pub fn raise_open_files(wanted: u64) -> io::Result<u64> {
    let now = getrlimit(Resource::Nofile);
    let hard = now.maximum.unwrap_or(wanted);
    if hard < wanted {
        let raised = Rlimit { current: Some(wanted), maximum: Some(wanted) };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            return Ok(wanted);
        }
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(hard), maximum: now.maximum })?;
    Ok(hard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_sees_one_core() {
        let seen = std::thread::spawn(|| {
            let all = cores().unwrap();
            pin_to(&all[..1]).unwrap();
            (all[0], cores().unwrap())
        })
        .join()
        .unwrap();
        assert_eq!(seen.1, vec![seen.0]);
    }
}
