//! The buttons: each press becomes a row in the table `controls`, which the daemon carries out.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::{Outcome, Shared, pages, text};
use crate::model::{OpenJobs, PauseScope, Request};

/// What a form asks for, and the page that it is on.
#[derive(Debug, PartialEq, Eq)]
struct Press {
    request: Request,
    back: String,
}

pub(super) async fn press(State(app): State<Shared>, body: Bytes) -> Response {
    if !app.options.control {
        let why = "the pages only show: set web.control = true to steer by them\n";
        return text(StatusCode::FORBIDDEN, why.to_owned());
    }
    let Press { request, back } = match read(&body) {
        Ok(press) => press,
        Err(why) => return text(StatusCode::BAD_REQUEST, format!("{why}\n")),
    };
    let outcome = (app.ask)(request).await;
    app.forget_status().await;
    match outcome {
        // A request that waits for calls in flight shows its effect later.
        Ok(Outcome::Done | Outcome::Waiting) => Redirect::to(&back).into_response(),
        Ok(Outcome::Refused(why)) => pages::refused(&why, &back),
        Err(why) => text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the request is not stored: {why}\n"),
        ),
    }
}

/// Reads a form.
fn read(body: &[u8]) -> Result<Press, String> {
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
    let request = match field("command") {
        "pause" => Request::Pause(scope()?),
        "resume" => Request::Resume(scope()?),
        "cancel" => Request::Cancel(OpenJobs {
            id: Some(number("id")?),
            ..OpenJobs::default()
        }),
        "remove" => match scope()? {
            PauseScope::Seed(id) => Request::RemoveSeed(id),
            _ => return Err("only a seed can be removed".to_owned()),
        },
        "reload" => Request::Reload,
        _ => return Err("unknown command".to_owned()),
    };
    let back = match &request {
        Request::Pause(PauseScope::Seed(_))
        | Request::Resume(PauseScope::Seed(_))
        | Request::RemoveSeed(_) => match number("after") {
            Ok(after @ 1..) => format!("/seeds?after={after}"),
            _ => "/seeds".to_owned(),
        },
        Request::Cancel(OpenJobs { id: Some(id), .. }) => format!("/jobs/{id}"),
        _ => "/".to_owned(),
    };
    Ok(Press { request, back })
}

#[cfg(test)]
mod tests {
    use super::{Press, read};
    use crate::model::{OpenJobs, PauseScope, Request};

    #[test]
    fn a_form_that_names_no_request_is_refused() {
        let job = OpenJobs {
            id: Some(7),
            ..OpenJobs::default()
        };
        for (form, request, back) in [
            (
                &b"command=pause&scope=endpoint&name=a%20b"[..],
                Request::Pause(PauseScope::Endpoint("a b".to_owned())),
                "/",
            ),
            (
                b"command=resume&scope=all",
                Request::Resume(PauseScope::All),
                "/",
            ),
            (
                b"command=pause&scope=seed&name=3&after=0",
                Request::Pause(PauseScope::Seed(3)),
                "/seeds",
            ),
            (
                b"command=remove&scope=seed&name=300&after=200",
                Request::RemoveSeed(300),
                "/seeds?after=200",
            ),
            (
                b"command=remove&scope=seed&name=3&after=//evil.example",
                Request::RemoveSeed(3),
                "/seeds",
            ),
            (b"command=cancel&id=7", Request::Cancel(job), "/jobs/7"),
        ] {
            let back = back.to_owned();
            assert_eq!(read(form), Ok(Press { request, back }), "{form:?}");
        }
        for wrong in [
            &b""[..],
            b"command=halt",
            b"command=pause",
            b"command=pause&scope=seed&name=x",
            b"command=remove&scope=all",
            b"command=remove&scope=endpoint&name=1",
            b"command=cancel&id=",
            b"\xff\xfe",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
