//! Checks of layers.

mod built;

use built::{Built, apart, floats, show};
use crisol_autograd::GradientCheck;
use crisol_layers::{Inference, Input, Layer, Mode, Network, Training};
use crisol_params::Role;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Tensor};

/// The key of all randomness that a check does not vary.
const KEY: u64 = 7;
/// Elements of each weight whose gradients are compared, if nothing else is asked for.
const MOST_ELEMENTS: usize = 64;
/// Single precision may be this far from double precision.
const SINGLE: f64 = 1e-3;

/// Checks a layer on a batch of samples: see [`LayerCheck`].
///
/// ```
/// use crisol_layers::Dense;
/// use crisol_tensor::Tensor;
/// use crisol_testing::check_layer;
/// let x = Tensor::from_slice(&[0.5f32, -1.0, 0.25, 2.0, -0.5, 1.0], [2, 3]);
/// check_layer(&Dense::new(4).activation("tanh"), &x).all()?;
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
pub fn check_layer<L: Layer + Clone>(layer: &L, x: &Tensor) -> LayerCheck<L> {
    LayerCheck {
        layer: layer.clone(),
        x: x.clone(),
        tolerance: 1e-6,
        most: MOST_ELEMENTS,
        modes: vec![Inference, Training],
    }
}

/// Checks of a layer on a batch of samples; the first axis counts them.
///
/// Each check builds the layer anew, with weights moved a little from their first values, so that what starts at zero takes part.
/// Errors name the layer and the check, and tell what was found and what was expected; they can be returned with `?` from a test of
/// proptest.
#[derive(Clone, Debug)]
pub struct LayerCheck<L> {
    layer: L,
    x: Tensor,
    tolerance: f64,
    most: usize,
    modes: Vec<Mode>,
}

