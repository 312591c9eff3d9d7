//! Event files read by the plain definition, against what Keras and TensorFlow wrote: `tools/goldens/summaries.py`.

use super::histogram::buckets;
use super::proto::{Event, GraphDef, SummaryValue, TensorProto, What};
use super::{SummaryWriter, TensorBoard};
use crate::callback::Callback;
use crate::logs::Logs;
use crate::scripted::ScriptedRun;
use crisol_ir::ndarray::Array4;
use prost::Message;
use std::path::Path;

/// CRC-32C bit by bit: the remainder by the polynomial 0x1EDC6F41, bits reversed.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    !crc
}

fn masked(bytes: &[u8]) -> u32 {
    let crc = crc(bytes);
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The events of the only file in a folder.
fn events(folder: &Path) -> Vec<Event> {
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].file_name().unwrap().to_str().unwrap().starts_with("events.out.tfevents."));
    let bytes = std::fs::read(&files[0]).unwrap();
    let mut rest = &bytes[..];
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_at(8);
        let (of_length, after) = after.split_at(4);
        let (event, after) = after.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
        let (of_event, after) = after.split_at(4);
        assert_eq!(masked(length), u32::from_le_bytes(of_length.try_into().unwrap()));
        assert_eq!(masked(event), u32::from_le_bytes(of_event.try_into().unwrap()));
        events.push(Event::decode(event).unwrap());
        rest = after;
    }
    assert_eq!(events.remove(0).what, Some(What::FileVersion("brain.Event:2".to_string())));
    assert!(events.iter().all(|event| event.wall_time > 1.7e9));
    events
}

fn values(folder: &Path) -> Vec<(i64, SummaryValue)> {
    let mut values = Vec::new();
    for event in events(folder) {
        if let Some(What::Summary(summary)) = event.what {
            values.extend(summary.value.into_iter().map(|value| (event.step, value)));
        }
    }
    values
}

fn tensor(value: &SummaryValue) -> &TensorProto {
    value.tensor.as_ref().unwrap()
}

fn goldens(kind: &str) -> Vec<&'static str> {
    let golden = include_str!("../../tests/goldens/tensorboard.txt");
    let lines: Vec<&str> = golden.lines().filter_map(|line| line.strip_prefix(kind)).map(str::trim).collect();
    assert!(!lines.is_empty(), "{kind}");
    lines
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn logs(numbers: &[(&str, f64)]) -> Logs {
    let mut logs = Logs::new();
    numbers.iter().for_each(|(name, value)| logs.set(*name, *value));
    logs
}

/// Two epochs of three steps, with a validation after each.
fn train(board: &mut TensorBoard) -> ScriptedRun {
    let mut run = ScriptedRun::new(2);
    run.logs = logs(&[("loss", 0.5), ("mean_absolute_error", 0.25)]);
    board.on_train_begin(&mut run).unwrap();
    for epoch in 0..2 {
        board.on_epoch_begin(&mut run, epoch).unwrap();
        for step in 0..3 {
            board.on_train_batch_begin(&mut run, step).unwrap();
            run.iterations += 1;
            run.weight += 0.125;
            board.on_train_batch_end(&mut run, step).unwrap();
        }
        board.on_test_begin(&mut run).unwrap();
        let validated = logs(&[("loss", 0.75), ("mean_absolute_error", 2.0)]);
        board.on_test_end(&mut run, &validated).unwrap();
        let mut all = run.logs.clone();
        all.extend_prefixed("val_", &validated);
        board.on_epoch_end(&mut run, epoch, &mut all).unwrap();
    }
    board.on_train_end(&mut run, &Logs::new()).unwrap();
    run
}

#[test]
fn a_training_writes_what_keras_writes() {
    let folder = tempfile::tempdir().unwrap();
    let board = TensorBoard::new(folder.path()).histogram_freq(1).write_images(true).write_steps_per_second(true);
    train(&mut board.update_freq("batch"));
    let mut lines = Vec::new();
    for name in ["train", "validation"] {
        for (step, value) in values(&folder.path().join(name)) {
            let (tensor, metadata) = (tensor(&value), value.metadata.clone().unwrap());
            let plugin = metadata.plugin_data.unwrap().plugin_name;
            let sizes = tensor.tensor_shape.iter().flat_map(|shape| &shape.dim).map(|dim| dim.size.to_string());
            let sizes = sizes.collect::<Vec<_>>().join(",");
            lines.push(format!("{name}|{plugin}|{}|{step}|{}|{sizes}", value.tag, tensor.dtype));
        }
    }
    assert_eq!(lines, goldens("run"));
}

