//! What every operation promises, checked over the one list: rules, definitions, lowerings and views agree, and nothing panics.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod support;

use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_ir::value::Constant;
use crisol_ir::{Attributes, DType, ErrorKind, Graph, Kind, Layout, Probe, Shape, TensorType, Value};
use crisol_ops as ops;
use proptest::prelude::*;
use std::collections::HashSet;
use support::{Numbers, bits, cases, is_map, lowered, numbers, type_of};

#[test]
fn names_are_unique_and_sorted() {
    let names: Vec<&str> = ops::all().iter().map(|primitive| primitive.name()).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn definitions_give_the_type_that_the_rule_promises() {
    let mut draw = Numbers::new(1);
    for (primitive, attributes, types) in cases() {
        let name = primitive.name();
        let expected = primitive.infer(&attributes, &types).unwrap_or_else(|error| panic!("{name} {types:?}: {error}"));
        let probe = Probe { kinks: Vec::new(), ..primitive.probe() };
        let inputs: Vec<Value> = types.iter().map(|&ty| draw.probe(ty, &probe)).collect();
        let result = primitive.define(&attributes, &inputs).unwrap_or_else(|error| panic!("{name} {types:?}: {error}"));
        assert_eq!(type_of(&result), expected, "{name} {types:?}");
        if is_map(primitive) {
            assert!(types.iter().all(|ty| ty.shape == expected.shape), "{name} {types:?}");
        }
    }
}

#[test]
fn every_operation_is_probed_with_an_empty_axis() {
    for primitive in ops::all() {
        let empty = |types: &[TensorType]| types.iter().any(|ty| ty.shape.elements() == 0);
        assert!(primitive.probe().cases.iter().any(|(_, types)| empty(types)), "{}", primitive.name());
    }
}

#[test]
fn a_wrong_number_of_inputs_or_settings_is_an_error() {
    for (primitive, attributes, types) in cases() {
        let name = primitive.name();
        for wrong in [&[], &types[1..], &[types.as_slice(), &types[..1]].concat()[..]] {
            if wrong.len() != types.len() {
                let error = primitive.infer(&attributes, wrong).unwrap_err().to_string();
                assert!(error.contains("expected"), "{name}: {error}");
            }
        }
        // One setting more, and negative: where their number is free, as in a shape, it is out of range.
        let more = Attributes::new(attributes.numbers().iter().copied().chain([-3]));
        assert!(primitive.infer(&more, &types).is_err(), "{name} {more:?} {types:?}");
    }
}

#[test]
fn lowerings_agree_with_definitions() {
    let mut draw = Numbers::new(2);
    for (primitive, attributes, types) in cases().filter(|(primitive, ..)| is_map(*primitive)) {
        let probe = Probe { kinks: Vec::new(), ..primitive.probe() };
        let inputs: Vec<Value> = types.iter().map(|&ty| draw.probe(ty, &probe)).collect();
        let expected = primitive.define(&attributes, &inputs).unwrap();
        let result = lowered(primitive, &attributes, &inputs, expected.dtype());
        assert_near(primitive.name(), &expected, &result, probe.ulps);
    }
}

#[test]
fn lowerings_agree_with_definitions_at_odd_numbers() {
    let singles = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        255.5,
        -1e9,
        3e9,
        1e20,
        f32::MAX,
        2.5,
        -3.0,
        7.0,
        1e-7,
        -1e-7,
        f32::MIN,
        f32::MIN_POSITIVE,
        -f32::MIN_POSITIVE,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    let pairs: Vec<(f32, f32)> = singles.iter().flat_map(|&a| singles.map(|b| (a, b))).collect();
    let count = pairs.len();
    let single = |pick: fn(&(f32, f32)) -> f32| {
        Value::F32(ArrayD::from_shape_vec(IxDyn(&[count]), pairs.iter().map(pick).collect()).unwrap())
    };
    let (a, b) = (single(|pair| pair.0), single(|pair| pair.1));
    let mut tried = HashSet::new();
    for (primitive, attributes, types) in cases().filter(|(primitive, ..)| is_map(*primitive)) {
        let dtypes: Vec<DType> = types.iter().map(|ty| ty.dtype).collect();
        if !tried.insert((primitive.name(), attributes.clone(), dtypes)) {
            continue;
        }
        let inputs: Vec<Value> = types
            .iter()
            .enumerate()
            .map(|(index, ty)| if index % 2 == 0 { a.cast(ty.dtype) } else { b.cast(ty.dtype) })
            .collect();
        let expected = primitive.define(&attributes, &inputs).unwrap();
        let result = lowered(primitive, &attributes, &inputs, expected.dtype());
        assert_near(
            &format!("{} {attributes:?} {types:?}", primitive.name()),
            &expected,
            &result,
            primitive.probe().ulps,
        );
    }
}

/// Compares bits, or floats by units in the last place; any NaN equals any other, and subnormal numbers count as 0.
fn assert_near(what: &str, expected: &Value, result: &[u64], bound: f64) {
    for (place, (&truth, &found)) in bits(expected).iter().zip(result).enumerate() {
        let (truth, found, tiny, digits) = match expected.dtype() {
            DType::F32 => (
                f64::from(f32::from_bits(truth as u32)),
                f64::from(f32::from_bits(found as u32)),
                f64::from(f32::MIN_POSITIVE),
                23,
            ),
            DType::F64 => (f64::from_bits(truth), f64::from_bits(found), f64::MIN_POSITIVE, 52),
            DType::F16 | DType::BF16 => {
                let number = |bits| Constant { dtype: expected.dtype(), bits }.number();
                let nan = number(truth).is_nan() && number(found).is_nan();
                assert!(nan || found == truth, "{what} at {place}: {found:#x} against {truth:#x}");
                continue;
            }
            _ => {
                assert_eq!(found, truth, "{what} at {place}");
                continue;
            }
        };
        // Which zero the larger of two zeros is, is nobody's promise.
        let any_zero = ["maximum", "minimum", "relu"].iter().any(|name| what.starts_with(name));
        let zeros = truth == 0.0 && found == 0.0 && !any_zero;
        assert!(
            !zeros || truth.is_sign_negative() == found.is_sign_negative(),
            "{what} at {place}: {found} against {truth}"
        );
        let same = truth == found || (truth.is_nan() && found.is_nan()) || (truth.abs() < tiny && found.abs() < tiny);
        let unit = 2f64.powi((truth.abs().log2().floor() as i32).max(-1000) - digits);
        assert!(same || (truth - found).abs() <= bound * unit, "{what} at {place}: {found} against {truth}");
    }
}

#[test]
fn views_lie_where_definitions_put_their_elements() {
    for (primitive, attributes, types) in cases() {
        if primitive.kind() != Kind::View {
            continue;
        }
        // An index array shows where every element went.
        let count = types[0].shape.elements() as i64;
        let indices = ArrayD::from_shape_vec(IxDyn(&types[0].shape), (0..count).collect()).unwrap();
        let expected = primitive.define(&attributes, &[Value::I64(indices)]).unwrap();
        let layout = primitive.view(&attributes, &Layout::contiguous(types[0].shape));
        let layout = layout.unwrap_or_else(|| panic!("{} of a row-major array needs no copy", primitive.name()));
        assert_eq!(layout.shape, expected.shape().unwrap(), "{}", primitive.name());
        assert_eq!(places(&layout), numbers(&expected), "{} {attributes:?} {types:?}", primitive.name());
    }
}

/// The element at every place of a layout, in row-major order.
fn places(layout: &Layout) -> Vec<f64> {
    let shape: Vec<usize> = layout.shape.to_vec();
    let indices = crisol_ir::ndarray::indices(IxDyn(&shape));
    let place = |index: IxDyn| {
        let steps = (0..shape.len()).map(|axis| index[axis] as isize * layout.strides[axis]);
        (layout.offset as isize + steps.sum::<isize>()) as f64
    };
    indices.into_iter().map(place).collect()
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let size = prop_oneof![4 => 0usize..5, 1 => Just(1usize), 1 => any::<usize>()];
    prop::collection::vec(size, 0..6).prop_filter_map("too large", |sizes| Shape::new(&sizes).ok())
}

fn any_type() -> impl Strategy<Value = TensorType> {
    (prop::sample::select(DType::ALL.to_vec()), any_shape()).prop_map(|(dtype, shape)| TensorType::new(dtype, shape))
}

fn any_attributes() -> impl Strategy<Value = Attributes> {
    let number = prop_oneof![6 => -1i64..6, 1 => any::<i64>(), 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    prop::collection::vec(number, 0..13).prop_map(Attributes::new)
}

/// A probe case with a few things changed, which gets further into a rule than noise does.
fn changed_case() -> impl Strategy<Value = (usize, Attributes, Vec<TensorType>)> {
    let count = cases().count();
    (
        0..count,
        prop::option::of((0..12usize, any::<i64>())),
        prop::option::of((-1i64..9, 0..12usize)),
        prop::option::of((0..3usize, any_type())),
    )
        .prop_map(|(case, wild, mild, ty)| {
            let (primitive, attributes, mut types) = cases().nth(case).unwrap();
            let mut numbers = attributes.numbers().to_vec();
            for (place, number) in wild.into_iter().chain(mild.map(|(number, place)| (place, number))) {
                if let Some(slot) = numbers.get_mut(place) {
                    *slot = number;
                }
            }
            if let Some((place, ty)) = ty
                && place < types.len()
            {
                types[place] = ty;
            }
            let index = ops::all().iter().position(|other| other.name() == primitive.name()).unwrap();
            (index, Attributes::new(numbers), types)
        })
}

/// Whatever the rule accepts must be defined, with the type promised; the rule itself must not panic.
fn check_any(index: usize, attributes: &Attributes, types: &[TensorType]) {
    let primitive = ops::all()[index];
    let Ok(expected) = primitive.infer(attributes, types) else {
        return;
    };
    let small = |ty: &TensorType| ty.shape.elements() <= 2000 && ty.shape.iter().all(|&size| size <= 2000);
    if !types.iter().all(small) || !small(&expected) {
        return;
    }
    let mut draw = Numbers::new(3);
    let inputs: Vec<Value> = types.iter().map(|&ty| draw.probe(ty, &primitive.probe())).collect();
    match primitive.define(attributes, &inputs) {
        Ok(result) => assert_eq!(type_of(&result), expected, "{} {attributes:?} {types:?}", primitive.name()),
        // Only what data decide, like an index out of range, may be refused so late.
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Value, "{} {attributes:?} {types:?}: {error}", primitive.name())
        }
    }
    if primitive.kind() == Kind::View {
        let layout = primitive.view(attributes, &Layout::contiguous(types[0].shape)).unwrap();
        assert_eq!(layout.shape, expected.shape);
    }
    if expected.dtype.is_float() {
        let mut graph = Graph::new();
        let nodes: Vec<_> = types.iter().map(|&ty| graph.input(ty)).collect();
        let node = graph.apply(primitive, attributes.clone(), &nodes).unwrap();
        let gradient = graph.input(expected);
        if let Ok(parts) = primitive.gradient(&mut graph, node, gradient) {
            for (part, ty) in parts.into_iter().zip(types) {
                assert!(part.is_none_or(|part| graph.ty(part) == *ty), "{} {attributes:?} {types:?}", primitive.name());
            }
        }
        graph.verify().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn noise_is_rejected_or_defined(index in 0..ops::all().len(), attributes in any_attributes(), types in prop::collection::vec(any_type(), 0..4)) {
        check_any(index, &attributes, &types);
    }

    #[test]
    fn changed_cases_are_rejected_or_defined((index, attributes, types) in changed_case()) {
        check_any(index, &attributes, &types);
    }
}
