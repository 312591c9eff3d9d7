//! The instructions of a body, for single elements and for vectors.

use super::{Callee, Lowering, Row};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, Value, types};
use crisol_ir::kernel::{Access, Binary, Comparison, Instruction, Register, Type, Unary};

impl Lowering<'_, '_> {
    /// Computes the live registers at `column` (and the columns after it, if `lanes` is not 1).
    pub(super) fn body(&mut self, row: &Row, lanes: usize, column: Value) -> Vec<Option<Value>> {
        let kernel = self.kernel;
        let mut values: Vec<Option<Value>> = Vec::with_capacity(kernel.body.len());
        for (index, instruction) in kernel.body.iter().enumerate() {
            if self.live[index] {
                self.read_constants(instruction, lanes, &mut values);
            }
            let value = (self.live[index] && !self.tabled(Register(index as u32)))
                .then(|| self.instruction(row, lanes, column, &values, instruction));
            values.push(value);
        }
        for output in &kernel.outputs {
            self.read_constant(output.value, lanes, &mut values);
        }
        values
    }

    /// Reads the constants that an instruction takes from the table.
    fn read_constants(&mut self, instruction: &Instruction, lanes: usize, values: &mut [Option<Value>]) {
        for operand in instruction.operands() {
            self.read_constant(operand, lanes, values);
        }
    }

    fn read_constant(&mut self, register: Register, lanes: usize, values: &mut [Option<Value>]) {
        if let Instruction::Constant(ty, bits) = self.kernel.body[register.index()]
            && self.tabled(register)
        {
            values[register.index()] = Some(self.constant(ty, bits, lanes));
        }
    }

    fn instruction(
        &mut self,
        row: &Row,
        lanes: usize,
        column: Value,
        values: &[Option<Value>],
        instruction: &Instruction,
    ) -> Value {
        // The verifier has seen that operands stand before their uses, and uses of live registers are live.
        let operand = |x: Register| values[x.index()].unwrap_or(column);
        match *instruction {
            Instruction::Load(number) => {
                let shared = if lanes == 1 { &row.elements } else { &row.vectors };
                let (number, input) = (number as usize, self.kernel.inputs[number as usize]);
                match (input.access, shared[number]) {
                    (Access::Broadcast, Some(value)) => value,
                    _ => self.load_at(row, number, input.dtype, lanes, column),
                }
            }
            Instruction::Constant(ty, bits) => self.constant(ty, bits, lanes),
            Instruction::Position { high } => self.position(row, lanes, column, high),
            Instruction::Unary(operation, x) => {
                let float = self.types[x.index()].is_float();
                self.unary(operation, float, operand(x))
            }
            Instruction::Binary(operation, a, b) => match operation {
                Binary::ShiftLeft | Binary::ShiftRightUnsigned | Binary::ShiftRightSigned => {
                    let count = match self.kernel.body[b.index()] {
                        Instruction::Constant(_, bits) => Some(bits),
                        _ => None,
                    };
                    self.shift(operation, operand(a), operand(b), count)
                }
                _ => {
                    let float = self.types[a.index()].is_float();
                    self.binary(operation, float, operand(a), operand(b))
                }
            },
            Instruction::MultiplyAdd(a, b, c) => {
                let (a, b, c) = (operand(a), operand(b), operand(c));
                if self.fused {
                    return self.builder.ins().fma(a, b, c);
                }
                let product = self.builder.ins().fmul(a, b);
                self.builder.ins().fadd(product, c)
            }
            Instruction::Compare(comparison, a, b) => {
                let float = self.types[a.index()].is_float();
                self.compare(comparison, float, operand(a), operand(b))
            }
            Instruction::Select(mask, a, b) => self.choose(operand(mask), operand(a), operand(b)),
            Instruction::Convert(x, to) => self.convert(self.types[x.index()], to, operand(x)),
            Instruction::Bits(_, to) => {
                let ty = self.held(to, lanes);
                self.bitcast(ty, operand(instruction.operands()[0]))
            }
            Instruction::Call(function, x) => {
                self.lane_by_lane(&[operand(x)], types::F64, |this, x| this.call(Callee::Unary(function), x))
            }
            Instruction::CallBinary(function, a, b) => {
                let operands = [operand(a), operand(b)];
                self.lane_by_lane(&operands, types::F64, |this, x| this.call(Callee::Binary(function), x))
            }
            Instruction::CallWhere(function, mask, x, otherwise) => {
                self.call_where(Callee::Unary(function), operand(mask), operand(x), operand(otherwise))
            }
        }
    }