impl<L: Layer + Clone> LayerCheck<L> {
    /// How far gradients, and samples alone and in a batch, may differ in double precision; 1e-6 if not said.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> LayerCheck<L> {
        self.tolerance = tolerance;
        self
    }

    /// How many elements of the input and of each weight have their gradients compared, evenly spread; 64 if not said.
    #[must_use]
    pub fn most_elements(mut self, most: usize) -> LayerCheck<L> {
        self.most = most;
        self
    }

    /// The mode in which gradients and determinism are checked; both if not said.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> LayerCheck<L> {
        self.modes = vec![mode];
        self
    }

    /// All checks, the first of which that fails is reported.
    ///
    /// # Errors
    /// As the single checks.
    pub fn all(&self) -> Result<()> {
        self.shapes()?;
        self.gradients()?;
        self.batch_independence()?;
        self.determinism()?;
        self.inference()?;
        self.save_and_load()?;
        self.precision()
    }

    /// The output has the shape that the layer was built for, for this batch and for others.
    ///
    /// # Errors
    /// The layer fails, or an output has another shape.
    pub fn shapes(&self) -> Result<()> {
        let check = "shapes";
        let built = self.build(check, DType::F32)?;
        let batch = self.batch(check)?;
        for rows in [batch, 1, batch + 1] {
            let numbers: Vec<i64> = (0..rows as i64).map(|row| row % batch as i64).collect();
            let x = self.x.take(&Tensor::from_slice(&numbers, [rows]), 0);
            let outputs = built.call(&x, Inference, KEY)?;
            let expected = built.network.output_shapes().map_err(|error| built.context(error))?;
            for (output, expected) in outputs.iter().zip(expected) {
                let found = output.to_value()?.shape()?;
                let same = found.rank() == expected.len()
                    && found.iter().zip(expected).all(|(found, expected)| expected.is_none_or(|size| size == *found));
                let batched = expected.first() != Some(&None) || found.first() == Some(&rows);
                if !same || !batched {
                    let text = format!(
                        "a batch of {rows} gives an output of shape {found}, the model was built for {}",
                        show(expected)
                    );
                    return Err(built.fault(ErrorKind::Shape, text));
                }
            }
        }
        Ok(())
    }

    /// The gradients of the input and of every trainable weight agree with central differences, in double precision. Losses that the
    /// layer adds count.
    ///
    /// # Errors
    /// The layer fails, or gradients are wrong: the error tells the path of the weight, the element, gradient and difference.
    pub fn gradients(&self) -> Result<()> {
        for &mode in &self.modes {
            let check = match mode {
                Training => "gradients in training",
                Inference => "gradients in inference",
            };
            let built = self.build(check, DType::F64)?;
            let states = built.states()?;
            let weights: Vec<_> =
                built.network.tree()?.weights().iter().filter(|weight| weight.role() == Role::Weight).collect();
            let is_float = self.x.dtype()?.is_float();
            let mut names: Vec<&str> = weights.iter().map(|weight| weight.path()).collect();
            let mut arrays = Vec::new();
            for weight in &weights {
                arrays.push(weight.variable().value().to_array::<f64>()?);
            }
            if is_float {
                names.push("the input");
                arrays.push(self.x.cast(DType::F64).to_array::<f64>()?);
            }
            if arrays.is_empty() {
                continue;
            }
            let function = |inputs: &[Tensor]| -> Result<Tensor> {
                for (variable, value) in &states {
                    variable.assign(value)?;
                }
                for (weight, value) in weights.iter().zip(inputs) {
                    weight.variable().assign(value)?;
                }
                let x = inputs.get(weights.len()).unwrap_or(&self.x);
                let forward = built.network.forward(std::slice::from_ref(x), mode, Key::new(KEY))?;
                let mut parts = Vec::new();
                for part in
                    forward.outputs.iter().chain(&forward.losses).filter(|part| part.dtype().is_ok_and(DType::is_float))
                {
                    parts.push(part.reshape([part.shape()?.elements()]));
                }
                Ok(Tensor::concatenate(&parts.iter().collect::<Vec<_>>(), 0))
            };
            let comparison = GradientCheck::new().tolerance(self.tolerance).names(names).most_elements(self.most);
            comparison.run(function, &arrays).map_err(|error| built.context(error))?;
        }
        Ok(())
    }

    /// In inference a sample's output is the same alone and among others, within the tolerance.
    ///
    /// # Errors
    /// The layer fails, or samples change one another's output.
    pub fn batch_independence(&self) -> Result<()> {
        let check = "batch independence";
        let built = self.build(check, DType::F64)?;
        let batch = self.batch(check)?;
        let together = built.call(&self.x, Inference, KEY)?;
        for row in 0..batch {
            let number = Tensor::from_slice(&[row as i64], [1]);
            let alone = built.call(&self.x.take(&number, 0), Inference, KEY)?;
            for (alone, together) in alone.iter().zip(&together) {
                let (alone, together) = (floats(alone)?, floats(&together.take(&number, 0))?);
                if let Some((index, found, expected)) = apart(&together, &alone, self.tolerance) {
                    let text = format!(
                        "sample {row} of {batch} changes with its batch: output element {index:?} is {found} among the others and \
                         {expected} alone"
                    );
                    let help = "reduce over the sample's own axes; only training may use statistics of the batch";
                    return Err(built.fault(ErrorKind::Value, text).help(help));
                }
            }
        }
        Ok(())
    }

    /// The same weights, input and key give the same bits: of outputs, losses and states.
    ///
    /// # Errors
    /// The layer fails, or draws random numbers that do not follow from its scope's key.
    pub fn determinism(&self) -> Result<()> {
        for &mode in &self.modes {
            let check = if mode == Training { "determinism in training" } else { "determinism in inference" };
            let built = self.build(check, DType::F32)?;
            let before = built.network.tree()?.get_weights()?;
            let first = built.values(&self.x, mode, KEY)?;
            let after = built.network.tree()?.get_weights()?;
            built.network.tree()?.set_weights(&before)?;
            let second = built.values(&self.x, mode, KEY)?;
            if first != second {
                let text = "two calls with the same key, weights and input differ in their outputs";
                return Err(built
                    .fault(ErrorKind::Value, text)
                    .help("draw random numbers with the key that cx.key() gives"));
            }
            if after != built.network.tree()?.get_weights()? {
                let text = "two calls with the same key, weights and input leave different states";
                return Err(built.fault(ErrorKind::Value, text));
            }
        }
        Ok(())
    }

    /// In inference the output depends on no random key, and no state changes.
    ///
    /// # Errors
    /// The layer fails, acts at random in inference, or changes a state: the error names it.
    pub fn inference(&self) -> Result<()> {
        let built = self.build("inference", DType::F32)?;
        let before = built.network.tree()?.get_weights()?;
        let first = built.values(&self.x, Inference, KEY)?;
        let second = built.values(&self.x, Inference, KEY + 1)?;
        if first != second {
            let text = "the output follows the random key: a prediction would be a draw";
            return Err(built.fault(ErrorKind::Value, text).help("draw random numbers if cx.training() only"));
        }
        let after = built.network.tree()?.get_weights()?;
        for ((weight, before), after) in built.network.tree()?.weights().iter().zip(&before).zip(&after) {
            if before != after {
                let text = format!("{} changes, although nothing is learned", weight.path());
                return Err(built.fault(ErrorKind::Value, text).help("assign states if cx.training() only"));
            }
        }
        Ok(())
    }

    /// Weights that are saved, and loaded into a layer that started with others, give the same bits.
    ///
    /// # Errors
    /// The layer fails, or keeps something that is not among its weights and states.
    pub fn save_and_load(&self) -> Result<()> {
        let check = "save and load";
        let built = self.build(check, DType::F32)?;
        let folder = tempfile::tempdir().map_err(|error| built.fault(ErrorKind::Io, error.to_string()))?;
        let file = folder.path().join("weights.safetensors");
        // A step of training first, so that states have values.
        built.values(&self.x, Training, KEY)?;
        built.network.tree()?.save_safetensors(&file)?;
        let expected = built.values(&self.x, Inference, KEY)?;
        let other = self.build_from(check, DType::F32, KEY + 1)?;
        other.network.tree()?.load_safetensors(&file).map_err(|error| other.context(error))?;
        if other.values(&self.x, Inference, KEY)? != expected {
            let text = "the outputs differ after the weights were saved and loaded into a new layer";
            return Err(built
                .fault(ErrorKind::Value, text)
                .help("what a layer keeps belongs into cx.weight or cx.state"));
        }
        Ok(())
    }

    /// Single precision is near double precision: within a thousandth of the largest output.
    ///
    /// # Errors
    /// The layer fails, or loses more.
    pub fn precision(&self) -> Result<()> {
        let double = self.build("precision", DType::F64)?;
        let single = self.build("precision", DType::F32)?;
        single.network.tree()?.set_weights(&double.network.tree()?.get_weights()?)?;
        let pairs = single.call(&self.x, Inference, KEY)?.into_iter().zip(double.call(&self.x, Inference, KEY)?);
        for (single, exact) in pairs {
            let (single_values, exact_values) = (floats(&single)?, floats(&exact)?);
            let scale = exact_values.iter().fold(1.0f64, |most, value| most.max(value.abs()));
            if let Some((index, found, expected)) = apart(&single_values, &exact_values, SINGLE * scale) {
                let text =
                    format!("output element {index:?} is {found} in single precision, {expected} in double precision");
                return Err(double
                    .fault(ErrorKind::Value, text)
                    .help("subtract the largest before exp, sum before square roots, ..."));
            }
        }
        Ok(())
    }

    fn batch(&self, check: &str) -> Result<usize> {
        match self.x.shape()?.first() {
            Some(&batch) if batch > 0 => Ok(batch),
            _ => Err(Error::new(
                ErrorKind::Shape,
                format!("expected a batch of samples, found shape {}", self.x.shape()?),
            )
            .operation(check.to_string())),
        }
    }

    fn build(&self, check: &'static str, dtype: DType) -> Result<Built> {
        self.build_from(check, dtype, KEY)
    }

    /// The layer with weights of its own, moved a little from where they start.
    fn build_from(&self, check: &'static str, dtype: DType, seed: u64) -> Result<Built> {
        self.batch(check)?;
        let sample = &self.x.shape()?[1..];
        let given = self.x.dtype()?;
        let input = if given.is_float() { Input::new(sample) } else { Input::typed(given, sample) };
        let network = Network::sequential((input, self.layer.clone())).dtype(dtype).seed(seed).build()?;
        let name = network.layer_names().first().map_or_else(String::new, |name| (*name).to_string());
        let built = Built { network, check, layer: format!("{name} ({})", self.layer.type_name()) };
        for (number, weight) in built.network.tree()?.weights().iter().enumerate() {
            let variable = weight.variable();
            if weight.role() == Role::Weight && variable.dtype().is_float() {
                let count = variable.shape().elements();
                let move_by = |at: usize| 0.1 * ((at + 31 * number) as f64 * 12.9898 + seed as f64).sin();
                let moves: Vec<f64> = (0..count).map(move_by).collect();
                let moves = Tensor::from_slice(&moves, variable.shape()).cast(variable.dtype());
                let value = variable.value() + moves;
                value.evaluate()?;
                variable.assign(value)?;
            }
        }
        Ok(built)
    }
}
