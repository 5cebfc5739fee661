//! Test servers and clients: origins, load, raw sockets. Never shipped.
