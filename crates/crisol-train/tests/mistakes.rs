//! Mistakes as users make them: each is an error that says what was given, what was expected and where, and none is a panic.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

mod common;

use common::{bits, dense, points, silent};
use crisol_callbacks::{Callback, EarlyStopping, Mode, ReduceLROnPlateau};
use crisol_data::{Batch, Dataset};
use crisol_ir::ndarray::{Array0, Array1, Array2, Array3, ArrayD, s};
use crisol_ir::{ErrorKind, Result};
use crisol_layers::{Dense, Input, LayerExt};
use crisol_losses::BinaryCrossentropy;
use crisol_optim::{Adam, Sgd};
use crisol_params::Constant;
use crisol_train::{Compile, Model, Sequential};

/// The text of an error, which must hold every part.
#[track_caller]
fn says<T>(result: Result<T>, parts: &[&str]) {
    let Err(error) = result else { panic!("expected an error with {parts:?}") };
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
    assert_ne!(error.kind(), ErrorKind::Internal, "{text}");
}

#[test]
fn misspelt_names_are_offered_the_right_one() {
    let mut model = dense(1);
    says(model.compile(Compile::new().optimizer("adm")), &["no optimizer is named \"adm\"", "did you mean \"adam\"?"]);
    let loss = Compile::new().loss("binary_crossentropi");
    says(model.compile(loss), &["no loss is named \"binary_crossentropi\"", "did you mean \"binary_crossentropy\"?"]);
    let metric = Compile::new().metric("acuracy");
    says(model.compile(metric), &["no metric is named \"acuracy\"", "did you mean \"accuracy\"?"]);
    // What it was compiled with before still works.
    let (x, y) = points(40);
    model.fit((&x, &y), silent(1)).unwrap();

    let input = Input::new([4]);
    let output = Dense::new(1).activation("rellu").on(&input);
    says(Model::new(&input, &output).map(drop), &["dense", "\"rellu\"", "did you mean \"relu\"?", "mistakes.rs:"]);
    says(model.layer("dense_7").map(drop), &["no layer is named \"dense_7\""]);
}

#[test]
fn fit_says_what_it_misses() {
    let (x, y) = points(40);
    let input = Input::new([4]);
    let mut model = Model::new(&input, Dense::new(1).on(&input)).unwrap();
    says(model.fit((&x, &y), silent(1)), &["fit needs a loss", "model.compile(Compile::new().loss(...)) before fit"]);
    says(model.evaluate((&x, &y)), &["evaluate needs a loss"]);
    model.compile(Compile::new().loss("mse")).unwrap();
    says(model.fit((&x, &y), silent(1)), &["fit needs an optimizer", ".optimizer(...)"]);
    model.evaluate((&x, &y)).unwrap();
    model.compile(Compile::new().loss("mse").optimizer("sgd")).unwrap();
    says(model.fit(&x, silent(1)), &["fit needs targets", "give (x, y)"]);
    says(model.evaluate(&x), &["evaluate needs targets"]);
    // And afterwards all is as it was.
    model.fit((&x, &y), silent(1)).unwrap();
}

#[test]
fn data_of_the_wrong_shape_is_named_with_the_layer() {
    let mut model = dense(1);
    let before = bits(&model);
    let (x, y) = points(40);
    let narrow = x.slice(s![.., ..3]).to_owned();
    says(model.fit((&narrow, &y), silent(1)), &["input_layer", "4", "3"]);
    says(model.predict(&narrow), &["input_layer", "4", "3"]);
    says(model.predict(Array3::<f32>::zeros((5, 4, 4))), &["input_layer", "[5, 4, 4]"]);
    says(model.predict(Array1::<f32>::zeros(4)), &["input_layer", "[4]"]);
    // Targets: another number of samples, another number of outputs.
    says(model.fit((&x, &y.slice(s![..39]).to_owned()), silent(1)), &["40", "39"]);
    says(model.fit((&x, Array2::<f32>::zeros((40, 3))), silent(1)), &["binary_crossentropy", "[32, 3]", "[32, 1]"]);
    assert_eq!(bits(&model), before);
    model.fit((&x, &y), silent(1)).unwrap();
}

#[test]
fn labels_without_an_output_are_found_before_the_step() {
    let (x, _) = points(40);
    let mut model = Sequential::new((Input::new([4]), Dense::new(3).activation("softmax")));
    model.compile(Compile::new().optimizer("sgd").loss("sparse_categorical_crossentropy").metric("accuracy")).unwrap();
    let labels = Array1::from_iter((0..40i32).map(|row| row % 4));
    let expected = ["sparse_categorical_crossentropy", "label 3 in row", "expected 0 to 2 for 3 outputs"];
    says(model.fit((&x, &labels), silent(1)), &expected);
    says(model.evaluate((&x, &labels)), &expected);
    says(model.fit((&x, &labels.mapv(|label| label - 1)), silent(1)), &["label -1 in row"]);
    model.fit((&x, &labels.mapv(|label| label % 3)), silent(1)).unwrap();
}

