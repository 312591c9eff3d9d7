//! Sums, largest elements, means and variances: of everything, of each row, of each column.

use super::{Case, Inputs, evaluated};
use crate::hand;
use crate::hand::maps::Same;

/// Beyond the second cache, and in it.
const SIZES: [[usize; 2]; 2] = [[4096, 1024], [64, 256]];

/// All of them in all sizes.
pub fn reductions() -> Vec<Case> {
    let mut cases = Vec::new();
    for size in SIZES {
        let [rows, columns] = size;
        let name = |what: &str| format!("{what} [{rows}, {columns}]");
        let inputs = || Inputs::new(&[&size]);
        cases.push(inputs().case(name("sum of all"), 0, &[1], evaluated(|x| x[0].sum_all()), |x, outs| {
            outs[0][0] = hand::sum(Same, [&x[0]])
        }));
        cases.push(inputs().case(name("sum of each row"), 0, &[rows], evaluated(|x| x[0].sum(1)), move |x, outs| {
            hand::row_sums(&x[0], columns, &mut outs[0])
        }));
        cases.push(inputs().case(name("sum of each column"), 0, &[columns], evaluated(|x| x[0].sum(0)), |x, outs| {
            hand::column_sums(&x[0], &mut outs[0])
        }));
        cases.push(inputs().case(
            name("largest of each row"),
            0,
            &[rows],
            evaluated(|x| x[0].max(1)),
            move |x, outs| hand::row_largest(&x[0], columns, &mut outs[0]),
        ));
        cases.push(inputs().case(name("mean of all"), 0, &[1], evaluated(|x| x[0].mean_all()), |x, outs| {
            outs[0][0] = hand::sum(Same, [&x[0]]) / x[0].len() as f32
        }));
        cases.push(inputs().case(name("variance of all"), 1, &[1], evaluated(|x| x[0].var_all()), |x, outs| {
            outs[0][0] = hand::variance(&x[0])
        }));
        cases.push(inputs().case(
            name("variance of each row"),
            1,
            &[rows],
            evaluated(|x| x[0].var(1)),
            move |x, outs| hand::row_variances(&x[0], columns, &mut outs[0]),
        ));
        cases.push(inputs().case(
            name("variance of each column"),
            1,
            &[columns],
            evaluated(|x| x[0].var(0)),
            |x, outs| hand::column_variances(&x[0], &mut outs[0]),
        ));
    }
    cases
}
