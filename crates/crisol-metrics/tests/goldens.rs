//! Metrics over three batches against Keras on JAX: see `tools/goldens/metrics.py`.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

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
    let labels: Vec<usize> = wave(40, seed).chunks(5).map(best).collect();
    match kind {
        "binary" => {
            let y: Vec<f32> = wave(8, seed).into_iter().map(|x| f32::from(u8::from(x > 0.0))).collect();
            (Tensor::from_slice(&y, [8, 1]), Tensor::from_slice(&scores(8), [8, 1]))
        }
        "one_hot" => {
            let y: Vec<f32> =
                labels.iter().flat_map(|&label| (0..5).map(move |place| f32::from(u8::from(place == label)))).collect();
            (Tensor::from_slice(&y, [8, 5]), Tensor::from_slice(&scores(40), [8, 5]))
        }
        "labels" => {
            let y: Vec<i64> = labels.iter().map(|&label| label as i64).collect();
            (Tensor::from_slice(&y, [8]), Tensor::from_slice(&scores(40), [8, 5]))
        }
        _ => {
            let three = |seed| wave(16, seed).into_iter().map(|x| x * 3.0).collect::<Vec<f32>>();
            (Tensor::from_slice(&three(seed), [8, 2]), Tensor::from_slice(&three(seed + 5), [8, 2]))
        }
    }
}

fn make(name: &str, settings: &HashMap<&str, &str>) -> Box<dyn Metric> {
    let number = |key: &str| settings.get(key).map(|text| text.parse::<f64>().unwrap());
    let thresholds =
        || settings.get("thresholds").map(|text| text.split(',').map(|x| x.parse().unwrap()).collect::<Vec<f64>>());
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
            let curve = if settings.get("curve") == Some(&"PR") { Curve::Pr } else { Curve::Roc };
            let auc = Auc::new().curve(curve).summation_method(summation);
            counted!(with!(auc, "num_thresholds" num_thresholds usize))
        }
        "f1_score" | "fbeta_score" => {
            let average = match settings.get("average") {
                Some(&"micro") => Average::Micro,
                Some(&"macro") => Average::Macro,
                Some(&"weighted") => Average::Weighted,
                _ => Average::None,
            };
            let score = FBetaScore::new(number("beta").unwrap_or(1.0)).average(average);
            Box::new(with!(score, "threshold" threshold f64))
        }
        "r2_score" => {
            let weighted = settings.contains_key("class_aggregation");
            let aggregation = if weighted { Aggregation::VarianceWeightedAverage } else { Aggregation::UniformAverage };
            Box::new(with!(R2Score::new().class_aggregation(aggregation), "num_regressors" num_regressors usize))
        }
        "top_k_categorical_accuracy" => Box::new(TopKCategoricalAccuracy::new(2).unwrap()),
        "sparse_top_k_categorical_accuracy" => Box::new(TopKCategoricalAccuracy::sparse(2).unwrap()),
        "precision_at_recall" => Box::new(PrecisionAtRecall::new(number("at").unwrap()).num_thresholds(20)),
        "recall_at_precision" => Box::new(RecallAtPrecision::new(number("at").unwrap()).num_thresholds(20)),
        "sensitivity_at_specificity" => {
            Box::new(SensitivityAtSpecificity::new(number("at").unwrap()).num_thresholds(20))
        }
        "specificity_at_sensitivity" => {
            Box::new(SpecificityAtSensitivity::new(number("at").unwrap()).num_thresholds(20))
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
    assert!(count > 120, "{count} lines");
}