#[test]
fn settings_out_of_range_are_refused() {
    let (x, y) = points(40);
    let mut model = dense(1);
    says(model.fit((&x, &y), silent(1).batch_size(0)), &["fit: batch_size is 0, expected at least 1"]);
    for share in [1.5, 1.0, -0.1, f64::NAN] {
        says(
            model.fit((&x, &y), silent(1).validation_split(share)),
            &["fit: validation_split is", "expected a share from 0"],
        );
    }
    let one = (x.slice(s![..1, ..]).to_owned(), y.slice(s![..1]).to_owned());
    says(
        model.fit(one, silent(1).validation_split(0.5)),
        &["validation_split 0.5 of 1 samples leaves none on one side"],
    );
    let pipeline = Dataset::from_arrays((&x, &y)).batch(8);
    says(model.fit(&pipeline, silent(1).validation_split(0.5)), &["validation_split takes arrays", "validation_data"]);
    says(model.fit(Dataset::from_arrays((&x, &y)).batch(0), silent(1)), &["batch"]);
    for rate in [f64::NAN, f64::INFINITY, -1.0] {
        let compile = Compile::new().optimizer(Adam::new(rate)).loss("mse");
        says(model.compile(compile), &["adam: the learning rate is", "expected a number from 0 up"]);
    }
    says(
        model.compile(Compile::new().optimizer(Sgd::new(0.1).momentum(2.0))),
        &["sgd: the momentum is 2, expected 0 to 1"],
    );
}

#[test]
fn no_data_is_an_error_everywhere() {
    let mut model = dense(1);
    let (x, y) = (Array2::<f32>::zeros((0, 4)), Array1::<u8>::zeros(0));
    says(model.fit((&x, &y), silent(1)), &["the data set has no batches"]);
    says(model.evaluate((&x, &y)), &["the data set has no batches"]);
    says(model.predict(&x), &["the data set has no batches"]);
    let none = Dataset::from_batches(|_| Vec::<crisol_data::Result<Batch>>::new());
    says(model.fit(&none, silent(1)), &["the data set yielded nothing"]);
    says(model.evaluate(&none), &["the data set yielded nothing"]);
    says(model.predict(&none), &["the data set yielded nothing"]);
}

#[test]
fn a_pipeline_that_fails_leaves_the_weights_of_the_last_good_step() {
    let (x, y) = points(64);
    let part = |rows: std::ops::Range<usize>| {
        let batch: Batch = (x.slice(s![rows.clone(), ..]).to_owned(), y.slice(s![rows]).to_owned()).into();
        batch
    };
    let good = [part(0..16), part(16..32)];
    let mut untroubled = dense(1);
    let batches = good.clone();
    let two = Dataset::from_batches(move |_| batches.clone().map(Ok));
    untroubled.fit(&two, silent(1)).unwrap();

    let mut model = dense(1);
    let batches = good.clone();
    let failing = Dataset::from_batches(move |_| {
        let broken = crisol_data::Error::user("the camera was unplugged");
        batches.clone().map(Ok).into_iter().chain([Err(broken)])
    });
    says(model.fit(&failing, silent(5)), &["the camera was unplugged"]);
    assert_eq!(bits(&model), bits(&untroubled));

    // A batch that the model refuses is no different.
    let mut model = dense(1);
    let wrong: Batch = (ArrayD::<f32>::zeros(vec![16, 5]), Array1::<u8>::zeros(16)).into();
    let batches = good.clone();
    let mixed = Dataset::from_batches(move |_| batches.clone().map(Ok).into_iter().chain([Ok(wrong.clone())]));
    says(model.fit(&mixed, silent(5)), &["input_layer"]);
    assert_eq!(bits(&model), bits(&untroubled));

    // Both go on as if nothing had happened.
    model.fit(&two, silent(2)).unwrap();
    untroubled.fit(&two, silent(2)).unwrap();
    assert_eq!(bits(&model), bits(&untroubled));
}

#[test]
fn numbers_that_are_none_are_found_in_the_first_batch() {
    let (mut x, y) = points(40);
    let mut model = dense(1);
    let before = bits(&model);
    x[[7, 2]] = f32::NAN;
    let fit = || silent(1).shuffle(false);
    says(
        model.fit((&x, &y), fit()),
        &["fit: x holds a NaN or an infinity, in row 7", "fill or leave out missing values"],
    );
    x[[7, 2]] = 0.0;
    let mut y = y.mapv(f64::from);
    y[3] = f64::INFINITY;
    says(model.fit((&x, &y), fit()), &["fit: y holds a NaN or an infinity, in row 3"]);
    assert_eq!(bits(&model), before);
}

