//! Matrix products against three loops.

use crate::{Test, assert_blocks, assert_near, noise, same_bits};
use crisol_kernels::{Matrix, matmul, matmul_batched, matmul_blocks};
use proptest::prelude::*;
use std::sync::Mutex;

/// A matrix stored with gaps, row by row or column by column.
struct Stored<T> {
    data: Vec<T>,
    rows: usize,
    cols: usize,
    strides: [usize; 2],
}

impl<T: Test> Stored<T> {
    fn new(seed: u64, rows: usize, cols: usize, gap: usize, by_column: bool) -> Self {
        let strides = if by_column { [1, rows + gap] } else { [cols + gap, 1] };
        let length = rows * strides[0] + cols * strides[1];
        Self { data: noise(seed, length), rows, cols, strides }
    }

    fn view(&self) -> Matrix<'_, T> {
        Matrix::new(&self.data, self.rows, self.cols, self.strides[0], self.strides[1]).unwrap()
    }

    fn at(&self, row: usize, col: usize) -> f64 {
        self.data[row * self.strides[0] + col * self.strides[1]].to_f64()
    }
}

fn definition<T: Test>(lhs: &Stored<T>, rhs: &Stored<T>) -> Vec<f64> {
    let mut out = Vec::new();
    for row in 0..lhs.rows {
        for col in 0..rhs.cols {
            out.push((0..lhs.cols).map(|inner| lhs.at(row, inner) * rhs.at(inner, col)).sum());
        }
    }
    out
}

fn check<T: Test>([m, n, k]: [usize; 3], [gap_l, gap_r]: [usize; 2], [turn_l, turn_r]: [bool; 2]) {
    let lhs = Stored::<T>::new(1, m, k, gap_l, turn_l);
    let rhs = Stored::<T>::new(2, k, n, gap_r, turn_r);
    let expected = definition(&lhs, &rhs);
    let out = same_bits(m * n, |out| matmul(lhs.view(), rhs.view(), out, false, None).unwrap());
    assert_near(&out, &expected, k);

    // Accumulating, with an epilogue that must see every row once, in blocks of the promised size.
    let seen = Mutex::new(Vec::new());
    let out = same_bits(m * n, |out| {
        out.fill(T::from_f64(0.5));
        seen.lock().unwrap().clear();
        let epilogue = |rows: std::ops::Range<usize>, values: &mut [T]| {
            assert_eq!(values.len(), rows.len() * n);
            for value in values {
                *value += T::from_f64(1.0);
            }
            seen.lock().unwrap().push(rows);
        };
        matmul(lhs.view(), rhs.view(), out, true, Some(&epilogue)).unwrap();
    });
    assert_near(&out, &expected.iter().map(|value| value + 1.5).collect::<Vec<_>>(), k + 4);
    let blocks = matmul_blocks(1, [m, n, k], [0, lhs.strides[0], lhs.strides[1]], [0, rhs.strides[0], rhs.strides[1]]);
    assert_blocks(seen.into_inner().unwrap(), blocks);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_shape_and_layout(
        size in [0_usize..70, 0_usize..70, 0_usize..70],
        gaps in [0_usize..3, 0_usize..3],
        turned in any::<[bool; 2]>(),
    ) {
        check::<f32>(size, gaps, turned);
        check::<f64>(size, gaps, turned);
    }

    #[test]
    fn batches(
        batch in 0_usize..9, size in [0_usize..40, 1_usize..40, 0_usize..40],
        shared in any::<[bool; 2]>(), turned: bool,
    ) {
        check_batch::<f32>(batch, size, shared, turned);
        check_batch::<f64>(batch, size, shared, turned);
    }
}

