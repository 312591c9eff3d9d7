//! Saved models come back: the same predictions, and training on to the same bits; what is damaged or unknown is told.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

mod common;

use common::{bits, conv, members, points, regression, silent, write_members};
use crisol_callbacks::{BackupAndRestore, ModelCheckpoint};
use crisol_ir::{ErrorKind, Result};
use crisol_layers::{Dense, Dropout, Input, LSTM, Layer, LayerExt, Network, Registry, Scope, TimeDistributed};
use crisol_losses::{Huber, Loss, Reduction, loss_fn};
use crisol_metrics::{Metric, Precision};
use crisol_optim::schedules::CosineDecay;
use crisol_optim::{Adam, OptimizerOptions, Sgd};
use crisol_tensor::Tensor;
use crisol_tensor::random::seed;
use crisol_train::{Compile, Model, Sequential, Trainer, load_model};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("model.crisol")
}

fn load(folder: &tempfile::TempDir) -> Model {
    load_model(file(folder), &Registry::new()).unwrap()
}

/// A model with much that must come back: a schedule, clipping, averages, a frozen layer, two losses with weights, metrics.
fn two_outputs(number: u64) -> Model {
    seed(number);
    let input = Input::new([4]);
    let hidden = Dropout::new(0.3).on(&Dense::new(16).activation("relu").kernel_regularizer("l2").on(&input));
    let hidden = Dense::new(8).frozen().on(&hidden);
    let a = Dense::new(1).activation("sigmoid").name("a").on(&hidden);
    let b = Dense::new(1).name("b").on(&hidden);
    let mut model = Model::new(&input, [&a, &b]).unwrap();
    let compile = Compile::new()
        .optimizer(Adam::new(CosineDecay::new(1e-2, 200).warmup(3e-2, 10)).clipnorm(1.0).ema(0.9).amsgrad(true))
        .loss_of("a", "binary_crossentropy")
        .loss_of("b", Huber::new(0.3).with_reduction(Reduction::Sum).with_name("robust"))
        .loss_weight_of("b", 0.25)
        .metric_of("a", "accuracy")
        .metric_of("a", Precision::new().thresholds([0.3]).with_name("sure"))
        .weighted_metric_of("b", "mae")
        .steps_per_execution(2);
    model.compile(compile).unwrap();
    model
}

#[test]
fn a_loaded_model_predicts_and_trains_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = points(100);
    let (of_a, of_b) = (y.clone(), y.mapv(f32::from));
    let targets = || crisol_train::Arrays::new().push(&of_a).push(&of_b);
    let mut whole = two_outputs(1);
    let mut checkpoint = ModelCheckpoint::new(folder.path().join("{epoch}.crisol").display().to_string());
    let history = whole.fit((&x, targets()), silent(4).callback(&mut checkpoint)).unwrap();

    let mut first = two_outputs(1);
    first.fit((&x, targets()), silent(2)).unwrap();
    first.save(file(&folder)).unwrap();
    seed(99);
    let mut loaded = load(&folder);
    assert_eq!(bits(&loaded), bits(&first));
    assert_eq!(loaded.summary().unwrap(), first.summary().unwrap());
    assert_eq!(
        loaded.predict_with(&x, crisol_train::Evaluate::new()).unwrap(),
        first.predict_with(&x, crisol_train::Evaluate::new()).unwrap()
    );
    assert_eq!(loaded.evaluate((&x, targets())).unwrap(), first.evaluate((&x, targets())).unwrap());
    // The end of `fit` leaves weights at their averages, as in Keras: it goes on from within.
    let mut second = load_model(folder.path().join("2.crisol"), &Registry::new()).unwrap();
    let went_on = second.fit((&x, targets()), silent(4).initial_epoch(2)).unwrap();
    assert_eq!(went_on.names(), history.names());
    assert_eq!(went_on.epochs(), &history.epochs()[2..]);
    assert_eq!(bits(&second), bits(&whole));
    // Saving what was loaded gives the same file, byte for byte.
    let again = folder.path().join("again.crisol");
    load(&folder).save(&again).unwrap();
    assert_eq!(std::fs::read(again).unwrap(), std::fs::read(file(&folder)).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6);
}

