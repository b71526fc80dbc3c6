//! Endpoints: one row of data and one pure function each.

use std::fmt;

use super::json::Json;
use crate::model::{Counts, Harvest, Items, Left, LeftOf, ListKind, Listed, MicroUsd, SubjectKind};

/// Price of a page, unless the vendor states another one for the endpoint.
pub const PAGE_PRICE: MicroUsd = MicroUsd(50_000);

/// HTTP method of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

impl Method {
    /// Returns the method's name in HTTP.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A parameter of an endpoint. All values are strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    pub name: &'static str,
    pub required: bool,
    /// One-line description for the endpoint table and the help.
    pub what: &'static str,
}

impl Param {
    /// Returns a parameter that the remote requires; without it the remote answers 422.
    #[must_use]
    pub const fn required(name: &'static str, what: &'static str) -> Self {
        Self {
            name,
            required: true,
            what,
        }
    }

    /// Returns a parameter that a caller may omit.
    #[must_use]
    pub const fn optional(name: &'static str, what: &'static str) -> Self {
        Self {
            name,
            required: false,
            what,
        }
    }
}

/// The cursor parameter, which every walk uses.
pub const CURSOR: Param =
    Param::optional("cursor", "cursor of the page; omit it for the first page");

/// Kind of the endpoint's jobs: one request or a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// The job is one request.
    Once,
    /// The job is a walk: each page returns the next cursor. `page_size` is `None` if the vendor does not state one.
    Cursor { page_size: Option<u32> },
}

/// In which order a list has its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// New items come at the head, apart from pinned ones.
    NewestFirst,
    /// The vendor does not say, and no sample shows it.
    Unknown,
}

/// How a request carries its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    Query,
    Json,
    Multipart,
}

/// Whether a crawl calls an endpoint. The key is its name in `[crawl]` and in `[crawl.max_pages]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// If the switch is on.
    If(&'static str),
    /// For every seed of its kind.
    Always(&'static str),
    /// Only by hand.
    Never,
}

/// Converts the payload of a reply into rows. Pure: no clock, no I/O.
pub type HarvestFn = fn(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed>;

/// Returns whose reply a payload is, if only this endpoint returns such objects. Used for replies whose request is unknown.
pub type ShapeFn = fn(data: &Json<'_>) -> Option<String>;

/// A reply with status 200 that has no usable content. It was paid for and is a failure, never an empty list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Path in the reply, such as `data.items`.
    pub at: String,
    /// What was expected and what was found. It never contains a value from the reply.
    pub why: String,
}

impl Malformed {
    #[must_use]
    pub fn new(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.why)
    }
}

impl std::error::Error for Malformed {}

/// Description of one remote call. All code that lists, prices or calls endpoints reads it.
pub trait Endpoint {
    /// The vendor's name. It is also the last segment of the path.
    const NAME: &'static str;
    const METHOD: Method = Method::Get;
    const PATH: &'static str;
    const PARAMS: &'static [Param];
    const ONE_OF: &'static [&'static str] = &[];
    const SUBJECT: Option<&'static str> = None;
    const PAGING: Paging = Paging::Once;
    const ORDER: Order = Order::Unknown;
    const BODY: Body = Body::Query;
    const PRICE: MicroUsd = PAGE_PRICE;
    const YIELDS: &'static str;
    const FINDS: &'static [SubjectKind] = &[];
    const SUBJECT_KIND: SubjectKind;
    const ITEMS: Items = Items::None;
    const LEFT: Left = Left::Unknown;
    const LISTED: Option<Listed> = None;
    const FOLLOWED: Followed = Followed::Never;
    const DEPRECATED: bool = false;
    const CREATES: bool = false;
    const CALLS_PER_SECOND: Option<u32> = None;
    const UPSTREAM: &'static str = "";
    const SHAPE: Option<ShapeFn> = None;
    const HARVEST: Option<HarvestFn> = None;
}

