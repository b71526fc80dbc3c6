//! What the simulator's texts refer to, read without the program's own reader.

/// Returns the kind and value of each entity. The simulator writes each one as a word of its own.
pub fn entities(text: &str) -> Vec<(&'static str, String)> {
    let words = text.split_whitespace().map(|word| {
        word.trim_start_matches('(')
            .trim_end_matches([',', ':', '.', ')'])
    });
    words
        .filter_map(|word| match word.get(..1)? {
            "@" => Some(("name", word[1..].to_lowercase())),
            "#" => Some(("hashtag", word[1..].to_lowercase())),
            _ if word.starts_with("<@") => {
                let user = word.trim_start_matches("<@").trim_end_matches('>');
                Some(("token", user.to_owned()))
            }
            _ if word.starts_with("https://") => Some(("url", word.to_owned())),
            _ => None,
        })
        .collect()
}
