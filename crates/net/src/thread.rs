//! Threads with a name and a set of CPUs. Knows nothing of what runs on them.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io;
use std::thread::{Builder, JoinHandle};

/// CPUs by number, ascending and without repetition when given by [`affinity`].
pub type Cpus = Vec<usize>;

/// Starts a thread named `name` (the kernel keeps 15 bytes of it), bound to `cpus` where given (`cpu-map`).
///
/// Errors: the system's limit of threads. A set of CPUs that can't be had is reported to `f` as an error,
/// since it is the new thread that asks for them.
pub fn spawn<T: Send + 'static>(
    name: &str,
    cpus: Option<Cpus>,
    f: impl FnOnce(io::Result<()>) -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        let bound = cpus.map_or(Ok(()), |cpus| bind(&cpus));
        f(bound)
    })
}

/// The CPUs this thread may run on.
pub fn affinity() -> io::Result<Cpus> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect())
}

/// Binds this thread to `cpus`. Errors: `InvalidInput` when none of them exists or is allowed, or a number is
/// beyond 1,023.
pub fn bind(cpus: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for cpu in cpus {
        if *cpu >= CpuSet::MAX_CPU {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        set.set(*cpu);
    }
    Ok(sched_setaffinity(None, &set)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_runs_where_it_was_bound() {
        let first = affinity().unwrap()[0];
        let thread = spawn("bound", Some(vec![first]), |bound| {
            bound.unwrap();
            (std::thread::current().name().map(str::to_owned), affinity().unwrap())
        });
        assert_eq!(thread.unwrap().join().unwrap(), (Some("bound".to_owned()), vec![first]));
        assert!(bind(&[usize::MAX]).is_err());
    }
}
