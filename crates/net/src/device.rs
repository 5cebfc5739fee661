//! Sockets that lead to a program instead of the kernel: a [`Sock`] whose bytes a [`Device`] of the same thread takes and
//! gives, so that whoever reads, writes and waits needs to know no difference. Knows nothing of what the bytes mean.

use crate::kernel::{Event, Handle, Ready};
use crate::options::SockOpt;
use crate::runtime::{Rt, with, with_io};
use crate::slot::{HUP, READ, Watch, token};
use crate::{Addr, Sock};
use std::io::{self, IoSlice};
use std::rc::Rc;

/// The first handle of a device; descriptors are lower (`fs.nr_open` is 1,048,576).
const FIRST: Handle = 1 << 21;

/// The other end of a [`Sock`] without a descriptor. None of its functions may use that socket; all may use others.
pub trait Device {
    /// Gives bytes; `Ok(0)` is the end of the stream. After `WouldBlock` it says by its [`Line`] when there are more.
    fn read(&self, buf: &mut [u8]) -> io::Result<usize>;
    /// Takes bytes of `bufs`, as many as there is room for. After fewer than all, or `WouldBlock`, it says by its
    /// [`Line`] when there is room.
    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    /// No more will be written.
    fn shutdown(&self);
    /// The socket was dropped.
    fn close(&self);
    /// Why the connection failed, if it did.
    fn fault(&self) -> Option<io::ErrorKind>;
    /// The connection on which the bytes travel in the end: whose addresses and options are the socket's.
    fn carrier(&self) -> Option<&Sock>;
}

/// Tells those who wait for a device's socket.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    handle: Handle,
    generation: u32,
}

impl Line {
    /// Says what became possible. Without effect once the socket is dropped.
    pub fn raise(self, ready: Ready) {
        with(|rt| rt.apply(Event { token: token(self.handle, self.generation), ready }));
    }
}

/// The devices of a thread.
#[derive(Default)]
pub(crate) struct Devices {
    list: Vec<Option<Rc<dyn Device>>>,
    free: Vec<u32>,
}

impl Sock {
    /// A socket that leads to this device. It can be written at first, and isn't readable.
    ///
    /// Errors: there are as many of them as there can be.
    pub fn to_device(device: Rc<dyn Device>) -> io::Result<(Sock, Line)> {
        with_io(|rt| {
            let mut devices = rt.devices.borrow_mut();
            let at = devices.free.pop().unwrap_or(devices.list.len() as u32);
            let handle = FIRST + at as Handle;
            let slot = rt.slots.make(handle).ok_or_else(|| io::Error::from_raw_os_error(libc::EMFILE))?;
            match devices.list.get_mut(at as usize) {
                Some(place) => *place = Some(device),
                None => devices.list.push(Some(device)),
            }
            slot.open(crate::slot::WRITE);
            // Nobody but the device tells of it.
            slot.watch.set(Watch::ReadWrite);
            Ok((Sock::from_handle(handle), Line { handle, generation: slot.generation.get() }))
        })
    }

    /// Whether it leads to a device.
    pub fn is_device(&self) -> bool {
        is(self.raw())
    }
}

/// Whether this handle is a device's.
#[inline]
pub(crate) const fn is(handle: Handle) -> bool {
    handle >= FIRST
}

/// The device behind a handle.
pub(crate) fn get(rt: &Rt, handle: Handle) -> io::Result<Rc<dyn Device>> {
    let devices = rt.devices.borrow();
    let device = devices.list.get((handle - FIRST) as usize).and_then(Clone::clone);
    device.ok_or_else(|| io::ErrorKind::NotConnected.into())
}

/// Forgets a device whose socket was dropped.
pub(crate) fn close(rt: &Rt, handle: Handle) {
    rt.forget(handle);
    let at = (handle - FIRST) as usize;
    let device = {
        let mut devices = rt.devices.borrow_mut();
        let device = devices.list.get_mut(at).and_then(Option::take);
        if device.is_some() {
            devices.free.push(at as u32);
        }
        device
    };
    if let Some(device) = device {
        device.close();
    }
}

/// Reads; what was not asked for stays readable.
pub(crate) fn recv(rt: &Rt, handle: Handle, buf: &mut [u8], peek: bool) -> io::Result<usize> {
    if peek {
        // Whether there is something is all that is asked by those who look ahead.
        let over = rt.slots.get(handle).is_some_and(|slot| slot.has(HUP));
        return if over { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
    }
    let answer = get(rt, handle)?.read(buf);
    if answer.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
        && let Some(slot) = rt.slots.get(handle)
    {
        slot.clear(READ);
    }
    answer
}

/// Changes an option of the connection below. How that ends is not a stream's to say.
pub(crate) fn set(rt: &Rt, handle: Handle, option: SockOpt) -> io::Result<()> {
    match get(rt, handle)?.carrier() {
        Some(sock) if !matches!(option, SockOpt::LingerZero | SockOpt::Repair | SockOpt::Ttl(_)) => {
            sock.set(option)
        }
        _ => Ok(()),
    }
}

/// Asks the connection below.
pub(crate) fn ask<R>(rt: &Rt, handle: Handle, ask: impl FnOnce(&Sock) -> io::Result<R>) -> io::Result<R> {
    match get(rt, handle)?.carrier() {
        Some(sock) => ask(sock),
        None => Err(io::ErrorKind::NotConnected.into()),
    }
}

/// An address, for those that are asked for one.
pub(crate) fn addr(handle: Handle, of: impl FnOnce(&Sock) -> io::Result<Addr>) -> Option<io::Result<Addr>> {
    is(handle).then(|| with_io(|rt| ask(rt, handle, of)))
}