#[test]
fn models_of_many_kinds_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (x, _) = points(20);
    // Its input shape is that of the first data.
    let mut late = Sequential::new((Dense::new(3).activation("tanh"), Dense::new(1)));
    assert_eq!(late.save(file(&folder)).unwrap_err().kind(), ErrorKind::State);
    let expected = late.predict(&x).unwrap();
    late.save(file(&folder)).unwrap();
    assert_eq!(load(&folder).predict(&x).unwrap(), expected);
    // Not compiled, and still not after loading.
    let error = load(&folder).evaluate((&x, &x)).unwrap_err().to_string();
    assert!(error.contains("evaluate needs a loss, and the model has none"), "{error}");

    let mut adapted = regression(&x);
    let expected = adapted.predict(&x).unwrap();
    adapted.save(file(&folder)).unwrap();
    assert_eq!(load(&folder).predict(&x).unwrap(), expected);

    let mut images = conv(3);
    let (pictures, labels) = common::bars(24);
    images.fit((&pictures, &labels), silent(1)).unwrap();
    images.save(file(&folder)).unwrap();
    assert_eq!(load(&folder).predict(&pictures).unwrap(), images.predict(&pictures).unwrap());

    let mut sequence = Sequential::new((
        Input::new([5, 2]),
        LSTM::new(4).return_sequences(true),
        TimeDistributed::new(Dense::new(2)),
        Network::sequential((Dense::new(3), Dropout::new(0.5))).name("inner"),
        Dense::new(1),
    ));
    let x = crisol_ir::ndarray::Array3::from_shape_fn((3, 5, 2), |(a, b, c)| common::noise(a * 10 + b * 2 + c));
    let expected = sequence.predict(&x).unwrap();
    sequence.save(file(&folder)).unwrap();
    assert_eq!(load(&folder).predict(&x).unwrap(), expected);
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Quadratic {
    units: usize,
}

impl Layer for Quadratic {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let d = x.dim(-1)?;
        let a = cx.weight("a", [d, self.units], crisol_params::RandomNormal::default());
        Ok(x.square().matmul(&a))
    }

    fn config(&self) -> Result<serde_json::Value> {
        Registry::config_of(self)
    }
}

#[test]
fn layers_of_ones_own_come_back_through_the_registry() {
    let folder = tempfile::tempdir().unwrap();
    let (x, _) = points(20);
    let mut model = Sequential::new((Input::new([4]), Quadratic { units: 3 }, Dense::new(1)));
    let expected = model.predict(&x).unwrap();
    model.save(file(&folder)).unwrap();
    let error = load_model(file(&folder), &Registry::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Name);
    let text = error.to_string();
    assert!(text.contains("model.crisol: types of layers that are not registered: Quadratic"), "{text}");
    assert!(text.contains("add them with Registry::register"), "{text}");
    let mut loaded = load_model(file(&folder), Registry::new().register::<Quadratic>()).unwrap();
    assert_eq!(loaded.predict(&x).unwrap(), expected);
}

#[derive(Debug)]
struct Strange;

impl Layer for Strange {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        Ok(x + 1.0)
    }
}

#[test]
fn what_cannot_be_saved_is_told_and_the_state_of_training_still_is() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = points(40);
    let make = || {
        seed(3);
        let mut model = Sequential::new((Input::new([4]), Strange, Dense::new(1)));
        model.compile(Compile::new().optimizer("adam").loss("mse")).unwrap();
        model
    };
    let mut whole = make();
    whole.fit((&x, &y), silent(3)).unwrap();
    let mut first = make();
    first.fit((&x, &y), silent(2)).unwrap();
    let text = first.save(file(&folder)).unwrap_err().to_string();
    assert!(text.contains("strange") && text.contains("Strange has no config: it cannot be saved"), "{text}");
    assert!(!file(&folder).exists());
    first.save_state(file(&folder)).unwrap();
    let text = load_model(file(&folder), &Registry::new()).unwrap_err().to_string();
    assert!(text.contains("model.crisol holds the state of a training, without its layers: "), "{text}");
    assert!(text.contains("Strange has no config") && text.contains("model.load_state(path)"), "{text}");
    let mut second = make();
    second.load_state(file(&folder)).unwrap();
    second.fit((&x, &y), silent(3).initial_epoch(2)).unwrap();
    assert_eq!(bits(&second), bits(&whole));
    let text = first.save(folder.path().join("model.keras")).unwrap_err().to_string();
    assert!(text.contains("models end in .crisol"), "{text}");
}

