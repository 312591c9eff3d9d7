//! Numbers of sixteen bits: stored, cast, moved, chosen and compared, but not computed with.

use crisol_tensor::ndarray::{Array1, arr1};
use crisol_tensor::{DType, Tensor, evaluate, half::bf16, half::f16};

#[test]
fn they_go_in_and_out_and_are_cast_to_the_nearest() {
    let x = Tensor::from(arr1(&[1.0f32, 1.0 / 3.0, 65504.0, 65520.0, 1e-8, -2.5]));
    let half = x.cast(DType::F16);
    let found: Vec<f32> = half.to_vec::<f16>().unwrap().into_iter().map(f32::from).collect();
    assert_eq!(found, [1.0, 0.333_251_95, 65504.0, f32::INFINITY, 0.0, -2.5]);
    assert_eq!(half.cast(DType::F32).to_vec::<f32>().unwrap(), found);
    let brain = x.cast(DType::BF16).to_vec::<bf16>().unwrap();
    let expected: Vec<bf16> = x.to_vec::<f32>().unwrap().into_iter().map(bf16::from_f32).collect();
    assert_eq!(brain, expected);
    let again = Tensor::from(Array1::from(brain));
    assert_eq!(again.dtype().unwrap(), DType::BF16);
    assert_eq!(again.cast(DType::I32).to_vec::<i32>().unwrap()[5], -2);
}

#[test]
fn a_fused_cast_gives_what_memory_would_hold() {
    let x = Tensor::from(Array1::from_iter((0..1000).map(|i| i as f32 * 0.0137 - 5.0)));
    for dtype in [DType::F16, DType::BF16] {
        let fused = (x.cast(dtype).cast(DType::F32) * 3.0).to_vec::<f32>().unwrap();
        let half = x.cast(dtype);
        evaluate().unwrap();
        assert_eq!((half.cast(DType::F32) * 3.0).to_vec::<f32>().unwrap(), fused);
    }
}

#[test]
fn they_are_moved_chosen_and_compared() {
    let x = Tensor::from(arr1(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0])).cast(DType::F16);
    let turned = x.reshape([2, 3]).transpose();
    assert_eq!(turned.cast(DType::F32).to_vec::<f32>().unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let zero = Tensor::full(DType::F16, [6], 0.0);
    let three = Tensor::full(DType::F16, [6], 3.0);
    let chosen = x.equal(&three).select(&zero, &x);
    let chosen: Vec<f32> = chosen.to_vec::<f16>().unwrap().into_iter().map(f32::from).collect();
    assert_eq!(chosen, [1.0, 2.0, 0.0, 4.0, 5.0, 6.0]);
}

#[test]
fn arithmetic_on_them_names_the_cast() {
    let x = Tensor::full(DType::BF16, [2, 2], 1.0);
    for wrong in [&x + &x, x.exp(), x.sum(0), x.matmul(&x), x.maximum(&x)] {
        let text = wrong.shape().unwrap_err().to_string();
        assert!(text.contains("given bfloat16[2, 2]") && text.contains(".cast(DType::F32)"), "{text}");
    }
}
