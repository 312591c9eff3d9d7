//! Callbacks against what Keras' did with the same numbers: `tools/goldens/callbacks.py`.

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::scripted::ScriptedRun;
use crate::{CsvLogger, EarlyStopping, Mode, ModelCheckpoint, ReduceLROnPlateau};

/// The lines of a callback: settings, numbers of the epochs, what Keras did.
fn goldens(name: &str) -> Vec<(Vec<&'static str>, Vec<f64>, &'static str)> {
    let golden = include_str!("../tests/goldens/callbacks.txt");
    let lines: Vec<_> = golden
        .lines()
        .filter(|line| line.split(' ').next() == Some(name))
        .map(|line| {
            let parts: Vec<&str> = line.splitn(3, '|').collect();
            let values = parts[1].split_whitespace().map(|value| value.parse().unwrap()).collect();
            (parts[0].split_whitespace().skip(1).collect(), values, parts[2].trim())
        })
        .collect();
    assert!(!lines.is_empty(), "{name}");
    lines
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

fn mode(text: &str) -> Mode {
    if text == "max" { Mode::Max } else { Mode::Min }
}

/// Runs the epochs; the weight is the number of the epoch. Returns the epochs run and the rates after each.
fn run(callback: &mut dyn Callback, run: &mut ScriptedRun, values: &[f64]) -> (usize, Vec<f64>) {
    callback.on_train_begin(run).unwrap();
    let (mut done, mut rates) = (0, Vec::new());
    for (epoch, value) in values.iter().enumerate() {
        run.weight = (epoch + 1) as f32;
        callback.on_epoch_begin(run, epoch).unwrap();
        let mut logs = Logs::new();
        logs.set("loss", 9.0);
        logs.set("val_loss", *value);
        let flow = callback.on_epoch_end(run, epoch, &mut logs).unwrap();
        done += 1;
        rates.push(run.rate);
        if flow == Flow::Stop {
            break;
        }
    }
    callback.on_train_end(run, &Logs::new()).unwrap();
    (done, rates)
}

#[test]
fn early_stopping_stops_and_restores_as_keras() {
    for (settings, values, expected) in goldens("early_stopping") {
        let mut stop = EarlyStopping::new("val_loss")
            .patience(settings[0].parse().unwrap())
            .min_delta(number(settings[1]))
            .start_from_epoch(settings[3].parse().unwrap())
            .mode(mode(settings[4]))
            .restore_best_weights(true);
        if settings[2] != "None" {
            stop = stop.baseline(number(settings[2]));
        }
        let mut scripted = ScriptedRun::new(12);
        let (done, _) = run(&mut stop, &mut scripted, &values);
        let stopped = stop.stopped_epoch().unwrap_or(0);
        let found = format!("{done} {stopped} {} {}", stop.best_epoch(), scripted.weight);
        assert_eq!(found, expected, "{settings:?} {values:?}");
    }
}

#[test]
fn the_rate_is_reduced_as_in_keras() {
    for (settings, values, expected) in goldens("reduce") {
        let mut reduce = ReduceLROnPlateau::new("val_loss")
            .factor(number(settings[0]))
            .patience(settings[1].parse().unwrap())
            .cooldown(settings[2].parse().unwrap())
            .min_lr(number(settings[3]))
            .min_delta(number(settings[4]));
        let (_, rates) = run(&mut reduce, &mut ScriptedRun::new(12), &values);
        let expected: Vec<f64> = expected.split(' ').map(number).collect();
        assert_eq!(rates.len(), expected.len());
        for (rate, expected) in rates.iter().zip(&expected) {
            assert!((rate / expected - 1.0).abs() < 1e-5, "{settings:?}: {rates:?}, Keras {expected}");
        }
    }
}

#[test]
fn checkpoints_are_written_when_keras_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let names = |run: &ScriptedRun| {
        let names = run.saved.iter().map(|path| path.rsplit('/').next().unwrap_or_default());
        names.collect::<Vec<_>>().join(" ")
    };
    for (settings, values, expected) in goldens("best") {
        let path = folder.path().join("{epoch:02d}-{val_loss:.2f}.crisol");
        let mut check = ModelCheckpoint::new(path.display().to_string()).save_best_only(true).mode(mode(settings[0]));
        if settings[1] != "None" {
            check = check.initial_value_threshold(number(settings[1]));
        }
        let mut scripted = ScriptedRun::new(12);
        run(&mut check, &mut scripted, &values);
        assert_eq!(names(&scripted), expected);
    }
    for (settings, _, expected) in goldens("every") {
        let path = folder.path().join("{epoch}-{batch}.crisol");
        let mut check = ModelCheckpoint::new(path.display().to_string()).save_freq(settings[0].parse().unwrap());
        let mut scripted = ScriptedRun::new(3);
        scripted.logs.set("loss", 1.0);
        check.on_train_begin(&mut scripted).unwrap();
        for epoch in 0..3 {
            check.on_epoch_begin(&mut scripted, epoch).unwrap();
            for step in 0..5 {
                check.on_train_batch_end(&mut scripted, step).unwrap();
            }
            let mut logs = scripted.logs.clone();
            check.on_epoch_end(&mut scripted, epoch, &mut logs).unwrap();
        }
        assert_eq!(names(&scripted), expected);
    }
}

