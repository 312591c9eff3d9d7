//! The update of all parameters: recorded once, and repeated as long as it is asked of the same tensors.

use crate::numbers::scalar;
use crate::optimizer::Optimizer;
use crate::parameter::Parameter;
use crate::transform::{Moment, Step};
use crisol_ir::{DType, Result};
use crisol_tensor::{Tensor, Variable, repeated};

/// What the step of one parameter is made from.
struct Given<'a> {
    path: String,
    value: Tensor,
    states: Vec<Tensor>,
    gradient: &'a Tensor,
    /// How many of the states each transform has.
    counts: &'a [usize],
    numbers: Vec<Vec<Tensor>>,
}

impl Given<'_> {
    fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        [self.gradient, &self.value].into_iter().chain(&self.states).chain(self.numbers.iter().flatten())
    }
}

impl Optimizer {
    /// Clips the gradients and sends each through the chain; new values go to the assignments.
    pub(crate) fn record_update<P: Parameter>(
        &self,
        pairs: &[(P, Tensor)],
        gradients: Vec<Tensor>,
        number: u64,
        assignments: &mut Vec<(Variable, Tensor)>,
    ) -> Result<()> {
        let gradients = self.options.clip(gradients)?;
        // By element type and place, not by value: two numbers that happen to be equal in one step make no other plan.
        let mut numbers: Vec<(DType, Vec<Vec<Tensor>>)> = Vec::new();
        // What is to be changed, and what it is made from: each parameter's value and states, then the numbers of its type.
        let (mut variables, mut given): (Vec<Variable>, Vec<Given>) = (Vec::new(), Vec::new());
        for ((parameter, _), gradient) in pairs.iter().zip(&gradients) {
            let (path, variable) = (parameter.path().into_owned(), parameter.variable());
            let Some(slots) = self.slots.get(&path) else { continue };
            let used: usize = slots.counts.iter().sum();
            variables.push(variable.clone());
            variables.extend(slots.own.iter().take(used).map(|slot| slot.variable.clone()));
            let states = slots.own.iter().take(used).map(|slot| slot.variable.value()).collect();
            let dtype = variable.dtype();
            let known = numbers.iter().position(|(of, _)| *of == dtype);
            let place = known.unwrap_or_else(|| {
                numbers.push((dtype, self.numbers(number, dtype)));
                numbers.len() - 1
            });
            let numbers = numbers[place].1.clone();
            given.push(Given { path, value: variable.value(), states, gradient, counts: &slots.counts, numbers });
        }
        let inputs: Vec<&Tensor> = given.iter().flat_map(Given::tensors).collect();
        let updated = repeated(self.id, &inputs, || Ok(given.iter().flat_map(|given| self.updated(given)).collect()))?;
        assignments.extend(variables.into_iter().zip(updated));
        Ok(())
    }

    /// The numbers of a step: of weight decay if weights decay, then of each transform.
    fn numbers(&self, number: u64, dtype: DType) -> Vec<Vec<Tensor>> {
        let moment = Moment { number, learning_rate: self.learning_rate() };
        let decay = self.options.weight_decay.map(|decay| decay * moment.learning_rate).into_iter().collect();
        let of_transforms = self.transforms.iter().map(|transform| transform.numbers(&moment));
        let scalars = |of: Vec<f64>| of.into_iter().map(|number| scalar(dtype, number)).collect();
        std::iter::once(decay).chain(of_transforms).map(scalars).collect()
    }

    /// The new value of a parameter, and those of its states: a function of the tensors that are given.
    fn updated(&self, given: &Given) -> Vec<Tensor> {
        let mut value = given.value.clone();
        let [decay, numbers @ ..] = given.numbers.as_slice() else { return Vec::new() };
        if let [decay] = decay.as_slice()
            && self.options.decays(&given.path)
        {
            value = &value - &value * decay;
        }
        let mut states = given.states.clone();
        let mut update = given.gradient.clone();
        let mut rest = states.as_mut_slice();
        for ((transform, count), numbers) in self.transforms.iter().zip(given.counts).zip(numbers) {
            let (own, others) = rest.split_at_mut(*count);
            let step = Step { path: &given.path, parameter: &value, numbers };
            update = transform.apply(&step, update, own);
            rest = others;
        }
        let mut updated = vec![&value + update];
        updated.append(&mut states);
        updated
    }
}
