//! A hash wide enough to stand for what was hashed.

use std::hash::Hasher;

/// Hashes into 128 bits: two things with the same fingerprint are taken to be the same. Holds within one run only.
#[derive(Debug, Clone, Copy)]
pub struct Fingerprint {
    one: u64,
    other: u64,
}

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint { one: 0x243f_6a88_85a3_08d3, other: 0x1319_8a2e_0370_7344 }
    }
}

/// Both halves of a product, folded into one: every bit of the input reaches every bit of the result.
#[inline]
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

impl Fingerprint {
    pub fn wide(&self) -> u128 {
        u128::from(fold(self.one, 0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(fold(self.other, 0xd6e8_feb8_6659_fd93))
    }
}

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.one ^ self.other
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.one = fold(self.one ^ word, 0xa409_3822_299f_31d1);
        self.other = fold(self.other.rotate_left(23) ^ word, 0x082e_fa98_ec4e_6c89);
    }

    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.write_u64(u64::from_le_bytes(*chunk));
        }
        let mut last = [0; 8];
        for (to, byte) in last.iter_mut().zip(rest) {
            *to = *byte;
        }
        // The last byte is free: there are at most seven.
        self.write_u64(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56 ^ bytes.len() as u64 >> 8);
    }

    #[inline]
    fn write_u8(&mut self, word: u8) {
        self.write_u64(word.into());
    }

    fn write_u16(&mut self, word: u16) {
        self.write_u64(word.into());
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}