/// An endpoint as a value: a row of the table [`super::endpoints::ALL`].
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The vendor's name, such as `get_user_followers`.
    pub name: &'static str,
    pub method: Method,
    /// Path from the root of the host.
    pub path: &'static str,
    pub params: &'static [Param],
    /// The caller must set at least one of these parameters. Empty if there is no such choice.
    pub one_of: &'static [&'static str],
    /// Parameter that receives the job's subject.
    pub subject: Option<&'static str>,
    pub paging: Paging,
    /// In which order a walk has its items.
    pub order: Order,
    pub body: Body,
    pub price: MicroUsd,
    /// Tables that the endpoint fills, for display.
    pub yields: &'static str,
    /// Kinds of subjects that its replies contain.
    pub finds: &'static [SubjectKind],
    pub subject_kind: SubjectKind,
    pub items: Items,
    /// Which stored value tells how much of a subject is left to fetch.
    pub left: Left,
    /// The list that it walks, if a complete pass tells what is no longer there.
    pub listed: Option<Listed>,
    pub followed: Followed,
    /// The vendor has announced its removal.
    pub deprecated: bool,
    /// Each call has a paid effect. The caller must confirm first and must never retry.
    pub creates: bool,
    /// The endpoint's own rate limit, in addition to the limit of all calls.
    pub calls_per_second: Option<u32>,
    /// Path of the same reply at the service that the remote reads from, below its API: `{}` stands for the subject, and a
    /// query must be there (api/README.md §6.12). Empty if it is not known.
    pub upstream: &'static str,
    /// `None` if its replies cannot be told from those of other endpoints.
    pub shape: Option<ShapeFn>,
    /// `None` if the endpoint's replies have no rows for the archive.
    pub harvest: Option<HarvestFn>,
}

impl Entry {
    /// Returns the table row of an endpoint.
    #[must_use]
    pub const fn of<E: Endpoint>() -> Self {
        Self {
            name: E::NAME,
            method: E::METHOD,
            path: E::PATH,
            params: E::PARAMS,
            one_of: E::ONE_OF,
            subject: E::SUBJECT,
            paging: E::PAGING,
            order: E::ORDER,
            body: E::BODY,
            price: E::PRICE,
            yields: E::YIELDS,
            finds: E::FINDS,
            subject_kind: E::SUBJECT_KIND,
            items: E::ITEMS,
            left: E::LEFT,
            listed: E::LISTED,
            followed: E::FOLLOWED,
            deprecated: E::DEPRECATED,
            creates: E::CREATES,
            calls_per_second: E::CALLS_PER_SECOND,
            upstream: E::UPSTREAM,
            shape: E::SHAPE,
            harvest: E::HARVEST,
        }
    }

    /// Returns whether a crawl can call the endpoint at all.
    #[must_use]
    pub fn is_crawled(&self) -> bool {
        self.followed != Followed::Never
    }

    /// Returns whether positions in its list are ranks that continue from page to page.
    #[must_use]
    pub fn is_ranked(&self) -> bool {
        matches!(
            self.subject_kind,
            SubjectKind::Feed | SubjectKind::Leaderboard
        )
    }

    /// Returns which list of its subject the endpoint walks.
    #[must_use]
    pub fn list(&self) -> ListKind {
        ListKind {
            of: self.subject_kind,
            items: self.items,
        }
    }

    /// Returns what tells how much of a subject is left to fetch.
    #[must_use]
    pub fn left_of(&self) -> LeftOf {
        LeftOf {
            kind: self.subject_kind,
            left: self.left,
        }
    }

    /// Returns whether the reply is the description of its subject.
    #[must_use]
    pub fn describes(&self) -> bool {
        matches!(self.left, Left::Described(_))
    }

    /// Returns whether a stored value can make a job unneeded.
    #[must_use]
    pub fn may_be_unneeded(&self) -> bool {
        self.left != Left::Unknown
    }

    /// Returns how many items the list has according to these counts of its subject.
    #[must_use]
    pub fn count_in(&self, counts: &Counts) -> Option<i64> {
        match self.left {
            Left::Count(column) => counts.get(column),
            Left::Unknown | Left::Described(_) => None,
        }
    }

    /// Returns whether a job of this endpoint is a walk.
    #[must_use]
    pub fn is_paged(&self) -> bool {
        matches!(self.paging, Paging::Cursor { .. })
    }
}
