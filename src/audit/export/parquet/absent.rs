//! What stands for Parquet in a build without it. Nothing gets here: [`super::not_built_in`] is said before.

use std::fs::File;

use super::{Damage, not_built_in};
use crate::audit::export::columns::Columns;
use crate::audit::finding::Class;
use crate::error::Result;
use crate::store::batch::Layout;

/// Writes nothing.
#[derive(Debug)]
pub enum Writer {}

impl Writer {
    /// Refuses.
    pub fn new(_: Layout) -> Result<Self> {
        Err(not_built_in())
    }

    /// Is never called.
    pub fn add(&mut self, _: Columns) -> Result<Vec<u8>> {
        match *self {}
    }

    /// Is never called.
    pub fn finish(self) -> Result<Vec<u8>> {
        match self {}
    }
}

/// Reads nothing.
#[derive(Debug)]
pub enum Reader {}

impl Reader {
    /// Refuses.
    pub fn open(_: File) -> std::result::Result<Self, Damage> {
        Err(Damage { class: Class::Malformed, message: "this z4jctl was built without Parquet".into() })
    }

    /// Is never called.
    pub fn layout(&self) -> Layout {
        match *self {}
    }

    /// Is never called.
    pub fn read(&mut self) -> std::result::Result<Option<Columns>, Damage> {
        match *self {}
    }
}
