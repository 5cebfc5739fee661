//! Every keyword family, a file an idea.