    fn call(&mut self, callee: Callee, operands: &[Value]) -> Value {
        // Declared for every call of the body before the function is built.
        let Some(callee) = self.functions.get(&callee).copied() else { return operands[0] };
        let call = self.builder.ins().call(callee, operands);
        self.builder.inst_results(call)[0]
    }

    /// Steps aside to call the function lane by lane, if any lane of the mask holds.
    fn call_where(&mut self, callee: Callee, mask: Value, x: Value, otherwise: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(x);
        let (rare, done) = (self.block(), self.block());
        let result = self.builder.append_block_param(done, ty);
        let any = if ty.is_vector() { self.builder.ins().vany_true(mask) } else { mask };
        self.builder.set_cold_block(rare);
        self.builder.ins().brif(any, rare, &[], done, &[BlockArg::Value(otherwise)]);
        self.builder.switch_to_block(rare);
        let lane = ty.lane_type();
        let called = self.lane_by_lane(&[x], lane, |this, x| {
            let wide = if lane == types::F32 { this.builder.ins().fpromote(types::F64, x[0]) } else { x[0] };
            let result = this.call(callee, &[wide]);
            if lane == types::F32 { this.builder.ins().fdemote(types::F32, result) } else { result }
        });
        let chosen = self.choose(mask, called, otherwise);
        self.builder.ins().jump(done, &[BlockArg::Value(chosen)]);
        self.builder.switch_to_block(done);
        result
    }

    fn position(&mut self, row: &Row, lanes: usize, column: Value, high: bool) -> Value {
        let step = row.position_step;
        let moved = self.builder.ins().imul(column, step);
        let first = self.builder.ins().iadd(row.position, moved);
        if lanes == 1 {
            let half = if high {
                let width = self.integer(types::I64, 32);
                self.builder.ins().ushr(first, width)
            } else {
                first
            };
            return self.builder.ins().ireduce(types::I32, half);
        }
        let zero = self.integer(types::I64, 0);
        let steps = self.builder.ins().splat(types::I64X2, zero);
        let steps = self.builder.ins().insertlane(steps, step, 1);
        let two = self.builder.ins().iadd(step, step);
        let two = self.builder.ins().splat(types::I64X2, two);
        let first = self.builder.ins().splat(types::I64X2, first);
        let first = self.builder.ins().iadd(first, steps);
        let second = self.builder.ins().iadd(first, two);
        self.halves(first, second, high)
    }

    /// The lower or upper halves of four 64-bit lanes.
    fn halves(&mut self, first: Value, second: Value, high: bool) -> Value {
        let first = self.bitcast(types::I32X4, first);
        let second = self.bitcast(types::I32X4, second);
        // A shuffle takes bytes; its kind of vector does not matter to the instruction that it becomes.
        let (first, second) = (self.bitcast(types::I8X16, first), self.bitcast(types::I8X16, second));
        let lower = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
        let bytes = if high { lower.map(|byte| byte + 4) } else { lower };
        let halves = self.shuffle(first, second, bytes);
        self.bitcast(types::I32X4, halves)
    }

    fn unary(&mut self, operation: Unary, float: bool, x: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(x);
        match operation {
            // Signs of vectors by a constant mask: Cranelift's own instructions build the mask in every step.
            Unary::Negate if float && ty.is_vector() => {
                let sign = self.sign_mask(ty, true);
                self.builder.ins().bxor(x, sign)
            }
            Unary::Negate if float => self.builder.ins().fneg(x),
            Unary::Negate => self.builder.ins().ineg(x),
            Unary::Absolute if ty.is_vector() => {
                let rest = self.sign_mask(ty, false);
                self.builder.ins().band(x, rest)
            }
            Unary::Absolute => self.builder.ins().fabs(x),
            Unary::SquareRoot => self.builder.ins().sqrt(x),
            Unary::Floor => self.builder.ins().floor(x),
            Unary::Ceil => self.builder.ins().ceil(x),
            Unary::Round => self.builder.ins().nearest(x),
            Unary::Not if ty == types::I8 => {
                let one = self.integer(types::I8, 1);
                self.builder.ins().bxor(x, one)
            }
            Unary::Not => self.builder.ins().bnot(x),
        }
    }

