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

/// Returns whether a text is such a line of a success: `200`, `HTTP/1.1 200 OK`.
fn is_ok_of_http(text: &str) -> bool {
    let text = match text.strip_prefix("http/") {
        Some(line) => line.split_once(' ').map_or("", |(_, status)| status),
        None => text,
    };
    let rest = text.trim_start().strip_prefix("200");
    let rest = rest.map(|rest| rest.trim_matches(|letter| ": -()".contains(letter)));
    matches!(rest, Some("" | "ok" | "success" | "successful"))
}

/// Returns whether a text beside an error says that there is none.
pub(super) fn states_no_error(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let text = text.trim_end_matches('.');
    // A "no" is an answer.
    let none = [
        "no error",
        "no errors",
        "ok",
        "success",
        "successful",
        "without error",
    ];
    (is_no(text) && text != "no") || none.contains(&text)
}

/// Returns whether a text says that something failed, or has not ended.
pub(super) fn states_failure(text: &str) -> bool {
    let text = text.to_lowercase();
    let words = [
        "abort",
        "bad gateway",
        "blocked",
        "busy",
        "captcha",
        "cannot",
        "could not",
        "denied",
        "error",
        "exceed",
        "except",
        "expired",
        "fail",
        "forbid",
        "in progress",
        "in_progress",
        "incomplete",
        "invalid",
        "later",
        "limit",
        "not found",
        "overload",
        "partial",
        "pending",
        "quota",
        "refuse",
        "reject",
        "slow down",
        "throttl",
        "timed out",
        "timeout",
        "too many",
        "truncat",
        "try again",
        "unable",
        "unauthor",
        "unavailable",
        "unsuccess",
        "失败",
        "错误",
        "频繁",
        "限制",
        "超时",
    ];
    let is_status = line_of_http(&text).is_some_and(|status| status >= 400.0);
    is_status || words.iter().any(|word| text.contains(word))
}

/// Returns whether a text says that there is none.
#[must_use]
pub fn is_no(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let none = [
        "",
        "0",
        "-",
        "-1",
        "end",
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
        "cannot",
        "unable",
        "exceed",
        "denied",
        "too many",
        "success: false",
        "success=false",
        "不成功",
        "未成功",
        "未能",
        "无法",
        "没有成功",
        "部分成功",
        "失败",
        "错误",
    ];
    let text = text.trim_end_matches(['.', '!', '。', '！']);
    // What it has none of is no matter.
    let rest = text.replace("no error", "").replace("without error", "");
    done.contains(&text)
        || is_ok_of_http(text)
        || (succeeds.iter().any(|word| rest.contains(word))
            && !negated.iter().any(|word| rest.contains(word)))
}
