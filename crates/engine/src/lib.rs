//! The order of events: session, stream, rules, routing, connecting, forwarding, finishing.
