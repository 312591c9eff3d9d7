//! How values are held, for single elements and for vectors: types, constants, bits, and choices by mask.
//!
//! Masks are bytes of 0 or 1 for single elements; in vectors, lanes of all zeros or all ones as wide as the other values'.

use super::Lowering;
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::{self, ConstantData, Endianness, InstBuilder, MemFlagsData, Value, types};
use crisol_ir::kernel::Type;

impl Lowering<'_, '_> {
    /// A constant in all lanes.
    pub(super) fn constant(&mut self, ty: Type, bits: u64, lanes: usize) -> Value {
        if lanes == 1 {
            return match ty {
                Type::Mask => self.integer(types::I8, (bits & 1) as i64),
                Type::I32 => self.integer(types::I32, bits as u32 as i64),
                Type::I64 => self.integer(types::I64, bits as i64),
                Type::F32 => self.builder.ins().f32const(Ieee32::with_bits(bits as u32)),
                Type::F64 => self.builder.ins().f64const(Ieee64::with_bits(bits)),
            };
        }
        let bits = match ty {
            Type::Mask if bits & 1 != 0 => u64::MAX,
            Type::Mask => 0,
            _ => bits,
        };
        let ty = self.held(ty, lanes);
        self.vector(ty, bits)
    }

    /// A vector whose lanes all have the given bits.
    fn vector(&mut self, ty: ir::Type, bits: u64) -> Value {
        let size = ty.lane_type().bytes() as usize;
        let bytes: [u8; 16] = std::array::from_fn(|byte| bits.to_le_bytes()[byte % size]);
        // Zeros and ones are made without memory.
        let plain = bytes == [0; 16] || bytes == [255; 16];
        if !plain && let Some(value) = self.read_table(bytes, ty) {
            return value;
        }
        let data = self.builder.func.dfg.constants.insert(ConstantData::from(&bytes[..]));
        self.builder.ins().vconst(ty, data)
    }

    /// The bits of the lanes' signs, or all other ones.
    pub(super) fn sign_mask(&mut self, ty: ir::Type, signs: bool) -> Value {
        let sign = 1 << (ty.lane_bits() - 1);
        self.vector(ty, if signs { sign } else { !sign })
    }

    /// The second value where the mask holds, else the third.
    pub(super) fn choose(&mut self, mask: Value, a: Value, b: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(a);
        if ty.is_vector() {
            let mask = self.bitcast(ty, mask);
            // An arm of zeros needs one instruction for the three of a choice.
            if self.is_zeros(a) {
                return self.builder.ins().band_not(b, mask);
            }
            if self.is_zeros(b) {
                return self.builder.ins().band(a, mask);
            }
            self.builder.ins().bitselect(mask, a, b)
        } else {
            self.builder.ins().select(mask, a, b)
        }
    }

    /// Whether a vector is the constant of all zeros.
    fn is_zeros(&self, value: Value) -> bool {
        let dfg = &self.builder.func.dfg;
        let Some(instruction) = dfg.value_def(value).inst() else {
            return false;
        };
        match dfg.insts[instruction] {
            ir::InstructionData::UnaryConst { opcode: ir::Opcode::Vconst, constant_handle } => {
                dfg.constants.get(constant_handle).iter().all(|byte| *byte == 0)
            }
            _ => false,
        }
    }

    /// The same bits as another type.
    pub(super) fn bitcast(&mut self, ty: ir::Type, value: Value) -> Value {
        if self.builder.func.dfg.value_type(value) == ty {
            return value;
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.builder.ins().bitcast(ty, flags, value)
    }

    /// A lane's value in all lanes of a vector.
    pub(super) fn splat(&mut self, lane: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(lane);
        let vector = ty.by(self.lanes as u32).unwrap_or(ty);
        self.builder.ins().splat(vector, lane)
    }

    /// Bytes picked out of two vectors.
    pub(super) fn shuffle(&mut self, a: Value, b: Value, bytes: [u8; 16]) -> Value {
        let mask = self.builder.func.dfg.immediates.push(ConstantData::from(&bytes[..]));
        self.builder.ins().shuffle(a, b, mask)
    }

    /// 0 in the type that a value has.
    pub(super) fn zero_like(&mut self, value: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(value);
        if ty.is_vector() {
            let data = self.builder.func.dfg.constants.insert(ConstantData::from(vec![0; 16]));
            return self.builder.ins().vconst(ty, data);
        }
        match ty {
            types::F32 => self.builder.ins().f32const(Ieee32::with_bits(0)),
            types::F64 => self.builder.ins().f64const(Ieee64::with_bits(0)),
            _ => self.integer(ty, 0),
        }
    }

    /// The type in which values are held.
    pub(super) fn held(&self, ty: Type, lanes: usize) -> ir::Type {
        match (ty, lanes) {
            (Type::Mask, 1) => types::I8,
            (Type::I32, 1) => types::I32,
            (Type::I64, 1) => types::I64,
            (Type::F32, 1) => types::F32,
            (Type::F64, 1) => types::F64,
            (Type::Mask, 2) | (Type::I64, _) => types::I64X2,
            (Type::Mask | Type::I32, _) => types::I32X4,
            (Type::F32, _) => types::F32X4,
            (Type::F64, _) => types::F64X2,
        }
    }
}
