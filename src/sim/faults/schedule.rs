//! Decides which calls fail: by ratio, or by a script that names the call.
//!
//! A ratio is drawn from a hash of the request (seed, endpoint, subject, cursor, attempt). So neither concurrency
//! nor order changes the fault of a request.

use std::str::FromStr;

use super::kinds::Fault;
use crate::sim::endpoint::Endpoint;
use crate::sim::hash::{hash, unit};

/// A fault and its share of all calls, for example `throttle=0.02`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    pub fault: Fault,
    pub ratio: f64,
}

impl FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, ratio) = text.split_once('=').ok_or("expected name=ratio")?;
        let ratio: f64 = ratio
            .parse()
            .map_err(|_| format!("`{ratio}` is not a number"))?;
        if !(0.0..=1.0).contains(&ratio) {
            return Err(format!("`{ratio}` is not between 0 and 1"));
        }
        Ok(Self {
            fault: name.parse()?,
            ratio,
        })
    }
}

/// A scripted failure of one exact call: `endpoint[@subject]:n[+]=fault`.
///
/// `*` means any endpoint. `n` counts the calls of the endpoint (and subject) from 1. `+` includes all later calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub endpoint: Option<Endpoint>,
    pub subject: Option<String>,
    pub call: u64,
    pub is_from_there_on: bool,
    pub fault: Fault,
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("`{text}`: expected endpoint[@subject]:n[+]=fault");
        let (place, fault) = text.rsplit_once('=').ok_or_else(form)?;
        let (whose, call) = place.rsplit_once(':').ok_or_else(form)?;
        let (endpoint, subject) = match whose.split_once('@') {
            Some((endpoint, subject)) => (endpoint, Some(subject.to_owned())),
            None => (whose, None),
        };
        let endpoint = match endpoint {
            "*" => None,
            name => {
                Some(Endpoint::named(name).ok_or_else(|| format!("unknown endpoint `{name}`"))?)
            }
        };
        let number = call.strip_suffix('+').unwrap_or(call);
        Ok(Self {
            endpoint,
            subject,
            call: number.parse().ok().filter(|n| *n > 0).ok_or_else(form)?,
            is_from_there_on: call.ends_with('+'),
            fault: fault.parse()?,
        })
    }
}

/// All configured faults.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    pub seed: u64,
    pub ratios: Vec<Ratio>,
    pub script: Vec<Rule>,
    /// Number of consecutive failed attempts at a page after which ratios skip its next attempt; 0 means never.
    pub streak: u32,
}

/// Call counts that include the current call: in total, of its endpoint, and of its subject at that endpoint.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub all: u64,
    pub endpoint: u64,
    pub subject: u64,
}

impl Faults {
    /// Combines the settings. The ratio `group` is divided evenly among the recoverable faults.
    #[must_use]
    pub fn new(seed: u64, group: f64, single: &[Ratio], script: &[Rule], streak: u32) -> Self {
        let mut ratios = single.to_vec();
        if group > 0.0 {
            let ratio = group / Fault::RECOVERABLE.len() as f64;
            ratios.extend(Fault::RECOVERABLE.iter().map(|fault| Ratio {
                fault: *fault,
                ratio,
            }));
        }
        Self {
            seed,
            ratios,
            script: script.to_vec(),
            streak,
        }
    }

    /// Returns the fault that the script assigns to this call.
    #[must_use]
    pub fn scripted(&self, endpoint: Endpoint, subject: &str, counts: Counts) -> Option<Fault> {
        let hits = |rule: &&Rule| {
            let count = match (&rule.endpoint, &rule.subject) {
                (_, Some(_)) => counts.subject,
                (Some(_), None) => counts.endpoint,
                (None, None) => counts.all,
            };
            rule.endpoint.is_none_or(|it| it == endpoint)
                && rule.subject.as_ref().is_none_or(|it| it == subject)
                && (count == rule.call || rule.is_from_there_on && count > rule.call)
        };
        self.script.iter().find(hits).map(|rule| rule.fault)
    }

    /// Draws a fault for this attempt at a page by the ratios; `attempt` counts from 0.
    #[must_use]
    pub fn drawn(
        &self,
        endpoint: Endpoint,
        subject: &str,
        cursor: &str,
        attempt: u32,
    ) -> Option<Fault> {
        if self.ratios.is_empty() {
            return None;
        }
        let parts = [endpoint.name(), subject, cursor, &attempt.to_string()];
        let mut left = unit(hash(self.seed, &parts));
        for Ratio { fault, ratio } in &self.ratios {
            if left < *ratio {
                return Some(*fault);
            }
            left -= ratio;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Faults, Rule};
    use crate::sim::Fault;
    use crate::sim::endpoint::Endpoint;

    #[test]
    fn a_script_hits_exactly_the_call_that_it_names() {
        let rule: Rule = "get_user_posts@user-1:2+=reset-after"
            .parse()
            .expect("a rule");
        let faults = Faults::new(1, 0.0, &[], &[rule], 2);
        let at = |subject: &str, n| {
            let counts = Counts {
                all: 99,
                endpoint: 50,
                subject: n,
            };
            faults.scripted(Endpoint::UserPosts, subject, counts)
        };
        assert_eq!(at("user-1", 1), None);
        assert_eq!(at("user-1", 2), Some(Fault::ResetAfter));
        assert_eq!(at("user-1", 7), Some(Fault::ResetAfter));
        assert_eq!(at("user-2", 2), None);
        assert!("get_user_posts=reset-after".parse::<Rule>().is_err());
        assert!("get_user_posts:0=reset-after".parse::<Rule>().is_err());
        assert!("get_nothing:1=reset-after".parse::<Rule>().is_err());
        assert!("*:1=explosion".parse::<Rule>().is_err());
    }

    #[test]
    fn a_group_ratio_hits_its_share_of_calls_and_draws_are_deterministic() {
        let faults = Faults::new(7, 0.3, &[], &[], 2);
        let draw = |n: u32| faults.drawn(Endpoint::Feed, "", &n.to_string(), 0);
        let hits = (0..10_000).filter(|n| draw(*n).is_some()).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
        assert!((0..100).all(|n| draw(n) == draw(n)));
        assert!((0..100).any(|n| draw(n) != faults.drawn(Endpoint::Feed, "", &n.to_string(), 1)));
    }
}
