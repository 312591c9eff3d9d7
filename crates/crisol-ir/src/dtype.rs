//! Element types of tensors, and the Rust types that stand for them.

use std::fmt;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DType {
    /// Truth values, one byte each: 0 or 1.
    Bool,
    /// Unsigned bytes, as in decoded images.
    U8,
    /// 32-bit signed integers.
    I32,
    /// 64-bit signed integers.
    I64,
    /// Sixteen bits with the exponent of single precision and 8 bits of mantissa: for storage, cast before computing.
    BF16,
    /// Half precision, up to 65504 with 11 bits of mantissa: for storage, cast before computing.
    F16,
    /// Single precision, the default of layers.
    F32,
    /// Double precision, used to check gradients.
    F64,
}

impl DType {
    /// Every element type, narrowest first.
    pub const ALL: [DType; 8] =
        [DType::Bool, DType::U8, DType::I32, DType::I64, DType::BF16, DType::F16, DType::F32, DType::F64];

    /// Bytes an element takes.
    pub const fn size(self) -> usize {
        match self {
            DType::Bool | DType::U8 => 1,
            DType::BF16 | DType::F16 => 2,
            DType::I32 | DType::F32 => 4,
            DType::I64 | DType::F64 => 8,
        }
    }

    /// Whether the type is a floating point one; only these carry gradients.
    pub const fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64) || self.is_half()
    }

    /// Whether the type is a floating point one of sixteen bits, which is stored and cast but not computed with.
    pub const fn is_half(self) -> bool {
        matches!(self, DType::BF16 | DType::F16)
    }

    /// Whether the type is an integer one (truth values are not).
    pub const fn is_integer(self) -> bool {
        matches!(self, DType::U8 | DType::I32 | DType::I64)
    }

    /// The name NumPy uses: `"float32"`.
    pub const fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::U8 => "uint8",
            DType::I32 => "int32",
            DType::I64 => "int64",
            DType::BF16 => "bfloat16",
            DType::F16 => "float16",
            DType::F32 => "float32",
            DType::F64 => "float64",
        }
    }

    /// The type with the given NumPy name.
    pub fn from_name(name: &str) -> Option<DType> {
        DType::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// The type whose `dtype as u8` is `code`: how attributes carry a type.
    pub fn from_code(code: i64) -> Option<DType> {
        DType::ALL.into_iter().find(|dtype| *dtype as i64 == code)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A Rust type that can be a tensor's element: one for each [`DType`], and no others, for memory is read as what it says.
///
/// ```compile_fail,E0277
/// #[derive(Clone, Copy, PartialEq, Debug, Default)]
/// struct Pair([f32; 2]);
/// impl crisol_ir::Element for Pair {
///     const DTYPE: crisol_ir::DType = crisol_ir::DType::F32;
/// }
/// ```
pub trait Element: sealed::Sealed + Copy + Send + Sync + PartialEq + fmt::Debug + Default + 'static {
    /// The element type it stands for.
    const DTYPE: DType;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! element {
    ($($ty:ty => $dtype:ident),*) => {$(
        impl sealed::Sealed for $ty {}
        impl Element for $ty {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}
element! {
    bool => Bool, u8 => U8, i32 => I32, i64 => I64, half::bf16 => BF16, half::f16 => F16, f32 => F32, f64 => F64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_lead_back_to_their_type() {
        for dtype in DType::ALL {
            assert_eq!(DType::from_name(dtype.name()), Some(dtype));
            assert_eq!(DType::from_code(dtype as i64), Some(dtype));
        }
        assert_eq!(DType::from_name("float8"), None);
        assert_eq!(DType::from_code(-1), None);
    }
}
