//! Descriptors over unix sockets (SCM_RIGHTS, unix(7)): how a new process takes over the listeners of the old
//! one. Blocking, for start-up and the master; knows nothing of what the descriptors are.

use crate::Addr;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;

/// Descriptors in one message (`SCM_MAX_FD`).
pub const FDS_MAX: usize = 253;

/// Sends `bytes` with up to [`FDS_MAX`] descriptors attached to their first byte; gives how many bytes left.
/// The descriptors have left when at least one byte has. Errors: `InvalidInput` for no bytes or too many
/// descriptors.
pub fn send(over: impl AsFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    if bytes.is_empty() || fds.len() > FDS_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    loop {
        match sendmsg(&over, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            answer => return Ok(answer?),
        }
    }
}

/// Receives bytes into `buf` and the descriptors that came with them, appended to `fds` (closed on exec).
/// `Ok(0)` is the end. Errors: the system's.
pub fn recv(over: impl AsFd, buf: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        match recvmsg(&over, &mut [IoSliceMut::new(buf)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            answer => break answer?,
        }
    };
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(passed) = message {
            fds.extend(passed);
        }
    }
    Ok(received.bytes)
}

/// The address that a descriptor is bound to. Errors: it is no socket.
pub fn address(fd: impl AsFd) -> io::Result<Addr> {
    Ok(Addr::from_local(rustix::net::getsockname(fd)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_passed_descriptor_is_the_same_socket() {
        let (a, b) = UnixStream::pair().unwrap();
        let (mut near, far) = UnixStream::pair().unwrap();
        send(&a, b"one", &[far.as_fd()]).unwrap();
        drop(far);
        let (mut buf, mut fds) = ([0; 8], Vec::new());
        assert_eq!(recv(&b, &mut buf, &mut fds).unwrap(), 3);
        let mut passed = UnixStream::from(fds.pop().unwrap());
        passed.write_all(b"x").unwrap();
        near.read_exact(&mut buf[..1]).unwrap();
        assert_eq!(&buf[..1], b"x");
        assert!(send(&a, b"", &[]).is_err());
    }
}
