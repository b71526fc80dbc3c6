//! Reads the small part of YAML that the files of this project use: mappings, lists in block form, and plain scalars.

/// Returns each scalar with its path: `services.soracrawl.restart`, and for each item of a list the path of the list.
pub(crate) fn facts(text: &str) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut above: Vec<(usize, &str)> = Vec::new();
    for line in text.lines() {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let mut indent = line.len() - content.len();
        above.retain(|(of_key, _)| *of_key < indent);
        let item = content.strip_prefix("- ");
        if item.is_some() {
            // The keys of an item stand two columns right of its dash.
            indent += 2;
        }
        let content = item.unwrap_or(content);
        let (key, value) = match content.split_once(": ") {
            Some((key, value)) => (Some(key), value),
            None => (content.strip_suffix(':'), content),
        };
        let mut path: Vec<&str> = above.iter().map(|(_, key)| *key).collect();
        path.extend(key);
        let is_parent = key.is_some() && (content.ends_with(':') || value.starts_with('&'));
        match key {
            Some(key) if is_parent => above.push((indent, key)),
            _ => facts.push((path.join("."), value.trim_matches('"').to_owned())),
        }
    }
    facts
}

/// Returns the values at a path.
pub(crate) fn at<'a>(facts: &'a [(String, String)], path: &str) -> Vec<&'a str> {
    let found = facts.iter().filter(|(other, _)| other == path);
    found.map(|(_, value)| value.as_str()).collect()
}

/// Returns the value at a path that has one value.
pub(crate) fn one<'a>(facts: &'a [(String, String)], path: &str) -> &'a str {
    let found = at(facts, path);
    assert_eq!(found.len(), 1, "{path}: {found:?}");
    found[0]
}

/// Returns the keys directly below a path, each once.
pub(crate) fn keys<'a>(facts: &'a [(String, String)], path: &str) -> Vec<&'a str> {
    let begin = format!("{path}.");
    let below = facts
        .iter()
        .filter_map(|(other, _)| other.strip_prefix(&begin));
    let mut keys: Vec<&str> = below
        .map(|rest| rest.split('.').next().expect("a part"))
        .collect();
    keys.dedup();
    keys
}

#[test]
fn scalars_have_the_paths_of_their_keys() {
    let text = "# of\na:\n  b: \"1\"\n  c: &name\n    d: x:y\n  e:\n    - f:g\n    - h: i\n      j: k\nl: *name\n";
    let expected = [
        ("a.b", "1"),
        ("a.c.d", "x:y"),
        ("a.e", "f:g"),
        ("a.e.h", "i"),
        ("a.e.j", "k"),
        ("l", "*name"),
    ];
    let expected = expected.map(|(path, value)| (path.to_owned(), value.to_owned()));
    assert_eq!(facts(text), expected);
    assert_eq!(keys(&facts(text), "a"), ["b", "c", "e"]);
}
