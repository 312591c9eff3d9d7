//! Philox4x32-10, the counter-based generator behind every random number: a function of key and position, without state.

/// Four random words from a counter and a key.
///
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (2011).
///
/// ```
/// assert_eq!(crisol_ops::philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        let product0 = u64::from(c0) * 0xd251_1f53;
        let product1 = u64::from(c2) * 0xcd9e_8d57;
        let high = |product: u64| (product >> 32) as u32;
        (c0, c1, c2, c3) = (high(product1) ^ c1 ^ k0, product1 as u32, high(product0) ^ c3 ^ k1, product0 as u32);
        k0 = k0.wrapping_add(0x9e37_79b9);
        k1 = k1.wrapping_add(0xbb67_ae85);
    }
    [c0, c1, c2, c3]
}

/// The words of the element at row-major `position` under key words as they stand in a tensor.
pub(crate) fn words(position: usize, k0: i32, k1: i32) -> [u32; 4] {
    let position = position as u64;
    philox([position as u32, (position >> 32) as u32, 0, 0], [k0 as u32, k1 as u32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // From the authors' own test vectors.
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }
}
