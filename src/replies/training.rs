//! Training of compression dictionaries: when an endpoint has enough raw replies, and the training itself.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tokio::sync::Notify;

use super::{Packer, lock};
use crate::api::endpoints;
use crate::store::{Dictionary, Result, Store, read};

/// Raw replies of an endpoint before the first training.
const ENOUGH: u64 = 64;
/// Maximum size of a dictionary. A larger one loads more slowly and saves little more.
const DICTIONARY_BYTES: usize = 64 << 10;
/// Minimum size of the samples, as a multiple of the dictionary's size. It limits the dictionary to the common parts.
const SAMPLES_PER_DICTIONARY: usize = 8;
/// Minimum size of all samples. Fewer bytes contain too few repetitions.
const SAMPLES_LEAST_BYTES: usize = 16 << 10;
/// Bytes of a reply that are used as a sample, as in zstd's own tool.
const SAMPLE_BYTES: u64 = 128 << 10;
/// Maximum size of all samples. More samples take memory and time but improve nothing.
const SAMPLES_MOST_BYTES: usize = 1 << 20;

/// Counts the raw replies of each endpoint that has no dictionary yet.
#[derive(Debug, Default)]
pub struct Training {
    untrained: Mutex<BTreeMap<&'static str, Progress>>,
    /// Notified when an endpoint has enough replies.
    enough: Notify,
}

#[derive(Debug)]
struct Progress {
    kept: u64,
    /// Number of replies that starts the next training.
    enough: u64,
}

impl Training {
    /// Returns the progress of the endpoints that have no dictionary in the archive.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
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

    /// Counts a committed reply of the endpoint.
    pub fn count(&self, endpoint: &str) {
        if let Some(progress) = lock(&self.untrained).get_mut(endpoint) {
            progress.kept += 1;
            if progress.kept == progress.enough {
                self.enough.notify_one();
            }
        }
    }

    /// Waits until an endpoint has enough replies.
    pub async fn until_enough(&self) {
        self.enough.notified().await;
    }

    /// Returns an endpoint that has enough replies for a training.
    #[must_use]
    pub fn due(&self) -> Option<&'static str> {
        lock(&self.untrained)
            .iter()
            .find_map(|(endpoint, progress)| {
                (progress.kept >= progress.enough).then_some(*endpoint)
            })
    }

    /// Marks an endpoint as trained.
    pub fn done(&self, endpoint: &str) {
        lock(&self.untrained).remove(endpoint);
    }

    /// Postpones the next training of an endpoint until it has twice as many replies.
    pub fn postpone(&self, endpoint: &str) {
        if let Some(progress) = lock(&self.untrained).get_mut(endpoint) {
            progress.enough = progress.kept.saturating_mul(2);
        }
    }
}

/// Trains a dictionary on raw replies, newest first. Returns its bytes and the number of replies used.
///
/// # Errors
/// Returns the reason if the samples are too small or zstd cannot train a dictionary on them.
pub fn train_dictionary(
    packer: &Packer,
    bodies: &[Vec<u8>],
) -> std::result::Result<(Vec<u8>, i64), String> {
    let (mut samples, mut sizes) = (Vec::new(), Vec::new());
    for body in bodies {
        // Skips a damaged reply. `verify` reports it.
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
        return Err(format!("the samples have only {} bytes", samples.len()));
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

    /// Returns text with as little repetition as a page.
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
    fn an_endpoint_is_due_at_enough_replies_and_after_a_failure_at_twice_as_many() {
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
        assert_eq!(training.due(), None, "each endpoint has one dictionary");
    }

    #[test]
    fn replies_of_earlier_runs_count() {
        assert_eq!(training(ENOUGH - 1).due(), None);
        assert_eq!(training(ENOUGH).due(), Some("get_feed"));
    }

    #[test]
    fn a_dictionary_is_much_smaller_than_its_samples() {
        let packer = Packer::default();
        let learnt = |bodies: &[Vec<u8>]| train_dictionary(&packer, bodies).unwrap();
        let pages: Vec<Vec<u8>> = (0..64).map(|number| page(number, 40)).collect();
        let bytes: usize = pages.iter().map(Vec::len).sum();
        let (dictionary, replies) = learnt(&packed(pages));
        assert!(dictionary.len() <= bytes / 8, "{}", dictionary.len());
        assert_eq!(replies, 64);
        let (dictionary, replies) = learnt(&packed((0..64).map(|number| page(number, 300))));
        assert!((60_000..=DICTIONARY_BYTES).contains(&dictionary.len()));
        assert!(
            (55..64).contains(&replies),
            "those that fit into the samples: {replies}"
        );
        assert!(get_dict_id_from_dict(&dictionary).is_some());
    }

    #[test]
    fn only_a_part_of_long_or_many_replies_is_sampled() {
        let bodies = packed((0..70).map(|number| page(number, 4000)));
        let (_, replies) = train_dictionary(&Packer::default(), &bodies).unwrap();
        assert_eq!(replies, 8, "1 MiB in samples of 128 KiB");
    }

    #[test]
    fn unsuitable_replies_return_a_reason_and_no_dictionary() {
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
