//! Secrets in the texts of a capture: what is removed from it, in any writing, and what people wrote that stays.

use serde_json::{Value, json};

use super::super::captured::clean_text;
use super::super::hints::may_have_secrets;
use crate::api::Scrubber;

pub(super) fn cleaned(text: &str) -> String {
    clean_text(text).unwrap_or_else(|| text.to_owned())
}

/// Returns a body as an import keeps it.
pub(super) fn kept(body: &Value) -> Value {
    let clean = Scrubber::without_key()
        .scrub_captured(body.to_string().as_bytes())
        .into_owned();
    serde_json::from_slice(&clean).expect("valid JSON stays valid")
}

#[test]
fn words_of_people_are_no_secrets() {
    for text in [
        "the hacker types password=1234 and wins",
        "my api_key=abc is public",
        "Cookie: a recipe",
        "Cookies:\n3 cups of flour = 300 g",
        "Authorization: basic understanding of HTTP",
        "authorization: token gesture",
        "x-api-key: required",
        "set-cookie: see below, a=b",
        "time 12:30 @ noon, http://h/@name, mail a:b@c",
        "the token of love; password: swordfish, session: over",
        "she whispers \"password: swordfish\" and 'token'",
        "biceps curl -- three sets, waves curl and break",
        "curl your hair with -u or -b",
        "https://h.example:8080/@name and https://h:80/a#b@c.d",
        "https://h.example/a:b/c@2x.png, https://h/?x=1#y:z@w",
        "https://h.example/?tokens=3&page_token=abc&next_token=b&key=v&sid=7&auth=login",
        "desk-lamp risk-free sk-learn-tutorial-for-beginners-2024 task-1",
        "Asia ASIA AKIA and sess- or SG. or eyJ",
        "https://videos.example/a?se=1&sig=abc%3D&token=x&X-Amz-Security-Token=AB12cd34",
        "https://s3.example/a?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260101%2Fus&X-Amz-Signature=00ff",
        "Basic training for 12345678 people, basic Knowledge1",
        "-----BEGIN CERTIFICATE----- is public",
        "#token=1 of 3",
        "cookies: {chocolate} and ['oat']",
        "<@user-1> token: \"<@user-2>\"",
        "start it with --token to log in, or --password and a word",
        "<b>token</b> and <token></token>, <token><@user-1></token>",
        "Authorization: Digest of the news",
        "forebearer + 12345678901234567890",
    ] {
        assert_eq!(clean_text(text), None, "{text}");
        assert!(!super::super::secrets::is_message(text), "{text}");
        // Some make a reply be walked through. It stays as it is.
        let reply = json!({"post": {"id": "s_1", "text": text}});
        assert_eq!(kept(&reply), reply);
    }
}

#[test]
fn secrets_of_addresses_are_removed_however_these_are_escaped() {
    for (text, clean) in [
        ("https://u:pa%20ss@h/", "https://u:[removed]@h/"),
        (r"http:\/\/u:p@h", r"http:\/\/u:[removed]@h"),
        (r"http:\\/\\/u:p@h", r"http:\\/\\/u:[removed]@h"),
        (
            "https://user:pa#ss@host/a@b",
            "https://user:[removed]@host/a@b",
        ),
        ("https://user:pa&ss@host/", "https://user:[removed]@host/"),
        ("https://user:pa/ss?x@host/", "https://user:[removed]@host/"),
        ("https://user:p@ss@host/", "https://user:[removed]@host/"),
        (
            "https://us%65r:p%40ss@host/",
            "https://us%65r:[removed]@host/",
        ),
        (
            "https://user%3Apa%23ss@host/",
            "https://user%3A[removed]@host/",
        ),
        (
            "https://h/?u=https%3A%2F%2Fuser%3Apass%40host%2F&b=1",
            "https://h/?u=https%3A%2F%2Fuser%3A[removed]%40host%2F&b=1",
        ),
        (
            "?u=https%253A%252F%252Fuser%253Apa%2523ss%2540host",
            "?u=https%253A%252F%252Fuser%253A[removed]%2540host",
        ),
        (
            "https://0123456789abcdef0123@host/",
            "https://[removed]@host/",
        ),
        (
            "https://h/?a=1&api_key=k-1",
            "https://h/?a=1&api_key=[removed]",
        ),
        (
            r"https://h/?a=1\u0026API_KEY=k-1",
            r"https://h/?a=1\u0026API_KEY=[removed]",
        ),
        (
            r"https:\/\/h\/?token\u003dk-1\u0026b=2",
            r"https:\/\/h\/?token\u003d[removed]\u0026b=2",
        ),
        (
            "https://h/?token=abc!d$e, and so on",
            "https://h/?token=[removed], and so on",
        ),
        ("https://h/?token=abc。好", "https://h/?token=[removed]。好"),
        (
            "https://h/#access_token=abc&b=1",
            "https://h/#access_token=[removed]&b=1",
        ),
        (
            "https://h/?next=%2Fx%3Ftoken%3Dabc%26b%3D1&c=2",
            "https://h/?next=%2Fx%3Ftoken%3D[removed]%26b%3D1&c=2",
        ),
        (
            "?n=%252Fx%253Faccess_token%253Dabc%2526b",
            "?n=%252Fx%253Faccess_token%253D[removed]%2526b",
        ),
        (
            "https://h/?user[password]=p&x=1",
            "https://h/?user[password]=[removed]&x=1",
        ),
        (
            "https://h/?auth=abcDEF123&sid=12345678a",
            "https://h/?auth=[removed]&sid=[removed]",
        ),
        (
            "https://h/?refreshToken=a&x-id-token=b",
            "https://h/?refreshToken=[removed]&x-id-token=[removed]",
        ),
        ("password=p&x=1", "password=[removed]&x=1"),
        (
            "Server=h;User Id=u;Pwd=p1;",
            "Server=h;User Id=u;Pwd=[removed];",
        ),
        (
            "run AWS_SECRET_ACCESS_KEY=abc/d now",
            "run AWS_SECRET_ACCESS_KEY=[removed] now",
        ),
        (
            "https://hooks.slack.com/services/T00000000/B00000000/a1B2c3D4 ok",
            "https://hooks.slack.com/services/[removed] ok",
        ),
    ] {
        assert_eq!(cleaned(text), clean);
        assert_eq!(kept(&json!({"a": [text]})), json!({"a": [clean]}));
    }
}

