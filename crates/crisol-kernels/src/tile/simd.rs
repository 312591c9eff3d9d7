//! What the tile asks of vectors of one width and one element type.

use super::Tile;

/// Vectors of an instruction set.
///
/// # Safety of its functions
/// The processor must have the instructions. Lanes that a function is to read or write, all or the first ones that the mask
/// names, must be readable or writable; other lanes are not touched.
pub(super) trait Simd {
    type Element: Copy + Default + std::ops::AddAssign;
    type Vector: Copy;
    /// Names the first lanes of a vector.
    type Mask: Copy;

    const LANES: usize;
    /// The most rows of a tile: so many sums of two vectors leave registers for the operands.
    const ROWS: usize;

    /// The tile of `R` rows and `V` vectors, all of whose lanes are used if `WHOLE`: [`super::rows::rows`], compiled for the
    /// instruction set.
    unsafe fn tile<const R: usize, const V: usize, const WHOLE: bool>(tile: &Tile<'_, Self::Element>);

    /// [`super::rows::dots`], compiled for the instruction set.
    unsafe fn dots<const COUNT: usize>(
        many: [*const Self::Element; COUNT],
        one: *const Self::Element,
        length: usize,
    ) -> [Self::Element; COUNT];

    /// The mask of the first `lanes` lanes, at most all.
    unsafe fn mask(lanes: usize) -> Self::Mask;
    unsafe fn zero() -> Self::Vector;
    /// One element in every lane.
    unsafe fn splat(from: *const Self::Element) -> Self::Vector;
    unsafe fn load(from: *const Self::Element) -> Self::Vector;
    /// The lanes of the mask, zero in the others.
    unsafe fn load_some(mask: Self::Mask, from: *const Self::Element) -> Self::Vector;
    unsafe fn store(to: *mut Self::Element, vector: Self::Vector);
    unsafe fn store_some(to: *mut Self::Element, mask: Self::Mask, vector: Self::Vector);
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b + c`.
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
}
