//! No secret of a capture reaches the archive: not in a row, a reply, or a free page of the file.

use soracrawl::replies::Packer;
use soracrawl::store::Store;
use sqlx::Row;

use crate::import::{NO_REMOTE, contents, import};
use crate::support::Place;

/// Each planted secret has this in it.
const MARK: &str = "Zq7PlantedX";

/// Returns the files of a capture, and how many secrets are in them.
fn planted() -> (Vec<(&'static str, String)>, usize) {
    let mut number = 0;
    let mut files = Vec::new();
    for (name, text) in [
        ("x.har", HAR.to_owned()),
        ("x.warc", warc()),
        ("x.jsonl", LINES.to_owned()),
        (
            "get_feed?api_key=SECRET.json",
            r#"{"post":{"id":"s_90","text":"x"}}"#.to_owned(),
        ),
        (
            "a-token=SECRET.jsonl",
            r#"{"post":{"id":"s_91","text":"x"}}"#.to_owned(),
        ),
    ] {
        let mut planted = String::new();
        for (at, part) in text.split("SECRET").enumerate() {
            if at > 0 {
                number += 1;
                planted += &format!("{MARK}0123456789{number:03}");
            }
            planted += part;
        }
        let name: &str = Box::leak(
            name.replace("SECRET", &format!("{MARK}999"))
                .into_boxed_str(),
        );
        files.push((name, planted));
    }
    (files, number)
}

const HAR: &str = r#"{"log":{"entries":[{"startedDateTime":"2026-01-01T00:00:00Z","request":{"method":"GET",
    "url":"https://u:SECRET@h/api/v1/sora2/get_user_posts?user_id=user-1&api_key=SECRET","httpVersion":"SECRET",
    "headers":[{"name":"Authorization","value":"Bearer SECRET"},{"name":"X","value":"SECRET"}],
    "cookies":[{"name":"a","value":"SECRET"}],"queryString":[{"name":"api_key","value":"SECRET"}],
    "postData":{"text":"SECRET"}},"serverIPAddress":"SECRET","comment":"SECRET",
    "response":{"status":200,"statusText":"SECRET","headers":[{"name":"Set-Cookie","value":"a=SECRET"}],
    "cookies":[{"name":"a","value":"SECRET"}],"redirectURL":"SECRET","content":{"mimeType":"application/json; x=SECRET",
    "text":"{\"items\":[{\"post\":{\"id\":\"s_1\",\"text\":\"x\"}}],\"headers\":{\"Cookie\":\"a=SECRET\"},\"url\":\"/x?access_token=SECRET\"}","comment":"SECRET"}}}]}}"#;

fn record(kind: &str, headers: &str, block: &str) -> String {
    let block = block.replace("SECRET", &format!("{MARK}012345678900000"));
    let bytes = block.len();
    let headers = format!("WARC-Type: {kind}\r\n{headers}X-Secret: SECRET\r\n");
    format!("WARC/1.0\r\n{headers}Content-Length: {bytes}\r\n\r\n{block}\r\n\r\n")
}

fn warc() -> String {
    let target = "WARC-Target-URI: https://h/api/v1/sora2/get_user_posts?user_id=user-2&api_key=SECRET\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n";
    let other = target.replace("user-2", "user-3");
    let with_id = format!("{other}Soracrawl-Request-Id: x?api_key=SECRET\r\n");
    [
        record("warcinfo", "", "operator: SECRET"),
        record("request", target, "GET / HTTP/1.1\r\nAuthorization: Bearer SECRET\r\nCookie: SECRET\r\n\r\n"),
        record("response", target, "HTTP/1.1 200 SECRET\r\nSet-Cookie: a=SECRET\r\nContent-Type: application/json\r\n\r\n{\"items\":[],\"rawHeaders\":[\"Cookie\",\"SECRET\"]}"),
        record("resource", &with_id, "{\"items\":[],\"set_cookie\":\"SECRET\"}"),
        record("metadata", target, "cookie: SECRET"),
    ]
    .concat()
}

