//! Rules that relate two configuration values.

use super::loopback::is_loopback;
use super::{Config, Problem};
use crate::config::read::Values;

/// Minimum ratio of lease time to call timeout: a lease also covers the wait before a call and the commit after it.
const LEASE_FACTOR: f64 = 1.5;

/// Adds a problem for each pair of values that violates a rule.
///
/// Skips a pair if one of its values already has a problem: a second report would only repeat it.
pub(super) fn pairs(config: &Config, values: &Values, problems: &mut Vec<Problem>) {
    let (api, limits) = (&config.api, &config.limits);
    let mut demand = |holds: bool, key: &str, other: &str, why: String| {
        let reported = |path: &str| problems.iter().any(|problem| problem.key == path);
        if !holds && !reported(key) && !reported(other) {
            let at = values.place(key).or_else(|| values.place(other));
            problems.push(Problem {
                key: key.to_owned(),
                at,
                why,
            });
        }
    };
    demand(
        !api.base_url.starts_with("http://")
            || api.allow_insecure_http
            || is_loopback(&api.base_url),
        "api.base_url",
        "api.allow_insecure_http",
        "would send the API key unencrypted: use https://, or set api.allow_insecure_http = true"
            .to_owned(),
    );
    demand(
        api.connect_timeout_seconds <= api.timeout_seconds,
        "api.connect_timeout_seconds",
        "api.timeout_seconds",
        format!(
            "must be at most api.timeout_seconds ({}), which includes the connect time",
            api.timeout_seconds
        ),
    );
    demand(
        limits.retry_cap_seconds >= limits.retry_base_seconds,
        "limits.retry_cap_seconds",
        "limits.retry_base_seconds",
        format!(
            "must be at least limits.retry_base_seconds ({})",
            limits.retry_base_seconds
        ),
    );
    let budget = &config.budget;
    demand(
        config.seeds.folder.is_none()
            || budget.run_usd.is_some()
            || budget.day_usd.is_some()
            || budget.total_usd.is_some(),
        "seeds.folder",
        "budget.total_usd",
        "needs budget.run_usd, budget.day_usd or budget.total_usd: files in the folder spend money"
            .to_owned(),
    );
    demand(
        limits.lease_seconds >= LEASE_FACTOR * api.timeout_seconds,
        "limits.lease_seconds",
        "api.timeout_seconds",
        format!(
            "must be at least {} ({LEASE_FACTOR} × api.timeout_seconds): if a lease expires during a call, a second \
             worker buys the same page",
            LEASE_FACTOR * api.timeout_seconds
        ),
    );
}
