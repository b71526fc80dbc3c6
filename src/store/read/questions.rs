//! Questions to the archive for tools that show a list of them. A name after a colon is asked for.

/// A question with its query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    pub name: &'static str,
    pub title: &'static str,
    pub sql: &'static str,
}

pub const QUESTIONS: [Question; 4] = [
    Question {
        name: "thread",
        title: "The thread of a post",
        sql: "select depth, author_username, text, datetime(posted_at, 'unixepoch') as at, like_count, comment_id \
            from comment_tree where post_id = :post_id order by path",
    },
    Question {
        name: "ego",
        title: "Who interacts with a user",
        sql: "select kind, source_username, target_username, count(*) as weight from interaction_edges \
            where source_username = :username or target_username = :username \
            group by kind, source_user_id, target_user_id order by weight desc",
    },
    Question {
        name: "missing",
        title: "What is missing, and why",
        sql: "select kind, state, why, count(*) as lists, sum(missing_count) as missing from completeness \
            group by kind, state, why order by missing desc",
    },
    Question {
        name: "hashtags",
        title: "Hashtags and links",
        sql: "select kind, value, count(*) as texts, count(distinct author_user_id) as authors from text_entities \
            group by kind, value order by texts desc limit 100",
    },
];
