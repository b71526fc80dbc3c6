//! The daemon's pages over HTTP: who may see them, what they show, and how they act.

use soracrawl::sim::Shape;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::pages::Pages;
use crate::support::{Site, small, soon};

async fn crawled(control: bool) -> Pages {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    Pages::start(site, control).await
}

#[tokio::test]
async fn the_token_is_exchanged_for_a_cookie_and_leaves_the_address() {
    let pages = crawled(false).await;
    let host = pages.host();
    let url = pages.site.run(&["web-url"]).await.with(0).out;
    let path = url
        .trim()
        .strip_prefix(&format!("http://{host}"))
        .expect("our address");
    let login = pages
        .send(&format!("GET {path}"), &[("Host", &host)], "")
        .await;
    assert_eq!(login.status, 303);
    assert!(login.head.contains("\r\nlocation: /\r\n"), "{}", login.head);
    let cookie = login
        .head
        .lines()
        .find(|line| line.starts_with("set-cookie:"))
        .expect("a cookie");
    assert!(
        cookie.contains("httponly") && cookie.contains("samesite=strict"),
        "{cookie}"
    );
    let port = pages.port;
    assert!(
        cookie.starts_with(&format!("set-cookie: soracrawl_{port}="))
            && !cookie.contains(&pages.token),
        "{cookie}"
    );
    let wrong = pages
        .send("GET /login?token=wrong", &[("Host", &host)], "")
        .await;
    assert_eq!(wrong.status, 401);
    let without = pages.send("GET /", &[("Host", &host)], "").await;
    assert_eq!(without.status, 401);
    assert!(!without.body.contains(&pages.token));
    for foreign in ["evil.example", "127.0.0.1.evil.example"] {
        let path = format!("GET {path}");
        assert_eq!(
            pages.send(&path, &[("Host", foreign)], "").await.status,
            421,
            "{foreign}"
        );
    }
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/jobs", 401),
    ] {
        let answer = pages
            .send(&format!("GET {path}"), &[("Host", &host)], "")
            .await;
        assert_eq!(answer.status, status, "{path}");
        assert!(
            answer.head.contains("default-src 'none'"),
            "{path}: {}",
            answer.head
        );
        assert!(!answer.body.contains(&pages.token), "{path}");
    }
    pages.end().await;
}

#[tokio::test]
async fn every_page_shows_the_sentence_and_no_text_of_the_remote_becomes_markup() {
    let mut site = Site::new(small(Shape::Wrapped)).await;
    site.only(&["posts"]);
    site.run(&["seed", "searches", "<img src=x onerror=alert(1)>"])
        .await
        .with(0);
    site.crawl().await.with(0);
    let pages = Pages::start(site, true).await;
    pages
        .site
        .until("select heartbeat_at is not null from runs order by id desc limit 1")
        .await;
    let sentence = pages.site.run(&["status", "--check"]).await.with(0).out;
    for path in [
        "/",
        "/jobs",
        "/jobs/1",
        "/seeds",
        "/spend",
        "/coverage",
        "/jobs?endpoint=%3Cb%3E&state=x",
    ] {
        let page = pages.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains(sentence.trim()), "{path}: {}", page.body);
        assert!(
            !page.body.contains("<img") && !page.body.contains("<b>"),
            "{path}"
        );
    }
    for path in ["/jobs", "/seeds"] {
        let body = pages.get(path).await.body;
        assert!(
            body.contains("&lt;img src=x onerror=alert(1)&gt;"),
            "{path}"
        );
    }
    assert_eq!(pages.get("/jobs/999999").await.status, 404);
    assert_eq!(pages.get("/jobs/x").await.status, 404);
    assert_eq!(pages.get("/nothing").await.status, 404);
    pages.end().await;
}

