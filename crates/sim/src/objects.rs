//! What handles stand for, and who is to be told about them: the descriptor table and the edge-triggered watching of
//! the simulated kernel. Knows connections only by their ends' names.

use std::collections::VecDeque;
use std::io;

use net::Addr;
use net::kernel::{Handle, Interest};

use crate::network::{Port, errno};
use crate::rng::Rng;
use crate::weather::{Canary, Weather};

/// The first handle given out, as if the standard ones were taken.
const FIRST: usize = 3;

/// What a handle stands for.
#[derive(Debug)]
pub(crate) enum Kind {
    Stream(Port),
    Listener(Addr, VecDeque<Port>),
    PipeRead(usize),
    PipeWrite(usize),
    Dgram,
}

/// Who asked about a handle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    pub(crate) token: u64,
    pub(crate) interest: Interest,
    /// The number of the kernel that asked.
    pub(crate) kernel: usize,
}

/// An open handle.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) watch: Option<Watch>,
    /// Whether it is on its kernel's list.
    pending: bool,
}

/// A pipe's bytes, and what it holds.
#[derive(Debug, Default)]
pub(crate) struct Tube {
    pub(crate) bytes: VecDeque<u8>,
    pub(crate) size: usize,
}

/// All open handles.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    list: Vec<Option<Object>>,
    tubes: Vec<Tube>,
    /// Handles of which something is to be told.
    ready: Vec<Handle>,
}

impl Objects {
    /// The lowest number that is free, as POSIX demands.
    pub(crate) fn open(&mut self, kind: Kind) -> Handle {
        if self.list.is_empty() {
            self.list.resize_with(FIRST, || None);
        }
        let free = self.list.iter().skip(FIRST).position(Option::is_none).map(|at| at + FIRST);
        let at = free.unwrap_or(self.list.len());
        let object = Some(Object { kind, watch: None, pending: false });
        match self.list.get_mut(at) {
            Some(place) => *place = object,
            None => self.list.push(object),
        }
        Handle::try_from(at).unwrap_or(Handle::MAX)
    }

    pub(crate) fn get(&mut self, handle: Handle) -> io::Result<&mut Object> {
        let object =
            usize::try_from(handle).ok().and_then(|at| self.list.get_mut(at)).and_then(Option::as_mut);
        object.ok_or_else(|| errno(libc::EBADF))
    }

    pub(crate) fn close(&mut self, handle: Handle) -> Option<Kind> {
        self.ready.retain(|h| *h != handle);
        let place = usize::try_from(handle).ok().and_then(|at| self.list.get_mut(at));
        place.and_then(Option::take).map(|object| object.kind)
    }

    /// Closes everything.
    pub(crate) fn take_all(&mut self) -> Vec<Kind> {
        self.ready.clear();
        self.list.drain(..).flatten().map(|object| object.kind).collect()
    }

    /// What is open, but for pooled pipes, listeners and datagram sockets.
    pub(crate) fn streams(&self) -> usize {
        self.count(|kind| matches!(kind, Kind::Stream(_)))
    }

    /// How many handles are open at all.
    pub(crate) fn open_now(&self) -> usize {
        self.count(|_| true)
    }

    fn count(&self, of: impl Fn(&Kind) -> bool) -> usize {
        self.list.iter().flatten().filter(|object| of(&object.kind)).count()
    }

    pub(crate) fn port(&mut self, handle: Handle) -> io::Result<Port> {
        match &self.get(handle)?.kind {
            Kind::Stream(port) => Ok(*port),
            _ => Err(errno(libc::ENOTSOCK)),
        }
    }

    pub(crate) fn new_tube(&mut self, size: usize) -> usize {
        self.tubes.push(Tube { bytes: VecDeque::new(), size });
        self.tubes.len() - 1
    }

    pub(crate) fn tube(&mut self, number: usize) -> io::Result<&mut Tube> {
        self.tubes.get_mut(number).ok_or_else(|| errno(libc::EBADF))
    }

    // Listeners.

    /// A listener at this address; any of them when there are several.
    pub(crate) fn listener_at(&self, at: &Addr, rng: &mut Rng) -> Option<Handle> {
        let there = |object: &Option<Object>| matches!(object, Some(Object { kind: Kind::Listener(addr, _), .. }) if addr == at);
        let found: Vec<usize> = self
            .list
            .iter()
            .enumerate()
            .filter(|(_, object)| there(object))
            .map(|(number, _)| number)
            .collect();
        let one = found.get(rng.index(found.len()))?;
        Handle::try_from(*one).ok()
    }

    pub(crate) fn enqueue(&mut self, listener: Handle, port: Port, weather: &mut Weather) {
        if let Ok(Object { kind: Kind::Listener(_, queue), .. }) = self.get(listener) {
            queue.push_back(port);
            self.edge(listener, weather);
        }
    }

    // Watching.

    /// Something changed about a handle: whoever watches it will be told.
    pub(crate) fn edge(&mut self, handle: Handle, weather: &mut Weather) {
        let telling = self.get(handle).is_ok_and(|object| object.watch.is_some() && !object.pending);
        if telling && weather.blunder(Canary::LostEdge) {
            return;
        }
        self.mark(handle);
    }

    pub(crate) fn mark(&mut self, handle: Handle) {
        let Ok(object) = self.get(handle) else { return };
        if object.watch.is_some() && !object.pending {
            object.pending = true;
            self.ready.push(handle);
        }
    }

    /// Stops watching a handle.
    pub(crate) fn forget(&mut self, handle: Handle) -> io::Result<()> {
        let object = self.get(handle)?;
        object.watch = None;
        object.pending = false;
        self.ready.retain(|h| *h != handle);
        Ok(())
    }

    /// Whether this kernel has something to tell.
    pub(crate) fn has_ready(&self, kernel: usize) -> bool {
        self.ready.iter().any(|handle| {
            let object =
                usize::try_from(*handle).ok().and_then(|at| self.list.get(at)).and_then(Option::as_ref);
            object.and_then(|o| o.watch).is_some_and(|w| w.kernel == kernel)
        })
    }

    /// Takes the list of those to be told about by this kernel.
    pub(crate) fn take_ready(&mut self, kernel: usize) -> Vec<Handle> {
        let all = std::mem::take(&mut self.ready);
        let (mine, others): (Vec<Handle>, Vec<Handle>) = all.into_iter().partition(|handle| {
            self.get(*handle).is_ok_and(|object| object.watch.is_some_and(|w| w.kernel == kernel))
        });
        self.ready = others;
        for handle in &mine {
            if let Ok(object) = self.get(*handle) {
                object.pending = false;
            }
        }
        mine
    }

    /// Somebody who is watched, and the connection's end if it is one.
    pub(crate) fn any_watched(&self, kernel: usize, rng: &mut Rng) -> Option<(Watch, Option<Port>)> {
        let object = self.list.get(rng.index(self.list.len()))?.as_ref()?;
        let port = if let Kind::Stream(port) = object.kind { Some(port) } else { None };
        object.watch.filter(|w| w.kernel == kernel).map(|watch| (watch, port))
    }
}
