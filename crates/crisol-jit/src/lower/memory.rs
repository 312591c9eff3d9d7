//! Elements between memory and registers: contiguous vectors, lanes gathered and scattered, bytes widened and cut.

use super::{Lowering, Row};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, Value, types};
use crisol_ir::DType;

/// Elements are valid memory, but a vector need not lie at a multiple of its size.
const FLAGS: MemFlagsData = MemFlagsData::new().with_notrap();

impl Lowering<'_, '_> {
    /// Loads the elements of an argument at `column` and the `lanes - 1` columns after it.
    pub(super) fn load_at(&mut self, row: &Row, argument: usize, dtype: DType, lanes: usize, column: Value) -> Value {
        let address = self.address(row, argument, dtype, column);
        match (lanes, row.strides[argument]) {
            (1, _) => self.load_element(dtype, address),
            (_, None) => self.load_vector(dtype, address),
            (_, Some(stride)) => self.gather(dtype, address, stride),
        }
    }

    /// Stores what [`Lowering::load_at`] would load.
    pub(super) fn store_at(
        &mut self,
        row: &Row,
        argument: usize,
        dtype: DType,
        lanes: usize,
        column: Value,
        value: Value,
    ) {
        let address = self.address(row, argument, dtype, column);
        match (lanes, row.strides[argument]) {
            (1, _) => self.store_element(dtype, address, value),
            (_, None) => self.store_vector(dtype, address, value),
            (_, Some(stride)) => self.scatter(dtype, address, stride, value),
        }
    }

    /// Loads one element; a mask is a byte of 0 or 1.
    pub(super) fn load_element(&mut self, dtype: DType, address: Value) -> Value {
        let element = self.load_lane(dtype, types::I8, address);
        if dtype == DType::Bool { self.is_not_zero(element) } else { element }
    }

    /// Stores one element.
    pub(super) fn store_element(&mut self, dtype: DType, address: Value, value: Value) {
        match dtype {
            DType::U8 => {
                self.builder.ins().istore8(FLAGS, value, address, 0);
            }
            DType::BF16 | DType::F16 => {
                self.builder.ins().istore16(FLAGS, value, address, 0);
            }
            _ => {
                self.builder.ins().store(FLAGS, value, address, 0);
            }
        }
    }

    /// Loads one element into all lanes.
    pub(super) fn load_everywhere(&mut self, dtype: DType, address: Value) -> Value {
        let lane = self.load_lane(dtype, self.mask_lane(), address);
        let vector = self.splat(lane);
        if dtype == DType::Bool { self.is_not_zero(vector) } else { vector }
    }

    /// The address of an argument's element at `column`.
    fn address(&mut self, row: &Row, argument: usize, dtype: DType, column: Value) -> Value {
        let offset = match row.strides[argument] {
            Some(stride) => self.builder.ins().imul(column, stride),
            None => {
                let shift = self.integer(types::I64, dtype.size().trailing_zeros().into());
                self.builder.ins().ishl(column, shift)
            }
        };
        self.builder.ins().iadd(row.pointers[argument], offset)
    }

    fn load_vector(&mut self, dtype: DType, address: Value) -> Value {
        match dtype {
            DType::Bool | DType::U8 if self.lanes == 4 => {
                let bytes = self.builder.ins().load(types::I32, FLAGS, address, 0);
                let vector = self.builder.ins().scalar_to_vector(types::I32X4, bytes);
                let vector = self.bitcast(types::I8X16, vector);
                let vector = self.builder.ins().uwiden_low(vector);
                let vector = self.builder.ins().uwiden_low(vector);
                if dtype == DType::Bool { self.is_not_zero(vector) } else { vector }
            }
            DType::Bool | DType::U8 => {
                let stride = self.integer(types::I64, 1);
                self.gather(dtype, address, stride)
            }
            DType::BF16 | DType::F16 => {
                let halves = self.builder.ins().load(types::I64, FLAGS, address, 0);
                let vector = self.builder.ins().scalar_to_vector(types::I64X2, halves);
                let vector = self.bitcast(types::I16X8, vector);
                self.builder.ins().uwiden_low(vector)
            }
            DType::I32 => self.builder.ins().load(types::I32X4, FLAGS, address, 0),
            DType::F32 => self.builder.ins().load(types::F32X4, FLAGS, address, 0),
            DType::I64 => self.builder.ins().load(types::I64X2, FLAGS, address, 0),
            DType::F64 => self.builder.ins().load(types::F64X2, FLAGS, address, 0),
        }
    }