    fn binary(&mut self, operation: Binary, float: bool, a: Value, b: Value) -> Value {
        match operation {
            Binary::Add if float => self.builder.ins().fadd(a, b),
            Binary::Subtract if float => self.builder.ins().fsub(a, b),
            Binary::Multiply if float => self.builder.ins().fmul(a, b),
            Binary::Divide if float => self.builder.ins().fdiv(a, b),
            Binary::Divide => self.divide_integers(a, b),
            Binary::Add => self.builder.ins().iadd(a, b),
            Binary::Subtract => self.builder.ins().isub(a, b),
            Binary::Multiply => self.builder.ins().imul(a, b),
            // In this form they become one instruction, unlike `fmin` and `fmax`, which treat NaN and zeros otherwise.
            Binary::Minimum => {
                let less = self.compare(Comparison::Less, float, a, b);
                self.choose(less, a, b)
            }
            Binary::Maximum => {
                let greater = self.compare(Comparison::Greater, float, a, b);
                self.choose(greater, a, b)
            }
            Binary::And => self.builder.ins().band(a, b),
            Binary::Or => self.builder.ins().bor(a, b),
            Binary::Xor => self.builder.ins().bxor(a, b),
            Binary::MultiplyHighUnsigned => self.multiply_high(a, b),
            // Lowered by `shift`, which also wants to know a constant count.
            Binary::ShiftLeft | Binary::ShiftRightUnsigned | Binary::ShiftRightSigned => {
                self.shift(operation, a, b, None)
            }
        }
    }

    /// Shifts by counts modulo the width; vectors at once by a constant, else lane by lane.
    fn shift(&mut self, operation: Binary, a: Value, count: Value, constant: Option<u64>) -> Value {
        let lane = self.builder.func.dfg.value_type(a).lane_type();
        let once = |this: &mut Self, a: Value, count: Value| match operation {
            Binary::ShiftLeft => this.builder.ins().ishl(a, count),
            Binary::ShiftRightUnsigned => this.builder.ins().ushr(a, count),
            _ => this.builder.ins().sshr(a, count),
        };
        if let Some(bits) = constant {
            let count = self.integer(types::I32, (bits & u64::from(lane.bits() - 1)) as i64);
            return once(self, a, count);
        }
        self.lane_by_lane(&[a, count], lane, |this, x| {
            let last = this.integer(lane, i64::from(lane.bits()) - 1);
            let count = this.builder.ins().band(x[1], last);
            once(this, x[0], count)
        })
    }

    /// Towards zero, lane by lane; 0 over 0, and without the trap of the most negative number over -1.
    fn divide_integers(&mut self, a: Value, b: Value) -> Value {
        let lane = self.builder.func.dfg.value_type(a).lane_type();
        self.lane_by_lane(&[a, b], lane, |this, x| {
            let (one, zero) = (this.integer(lane, 1), this.integer(lane, 0));
            let is_zero = this.builder.ins().icmp_imm_s(IntCC::Equal, x[1], 0);
            let is_minus_one = this.builder.ins().icmp_imm_s(IntCC::Equal, x[1], -1);
            let special = this.builder.ins().bor(is_zero, is_minus_one);
            let divisor = this.builder.ins().select(special, one, x[1]);
            let quotient = this.builder.ins().sdiv(x[0], divisor);
            let negated = this.builder.ins().ineg(x[0]);
            let quotient = this.builder.ins().select(is_minus_one, negated, quotient);
            this.builder.ins().select(is_zero, zero, quotient)
        })
    }

