//! What two values together can get wrong.

use super::kind::is_loopback;
use super::{Config, Problem};
use crate::config::read::Values;

/// A lease must outlast a call by this factor: there is a wait before the call and a commit after it.
const LEASE_FACTOR: f64 = 1.5;

/// Looks at pairs of values whose single checks passed; a pair with a bad half says nothing new.
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
        !api.base_url.starts_with("http://") || api.allow_insecure_http || is_loopback(&api.base_url),
        "api.base_url",
        "api.allow_insecure_http",
        "would send the key in the clear: use https://, or set api.allow_insecure_http = true if you mean it".to_owned(),
    );
    demand(
        api.connect_timeout_seconds <= api.timeout_seconds,
        "api.connect_timeout_seconds",
        "api.timeout_seconds",
        format!(
            "must not be above api.timeout_seconds ({}), which includes it",
            api.timeout_seconds
        ),
    );
    demand(
        limits.retry_cap_seconds >= limits.retry_base_seconds,
        "limits.retry_cap_seconds",
        "limits.retry_base_seconds",
        format!(
            "must not be below limits.retry_base_seconds ({})",
            limits.retry_base_seconds
        ),
    );
    demand(
        limits.lease_seconds >= LEASE_FACTOR * api.timeout_seconds,
        "limits.lease_seconds",
        "api.timeout_seconds",
        format!(
            "must be at least {} (api.timeout_seconds and half of it): a lease that ends during a call gives the job to \
             a second worker, who pays for the same page",
            LEASE_FACTOR * api.timeout_seconds
        ),
    );
}