#[test]
fn secrets_of_commands_are_removed() {
    for (text, clean) in [
        (
            "curl -b 'a=b; c=d' https://h",
            "curl -b '[removed]' https://h",
        ),
        ("curl --cookie \"a=b\" h", "curl --cookie \"[removed]\" h"),
        (
            "curl --cookie=a=b https://h",
            "curl --cookie=[removed] https://h",
        ),
        ("curl -ba=b https://h", "curl -b[removed] https://h"),
        (
            "$ curl.exe -sSb a=b https://h",
            "$ curl.exe -sSb [removed] https://h",
        ),
        (
            "curl -u user:pass h.example",
            "curl -u user:[removed] h.example",
        ),
        (
            "curl -uuser:pass --user 'u:p q' x.y",
            "curl -uuser:[removed] --user 'u:[removed]' x.y",
        ),
        (
            r#"curl -u \"user:pass\" h.example"#,
            r#"curl -u \"user:[removed]\" h.example"#,
        ),
        (
            "curl \\\n  -u user:pass \\\n h.example\n-u a:b",
            "curl \\\n  -u user:[removed] \\\n h.example\n-u a:b",
        ),
        (
            r"curl 'https://h' \\\n -b 'a=b' \\\n",
            r"curl 'https://h' \\\n -b '[removed]' \\\n",
        ),
        (
            "curl ^\"https://h^\" ^\n -b ^\"a=b^\"",
            "curl ^\"https://h^\" ^\n -b ^\"[removed]^\"",
        ),
        (
            "curl -H 'x-session: abc' https://h",
            "curl -H 'x-session: [removed]' https://h",
        ),
        (
            "curl -H \"Authorization: abc\" https://h",
            "curl -H \"Authorization: [removed]\" https://h",
        ),
        (
            "curl -H 'accept: */*' -b jar.txt https://h",
            "curl -H 'accept: */*' -b jar.txt https://h",
        ),
        (
            "curl -x u:p@proxy:80 https://h",
            "curl -x u:[removed]@proxy:80 https://h",
        ),
        (
            "curl -d password=p&x=1 https://h",
            "curl -d password=[removed]&x=1 https://h",
        ),
        (
            "curl -F 'client_secret=a b' https://h",
            "curl -F 'client_secret=[removed]' https://h",
        ),
        (
            "curl --oauth2-bearer abc https://h",
            "curl --oauth2-bearer [removed] https://h",
        ),
        (
            "wget --http-password=abc -b -u x:y https://h",
            "wget --http-password=[removed] -b -u x:y https://h",
        ),
    ] {
        assert_eq!(cleaned(text), clean);
        assert_eq!(kept(&json!({"a": text})), json!({"a": clean}));
    }
    let whole = "curl -H 'Cookie: a=b; c=d' https://h";
    assert_eq!(kept(&json!({"a": whole})), json!({"a": "[removed]"}));
    assert_eq!(cleaned(whole), "curl -H 'Cookie: [removed]' https://h");
}

#[test]
fn values_that_a_program_wrote_are_removed_at_any_depth() {
    let mut inner = r#"{"headers":{"Cookie":"a=b"},"x-session":"s3cr3t","n":1}"#.to_owned();
    for depth in 0..5 {
        let text = format!("failed: {inner} again");
        let reply = json!({"error": text, "whole": inner});
        assert!(may_have_secrets(reply.to_string().as_bytes()));
        let clean = kept(&reply).to_string();
        assert!(
            !clean.contains("a=b") && !clean.contains("s3cr3t"),
            "{depth}: {clean}"
        );
        assert!(clean.contains("again"), "{depth}: {clean}");
        inner = Value::String(inner).to_string();
    }
    for (text, clean) in [
        ("headers={'Cookie': 'a', 'b': 1}, x", "headers=[removed], x"),
        (
            "got {'X-Session': 'a', 'b': 1}",
            "got {'X-Session': '[removed]', 'b': 1}",
        ),
        ("'Cookie' => 'a',", "'Cookie' => '[removed]',"),
        (
            r#"@{"authorization"="a b"}"#,
            r#"@{"authorization"="[removed]"}"#,
        ),
        (
            "get(u, auth=('user', 'p)w'), x)",
            "get(u, auth=[removed], x)",
        ),
        (
            r#"x {\"pwd\": \"a\\\"b\", \"c\": 1}"#,
            r#"x {\"pwd\": \"[removed]\", \"c\": 1}"#,
        ),
        (
            r#"x "cookies": [{"a":"]"}], "b": 2"#,
            r#"x "cookies": "[removed]", "b": 2"#,
        ),
        (
            r#"x "pin": 1, "passcode": 1234}"#,
            r#"x "pin": 1, "passcode": "[removed]"}"#,
        ),
        (
            r#"x "tokens": 5, "max_token": 7, "token": "<@user-1>""#,
            r#"x "tokens": 5, "max_token": 7, "token": "<@user-1>""#,
        ),
    ] {
        assert_eq!(cleaned(text), clean);
    }
}
