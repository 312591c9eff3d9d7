//! Gradients and operations of one's own.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::{CustomOp, GradientTape, check_gradients, custom_gradient, no_gradient, value_and_gradients};
use crisol_ir::ndarray::{ArrayD, Axis, IxDyn, array};
use crisol_ir::{Error, ErrorKind, Result, TensorType, Value};
use crisol_tensor::{DType, Shape, Tensor, Variable, stats};

fn points(sizes: &[usize]) -> ArrayD<f64> {
    let mut count = 0.0;
    ArrayD::from_shape_simple_fn(IxDyn(sizes), || {
        count += 1.0;
        (count * 12.9898f64).sin() * 2.0
    })
}

/// `y[.., i] = x[.., 0] + .. + x[.., i]`, with a power of the running sum: `power` is a setting.
#[derive(Clone, Debug, PartialEq)]
struct RunningPower {
    power: f64,
}

impl CustomOp for RunningPower {
    fn name(&self) -> &'static str {
        "running_power"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<TensorType> {
        match inputs {
            [x] if x.dtype.is_float() && x.shape.rank() > 0 => Ok(*x),
            _ => Err(Error::new(ErrorKind::Shape, format!("expected one float tensor with an axis, found {inputs:?}"))),
        }
    }

    fn forward(&self, inputs: &[Value]) -> Result<Value> {
        Ok(match &inputs[0] {
            Value::F32(x) => {
                let mut y = x.clone();
                y.accumulate_axis_inplace(Axis(x.ndim() - 1), |&before, now| *now += before);
                Value::F32(y.mapv(|y| y.powf(self.power as f32)))
            }
            x => {
                let mut y = x.array::<f64>()?.clone();
                let last = Axis(y.ndim() - 1);
                y.accumulate_axis_inplace(last, |&before, now| *now += before);
                Value::F64(y.mapv(|y| y.powf(self.power)))
            }
        })
    }

    fn gradient(&self, inputs: &[Tensor], _: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        // Sums from the end, of the gradient with respect to the running sum: a product with a triangle.
        let x = &inputs[0];
        let size = x.dim(-1)?;
        let triangle = ArrayD::from_shape_fn(IxDyn(&[size, size]), |at| f64::from(u8::from(at[0] <= at[1])));
        let triangle = Tensor::from(triangle).cast(x.dtype()?);
        let running = x.matmul(&triangle);
        let slope = if self.power == 1.0 {
            gradient.clone()
        } else {
            gradient * RunningPower { power: self.power - 1.0 }.call(&[x]) * self.power
        };
        assert_eq!(running.shape()?, x.shape()?);
        Ok(vec![Some(slope.matmul(&triangle.transpose()))])
    }
}

#[test]
fn an_operation_of_ones_own_fuses_with_what_is_around_it() {
    let op = RunningPower { power: 2.0 };
    let x = Tensor::from(array![[1.0f32, 2.0, 3.0], [0.5, -1.0, 1.0]]);
    let y = (op.call(&[&(&x * 2.0)]) + 1.0).sqrt();
    let expected: Vec<f32> = [2.0f32, 6.0, 12.0, 1.0, -1.0, 1.0].iter().map(|sum| (sum * sum + 1.0).sqrt()).collect();
    assert_eq!(y.to_vec::<f32>().unwrap(), expected);
}

#[test]
fn its_gradients_agree_with_differences_to_the_second_order() {
    let op = RunningPower { power: 3.0 };
    let function = |x: &[Tensor]| op.call(&[&x[0].tanh()]) * &x[0];
    check_gradients(function, &[points(&[2, 4])], 1e-6).unwrap();
    let slope = |x: &[Tensor]| -> Result<Tensor> {
        let tape = GradientTape::new();
        let y = function(x);
        tape.gradient(&y, [&x[0]])?.only()
    };
    check_gradients(slope, &[points(&[2, 4])], 1e-5).unwrap();
}

#[test]
fn equal_settings_are_one_operation_and_steps_make_no_new_plan() {
    let w = Variable::new(Tensor::from(array![[0.5f32, 0.25]])).unwrap();
    let step = |power: f64| {
        let tape = GradientTape::new();
        let loss = RunningPower { power }.call(&[&w.value()]).sum_all();
        let gradient = tape.gradient(&loss, [&w]).unwrap().only().unwrap();
        w.assign_sub(gradient * 0.01).unwrap();
        drop((tape, loss));
        crisol_tensor::evaluate().unwrap();
    };
    step(2.0);
    let made = stats().plans_made;
    (0..10).for_each(|_| step(2.0));
    assert_eq!(stats().plans_made, made);
    step(3.0);
    assert_eq!(stats().plans_made, made + 1, "other settings are another operation");
}

