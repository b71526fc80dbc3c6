//! A gzip body that is small on the wire and large in memory.

use std::sync::OnceLock;

/// Number of DEFLATE matches in the bomb; each copies 258 bytes.
const COPIES: usize = 1_040_448;

/// Returns 256 MB of spaces, compressed to 1.7 MB. The checksum is wrong: a client must stop reading before it.
pub(super) fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| {
        let mut bits = Bits {
            bytes: vec![31, 139, 8, 0, 0, 0, 0, 0, 0, 255],
            word: 0,
            count: 0,
        };
        // One final block with the fixed Huffman codes of RFC 1951, section 3.2.6.
        bits.put(0b1, 1);
        bits.put(0b01, 2);
        bits.code(0x30 + u32::from(b' '), 8);
        for _ in 0..COPIES {
            // Length 258 has code 285, and distance 1 has code 0.
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
    /// Appends a number, least significant bit first.
    fn put(&mut self, value: u32, length: u32) {
        self.word |= value << self.count;
        self.count += length;
        while self.count >= 8 {
            self.bytes.push((self.word & 255) as u8);
            self.word >>= 8;
            self.count -= 8;
        }
    }

    /// Appends a Huffman code, most significant bit first.
    fn code(&mut self, code: u32, length: u32) {
        for bit in (0..length).rev() {
            self.put((code >> bit) & 1, 1);
        }
    }
}
