//! One call, before it is sent.

/// The two methods that the remote has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    None,
    Json(serde_json::Value),
    /// One file as `multipart/form-data`.
    Multipart {
        field: String,
        file_name: String,
        mime: String,
        bytes: Vec<u8>,
    },
}

/// One call, before it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    pub method: Method,
    /// The path below the base URL, as in `/api/v1/sora2/get_user_posts`.
    pub path: &'a str,
    /// Parameters as they are; the client encodes them (cursors hold `+`, `/` and `=`).
    pub query: Vec<(&'a str, String)>,
    pub body: Body,
}

impl<'a> Request<'a> {
    /// A GET without a body: what every reading endpoint is.
    #[must_use]
    pub fn get(path: &'a str, query: Vec<(&'a str, String)>) -> Self {
        Self {
            method: Method::Get,
            path,
            query,
            body: Body::None,
        }
    }
}