/// Goes wrong as told.
#[derive(Clone, Debug, PartialEq)]
enum Faulty {
    PanicsInForward,
    PanicsInShapeRule,
    PanicsInGradient,
    ReturnsAnotherShape,
    RefusesGradients,
    GradientOfAnotherShape,
    TooManyGradients,
    ReadsTensors,
}

impl CustomOp for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<TensorType> {
        assert!(*self != Faulty::PanicsInShapeRule, "no such shape");
        Ok(inputs[0])
    }

    fn forward(&self, inputs: &[Value]) -> Result<Value> {
        match self {
            Faulty::PanicsInForward => panic!("row {} is bad", 7),
            Faulty::ReturnsAnotherShape => Ok(Value::F32(ArrayD::zeros(IxDyn(&[9])))),
            Faulty::ReadsTensors => {
                (Tensor::ones([1]) + 1.0).item()?;
                Ok(inputs[0].clone())
            }
            _ => Ok(inputs[0].clone()),
        }
    }

    fn gradient(&self, _: &[Tensor], _: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        match self {
            Faulty::PanicsInGradient => panic!("no slope"),
            Faulty::RefusesGradients => no_gradient("a sorted order has no slope"),
            Faulty::GradientOfAnotherShape => Ok(vec![Some(gradient.sum_all())]),
            Faulty::TooManyGradients => Ok(vec![None, None]),
            _ => Ok(vec![Some(gradient.clone())]),
        }
    }
}

#[test]
fn what_goes_wrong_inside_is_an_error_that_names_the_operation() {
    let x = Tensor::from_slice(&[1.0f32; 3], [3]);
    let forward = |op: Faulty| op.call(&[&x]).to_vec::<f32>().unwrap_err().to_string();
    let backward = |op: Faulty| value_and_gradients(|x| op.call(&[&x[0]]), &[&x]).unwrap_err().to_string();

    let text = forward(Faulty::PanicsInForward);
    assert!(text.starts_with("faulty: its forward panicked: row 7 is bad"), "{text}");
    let text = forward(Faulty::PanicsInShapeRule);
    assert!(text.starts_with("faulty: its shape rule panicked: no such shape, at "), "{text}");
    assert!(text.contains("tests/custom.rs"), "{text}");
    let text = forward(Faulty::ReturnsAnotherShape);
    assert!(text.starts_with("faulty: its forward returned float32[9], its shape rule says float32[3]"), "{text}");
    let text = forward(Faulty::ReadsTensors);
    assert!(text.starts_with("faulty: ") && text.contains("the value of a tensor was asked for"), "{text}");

    let text = backward(Faulty::PanicsInGradient);
    assert!(text.starts_with("faulty: its gradient panicked: no slope, at "), "{text}");
    let text = backward(Faulty::RefusesGradients);
    assert!(text.starts_with("faulty: a sorted order has no slope, at "), "{text}");
    let text = backward(Faulty::GradientOfAnotherShape);
    assert!(text.contains("faulty") && text.contains("input 0 is float32[], expected the input's own type"), "{text}");
    let text = backward(Faulty::TooManyGradients);
    assert!(text.contains("faulty") && text.contains("2 gradients were returned for 1 inputs"), "{text}");

    // The thread goes on as if nothing had happened.
    assert_eq!((&x + 1.0).to_vec::<f32>().unwrap(), [2.0; 3]);
    let text = RunningPower { power: 2.0 }.call(&[&Tensor::range(DType::I32, 3)]).check().unwrap_err().to_string();
    assert!(text.starts_with("running_power: expected one float tensor with an axis, found [int32[3]]"), "{text}");
}

/// As many operations as there are numbers.
#[derive(Clone, Debug, PartialEq)]
struct Shift(usize);

impl CustomOp for Shift {
    fn name(&self) -> &'static str {
        "shift"
    }
    fn infer(&self, inputs: &[TensorType]) -> Result<TensorType> {
        Ok(inputs[0])
    }
    fn forward(&self, inputs: &[Value]) -> Result<Value> {
        Ok(Value::F32(inputs[0].array::<f32>()? + self.0 as f32))
    }
    fn gradient(&self, _: &[Tensor], _: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradient.clone())])
    }
}

