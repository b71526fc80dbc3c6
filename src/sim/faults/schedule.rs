//! How often things go wrong, and exactly when.
//!
//! A ratio is drawn from the request itself (seed, endpoint, subject, cursor, number of the attempt), so that
//! neither concurrency nor order changes what happens to it. A script names the call.

use std::str::FromStr;

use super::kinds::Fault;
use crate::sim::endpoint::Endpoint;
use crate::sim::hash::{hash, unit};

/// A fault and how large a share of calls it takes: `throttle=0.02`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    pub fault: Fault,
    pub ratio: f64,
}

impl FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, ratio) = text.split_once('=').ok_or("not of the form name=ratio")?;
        let ratio: f64 = ratio
            .parse()
            .map_err(|_| format!("`{ratio}` is not a ratio"))?;
        if !(0.0..=1.0).contains(&ratio) {
            return Err(format!("`{ratio}` does not lie between 0 and 1"));
        }
        Ok(Self {
            fault: name.parse()?,
            ratio,
        })
    }
}

/// One exact failure: `endpoint[@subject]:n[+]=fault`, where `*` is any endpoint, n counts that endpoint's (and
/// subject's) calls from 1, and `+` means every call from the n-th on.
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
        let form = || format!("`{text}` is not of the form endpoint[@subject]:n[+]=fault");
        let (place, fault) = text.rsplit_once('=').ok_or_else(form)?;
        let (whose, call) = place.rsplit_once(':').ok_or_else(form)?;
        let (endpoint, subject) = match whose.split_once('@') {
            Some((endpoint, subject)) => (endpoint, Some(subject.to_owned())),
            None => (whose, None),
        };
        let endpoint = match endpoint {
            "*" => None,
            name => Some(Endpoint::named(name).ok_or_else(|| format!("no endpoint `{name}`"))?),
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

/// All that is to go wrong.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    pub seed: u64,
    pub ratios: Vec<Ratio>,
    pub script: Vec<Rule>,
    /// After so many failed attempts in a row a page is left alone; 0 means never.
    pub streak: u32,
}

/// How often a call's endpoint, and its subject at that endpoint, have been called, this call included.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub all: u64,
    pub endpoint: u64,
    pub subject: u64,
}

impl Faults {
    /// `group` is spread evenly over the recoverable faults.
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

    /// What the script says of this call.
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

    /// What the ratios say of this attempt at a page; `attempt` counts from 0.
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
    fn a_script_names_its_call_exactly() {
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
    fn a_group_ratio_takes_its_share_and_the_draw_repeats() {
        let faults = Faults::new(7, 0.3, &[], &[], 2);
        let draw = |n: u32| faults.drawn(Endpoint::Feed, "", &n.to_string(), 0);
        let hits = (0..10_000).filter(|n| draw(*n).is_some()).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
        assert!((0..100).all(|n| draw(n) == draw(n)));
        assert!((0..100).any(|n| draw(n) != faults.drawn(Endpoint::Feed, "", &n.to_string(), 1)));
    }
}
