//! haproxy.cfg: lossless syntax tree, typed sections and directives, edits, diagnostics.
