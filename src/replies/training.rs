//! When an endpoint has enough kept replies for a dictionary, and the dictionary that they make.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tokio::sync::Notify;

use super::{Packer, lock};
use crate::api::endpoints;
use crate::store::{Dictionary, Result, Store, read};

/// Kept replies of an endpoint that make a dictionary worth trying.
const ENOUGH: u64 = 64;
/// zstd's measure for small data; more is slower to load and gains little.
const DICTIONARY_BYTES: usize = 64 << 10;
/// A dictionary is to hold what replies have in common, so there must be several times as much of them.
const SAMPLES_PER_DICTIONARY: usize = 8;
/// With less, what is learnt is chance.
const SAMPLES_LEAST_BYTES: usize = 16 << 10;
/// Of a long reply only so much is looked at, as zstd's own tool does.
const SAMPLE_BYTES: u64 = 128 << 10;
/// All samples together: more makes no better dictionary, and takes memory and time.
const SAMPLES_MOST_BYTES: usize = 2 << 20;

/// How many replies are kept of each endpoint that has no dictionary yet.
#[derive(Debug, Default)]
pub struct Training {
    untrained: Mutex<BTreeMap<&'static str, Progress>>,
    /// Told when an endpoint has enough.
    enough: Notify,
}

#[derive(Debug)]
struct Progress {
    kept: u64,
    /// From so many on it is tried.
    enough: u64,
}

impl Training {
    /// What there is to train in an archive that has these dictionaries.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub async fn of(store: &Store, dictionaries: &[Dictionary]) -> Result<Self> {
        let kept = read::endpoints(store.readers()).await?;
        let untrained = endpoints::ALL
            .iter()
            .filter(|entry| dictionaries.iter().all(|one| one.endpoint != entry.name))
            .map(|entry| {
                let kept = kept.get(entry.name).map_or(0, |status| status.kept);
                let progress = Progress {
                    kept: kept.unsigned_abs(),
                    enough: ENOUGH,
                };
                (entry.name, progress)
            })
            .collect();
        Ok(Self {
            untrained: Mutex::new(untrained),
            enough: Notify::new(),
        })
    }

    /// A reply of this endpoint was kept.
    pub fn count(&self, endpoint: &str) {
        if let Some(progress) = lock(&self.untrained).get_mut(endpoint) {
            progress.kept += 1;
            if progress.kept == progress.enough {
                self.enough.notify_one();
            }
        }
    }

    /// Returns when an endpoint has enough replies.
    pub async fn until_enough(&self) {
        self.enough.notified().await;
    }

    /// An endpoint with enough replies.
    #[must_use]
    pub fn due(&self) -> Option<&'static str> {
        lock(&self.untrained)
            .iter()
            .find_map(|(endpoint, progress)| {
                (progress.kept >= progress.enough).then_some(*endpoint)
            })
    }

    pub fn done(&self, endpoint: &str) {
        lock(&self.untrained).remove(endpoint);
    }

    /// It is tried again when there are twice as many.
    pub fn postpone(&self, endpoint: &str) {
        if let Some(progress) = lock(&self.untrained).get_mut(endpoint) {
            progress.enough = progress.kept.saturating_mul(2);
        }
    }
}

/// A dictionary from some kept replies, newest first, and of how many it is.
///
/// # Errors
/// Returns why the replies make no dictionary.
pub fn train_dictionary(
    packer: &Packer,
    bodies: &[Vec<u8>],
) -> std::result::Result<(Vec<u8>, i64), String> {
    let (mut samples, mut sizes) = (Vec::new(), Vec::new());
    for body in bodies {
        // Where one does not unpack, `verify` says so.
        let Ok(sample) = packer.unpack_some(body, SAMPLE_BYTES) else {
            continue;
        };
        if samples.len() + sample.len() > SAMPLES_MOST_BYTES {
            break;
        }
        samples.extend_from_slice(&sample);
        sizes.push(sample.len());
    }
    if samples.len() < SAMPLES_LEAST_BYTES {
        return Err(format!("there are only {} bytes of it", samples.len()));
    }
    let most_bytes = DICTIONARY_BYTES.min(samples.len() / SAMPLES_PER_DICTIONARY);
    let dictionary = zstd::dict::from_continuous(&samples, &sizes, most_bytes);
    let replies = i64::try_from(sizes.len()).unwrap_or(i64::MAX);
    Ok((dictionary.map_err(|error| error.to_string())?, replies))
}

