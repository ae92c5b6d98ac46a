//! The bytes that a z4j brain signs, of every generation. Pure functions: no input or output, no clock.

mod timestamp;

pub use timestamp::Timestamp;