    fn store_vector(&mut self, dtype: DType, address: Value, value: Value) {
        match dtype {
            DType::Bool | DType::U8 if self.lanes == 4 => {
                // The lowest byte of each lane; the others do not matter.
                let bytes = self.bitcast(types::I8X16, value);
                let lowest = [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12];
                let bytes = self.shuffle(bytes, bytes, lowest);
                let bytes = self.bitcast(types::I32X4, bytes);
                let mut bytes = self.builder.ins().extractlane(bytes, 0);
                if dtype == DType::Bool {
                    let ones = self.integer(types::I32, 0x01010101);
                    bytes = self.builder.ins().band(bytes, ones);
                }
                self.builder.ins().store(FLAGS, bytes, address, 0);
            }
            DType::Bool | DType::U8 => {
                let stride = self.integer(types::I64, 1);
                self.scatter(dtype, address, stride, value);
            }
            DType::BF16 | DType::F16 => {
                // The lower half of each lane.
                let bytes = self.bitcast(types::I8X16, value);
                let lower = [0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13];
                let bytes = self.shuffle(bytes, bytes, lower);
                let bytes = self.bitcast(types::I64X2, bytes);
                let bytes = self.builder.ins().extractlane(bytes, 0);
                self.builder.ins().store(FLAGS, bytes, address, 0);
            }
            _ => {
                self.builder.ins().store(FLAGS, value, address, 0);
            }
        }
    }

    /// Loads the lanes one by one.
    fn gather(&mut self, dtype: DType, mut address: Value, stride: Value) -> Value {
        let first = self.load_lane(dtype, self.mask_lane(), address);
        let mut vector = self.splat(first);
        for lane in 1..self.lanes {
            address = self.builder.ins().iadd(address, stride);
            let element = self.load_lane(dtype, self.mask_lane(), address);
            vector = self.builder.ins().insertlane(vector, element, lane as u8);
        }
        if dtype == DType::Bool { self.is_not_zero(vector) } else { vector }
    }

    /// Stores the lanes one by one.
    fn scatter(&mut self, dtype: DType, mut address: Value, stride: Value, value: Value) {
        for lane in 0..self.lanes {
            if lane > 0 {
                address = self.builder.ins().iadd(address, stride);
            }
            let mut element = self.builder.ins().extractlane(value, lane as u8);
            if dtype == DType::Bool {
                let one = self.integer(self.mask_lane(), 1);
                element = self.builder.ins().band(element, one);
                self.builder.ins().istore8(FLAGS, element, address, 0);
            } else {
                self.store_element(dtype, address, element);
            }
        }
    }

    /// Loads an element as it stands in a lane; a truth value as a number of type `mask`.
    fn load_lane(&mut self, dtype: DType, mask: ir::Type, address: Value) -> Value {
        let ty = match dtype {
            DType::Bool if mask == types::I8 => types::I8,
            DType::Bool => return self.builder.ins().uload8(mask, FLAGS, address, 0),
            DType::U8 => return self.builder.ins().uload8(types::I32, FLAGS, address, 0),
            DType::BF16 | DType::F16 => return self.builder.ins().uload16(types::I32, FLAGS, address, 0),
            DType::I32 => types::I32,
            DType::I64 => types::I64,
            DType::F32 => types::F32,
            DType::F64 => types::F64,
        };
        self.builder.ins().load(ty, FLAGS, address, 0)
    }

    /// The integer that a lane of a mask is.
    fn mask_lane(&self) -> ir::Type {
        if self.lanes == 2 { types::I64 } else { types::I32 }
    }

    fn is_not_zero(&mut self, value: Value) -> Value {
        let zero = self.zero_like(value);
        self.builder.ins().icmp(IntCC::NotEqual, value, zero)
    }
}
