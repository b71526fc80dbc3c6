//! What must be left of an erased person: nothing.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use soracrawl::replies::Packer;
use soracrawl::store::Store;
use sqlx::Row;

use crate::support::Place;

/// What of a person must be found nowhere.
pub struct Person {
    pub id: String,
    pub name: String,
}

impl Place {
    pub async fn person(&self, id: &str) -> Person {
        let id = id.to_owned();
        let sql = format!("select username from users where user_id = '{id}'");
        let name = self.texts(&sql).await.remove(0);
        Person { id, name }
    }

    /// Fails if the archive names somebody, or is not sound. Returns the hash of its contents.
    pub async fn assert_erased(&self, person: &Person) -> String {
        let traces: BTreeSet<String> = self.traces(person).await.into_iter().collect();
        assert!(
            traces.is_empty(),
            "{} in {:#?}",
            person.id,
            traces.iter().take(12).collect::<Vec<_>>()
        );
        let verified = self.run(&["verify"]).await;
        assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
        let broken = self.rows("pragma foreign_key_check").await.len();
        assert_eq!(broken, 0);
        let contents = verified
            .out
            .lines()
            .find(|line| line.starts_with("contents"));
        contents.expect("a hash").to_owned()
    }

    /// Returns where the file, its log and its decoded replies name somebody.
    pub async fn traces(&self, person: &Person) -> Vec<String> {
        let mut found = Vec::new();
        for name in ["a.db", "a.db-wal", "a.db.erase-key"] {
            if let Ok(bytes) = std::fs::read(self.file(name)) {
                for (term, at) in person.is_in(&bytes) {
                    let from = at.saturating_sub(60);
                    let part = String::from_utf8_lossy(&bytes[from..(at + 60).min(bytes.len())])
                        .into_owned();
                    found.push(format!("{name}: {term} in {part:?}"));
                }
            }
        }
        let store = Store::open(&self.archive()).await.expect("the archive");
        let (packer, _) = Packer::new(&store.dictionaries().await.expect("dictionaries"));
        store.close().await.expect("a clean close");
        for row in self
            .rows("select id, endpoint, body from calls where body is not null")
            .await
        {
            let body = packer.unpack(&row.get::<Vec<u8>, _>(2)).expect("a reply");
            for (term, at) in person.is_in(&body) {
                let part = String::from_utf8_lossy(
                    &body[at.saturating_sub(80)..(at + 60).min(body.len())],
                )
                .into_owned();
                found.push(format!(
                    "call {} {}: {term} in {part}",
                    row.get::<i64, _>(0),
                    row.get::<String, _>(1)
                ));
            }
        }
        found
    }
}

impl Person {
    fn is_in(&self, bytes: &[u8]) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for term in [&self.id, &self.name] {
            for offset in 0..3 {
                let padded = [&b"__"[..offset], term.as_bytes()].concat();
                let coded = STANDARD.encode(&padded);
                let core = &coded[[0, 2, 3][offset]..padded.len() * 8 / 6];
                found
                    .extend(at(bytes, core.as_bytes()).map(|at| (format!("base64 of {term}"), at)));
            }
        }
        found.extend(at(bytes, self.id.as_bytes()).map(|at| (self.id.clone(), at)));
        let lower = bytes.to_ascii_lowercase();
        let is_word = |at: usize| {
            lower
                .get(at)
                .is_some_and(|it| it.is_ascii_alphanumeric() || b"._-".contains(it))
        };
        let name = self.name.to_lowercase();
        let names = at(&lower, name.as_bytes())
            .filter(|at| !(is_word(at + name.len()) || *at > 0 && is_word(at - 1)));
        found.extend(names.map(|at| (self.name.clone(), at)));
        found.truncate(3);
        found
    }
}

fn at<'a>(bytes: &'a [u8], term: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    memchr::memmem::find_iter(bytes, term)
}
