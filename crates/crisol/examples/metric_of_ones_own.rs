//! A metric of one's own: how many classes were told right.

use crisol::ndarray::{Array1, Array2};
use crisol::prelude::*;

// [customisation-32]
#[derive(Debug)]
struct CategoricalTruePositives {
    true_positives: Variable,
}

impl CategoricalTruePositives {
    fn new() -> crisol::Result<CategoricalTruePositives> {
        Ok(CategoricalTruePositives { true_positives: Variable::new(Tensor::scalar(DType::F32, 0.0))? })
    }
}

impl Metric for CategoricalTruePositives {
    fn name(&self) -> &str {
        "categorical_true_positives"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> crisol::Result<()> {
        let classes = y_pred.argmax(1).cast(DType::I32);
        let mut values = y_true.reshape(classes.shape()?).cast(DType::I32).equal(&classes).cast(DType::F32);
        if let Some(weight) = sample_weight {
            values = values * weight.cast(DType::F32);
        }
        self.true_positives.assign_add(values.sum_all())
    }

    fn result(&self) -> crisol::Result<Tensor> {
        Ok(self.true_positives.value())
    }

    fn reset(&mut self) -> crisol::Result<()> {
        self.true_positives.assign(Tensor::scalar(DType::F32, 0.0))
    }
}
// [end]

/// Counts, weighs and forgets.
pub fn main() -> crisol::Result<()> {
    let x = Array2::from_shape_fn((96, 3), |(row, column)| if row % 3 == column { 1.0f32 } else { 0.0 });
    let y = Array1::from_shape_fn(96, |row| (row % 3) as i64);
    let mut metric = CategoricalTruePositives::new()?;
    metric.update(&Tensor::from(&y), &Tensor::from(&x), None)?;
    metric.update(&Tensor::from(&y), &Tensor::from(&x), Some(&Tensor::full(DType::F32, [96], 0.5)))?;
    assert_eq!(metric.result()?.item()?, 96.0 + 48.0);

    let mut model = Sequential::new((Input::new([3]), Dense::new(3).activation("softmax")));
    // [customisation-37]
    let compile = Compile::new().optimizer(RmsProp::new(1e-1)).loss(SparseCategoricalCrossentropy::new());
    model.compile(compile.metric(metric))?;
    // [end]
    let history = model.fit((&x, &y), Fit::epochs(30))?;
    assert_eq!(history.last("categorical_true_positives"), Some(96.0)); // of one epoch, not of all
    Ok(())
}
