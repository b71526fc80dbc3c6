//! The faults that the simulator can commit.

use std::str::FromStr;

macro_rules! faults {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal;)*) => {
        /// One fault. A fault is *billed* if its status is 200.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Fault { $($(#[doc = $doc])* $variant,)* }

        impl Fault {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the command line and in the log.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl FromStr for Fault {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(format!("unknown fault `{text}`; known faults: {}", [$($name),*].join(", "))),
                }
            }
        }
    };
}

faults! {
    /// 429 with `Retry-After` in seconds. Not billed.
    Throttle "throttle";
    /// 429 without a delay. Not billed.
    ThrottleBare "throttle-bare";
    /// 429 with `Retry-After` as an HTTP date. Not billed.
    ThrottleDate "throttle-date";
    /// 429 with `X-RateLimit-Reset` as a Unix time. Not billed.
    ThrottleReset "throttle-reset";
    /// 400 with the vendor's "Please retry". Not billed.
    BadRequestRetry "bad-request-retry";
    /// 500 with a JSON body. Not billed.
    ServerError "server-error";
    /// 502 with an HTML body. Not billed.
    BadGatewayHtml "bad-gateway-html";
    /// 503. Not billed.
    Unavailable "unavailable";
    /// The connection is reset before the request is processed. Not billed.
    ResetBefore "reset-before";
    /// The simulator makes and bills the page, then resets the connection before the first byte.
    ResetAfter "reset-after";
    /// The correct answer, later than the timeout of the client. Billed.
    Slow "slow";
    /// The head announces the whole body, half of the body follows, then the connection closes. Billed.
    Truncated "truncated";
    /// An HTML page with status 200. Billed.
    Html200 "html-200";
    /// `data` is null. Billed.
    DataNull "data-null";
    /// HTTP status 200, but the body's own `code` is 500. Billed.
    ErrorIn200 "error-in-200";
    /// `data` contains an error instead of the list. Billed.
    DataError "data-error";
    /// The list also contains a null, a number, a string, an array, an empty object and a boolean. Billed.
    WrongType "wrong-type";
    /// The next cursor points to the same page again; the cursor after that continues. Billed.
    RepeatedPage "repeated-page";
    /// The page begins with the last items of the previous page. Billed.
    OverlappingPage "overlapping-page";
    /// The page is empty and has a new cursor, which returns its items. Billed.
    EmptyPage "empty-page";
    /// The next cursor points to the previous page. Billed; a first page is served correctly.
    CursorLoop "cursor-loop";
    /// The next cursor is the page's own cursor. Billed; a first page is served correctly.
    OwnCursor "own-cursor";
    /// From here on, each page of the walk repeats this page with a new cursor. Billed.
    EndlessNewCursors "endless-new-cursors";
    /// `has_more` is true but the page has no cursor. Billed.
    HasMoreNoCursor "has-more-no-cursor";
    /// `has_more` is false but the page has a cursor. Billed.
    HasMoreFalseWithCursor "has-more-false-with-cursor";
    /// The walk's existing cursors are refused (400 or 422); a walk from the start succeeds. Not billed; a first page
    /// is served correctly.
    ExpiredCursor "expired-cursor";
    /// From now on 404 for the subject, at every endpoint. Not billed.
    Gone "gone";
    /// From now on 402 for every paid call, with the request's headers in the body. Not billed.
    CreditExhausted "credit-exhausted";
    /// From now on 401 for every call, with the key in the body. Not billed.
    KeyRefused "key-refused";
    /// 403 from the proxy in front of the vendor, as HTML or JSON. Not billed.
    ForbiddenCloudflare "forbidden-cloudflare";
    /// From now on 404 for the path itself. Not billed.
    EndpointRetired "endpoint-retired";
    /// 404 from a gateway in front of the vendor, which names nothing. Not billed.
    Gateway404 "gateway-404";
    /// 410 for this call. Not billed.
    Status410 "status-410";
    /// The correct answer with 100 MB of padding, chunked. Billed.
    TooLarge "too-large";
    /// A small gzip body that expands to 256 MB. Billed.
    GzipBomb "gzip-bomb";
    /// A body that never ends. Billed.
    EndlessBody "endless-body";
    /// The correct answer at five bytes per second. Billed.
    SlowDrip "slow-drip";
    /// 302 to another host, which records whether the client sends the key along. Not billed.
    Redirect "redirect";
    /// The correct answer with the content type of plain text. Billed.
    WrongContentType "wrong-content-type";
    /// A new item at the head of the list has shifted the list by one: the page begins with the last item of the
    /// previous page, and the walk continues from there. Billed; a first page is served correctly.
    ItemsInserted "items-inserted";
    /// An item at the head of the list has disappeared: the page begins one item late, and the walk misses that item.
    /// Billed; a first page is served correctly.
    ItemsDeleted "items-deleted";
}

impl Fault {
    /// Faults after which a client that retries still collects the whole truth.
    pub const RECOVERABLE: &'static [Self] = &[
        Self::Throttle,
        Self::ThrottleBare,
        Self::BadRequestRetry,
        Self::ServerError,
        Self::BadGatewayHtml,
        Self::Unavailable,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Truncated,
        Self::Html200,
        Self::DataNull,
        Self::ErrorIn200,
        Self::DataError,
        Self::WrongType,
        Self::RepeatedPage,
        Self::OverlappingPage,
        Self::EmptyPage,
        Self::WrongContentType,
        Self::ItemsInserted,
    ];

    /// Returns whether the fault changes the content of a page. Such faults apply only to lists.
    #[must_use]
    pub fn edits_the_page(self) -> bool {
        matches!(
            self,
            Self::WrongType
                | Self::RepeatedPage
                | Self::OverlappingPage
                | Self::EmptyPage
                | Self::CursorLoop
                | Self::OwnCursor
                | Self::EndlessNewCursors
                | Self::HasMoreNoCursor
                | Self::HasMoreFalseWithCursor
                | Self::ItemsInserted
                | Self::ItemsDeleted
        )
    }

    /// Returns whether the fault refers to a cursor or a previous page, so that a first page cannot have it.
    #[must_use]
    pub fn needs_a_cursor(self) -> bool {
        matches!(
            self,
            Self::OverlappingPage
                | Self::CursorLoop
                | Self::OwnCursor
                | Self::ExpiredCursor
                | Self::ItemsInserted
                | Self::ItemsDeleted
        )
    }
}
