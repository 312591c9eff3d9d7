//! What must hold for every program: values, bits, plans.

use crate::Program;
use crisol_ir::{Graph, NodeId, Operation, Result, Value, each_value};
use crisol_plan::{Argument, Buffer, Mode, Planner};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Runs a program with a planner on a number of threads; the values of `outputs`.
///
/// # Errors
/// Those of [`Planner::run`].
pub fn run(planner: &mut Planner, program: &Program, outputs: &[NodeId], threads: usize) -> Result<Vec<Value>> {
    let arguments = program.arguments.iter().map(|value| Argument::Buffer(Arc::new(Buffer::from_value(value))));
    let arguments: Vec<Argument> = arguments.collect();
    let results = crisol_kernels::with_threads(threads, || planner.run(&program.graph, outputs, arguments))?;
    let pairs = outputs.iter().zip(results);
    pairs.map(|(&output, buffer)| buffer.to_value(&program.graph.ty(output).shape)).collect()
}

/// The same in two parts: what the nodes from `cut` on read is computed first, as if it had been printed.
///
/// # Errors
/// Those of [`Planner::run`].
pub fn run_in_parts(planner: &mut Planner, program: &Program, cut: usize, threads: usize) -> Result<Vec<Value>> {
    let graph = &program.graph;
    let is_constant = |id: NodeId| matches!(graph.node(id).operation, Operation::Constant(_));
    let read = graph.ids().skip(cut).flat_map(|id| graph.node(id).inputs.iter().copied());
    let needed: BTreeSet<NodeId> = read.chain(program.outputs.iter().copied()).filter(|id| id.index() < cut).collect();
    let first: Vec<NodeId> = needed.iter().copied().filter(|&id| !is_constant(id)).collect();
    let mut values = run(planner, program, &first, threads)?.into_iter();

    let mut rest = Program { graph: Graph::new(), outputs: Vec::new(), arguments: Vec::new(), errors: Vec::new() };
    let mut places = vec![NodeId(u32::MAX); graph.len()];
    for id in graph.ids().filter(|id| id.index() >= cut || needed.contains(id)) {
        let node = graph.node(id);
        let given = match node.operation {
            _ if id.index() < cut && !is_constant(id) => values.next(),
            Operation::Input(number) => program.arguments.get(number as usize).cloned(),
            _ => None,
        };
        places[id.index()] = match given {
            Some(value) => {
                rest.arguments.push(value);
                rest.graph.input(node.ty)
            }
            None => rest.graph.copy(node, |input| places[input.index()]),
        };
    }
    rest.outputs = program.outputs.iter().map(|output| places[output.index()]).collect();
    run(planner, &rest, &rest.outputs, threads)
}

/// Whether two values have the same type, shape and bits.
pub fn same_bits(a: &Value, b: &Value) -> bool {
    fn bits(value: &Value) -> Vec<u64> {
        match value {
            Value::F32(array) => array.iter().map(|x| x.to_bits().into()).collect(),
            Value::F64(array) => array.iter().map(|x| x.to_bits()).collect(),
            Value::BF16(array) => array.iter().map(|x| x.to_bits().into()).collect(),
            Value::F16(array) => array.iter().map(|x| x.to_bits().into()).collect(),
            Value::Bool(array) => array.iter().map(|&x| x.into()).collect(),
            Value::U8(array) => array.iter().map(|&x| x.into()).collect(),
            Value::I32(array) => array.iter().map(|&x| x as u64).collect(),
            Value::I64(array) => array.iter().map(|&x| x as u64).collect(),
        }
    }
    let shape = |value: &Value| each_value!(value, array => array.shape().to_vec());
    a.dtype() == b.dtype() && shape(a) == shape(b) && bits(a) == bits(b)
}

/// The largest difference between two values.
pub fn distance(a: &Value, b: &Value) -> f64 {
    use crisol_ir::DType::F64;
    let (Value::F64(a), Value::F64(b)) = (a.cast(F64), b.cast(F64)) else { return f64::INFINITY };
    let apart = |(&a, &b): (&f64, &f64)| if a == b || (a.is_nan() && b.is_nan()) { 0.0 } else { (a - b).abs() };
    a.iter().zip(&b).map(apart).fold(0.0, |most, x| if x > most || x.is_nan() { x } else { most })
}

/// Checks a program against its plain definitions and against itself: on 1, 2, 3 and 8 threads, with more of its values held, and
/// run again, and in two parts; if it is to be compiled, which takes most of the time, then against the interpretation of its kernels, too.
///
/// # Errors
/// What does not hold, with the program's text.
pub fn check(program: &Program, mode: Mode) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{what}, outputs {:?} of\n{}", program.outputs, program.graph));
    let text = |error: crisol_ir::Error| format!("{error}, outputs {:?} of\n{}", program.outputs, program.graph);
    let plain = crisol_ops::eager::evaluate(&program.graph, &program.outputs, &program.arguments).map_err(text)?;
    let mut planner = Planner::with_mode(mode);
    let first = run(&mut planner, program, &program.outputs, 1).map_err(text)?;
    for ((output, plain), found) in program.outputs.iter().zip(&plain).zip(&first) {
        let allowed = program.errors[output.index()];
        // Definitions leave the sign of a zero open.
        if allowed == 0.0 && !plain.dtype().is_float() && !same_bits(plain, found) {
            return wrong(format!("%{} differs from its definition: {found:?} instead of {plain:?}", output.0));
        }
        let apart = distance(plain, found);
        if apart.is_nan() || apart > 4.0 * allowed {
            return wrong(format!("%{} is {apart} from its definition, {allowed} expected at most", output.0));
        }
    }
    let equal = |what: &str, found: &[Value]| match first.iter().zip(found).position(|(a, b)| !same_bits(a, b)) {
        Some(place) => wrong(format!(
            "{what} changes the bits of %{}: {:?} and {:?}",
            program.outputs[place].0, first[place], found[place]
        )),
        None => Ok(()),
    };
    for threads in [2, 3, 8] {
        let found = run(&mut planner, program, &program.outputs, threads).map_err(text)?;
        equal(&format!("running on {threads} threads"), &found)?;
    }
    if planner.stats().plans_made != 1 || planner.stats().plan_hits != 3 {
        return wrong(format!("one plan should have served: {:?}", planner.stats()));
    }
    if mode == Mode::Compiled {
        let mut interpreter = Planner::with_mode(Mode::Interpreted);
        equal("interpretation", &run(&mut interpreter, program, &program.outputs, 2).map_err(text)?)?;
    }
    for step in [1, 3] {
        let mut more = program.outputs.clone();
        more.extend(program.graph.ids().step_by(step));
        let found = run(&mut planner, program, &more, 2).map_err(text)?;
        equal("holding more values", &found[..program.outputs.len()])?;
    }
    let halves = run_in_parts(&mut planner, program, program.graph.len() / 2, 2).map_err(text)?;
    equal("reading values half way", &halves)
}
