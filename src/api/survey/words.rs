//! The words of names of fields. A key that consists of them says nothing about a person.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Longest name of a field.
const NAME_BYTES: usize = 40;

/// Words of the fields that this API is known to send, and those usual in other APIs. No given name, and no word of everyday texts
/// that no field has.
const WORDS: &str = "
access account action active ad added address after age album algorithm all allowed alt amount ancestors and annotations
answer api app appearances archive archived array art aspect asset at attachment attachments audience audio author
authorization available avatar average background badge balance banned banner base before begin best bio birthday
bitrate block blocked body bookmark bool border bottom brand browser bucket buffer build by bytes cache cached call
calpico cameo campaign can capability caption captions card cards category ch channel chapter character check checksum
child children class click client cloudflare cluster code codec collection color column comment comments completed
confidence config connection consent container content context contributor conversation coordinates copy copyright cost
count counted country cover create created credit crop current cursor custom cut data date day days debug default delay
delete deleted depth description destination detail details device digest dimension dimensions direction disabled
discovery dislike disliked display distance docs domain download downloadable draft duplicate duration eager edit edited
editor effect element email embed emoji enabled encoded encoding encodings end endcard ended ends engine entities entity
entries entry erased error etag event events exact experiment expires expiry extension external extractor face facets
false family favorite feature featured features fee feed field fields figure file filename filter final fingerprint
first flag flags folder followed followees follower followers following follows font format fps frame frames free
frequency from full function gen generation generations get gif group groups has hash hd header headers height hidden
high history host hour html http icon id identifier ids image images import index info input integer interaction
internal interval invite is iso items job json key keyframe keyframes kind label labels lang language last latency
latest layer layout ld lead leaderboard left length level licence license like liked likelihood likes limit line link
links list live loc local locale location log long loop low main manifest map mask match max maximum md me media medium
member mention mentions menu message meta metadata method metric metrics middle mime min minimum minute mirror mismatch
missing mode model moderation modified module month more msg multi muted mystery n name next no node nodes normal note
notes nothing notification null number object of offer offset ok on only open option options order orientation origin
original output overlay owner page pagination palette panel parameter params parent part partner path pattern payload
pct pending percent percentage permalink permission permissions phase photo phrase picture pixel pixels place
placeholder plan platform playback player playlist pointer policy pool position post posted poster posts preset preview
previous price primary priority privacy private product profile profiles progress promotion prompt properties property
provider public published quality quantity query queue quota quote range rank ranking rate rating ratio raw ray reach
reaction reactions read reason received recommendation record recursive redirect ref reference referrer region related
release remaining remix remixes remove removed render repeat replies reply report repost reposted reposter request
required resolution resource response restricted result results retry review revision right rights role roll root
rotation router row rule rules safe safety sample sampling scale schedule schema schools scope scopes score scraped
screen script search searches sec seconds secret secs section seed segment segments selected sender sensitive sequence
series server service session setting settings sha share shared short show side signature similarity site size sizes
skip slot slug snapshot social sora sort sound source sources speed srt ssim stamp start started starts state static
stats status step steps stop storage story stream streams string style sub subject subtitle subtitles suggestion summary
support surface tab table tags target task template term test text theme thread threshold thumb thumbnail thumbnails
time timeline timestamp timestamps timezone tip title to token tombstoned too tool top topic topics total totals trace
track tracking tracks transcript transform translation tree trend trending trigger trim true trust type unfurl unique
unit units unread until update updated upload uploader uri url urls used user username users uuid valid validation value
values variant variants vendor verification verifications verified version vertical via video videos view viewed viewer
views virtual visibility visible volume vote vtt warning watermark webpage website week weight who width window with wm
word words work write written year you zh zone zoom
";

static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split_whitespace().collect());

/// Returns whether a key has the form of a field's name, such as `like_count` or `likeCount`, and only known words.
pub(super) fn has_known_words(key: &str) -> bool {
    let is_known = |word: &str| KNOWN.contains(word.to_ascii_lowercase().as_str());
    has_form_of_field(key) && words(key).all(is_known)
}

/// Returns whether a key is an identifier of ASCII letters, such as `like_count` or `likeCount`. A name of a user can be one, too.
pub(super) fn has_form_of_field(key: &str) -> bool {
    key.len() <= NAME_BYTES
        && key.starts_with(|first: char| first.is_ascii_lowercase())
        && !key.ends_with('_')
        && !key.contains("__")
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Returns the words of a key: parts between underscores and capitals.
fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split('_').flat_map(|part| {
        let mut rest = part;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(_, letter)| letter.is_ascii_uppercase())
                .map_or(rest.len(), |(at, _)| at.max(first.len_utf8()));
            let (word, after) = rest.split_at(end);
            rest = after;
            Some(word)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{has_form_of_field, has_known_words};

    fn collect(json: &Value, keys: &mut BTreeSet<String>) {
        match json {
            Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
            Value::Object(entries) => {
                for (key, value) in entries {
                    keys.insert(key.clone());
                    collect(value, keys);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn the_fields_of_recorded_replies_have_known_words() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
        let mut keys = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|it| it == "json") {
                let text = std::fs::read_to_string(path).unwrap();
                collect(&serde_json::from_str(&text).unwrap(), &mut keys);
            }
        }
        keys.retain(|key| has_form_of_field(key) && key.len() > 1);
        assert!(keys.len() > 100, "{}", keys.len());
        for key in keys {
            assert!(has_known_words(&key), "{key}");
        }
    }

    #[test]
    fn names_of_people_ids_and_texts_have_none() {
        for key in ["like_count", "likeCount", "cacheUrlMd", "algorithm", "link"] {
            assert!(has_known_words(key), "{key}");
        }
        for key in [
            "",
            "alice",
            "alice_count",
            "countAlice",
            "video99",
            "s_68e4661",
            "user-abc",
            "user.name",
            "a@b.example",
            "like count",
            "_count",
            "count_",
            "like__count",
            "Count",
            "étoile",
            "sunset",
            &"count_".repeat(9).replace("count_count", "count"),
        ] {
            assert!(!has_known_words(key), "{key}");
        }
    }
}
