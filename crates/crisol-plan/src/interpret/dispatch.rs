//! From a register type to the Rust type that its elements have: the same code written once for all of them.

/// Runs an expression with `$ty` as the Rust type of a register type.
macro_rules! with_type {
    ($type:expr, $ty:ident => $body:expr) => {
        match $type {
            Type::Mask => {
                type $ty = u8;
                $body
            }
            Type::I32 => {
                type $ty = i32;
                $body
            }
            Type::I64 => {
                type $ty = i64;
                $body
            }
            Type::F32 => {
                type $ty = f32;
                $body
            }
            Type::F64 => {
                type $ty = f64;
                $body
            }
        }
    };
}

/// The same for number types.
macro_rules! with_number {
    ($type:expr, $ty:ident => $body:expr) => {
        match $type {
            Type::Mask | Type::I32 => {
                type $ty = i32;
                $body
            }
            Type::I64 => {
                type $ty = i64;
                $body
            }
            Type::F32 => {
                type $ty = f32;
                $body
            }
            Type::F64 => {
                type $ty = f64;
                $body
            }
        }
    };
}

/// The same for floats; other types, which the verifier keeps away, do nothing.
macro_rules! with_float {
    ($type:expr, $ty:ident => $body:expr) => {
        match $type {
            Type::F32 => {
                type $ty = f32;
                $body
            }
            Type::F64 => {
                type $ty = f64;
                $body
            }
            _ => {}
        }
    };
}

/// The same for integers.
macro_rules! with_integer {
    ($type:expr, $ty:ident, $unsigned:ident => $body:expr) => {
        match $type {
            Type::I32 => {
                #[allow(unused)]
                type $ty = i32;
                #[allow(unused)]
                type $unsigned = u32;
                $body
            }
            Type::I64 => {
                #[allow(unused)]
                type $ty = i64;
                #[allow(unused)]
                type $unsigned = u64;
                $body
            }
            _ => {}
        }
    };
}
