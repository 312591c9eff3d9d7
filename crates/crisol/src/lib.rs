#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! This crate holds no logic: it gathers the others under Keras' names and turns the compiler on.
//!
//! | module | Keras' counterpart |
//! | --- | --- |
//! | [`layers`], [`losses`], [`metrics`], [`optimizers`], [`callbacks`], [`initializers`] | the modules of the same names |
//! | [`datasets`], [`data`] | `keras.datasets`, `keras.utils.image_dataset_from_directory`, `tf.data` |
//! | [`random`], [`activations`] | `keras.random`, `keras.activations` |
//! | [`Tensor`], [`Variable`], [`GradientTape`] | `tf.Tensor`, `tf.Variable`, `tf.GradientTape` |
//! | [`custom_gradient`], [`checkpoint`] | `tf.custom_gradient`, `tf.recompute_grad` |
//! | [`CustomOp`] | an operation of one's own |
//! | `plot`, with the feature of that name | training curves as PNG, drawings of models |
//! | `testing`, with the feature of that name | property tests for layers, optimizers and gradients of one's own |
//! | [`Sequential`], [`Model`] | the models |

pub use crisol_autograd::{
    CustomOp, GradientCheck, GradientOptions, GradientTape, Gradients, UnconnectedGradients, check_gradients,
    checkpoint, custom_gradient, hessian_vector_product, jacobian_vector_product, no_gradient, value_and_gradients,
    vector_jacobian_product,
};
pub use crisol_data as data;
pub use crisol_data::datasets;
pub use crisol_layers as layers;
pub use crisol_losses as losses;
pub use crisol_metrics as metrics;
pub use crisol_optim as optimizers;
pub use crisol_params as initializers;
#[cfg(feature = "plot")]
pub use crisol_plot as plot;
pub use crisol_tensor::{
    DType, Error, ErrorKind, Result, Shape, Tensor, TensorType, Value, Variable, activations, evaluate, ndarray,
    random, set_cursor, sizes, stats,
};
#[cfg(feature = "testing")]
pub use crisol_testing as testing;
pub use crisol_train::{
    Arrays, Compile, Data, Evaluate, Fit, Model, Results, Sequential, TrainStep, Trainer, ValidationFrequency, Verbose,
    load_model,
};

/// What happens around the steps of a training run.
pub use crisol_callbacks as callbacks;

/// What most programs need, in one line: `use crisol::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Arrays, Compile, DType, Data, Error, ErrorKind, Evaluate, Fit, GradientTape, Model, Results, Sequential, Shape,
        Tensor, TrainStep, Trainer, Variable, Verbose, load_model, random,
    };
    pub use crate::{losses, metrics, ndarray};
    pub use crisol_callbacks::{
        BackupAndRestore, Callback, CsvLogger, EarlyStopping, Flow, History, LambdaCallback, LearningRateScheduler,
        Logs, ModelCheckpoint, ReduceLROnPlateau, Run, SummaryWriter, SwapEmaWeights, TensorBoard, TerminateOnNan,
    };
    pub use crisol_data::{Batch, Dataset, image_folder, read_csv};
    pub use crisol_layers::*;
    pub use crisol_losses::{
        BinaryCrossentropy, CategoricalCrossentropy, Loss, MeanSquaredError, Reduction, SparseCategoricalCrossentropy,
        loss_fn,
    };
    pub use crisol_metrics::{
        Accuracy, Auc, BinaryAccuracy, CategoricalAccuracy, Mean, Metric, Precision, Recall, RootMeanSquaredError,
        SparseCategoricalAccuracy, TopKCategoricalAccuracy, metric_fn,
    };
    pub use crisol_optim::{Adam, AdamW, OptimizerOptions, RmsProp, Sgd};
    pub use crisol_params::{
        Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Ones, RandomNormal, RandomUniform, Zeros,
    };
    pub use crisol_train::Plot;
}