fn check_batch<T: Test>(batch: usize, [m, n, k]: [usize; 3], shared: [bool; 2], turned: bool) {
    let strides = [if shared[0] { 0 } else { m * k }, if shared[1] { 0 } else { k * n + 5 }];
    let lhs: Vec<T> = noise(3, batch.max(1) * m * k);
    let rhs: Vec<T> = noise(4, batch.max(1) * (k * n + 5));
    let lhs_strides = if turned { [1, m] } else { [k, 1] };
    let mut expected = Vec::new();
    for item in 0..batch {
        for row in 0..m {
            for col in 0..n {
                let at = |inner: usize| {
                    lhs[item * strides[0] + row * lhs_strides[0] + inner * lhs_strides[1]].to_f64()
                        * rhs[item * strides[1] + inner * n + col].to_f64()
                };
                expected.push((0..k).map(at).sum());
            }
        }
    }
    let lhs = Matrix::new(&lhs, m, k, lhs_strides[0], lhs_strides[1]).unwrap();
    let rhs = Matrix::row_major(&rhs, k, n).unwrap();
    let seen = Mutex::new(Vec::new());
    let out = same_bits(batch * m * n, |out| {
        seen.lock().unwrap().clear();
        let epilogue = |rows: std::ops::Range<usize>, _: &mut [T]| seen.lock().unwrap().push(rows);
        matmul_batched(batch, (lhs, strides[0]), (rhs, strides[1]), out, false, Some(&epilogue)).unwrap();
    });
    let [lhs_row, lhs_col] = lhs_strides;
    let blocks = matmul_blocks(batch, [m, n, k], [strides[0], lhs_row, lhs_col], [strides[1], n, 1]);
    assert_blocks(seen.into_inner().unwrap(), blocks);
    assert_near(&out, &expected, k);
}

#[test]
fn shapes_that_are_cut_by_rows_columns_and_depth() {
    for size in [
        [64, 64, 784],
        [784, 64, 64],
        [1, 3000, 400],
        [3000, 1, 400],
        [5, 700, 300],
        [32, 300, 784],
        [1100, 130, 60],
        [17, 9, 20_000],
        [130, 520, 600],
        [1, 1, 100_000],
    ] {
        check::<f32>(size, [0, 0], [false, false]);
        check::<f32>(size, [0, 1], [true, false]);
        check::<f64>(size, [1, 0], [false, true]);
    }
    check_batch::<f32>(5, [96, 96, 96], [false, false], false);
    check_batch::<f32>(40, [96, 96, 96], [false, true], true);
    check_batch::<f32>(300, [8, 8, 30], [false, false], false);
}

#[test]
fn a_stride_of_zero_repeats() {
    let row: Vec<f32> = noise(5, 30);
    let repeated = Matrix::new(&row, 50, 30, 0, 1).unwrap();
    let rhs: Vec<f32> = noise(6, 30 * 20);
    let rhs = Matrix::row_major(&rhs, 30, 20).unwrap();
    let out = same_bits(1000, |out| matmul(repeated, rhs, out, false, None).unwrap());
    let once = same_bits(20, |out| matmul(Matrix::row_major(&row, 1, 30).unwrap(), rhs, out, false, None).unwrap());
    for out in out.chunks(20) {
        assert_near(out, &once.iter().map(|value| f64::from(*value)).collect::<Vec<_>>(), 30);
    }
}

#[test]
fn sizes_that_do_not_fit_are_errors() {
    let data = [0.0_f32; 12];
    assert!(Matrix::new(&data, 3, 4, 5, 1).is_err());
    assert!(Matrix::new(&data, usize::MAX, 2, usize::MAX, 1).is_err());
    assert!(Matrix::new(&data, 0, 4, 5, 1).is_ok());
    let matrix = Matrix::row_major(&data, 3, 4).unwrap();
    let error = matmul(matrix, matrix, &mut [0.0; 9], false, None).unwrap_err();
    assert_eq!(error.to_string(), "inner sizes differ: lhs is 3 x 4, rhs is 3 x 4");
    assert!(matmul(matrix, matrix.transposed(), &mut [0.0; 8], false, None).is_err());
    assert!(matmul_batched(2, (matrix, 1), (matrix.transposed(), 0), &mut [0.0; 18], false, None).is_err());
    assert!(matmul_batched(usize::MAX, (matrix, 0), (matrix.transposed(), 0), &mut [], false, None).is_err());
}

