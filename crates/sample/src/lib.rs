//! Typed values, casts, arguments, patterns and expressions.
