//! What endpoints are called with, and which stored value tells how much of it is left to fetch.

/// Kind of the subject that an endpoint is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    User,
    Post,
    Comment,
    /// A search text.
    Search,
    /// The feed takes no subject.
    Feed,
    /// The leaderboard takes no subject.
    Leaderboard,
    /// A file to upload.
    File,
    /// An uploaded image.
    Image,
    Task,
    Generation,
}

impl SubjectKind {
    /// The name in the archive.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Post => "post",
            Self::Comment => "comment",
            Self::Search => "search",
            Self::Feed => "feed",
            Self::Leaderboard => "leaderboard",
            Self::File => "file",
            Self::Image => "image",
            Self::Task => "task",
            Self::Generation => "generation",
        }
    }
}

/// The column of the subject's row that tells how much is left to fetch. 0 left makes a job unneeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// No column tells.
    Unknown,
    /// The number of items of the list.
    Count(&'static str),
    /// Nothing is left once this column has a value: another reply has described the subject.
    Described(&'static str),
}

/// How much is left to fetch of a subject of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOf {
    pub kind: SubjectKind,
    pub left: Left,
}

/// What the items of a reply are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Items {
    /// The reply is no list of subjects.
    None,
    Users,
    Posts,
    /// Posts of the subject itself. They show its profile.
    OwnPosts,
    Comments,
}

/// A list of a subject, such as the comments of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListKind {
    pub of: SubjectKind,
    pub items: Items,
}

impl ListKind {
    pub const COMMENTS_OF_POST: Self = Self {
        of: SubjectKind::Post,
        items: Items::Comments,
    };
    pub const REMIXES_OF_POST: Self = Self {
        of: SubjectKind::Post,
        items: Items::Posts,
    };
    pub const REPLIES_OF_COMMENT: Self = Self {
        of: SubjectKind::Comment,
        items: Items::Comments,
    };
}
