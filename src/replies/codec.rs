//! Compression of raw replies with zstd, with a dictionary of their endpoint if the archive has one.
//!
//! Pages of one endpoint resemble each other, so a dictionary trained on some of them makes the others two to three
//! times smaller. Each frame names its dictionary, or none, and contains a checksum. So one archive may contain both
//! kinds of frames, and a frame is never decompressed with the wrong dictionary.

use std::collections::HashMap;
use std::io::{self, Read};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use zstd::bulk::Compressor;
use zstd::dict::DecoderDictionary;
use zstd::stream::read::Decoder;
use zstd::zstd_safe::{get_dict_id_from_dict, get_dict_id_from_frame};

use super::lock;
use crate::model::hash;
use crate::store::Dictionary;

/// zstd level. On these replies level 3 takes longer and saves no space, with or without a dictionary.
const LEVEL: i32 = 1;
/// Maximum decompressed bytes of a reply: more than the client accepts by default.
const REPLY_BYTES: u64 = 256 << 20;

/// Compresses and decompresses replies with the dictionaries of one archive.
#[derive(Default)]
pub struct Packer {
    /// Used for endpoints without a dictionary.
    plain: Compressors,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    by_endpoint: HashMap<String, Arc<Compressors>>,
    /// Dictionaries by the id in the frames, or the reason why zstd cannot load one.
    by_id: HashMap<i64, Result<Arc<DecoderDictionary<'static>>, String>>,
}

impl Packer {
    /// Returns a packer with these dictionaries, and a description of each damaged one.
    #[must_use]
    pub fn new(dictionaries: &[Dictionary]) -> (Self, Vec<String>) {
        let packer = Self::default();
        let mut wrong = Vec::new();
        for dictionary in dictionaries {
            if let Err(why) = packer.add(dictionary) {
                let Dictionary { id, endpoint, .. } = dictionary;
                wrong.push(format!("dictionary {id} ({endpoint}) {why}"));
            }
        }
        (packer, wrong)
    }

    /// Adds a dictionary for further replies of its endpoint. The archive must already contain it.
    ///
    /// # Errors
    /// Returns the damage if the dictionary is not the trained one. Nothing is compressed with it then. It still
    /// decompresses frames if zstd can load it, because their checksum shows whether the damage affects them.
    pub fn add(&self, dictionary: &Dictionary) -> Result<(), String> {
        let Dictionary {
            id,
            endpoint,
            bytes,
            checksum,
            ..
        } = dictionary;
        let decoder = DecoderDictionary::try_copy(bytes)
            .map(Arc::new)
            .map_err(|why| format!("cannot be loaded: {why}"));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.by_id.insert(*id, decoder.clone());
        decoder?;
        let own_name = get_dict_id_from_dict(bytes).map_or(0, NonZeroU32::get);
        if i64::from(own_name) != *id {
            return Err(format!("contains the id {own_name}"));
        }
        if *checksum != self::checksum(bytes) {
            return Err("does not match its checksum".to_owned());
        }
        let compressors = Arc::new(Compressors::with(bytes));
        known.by_endpoint.insert(endpoint.clone(), compressors);
        Ok(())
    }

