//! Intersection over union: what the metrics of segmentation share.

use crate::confusion_matrix::confusion_matrix;
use crate::state::State;
use crisol_ir::{DType, Error, ErrorKind, Result, Shape};
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Counts of a confusion matrix, and the mean over some classes of `true positives / (true positives + false positives + false negatives)`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Intersection {
    pub(crate) name: Cow<'static, str>,
    pub(crate) num_classes: usize,
    /// The classes of the mean; all of them if there is none.
    pub(crate) targets: Option<Vec<usize>>,
    pub(crate) ignore_class: Option<i64>,
    pub(crate) sparse_y_true: bool,
    pub(crate) sparse_y_pred: bool,
    pub(crate) axis: isize,
    #[serde(skip)]
    pub(crate) matrix: State,
}

impl Intersection {
    /// Class numbers on both sides.
    pub(crate) fn new(name: &'static str, num_classes: usize, targets: Option<Vec<usize>>) -> Intersection {
        Intersection {
            name: name.into(),
            num_classes,
            targets,
            ignore_class: None,
            sparse_y_true: true,
            sparse_y_pred: true,
            axis: -1,
            matrix: State::new(),
        }
    }

    pub(crate) fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        self.check()?;
        let number = |x: &Tensor, sparse: bool| if sparse { x.clone() } else { x.argmax(self.axis) };
        let mut y = number(y_true, self.sparse_y_true).cast(DType::I32);
        let p = number(y_pred, self.sparse_y_pred).cast(DType::I32);
        if let Some(ignored) = self.ignore_class {
            y = y.equal(ignored).select(-1, y);
        }
        let matrix = confusion_matrix(&y, &p, self.num_classes, sample_weight);
        self.matrix.add(matrix.map_err(|error| error.operation(self.name.clone()))?)
    }

    pub(crate) fn result(&self) -> Result<Tensor> {
        const EPSILON: f64 = 1e-7;
        let classes = self.num_classes;
        let matrix = self.matrix.value(&Shape::new(&[classes, classes])?);
        let numbers = Tensor::range(DType::I32, classes);
        let diagonal = numbers.reshape([classes, 1]).equal(&numbers);
        let hits = diagonal.select(&matrix, 0.0).sum(1);
        let union = matrix.sum(0) + matrix.sum(1) - &hits;
        // How often a class was asked for.
        let mut asked = vec![f32::from(u8::from(self.targets.is_none())); classes];
        for target in self.targets.iter().flatten() {
            if let Some(asked) = asked.get_mut(*target) {
                *asked += 1.0;
            }
        }
        let asked = Tensor::from_slice(&asked, [classes]);
        // Classes that neither side has do not count.
        let there = union.greater(1e-9).cast(DType::F32) * asked;
        let shares = hits / (union + EPSILON) * &there;
        Ok(shares.sum_all() / (there.sum_all() + EPSILON))
    }

    pub(crate) fn reset(&mut self) -> Result<()> {
        self.matrix.reset()
    }

    fn check(&self) -> Result<()> {
        match self.targets.iter().flatten().find(|target| **target >= self.num_classes) {
            Some(target) => {
                let text = format!("target class {target} is none of {} classes", self.num_classes);
                Err(Error::new(ErrorKind::Value, text).operation(self.name.clone()))
            }
            None => Ok(()),
        }
    }
}

/// The methods of a metric that holds an [`Intersection`], and those settings of it that are listed.
macro_rules! intersection_metric {
    ($metric:ty, $($setting:ident)*) => {
        impl $metric {
            $(crate::intersection::setting!($setting);)*
        }

        impl $crate::Metric for $metric {
            fn name(&self) -> &str {
                &self.intersection.name
            }

            fn update(
                &mut self,
                y_true: &crisol_tensor::Tensor,
                y_pred: &crisol_tensor::Tensor,
                sample_weight: Option<&crisol_tensor::Tensor>,
            ) -> crisol_ir::Result<()> {
                self.intersection.update(y_true, &self.prepared(y_pred), sample_weight)
            }

            fn result(&self) -> crisol_ir::Result<crisol_tensor::Tensor> {
                self.intersection.result()
            }

            fn reset(&mut self) -> crisol_ir::Result<()> {
                self.intersection.reset()
            }

            fn config(&self) -> Option<crisol_params::Config> {
                crisol_params::Config::of(&self.intersection.name, self)
            }
        }
    };
}
pub(crate) use intersection_metric;

/// A setting as a builder method.
macro_rules! setting {
    (ignore_class) => {
        /// A number that stands for no class: its samples do not count.
        #[must_use]
        pub fn ignore_class(mut self, class: i64) -> Self {
            self.intersection.ignore_class = Some(class);
            self
        }
    };
    (sparse_y_true) => {
        /// Whether targets are class numbers, as by default, or one-hot.
        #[must_use]
        pub fn sparse_y_true(mut self, sparse: bool) -> Self {
            self.intersection.sparse_y_true = sparse;
            self
        }
    };
    (sparse_y_pred) => {
        /// Whether predictions are class numbers, or a score for each class, the largest of which is meant.
        #[must_use]
        pub fn sparse_y_pred(mut self, sparse: bool) -> Self {
            self.intersection.sparse_y_pred = sparse;
            self
        }
    };
    (axis) => {
        /// The axis of the classes of what is not class numbers; the last by default.
        #[must_use]
        pub fn axis(mut self, axis: isize) -> Self {
            self.intersection.axis = axis;
            self
        }
    };
    (as_given) => {
        fn prepared(&self, y_pred: &crisol_tensor::Tensor) -> crisol_tensor::Tensor {
            y_pred.clone()
        }
    };
}
pub(crate) use setting;
