//! Names of headers, cookies, fields and parameters that have a secret as their value.

/// Parts of names that have a secret.
pub(super) const PARTS: [&str; 6] = [
    "authorization",
    "csrf",
    "xsrf",
    "password",
    "passwd",
    "passphrase",
];
/// Ends of such names. A number may follow.
pub(super) const ENDS: [&str; 50] = [
    "cookie",
    "cookies",
    "cookiejar",
    // Keys.
    "apikey",
    "apikeys",
    "secretkey",
    "accesskey",
    "accesskeyid",
    "privatekey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "sharedkey",
    "authkey",
    "sessionkey",
    "accountkey",
    "consumerkey",
    "subscriptionkey",
    "functionskey",
    // Words that people choose, and what is sent in their place.
    "pwd",
    "passcode",
    "userpass",
    "dbpass",
    "secret",
    "secrets",
    "basicauth",
    "httpauth",
    "proxyauth",
    "codeverifier",
    "clientassertion",
    "samlresponse",
    // Tokens. `session_token.0` is the first part of a long cookie.
    "token",
    "tokenv",
    "tokenvalue",
    "tokenhint",
    "accesstokens",
    "refreshtokens",
    "authtokens",
    // Sessions.
    "session",
    "sessionid",
    "sessid",
    "sess",
    "apisid",
    "psid",
    "psidts",
    "sidcc",
    // Cookies of those who keep robots away.
    "cfclearance",
    "cfbm",
    "cfuvid",
    "akbmsc",
];
/// Names as a whole. A number may follow.
pub(super) const WHOLE: [&str; 22] = [
    "auth",
    "authentication",
    "xauth",
    "oauth",
    "bearer",
    "credential",
    "credentials",
    "jwt",
    "pass",
    "passw",
    "sid",
    "hsid",
    "ssid",
    "lsid",
    "connectsid",
    "sessdata",
    "sidtt",
    "sidguard",
    "abck",
    "datadome",
    "otp",
    "totp",
];
/// Ends of names of tokens that are a place in a list.
const PLACES: [&str; 10] = [
    "pagetoken",
    "cursortoken",
    "continuationtoken",
    "nexttoken",
    "prevtoken",
    "previoustoken",
    "paginationtoken",
    "resumetoken",
    "skiptoken",
    "synctoken",
];
/// Names that have no secret in many addresses, and one only if the value looks like it.
const MANIFOLD: [&str; 8] = [
    "auth", "bearer", "oauth", "otp", "pass", "sid", "ssid", "totp",
];

/// Returns the letters and digits of a name, in lower case.
pub(in crate::api) fn letters(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Returns the letters and digits of a name without the number at its end.
pub(super) fn unnumbered(name: &str) -> String {
    let mut letters = letters(name);
    letters.truncate(
        letters
            .trim_end_matches(|letter: char| letter.is_ascii_digit())
            .len(),
    );
    letters
}

/// Returns the part of a name after the last `.`, but not the number of a part of a cookie.
pub(super) fn last_part(name: &str) -> &str {
    let whole = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let name = whole.strip_suffix('.').unwrap_or(name);
    name.rsplit('.').next().unwrap_or(name)
}

/// Returns whether a name of a header, cookie, field or parameter has a secret as its value.
pub(super) fn is_secret(name: &str) -> bool {
    is_secret_of(&unnumbered(name))
}

/// Returns the same for the letters of a name, without its number.
pub(super) fn is_secret_of(name: &str) -> bool {
    let ends = |with: &[&str]| with.iter().any(|end| name.ends_with(end));
    (ends(&ENDS) && !ends(&PLACES))
        || PARTS.iter().any(|part| name.contains(part))
        || name.starts_with("cookies")
        || name.starts_with("intercomsession")
        || WHOLE.contains(&name)
}

/// Returns whether the value of a parameter of an address is a secret. Links to files keep their signatures.
pub(super) fn is_parameter(name: &str, value: &str) -> bool {
    let letters = unnumbered(name);
    let is_manifold = MANIFOLD.contains(&&*letters)
        || ["session", "cookie", "cookies", "credential", "credentials"]
            .iter()
            .any(|end| letters.ends_with(end));
    let is_of_file = letters.starts_with("xamz") || letters.starts_with("xgoog");
    is_secret(name) && !is_of_file && (!is_manifold || is_coded(value))
}

/// Returns whether a key has the place of a list as its value.
pub(super) fn is_place(key: &str) -> bool {
    let name = letters(key);
    name.ends_with("cursor") || PLACES.iter().any(|end| name.ends_with(end))
}

/// Returns whether a word is a key, and hardly one of a language.
pub(super) fn is_coded(word: &str) -> bool {
    let is_odd = |letter: char| letter.is_ascii_digit() || letter.is_ascii_uppercase();
    word.len() >= 8 && word.chars().skip(1).any(is_odd)
}

/// Returns whether a word is the name of a header, and hardly anything else.
pub(super) fn is_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(
        name.as_str(),
        "authorization"
            | "proxy-authorization"
            | "set-cookie"
            | "x-api-key"
            | "content-type"
            | "user-agent"
    )
}
