//! The remote's operations as its price list and documentation define them: path, parameters, price.

/// The kind of subject of an endpoint. It decides the 404 or 422 for an unknown or missing subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// No subject: the feed and the leaderboard.
    Nothing,
    User,
    /// A post by `post_id` or `post_url`.
    PostOrUrl,
    Post,
    Comment,
    Username,
    Task,
    /// A task by `task_id` or `generation_id`.
    TaskOrGeneration,
    /// The subject is in the request's body.
    Body,
}

macro_rules! endpoints {
    ($($variant:ident $method:literal $name:literal $path:literal $price:literal $subject:ident;)*) => {
        /// One operation of the remote.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Endpoint { $($variant,)* }

        impl Endpoint {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the last part of the path, the name in scripts and in the account.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            #[must_use]
            pub fn path(self) -> &'static str {
                match self { $(Self::$variant => concat!($path, $name),)* }
            }

            #[must_use]
            pub fn method(self) -> &'static str {
                match self { $(Self::$variant => $method,)* }
            }

            /// Returns the price of an answer with status 200 in millionths of a US dollar. Other answers are free.
            #[must_use]
            pub fn price_micro_usd(self) -> u64 {
                match self { $(Self::$variant => $price,)* }
            }

            #[must_use]
            pub fn subject(self) -> Subject {
                match self { $(Self::$variant => Subject::$subject,)* }
            }

            /// Returns the endpoint at this path.
            #[must_use]
            pub fn at(path: &str) -> Option<Self> {
                match path { $(concat!($path, $name) => Some(Self::$variant),)* _ => None }
            }

            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

endpoints! {
    PostDetail "GET" "get_post_detail" "/api/v1/sora2/" 50_000 PostOrUrl;
    RemixList "GET" "get_post_remix_list" "/api/v1/sora2/" 50_000 PostOrUrl;
    VideoInfo "GET" "get_video_download_info" "/api/v1/sora2/" 50_000 PostOrUrl;
    PostComments "GET" "get_post_comments" "/api/v1/sora2/" 50_000 Post;
    CommentReplies "GET" "get_comment_replies" "/api/v1/sora2/" 50_000 Comment;
    UserProfile "GET" "get_user_profile" "/api/v1/sora2/" 50_000 User;
    UserPosts "GET" "get_user_posts" "/api/v1/sora2/" 50_000 User;
    Leaderboard "GET" "get_cameo_leaderboard" "/api/v1/sora2/" 50_000 Nothing;
    Appearances "GET" "get_user_cameo_appearances" "/api/v1/sora2/" 50_000 User;
    Followers "GET" "get_user_followers" "/api/v1/sora2/" 50_000 User;
    Following "GET" "get_user_following" "/api/v1/sora2/" 50_000 User;
    Feed "GET" "get_feed" "/api/v1/sora2/" 50_000 Nothing;
    SearchUsers "GET" "search_users" "/api/v1/sora2/" 50_000 Username;
    UploadImage "POST" "upload_image" "/api/v1/sora2/" 1_000 Body;
    CreateVideo "POST" "create_video" "/api/v1/sora2/" 100_000 Body;
    TaskStatus "GET" "get_task_status" "/api/v1/sora2/" 0 Task;
    TaskDetail "GET" "get_task_detail" "/api/v1/sora2/" 50_000 TaskOrGeneration;
    UserInfo "GET" "get_user_info" "/api/v1/tikhub/user/" 0 Nothing;
    Health "GET" "check" "/api/v1/health/" 0 Nothing;
}

impl Endpoint {
    /// Returns whether the endpoint returns a list page by page.
    #[must_use]
    pub fn is_paged(self) -> bool {
        matches!(
            self,
            Self::RemixList
                | Self::PostComments
                | Self::CommentReplies
                | Self::UserPosts
                | Self::Leaderboard
                | Self::Appearances
                | Self::Followers
                | Self::Following
                | Self::Feed
        )
    }

    /// Returns the query parameter that contains the plain id of the subject.
    #[must_use]
    pub fn parameter(self) -> Option<&'static str> {
        match self.subject() {
            Subject::Nothing | Subject::Body => None,
            Subject::User => Some("user_id"),
            Subject::Post | Subject::PostOrUrl => Some("post_id"),
            Subject::Comment => Some("comment_id"),
            Subject::Username => Some("username"),
            Subject::Task | Subject::TaskOrGeneration => Some("task_id"),
        }
    }
}
