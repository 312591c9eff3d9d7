//! Blocks of register values and the instructions over them.

use super::BLOCK;
use super::arithmetic::{Fused, Number};
use crisol_ir::DType;
use crisol_ir::kernel::{Binary, Comparison, Instruction, Type, Unary};

/// The values of one register for a block of elements.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Block([u64; BLOCK]);

impl Block {
    pub(super) const ZERO: Block = Block([0; BLOCK]);
}

/// The blocks of a running kernel. Masks are held as bytes of 0 and 1.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    blocks: *mut Block,
}

/// Where an operand stands, and its type.
pub(super) type Operand = (u32, Type);

/// `$out[i] = $body` with the operands' elements bound to names.
macro_rules! each {
    ($frame:ident, $count:ident, $to:ident: $out:ty, ($($name:ident: $ty:ty = $slot:expr),*) => $body:expr) => {{
        let out = $frame.write::<$out>($to, $count);
        $(let $name = &$frame.read::<$ty>($slot, $count)[..$count];)*
        for i in 0..$count {
            $(let $name = $name[i];)*
            out[i] = $body;
        }
    }};
}

impl Frame {
    pub(super) fn new(blocks: &mut [Block]) -> Frame {
        Frame { blocks: blocks.as_mut_ptr() }
    }

    /// The values of a slot.
    ///
    /// # Safety
    /// The slot exists, was written as this type, and is not being written; `count` is at most [`BLOCK`].
    #[inline(always)]
    pub(super) unsafe fn read<'a, T>(self, slot: u32, count: usize) -> &'a [T] {
        debug_assert!(count <= BLOCK && size_of::<T>() <= 8);
        // SAFETY: inside the block, whose bytes are all defined, by the caller's promise.
        unsafe { std::slice::from_raw_parts(self.blocks.add(slot as usize).cast(), count) }
    }

    /// The values of a slot, to be written.
    ///
    /// # Safety
    /// The slot exists and nothing else refers to it meanwhile; `count` is at most [`BLOCK`].
    #[inline(always)]
    unsafe fn write<'a, T>(self, slot: u32, count: usize) -> &'a mut [T] {
        debug_assert!(count <= BLOCK && size_of::<T>() <= 8);
        // SAFETY: as above, and exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.blocks.add(slot as usize).cast(), count) }
    }

    /// Sets a whole slot to a constant.
    ///
    /// # Safety
    /// The slot exists.
    pub(super) unsafe fn fill(self, to: u32, ty: Type, bits: u64) {
        // SAFETY: the caller's promise.
        unsafe {
            match ty {
                Type::Mask => self.write::<u8>(to, BLOCK).fill(u8::from(bits != 0)),
                Type::I32 | Type::F32 => self.write::<u32>(to, BLOCK).fill(bits as u32),
                Type::I64 | Type::F64 => self.write::<u64>(to, BLOCK).fill(bits),
            }
        }
    }