/// Dumps of requests, httpx, axios, Node, curl and others: around a reply, and in one that is kept as a whole.
const LINES: &str = concat!(
    r#"{"url":"https://h/api/v1/sora2/get_feed?api_key=SECRET","request_headers":{"Authorization":"Bearer SECRET"},"status_code":200,"headers":{"Set-Cookie":"SECRET"},"cookies":{"a":"SECRET"},"text":"{\"items\":[]}"}"#,
    "\n",
    r#"{"endpoint":"get_feed","params":{"cursor":"c","api_key":"SECRET"},"response":{"status_code":200,"headers":[["set-cookie","SECRET"]],"request":{"headers":[["authorization","SECRET"]]},"content":"{\"items\":[],\"x\":1}"}}"#,
    "\n",
    r#"{"status":200,"headers":{"x":"SECRET"},"config":{"headers":{"Authorization":"SECRET"},"url":"/api/v1/sora2/get_feed","params":{"cursor":"d","api_key":"SECRET"},"auth":{"username":"u","password":"SECRET"}},"request":{"_header":"GET / HTTP/1.1\r\nAuthorization: SECRET"},"data":{"items":[]}}"#,
    "\n",
    r#"{"endpoint":"get_feed","params":{"cursor":"e"},"rawHeaders":["Authorization","SECRET"],"body":{"items":[],"request_id":"1&api_key=SECRET"},"request_id":"?api_key=SECRET"}"#,
    "\n",
    r#"{"endpoint":"get_feed","params":{"cursor":"f?access_token=SECRET"},"body":{"items":[]}}"#,
    "\n",
    r#"{"endpoint":"search_users","params":{"username":"x?api_key=SECRET"},"body":{"items":[]}}"#,
    "\n",
    r#"{"endpoint":"get_feed","params":{"cursor":"g"},"body":"HTTP/1.1 200 OK\r\nSet-Cookie: SECRET\r\n\r\n{\"items\":[]}"}"#,
    "\n",
    r#"{"endpoint":"get_SECRET?api_key=SECRET","body":{}}"#,
    "\n",
    // Beside a post, which is kept as a whole.
    r#"{"post":{"id":"s_2","text":"x"},"headers":{"a":"SECRET"},"response_headers":[["x","SECRET"]],"Cookie":"SECRET","cookies":["SECRET"],"set-cookie":["SECRET"],"jar":{"cookies":[{"name":"a","value":"SECRET"}]},"csrf":"SECRET","x-xsrf-value":"SECRET","cookies2":{"cf_clearance":"SECRET"},"authorization_header":"Bearer SECRET"}"#,
    "\n",
    r#"{"post":{"id":"s_3","text":"x"},"request":{"url":"SECRET"},"config":{"method":"get","x":"SECRET"},"session":{"a":"SECRET"},"auth":["u","SECRET"],"credentials":"SECRET","secret":"SECRET","jwt":"SECRET","bearer":"SECRET","accessToken":"SECRET","id_token":"SECRET","x-api-key":"SECRET","apiKey":"SECRET","__Secure-next-auth.session-token":"SECRET"}"#,
    "\n",
    r#"{"post":{"id":"s_4","text":"x"},"raw":["Host","h","Authorization","SECRET","Cookie","SECRET"],"list":[["x-api-key","SECRET"],["y","1"]],"pairs":[{"name":"Authorization","value":"SECRET"},{"key":"cookie","values":["SECRET"]}]}"#,
    "\n",
    r#"{"post":{"id":"s_5","text":"x"},"log":"HTTP/1.1 200 OK\r\nSet-Cookie: a=SECRET\r\n","sent":"Host: h\nCookie: a=SECRET; b=SECRET\n","one":"authorization: Bearer SECRET","two":"Authorization: Basic SECRET","three":"X-Api-Key: SECRET","command":"curl -H 'Authorization: Bearer SECRET' -H 'cookie: a=SECRET' https://h/"}"#,
    "\n",
    r#"{"post":{"id":"s_6","text":"x"},"a":"https://h/x?api_key=SECRET&b=1","b":"https://h/x#access_token=SECRET","c":"https://h/x?b=1\u0026api_key=SECRET","d":"password=SECRET&x=1","e":"https://u:SECRET@proxy.example:8080/","proxies":{"https":"http://u:SECRET@proxy/"},"f":"/x?a=1;client_secret=SECRET","g":"https:\/\/h\/x?api_key=SECRET"}"#,
    "\n",
    r#"{"post":{"id":"s_6b","text":"x"},"a":"https://h/?a\u003d1\u0026api_key\u003dSECRET","b":"https:\u002f\u002fu:SECRET@h/","c":"https\u003a//u:SECRET\u003dx@h/","d":"https://u:SECRET\u0040h/","e":"/x\u003fapi_key=SECRET","f":"?api_\u006bey=SECRET"}"#,
    "\n",
    r#"{"post":{"id":"s_7","text":"x"},"text":"{\"headers\":{\"Cookie\":\"SECRET\"},\"deep\":\"{\\\"apiKey\\\":\\\"SECRET\\\",\\\"u\\\":\\\"/x?api_key=SECRET\\\"}\"}","cache_url":"https://cache.tikhub.io/x?sign=SECRET"}"#,
    "\n",
    r#"{"post":{"id":"s_8","text":"x"},"private_key":"SECRET","pwd":"SECRET","X-Session":"SECRET","cf_clearance":"SECRET","clientSecret":"SECRET","REFRESH_TOKEN":"SECRET","a":"https://h/?token=SECRET&b=1","b":"?u=%2Fx%3Faccess_token%3DSECRET%26b","c":"https:\/\/h\/?b=1\u0026idToken=SECRET","d":"curl -b 'a=SECRET; c=SECRET' -u u:SECRET -H 'Authorization: SECRET' h.example","e":"https://u:pa#SECRET@h/","f":"https%3A%2F%2Fu%3ASECRET%40h","g":"failed: {\"headers\":{\"Cookie\":\"SECRET\"}}","h":"failed: \"{\\\"cookie\\\": \\\"SECRET\\\"}\"","i":"{'X-Csrf-Token': 'SECRET'}","j":"cf_clearance=SECRET; a=SECRET","k":{"name":"a","value":"SECRET","httpOnly":true},"l":"ghp_SECRETSECRET1","m":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SECRET"}"#,
);