#[test]
fn a_loss_of_ones_own_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = points(40);
    let compile = || {
        let loss = loss_fn("difference", |y: &Tensor, p: &Tensor| (y - p).abs().mean(-1));
        Compile::new().optimizer(Sgd::new(0.1).momentum(0.9)).loss(loss).metric("mae")
    };
    let make = || {
        seed(3);
        let mut model = Sequential::new((Input::new([4]), Dense::new(5).activation("tanh"), Dense::new(1)));
        model.compile(compile()).unwrap();
        model
    };
    let mut whole = make();
    whole.fit((&x, &y), silent(3)).unwrap();
    let mut first = make();
    first.fit((&x, &y), silent(2)).unwrap();
    first.save(file(&folder)).unwrap();
    let mut second = load(&folder);
    assert_eq!(second.predict(&x).unwrap(), first.predict(&x).unwrap());
    let text = second.fit((&x, &y), silent(1)).unwrap_err().to_string();
    for part in ["fit: the loaded model is not compiled", "the loss \"difference\" is the program's own", "load_state"]
    {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
    second.compile(compile()).unwrap();
    second.load_state(file(&folder)).unwrap();
    second.fit((&x, &y), silent(3).initial_epoch(2)).unwrap();
    assert_eq!(bits(&second), bits(&whole));
}

#[test]
fn damaged_archives_are_errors_that_say_what_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder);
    let (x, y) = points(40);
    let mut model = common::dense(1);
    model.fit((&x, &y), silent(1)).unwrap();
    model.save(&path).unwrap();
    let good = std::fs::read(&path).unwrap();
    let parts = members(&path);
    assert_eq!(parts.len(), 4);
    let error = || {
        let error = load_model(&path, &Registry::new()).unwrap_err();
        assert!(error.to_string().contains("model.crisol"), "{error}");
        error
    };
    for length in (0..good.len()).step_by(11) {
        std::fs::write(&path, &good[..length]).unwrap();
        assert_eq!(error().kind(), ErrorKind::Format, "{length}");
    }
    for (place, (name, _)) in parts.iter().enumerate() {
        let mut without = parts.clone();
        without.remove(place);
        write_members(&path, &without);
        let text = error().to_string();
        assert!(text.contains(&format!("model.crisol has no member {name}")), "{text}");
    }
    let with = |place: usize, change: &dyn Fn(&str) -> String| {
        let mut changed = parts.clone();
        changed[place].1 = change(std::str::from_utf8(&changed[place].1).unwrap()).into_bytes();
        write_members(&path, &changed);
        error().to_string()
    };
    let text = with(0, &|config| config.replace("\"format\": 1", "\"format\": 2"));
    assert!(text.contains("has version 2 of the format, written by crisol 0.1.0; expected 1"), "{text}");
    // Another version may have what this one does not know; and what is unknown in this one is not passed over.
    let text = with(0, &|config| config.replace("\"format\": 1", "\"format\": 2, \"later\": 0"));
    assert!(text.contains("has version 2 of the format"), "{text}");
    let text = with(0, &|config| config.replace("\"format\": 1", "\"format\": 1, \"later\": 0"));
    assert!(text.contains("config.json: no setting of Config is named \"later\""), "{text}");
    let text = with(0, &|config| config.replacen("\"units\": 16", "\"units\": 17", 1));
    assert!(text.contains("dense/kernel is float32[4, 16], expected float32[4, 17]"), "{text}");
    // Sizes that no memory holds are told before any weight is made.
    let text = with(0, &|config| config.replacen("\"units\": 16", "\"units\": 400000000000", 1));
    assert!(text.contains("dense/kernel is float32[4, 16], expected float32[4, 400000000000]"), "{text}");
    let text = with(0, &|config| config.replace("\"adam\"", "\"adm\""));
    assert!(text.contains("no optimizer is named \"adm\" (did you mean \"adam\"?)"), "{text}");
    let text = with(0, &|config| config.replace("\"type\": \"Dropout\"", "\"type\": \"Dropped\""));
    assert!(text.contains("types of layers that are not registered: Dropped"), "{text}");
    let text = with(2, &|training| training.replace("dense/kernel/momentum", "dense/kernel/moment"));
    assert!(text.contains("is damaged: optimizer.safetensors has no dense/kernel/moment"), "{text}");
    let text = with(2, &|training| training[..training.len() / 2].to_string());
    assert!(text.contains("is damaged: training.json: "), "{text}");
    let text = with(0, &|_| "[".repeat(100_000));
    assert!(text.contains("is damaged: config.json: "), "{text}");
    // What the directory says of the first member: the method stands ten bytes behind its signature.
    let record = good.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    let mut deflated = good.clone();
    deflated[record + 10] = 8;
    std::fs::write(&path, &deflated).unwrap();
    let text = error().to_string();
    assert!(text.contains("is damaged: config.json: its compression is 8 (DEFLATE), expected none"), "{text}");
    let mut encrypted = good.clone();
    encrypted[record + 8] |= 1;
    std::fs::write(&path, &encrypted).unwrap();
    assert!(error().to_string().contains("is damaged: config.json: it is encrypted"));
    // The same name twice, as appending leaves it: the second member is renamed to the first's name, of the same length.
    let mut twice = parts.clone();
    twice.insert(1, ("config.jsom".to_string(), parts[0].1.clone()));
    write_members(&path, &twice);
    let mut bytes = std::fs::read(&path).unwrap();
    for place in 0..bytes.len() - 11 {
        if &bytes[place..place + 11] == b"config.jsom" {
            bytes[place + 10] = b'n';
        }
    }
    std::fs::write(&path, &bytes).unwrap();
    let text = error().to_string();
    assert!(text.contains("is damaged: config.json: the name stands for two members"), "{text}");
    std::fs::write(&path, b"{}").unwrap();
    assert!(error().to_string().contains("model.crisol is damaged or no .crisol archive: "));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(error().kind(), ErrorKind::Io);
}

