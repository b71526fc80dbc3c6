//! What can change about a path of the remote's replies.

/// How a path of the replies changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PathMark {
    /// It was first seen after the endpoint was well known.
    New,
    /// It was always there, and has not been seen since.
    Vanished,
    /// It has a type that it did not have before.
    Retyped,
}

impl PathMark {
    pub const ALL: [Self; 3] = [Self::New, Self::Vanished, Self::Retyped];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Vanished => "vanished",
            Self::Retyped => "retyped",
        }
    }
}
