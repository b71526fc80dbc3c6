//! A daemon with web pages, and a client that sends exactly the headers of a test.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Daemon, Site, soon};

/// A daemon with pages.
pub struct Pages {
    pub site: Site,
    pub daemon: Daemon,
    pub port: u16,
    pub token: String,
}

/// An answer of the pages.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Pages {
    pub async fn start(mut site: Site, control: bool) -> Self {
        let port = free_port().await;
        site.set("web.listen", &format!("\"127.0.0.1:{port}\""))
            .set("web.control", &control.to_string())
            .set("web.token_file", "\"token\"");
        let mut daemon = site.start(&["run", "--yes", "--log", "text"]);
        daemon.until_logged("web pages served").await;
        site.until("select heartbeat_at is not null from runs order by id desc limit 1")
            .await;
        let token = std::fs::read_to_string(site.file("token")).expect("a token");
        Self {
            site,
            daemon,
            port,
            token: token.trim().to_owned(),
        }
    }

    pub async fn send(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut text = format!("{request} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let answer = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            stream.write_all(text.as_bytes()).await?;
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await?;
            std::io::Result::Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let answer = soon(request, answer).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        Answer {
            status: head
                .split(' ')
                .nth(1)
                .and_then(|code| code.parse().ok())
                .expect("a status"),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub async fn get(&self, path: &str) -> Answer {
        let (host, bearer) = (self.host(), format!("Bearer {}", self.token));
        let headers = [("Host", &*host), ("Authorization", &*bearer)];
        self.send(&format!("GET {path}"), &headers, "").await
    }

    /// Returns the cookie of a login, as a browser sends it.
    pub async fn cookie(&self) -> String {
        let login = format!("GET /login?token={}", self.token);
        let answer = self.send(&login, &[("Host", &self.host())], "").await;
        let mut lines = answer.head.lines();
        let line = lines.find_map(|line| line.strip_prefix("set-cookie: "));
        let (cookie, _) = line
            .and_then(|line| line.split_once(';'))
            .expect("a cookie");
        cookie.to_owned()
    }

    pub async fn press(&self, form: &str) -> Answer {
        let (host, cookie) = (self.host(), self.cookie().await);
        let headers = [
            ("Host", &*host),
            ("Cookie", &*cookie),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.send("POST /control", &headers, form).await
    }

    pub async fn end(self) -> Site {
        self.daemon.signal("SIGTERM");
        self.daemon.end().await.with(0);
        self.site
    }
}