#[test]
fn an_endless_number_of_operations_is_refused() {
    let x = Tensor::ones([1]);
    let refused = (0..2000).find_map(|number| Shift(number).call(&[&x]).check().err()).unwrap();
    assert!(refused.to_string().contains("pass numbers that change from call to call as inputs"), "{refused}");
    assert_eq!(Shift(3).call(&[&x]).item().unwrap(), 4.0, "known ones go on");
}

#[test]
fn a_function_with_a_gradient_of_its_own() {
    // The identity, with the gradient cut to [-1, 1].
    let clipped =
        |x: &Tensor| custom_gradient(&[x], |x| x[0].clone(), |_, _, gradient| Ok(vec![Some(gradient.clip(-1.0, 1.0))]));
    let x = Tensor::from(array![0.5f32, 1.0, -2.0]);
    let tape = GradientTape::new();
    let y = clipped(&(&x * 1.0)).powi(3);
    assert_eq!(y.to_vec::<f32>().unwrap(), [0.125, 1.0, -8.0]);
    assert_eq!(tape.gradient(&y, [&x]).unwrap().only().unwrap().to_vec::<f32>().unwrap(), [0.75, 1.0, 1.0]);
    // Without a tape it is the function itself.
    assert_eq!(clipped(&x).to_vec::<f32>().unwrap(), [0.5, 1.0, -2.0]);
}

#[test]
fn a_gradient_of_ones_own_is_differentiated_as_it_is_written() {
    // log(1 + exp x), whose slope is written as a sigmoid.
    let softplus = |x: &Tensor| {
        custom_gradient(&[x], |x| (x[0].exp() + 1.0).log(), |x, _, gradient| Ok(vec![Some(gradient * x[0].sigmoid())]))
    };
    check_gradients(|x| softplus(&(&x[0] * &x[1])), &[points(&[5]), points(&[5])], 1e-6).unwrap();
    let slope = |x: &[Tensor]| -> Result<Tensor> {
        let tape = GradientTape::new();
        let y = softplus(&x[0]);
        tape.gradient(&y, [&x[0]])?.only()
    };
    check_gradients(slope, &[points(&[5])], 1e-6).unwrap();
}

#[test]
fn a_variable_that_is_no_input_is_not_lost_in_silence() {
    let w = Variable::new(Tensor::from(array![2.0f32])).unwrap();
    let x = Tensor::from(array![3.0f32]);
    let tape = GradientTape::persistent();
    let y = custom_gradient(&[&x], |x| &x[0] * w.value(), |_, _, gradient| Ok(vec![Some(gradient * w_free())]));
    let error = tape.gradient(&y, [&w]).unwrap_err().to_string();
    assert!(error.contains("computes with a source (float32[1]) that is no input of it"), "{error}");
    // For the input alone nothing is lost.
    assert_eq!(tape.gradient(&y, [&x]).unwrap().only().unwrap().item().unwrap(), 7.0);
}

fn w_free() -> f32 {
    7.0
}

#[test]
fn gradient_functions_may_hold_tensors_and_read_values() {
    let scale = Tensor::from(array![10.0f32, 20.0]);
    let x = Tensor::from(array![1.0f32, 2.0]);
    let held = scale.clone();
    let tape = GradientTape::new();
    let y = custom_gradient(
        &[&x],
        |x| x[0].square(),
        move |x, y, gradient| {
            assert_eq!(y.to_vec::<f32>()?, [1.0, 4.0]);
            assert_eq!(x[0].shape()?, Shape::new(&[2])?);
            Ok(vec![Some(gradient * &held)])
        },
    );
    let gradient = tape.gradient(&y.sum_all(), [&x]).unwrap().only().unwrap();
    assert_eq!(gradient.to_vec::<f32>().unwrap(), [10.0, 20.0]);
}

#[test]
fn a_loop_with_gradients_of_its_own_makes_one_plan() {
    let w = Variable::new(Tensor::from(array![1.0f32])).unwrap();
    let step = |bound: f32| {
        let tape = GradientTape::new();
        let y = custom_gradient(
            &[&w.value()],
            |x| x[0].square(),
            move |x, _, gradient| Ok(vec![Some(gradient * &x[0] * bound)]),
        );
        let gradient = tape.gradient(&y, [&w]).unwrap().only().unwrap();
        w.assign_sub(gradient).unwrap();
        drop((tape, y));
        crisol_tensor::evaluate().unwrap();
    };
    step(0.5);
    let made = stats().plans_made;
    (0..10).for_each(|number| step(0.5 / (number + 2) as f32));
    assert_eq!(stats().plans_made, made);
}