#[tokio::test]
async fn a_press_of_a_button_is_a_row_that_the_daemon_carries_out() {
    let pages = crawled(true).await;
    let pressed = pages.press("command=pause&scope=all").await;
    assert_eq!(pressed.status, 303, "{}", pressed.body);
    pages
        .site
        .until("select count(*) = 1 from pauses where scope = 'all'")
        .await;
    let row = "select command || ' ' || asked_by || ' ' || succeeded from controls";
    assert_eq!(pages.site.texts(row).await, ["pause web 1"]);
    assert!(pages.get("/").await.body.contains("paused by operator"));
    assert_eq!(pages.press("command=resume&scope=all").await.status, 303);
    pages.site.until("select count(*) = 0 from pauses").await;
    assert_eq!(pages.press("command=format&scope=all").await.status, 400);
    let (host, cookie) = (pages.host(), pages.cookie().await);
    let foreign = [
        ("Host", &*host),
        ("Cookie", &*cookie),
        ("Origin", "http://evil.example"),
    ];
    let refused = pages
        .send("POST /control", &foreign, "command=pause&scope=all")
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(pages.site.number("select count(*) from controls").await, 2);
    pages.end().await;
}

#[tokio::test]
async fn without_control_the_pages_have_no_buttons_and_refuse_a_press() {
    let pages = crawled(false).await;
    for path in ["/", "/seeds"] {
        assert!(!pages.get(path).await.body.contains("<button"), "{path}");
    }
    assert_eq!(pages.press("command=pause&scope=all").await.status, 403);
    assert_eq!(pages.site.number("select count(*) from controls").await, 0);
    pages.end().await;
}

#[tokio::test]
async fn counters_equal_the_ledger_also_after_a_kill() {
    let mut pages = crawled(false).await;
    let sum = |text: &str, name: &str| -> f64 {
        let lines = text
            .lines()
            .filter(|line| line.starts_with(&format!("{name}{{")));
        lines
            .map(|line| {
                line.rsplit(' ')
                    .next()
                    .and_then(|value| value.parse::<f64>().ok())
                    .expect("a value")
            })
            .sum()
    };
    let before = pages.get("/metrics").await.body;
    let spent = sum(&before, "soracrawl_spent_usd_total");
    #[expect(clippy::cast_precision_loss, reason = "a small amount")]
    let charged = pages.site.charged().await as f64 / 1e6;
    assert!(
        spent > 1.0 && (spent - charged).abs() < 1e-6,
        "{spent} {charged}"
    );
    let calls = pages
        .site
        .number("select count(*) from calls where outcome <> 'open'")
        .await;
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let calls = calls as f64;
    assert_eq!(sum(&before, "soracrawl_calls_total"), calls);
    assert!(before.trim_end().ends_with("# EOF"));
    assert!(!before.contains("user-") && !before.contains(&pages.token));
    assert!(pages.daemon.kill());
    let again = Pages::start(pages.site, false).await;
    let after = again.get("/metrics").await.body;
    assert_eq!(sum(&after, "soracrawl_spent_usd_total"), spent);
    again.end().await;
}

#[tokio::test]
async fn an_open_stream_does_not_delay_the_end() {
    let pages = crawled(false).await;
    let mut stream = TcpStream::connect(("127.0.0.1", pages.port))
        .await
        .expect("a connection");
    let request = format!(
        "GET /events HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
        pages.host(),
        pages.cookie().await
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a request");
    let mut some = [0; 16];
    soon("an answer", stream.read_exact(&mut some))
        .await
        .expect("an answer");
    pages.daemon.signal("SIGTERM");
    let mut rest = Vec::new();
    let _ = soon("the end of the stream", stream.read_to_end(&mut rest)).await;
    pages.daemon.end().await.with(0);
}

#[tokio::test]
async fn a_taken_port_or_an_open_token_file_costs_no_call() {
    let mut site = Site::whole(small(Shape::Wrapped)).await;
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("an address").port();
    site.set("web.listen", &format!("\"127.0.0.1:{port}\""))
        .set("web.token_file", "\"token\"");
    let refused = site.run(&["run", "--until-idle"]).await.with(2);
    assert!(refused.err.contains("web.listen"), "{}", refused.err);
    assert!(!site.archive().exists());
    std::fs::write(site.file("token"), "0123456789abcdef0123456789abcdef").expect("a file");
    let mut mode = std::fs::metadata(site.file("token"))
        .expect("a file")
        .permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o644);
    std::fs::set_permissions(site.file("token"), mode).expect("a mode");
    let refused = site.run(&["run", "--until-idle"]).await.with(2);
    assert!(refused.err.contains("chmod 600"), "{}", refused.err);
    assert_eq!(site.bill(), 0);
}
