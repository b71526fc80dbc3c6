//! Erasure in the archive: the requests, the rows of a person, the texts of all tables, and the raw replies.
//!
//! What is erased follows from `archive::schema` and from the list in `texts`. `crate::erase` decides what names a person.

mod finish;
mod frames;
mod media;
mod requests;
mod rows;
mod texts;

pub use finish::Left;
pub use frames::{Frame, NewFrame};
pub use requests::Term;
pub use rows::RowCount;
pub use texts::{Change, Means, TextColumn, TextRow, TextTable};