    fn multiply_high(&mut self, a: Value, b: Value) -> Value {
        if !self.builder.func.dfg.value_type(a).is_vector() {
            let a = self.builder.ins().uextend(types::I64, a);
            let b = self.builder.ins().uextend(types::I64, b);
            let product = self.builder.ins().imul(a, b);
            let width = self.integer(types::I64, 32);
            let product = self.builder.ins().ushr(product, width);
            return self.builder.ins().ireduce(types::I32, product);
        }
        // Widened where they are multiplied: this pair becomes one instruction.
        let (low_a, low_b) = (self.builder.ins().uwiden_low(a), self.builder.ins().uwiden_low(b));
        let first = self.builder.ins().imul(low_a, low_b);
        let (high_a, high_b) = (self.builder.ins().uwiden_high(a), self.builder.ins().uwiden_high(b));
        let second = self.builder.ins().imul(high_a, high_b);
        self.halves(first, second, true)
    }

    fn compare(&mut self, comparison: Comparison, float: bool, a: Value, b: Value) -> Value {
        if float {
            let condition = match comparison {
                Comparison::Equal => FloatCC::Equal,
                Comparison::NotEqual => FloatCC::NotEqual,
                Comparison::Less => FloatCC::LessThan,
                Comparison::LessEqual => FloatCC::LessThanOrEqual,
                Comparison::Greater => FloatCC::GreaterThan,
                Comparison::GreaterEqual => FloatCC::GreaterThanOrEqual,
            };
            return self.builder.ins().fcmp(condition, a, b);
        }
        let condition = match comparison {
            Comparison::Equal => IntCC::Equal,
            Comparison::NotEqual => IntCC::NotEqual,
            Comparison::Less => IntCC::SignedLessThan,
            Comparison::LessEqual => IntCC::SignedLessThanOrEqual,
            Comparison::Greater => IntCC::SignedGreaterThan,
            Comparison::GreaterEqual => IntCC::SignedGreaterThanOrEqual,
        };
        self.builder.ins().icmp(condition, a, b)
    }

    /// The same number in another type. Vectors only meet types of one width.
    fn convert(&mut self, from: Type, to: Type, x: Value) -> Value {
        let lanes = self.builder.func.dfg.value_type(x).lane_count() as usize;
        let ty = self.held(to, lanes);
        match (from, to) {
            _ if from == to => x,
            (_, Type::Mask) => {
                let zero = self.zero_like(x);
                self.compare(Comparison::NotEqual, from.is_float(), x, zero)
            }
            (Type::Mask, _) => {
                let one = match to {
                    Type::F32 => 1f32.to_bits().into(),
                    Type::F64 => 1f64.to_bits(),
                    _ => 1,
                };
                let one = self.constant(to, one, lanes);
                let zero = self.zero_like(one);
                self.choose(x, one, zero)
            }
            (Type::I32, Type::I64) => self.builder.ins().sextend(ty, x),
            (Type::I64, Type::I32) => self.builder.ins().ireduce(ty, x),
            (Type::F32, Type::F64) => self.builder.ins().fpromote(ty, x),
            (Type::F64, Type::F32) => self.builder.ins().fdemote(ty, x),
            (Type::F64, Type::I64) => {
                self.lane_by_lane(&[x], types::I64, |this, x| this.builder.ins().fcvt_to_sint_sat(types::I64, x[0]))
            }
            (Type::F32 | Type::F64, _) => self.builder.ins().fcvt_to_sint_sat(ty, x),
            (Type::I32 | Type::I64, _) => self.builder.ins().fcvt_from_sint(ty, x),
        }
    }

    /// Applies a function of single elements to every lane (or to the elements, if they are no vectors).
    fn lane_by_lane(
        &mut self,
        operands: &[Value],
        result: ir::Type,
        function: impl Fn(&mut Self, &[Value]) -> Value,
    ) -> Value {
        let ty = self.builder.func.dfg.value_type(operands[0]);
        if !ty.is_vector() {
            return function(self, operands);
        }
        let mut vector = None;
        for lane in 0..ty.lane_count() as u8 {
            let elements: Vec<Value> =
                operands.iter().map(|operand| self.builder.ins().extractlane(*operand, lane)).collect();
            let element = function(self, &elements);
            vector = Some(match vector {
                Some(vector) => self.builder.ins().insertlane(vector, element, lane),
                None => {
                    let ty = result.by(ty.lane_count()).unwrap_or(result);
                    self.builder.ins().splat(ty, element)
                }
            });
        }
        vector.unwrap_or(operands[0])
    }
}
