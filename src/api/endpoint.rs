//! What an endpoint is: a row of data and one pure function.

use std::fmt;

use super::json::Json;
use crate::model::{Harvest, MicroUsd};

/// What a page costs where the vendor says nothing else.
pub const PAGE_PRICE: MicroUsd = MicroUsd(50_000);

/// How an endpoint is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

impl Method {
    /// The word of HTTP.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Something that a call can be given. All values are texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    pub name: &'static str,
    pub required: bool,
    /// One line for the table and the help.
    pub what: &'static str,
}

impl Param {
    /// A parameter without which the remote answers 422.
    #[must_use]
    pub const fn required(name: &'static str, what: &'static str) -> Self {
        Self {
            name,
            required: true,
            what,
        }
    }

    /// A parameter that may be left out.
    #[must_use]
    pub const fn optional(name: &'static str, what: &'static str) -> Self {
        Self {
            name,
            required: false,
            what,
        }
    }
}

/// The parameter of every walk.
pub const CURSOR: Param = Param::optional("cursor", "where the walk goes on; absent at its head");

/// Whether a job is one request or a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// One request is the whole job.
    Once,
    /// Pages follow each other by cursor; the size is the vendor's word, `None` where he gives none.
    Cursor { page_size: Option<u32> },
}

/// Where the parameters of a call go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    Query,
    Json,
    Multipart,
}

/// Turns the payload of a reply into rows. Pure: no clock, no I/O.
pub type HarvestFn = fn(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed>;

/// A reply of status 200 that holds nothing to keep: it was paid for, and is a failure, never an empty list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The place in the reply, as in `data.items`.
    pub at: String,
    /// What was expected and what was found; never a value from the reply.
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

/// One remote call, described once; everything that lists, prices or calls endpoints reads it.
pub trait Endpoint {
    /// The vendor's name, which is also the last part of the path.
    const NAME: &'static str;
    const METHOD: Method = Method::Get;
    const PATH: &'static str;
    const PARAMS: &'static [Param];
    const ONE_OF: &'static [&'static str] = &[];
    const SUBJECT: Option<&'static str> = None;
    const PAGING: Paging = Paging::Once;
    const BODY: Body = Body::Query;
    const PRICE: MicroUsd = PAGE_PRICE;
    const YIELDS: &'static str;
    const LEADS_TO: &'static [&'static str] = &[];
    const DEPRECATED: bool = false;
    const CREATES: bool = false;
    const CALLS_PER_SECOND: Option<u32> = None;
    const RANK: u8;
    const HARVEST: Option<HarvestFn> = None;
}

/// An endpoint as a value: a line of the table in [`super::endpoints::ALL`].
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The vendor's name, such as `get_user_followers`.
    pub name: &'static str,
    pub method: Method,
    /// From the root of the host.
    pub path: &'static str,
    pub params: &'static [Param],
    /// At least one of these parameters must be given; empty where there is no such choice.
    pub one_of: &'static [&'static str],
    /// The parameter that a job's subject fills.
    pub subject: Option<&'static str>,
    pub paging: Paging,
    pub body: Body,
    pub price: MicroUsd,
    /// The tables it fills, for people.
    pub yields: &'static str,
    /// The endpoints for which it finds subjects.
    pub leads_to: &'static [&'static str],
    /// The vendor says that it will go.
    pub deprecated: bool,
    /// Has an effect that costs money each time: ask first, never repeat.
    pub creates: bool,
    /// A limit of its own, besides the limit of all calls.
    pub calls_per_second: Option<u32>,
    /// Its place among ready jobs: names first, then the most rows for a dollar.
    pub rank: u8,
    /// `None` where a reply has no rows for the archive.
    pub harvest: Option<HarvestFn>,
}

impl Entry {
    /// The line of the table for an endpoint.
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
            body: E::BODY,
            price: E::PRICE,
            yields: E::YIELDS,
            leads_to: E::LEADS_TO,
            deprecated: E::DEPRECATED,
            creates: E::CREATES,
            calls_per_second: E::CALLS_PER_SECOND,
            rank: E::RANK,
            harvest: E::HARVEST,
        }
    }

    /// Whether a job of it is a walk.
    #[must_use]
    pub fn is_paged(&self) -> bool {
        matches!(self.paging, Paging::Cursor { .. })
    }
}
