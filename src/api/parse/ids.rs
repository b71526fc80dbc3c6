//! Ids as they are spelled: with and without `s_`, inside an address, inside a mention.

/// An id without the `s_` of posts, which references carry and comments themselves may lack.
pub fn bare(id: &str) -> &str {
    id.strip_prefix("s_").unwrap_or(id)
}

/// Whether two ids mean the same object.
pub fn same(left: &str, right: &str) -> bool {
    bare(left) == bare(right)
}

/// The post id in what a job or a caller named: the id, or the address of its page.
pub fn post_in(subject: &str) -> &str {
    let Some((_, rest)) = subject.split_once("/p/") else {
        return subject;
    };
    rest.split(['?', '#', '/']).next().unwrap_or(rest)
}

/// The user in a mention, `<@user-…>`.
pub fn user_in_mention(token: &str) -> Option<&str> {
    token.strip_prefix("<@")?.strip_suffix('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_post() {
        assert_eq!(post_in("https://sora.chatgpt.com/p/s_1?x=/p/2"), "s_1");
        assert_eq!(post_in("s_1"), "s_1");
    }

    #[test]
    fn a_mention_names_its_user() {
        assert_eq!(user_in_mention("<@ch_1>"), Some("ch_1"));
        assert_eq!(user_in_mention("@ch_1"), None);
    }

    #[test]
    fn ids_are_the_same_with_and_without_their_prefix() {
        assert!(same("s_1", "1") && same("1", "1") && !same("s_1", "2"));
    }
}
