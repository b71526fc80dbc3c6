//! Forms of ids: with and without `s_`, inside a URL, inside a mention.

/// Returns an id without the prefix `s_`. References have the prefix, but a comment's own id may lack it.
pub fn bare(id: &str) -> &str {
    id.strip_prefix("s_").unwrap_or(id)
}

/// Returns whether two ids identify the same object.
pub fn same(left: &str, right: &str) -> bool {
    bare(left) == bare(right)
}

/// Returns the post id of a subject, which is the id itself or the URL of the post.
pub fn post_in(subject: &str) -> &str {
    let Some((_, rest)) = subject.split_once("/p/") else {
        return subject;
    };
    rest.split(['?', '#', '/']).next().unwrap_or(rest)
}

/// Returns the user id in a mention, `<@user-…>`.
pub fn user_in_mention(token: &str) -> Option<&str> {
    token.strip_prefix("<@")?.strip_suffix('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_url_contains_its_id() {
        assert_eq!(post_in("https://sora.chatgpt.com/p/s_1?x=/p/2"), "s_1");
        assert_eq!(post_in("s_1"), "s_1");
    }

    #[test]
    fn a_mention_contains_a_user_id() {
        assert_eq!(user_in_mention("<@ch_1>"), Some("ch_1"));
        assert_eq!(user_in_mention("@ch_1"), None);
    }

    #[test]
    fn ids_match_with_and_without_their_prefix() {
        assert!(same("s_1", "1") && same("1", "1") && !same("s_1", "2"));
    }
}
