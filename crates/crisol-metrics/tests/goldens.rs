//! Metrics over three batches against Keras on JAX: see `tools/goldens/metrics.py`.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_ir::{Result, Shape};
use crisol_metrics::*;
use crisol_tensor::Tensor;
use std::collections::HashMap;

/// As in the script: numbers from -0.75 to 0.83 that tell places apart.
fn wave(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|place| ((place * 37 + seed * 11) % 101) as f32 / 64.0 - 0.75).collect()
}

fn inputs(kind: &str, seed: usize) -> (Tensor, Tensor) {
    let scores =
        |count| wave(count, seed + 5).into_iter().map(|x| (x * 0.5 + 0.5).clamp(0.0, 1.0)).collect::<Vec<f32>>();
    let best = |row: &[f32]| (0..5).fold(0, |best, place| if row[place] > row[best] { place } else { best });
    let labels: Vec<i64> = wave(40, seed).chunks(5).map(|row| best(row) as i64).collect();
    let one_hot: Vec<f32> =
        labels.iter().flat_map(|&label| (0..5).map(move |place| f32::from(u8::from(place == label)))).collect();
    // Every second row is right.
    let near: Vec<f32> =
        scores(40).iter().zip(&one_hot).enumerate().map(|(at, (p, y))| p + y * (at / 5 % 2) as f32).collect();
    match kind {
        "binary" => {
            let y: Vec<f32> = wave(8, seed).into_iter().map(|x| f32::from(u8::from(x > 0.0))).collect();
            (Tensor::from_slice(&y, [8, 1]), Tensor::from_slice(&scores(8), [8, 1]))
        }
        "one_hot" => (Tensor::from_slice(&one_hot, [8, 5]), Tensor::from_slice(&scores(40), [8, 5])),
        "near" => (Tensor::from_slice(&one_hot, [8, 5]), Tensor::from_slice(&near, [8, 5])),
        "labels" => (Tensor::from_slice(&labels, [8]), Tensor::from_slice(&scores(40), [8, 5])),
        "near_labels" => (Tensor::from_slice(&labels, [8]), Tensor::from_slice(&near, [8, 5])),
        "classes" => {
            let p: Vec<i64> =
                wave(40, seed + 5).chunks(5).enumerate().map(|(at, row)| (best(row) + at % 2) as i64).collect();
            (Tensor::from_slice(&labels, [8]), Tensor::from_slice(&p, [8]))
        }
        "masks" | "corners" => {
            let step = if kind == "masks" { 1 } else { 6 };
            let class = |x: f32| ((x * 4.0).floor() as i64).rem_euclid(4);
            let classes = |seed| wave(48, seed).into_iter().map(class).step_by(step).collect::<Vec<i64>>();
            let shape: &[usize] = if kind == "masks" { &[8, 2, 3] } else { &[8] };
            (Tensor::from_slice(&classes(seed), shape), Tensor::from_slice(&classes(seed + 5), shape))
        }
        _ => {
            let three = |seed| wave(16, seed).into_iter().map(|x| x * 3.0).collect::<Vec<f32>>();
            (Tensor::from_slice(&three(seed), [8, 2]), Tensor::from_slice(&three(seed + 5), [8, 2]))
        }
    }
}

/// `confusion_matrix`, added up.
#[derive(Debug)]
struct Matrix(usize, State);

impl Metric for Matrix {
    fn name(&self) -> &str {
        "confusion_matrix"
    }

    fn update(&mut self, y: &Tensor, p: &Tensor, weight: Option<&Tensor>) -> Result<()> {
        self.1.add(confusion_matrix(y, p, self.0, weight)?)
    }

    fn result(&self) -> Result<Tensor> {
        Ok(self.1.value(&Shape::new(&[self.0, self.0])?))
    }

    fn reset(&mut self) -> Result<()> {
        self.1.reset()
    }
}

