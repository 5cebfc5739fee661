//! All data-plane I/O: executor, sockets, timers, threads. The only crate with unsafe.