#[test]
fn some_rows_have_the_bits_that_they_have_in_the_whole_product() {
    let numbers = |count: usize, step: usize| -> Vec<f32> {
        (0..count).map(|index| ((index * step) % 97) as f32 * 0.037 - 1.7).collect()
    };
    for m in [1, 3, 4, 5, 16, 33, 65, 130] {
        for n in [1, 2, 5, 8, 13, 40, 64, 232] {
            for k in [1, 7, 64, 300, 700] {
                let (a, b) = (numbers(m * k, 31), numbers(k * n, 57));
                for turned in 0..4 {
                    let lhs_strides = if turned & 1 == 0 { [k, 1] } else { [1, m] };
                    let rhs_strides = if turned & 2 == 0 { [n, 1] } else { [1, k] };
                    let rhs = || Matrix::new(&b, k, n, rhs_strides[0], rhs_strides[1]).unwrap();
                    let lhs = Matrix::new(&a, m, k, lhs_strides[0], lhs_strides[1]).unwrap();
                    let mut whole = vec![0.0; m * n];
                    matmul(lhs, rhs(), &mut whole, false, None).unwrap();
                    for block in [1, 2, 3, 16] {
                        let mut cut = vec![0.0; m * n];
                        for (index, out) in cut.chunks_mut(block * n).enumerate() {
                            let (first, rows) = (index * block, out.len() / n);
                            let a = &a[first * lhs_strides[0]..];
                            let lhs = Matrix::new(a, rows, k, lhs_strides[0], lhs_strides[1]).unwrap();
                            let made = crisol_kernels::matmul_rows(m, lhs, rhs(), out);
                            assert_eq!(made.is_ok(), crisol_kernels::sums_at_once([m, n, k]));
                        }
                        if !crisol_kernels::sums_at_once([m, n, k]) {
                            continue;
                        }
                        let same = whole.iter().zip(&cut).all(|(whole, cut)| whole.to_bits() == cut.to_bits());
                        assert!(same, "[{m}, {k}] x [{k}, {n}], operands turned {turned}, blocks of {block}");
                    }
                }
            }
        }
    }
}

#[test]
fn few_rows_times_many_weights_sum_in_parts() {
    for size in [[64, 64, 784], [32, 300, 784], [33, 101, 1031], [16, 41, 2000]] {
        assert!(!crisol_kernels::sums_at_once(size), "{size:?}");
        for turned in [[false, false], [true, false], [false, true], [true, true]] {
            check::<f32>(size, [0, 0], turned);
            check::<f64>(size, [1, 1], turned);
        }
    }
    // More rows than weights, weights that a cache holds, and several products are summed at once.
    assert!([[65, 64, 784], [64, 32, 784], [64, 128, 400]].into_iter().all(crisol_kernels::sums_at_once));
    // Partial products of a vocabulary would take more memory than they are worth.
    assert!(crisol_kernels::sums_at_once([64, 50_257, 768]));
    check_batch::<f32>(3, [16, 100, 600], [false, false], true);
}

#[test]
fn large_products_go_by_panels() {
    for turned in [[false, false], [true, false], [false, true], [true, true]] {
        check::<f32>([301, 130, 300], [0, 1], turned);
        check::<f64>([150, 190, 517], [1, 0], turned);
    }
    // More columns and more steps than are copied at once.
    check::<f32>([130, 600, 4500], [0, 0], [false, false]);
    check_batch::<f32>(3, [260, 70, 500], [false, false], true);
}

#[test]
fn panels_change_no_bits() {
    let [m, n, k] = [300, 150, 400];
    let (a, b): (Vec<f32>, Vec<f32>) = (noise(7, m * k), noise(8, k * n));
    for [lhs_strides, rhs_strides] in [[[k, 1], [n, 1]], [[1, m], [n, 1]], [[k, 1], [1, k]], [[1, m], [1, k]]] {
        let rhs = Matrix::new(&b, k, n, rhs_strides[0], rhs_strides[1]).unwrap();
        let lhs = Matrix::new(&a, m, k, lhs_strides[0], lhs_strides[1]).unwrap();
        let whole = same_bits(m * n, |out| matmul(lhs, rhs, out, false, None).unwrap());
        // Too few rows for panels.
        for (index, whole) in whole.chunks(100 * n).enumerate() {
            let lhs = Matrix::new(&a[index * 100 * lhs_strides[0]..], 100, k, lhs_strides[0], lhs_strides[1]).unwrap();
            let mut cut = vec![0.0; 100 * n];
            crisol_kernels::matmul_rows(m, lhs, rhs, &mut cut).unwrap();
            assert!(whole.iter().zip(&cut).all(|(whole, cut)| whole.to_bits() == cut.to_bits()));
        }
    }
}
