//! Tests of the whole binary against real databases, real servers and the real z4j.
//!
//! One binary with a module per subject: each further test binary would link the whole crate again.

mod agents;
mod anchors;
mod apikeys;
mod assess;
mod bundle;
mod concurrency;
mod contract;
mod crash;
mod diff;
mod explain;
mod export;
mod files;
mod fuzz;
mod generator;
mod harness;
mod heads;
mod identity;
mod init;
mod input;
mod live;
mod prune;
mod resume;
mod rotation;
mod shards;
mod stats;
mod support;
mod tampering;
mod tokens;
mod vectors;
mod verdicts;
mod writes;