fn make(name: &str, settings: &HashMap<&str, &str>) -> Box<dyn Metric> {
    let number = |key: &str| settings.get(key).map(|text| text.parse::<f64>().unwrap());
    let list =
        |key: &str| settings.get(key).map(|text| text.split(',').map(|x| x.parse().unwrap()).collect::<Vec<f64>>());
    let thresholds = || list("thresholds");
    let is = |key: &str| settings.get(key) == Some(&"True");
    let classes = || number("num_classes").unwrap() as usize;
    let targets = || list("target_class_ids").unwrap().into_iter().map(|id| id as usize).collect::<Vec<_>>();
    macro_rules! with {
        ($metric:expr, $($key:literal $method:ident $ty:ty),*) => {{
            let mut metric = $metric;
            $(if let Some(value) = number($key) { metric = metric.$method(value as $ty); })*
            metric
        }};
    }
    macro_rules! counted {
        ($metric:expr) => {
            Box::new(match thresholds() {
                Some(all) => $metric.thresholds(all),
                None => $metric,
            })
        };
    }
    match name {
        "true_positives" => counted!(TruePositives::new()),
        "false_positives" => counted!(FalsePositives::new()),
        "true_negatives" => counted!(TrueNegatives::new()),
        "false_negatives" => counted!(FalseNegatives::new()),
        "precision" => counted!(with!(Precision::new(), "top_k" top_k usize, "class_id" class_id usize)),
        "recall" => counted!(with!(Recall::new(), "top_k" top_k usize, "class_id" class_id usize)),
        "auc" => {
            let summation = match settings.get("summation_method") {
                Some(&"minoring") => Summation::Minoring,
                Some(&"majoring") => Summation::Majoring,
                _ => Summation::Interpolation,
            };
            let curve = match settings.get("curve") {
                Some(&"PR") => Curve::Pr,
                Some(&"PRGAIN") => Curve::PrGain,
                _ => Curve::Roc,
            };
            let mut auc = Auc::new().curve(curve).summation_method(summation).multi_label(is("multi_label"));
            if let Some(weights) = list("label_weights") {
                auc = auc.label_weights(weights.iter().map(|&weight| weight as f32).collect::<Vec<_>>());
            }
            counted!(with!(auc, "num_thresholds" num_thresholds usize))
        }
        "f1_score" | "fbeta_score" => {
            let average = match settings.get("average") {
                Some(&"micro") => Average::Micro,
                Some(&"macro") => Average::Macro,
                Some(&"weighted") => Average::Weighted,
                _ => Average::None,
            };
            match name {
                "f1_score" => Box::new(F1Score::new().average(average)),
                _ => {
                    let score = FBetaScore::new(number("beta").unwrap_or(1.0)).average(average);
                    Box::new(with!(score, "threshold" threshold f64))
                }
            }
        }
        "r2_score" => {
            let weighted = settings.contains_key("class_aggregation");
            let aggregation = if weighted { Aggregation::VarianceWeightedAverage } else { Aggregation::UniformAverage };
            Box::new(with!(R2Score::new().class_aggregation(aggregation), "num_regressors" num_regressors usize))
        }
        "top_k_categorical_accuracy" => Box::new(TopKCategoricalAccuracy::new(2)),
        "sparse_top_k_categorical_accuracy" => Box::new(SparseTopKCategoricalAccuracy::new(2)),
        "precision_at_recall" => Box::new(PrecisionAtRecall::new(number("at").unwrap()).num_thresholds(20)),
        "recall_at_precision" => Box::new(RecallAtPrecision::new(number("at").unwrap()).num_thresholds(20)),
        "sensitivity_at_specificity" => {
            Box::new(SensitivityAtSpecificity::new(number("at").unwrap()).num_thresholds(20))
        }
        "specificity_at_sensitivity" => {
            Box::new(SpecificityAtSensitivity::new(number("at").unwrap()).num_thresholds(20))
        }
        "io_u" => Box::new(with!(IoU::new(classes(), targets()), "ignore_class" ignore_class i64)),
        "mean_io_u" => {
            let metric = MeanIoU::new(classes()).sparse_y_pred(settings.get("sparse_y_pred") != Some(&"False"));
            Box::new(with!(metric, "ignore_class" ignore_class i64))
        }
        "one_hot_io_u" => Box::new(with!(OneHotIoU::new(classes(), targets()), "ignore_class" ignore_class i64)),
        "one_hot_mean_io_u" => Box::new(with!(OneHotMeanIoU::new(classes()), "ignore_class" ignore_class i64)),
        "binary_io_u" if settings.contains_key("target_class_ids") => {
            Box::new(with!(BinaryIoU::new().target_class_ids(targets()), "threshold" threshold f64))
        }
        "confusion_matrix" => Box::new(Matrix(classes(), State::new())),
        "pearson_correlation" => Box::new(with!(PearsonCorrelation::new(), "axis" axis isize)),
        "concordance_correlation" => Box::new(with!(ConcordanceCorrelation::new(), "axis" axis isize)),
        "cosine_similarity" => Box::new(with!(CosineSimilarity::new(), "axis" axis isize)),
        "binary_accuracy" => Box::new(with!(BinaryAccuracy::new(), "threshold" threshold f64)),
        "binary_crossentropy" => {
            let metric = BinaryCrossentropy::new().from_logits(is("from_logits"));
            Box::new(with!(metric, "label_smoothing" label_smoothing f64))
        }
        "categorical_crossentropy" => {
            let metric = CategoricalCrossentropy::new().from_logits(is("from_logits"));
            Box::new(with!(metric, "label_smoothing" label_smoothing f64))
        }
        "sparse_categorical_crossentropy" => {
            let metric = SparseCategoricalCrossentropy::new().from_logits(is("from_logits"));
            Box::new(with!(metric, "ignore_class" ignore_class i64))
        }
        _ => by_name(name).unwrap(),
    }
}

