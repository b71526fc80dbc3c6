//! The plan: where a crawl begins, what it follows, and how far. Pure.
//!
//! A seed has depth 0. A user's own posts, and a post's own comments and remixes, have the depth of the user or the post.
//! Another user, or another user's post, is one deeper. What lies beyond `max_depth` becomes rows and no job.
//!
//! Which endpoints belong to which kind of subject, and which stored count makes a job unneeded, is in `api::Entry`.

use std::collections::HashMap;

use crate::api::endpoint::Followed;
use crate::api::{Entry, endpoints};
use crate::config::Crawl;
use crate::model::{Counts, Items, LeftOf, ListKind, Nested, NewJob, Seed, SeedKind, SubjectKind};

/// What is followed, and how far: the `[crawl]` section of the configuration.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) crawl: Crawl,
    /// The endpoints that this plan calls, by rank.
    rules: Vec<Rule>,
}

/// How the plan treats one endpoint.
#[derive(Debug, Clone, Copy)]
struct Rule {
    entry: &'static Entry,
    /// Buy it although another reply has described the subject.
    buys_known: bool,
    max_pages: Option<u32>,
}

/// What a reply states of a subject.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) counts: &'a Counts,
    /// Another call for the description would return nothing new.
    pub(super) is_described: bool,
}

/// The lists that came nested in a reply, by their kind and subject.
pub(super) type NestedLists<'a> = HashMap<(ListKind, &'a str), &'a Nested>;

impl Plan {
    #[must_use]
    pub fn new(crawl: Crawl) -> Self {
        let rule = |entry: &'static Entry| {
            let key = match entry.followed {
                Followed::If(key) if crawl.follows(key) => key,
                Followed::Always(key) => key,
                Followed::If(_) | Followed::Never => return None,
            };
            Some(Rule {
                entry,
                buys_known: crawl.buys_known(key),
                max_pages: crawl.max_pages_of(key),
            })
        };
        Self {
            rules: endpoints::ALL.iter().filter_map(rule).collect(),
            crawl,
        }
    }

    #[must_use]
    pub fn max_depth(&self) -> u32 {
        self.crawl.max_depth
    }

    /// Returns a text that differs if the plan differs.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{:?}", self.crawl)
    }

    /// Returns the plan as JSON: the section `[crawl]` of the configuration.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(&self.crawl).unwrap_or_default()
    }

    /// Returns the endpoints that this plan calls, by rank: the most rows per dollar first.
    #[must_use]
    pub fn endpoints(&self) -> Vec<&'static str> {
        self.rules.iter().map(|rule| rule.entry.name).collect()
    }

    /// Returns the endpoints that are bought even if another reply has described the subject.
    #[must_use]
    pub fn buy_known(&self) -> Vec<&'static str> {
        let known = self.rules.iter().filter(|rule| rule.buys_known);
        known.map(|rule| rule.entry.name).collect()
    }

    /// Returns the endpoints whose jobs are unneeded if the archive knows that nothing is left of their subject.
    #[must_use]
    pub fn may_be_unneeded(&self) -> Vec<(&'static str, LeftOf)> {
        let rules = self.rules.iter().filter(|rule| !rule.buys_known);
        rules
            .map(|rule| (rule.entry.name, rule.entry.left_of()))
            .collect()
    }

    /// Returns the most pages of one walk; `None` is no cap.
    #[must_use]
    pub fn max_pages(&self, endpoint: &str) -> Option<u32> {
        let rule = self.rules.iter().find(|rule| rule.entry.name == endpoint);
        rule?.max_pages
    }

    /// Returns the jobs of a seed.
    #[must_use]
    pub fn seed_jobs(&self, seed: &Seed) -> Vec<NewJob> {
        let kind = seed.kind.subject_kind();
        let mut jobs = self.subject_jobs(kind, &seed.subject, 0, None, &HashMap::new());
        for job in &mut jobs {
            job.resolves_name = seed.kind == SeedKind::Name;
        }
        jobs
    }

    /// Returns the jobs of a subject, less what came nested and what its counts say is empty.
    ///
    /// A user's own posts come first: they show the profile, and the profile says which other lists are empty. Jobs that
    /// may become unneeded that way wait for the job that describes the subject.
    pub(super) fn subject_jobs(
        &self,
        kind: SubjectKind,
        subject: &str,
        depth: u32,
        known: Option<Known<'_>>,
        nested: &NestedLists<'_>,
    ) -> Vec<NewJob> {
        let is_known = known.is_some_and(|known| known.is_described);
        let mut jobs = Vec::new();
        let mut describing = None;
        for entry in endpoints::ALL
            .iter()
            .filter(|entry| entry.subject_kind == kind)
        {
            let rule = self.rules.iter().find(|rule| rule.entry.name == entry.name);
            let is_wanted =
                rule.is_some_and(|rule| !entry.describes() || !is_known || rule.buys_known);
            if !is_wanted {
                if entry.describes() && is_known {
                    describing = None;
                }
                continue;
            }
            let count = known.and_then(|known| entry.count_in(known.counts));
            let Some(cursor) = rest_of(entry.list(), subject, count, nested) else {
                continue;
            };
            jobs.push(NewJob {
                endpoint: entry.name,
                subject: subject.to_owned(),
                depth,
                cursor,
                after: describing.filter(|_| entry.may_be_unneeded()),
                resolves_name: false,
            });
            if entry.describes() || entry.items == Items::OwnPosts {
                describing = Some(entry.name);
            }
        }
        jobs
    }
}

