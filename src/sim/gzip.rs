//! A gzip body that is small on the wire and large in memory.

use std::sync::OnceLock;

/// Copies of the 258 bytes before, so often.
const COPIES: usize = 1_040_448;

/// 256 MB of spaces in 1.7 MB. The check sum at its end is wrong: nobody should come that far.
pub(super) fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| {
        let mut bits = Bits {
            bytes: vec![31, 139, 8, 0, 0, 0, 0, 0, 0, 255],
            word: 0,
            count: 0,
        };
        // The last block, with the fixed codes of RFC 1951, 3.2.6.
        bits.put(0b1, 1);
        bits.put(0b01, 2);
        bits.code(0x30 + u32::from(b' '), 8);
        for _ in 0..COPIES {
            // Length 258 has code 285 and distance 1 code 0.
            bits.code(0b1100_0101, 8);
            bits.code(0, 5);
        }
        bits.code(0, 7);
        bits.put(0, 7);
        let mut bytes = bits.bytes;
        bytes.extend([0; 4]);
        bytes.extend(u32::try_from(COPIES * 258 + 1).unwrap_or(0).to_le_bytes());
        bytes
    })
}

struct Bits {
    bytes: Vec<u8>,
    word: u32,
    count: u32,
}

impl Bits {
    /// Numbers go out from their lowest bit.
    fn put(&mut self, value: u32, length: u32) {
        self.word |= value << self.count;
        self.count += length;
        while self.count >= 8 {
            self.bytes.push((self.word & 255) as u8);
            self.word >>= 8;
            self.count -= 8;
        }
    }

    /// Codes go out from their highest bit.
    fn code(&mut self, code: u32, length: u32) {
        for bit in (0..length).rev() {
            self.put((code >> bit) & 1, 1);
        }
    }
}