    /// Loads elements that lie `stride` bytes apart.
    ///
    /// # Safety
    /// The slot exists; the elements are readable.
    #[inline(never)]
    pub(super) unsafe fn load(self, to: u32, dtype: DType, from: *const u8, stride: isize, count: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match dtype {
                DType::Bool => self.load_as::<u8, u8>(to, from, stride, count, |x| x),
                DType::U8 => self.load_as::<u8, i32>(to, from, stride, count, i32::from),
                DType::BF16 | DType::F16 => self.load_as::<u16, i32>(to, from, stride, count, i32::from),
                DType::I32 => self.load_as::<i32, i32>(to, from, stride, count, |x| x),
                DType::I64 => self.load_as::<i64, i64>(to, from, stride, count, |x| x),
                DType::F32 => self.load_as::<u32, u32>(to, from, stride, count, |x| x),
                DType::F64 => self.load_as::<u64, u64>(to, from, stride, count, |x| x),
            }
        }
    }

    #[inline(always)]
    unsafe fn load_as<M: Copy, R: Copy>(
        self,
        to: u32,
        from: *const u8,
        stride: isize,
        count: usize,
        widen: impl Fn(M) -> R,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let out = self.write::<R>(to, count);
            if stride == size_of::<M>() as isize {
                let from = std::slice::from_raw_parts(from.cast::<M>(), count);
                for (out, &value) in out.iter_mut().zip(from) {
                    *out = widen(value);
                }
            } else if stride == 0 {
                if count > 0 {
                    out.fill(widen(*from.cast::<M>()));
                }
            } else {
                for (index, out) in out.iter_mut().enumerate() {
                    *out = widen(*from.offset(index as isize * stride).cast::<M>());
                }
            }
        }
    }

    /// Stores elements `stride` bytes apart.
    ///
    /// # Safety
    /// The slot holds `count` values of the type; the elements are writable.
    #[inline(never)]
    pub(super) unsafe fn store(self, slot: u32, dtype: DType, to: *mut u8, stride: isize, count: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match dtype {
                DType::Bool => self.store_as::<u8, u8>(slot, to, stride, count, |x| x),
                DType::U8 => self.store_as::<i32, u8>(slot, to, stride, count, |x| x as u8),
                DType::BF16 | DType::F16 => self.store_as::<i32, u16>(slot, to, stride, count, |x| x as u16),
                DType::I32 | DType::F32 => self.store_as::<u32, u32>(slot, to, stride, count, |x| x),
                DType::I64 | DType::F64 => self.store_as::<u64, u64>(slot, to, stride, count, |x| x),
            }
        }
    }

    #[inline(always)]
    unsafe fn store_as<R: Copy, M: Copy>(
        self,
        slot: u32,
        to: *mut u8,
        stride: isize,
        count: usize,
        narrow: impl Fn(R) -> M,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let values = self.read::<R>(slot, count);
            if stride == size_of::<M>() as isize {
                let to = std::slice::from_raw_parts_mut(to.cast::<M>(), count);
                for (to, &value) in to.iter_mut().zip(values) {
                    *to = narrow(value);
                }
            } else {
                for (index, &value) in values.iter().enumerate() {
                    *to.offset(index as isize * stride).cast::<M>() = narrow(value);
                }
            }
        }
    }

    /// Writes halves of position numbers.
    ///
    /// # Safety
    /// The slot exists.
    pub(super) unsafe fn position(self, to: u32, start: u64, step: u64, high: bool, count: usize) {
        let shift = if high { 32 } else { 0 };
        // SAFETY: the caller's promise.
        let out = unsafe { self.write::<u32>(to, count) };
        for (index, out) in out.iter_mut().enumerate() {
            *out = (start.wrapping_add((index as u64).wrapping_mul(step)) >> shift) as u32;
        }
    }

    /// Runs an instruction on operands. The functions that it calls stay functions: as one with it and with what calls it, their some 200 loops
    /// take twice as long to compile.
    ///
    /// # Safety
    /// All slots exist, the operands hold `count` values of their types, and the result's slot is none of theirs.
    #[inline(never)]
    #[allow(clippy::useless_conversion)] // of doubles, in code written for floats of both kinds
    pub(super) unsafe fn execute(self, instruction: &Instruction, to: u32, from: [Operand; 3], count: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match *instruction {
                Instruction::Unary(operation, _) => self.unary(operation, to, from[0], count),
                Instruction::Binary(operation, ..) => self.binary(operation, to, from, count),
                Instruction::MultiplyAdd(..) => with_float!(from[0].1, T => {
                    let out = self.write::<T>(to, count);
                    let [a, b, c] = from.map(|(slot, _)| self.read::<T>(slot, count));
                    <T as Fused>::multiply_add(out, a, b, c);
                }),
                Instruction::Compare(comparison, ..) => self.compare(comparison, to, from, count),
                Instruction::Select(..) => with_type!(from[1].1, T => {
                    each!(self, count, to: T, (m: u8 = from[0].0, a: T = from[1].0, b: T = from[2].0) => {
                        if m != 0 { a } else { b }
                    });
                }),
                Instruction::Convert(_, ty) => self.convert(to, ty, from[0], count),
                Instruction::Bits(..) => match from[0].1 {
                    Type::I64 | Type::F64 => each!(self, count, to: u64, (x: u64 = from[0].0) => x),
                    _ => each!(self, count, to: u32, (x: u32 = from[0].0) => x),
                },
                Instruction::Call(function, _) => {
                    each!(self, count, to: f64, (x: f64 = from[0].0) => function.apply(x));
                }
                Instruction::CallBinary(function, ..) => {
                    each!(self, count, to: f64, (a: f64 = from[0].0, b: f64 = from[1].0) => function.apply(a, b));
                }
                Instruction::CallWhere(function, ..) => with_float!(from[1].1, T => {
                    each!(self, count, to: T, (m: u8 = from[0].0, x: T = from[1].0, y: T = from[2].0) => {
                        if m != 0 { function.apply(f64::from(x)) as T } else { y }
                    });
                }),
                // Written by the caller, who knows the arguments and the place.
                Instruction::Load(_) | Instruction::Constant(..) | Instruction::Position { .. } => {}
            }
        }
    }

    #[inline(never)]
    unsafe fn unary(self, operation: Unary, to: u32, (x, ty): Operand, count: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match operation {
                Unary::Negate => match ty {
                    Type::F32 => each!(self, count, to: f32, (x: f32 = x) => -x),
                    Type::F64 => each!(self, count, to: f64, (x: f64 = x) => -x),
                    Type::I64 => each!(self, count, to: i64, (x: i64 = x) => x.wrapping_neg()),
                    _ => each!(self, count, to: i32, (x: i32 = x) => x.wrapping_neg()),
                },
                Unary::Not => match ty {
                    Type::Mask => each!(self, count, to: u8, (x: u8 = x) => x ^ 1),
                    Type::I64 => each!(self, count, to: i64, (x: i64 = x) => !x),
                    _ => each!(self, count, to: i32, (x: i32 = x) => !x),
                },
                Unary::Absolute => with_float!(ty, T => each!(self, count, to: T, (x: T = x) => x.abs())),
                Unary::SquareRoot => with_float!(ty, T => each!(self, count, to: T, (x: T = x) => x.sqrt())),
                Unary::Floor => {
                    with_float!(ty, T => each!(self, count, to: T, (x: T = x) => x.flushed().floor()));
                }
                Unary::Ceil => {
                    with_float!(ty, T => each!(self, count, to: T, (x: T = x) => x.flushed().ceil()));
                }
                Unary::Round => {
                    with_float!(ty, T => each!(self, count, to: T, (x: T = x) => x.flushed().round_ties_even()));
                }
            }
        }
    }

    #[inline(never)]
    unsafe fn binary(self, operation: Binary, to: u32, from: [Operand; 3], count: usize) {
        let [(a, ty), (b, _), _] = from;
        // SAFETY: the caller's promise.
        unsafe {
            match operation {
                Binary::Add => {
                    with_number!(ty, T => each!(self, count, to: T, (a: T = a, b: T = b) => a.plus(b)));
                }
                Binary::Subtract => {
                    with_number!(ty, T => each!(self, count, to: T, (a: T = a, b: T = b) => a.minus(b)));
                }
                Binary::Multiply => {
                    with_number!(ty, T => each!(self, count, to: T, (a: T = a, b: T = b) => a.times(b)));
                }
                Binary::Divide => {
                    with_number!(ty, T => each!(self, count, to: T, (a: T = a, b: T = b) => a.over(b)));
                }
                Binary::Minimum => {
                    with_number!(ty, T => each!(self, count, to: T, (a: T = a, b: T = b) => if a < b { a } else { b }));
                }
                Binary::Maximum => {
                    with_number!(ty, T => each!(self, count, to: T, (a: T = a, b: T = b) => if a > b { a } else { b }));
                }
                Binary::And => self.bitwise(to, ty, (a, b), count, |a, b| a & b),
                Binary::Or => self.bitwise(to, ty, (a, b), count, |a, b| a | b),
                Binary::Xor => self.bitwise(to, ty, (a, b), count, |a, b| a ^ b),
                Binary::ShiftLeft => with_integer!(ty, T, U => {
                    each!(self, count, to: T, (a: T = a, b: T = b) => a.wrapping_shl(b as u32));
                }),
                Binary::ShiftRightSigned => with_integer!(ty, T, U => {
                    each!(self, count, to: T, (a: T = a, b: T = b) => a.wrapping_shr(b as u32));
                }),
                Binary::ShiftRightUnsigned => with_integer!(ty, T, U => {
                    each!(self, count, to: U, (a: U = a, b: U = b) => a.wrapping_shr(b as u32));
                }),
                Binary::MultiplyHighUnsigned => {
                    each!(self, count, to: u32, (a: u32 = a, b: u32 = b) => ((u64::from(a) * u64::from(b)) >> 32) as u32);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn bitwise(self, to: u32, ty: Type, (a, b): (u32, u32), count: usize, apply: impl Fn(u64, u64) -> u64) {
        // SAFETY: the caller's promise.
        unsafe {
            match ty {
                Type::Mask => {
                    each!(self, count, to: u8, (a: u8 = a, b: u8 = b) => apply(a.into(), b.into()) as u8);
                }
                Type::I64 | Type::F64 => each!(self, count, to: u64, (a: u64 = a, b: u64 = b) => apply(a, b)),
                Type::I32 | Type::F32 => {
                    each!(self, count, to: u32, (a: u32 = a, b: u32 = b) => apply(a.into(), b.into()) as u32);
                }
            }
        }
    }

    #[inline(never)]
    unsafe fn compare(self, comparison: Comparison, to: u32, from: [Operand; 3], count: usize) {
        let [(a, ty), (b, _), _] = from;
        // SAFETY: the caller's promise.
        unsafe {
            with_number!(ty, T => match comparison {
                Comparison::Equal => each!(self, count, to: u8, (a: T = a, b: T = b) => u8::from(a == b)),
                Comparison::NotEqual => each!(self, count, to: u8, (a: T = a, b: T = b) => u8::from(a != b)),
                Comparison::Less => each!(self, count, to: u8, (a: T = a, b: T = b) => u8::from(a < b)),
                Comparison::LessEqual => each!(self, count, to: u8, (a: T = a, b: T = b) => u8::from(a <= b)),
                Comparison::Greater => each!(self, count, to: u8, (a: T = a, b: T = b) => u8::from(a > b)),
                Comparison::GreaterEqual => each!(self, count, to: u8, (a: T = a, b: T = b) => u8::from(a >= b)),
            });
        }
    }

    #[inline(never)]
    unsafe fn convert(self, to: u32, ty: Type, (x, from): Operand, count: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match ty {
                Type::Mask => with_type!(from, F => {
                    each!(self, count, to: u8, (x: F = x) => u8::from(x != (0 as F)));
                }),
                Type::I32 => with_type!(from, F => each!(self, count, to: i32, (x: F = x) => x as i32)),
                Type::I64 => with_type!(from, F => each!(self, count, to: i64, (x: F = x) => x as i64)),
                Type::F32 => with_type!(from, F => each!(self, count, to: f32, (x: F = x) => x as f32)),
                Type::F64 => with_type!(from, F => each!(self, count, to: f64, (x: F = x) => x as f64)),
            }
        }
    }
}
