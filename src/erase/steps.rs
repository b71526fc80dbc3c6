//! The steps of an erasure, in their order.

use std::sync::Arc;

use super::dictionaries::{self, Fragments};
use super::finish::may_name;
use super::key::KeyFile;
use super::progress::{Daemon, Done, Progress};
use super::survey::terms_of;
use super::{media, replies, texts};
use crate::clock::Clock;
use crate::media::Folder;
use crate::model::Erased;
use crate::replies::{People, Terms};
use crate::store::{Left, Store, Term, TextTable};

/// Users whose rows are erased in one transaction.
const PEOPLE_AT_ONCE: usize = 100;
/// Tables whose texts decide what is called next.
const QUEUE: [&str; 2] = ["jobs", "seeds"];

/// An erasure that goes on.
pub struct Erasing<'a, D, R> {
    pub store: &'a Store,
    pub clock: &'a Clock,
    pub key: KeyFile,
    /// The folder of the archive's files.
    pub folder: Folder,
    /// The archive is a restored copy: everybody whom the key file names is erased again.
    pub is_restored: bool,
    pub daemon: D,
    pub report: R,
}

impl<D: Daemon, R: FnMut(Progress)> Erasing<'_, D, R> {
    /// Erases users, and completes what another process began. Without users it only does the latter.
    ///
    /// # Errors
    /// Returns why it cannot go on. Repeating it continues.
    pub async fn erase(mut self, user_ids: &[String]) -> Result<Done, String> {
        let mut done = Done::default();
        self.store.overwrite_deleted().await.map_err(text)?;
        self.request(user_ids).await?;
        // Every reply that is kept from now on comes without these people.
        self.daemon.learn().await?;
        let terms = self.terms().await?;
        if !terms.users.is_empty() {
            done.shared_names = self.learn_names(&terms).await?;
            let terms = self.terms().await?;
            let people = People::named(self.key.key.clone(), terms.clone())?;
            let people = Arc::new(people);
            self.erase_all(&people, &terms, &mut done).await?;
        }
        self.finish(&terms, &mut done).await?;
        Ok(done)
    }

    fn step(&mut self, step: &'static str, done: i64, all: i64) {
        (self.report)(Progress { step, done, all });
    }

    /// Writes the request: first to the key file, which outlives a restored archive.
    async fn request(&mut self, user_ids: &[String]) -> Result<(), String> {
        self.step("request", 0, 1);
        let key = self.key.key.clone();
        let mut people: Vec<[u8; 32]> = user_ids
            .iter()
            .map(|id| key.hash(Erased::User, id))
            .collect();
        self.key.add(people.iter().copied(), std::iter::empty())?;
        let mut hashes = Vec::new();
        if self.is_restored {
            people.clone_from(&self.key.people);
            hashes = [&self.key.people[..], &self.key.names].concat();
        }
        let terms: Vec<Term> = user_ids
            .iter()
            .map(|id| self.term(Erased::User, id))
            .collect();
        let now = self.clock.now();
        self.store
            .request_erasures(&people, &terms, &hashes, now)
            .await
            .map_err(text)?;
        self.step("request", 1, 1);
        Ok(())
    }

    fn term(&self, what: Erased, value: &str) -> Term {
        let kind = match what {
            Erased::User => "user",
            Erased::Name => "name",
            Erased::Item => "item",
        };
        Term {
            kind,
            value: value.to_owned(),
            hash: Some(self.key.key.hash(what, value)),
        }
    }

    /// Finds the names that these people had, and what they wrote, and lets the daemon know. Returns the names that somebody
    /// else has too.
    async fn learn_names(&mut self, known: &Terms) -> Result<Vec<String>, String> {
        let user_ids: Vec<String> = known.users.iter().cloned().collect();
        let report = &mut self.report;
        let (found, shared, _) = terms_of(self.store, &user_ids, |done, all| {
            report(Progress {
                step: "names",
                done,
                all,
            });
        })
        .await?;
        let names = found.names.iter().map(|name| self.term(Erased::Name, name));
        let items = found.items.iter().map(|item| self.term(Erased::Item, item));
        let terms: Vec<Term> = names.chain(items).collect();
        let names: Vec<[u8; 32]> = found
            .names
            .iter()
            .map(|name| self.key.key.hash(Erased::Name, name))
            .collect();
        self.key.add(std::iter::empty(), names.into_iter())?;
        let now = self.clock.now();
        self.store
            .request_erasures(&[], &terms, &[], now)
            .await
            .map_err(text)?;
        self.daemon.learn().await?;
        Ok(shared)
    }

    /// Returns what is searched for.
    async fn terms(&self) -> Result<Terms, String> {
        let mut terms = Terms::default();
        for (kind, value) in self.store.erasing().await.map_err(text)? {
            let set = match kind.as_str() {
                "user" => &mut terms.users,
                "name" => &mut terms.names,
                "item" => &mut terms.items,
                _ => continue,
            };
            set.insert(value);
        }
        Ok(terms)
    }

    async fn erase_all(
        &mut self,
        people: &Arc<People>,
        terms: &Terms,
        done: &mut Done,
    ) -> Result<(), String> {
        // First what decides about further calls.
        let (queue, others): (Vec<TextTable>, Vec<TextTable>) = TextTable::all()
            .into_iter()
            .partition(|table| QUEUE.contains(&table.name));
        done.texts += self.sweep(people, &queue, "queue").await?;
        let now = self.clock.now();
        let known = self.store.dictionaries().await.map_err(text)?;
        let mut fragments = Fragments::new(&known);
        let report = &mut self.report;
        let pass = replies::redact(self.store, people, &mut fragments, now, |done, all| {
            report(Progress {
                step: "replies",
                done,
                all,
            });
        });
        done.replies = pass.await?;
        self.erase_rows(terms, done).await?;
        done.texts += self.sweep(people, &others, "texts").await?;
        self.replace_dictionaries(people, done).await
    }

    async fn sweep(
        &mut self,
        people: &People,
        tables: &[TextTable],
        step: &'static str,
    ) -> Result<u64, String> {
        let all = i64::try_from(tables.len()).unwrap_or(i64::MAX);
        let mut changed = 0;
        for (at, table) in (0..).zip(tables) {
            self.step(step, at, all);
            let (now, report) = (self.clock.now(), &mut self.report);
            let swept = texts::sweep(self.store, people, table, now, || {
                report(Progress {
                    step,
                    done: at,
                    all,
                });
            });
            changed += swept.await?;
        }
        self.step(step, all, all);
        Ok(changed)
    }

    async fn erase_rows(&mut self, terms: &Terms, done: &mut Done) -> Result<(), String> {
        let user_ids: Vec<String> = terms.users.iter().cloned().collect();
        let all = i64::try_from(user_ids.len()).unwrap_or(i64::MAX);
        let mut at = 0;
        for some in user_ids.chunks(PEOPLE_AT_ONCE) {
            self.step("rows", at, all);
            done.rows += self.store.erase_rows(some).await.map_err(text)?;
            at += i64::try_from(some.len()).unwrap_or(0);
        }
        self.step("rows", all, all);
        Ok(())
    }

    async fn replace_dictionaries(
        &mut self,
        people: &People,
        done: &mut Done,
    ) -> Result<(), String> {
        self.step("dictionaries", 0, 1);
        let erasing = self.store.erasing().await.map_err(text)?;
        let marked: Vec<i64> = erasing
            .iter()
            .filter(|(kind, _)| kind == "dictionary")
            .filter_map(|(_, id)| id.parse().ok())
            .collect();
        let since = self.store.erasing_since().await.map_err(text)?;
        let since = since.unwrap_or(f64::INFINITY);
        let now = self.clock.now();
        done.dictionaries = dictionaries::replace(self.store, people, &marked, since, now).await?;
        if done.dictionaries > 0 {
            self.daemon.learn().await?;
        }
        let report = &mut self.report;
        dictionaries::repack(self.store, now, |done, all| {
            report(Progress {
                step: "dictionaries",
                done,
                all,
            });
        })
        .await
    }

    /// Forgets what was searched for, and overwrites what is left in the file.
    async fn finish(&mut self, terms: &Terms, done: &mut Done) -> Result<(), String> {
        let is_open = self
            .store
            .erasures()
            .await
            .map_err(text)?
            .iter()
            .any(|(_, done)| !done);
        if !is_open {
            return Ok(());
        }
        self.step("media", 0, 1);
        if !media::remove(self.store, &self.folder).await? {
            done.is_waiting = true;
            return Ok(());
        }
        self.step("last step", 0, 3);
        self.store.forget_samples().await.map_err(text)?;
        self.store.forget_erasing().await.map_err(text)?;
        self.step("last step", 1, 3);
        let left = self.store.empty_log().await.map_err(text)?;
        if !self.daemon.is_absent() || left == Left::InUse {
            done.is_waiting = true;
            return Ok(());
        }
        // Earlier versions of a row may be in bytes that SQLite has freed. If another process forgot what to search for,
        // they are overwritten anyway.
        let people = People::named(self.key.key.clone(), terms.clone())?;
        let may_be_left = match terms.users.is_empty() {
            true => true,
            false => may_name(&people, self.store.path()).map_err(|why| why.to_string())?,
        };
        if may_be_left {
            self.store.write_file_again().await.map_err(text)?;
        }
        self.step("last step", 2, 3);
        self.store
            .complete_erasures(self.clock.now())
            .await
            .map_err(text)?;
        let left = self.store.empty_log().await.map_err(text)?;
        done.is_waiting = left == Left::InUse;
        self.step("last step", 3, 3);
        Ok(())
    }
}

fn text(why: crate::store::Error) -> String {
    why.to_string()
}
