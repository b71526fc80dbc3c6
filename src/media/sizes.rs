//! The sizes of files that a reply states. Pure.

use serde_json::Value;

use super::key::url_path;

/// Returns the address and the size of each file of which a reply states both: objects with a `path` or `url`, and a `size`
/// (api/README.md, 6.3).
#[must_use]
pub fn stated_sizes(reply: &Value) -> Vec<(String, i64)> {
    let mut found = Vec::new();
    collect(reply, &mut found);
    found
}

/// The reader of replies limits their depth.
fn collect(value: &Value, found: &mut Vec<(String, i64)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            let address = fields.get("path").or_else(|| fields.get("url"));
            let address = address.and_then(Value::as_str).and_then(url_path);
            let size = fields.get("size").and_then(Value::as_i64);
            if let (Some(address), Some(size)) = (address, size.filter(|size| *size > 0)) {
                found.push((address, size));
            }
            fields.values().for_each(|field| collect(field, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::stated_sizes;

    #[test]
    fn sizes_are_those_of_objects_with_an_address() {
        let reply = json!({"data": {"items": [{"encodings": {
            "source": {"path": "https://x.example/a?sig=1", "size": 7},
            "md": {"url": "https://x.example/b?sig=1", "size": 8},
            "gif": {"path": "https://x.example/c", "size": null},
            "ld": {"path": "https://x.example/d", "size": 0},
            "size": 9,
        }}]}});
        let mut found = stated_sizes(&reply);
        found.sort();
        let due = [("x.example/a", 7), ("x.example/b", 8)];
        assert_eq!(found, due.map(|(path, size)| (path.to_owned(), size)));
    }
}
