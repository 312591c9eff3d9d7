//! Attention: means of values, weighted by how keys fit queries.

mod dot_product;
mod fold;
mod multi_head;

pub use dot_product::Attention;
pub use multi_head::MultiHeadAttention;

use crisol_tensor::Tensor;

/// `[1, queries, keys]`, true where a query may see a key: not after itself.
fn causal(queries: usize, keys: usize) -> Tensor {
    Tensor::full(crisol_tensor::DType::F32, [1, queries, keys], 1.0).tril(0).not_equal(0)
}