/// Where a list must be bought from, given its length and what came nested: `None` if nothing is left of it, `Some(None)`
/// for its head.
pub(super) fn rest_of(
    list: ListKind,
    subject: &str,
    count: Option<i64>,
    nested: &NestedLists<'_>,
) -> Option<Option<String>> {
    match (nested.get(&(list, subject)), count) {
        (Some(came), Some(count)) if i64::from(came.items) >= count => None,
        (Some(came), _) if came.cursor.is_some() => Some(came.cursor.clone()),
        (None, Some(0)) => None,
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;
    use crate::api::endpoint::Followed;
    use crate::api::endpoints;
    use crate::config::{Config, KEYS};

    /// Returns a plan of the default configuration with one key set.
    fn with(key: &str, value: &str) -> Plan {
        let text = format!("{key} = {value}\n");
        let config =
            Config::parse("crawler.toml", &text, std::iter::empty()).expect("a configuration");
        Plan::new(config.crawl)
    }

    fn key_of(followed: Followed) -> Option<&'static str> {
        match followed {
            Followed::If(key) | Followed::Always(key) => Some(key),
            Followed::Never => None,
        }
    }

    #[test]
    fn every_page_cap_binds_its_own_endpoint_and_no_other() {
        let caps = KEYS
            .iter()
            .filter_map(|key| key.path.strip_prefix("crawl.max_pages."));
        let mut seen = 0;
        for cap in caps {
            let plan = with(&format!("crawl.max_pages.{cap}"), "7");
            for entry in endpoints::ALL {
                let expected = (key_of(entry.followed) == Some(cap)).then_some(7);
                assert_eq!(plan.max_pages(entry.name), expected, "{cap} {}", entry.name);
                seen += usize::from(expected.is_some());
            }
        }
        assert_eq!(seen, 9);
    }

    #[test]
    fn every_switch_turns_its_own_endpoint_off_or_on_and_no_other() {
        let default = Plan::new(Config::default().crawl).endpoints();
        let mut seen = 0;
        for entry in endpoints::ALL {
            let Followed::If(key) = entry.followed else {
                continue;
            };
            let is_on = default.contains(&entry.name);
            let plan = with(
                &format!("crawl.{key}"),
                if is_on { "false" } else { "true" },
            );
            let mut expected = default.clone();
            match is_on {
                true => expected.retain(|name| *name != entry.name),
                false => expected.push(entry.name),
            }
            let mut found = plan.endpoints();
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{key}");
            seen += 1;
        }
        assert!(seen >= 10, "{seen} switches");
    }

    #[test]
    fn what_is_known_is_bought_only_by_its_own_switch() {
        assert_eq!(Plan::new(Config::default().crawl).buy_known(), [""; 0]);
        for (key, endpoint) in [
            ("profiles", "get_user_profile"),
            ("details", "get_post_detail"),
        ] {
            let plan = with(&format!("crawl.buy_known_{key}"), "true");
            assert_eq!(plan.buy_known(), [endpoint]);
        }
    }
}
