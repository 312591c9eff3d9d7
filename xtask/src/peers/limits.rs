//! What the machine could do at best, and what a workload needs at least.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::machine;
use super::side::Launch;

/// The machine's limits, measured by crisol's side with two threads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Limits {
    #[serde(default)]
    pub processor: String,
    /// Fused multiply-adds in registers, counted as two operations, in 10^9 a second.
    pub gflops: f64,
    /// Two arrays read and one written, far larger than the caches, in 10^9 bytes a second.
    pub gbytes: f64,
}

impl Limits {
    pub fn max(self, other: Self) -> Self {
        Self {
            processor: other.processor,
            gflops: self.gflops.max(other.gflops),
            gbytes: self.gbytes.max(other.gbytes),
        }
    }

    /// The least time a workload can take, in milliseconds; none where neither products nor memory bind it.
    pub fn floor(&self, workload: &str) -> Option<f64> {
        let Need { products, bytes } = need(workload)?;
        Some((2.0 * products / self.gflops).max(bytes / self.gbytes) * 1e-6)
    }
}

pub fn measure(ours: &Launch) -> Result<Limits> {
    let output = ours.command(Some("--limits")).output().context("measuring the machine's limits")?;
    ensure!(output.status.success(), "measuring the machine's limits ended with {}", output.status);
    let limits: Limits = serde_json::from_slice(&output.stdout).context("reading the machine's limits")?;
    println!("{:.0} GFLOP/s, {:.1} GB/s", limits.gflops, limits.gbytes);
    Ok(Limits { processor: machine::processor(), ..limits })
}

/// Multiply-adds in matrix products, and bytes that must pass between memory and processor.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Need {
    products: f64,
    bytes: f64,
}

fn need(workload: &str) -> Option<Need> {
    let products = |products: f64| Some(Need { products, bytes: 0.0 });
    let bytes = |bytes: f64| Some(Need { products: 0.0, bytes });
    if let Some(shape) = workload.strip_prefix("matmul-") {
        let sizes: Vec<f64> = shape.split('x').filter_map(|size| size.parse().ok()).collect();
        return match sizes[..] {
            [n] => products(n * n * n),
            [m, k, n] => products(m * k * n),
            _ => None,
        };
    }
    match workload.strip_suffix("-fit").unwrap_or(workload) {
        "mlp" => products(step(64.0, &[784.0, 64.0, 64.0, 10.0])),
        // 60,000 images.
        "mlp-epoch" => products(step(60e3, &[784.0, 64.0, 64.0, 10.0])),
        "mlp-large" => products(step(32.0, &[784.0, 300.0, 100.0, 10.0])),
        "regression" => products(step(32.0, &[8.0, 50.0, 50.0, 50.0, 1.0])),
        // Two products forward, four backward, for each of 64 heads.
        "attention" => products(64.0 * 6.0 * 128.0 * 128.0 * 64.0),
        // The inputs' product and its weight gradient; a step's product, its weight and its input gradient.
        "lstm" => products(32.0 * 50.0 * 256.0 * (2.0 * 64.0 + 3.0 * 64.0)),
        // Each array once; those of 10^4 and 10^6 elements and the rows stay in caches.
        "chain-a-1.6e7" | "chain-b-1.6e7" => bytes(4.0 * 4.0 * 16e6),
        "chain-c-1.6e7" => bytes(3.0 * 4.0 * 16e6),
        "chain-d-1.6e7" => bytes(2.0 * 4.0 * 16e6),
        "chain-g-1.6e7" => bytes(7.0 * 4.0 * 16e6),
        _ => None,
    }
}

/// Multiply-adds of a training step: each layer forward, its weight gradient, and, but for the first, its input gradient.
fn step(batch: f64, sizes: &[f64]) -> f64 {
    let layers: Vec<f64> = sizes.windows(2).map(|pair| batch * pair[0] * pair[1]).collect();
    layers.iter().sum::<f64>() * 3.0 - layers.first().copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_follow_from_products_or_bytes() {
        let limits = Limits { processor: String::new(), gflops: 200.0, gbytes: 20.0 };
        let close = |workload: &str, expected: f64| {
            let floor = limits.floor(workload).unwrap();
            assert!((floor / expected - 1.0).abs() < 1e-3, "{workload}: {floor}");
        };
        close("matmul-512", 2.0 * 512f64.powi(3) / 200e6);
        close("matmul-64x784x64", 2.0 * 64.0 * 784.0 * 64.0 / 200e6);
        close("chain-a-1.6e7", 12.8);
        // 64 * (2 * 784 * 64 + 3 * 64 * 64 + 3 * 64 * 10) multiply-adds.
        close("mlp-fit", 2.0 * 64.0 * (100_352.0 + 12_288.0 + 1_920.0) / 200e6);
        assert!(limits.floor("chain-a-1e4").is_none() && limits.floor("softmax").is_none());
    }
}
