//! Evidence that something is no longer there.

use super::SubjectKind;

/// Two passes that miss something this long apart make it `unseen`, in seconds. One look is not enough: lists lose items
/// for a while, and an offset that shifts skips one.
pub const UNSEEN_AFTER_SECONDS: f64 = 86_400.0;

/// A list whose items the archive can name, so that a complete pass over it tells which of them it lacks. Rankings and
/// searches are not among them: leaving one means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listed {
    PostsOfUser,
    FollowersOfUser,
    FollowedByUser,
    AppearancesOfUser,
    CommentsOfPost,
    RemixesOfPost,
    RepliesOfComment,
}

/// A pass over a list that lacks what the pass itself, and everything after its begin, did not show.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    pub list: Listed,
    /// Whose list it is.
    pub subject: String,
    /// Calls up to this one belong to earlier passes. Never 0: a first pass misses nothing.
    pub since_call: i64,
    /// The pass saw only the items that are newer, by their dates in Unix seconds; `None` if it saw the whole list.
    pub newer_than: Option<f64>,
}

/// A subject that the vendor's own 404 names.
#[derive(Debug, Clone, PartialEq)]
pub struct NotFound {
    pub kind: SubjectKind,
    pub subject: String,
    /// The list that was asked for. All of its items are missed with it.
    pub list: Option<Pass>,
}
