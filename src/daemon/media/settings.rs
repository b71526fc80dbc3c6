//! How files are fetched, as the configuration says.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;

use crate::config::Config;
use crate::media::{Folder, Hosts, RemoteSettings, Settings, System};
use crate::model::Rendition;

/// Returns the folder of an archive's files.
#[must_use]
pub fn media_folder(config: &Config) -> Folder {
    Folder::of(config.media.folder.as_deref(), &config.archive.path)
}

/// Returns the renditions that are fetched.
pub(super) fn renditions(config: &Config) -> Vec<Rendition> {
    let names = config.media.renditions.iter();
    names.filter_map(|name| Rendition::named(name)).collect()
}

/// Returns the limits of a fetch.
pub(super) fn settings(config: &Config) -> anyhow::Result<Settings> {
    let (media, limits) = (&config.media, &config.limits);
    let hosts = Hosts::parse(media.hosts.iter().map(String::as_str));
    Ok(Settings {
        remote: RemoteSettings {
            hosts: hosts.map_err(|why| anyhow!("media.hosts: {why}"))?,
            proxy: media.proxy.as_ref().map(|url| url.expose().to_owned()),
            user_agent: config.api.user_agent.clone(),
            connect_timeout: Duration::from_secs_f64(config.api.connect_timeout_seconds),
            idle_timeout: Duration::from_secs_f64(config.api.timeout_seconds),
            lookup: Arc::new(System),
        },
        per_host: media.per_host as usize,
        bytes_per_second: media.bytes_per_second,
        min_free_bytes: media.min_free_bytes,
        max_file_bytes: media.max_file_bytes,
        attempts: limits.max_attempts,
        retry_base: Duration::from_secs_f64(limits.retry_base_seconds),
        retry_cap: Duration::from_secs_f64(limits.retry_cap_seconds),
    })
}
