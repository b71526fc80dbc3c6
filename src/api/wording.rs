//! Words for success, for a failure, and for nothing.

/// Returns the status with which a line of HTTP begins, as `429 Too Many Requests` and `HTTP/1.1 200 OK`.
pub(super) fn line_of_http(text: &str) -> Option<f64> {
    let ends = |letter: char| letter.is_whitespace() || ":;,-()[]".contains(letter);
    let mut words = text.trim().split(ends).filter(|word| !word.is_empty());
    let first = words.next()?;
    let is_protocol = first
        .get(..5)
        .is_some_and(|it| it.eq_ignore_ascii_case("http/"));
    let word = if is_protocol { words.next()? } else { first };
    let status: u16 = word.parse().ok().filter(|_| word.len() == 3)?;
    Some(status.into())
}

/// Returns whether a text says that there is none.
#[must_use]
pub fn is_no(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let none = [
        "",
        "0",
        "-",
        "false",
        "n/a",
        "nil",
        "no",
        "none",
        "null",
        "undefined",
    ];
    none.contains(&&*text)
}

/// Returns whether a text says that a request succeeded, or says nothing.
pub(super) fn states_success(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let done = [
        "",
        "ok",
        "okay",
        "true",
        "yes",
        "done",
        "complete",
        "completed",
        "finished",
        "fetched",
        "fulfilled",
        "none",
        "null",
        "passed",
        "received",
        "saved",
        "200 ok",
        "no error",
    ];
    let succeeds = ["success", "succeed", "成功"];
    let negated = [
        "unsuccess",
        "not success",
        "no success",
        "without success",
        "not succeed",
        "n't succeed",
        "partial",
        "fail",
        "error",
        "不成功",
        "未成功",
        "没有成功",
        "部分成功",
        "失败",
        "错误",
    ];
    let text = text.trim_end_matches(['.', '!', '。', '！']);
    // What it has none of is no matter.
    let rest = text.replace("no error", "").replace("without error", "");
    done.contains(&text)
        || line_of_http(text) == Some(200.0)
        || (succeeds.iter().any(|word| rest.contains(word))
            && !negated.iter().any(|word| rest.contains(word)))
}
