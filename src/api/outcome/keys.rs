//! Names of keys that say how a request ended. Only the letters of a name count, in lower case.

/// Keys that only a failure has, if they say anything.
const ERRORS: [&str; 19] = [
    "detail",
    "err",
    "errcode",
    "errmessage",
    "errmsg",
    "errno",
    "errs",
    "exc",
    "excinfo",
    "fail",
    "failed",
    "failedreason",
    "failmsg",
    "failreason",
    "failuremessage",
    "failurereason",
    "haserror",
    "iserror",
    "traceback",
];
/// Beginnings and ends of such keys: `error_code`, `exceptions`, `_error`, `lastError`.
const BEGIN_ERRORS: [&str; 3] = ["error", "exception", "failure"];
const END_ERRORS: [&str; 5] = ["error", "errors", "exception", "errormessage", "failure"];
/// Parts of keys that say what to do about an error, or tell of an earlier one.
const SETTINGS: [&str; 8] = [
    "onerror",
    "ignore",
    "retry",
    "handl",
    "errorlog",
    "errorfile",
    "previous",
    "attempt",
];
/// Keys that say that a request failed if they are true or have a text, but not with a number: that may be a limit.
const FAILED: [&str; 7] = [
    "aborted",
    "blocked",
    "istimeout",
    "ratelimited",
    "throttled",
    "timedout",
    "timeout",
];
/// Keys that say in this way that something is missing.
const PARTIAL: [&str; 7] = [
    "canceled",
    "cancelled",
    "incomplete",
    "ispartial",
    "istruncated",
    "partial",
    "truncated",
];
/// Keys that state success as true.
const FLAGS: [&str; 7] = [
    "success",
    "ok",
    "issuccess",
    "issuccessful",
    "succeeded",
    "successful",
    "isok",
];
pub(super) const STATUSES: [&str; 16] = [
    "apistatus",
    "code",
    "httpcode",
    "httpstatus",
    "httpstatuscode",
    "rc",
    "respcode",
    "responsecode",
    "responsestatus",
    "resultcode",
    "ret",
    "retcode",
    "returncode",
    "status",
    "statuscode",
    "subcode",
];
/// Keys whose text is a status. Their numbers and objects are something else.
const WORDS: [&str; 3] = ["outcome", "result", "state"];
const MESSAGES: [&str; 9] = [
    "message",
    "msg",
    "reason",
    "retmsg",
    "returnmsg",
    "statusmessage",
    "statusmsg",
    "statusreason",
    "statustext",
];
/// Ends of names of a message in one of several languages.
const LANGUAGES: [&str; 8] = ["zhcn", "zhtw", "enus", "zh", "cn", "en", "ja", "text"];
/// Objects that may have such keys.
const CONTAINERS: [&str; 7] = [
    "baseresp", "info", "meta", "metadata", "response", "result", "status",
];

/// What the name of a key beside an empty list is about.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Error,
    Failed,
    Partial,
    Flag,
    Status,
    Word,
    Message,
    Container,
}

impl Kind {
    pub(super) fn of(key: &str) -> Option<Self> {
        let is_error = ERRORS.contains(&key)
            || BEGIN_ERRORS.iter().any(|begin| key.starts_with(begin))
            || END_ERRORS.iter().any(|end| key.ends_with(end));
        if is_error {
            let is_setting = SETTINGS.iter().any(|part| key.contains(part));
            return (!is_setting).then_some(Self::Error);
        }
        let kinds = [
            (&FAILED[..], Self::Failed),
            (&PARTIAL, Self::Partial),
            (&FLAGS, Self::Flag),
            (&STATUSES, Self::Status),
            (&WORDS, Self::Word),
            (&CONTAINERS, Self::Container),
        ];
        let found = kinds.iter().find(|(keys, _)| keys.contains(&key));
        found
            .map(|(_, kind)| *kind)
            .or_else(|| is_message(key).then_some(Self::Message))
    }
}

/// Returns whether a key is that of a message, in any language.
fn is_message(key: &str) -> bool {
    let of_language = LANGUAGES.iter().find_map(|end| key.strip_suffix(end));
    MESSAGES.contains(&key) || of_language.is_some_and(|key| MESSAGES.contains(&key))
}
