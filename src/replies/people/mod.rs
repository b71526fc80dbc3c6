//! People who are erased: how a text or a reply names them, and what takes their place.
//!
//! While an erasure goes on, they are known by their ids and names. Afterwards only keyed hashes of these are left, and the
//! same code recognises them in new replies.

mod body;
mod clean;
mod file;
mod known;
mod paths;
mod profiles;
mod quick;
mod spans;
mod terms;
mod texts;
mod touching;

pub use body::Taken;
pub use file::any_part;
pub use known::People;
pub use profiles::{Profile, profiles_in};
pub use terms::Terms;

#[cfg(test)]
mod tests;
