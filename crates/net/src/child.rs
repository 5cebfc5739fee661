//! A program that runs beside, whose end can be waited for. Knows nothing of what it is for.

use crate::kernel::Handle;
use crate::runtime::{self, with_io};
use crate::signals;
use crate::slot::READ;
use rustix::fd::IntoRawFd;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::io;
use std::marker::PhantomData;
use std::process::{Command, ExitStatus};

/// A program that was started; it is "readable" once it has ended. Dropped, it is killed.
pub struct Child {
    process: std::process::Child,
    handle: Handle,
    _local: PhantomData<*const ()>,
}

impl Child {
    /// Starts it, with all signals delivered as usual. Real kernel only.
    pub fn start(mut command: Command) -> io::Result<Child> {
        signals::unblock()?;
        let started = command.spawn();
        signals::block()?;
        let mut process = started?;
        let watched = Pid::from_raw(process.id().cast_signed())
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
            .and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::NONBLOCK)?))
            .and_then(|fd| {
                with_io(|rt| {
                    let handle = fd.into_raw_fd();
                    rt.adopt(handle, READ).map(|()| handle)
                })
            });
        match watched {
            Ok(handle) => Ok(Child { process, handle, _local: PhantomData }),
            Err(error) => {
                end(&mut process);
                Err(error)
            }
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for its end, and tells how it came to it.
    pub async fn end(mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            runtime::with(|rt| rt.slots.get(self.handle).map(|slot| slot.clear(READ)));
            crate::wait(|w| {
                w.read(&self);
            })
            .await;
        }
    }

    /// How it ended; waits for the end where it has not come.
    pub fn exit_status(mut self) -> io::Result<ExitStatus> {
        self.process.wait()
    }

    pub(crate) fn raw(&self) -> Handle {
        self.handle
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        runtime::close(self.handle);
        end(&mut self.process);
    }
}

/// Kills a program unless it has ended, and takes its status, so that nothing of it is left.
fn end(process: &mut std::process::Child) {
    if matches!(process.try_wait(), Ok(Some(_))) {
        return;
    }
    let _ = process.kill();
    let _ = process.wait();
}
