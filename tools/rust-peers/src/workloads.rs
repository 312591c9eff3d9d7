//! Sizes, data and names: the same numbers as in tools/peers/workloads.py.

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A workload with its data, ready to run.
pub struct Workload {
    /// Runs it so many times.
    pub run: Box<dyn FnMut(usize) -> Result<(), Failure>>,
    /// A number by which results are compared, from a fresh start.
    pub check: Box<dyn FnMut() -> Result<f64, Failure>>,
}

/// Different batches that training goes round.
pub const BATCHES: usize = 16;
/// Steps after which losses are compared: two rounds, of which the second is averaged.
pub const CHECK_STEPS: usize = 32;
pub const ROWS: [usize; 2] = [4096, 1024];
pub const EPSILON: f64 = 1e-5;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Optimizer {
    RmsProp,
    Sgd,
    Adam,
}

/// A dense model and how it is trained.
#[derive(Clone, Copy)]
pub struct Dense {
    pub name: &'static str,
    pub sizes: &'static [usize],
    pub batch: usize,
    pub optimizer: Optimizer,
    pub rate: f64,
}

const MODELS: [Dense; 3] = [
    Dense { name: "mlp", sizes: &[784, 64, 64, 10], batch: 64, optimizer: Optimizer::RmsProp, rate: 1e-3 },
    Dense { name: "mlp-large", sizes: &[784, 300, 100, 10], batch: 32, optimizer: Optimizer::Sgd, rate: 1e-2 },
    Dense { name: "regression", sizes: &[8, 50, 50, 50, 1], batch: 32, optimizer: Optimizer::Adam, rate: 1e-3 },
];

impl Dense {
    pub fn named(name: &str) -> Option<Dense> {
        MODELS.into_iter().find(|model| model.name == name)
    }

    pub fn classifies(&self) -> bool {
        self.sizes[self.sizes.len() - 1] > 1
    }

    /// Inputs of all batches, one after the other.
    pub fn x(&self) -> Vec<f32> {
        fixed(1, BATCHES * self.batch * self.sizes[0])
    }

    /// Class numbers or numbers, one a sample.
    pub fn y(&self) -> Vec<f32> {
        let classes = self.sizes[self.sizes.len() - 1] as f32;
        let y = fixed(2, BATCHES * self.batch);
        if self.classifies() { y.into_iter().map(|y| ((y + 1.0) / 2.0 * classes).floor()).collect() } else { y }
    }

    /// Rows, columns and elements of each layer's weights.
    pub fn weights(&self) -> impl Iterator<Item = (usize, usize, Vec<f32>)> {
        self.sizes.windows(2).enumerate().map(|(layer, pair)| {
            let scale = (6.0 / (pair[0] + pair[1]) as f32).sqrt();
            let weights = fixed(10 + layer as u64, pair[0] * pair[1]);
            (pair[0], pair[1], weights.into_iter().map(|weight| weight * scale).collect())
        })
    }
}

/// Numbers from -1 up to 1; each follows from stream and index alone.
pub fn fixed(stream: u64, count: usize) -> Vec<f32> {
    let number = |index: u64| {
        let mut z = ((stream << 32) + index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z ^= z >> 32;
        z = z.wrapping_mul(0xd6e8_feb8_6659_fd93);
        z ^= z >> 32;
        (z >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count as u64).map(number).collect()
}

/// How many inputs a chain has.
pub fn chain_inputs(kind: &str, size: &str) -> Result<Vec<Vec<f32>>, Failure> {
    let count = match size {
        "1e4" => 10_000,
        "1e6" => 1_000_000,
        "1.6e7" => 16_000_000,
        _ => return Err(format!("no size {size}").into()),
    };
    let inputs = if kind == "a" || kind == "b" { 3 } else { 2 };
    Ok((0..inputs).map(|input| fixed(20 + input, count)).collect())
}

/// The names of chains a, b, c and d, softmax and layer normalisation.
pub fn elementwise_names() -> Vec<String> {
    let mut names = Vec::new();
    for size in ["1e4", "1e6", "1.6e7"] {
        names.extend(["a", "b", "c", "d"].map(|kind| format!("chain-{kind}-{size}")));
    }
    names.extend(["softmax", "layer-norm"].map(String::from));
    names
}

pub fn mean_square(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / values.len() as f64
}
