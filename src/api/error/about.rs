//! The scope that an error answer names.

/// What an error answer is about, by its own words. Words of the remote are evidence; a proxy's words are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The vendor's message names the subject: a user, a post, a comment, or its id.
    Subject,
    /// The message names the path, or is FastAPI's message for an unknown path.
    Path,
    /// The vendor wrote it and names neither.
    Unsaid,
    /// The vendor did not write it: HTML, an empty body, or JSON of another program.
    Proxy,
}
