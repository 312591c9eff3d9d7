//! Metrics that come back from what a file holds of them: the same settings and names, and no state.
#![allow(clippy::unwrap_used)] // helpers of tests

use crisol_metrics::*;
use crisol_tensor::Tensor;

/// The metric after the way through a file, with what it makes of a batch.
fn again(mut metric: Box<dyn Metric>) -> Box<dyn Metric> {
    let y = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 1.0, 1.0, 0.0], [3, 2]);
    let p = Tensor::from_slice(&[0.9f32, 0.2, 0.6, 0.4, 0.3, 0.1], [3, 2]);
    metric.update(&y, &p, None).unwrap();
    let text = serde_json::to_string(&metric.config().unwrap()).unwrap();
    let mut read = from_config(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!((read.name(), read.config()), (metric.name(), metric.config()));
    read.update(&y, &p, None).unwrap();
    let value = |metric: &dyn Metric| metric.result().unwrap().to_vec::<f32>().unwrap();
    assert_eq!(value(&*read), value(&*metric), "{text}");
    read
}

#[test]
fn every_metric_comes_back() {
    let all: Vec<Box<dyn Metric>> = vec![
        Box::new(BinaryAccuracy::new().threshold(0.35)),
        Box::new(Accuracy::new()),
        Box::new(CategoricalAccuracy::new()),
        Box::new(CategoricalCrossentropy::new().label_smoothing(0.1)),
        Box::new(OneHotIoU::new(2, [1]).ignore_class(0)),
        Box::new(BinaryIoU::new().threshold(0.25)),
        Box::new(F1Score::new().average(Average::Macro)),
        Box::new(Auc::new().multi_label(true).label_weights([1.0, 3.0])),
        Box::new(Auc::new().num_thresholds(7)),
        Box::new(FalseNegatives::new()),
        Box::new(FalsePositives::new()),
        Box::new(TrueNegatives::new().thresholds([0.15, 0.5])),
        Box::new(TruePositives::new()),
        Box::new(F1Score::new().threshold(0.3)),
        Box::new(FBetaScore::new(2.0).average(Average::Macro)),
        Box::new(RootMeanSquaredError::new()),
        Box::new(Precision::new().class_id(1).thresholds([0.15])),
        Box::new(Recall::new().top_k(1)),
        Box::new(PrecisionAtRecall::new(0.5)),
        Box::new(RecallAtPrecision::new(0.5)),
        Box::new(SensitivityAtSpecificity::new(0.5)),
        Box::new(SpecificityAtSensitivity::new(0.5)),
        Box::new(R2Score::new()),
        Box::new(TopKCategoricalAccuracy::new(1)),
        by_name("mse").unwrap(),
        "mse".into_metric().unwrap(),
        by_name("binary_crossentropy").unwrap(),
        Box::new(Precision::new().class_id(1).with_name("precision_of_dogs")),
        Box::new(RootMeanSquaredError::new().with_name("distance")),
        Box::new("mse".into_metric().unwrap().with_name("squares")),
    ];
    for metric in all {
        again(metric);
    }
}

#[test]
fn metrics_of_ones_own_and_wrong_settings_are_told() {
    let own = metric_fn("own", |y: &Tensor, p: &Tensor| (y - p).abs().mean(-1));
    assert!(own.config().is_none());
    let config = serde_json::from_str(r#"{"name": "auc", "settings": {"curve": "Roc"}}"#).unwrap();
    let error = from_config(&config).unwrap_err().to_string();
    assert!(error.contains("the settings of auc: "), "{error}");
    let config = serde_json::from_str(r#"{"name": "precison", "settings": {}}"#).unwrap();
    assert!(from_config(&config).unwrap_err().to_string().contains("did you mean \"precision\""));
}