#[test]
fn metrics_follow_keras_over_batches() {
    let mut count = 0;
    for line in include_str!("goldens/keras.txt").lines() {
        let [name, settings, kind, weighted, expected] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let settings: HashMap<&str, &str> =
            settings.split_whitespace().filter_map(|text| text.split_once('=')).collect();
        let expected: Vec<f32> = expected.split(' ').map(|number| number.parse().unwrap()).collect();
        let mut metric = make(name, &settings);
        // A second time after a reset, which must forget the first.
        for _ in 0..2 {
            let mut found = Vec::new();
            for batch in 0..3 {
                let (y, p) = inputs(kind, batch);
                let weights: Vec<f32> = wave(8, batch + 20).into_iter().map(f32::abs).collect();
                let weights = (weighted == "weights").then(|| Tensor::from_slice(&weights, [8]));
                metric.update(&y, &p, weights.as_ref()).unwrap_or_else(|error| panic!("{line}: {error}"));
                found.extend(metric.result().unwrap().to_vec::<f32>().unwrap());
            }
            assert_eq!(found.len(), expected.len(), "{line}: {found:?}");
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found - expected).abs() <= 3e-5 * (1.0 + expected.abs()),
                    "{line}: {found} against {expected}"
                );
            }
            metric.reset().unwrap();
        }
        count += 1;
    }
    assert!(count > 190, "{count} lines");
}

#[test]
fn sums_count_as_keras() {
    let mut sum = Sum::new("clicks");
    let values = Tensor::from_slice(&[1.0f32, 3.0, 5.0, 7.0], [4]);
    sum.update(&values, None).unwrap();
    assert_eq!(sum.result().item().unwrap(), 16.0);
    sum.update(&values, Some(&Tensor::from_slice(&[1.0f32, 1.0, 0.0, 0.5], [4]))).unwrap();
    assert_eq!(sum.result().item().unwrap(), 16.0 + 7.5);
    sum.reset().unwrap();
    assert_eq!(sum.result().item().unwrap(), 0.0);
}

#[test]
fn a_function_is_a_metric() {
    let (y, p) = inputs("numbers", 0);
    let mut own = metric_fn("own", |y: &Tensor, p: &Tensor| (y - p).square().mean(-1));
    let mut built_in = by_name("mse").unwrap();
    own.update(&y, &p, None).unwrap();
    built_in.update(&y, &p, None).unwrap();
    assert_eq!(own.result().unwrap().item().unwrap(), built_in.result().unwrap().item().unwrap());
    assert_eq!("mae".into_metric().unwrap().name(), "mae");
}

#[test]
fn mistakes_name_the_metric_and_what_is_wrong() {
    let text = |metric: &mut dyn Metric, y: &Tensor, p: &Tensor| metric.update(y, p, None).unwrap_err().to_string();
    let (y, p) = (Tensor::zeros([4, 2]), Tensor::zeros([4, 3]));
    let wrong = text(&mut MeanSquaredError::new(), &y, &p);
    assert!(wrong.contains("mean_squared_error: y_true has shape [4, 2], y_pred [4, 3]"), "{wrong}");
    let wrong = text(&mut IoU::new(2, [2]), &Tensor::zeros([4]), &Tensor::zeros([4]));
    assert!(wrong.contains("io_u: target class 2 is none of 2 classes"), "{wrong}");
    let wrong = text(&mut Auc::new().label_weights([1.0]), &p, &p);
    assert!(wrong.contains("1 label weights against predictions of shape [4, 3]"), "{wrong}");
}