#[cfg(test)]
mod tests {
    use zstd::zstd_safe::get_dict_id_from_dict;

    use super::*;

    fn training(kept: u64) -> Training {
        let progress = Progress {
            kept,
            enough: ENOUGH,
        };
        Training {
            untrained: Mutex::new([("get_feed", progress)].into()),
            enough: Notify::new(),
        }
    }

    fn packed(replies: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
        let packer = Packer::default();
        let pack = |reply: Vec<u8>| packer.pack("get_feed", &reply).unwrap();
        replies.into_iter().map(pack).collect()
    }

    /// Text that repeats itself as little as a page does.
    fn page(number: usize, items: usize) -> Vec<u8> {
        let item = |item: usize| {
            let id = crate::model::hash(&(number * 10_000 + item).to_le_bytes());
            format!(
                "{{\"id\":\"s_{id:016x}\",\"like_count\":{},\"text\":null}},",
                id % 977
            )
        };
        (0..items).map(item).collect::<String>().into_bytes()
    }

    #[test]
    fn an_endpoint_is_due_when_enough_is_kept_and_after_a_failure_when_there_is_twice_as_much() {
        let training = training(0);
        for _ in 1..ENOUGH {
            training.count("get_feed");
            training.count("get_user_posts");
        }
        assert_eq!(training.due(), None);
        training.count("get_feed");
        assert_eq!(training.due(), Some("get_feed"));
        training.postpone("get_feed");
        for _ in 1..ENOUGH {
            training.count("get_feed");
        }
        assert_eq!(training.due(), None);
        training.count("get_feed");
        assert_eq!(training.due(), Some("get_feed"));
        training.done("get_feed");
        for _ in 0..ENOUGH * 4 {
            training.count("get_feed");
        }
        assert_eq!(training.due(), None, "there is one dictionary for each");
    }

    #[test]
    fn what_an_earlier_run_has_kept_counts() {
        assert_eq!(training(ENOUGH - 1).due(), None);
        assert_eq!(training(ENOUGH).due(), Some("get_feed"));
    }

    #[test]
    fn a_dictionary_is_small_beside_what_it_was_learnt_from() {
        let packer = Packer::default();
        let learnt = |bodies: &[Vec<u8>]| train_dictionary(&packer, bodies).unwrap();
        let pages: Vec<Vec<u8>> = (0..64).map(|number| page(number, 40)).collect();
        let bytes: usize = pages.iter().map(Vec::len).sum();
        let (dictionary, replies) = learnt(&packed(pages));
        assert!(dictionary.len() <= bytes / 8, "{}", dictionary.len());
        assert_eq!(replies, 64);
        let (dictionary, replies) = learnt(&packed((0..64).map(|number| page(number, 400))));
        assert!((60_000..=DICTIONARY_BYTES).contains(&dictionary.len()));
        assert_eq!(replies, 64);
        assert!(get_dict_id_from_dict(&dictionary).is_some());
    }

    #[test]
    fn long_replies_and_many_of_them_are_looked_at_in_part() {
        let bodies = packed((0..70).map(|number| page(number, 4000)));
        let (_, replies) = train_dictionary(&Packer::default(), &bodies).unwrap();
        assert_eq!(replies, 16, "2 MiB of 128 KiB each");
    }

    #[test]
    fn replies_that_teach_nothing_give_a_reason_and_no_dictionary() {
        let page = page(1, 10);
        let mut broken = packed(vec![page.clone(); 64]);
        broken.iter_mut().for_each(|body| body.truncate(10));
        for bodies in [
            Vec::new(),
            packed([page]),
            packed(vec![Vec::new(); 64]),
            packed(vec![b"{}".to_vec(); 64]),
            packed(vec![b"{\"data\":null}".to_vec(); 256]),
            broken,
        ] {
            let learnt = train_dictionary(&Packer::default(), &bodies);
            assert!(learnt.is_err_and(|why| !why.is_empty()), "{}", bodies.len());
        }
    }
}
