//! Digests of WARC records.

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Returns whether a digest as `sha1:BASE32` or `sha256:HEX` is that of the bytes; `None` if nobody can tell.
pub(super) fn is_of(stated: &str, bytes: &[u8]) -> Option<bool> {
    let (algorithm, value) = stated.trim().split_once(':')?;
    let value = value.trim();
    let own: Vec<u8> = match algorithm.trim().to_lowercase().replace('-', "").as_str() {
        "sha1" => <Sha1 as sha1::Digest>::digest(bytes).to_vec(),
        "sha256" => Sha256::digest(bytes).to_vec(),
        _ => return None,
    };
    let stated = match value.len() == 2 * own.len() {
        true => bits(value, "0123456789abcdef", 4),
        false => bits(value, "abcdefghijklmnopqrstuvwxyz234567", 5),
    }?;
    (stated.len() == own.len()).then(|| stated == own)
}

/// Returns the bytes of a text whose letters have so many bits each. Bits that are left over are padding.
fn bits(text: &str, alphabet: &str, each: u32) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut number) = (Vec::new(), 0, 0_u32);
    for letter in text.trim_end_matches('=').chars() {
        let value = alphabet.find(letter.to_ascii_lowercase())?;
        number = number << each | u32::try_from(value).ok()?;
        bits += each;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(number >> bits & 0xff).ok()?);
        }
        number &= (1 << bits) - 1;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn digests_are_base32_or_hexadecimal() {
        for (stated, of_abc) in [
            ("sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5", Some(true)),
            ("SHA-1:a9993e364706816aba3e25717850c26c9cd0d89d", Some(true)),
            ("sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE4", Some(false)),
            (
                "sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
                Some(true),
            ),
            (
                "sha256:XJ4BNP4PAHH6UQKBIDPF3LRCEOYAGYNDSYLXVHFUCD7WD4QACWWQ====",
                Some(true),
            ),
            ("md5:900150983cd24fb0d6963f7d28e17f72", None),
            ("sha1:abc", None),
            ("nothing", None),
        ] {
            assert_eq!(is_of(stated, b"abc"), of_abc, "{stated}");
        }
    }
}
