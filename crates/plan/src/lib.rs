//! Model to World: the configuration made into what runs.
