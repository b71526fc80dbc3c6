//! The buttons: each press becomes a row in the table `controls`, which the daemon carries out.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::{Shared, failed, text};
use crate::model::{OpenJobs, PauseScope, Request};

pub(super) async fn press(State(app): State<Shared>, body: Bytes) -> Response {
    if !app.options.control {
        let why = "the pages only show: set web.control = true to steer by them\n";
        return text(StatusCode::FORBIDDEN, why.to_owned());
    }
    let request = match request_of(&body) {
        Ok(request) => request,
        Err(why) => return text(StatusCode::BAD_REQUEST, format!("{why}\n")),
    };
    match (app.ask)(request).await {
        Ok(()) => {
            app.forget_status().await;
            Redirect::to("/").into_response()
        }
        Err(why) => failed(&why),
    }
}

/// Returns the request of a form.
fn request_of(body: &[u8]) -> Result<Request, String> {
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| {
        let found = fields.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let number = |name: &str| {
        let text = field(name);
        text.parse::<i64>()
            .map_err(|_| format!("{name} is not a number"))
    };
    let scope = || match field("scope") {
        "all" => Ok(PauseScope::All),
        "endpoint" => Ok(PauseScope::Endpoint(field("name").to_owned())),
        "seed" => Ok(PauseScope::Seed(number("name")?)),
        _ => Err("unknown scope".to_owned()),
    };
    match field("command") {
        "pause" => Ok(Request::Pause(scope()?)),
        "resume" => Ok(Request::Resume(scope()?)),
        "cancel" => Ok(Request::Cancel(OpenJobs {
            id: Some(number("id")?),
            ..OpenJobs::default()
        })),
        "reload" => Ok(Request::Reload),
        _ => Err("unknown command".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::request_of;
    use crate::model::{PauseScope, Request};

    #[test]
    fn a_form_that_names_no_request_is_refused() {
        assert_eq!(
            request_of(b"command=pause&scope=endpoint&name=a%20b"),
            Ok(Request::Pause(PauseScope::Endpoint("a b".to_owned())))
        );
        assert_eq!(
            request_of(b"command=resume&scope=all"),
            Ok(Request::Resume(PauseScope::All))
        );
        for wrong in [
            &b""[..],
            b"command=halt",
            b"command=pause",
            b"command=pause&scope=seed&name=x",
            b"command=cancel&id=",
            b"\xff\xfe",
        ] {
            assert!(request_of(wrong).is_err(), "{wrong:?}");
        }
    }
}