#[test]
fn the_csv_file_is_that_of_keras() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv");
    let mut scripted = ScriptedRun::new(2);
    for append in [false, true] {
        let mut log = CsvLogger::new(&path).append(append);
        log.on_train_begin(&mut scripted).unwrap();
        let mut logs = Logs::new();
        logs.set("loss", 0.75);
        logs.set("accuracy", 0.5);
        log.on_epoch_end(&mut scripted, 0, &mut logs).unwrap();
        for (name, value) in [("loss", 0.5), ("accuracy", 0.625), ("val_loss", 1.5), ("val_accuracy", 0.25)] {
            logs.set(name, value);
        }
        log.on_epoch_end(&mut scripted, 1, &mut logs).unwrap();
        log.on_train_end(&mut scripted, &logs).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\\r\\n");
    let (_, _, expected) = goldens("csv")[0];
    assert_eq!(text, expected);
}

#[test]
fn probable_mistakes_are_told() {
    let mut scripted = ScriptedRun::new(3);
    let mut stop = EarlyStopping::new("val_los").patience(3).mode(Mode::Min);
    run(&mut stop, &mut scripted, &[0.5, 0.4]);
    assert_eq!(scripted.warnings.len(), 2, "{:?}", scripted.warnings);
    assert!(scripted.warnings[0].contains("patience is 3 and training has 3 epochs"), "{:?}", scripted.warnings);
    assert!(scripted.warnings[1].contains("monitor \"val_los\" is not among the numbers of the epoch: loss, val_loss"));

    let mut scripted = ScriptedRun::new(30);
    run(&mut ReduceLROnPlateau::new("val_loss").min_lr(0.5), &mut scripted, &[0.5]);
    assert!(scripted.warnings[0].contains("min_lr is 0.5 and the learning rate 0.1"), "{:?}", scripted.warnings);

    let error = ReduceLROnPlateau::new("loss").factor(1.5).on_train_begin(&mut scripted).unwrap_err();
    assert!(error.to_string().contains("factor is 1.5, expected a number from 0"), "{error}");
    let error = EarlyStopping::new("std_of_activation").on_train_begin(&mut scripted).unwrap_err();
    assert!(error.to_string().contains(".mode(Mode::Max) or .mode(Mode::Min)"), "{error}");
    let error = ModelCheckpoint::new("x.keras").on_train_begin(&mut scripted).unwrap_err();
    assert!(error.to_string().contains("must end in .crisol"), "{error}");
}
