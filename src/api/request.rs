//! A request, before the client sends it.

/// HTTP methods that the remote supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// Body of a request.
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

/// A request, before the client sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    pub method: Method,
    /// Path below the base URL, such as `/api/v1/sora2/get_user_posts`.
    pub path: &'a str,
    /// Unencoded parameters. The client encodes them; cursors contain `+`, `/` and `=`.
    pub query: Vec<(&'a str, String)>,
    pub body: Body,
}

impl<'a> Request<'a> {
    /// Returns a GET request without a body, as every endpoint that only reads uses.
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
