//! Arrays that begin where cache lines do, as crisol's own do: a load of 64 bytes elsewhere touches two lines, and loops by hand
//! would be measured slower than they are.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line.
const LINE: usize = 64;

/// Numbers whose first one lies at the beginning of a cache line.
#[derive(Debug)]
pub struct Aligned {
    numbers: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// So many zeros.
    pub fn zeros(len: usize) -> Aligned {
        let numbers = vec![0.0; len + LINE / size_of::<f32>()];
        // In elements; where the address cannot be aligned, which no processor here does, it is as it is.
        let start = numbers.as_ptr().align_offset(LINE).min(numbers.len() - len);
        Aligned { numbers, start, len }
    }
}

impl From<&[f32]> for Aligned {
    fn from(numbers: &[f32]) -> Aligned {
        let mut aligned = Aligned::zeros(numbers.len());
        aligned.copy_from_slice(numbers);
        aligned
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.numbers[self.start..self.start + self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[self.start..self.start + self.len]
    }
}
