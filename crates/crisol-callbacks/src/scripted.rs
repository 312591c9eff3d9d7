//! A run for tests of callbacks: its numbers are given, what is done to it is noted.

use crate::logs::Logs;
use crate::run::{LayerNode, Position, Run};
use crisol_ir::ndarray::ArrayD;
use crisol_ir::{Result, Value};
use std::path::Path;

pub(crate) struct ScriptedRun {
    pub(crate) epochs: usize,
    pub(crate) steps: Option<usize>,
    pub(crate) logs: Logs,
    pub(crate) iterations: u64,
    pub(crate) rate: f64,
    /// The single weight.
    pub(crate) weight: f32,
    pub(crate) not_finite: Option<String>,
    pub(crate) shown: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) saved: Vec<String>,
    pub(crate) swaps: usize,
}

impl ScriptedRun {
    pub(crate) fn new(epochs: usize) -> ScriptedRun {
        ScriptedRun {
            epochs,
            steps: None,
            logs: Logs::new(),
            iterations: 0,
            rate: 0.1,
            weight: 0.0,
            not_finite: None,
            shown: String::new(),
            warnings: Vec::new(),
            saved: Vec::new(),
            swaps: 0,
        }
    }
}

impl Run for ScriptedRun {
    fn epochs(&self) -> usize {
        self.epochs
    }

    fn steps(&self) -> Option<usize> {
        self.steps
    }

    fn logs(&self) -> Result<Logs> {
        Ok(self.logs.clone())
    }

    fn iterations(&self) -> Option<u64> {
        Some(self.iterations)
    }

    fn learning_rate(&self) -> Option<f64> {
        Some(self.rate)
    }

    fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        self.rate = learning_rate;
        Ok(())
    }

    fn weights(&self) -> Result<Vec<(String, Value)>> {
        Ok(vec![("dense/kernel".to_string(), Value::F32(ArrayD::from_elem(vec![2, 3], self.weight)))])
    }

    fn set_weights(&mut self, weights: &[(String, Value)]) -> Result<()> {
        if let Value::F32(array) = &weights[0].1 {
            self.weight = array[[0, 0]];
        }
        Ok(())
    }

    fn swap_averages(&mut self) -> Result<()> {
        self.swaps += 1;
        Ok(())
    }

    fn save(&mut self, path: &Path) -> Result<()> {
        self.saved.push(path.display().to_string());
        Ok(())
    }

    fn save_weights(&mut self, path: &Path) -> Result<()> {
        self.save(path)
    }

    fn save_backup(&mut self, path: &Path, position: Position) -> Result<()> {
        self.saved.push(format!("{}:{}", position.epoch, position.step));
        std::fs::write(path, b"backup")
            .map_err(|error| crisol_ir::Error::new(crisol_ir::ErrorKind::Io, error.to_string()))
    }

    fn restore_backup(&mut self, _path: &Path) -> Result<Position> {
        self.saved.push("restored".to_string());
        Ok(Position::default())
    }

    fn first_not_finite(&mut self) -> Result<Option<String>> {
        Ok(self.not_finite.clone())
    }

    fn layers(&self) -> Vec<LayerNode> {
        let node = |name: &str, inputs: &[&str]| LayerNode {
            name: name.to_string(),
            type_name: "Dense".to_string(),
            inputs: inputs.iter().map(|name| (*name).to_string()).collect(),
        };
        vec![node("input_layer", &[]), node("dense", &["input_layer"])]
    }

    fn show(&mut self, text: &str) {
        self.shown.push_str(text);
    }

    fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }
}
