//! The nouns: World, Frontend, Backend, Server, counters and what a keyword sees of a stream.