#[test]
fn targets_of_the_wrong_rank_are_refused() {
    let (x, y) = points(40);
    let mut model = dense(1);
    let deep = Array3::<f32>::zeros((40, 3, 2));
    says(model.fit((&x, &deep), silent(1)), &["binary_crossentropy", "[32, 3, 2]", "[32, 1]"]);
    says(model.fit((&x, Array0::from_elem((), 1.0f32)), silent(1)), &["y: expected samples along axis 0"]);
    // One-hot targets where class numbers are expected, and the other way round.
    let mut model = Sequential::new((Input::new([4]), Dense::new(3).activation("softmax")));
    model.compile(Compile::new().optimizer("sgd").loss("sparse_categorical_crossentropy")).unwrap();
    let one_hot = Array2::<f32>::zeros((40, 3));
    says(model.fit((&x, &one_hot), silent(1)), &["[32, 3]", "one-hot targets go with categorical_crossentropy"]);
    model.compile(Compile::new().optimizer("sgd").loss("categorical_crossentropy")).unwrap();
    says(model.fit((&x, &y), silent(1)), &["[32]", "class numbers go with a sparse loss"]);
}

#[test]
fn outputs_that_are_no_probabilities_are_told_once() {
    let (x, y) = points(96);
    let warnings = |output: Dense, loss: &dyn Fn() -> BinaryCrossentropy| {
        let kernel = Constant(3.0);
        let mut model = Sequential::new((Input::new([4]), output.kernel_initializer(kernel)));
        model.compile(Compile::new().optimizer(Sgd::new(1e-3)).loss(loss())).unwrap();
        model.fit((&x, &y), silent(3)).unwrap().warnings().to_vec()
    };
    let found = warnings(Dense::new(1), &BinaryCrossentropy::new);
    assert_eq!(found.len(), 1, "{found:?}");
    for part in ["binary_crossentropy expects probabilities", "\"sigmoid\"", "from_logits(true)"] {
        assert!(found[0].contains(part), "{found:?}");
    }
    assert!(warnings(Dense::new(1), &|| BinaryCrossentropy::new().from_logits(true)).is_empty());
    assert!(warnings(Dense::new(1).activation("sigmoid"), &BinaryCrossentropy::new).is_empty());
    // Probabilities of another making are fine.
    assert!(warnings(Dense::new(1).activation("hard_sigmoid"), &BinaryCrossentropy::new).is_empty());
}

#[test]
fn callbacks_that_can_never_act_are_told() {
    let (x, y) = points(40);
    let warnings = |callback: &mut dyn Callback| {
        let mut model = dense(1);
        model.fit((&x, &y), silent(3).callback(callback)).unwrap().warnings().to_vec()
    };
    let told = |callback: &mut dyn Callback, parts: &[&str]| {
        let found = warnings(callback);
        assert!(found.len() == 1 && parts.iter().all(|part| found[0].contains(part)), "{parts:?}: {found:?}");
    };
    let names =
        ["\"val_loss\" is not among the numbers of the epoch: loss, accuracy", "validation_data or validation_split"];
    told(&mut EarlyStopping::new("val_loss"), &names);
    told(&mut ReduceLROnPlateau::new("val_loss").patience(1), &names);
    told(&mut EarlyStopping::new("val_los").mode(Mode::Min), &["give monitor one of these names"]);
    told(
        &mut EarlyStopping::new("loss").patience(3),
        &["patience is 3 and training has 3 epochs", "a smaller patience"],
    );
    told(&mut ReduceLROnPlateau::new("loss").patience(5), &["patience is 5 and training has 3 epochs"]);
    let reduce = &mut ReduceLROnPlateau::new("loss").patience(1).min_lr(0.01);
    told(reduce, &["min_lr is 0.01 and the learning rate 0.01", "a smaller min_lr"]);
    assert!(warnings(&mut EarlyStopping::new("loss").patience(2)).is_empty());
}

#[test]
fn weights_of_another_model_are_refused_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.safetensors");
    let mut model = dense(1);
    let before = bits(&model);
    let other = Sequential::new((Input::new([4]), Dense::new(16).name("dense"), Dense::new(9).name("mine")));
    other.network().build_for(&[]).unwrap();
    other.save_weights(&path).unwrap();
    says(model.load_weights(&path), &["dense_1/kernel", "mine/kernel"]);
    says(model.set_weights(&other.get_weights().unwrap()), &["4", "6"]);
    assert_eq!(bits(&model), before);
}
