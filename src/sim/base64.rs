//! Base64 with the standard alphabet and padding, for cursors.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                let sextet = (word >> (18 - 6 * place)) & 63;
                text.push(char::from(ALPHABET[sextet as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let body = text.trim_end_matches('=');
    if text.len() - body.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(body.len() * 3 / 4);
    let (mut word, mut bits) = (0_u32, 0);
    for letter in body.bytes() {
        let sextet = ALPHABET.iter().position(|known| *known == letter)?;
        word = (word << 6) | u32::try_from(sextet).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn a_feed_cursor_of_the_vendor_decodes_to_its_json() {
        let cursor = "eyJjdXQiOiJuZjJfdG9wXzdkIiwibGltaXQiOjE1LCJvZmZzZXQiOjE1fQ==";
        let json = br#"{"cut":"nf2_top_7d","limit":15,"offset":15}"#;
        assert_eq!(decode(cursor).as_deref(), Some(json.as_slice()));
        assert_eq!(encode(json), cursor);
    }

    #[test]
    fn any_bytes_survive_encoding_and_decoding() {
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(151)).collect();
            assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
        assert_eq!(decode("abc"), None);
        assert_eq!(decode("ab!="), None);
    }
}