    /// Packs nothing more with the dictionaries of endpoints for which there is none among these. Frames of them are still
    /// decompressed.
    pub fn keep_only(&self, dictionaries: &[Dictionary]) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known
            .by_endpoint
            .retain(|endpoint, _| dictionaries.iter().any(|it| it.endpoint == *endpoint));
    }

    /// Returns the zstd frame of a reply, as stored in the archive.
    ///
    /// # Errors
    /// Returns an error if zstd cannot allocate memory.
    pub fn pack(&self, endpoint: &str, reply: &[u8]) -> io::Result<Vec<u8>> {
        let own = self.known().by_endpoint.get(endpoint).cloned();
        own.as_deref().unwrap_or(&self.plain).compress(reply)
    }

    /// Returns the reply of a stored frame, after a check of its checksum.
    ///
    /// # Errors
    /// Returns an error if the frame is damaged, or if its dictionary is missing.
    pub fn unpack(&self, body: &[u8]) -> io::Result<Vec<u8>> {
        self.unpack_some(body, REPLY_BYTES)
    }

    /// Returns at most `most_bytes` bytes from the start of a reply.
    ///
    /// # Errors
    /// Returns an error if the frame is damaged, or if its dictionary is missing.
    pub fn unpack_some(&self, body: &[u8], most_bytes: u64) -> io::Result<Vec<u8>> {
        let mut reply = Vec::new();
        match get_dict_id_from_frame(body) {
            None => Decoder::with_buffer(body)?
                .take(most_bytes)
                .read_to_end(&mut reply)?,
            Some(id) => {
                let known = self.known().by_id.get(&id.get().into()).cloned();
                let dictionary = known
                    .unwrap_or_else(|| Err("the archive does not have".to_owned()))
                    .map_err(|why| {
                        io::Error::other(format!("needs dictionary {id}, which {why}"))
                    })?;
                Decoder::with_prepared_dictionary(body, &dictionary)?
                    .take(most_bytes)
                    .read_to_end(&mut reply)?
            }
        };
        Ok(reply)
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the value of `dictionaries.checksum` for the bytes of a dictionary.
#[must_use]
pub fn checksum(dictionary: &[u8]) -> i64 {
    hash(dictionary).cast_signed()
}

/// Pool of compressors with one dictionary. Creating a compressor takes longer than compressing a page.
#[derive(Default)]
struct Compressors {
    dictionary: Vec<u8>,
    idle: Mutex<Vec<Compressor<'static>>>,
}

impl Compressors {
    fn with(dictionary: &[u8]) -> Self {
        Self {
            dictionary: dictionary.to_owned(),
            idle: Mutex::default(),
        }
    }

    fn compress(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let idle = lock(&self.idle).pop();
        let mut compressor = match idle {
            Some(compressor) => compressor,
            None => self.another()?,
        };
        let compressed = compressor.compress(bytes)?;
        lock(&self.idle).push(compressor);
        Ok(compressed)
    }

    /// Returns a new compressor. It writes a checksum, so that a flipped bit on the disk is detected.
    fn another(&self) -> io::Result<Compressor<'static>> {
        let mut compressor = Compressor::with_dictionary(LEVEL, &self.dictionary)?;
        compressor.include_checksum(true)?;
        Ok(compressor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a reply that resembles a page: similar to the others, but with its own values.
    fn reply(number: u64) -> Vec<u8> {
        let items: Vec<serde_json::Value> = (0..20)
            .map(|item| {
                let id = hash(&(number * 1000 + item).to_le_bytes());
                serde_json::json!({
                    "id": format!("s_{id:016x}"),
                    "permalink": format!("https://sora.example/p/s_{id:016x}"),
                    "like_count": id % 977, "reply_count": id % 31, "attachments": null,
                    "author": {"user_id": format!("user-{:08x}", id >> 32), "verified": id.is_multiple_of(2)}
                })
            })
            .collect();
        serde_json::json!({"code": 200, "data": {"items": items}})
            .to_string()
            .into_bytes()
    }

    fn dictionary(endpoint: &str, first: u64) -> Dictionary {
        let samples: Vec<Vec<u8>> = (first..first + 64).map(reply).collect();
        let bytes = zstd::dict::from_samples(&samples, 8 << 10).unwrap();
        Dictionary {
            id: get_dict_id_from_dict(&bytes).unwrap().get().into(),
            endpoint: endpoint.to_owned(),
            made_at: 1.0,
            replies: 64,
            checksum: checksum(&bytes),
            bytes,
        }
    }

    fn packer(dictionaries: &[Dictionary]) -> Packer {
        let (packer, wrong) = Packer::new(dictionaries);
        assert_eq!(wrong, [""; 0]);
        packer
    }

    fn why(packer: &Packer, body: &[u8]) -> String {
        packer.unpack(body).unwrap_err().to_string()
    }

    #[test]
    fn a_reply_is_unchanged_after_compression_with_and_without_a_dictionary() {
        let dictionary = dictionary("one", 0);
        let packer = packer(std::slice::from_ref(&dictionary));
        for reply in [reply(1000), b"{}".to_vec(), Vec::new()] {
            for (endpoint, id) in [("one", Some(dictionary.id)), ("other", None)] {
                // The second pass reuses the compressor of the first.
                for _ in 0..2 {
                    let body = packer.pack(endpoint, &reply).unwrap();
                    let named = get_dict_id_from_frame(&body).map(|id| i64::from(id.get()));
                    assert_eq!(named, id);
                    assert_eq!(packer.unpack(&body).unwrap(), reply);
                }
            }
        }
    }

    #[test]
    fn older_frames_stay_readable_after_a_dictionary_is_added() {
        let packer = Packer::default();
        let before = packer.pack("one", &reply(1)).unwrap();
        packer.add(&dictionary("one", 0)).unwrap();
        packer.add(&dictionary("other", 500)).unwrap();
        let after = packer.pack("one", &reply(1)).unwrap();
        assert_ne!(before, after);
        for body in [before, after] {
            assert_eq!(packer.unpack(&body).unwrap(), reply(1));
        }
    }

    #[test]
    fn a_frame_without_its_dictionary_names_the_missing_one() {
        let dictionary = dictionary("one", 0);
        let body = packer(std::slice::from_ref(&dictionary))
            .pack("one", &reply(1))
            .unwrap();
        let expected = format!(
            "needs dictionary {}, which the archive does not have",
            dictionary.id
        );
        assert_eq!(why(&Packer::default(), &body), expected);
    }

    #[test]
    fn a_damaged_dictionary_is_reported_and_compresses_nothing() {
        let whole = dictionary("one", 0);
        let body = packer(std::slice::from_ref(&whole))
            .pack("one", &reply(1))
            .unwrap();
        let damaged = |change: &dyn Fn(&mut Dictionary)| {
            let mut dictionary = whole.clone();
            change(&mut dictionary);
            let (packer, wrong) = Packer::new(&[dictionary]);
            assert_eq!(wrong.len(), 1, "{wrong:?}");
            let packed = packer.pack("one", b"{}").unwrap();
            assert_eq!(get_dict_id_from_frame(&packed), None);
            (wrong[0].clone(), packer)
        };
        let place = format!("dictionary {} (one)", whole.id);

        let (wrong, packer) = damaged(&|dictionary| dictionary.bytes[8..200].fill(0xff));
        assert!(
            wrong.starts_with(&format!("{place} cannot be loaded: ")),
            "{wrong}"
        );
        assert!(why(&packer, &body).contains("which cannot be loaded: "));

        let (wrong, packer) = damaged(&|dictionary| {
            let half = dictionary.bytes.len() / 2;
            dictionary.bytes[half..].fill(b' ');
        });
        assert_eq!(wrong, format!("{place} does not match its checksum"));
        assert!(
            packer.unpack(&body).is_err(),
            "the checksum of the frame differs"
        );

        // This frame does not use the damaged byte, so its checksum still matches.
        let (wrong, packer) = damaged(&|dictionary| {
            let last = dictionary.bytes.len() - 1;
            dictionary.bytes[last] ^= 1;
        });
        assert_eq!(wrong, format!("{place} does not match its checksum"));
        let small = Packer::new(std::slice::from_ref(&whole)).0;
        let small = small.pack("one", b"abc").unwrap();
        assert_eq!(packer.unpack(&small).unwrap(), b"abc");

        let (wrong, _) = damaged(&|dictionary| dictionary.bytes[4] ^= 1);
        assert!(
            wrong.starts_with(&format!("{place} contains the id ")),
            "{wrong}"
        );
        let (wrong, _) = damaged(&|dictionary| dictionary.bytes.clear());
        assert_eq!(wrong, format!("{place} contains the id 0"));
    }

    #[test]
    fn a_flipped_bit_is_detected_at_every_position_of_a_frame() {
        let packer = packer(&[dictionary("one", 0)]);
        for endpoint in ["one", "other"] {
            let body = packer.pack(endpoint, &reply(1000)).unwrap();
            for at in 0..body.len() {
                let mut flipped = body.clone();
                flipped[at] ^= 0x10;
                let read = packer.unpack(&flipped);
                assert!(
                    read.as_ref().map_or(true, |read| *read == reply(1000)),
                    "byte {at} of {endpoint}"
                );
            }
            for end in 0..body.len() {
                let read = packer.unpack(&body[..end]);
                assert!(read.is_err() || end == 0, "cut at {end}");
            }
        }
    }

    #[test]
    fn nothing_more_is_packed_with_a_dictionary_that_was_retired_without_another_one() {
        let one = dictionary("one", 0);
        let packer = packer(std::slice::from_ref(&one));
        let before = packer.pack("one", &reply(1000)).unwrap();
        packer.keep_only(std::slice::from_ref(&one));
        assert_eq!(packer.pack("one", &reply(1000)).unwrap(), before);
        let retired = Dictionary {
            endpoint: "replaced:1:one".to_owned(),
            ..one
        };
        packer.keep_only(&[retired]);
        let after = packer.pack("one", &reply(1000)).unwrap();
        assert!(get_dict_id_from_frame(&before).is_some());
        assert_eq!(get_dict_id_from_frame(&after), None);
        for body in [before, after] {
            assert_eq!(packer.unpack(&body).unwrap(), reply(1000));
        }
    }

    #[test]
    fn decompression_stops_at_the_requested_size() {
        let packer = packer(&[dictionary("one", 0)]);
        let zeros = vec![0; 4 << 20];
        for endpoint in ["one", "other"] {
            let body = packer.pack(endpoint, &zeros).unwrap();
            let some = packer.unpack_some(&body, 1000).unwrap();
            assert_eq!(some, zeros[..1000]);
        }
    }
}
