//! The update of all parameters: recorded once, and repeated as long as it is asked of the same tensors.

use crate::optimizer::{Changes, Optimizer};
use crate::parameter::Parameter;
use crate::transform::{Moment, Step};
use crisol_ir::{DType, Result};
use crisol_tensor::{Tensor, Variable, repeated};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What the step of one parameter is made from.
struct Given<'a> {
    path: &'a str,
    gradient: &'a Tensor,
    /// The value, then the states.
    values: &'a [Tensor],
    /// How many of the states each transform has.
    counts: &'a [usize],
    /// Those of weight decay, then of each transform.
    numbers: &'a [Vec<Tensor>],
}

impl Optimizer {
    /// Clips the gradients and sends each through the chain; new values go to the changes.
    pub(crate) fn record_update<P: Parameter>(
        &self,
        parameters: &[P],
        gradients: Vec<Tensor>,
        places: &[usize],
        number: u64,
        changes: &mut Changes,
    ) -> Result<()> {
        let gradients = self.options.clip(gradients)?;
        // By element type and place, not by value: two numbers that happen to be equal in one step make no other plan.
        let mut numbers: Vec<(DType, Vec<Vec<Tensor>>)> = Vec::new();
        // What is to be changed: each parameter, then its states.
        let mut variables: Vec<&Variable> = Vec::with_capacity(4 * parameters.len());
        for (parameter, &place) in parameters.iter().zip(places) {
            let variable = parameter.variable();
            variables.push(variable);
            variables.extend(self.slots.at(place).of_transforms());
            let dtype = variable.dtype();
            if numbers.iter().all(|(of, _)| *of != dtype) {
                numbers.push((dtype, self.numbers(number, dtype)));
            }
        }
        let values: Vec<Tensor> = variables.iter().map(|variable| variable.value()).collect();
        let all_numbers = numbers.iter().flat_map(|(_, numbers)| numbers.iter().flatten());
        let mut inputs: Vec<&Tensor> = Vec::with_capacity(gradients.len() + values.len() + 8);
        inputs.extend(gradients.iter().chain(&values).chain(all_numbers));
        let updated = repeated(self.key(places), &inputs, || {
            let mut rest = &values[..];
            let mut updated = Vec::with_capacity(values.len());
            for ((parameter, &place), gradient) in parameters.iter().zip(places).zip(&gradients) {
                let (slots, dtype) = (self.slots.at(place), parameter.variable().dtype());
                let (values, others) = rest.split_at(1 + slots.of_transforms().count());
                rest = others;
                let numbers = numbers.iter().find(|(of, _)| *of == dtype).map_or(&[][..], |(_, numbers)| numbers);
                updated.extend(self.updated(&Given {
                    path: &slots.path,
                    gradient,
                    values,
                    counts: &slots.counts,
                    numbers,
                }));
            }
            Ok(updated)
        })?;
        changes.assignments.reserve(updated.len());
        let mut changed = variables.into_iter().zip(updated);
        for (index, &place) in places.iter().enumerate() {
            let states = self.slots.at(place).of_transforms().count();
            changed.next().into_iter().for_each(|(parameter, value)| changes.change(index, parameter, value));
            let states = changed.by_ref().take(states).map(|(variable, value)| (variable.clone(), value));
            changes.assignments.extend(states);
        }
        Ok(())
    }

    /// What the update of parameters is a function of beside tensors: this optimizer, and which of its parameters they are, for transforms and
    /// weight decay may go by their paths.
    fn key(&self, places: &[usize]) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.id, places).hash(&mut hasher);
        hasher.finish()
    }

    /// The numbers of a step: of weight decay if weights decay, then of each transform.
    fn numbers(&self, number: u64, dtype: DType) -> Vec<Vec<Tensor>> {
        let moment = Moment { number, learning_rate: self.learning_rate() };
        let decay = self.options.weight_decay.map(|decay| decay * moment.learning_rate).into_iter().collect();
        let of_transforms = self.transforms.iter().map(|transform| transform.numbers(&moment));
        let scalars = |of: Vec<f64>| of.into_iter().map(|number| Tensor::number(dtype, number)).collect();
        std::iter::once(decay).chain(of_transforms).map(scalars).collect()
    }

    /// The new value of a parameter, and those of its states: a function of the tensors that are given.
    fn updated(&self, given: &Given) -> Vec<Tensor> {
        let ([value, states @ ..], [decay, numbers @ ..]) = (given.values, given.numbers) else { return Vec::new() };
        let (mut value, mut states) = (value.clone(), states.to_vec());
        if let [decay] = decay.as_slice()
            && self.options.decays(given.path)
        {
            value = &value - &value * decay;
        }
        let mut update = given.gradient.clone();
        let mut rest = states.as_mut_slice();
        for ((transform, count), numbers) in self.transforms.iter().zip(given.counts).zip(numbers) {
            let (own, others) = rest.split_at_mut(*count);
            let step = Step { path: given.path, parameter: &value, numbers };
            update = transform.apply(&step, update, own);
            rest = others;
        }
        let mut updated = vec![&value + update];
        updated.append(&mut states);
        updated
    }
}
