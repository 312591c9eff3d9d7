//! The order of elements: places along an axis, stable, NaN above all numbers.

use crate::error::{GeometryError, check_length, checked_product};
use crate::pool::parallel_for;
use crate::shared::SharedSlice;

/// What is ordered: lanes along the middle axis of `[outer, size, inner]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// Sizes before the axis.
    pub outer: usize,
    /// Elements of a lane.
    pub size: usize,
    /// Sizes behind the axis.
    pub inner: usize,
    /// Places given of each lane, from the first.
    pub count: usize,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// Types with an order: floats, in which subnormal numbers count as zero and NaN as larger than all, and integers.
pub trait Ordered: private::Sealed + Copy + Send + Sync {
    /// An element as an unsigned number with the same order.
    type Key: private::Packed;
    /// The number.
    fn key(self) -> Self::Key;
}

mod private {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for i32 {}
    impl Sealed for i64 {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}

    /// A key together with a place, in an order by keys first.
    pub trait Packed: Copy + std::ops::Not<Output = Self> {
        type Pair: Ord + Copy;
        fn pack(self, place: u32) -> Self::Pair;
        fn place(pair: Self::Pair) -> u32;
    }

    impl Packed for u32 {
        type Pair = u64;
        #[inline(always)]
        fn pack(self, place: u32) -> u64 {
            u64::from(self) << 32 | u64::from(place)
        }
        #[inline(always)]
        fn place(pair: u64) -> u32 {
            pair as u32
        }
    }

    impl Packed for u64 {
        type Pair = (u64, u32);
        #[inline(always)]
        fn pack(self, place: u32) -> (u64, u32) {
            (self, place)
        }
        #[inline(always)]
        fn place(pair: (u64, u32)) -> u32 {
            pair.1
        }
    }
}

use private::Packed;

impl Ordered for u8 {
    type Key = u32;
    #[inline(always)]
    fn key(self) -> u32 {
        self.into()
    }
}

impl Ordered for i32 {
    type Key = u32;
    #[inline(always)]
    fn key(self) -> u32 {
        self as u32 ^ 1 << 31
    }
}

impl Ordered for i64 {
    type Key = u64;
    #[inline(always)]
    fn key(self) -> u64 {
        self as u64 ^ 1 << 63
    }
}

macro_rules! float {
    ($ty:ident, $bits:ident) => {
        impl Ordered for $ty {
            type Key = $bits;
            #[inline(always)]
            fn key(self) -> $bits {
                const SIGN: $bits = 1 << ($bits::BITS - 1);
                if self.is_nan() {
                    return $bits::MAX;
                }
                let bits = if self.abs() < $ty::MIN_POSITIVE { 0 } else { self.to_bits() };
                // Positive numbers come after negative ones, and these in reverse.
                if bits & SIGN == 0 { bits | SIGN } else { !bits }
            }
        }
    };
}
float!(f32, u32);
float!(f64, u64);

/// The places of the elements of each lane in their order: `out` is `[outer, count, inner]`. Equal elements keep their
/// order.
///
/// # Errors
/// When a slice has another length than the sizes say, more places are asked for than a lane has, or a lane is longer
/// than `i32` counts.
///
/// ```
/// use crisol_kernels::{Order, argsort};
///
/// let largest = Order { outer: 1, size: 4, inner: 1, count: 2, descending: true };
/// let mut out = [0; 2];
/// argsort(&largest, &[1.0_f32, 7.0, f32::NAN, 7.0], &mut out)?;
/// assert_eq!(out, [2, 1]);
/// # Ok::<(), crisol_kernels::GeometryError>(())
/// ```
pub fn argsort<T: Ordered>(order: &Order, x: &[T], out: &mut [i32]) -> Result<(), GeometryError> {
    /// Elements worth waking someone for.
    const BLOCK: usize = 2 << 10;
    let Order { outer, size, inner, count, descending } = *order;
    check_length("x", x.len(), checked_product("x", &[outer, size, inner])?)?;
    check_length("out", out.len(), checked_product("out", &[outer, count, inner])?)?;
    if count > size || i32::try_from(size).is_err() {
        return Err(GeometryError::new(format!("{count} places of lanes of {size}")));
    }
    if out.is_empty() {
        return Ok(());
    }
    let lanes = outer * inner;
    let group = BLOCK.div_ceil(size);
    let shared = SharedSlice::new(out);
    parallel_for(lanes.div_ceil(group), &|chunk| {
        let mut pairs = Vec::with_capacity(size);
        for lane in chunk * group..((chunk + 1) * group).min(lanes) {
            let (o, i) = (lane / inner, lane % inner);
            let elements = x[o * size * inner + i..].iter().step_by(inner).take(size);
            pairs.clear();
            pairs.extend(elements.zip(0..).map(|(&element, place)| {
                let key = element.key();
                if descending { !key } else { key }.pack(place)
            }));
            // Places make all pairs different, so that the order is the stable one.
            if count < size {
                pairs.select_nth_unstable(count - 1);
            }
            pairs[..count].sort_unstable();
            for (place, &pair) in pairs[..count].iter().enumerate() {
                let at = (o * count + place) * inner + i;
                // SAFETY: each lane's places belong to one chunk.
                unsafe { *shared.pointer(at) = <T::Key as Packed>::place(pair) as i32 };
            }
        }
    });
    Ok(())
}
