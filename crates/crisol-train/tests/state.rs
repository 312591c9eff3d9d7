//! A training that is interrupted and goes on gives the bits of one that is not; no file makes it panic or half-load.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

mod common;

use common::{bits, dense, points, silent};
use crisol_ir::ErrorKind;
use crisol_layers::{Dense, Input, LayerExt};
use crisol_optim::{Adam, Sgd};
use crisol_train::{Compile, Model};
use std::path::PathBuf;

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("training.state")
}

#[test]
fn going_on_after_loading_gives_the_bits_of_the_undisturbed_run() {
    let (x, y) = points(100);
    let folder = tempfile::tempdir().unwrap();

    let mut whole = dense(1);
    whole.fit((&x, &y), silent(4)).unwrap();

    let mut first = dense(1);
    first.fit((&x, &y), silent(2)).unwrap();
    first.save_state(file(&folder)).unwrap();

    // Another seed: weights, dropout and the order of samples must all come from the file.
    let mut second = dense(2);
    assert_ne!(bits(&second), bits(&first));
    second.load_state(file(&folder)).unwrap();
    assert_eq!(bits(&second), bits(&first));
    let history = second.fit((&x, &y), silent(4).initial_epoch(2)).unwrap();
    assert_eq!(history.get("loss").len(), 2);
    assert_eq!(bits(&second), bits(&whole));

    // The state is more than the weights: without Adam's means, or with other random numbers, the end is another one.
    let mut weights_only = dense(1);
    first.save_weights(folder.path().join("weights.safetensors")).unwrap();
    weights_only.load_weights(folder.path().join("weights.safetensors")).unwrap();
    weights_only.fit((&x, &y), silent(4).initial_epoch(2)).unwrap();
    assert_ne!(bits(&weights_only), bits(&whole));
}

#[test]
fn the_learning_rate_in_use_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = points(32);
    let mut saved = dense(1);
    saved.fit((&x, &y), silent(1)).unwrap();
    saved.save_state(file(&folder)).unwrap();
    let mut other = dense(3);
    other.compile(Compile::new().optimizer(Adam::new(0.5)).loss("mse")).unwrap();
    other.load_state(file(&folder)).unwrap();
    assert_eq!(other.learning_rate(), Some(1e-2));
}

#[test]
fn all_that_does_not_fit_is_listed_and_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = points(32);
    let mut saved = dense(1);
    saved.fit((&x, &y), silent(1)).unwrap();
    saved.save_state(file(&folder)).unwrap();

    let input = Input::new([4]);
    let output = Dense::new(1).name("last").on(&Dense::new(5).name("dense").on(&input));
    let mut other = Model::new(&input, &output).unwrap();
    let text = |other: &mut Model| {
        let before = bits(other);
        let error = other.load_state(file(&folder)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format);
        assert_eq!(bits(other), before);
        error.to_string()
    };
    let without = text(&mut other);
    assert!(without.contains("training.state does not fit this model: "), "{without}");
    for part in [
        "dense/kernel is float32[4, 16], expected float32[4, 5]",
        "dense_1/bias is unexpected",
        "last/kernel is missing",
        "the optimizer \"adam\" is unexpected, the model was compiled with none",
    ] {
        assert!(without.contains(part), "{part:?} is not in {without:?}");
    }
    other.compile(Compile::new().optimizer(Sgd::new(0.1)).loss("mse")).unwrap();
    let with_sgd = text(&mut other);
    assert!(with_sgd.contains("the optimizer is \"adam\", expected \"sgd\""), "{with_sgd}");
    assert_eq!(other.learning_rate(), Some(0.1));
    other.compile(Compile::new().optimizer("adam").loss("mse")).unwrap();
    let with_adam = text(&mut other);
    assert!(with_adam.contains("momentum of dense/kernel is float32[4, 16], expected float32[4, 5]"), "{with_adam}");

    // The file's own model takes it still.
    dense(9).load_state(file(&folder)).unwrap();
}

#[test]
fn files_cut_at_any_byte_and_flipped_bits_are_errors_that_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = points(32);
    let mut model = dense(1);
    model.fit((&x, &y), silent(1)).unwrap();
    let path = file(&folder);
    model.save_state(&path).unwrap();
    let good = std::fs::read(&path).unwrap();
    let before = bits(&model);
    let mut refused = 0;
    let mut refuse = |bytes: &[u8], is_cut: bool, what: &str| {
        std::fs::write(&path, bytes).unwrap();
        match model.load_state(&path) {
            // A zip has bytes that mean nothing to us, such as the time of a member.
            Ok(()) => assert!(!is_cut && bits(&model) == before, "{what}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Format, "{what}: {error}");
                assert!(error.to_string().contains("training.state"), "{what}: {error}");
                refused += 1;
            }
        }
    };
    let mut cuts = 0;
    // Everywhere in the directory at the end, where all else is found from.
    for length in (0..good.len()).filter(|length| length % 7 == 0 || length + 500 > good.len()) {
        cuts += 1;
        refuse(&good[..length], true, &format!("cut to {length} bytes"));
    }
    for byte in (0..good.len()).step_by(29) {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[byte] ^= 1 << bit;
            refuse(&bytes, false, &format!("bit {bit} of byte {byte}"));
        }
    }
    let flips = good.len().div_ceil(29) * 8;
    assert!(refused > cuts + flips * 3 / 4, "{refused} refused of {cuts} cuts and {flips} flips");
    // Whoever knows the checksums can write any member: it must be refused, or load only what fits.
    std::fs::write(&path, &good).unwrap();
    let members = common::members(&path);
    for (member, (_, bytes)) in members.iter().enumerate() {
        for byte in (0..bytes.len()).step_by(31) {
            for value in [0xff, b'"', b'9', 0] {
                let mut changed = members.clone();
                changed[member].1[byte] = value;
                common::write_members(&path, &changed);
                if let Err(error) = model.load_state(&path) {
                    assert!(matches!(error.kind(), ErrorKind::Format | ErrorKind::Name), "{byte} = {value}: {error}");
                }
            }
        }
    }
    std::fs::write(&path, &good).unwrap();
    model.load_state(&path).unwrap();
    assert_eq!(bits(&model), before);
}

#[test]
fn saving_needs_weights_and_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let unbuilt = crisol_train::Sequential::new((Dense::new(1),));
    assert_eq!(unbuilt.save_state(file(&folder)).unwrap_err().kind(), ErrorKind::State);
    let missing = folder.path().join("missing").join("training.state");
    let error = dense(1).save_state(&missing).unwrap_err();
    assert!(error.to_string().contains("training.state cannot be written: "), "{error}");
    let error = dense(1).load_state(&missing).unwrap_err();
    assert!(error.to_string().contains("training.state cannot be read: "), "{error}");
    // Nothing half-written stays.
    dense(1).save_state(file(&folder)).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
