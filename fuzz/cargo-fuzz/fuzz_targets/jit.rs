//! Compiled kernels against the definition of the kernel language, bit for bit, alone and row by row with others: the random kernels of crisol-jit's own tests.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../../crates/crisol-jit/tests/random_kernels.rs"]
mod random_kernels;

use random_kernels::{Choice, Recipe};

fuzz_target!(|bytes: &[u8]| {
    let recipe = recipe(&mut Bytes(bytes));
    let result = random_kernels::check(&recipe).and_then(|()| {
        // The same kernel before and behind itself, in a function of several.
        random_kernels::check_rows(&[recipe.clone(), recipe.clone()])
    });
    if let Err(error) = result {
        panic!("{error}\n{recipe:?}");
    }
});

/// Any bytes are a recipe: a head of fixed length, then a step of the kernel after the other.
fn recipe(bytes: &mut Bytes<'_>) -> Recipe {
    let [width, inputs, outputs, rows, columns, turned] = bytes.take();
    let seed = u64::from_le_bytes(bytes.take());
    let (rows, columns) = (usize::from(rows % 6), usize::from(columns % 71));
    let (rows, columns) = if turned % 8 == 7 { (columns, rows) } else { (rows, columns) };
    // Now and then more arguments than there are registers for them.
    let many = |number: u8, few: u8| if number % 8 == 7 { 8 + number / 8 % 6 } else { number % few };
    let inputs = (0..many(inputs, 5)).map(|_| bytes.choice()).collect();
    let outputs = (0..1 + many(outputs, 3)).map(|_| bytes.choice()).collect();
    let mut body = vec![bytes.choice()];
    while !bytes.0.is_empty() && body.len() < 24 {
        body.push(bytes.choice());
    }
    Recipe { width: width % 3, inputs, body, outputs, rows, columns, seed }
}

/// Bytes that end in zeros.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        let count = self.0.len().min(N);
        taken[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        taken
    }

    /// A byte tells how wide the bits of a constant are, as most that matter are narrow.
    fn choice(&mut self) -> Choice {
        let [kind, ty, wide] = self.take();
        let mut number = || u16::from_le_bytes(self.take());
        let (a, b, c) = (number(), number(), number());
        let bits = if wide % 4 == 0 { u64::from_le_bytes(self.take()) } else { u64::from(wide) };
        (kind, ty, a, b, c, bits)
    }
}
