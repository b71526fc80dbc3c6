//! Names to addresses. What is not routed everywhere is dropped, so that no name leads into this machine's networks.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::is_global;
use super::hosts::Refused;

/// Resolves names.
pub trait Lookup: Send + Sync {
    /// Returns all addresses of a name.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the system.
pub struct System;

impl Lookup for System {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver that returns only addresses that are routed everywhere.
#[derive(Clone)]
pub(super) struct GlobalOnly(pub(super) Arc<dyn Lookup>);

impl Resolve for GlobalOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.0.lookup(name.as_str().to_owned());
        Box::pin(async move {
            let found = found.await?;
            let global: Vec<SocketAddr> = found
                .iter()
                .filter(|address| is_global(**address))
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            match (global.is_empty(), found.first()) {
                (true, Some(private)) => Err(Refused::Address(*private).into()),
                _ => Ok(Box::new(global.into_iter()) as Addrs),
            }
        })
    }
}
