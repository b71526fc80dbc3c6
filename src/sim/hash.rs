//! A fixed hash, so that the fate of a request depends only on the request and not on time.

/// Hashes strings to 64 bits, identically on every machine and in every version.
pub(super) fn hash(seed: u64, parts: &[&str]) -> u64 {
    let mut state = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
    for part in parts {
        for byte in part.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        state = mix(state ^ 0xff51);
    }
    mix(state)
}

/// Maps a hash to a number in `0.0..1.0`.
pub(super) fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// Returns `digits` hexadecimal digits that depend only on the seed and the parts.
pub(super) fn hex(seed: u64, parts: &[&str], digits: usize) -> String {
    let mut state = hash(seed, parts);
    let mut text = String::with_capacity(64);
    while text.len() < digits {
        text.push_str(&format!("{state:016x}"));
        state = mix(state);
    }
    text.truncate(digits);
    text
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (value ^ (value >> 31)).wrapping_add(0x9e37_79b9_7f4a_7c15)
}
