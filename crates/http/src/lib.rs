//! HTTP messages and the sans-IO codecs.
