//! The engine on a seeded clock and network. Never shipped.