#[test]
fn weights_go_to_models_with_other_names_and_heads() {
    let folder = tempfile::tempdir().unwrap();
    let model = |names: [&str; 2], units: usize| {
        let input = Input::new([4]);
        let hidden = Dense::new(6).name(names[0]).on(&input);
        Model::new(&input, Dense::new(units).name(names[1]).on(&hidden)).unwrap()
    };
    let saved = model(["first", "second"], 3);
    let weights = folder.path().join("model.safetensors");
    saved.save_weights(&weights).unwrap();
    saved.save(file(&folder)).unwrap();
    for path in [&weights, &file(&folder)] {
        let same = model(["first", "second"], 3);
        assert_eq!(same.load_weights(path).unwrap().loaded.len(), 4);
        assert_eq!(bits(&same), bits(&saved));

        let renamed = model(["encoder", "head"], 3);
        let text = renamed.load_weights(path).unwrap_err().to_string();
        assert!(text.contains("encoder/kernel is missing") && text.contains("load_weights_matching"), "{text}");
        let report = renamed.load_weights_matching(path, &[]).unwrap();
        assert_eq!(bits(&renamed), bits(&saved));
        assert!(report.missing.is_empty() && report.unexpected.is_empty());
        assert_eq!(report.renamed[0], ("first/kernel".to_string(), "encoder/kernel".to_string()));

        let other = model(["first", "head"], 9);
        let report = other.load_weights_matching(path, &[]).unwrap();
        assert_eq!(report.missing, ["head/kernel", "head/bias"]);
        assert_eq!(report.unexpected, ["second/bias", "second/kernel"]);
        assert_eq!(
            report.to_string(),
            "2 weights loaded\n  missing: head/kernel\n  missing: head/bias\n  unexpected: second/bias\n  unexpected: second/kernel"
        );
        let error = model(["first", "second"], 9).load_weights_matching(path, &[]).unwrap_err().to_string();
        assert!(error.contains("second/kernel is float32[6, 3], expected float32[6, 9]"), "{error}");
    }
}

struct Halved;

impl crisol_train::TrainStep for Halved {}

#[test]
fn checkpoints_are_models_and_backups_are_archives() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = points(100);
    let mut whole = common::dense(1);
    whole.fit((&x, &y), silent(3)).unwrap();

    let mut checkpoint = ModelCheckpoint::new(folder.path().join("{epoch:02d}.crisol").display().to_string());
    let backups = folder.path().join("backups");
    let mut backup = BackupAndRestore::new(&backups).delete_checkpoint(false);
    let mut trainer = Trainer::of(common::dense(1), Halved);
    trainer.fit((&x, &y), silent(2).callback(&mut checkpoint).callback(&mut backup)).unwrap();
    let mut second = load_model(folder.path().join("02.crisol"), &Registry::new()).unwrap();
    assert_eq!(second.predict(&x).unwrap(), trainer.predict(&x).unwrap());
    assert_eq!(second.summary().unwrap(), trainer.summary().unwrap());
    second.fit((&x, &y), silent(3).initial_epoch(2)).unwrap();
    assert_eq!(bits(&second), bits(&whole));
    // A trainer goes on with its own step from a loaded model, or from the backup.
    let mut loaded = Trainer::of(load_model(folder.path().join("01.crisol"), &Registry::new()).unwrap(), Halved);
    loaded.fit((&x, &y), silent(3).initial_epoch(1)).unwrap();
    assert_eq!(bits(&loaded), bits(&whole));
    let mut resumed = Trainer::of(common::dense(7), Halved);
    let mut backup = BackupAndRestore::new(&backups);
    let history = resumed.fit((&x, &y), silent(3).callback(&mut backup)).unwrap();
    assert_eq!((history.epoch_numbers(), bits(&resumed)), (&[2][..], bits(&whole)));
    assert!(!backups.exists());
}
