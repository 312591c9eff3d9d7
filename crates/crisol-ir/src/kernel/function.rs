//! Functions of double precision that kernels call rather than write out.

/// Functions of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Function {
    Exp,
    Log,
    Tanh,
    Sin,
    Cos,
    Expm1,
    Log1p,
    Erf,
    Asin,
    Acos,
}

impl Function {
    /// Every function.
    pub const ALL: [Function; 10] = [
        Function::Exp,
        Function::Log,
        Function::Tanh,
        Function::Sin,
        Function::Cos,
        Function::Expm1,
        Function::Log1p,
        Function::Erf,
        Function::Asin,
        Function::Acos,
    ];

    /// The function itself; code that is compiled calls the same one.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Function::Exp => x.exp(),
            Function::Log => x.ln(),
            Function::Tanh => x.tanh(),
            Function::Sin => x.sin(),
            Function::Cos => x.cos(),
            Function::Expm1 => x.exp_m1(),
            Function::Log1p => x.ln_1p(),
            // The standard library has none yet.
            Function::Erf => libm::erf(x),
            Function::Asin => x.asin(),
            Function::Acos => x.acos(),
        }
    }
}

/// Functions of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinaryFunction {
    Power,
    /// The angle of the point with the second number along the first axis and the first number along the second one.
    Atan2,
    /// What is left of the first number after as many whole second ones as fit towards zero; exact.
    Remainder,
}

impl BinaryFunction {
    /// Every function.
    pub const ALL: [BinaryFunction; 3] = [BinaryFunction::Power, BinaryFunction::Atan2, BinaryFunction::Remainder];

    /// The function itself; code that is compiled calls the same one.
    pub fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            BinaryFunction::Power => a.powf(b),
            BinaryFunction::Atan2 => a.atan2(b),
            BinaryFunction::Remainder => a % b,
        }
    }
}
