//! What can go wrong.

use std::str::FromStr;

macro_rules! faults {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal;)*) => {
        /// One way to go wrong. *Billed* ones are those whose status is 200.
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
                    _ => Err(format!("`{text}` is not a fault; there are: {}", [$($name),*].join(", "))),
                }
            }
        }
    };
}

faults! {
    /// 429 with `Retry-After` in seconds. Not billed.
    Throttle "throttle";
    /// 429 without a word on when to come back. Not billed.
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
    /// The page is produced and billed, then the connection is reset without a byte of it.
    ResetAfter "reset-after";
    /// The right answer, later than the client waits. Billed.
    Slow "slow";
    /// The head promises the whole body, half of it comes, then the connection is closed. Billed.
    Truncated "truncated";
    /// An HTML page with status 200. Billed.
    Html200 "html-200";
    /// `data` is null. Billed.
    DataNull "data-null";
    /// HTTP status 200, but the body's own `code` is 500. Billed.
    ErrorIn200 "error-in-200";
    /// `data` holds an error instead of the list. Billed.
    DataError "data-error";
    /// Among the good items stand null, a number, text, a list and an empty object. Billed.
    WrongType "wrong-type";
    /// The next cursor leads to this same page again, and only then on. Billed.
    RepeatedPage "repeated-page";
    /// The page begins with the last items of the page before it. Billed.
    OverlappingPage "overlapping-page";
    /// No items, and a new cursor under which they are. Billed.
    EmptyPage "empty-page";
    /// The page gives the cursor of the page before it. Billed; a first page has none, and is served well.
    CursorLoop "cursor-loop";
    /// The page gives its own cursor. Billed; a first page has none, and is served well.
    OwnCursor "own-cursor";
    /// From here on the walk gives this page again and again, each time under a new cursor. Billed.
    EndlessNewCursors "endless-new-cursors";
    /// `has_more` is true, and there is no cursor. Billed.
    HasMoreNoCursor "has-more-no-cursor";
    /// `has_more` is false, and there is a cursor. Billed.
    HasMoreFalseWithCursor "has-more-false-with-cursor";
    /// The walk's cursors so far are refused (400 or 422); a walk from its head is well. Not billed; a first
    /// page is served well.
    ExpiredCursor "expired-cursor";
    /// 404 for the subject, wherever it is asked for, from now on. Not billed.
    Gone "gone";
    /// 402 for everything from now on, with the request's headers in the body. Not billed.
    CreditExhausted "credit-exhausted";
    /// 401 for everything from now on, with the key in the body. Not billed.
    KeyRefused "key-refused";
    /// 403 of the host before the vendor, as HTML or JSON. Not billed.
    ForbiddenCloudflare "forbidden-cloudflare";
    /// 404 for the path itself from now on. Not billed.
    EndpointRetired "endpoint-retired";
    /// The path answers 410 for this call. Not billed.
    Status410 "status-410";
    /// A good answer with 100 MB of padding, chunked. Billed.
    TooLarge "too-large";
    /// A small gzip body that becomes 256 MB. Billed.
    GzipBomb "gzip-bomb";
    /// A body that never ends. Billed.
    EndlessBody "endless-body";
    /// The right answer, a byte at a time, five a second. Billed.
    SlowDrip "slow-drip";
    /// 302 to another host, which takes note of the key if it comes along. Not billed.
    Redirect "redirect";
    /// The right answer, labelled as text. Billed.
    WrongContentType "wrong-content-type";
    /// Something new at the head of the list has moved this page down by one: its first item was the last of
    /// the page before, and the walk goes on from there. Billed; a first page is served well.
    ItemsInserted "items-inserted";
    /// Something is gone from the head of the list: this page begins one item late, and that item is not seen
    /// in this walk. Billed; a first page is served well.
    ItemsDeleted "items-deleted";
}

impl Fault {
    /// Those after which a client that tries again still ends with the whole truth.
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

    /// Whether the fault changes a page rather than the way to it; it then happens to lists alone.
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

    /// Whether the fault is about a cursor or a page before, so that a first page cannot have it.
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