#[test]
fn numbers_are_those_of_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    train(&mut TensorBoard::new(folder.path()));
    let of = |name: &str| {
        let all = values(&folder.path().join(name)).into_iter();
        all.map(|(step, value)| (step, value.tag.clone(), tensor(&value).float_val[0])).collect::<Vec<_>>()
    };
    let epoch = |epoch: i64| {
        [("loss", 0.5), ("mean_absolute_error", 0.25), ("learning_rate", 0.1)]
            .map(|(name, value)| (epoch, format!("epoch_{name}"), value))
    };
    assert_eq!(of("train"), [epoch(0), epoch(1)].concat());
    let found = of("validation");
    assert_eq!(found[1], (3, "evaluation_mean_absolute_error_vs_iterations".to_string(), 2.0));
    assert_eq!(found[2], (0, "epoch_loss".to_string(), 0.75));
}

#[test]
fn the_graph_has_every_layer() {
    let folder = tempfile::tempdir().unwrap();
    train(&mut TensorBoard::new(folder.path()));
    let first = events(&folder.path().join("train")).remove(0);
    let Some(What::GraphDef(bytes)) = first.what else { panic!("{first:?}") };
    let nodes = GraphDef::decode(&bytes[..]).unwrap().node;
    let node = |place: usize| (&*nodes[place].name, &*nodes[place].op, nodes[place].input.join(","));
    assert_eq!((nodes.len(), node(1)), (2, ("dense", "Dense", "input_layer".to_string())));
    let without = tempfile::tempdir().unwrap();
    train(&mut TensorBoard::new(without.path()).write_graph(false));
    assert!(matches!(events(&without.path().join("train"))[0].what, Some(What::Summary(_))));
}

#[test]
fn steps_are_written_every_so_often() {
    let folder = tempfile::tempdir().unwrap();
    train(&mut TensorBoard::new(folder.path()).update_freq(2));
    let steps = values(&folder.path().join("train"));
    let steps = steps.iter().filter(|(_, value)| value.tag == "batch_loss").map(|(step, _)| *step);
    assert_eq!(steps.collect::<Vec<_>>(), [2, 4, 6]);
}

#[test]
fn histograms_and_images_are_those_of_tensorflow() {
    for line in goldens("histogram") {
        let (given, expected) = line.split_once('|').unwrap();
        let found = buckets(numbers(given)).concat();
        let expected = numbers(expected);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() <= 1e-14 * expected.abs().max(1e-2),
                "{found}, expected {expected}: {given}"
            );
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut writer = SummaryWriter::create(folder.path()).unwrap();
    for line in goldens("image") {
        let pixels = numbers(line.split_once('|').unwrap().0).iter().map(|&x| x as f32).collect();
        writer.image("image", Array4::from_shape_vec((1, 2, 4, 1), pixels).unwrap().view(), 0).unwrap();
    }
    writer.flush().unwrap();
    for ((_, value), line) in values(folder.path()).iter().zip(goldens("image")) {
        let parts = &tensor(value).string_val;
        assert_eq!(parts[..2], [b"4".to_vec(), b"2".to_vec()]);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&parts[2])).read_info().unwrap();
        let mut pixels = vec![0; 8];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(
            pixels.iter().map(|&pixel| f64::from(pixel)).collect::<Vec<_>>(),
            numbers(line.split_once('|').unwrap().1)
        );
    }
}

#[test]
fn mistakes_are_told_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = ScriptedRun::new(1);
    let error = TensorBoard::new(folder.path()).update_freq("batches").on_train_begin(&mut run).unwrap_err();
    assert!(
        error.to_string().contains(r#"tensorboard: update_freq is "batches" (give "epoch", "batch", or"#),
        "{error}"
    );
    let error = TensorBoard::new(folder.path()).update_freq(0).on_train_begin(&mut run).unwrap_err();
    assert!(error.to_string().contains("update_freq is 0, expected at least 1 step"), "{error}");
    TensorBoard::new(folder.path()).write_images(true).on_train_begin(&mut run).unwrap();
    assert!(run.warnings[0].contains("write_images does nothing while histogram_freq is 0"), "{:?}", run.warnings);
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = TensorBoard::new(file).on_train_begin(&mut run).unwrap_err();
    assert!(error.to_string().contains("cannot be written: "), "{error}");
}
