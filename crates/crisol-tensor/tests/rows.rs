//! Rows of arrays whose elements lie in any order.

use crisol_tensor::Tensor;
use crisol_tensor::ndarray::{Array3, Axis};

#[test]
fn rows_of_a_turned_array_are_those_of_its_copy() {
    let plain = Array3::from_shape_fn((4, 2, 3), |(i, j, k)| (i * 100 + j * 10 + k) as i32);
    let turned = plain.permuted_axes([2, 1, 0]);
    assert!(turned.as_slice().is_none());
    for rows in [&[2, 0, 2][..], &[1], &[]] {
        let given = Tensor::from_rows(&turned, rows);
        assert_eq!(given.to_array::<i32>().unwrap(), turned.select(Axis(0), rows).into_dyn(), "{rows:?}");
    }
    assert!(Tensor::from_rows(&turned, &[3]).ty().is_err());
}