#[tokio::test]
async fn no_planted_secret_is_in_the_file_or_a_reply() {
    let place = Place::new(NO_REMOTE);
    let (files, number) = planted();
    assert!(number > 80, "{number}");
    for (name, text) in files {
        std::fs::write(place.file(name), text).expect("a file");
        let ended = import(&place, "a.db", &[name]).await;
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains("imported"), "{name}: {said}");
        assert!(!said.contains("api_key=Zq7"), "{name}: {said}");
        assert!(!said.contains("token=Zq7"), "{name}: {said}");
        let dry = import(&place, "b.db", &[name, "--dry-run", "--json"]).await;
        assert!(!dry.out.contains("api_key=Zq7"), "{name}");
    }
    contents(&place, "a.db").await;
    let replies = "select count(*) from calls where outcome = 'imported'";
    assert_eq!(place.number(replies).await, 19);
    let store = Store::open(&place.archive()).await.expect("the archive");
    let (packer, _) = Packer::new(&store.dictionaries().await.expect("dictionaries"));
    store.close().await.expect("a clean close");
    let mut found = Vec::new();
    let rows = "select id, body from calls where body is not null";
    for row in place.rows(rows).await {
        let body = packer.unpack(&row.get::<Vec<u8>, _>(1)).expect("a reply");
        found.extend(places(&format!("call {}", row.get::<i64, _>(0)), &body));
    }
    for name in ["a.db", "a.db-wal"] {
        let bytes = std::fs::read(place.file(name)).unwrap_or_default();
        found.extend(places(name, &bytes));
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Returns where planted secrets are.
fn places(name: &str, bytes: &[u8]) -> Vec<String> {
    let all = memchr::memmem::find_iter(bytes, MARK);
    all.map(|at| {
        let part = &bytes[at.saturating_sub(60)..bytes.len().min(at + 30)];
        format!("{name}: {}", String::from_utf8_lossy(part))
    })
    .collect()
}
