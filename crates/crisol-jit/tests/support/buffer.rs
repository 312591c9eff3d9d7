//! Memory that kernels run on: blocks of which all bytes are compared, and pages around them that nobody may touch.

use super::{Random, same_nan};
use crisol_ir::DType;
use crisol_ir::kernel::Type;
use region::{Allocation, Protection};
use std::ops::Range;

/// Bytes before and after what a kernel may touch, compared with the rest: wider than any vector.
const GUARD: usize = 64;

/// A block of elements and how a kernel walks over it.
#[derive(Clone, Debug)]
pub struct Buffer {
    pub dtype: DType,
    /// Words, so that the first element is aligned for any type.
    words: Vec<u64>,
    /// The byte at which the walk begins.
    start: usize,
    /// The bytes from the lowest place of the walk to the highest.
    reach: Range<usize>,
    pub row_stride: isize,
    pub column_stride: isize,
}

impl Buffer {
    /// Room for `rows` x `columns` places, `skip` elements into an aligned block, filled from `seed`.
    pub fn new(dtype: DType, rows: usize, columns: usize, strides: (isize, isize), skip: usize, seed: u64) -> Buffer {
        let (mut low, mut high) = (0isize, 0isize);
        for (count, stride) in [(rows, strides.0), (columns, strides.1)] {
            let reach = stride * (count.max(1) as isize - 1);
            low += reach.min(0);
            high += reach.max(0);
        }
        let size = dtype.size();
        let start = GUARD + skip * size + low.unsigned_abs();
        let reach = start - low.unsigned_abs()..start + high as usize + size;
        let words = vec![0; (reach.end + GUARD).div_ceil(8)];
        let mut buffer = Buffer { dtype, words, start, reach, row_stride: strides.0, column_stride: strides.1 };
        let mut random = Random(seed);
        for element in 0..buffer.words.len() * 8 / size {
            let bits = random.element(Type::of(dtype));
            buffer.write(element * size, bits);
        }
        buffer
    }

    pub fn pointer(&mut self) -> *mut u8 {
        // SAFETY: `start` lies in the block.
        unsafe { self.words.as_mut_ptr().cast::<u8>().add(self.start) }
    }

    /// The bits of the element at a place, as a register holds them.
    pub(super) fn get(&self, row: usize, column: usize) -> u64 {
        self.read(self.place(row, column))
    }

    pub fn set(&mut self, row: usize, column: usize, bits: u64) {
        self.write(self.place(row, column), bits);
    }

    fn place(&self, row: usize, column: usize) -> usize {
        let offset = row as isize * self.row_stride + column as isize * self.column_stride;
        self.start.checked_add_signed(offset).unwrap()
    }

    fn read(&self, byte: usize) -> u64 {
        let word = |byte: usize| self.words[byte / 8] >> (byte % 8 * 8);
        match self.dtype.size() {
            1 => word(byte) & 0xff,
            2 => word(byte) & 0xffff,
            4 => word(byte) & 0xffff_ffff,
            _ => word(byte),
        }
    }

    fn write(&mut self, byte: usize, bits: u64) {
        let mask = match self.dtype.size() {
            1 => 0xff,
            2 => 0xffff,
            4 => 0xffff_ffff,
            _ => u64::MAX,
        };
        let shift = byte % 8 * 8;
        let word = &mut self.words[byte / 8];
        *word = *word & !(mask << shift) | (bits & mask) << shift;
    }

    /// Runs `body` on a pointer to where the walk begins in a copy between pages that nobody may touch: right before the one
    /// behind, or right behind the one before. What `body` has written is copied back.
    pub fn fenced<T>(&mut self, at_end: bool, body: impl FnOnce(*mut u8) -> T) -> T {
        let fence = Fence::new(self.reach.len(), at_end);
        let (from, length) = (self.reach.start, self.reach.len());
        // SAFETY: both blocks have as many bytes from there on.
        unsafe { fence.data.copy_from(self.words.as_ptr().cast::<u8>().add(from), length) };
        let start = fence.data.wrapping_add(self.start - from);
        let result = body(start);
        // SAFETY: as before.
        unsafe { self.words.as_mut_ptr().cast::<u8>().add(from).copy_from(fence.data, length) };
        result
    }

    /// All elements of the block, NaNs made equal.
    pub fn elements(&self) -> Vec<u64> {
        let elements = (0..self.words.len() * 8).step_by(self.dtype.size());
        elements.map(|byte| same_nan(Type::of(self.dtype), self.read(byte))).collect()
    }
}

/// Bytes at the end or the beginning of some pages, with a page before and one behind that nobody may touch.
struct Fence {
    data: *mut u8,
    _pages: Allocation,
}

impl Fence {
    fn new(bytes: usize, at_end: bool) -> Fence {
        let page = region::page::size();
        let inner = bytes.next_multiple_of(page);
        let mut pages = region::alloc(inner + 2 * page, Protection::READ_WRITE).unwrap();
        let first = pages.as_mut_ptr::<u8>();
        for outer in [first, first.wrapping_add(page + inner)] {
            // SAFETY: a page of the allocation, which nothing points into.
            unsafe { region::protect(outer, page, Protection::NONE).unwrap() };
        }
        let data = first.wrapping_add(page + if at_end { inner - bytes } else { 0 });
        Fence { data, _pages: pages }
    }
}
