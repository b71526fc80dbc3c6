//! What is searched for.

use std::collections::HashSet;

/// What is known of people while they are erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// User ids.
    pub users: HashSet<String>,
    /// Usernames in lower case that nobody else has.
    pub names: HashSet<String>,
    /// The ids of their posts and comments, without `s_`.
    pub items: HashSet<String>,
}
