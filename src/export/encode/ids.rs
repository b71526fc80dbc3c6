//! Ids alone, one on each line: for publication, so that others can ask the remote for what is still there.

use std::io::{Result, Write};

use super::{Encode, Notes};
use crate::export::output::Output;
use crate::store::read::Cell;

pub(super) struct Ids {
    pub(super) to: Output,
}

impl Encode for Ids {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        match cells {
            [Cell::Text(id)] => writeln!(self.to, "{id}"),
            _ => Ok(()),
        }
    }

    fn finish(self: Box<Self>) -> Result<(Output, Notes)> {
        Ok((self.to, Notes::default()))
    }
}
