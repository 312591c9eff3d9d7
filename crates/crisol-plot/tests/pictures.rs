//! What is in the files: decoded again, pixel by pixel.

// clippy knows the tests themselves, not their helpers.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::BufReader;

use crisol_plot::{Curve, comparison_png, history_png, plot_history};
use proptest::prelude::*;

struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    fn decode(reader: impl std::io::BufRead + std::io::Seek) -> Self {
        let mut reader = png::Decoder::new(reader).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        Self { width: info.width as usize, height: info.height as usize, rgb }
    }

    /// Pixels within a rectangle of which `colour` says yes.
    fn count(&self, x: std::ops::Range<usize>, y: std::ops::Range<usize>, colour: fn(&[u8]) -> bool) -> usize {
        y.flat_map(|y| x.clone().map(move |x| (x, y)))
            .filter(|(x, y)| colour(&self.rgb[(y * self.width + x) * 3..][..3]))
            .count()
    }
}

fn red(pixel: &[u8]) -> bool {
    pixel[0] > 190 && pixel[1] < 90 && pixel[2] < 90
}

fn blue(pixel: &[u8]) -> bool {
    pixel[0] < 90 && pixel[2] > 150
}

fn dark(pixel: &[u8]) -> bool {
    pixel.iter().all(|channel| *channel < 110)
}

fn picture(curves: &[Curve]) -> Picture {
    Picture::decode(std::io::Cursor::new(history_png(curves).unwrap()))
}

#[test]
fn training_and_validation_are_drawn_and_text_is_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("basic.png");
    let curves = [
        Curve::new("accuracy", [0.6, 0.7, 0.8]),
        Curve::new("val_accuracy", [0.6, 0.65, 0.7]),
        Curve::new("loss", [0.6, 0.5, 0.4]),
        Curve::new("val_loss", [0.6, 0.55, 0.5]),
    ];
    plot_history(&curves, &path).unwrap();
    let picture = Picture::decode(BufReader::new(File::open(&path).unwrap()));
    assert_eq!((picture.width, picture.height), (1304, 470));
    for panel in [90..630, 730..1270] {
        let (dashed, solid) = (picture.count(panel.clone(), 64..400, red), picture.count(panel, 64..400, blue));
        assert!(dashed > 300, "{dashed}");
        assert!(solid > dashed, "a dashed line has fewer pixels: {dashed} of {solid}");
    }
    // Legend, titles, tick labels: the embedded font has drawn something dark at each place.
    for (what, x, y) in [
        ("legend", 560..760, 12..34),
        ("title", 100..620, 38..58),
        ("labels", 40..82, 60..410),
        ("axis name", 10..30, 180..300),
    ] {
        assert!(picture.count(x, y, dark) > 40, "no text: {what}");
    }
}

#[test]
fn a_curve_of_one_point_is_visible() {
    let one = picture(&[Curve::new("loss", [0.5])]);
    let (width, height) = (one.width, one.height);
    assert!(one.count(90..width, 60..height - 60, red) > 20);
}

#[test]
fn a_point_between_two_gaps_is_visible() {
    let curves = [Curve::new("val_loss", [f64::NAN, 0.5, f64::NAN])];
    let lonely = picture(&curves);
    let (width, height) = (lonely.width, lonely.height);
    assert!(lonely.count(90..width, 60..height - 60, blue) > 20);
}

#[test]
fn the_same_curves_make_the_same_bytes() {
    let curves = [Curve::new("loss", [0.6, 0.5, 0.4])];
    assert_eq!(history_png(&curves).unwrap(), history_png(&curves).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn no_input_panics(
        values in prop::collection::vec(prop::collection::vec(any::<f64>(), 0..9), 1..4),
        names in prop::collection::vec("(val_)?(loss|accuracy|\\PC{0,12})", 3),
    ) {
        let curves: Vec<Curve> = names.into_iter().zip(values).map(|(name, values)| Curve::new(name, values)).collect();
        let finite = curves.iter().flat_map(|curve| &curve.values).any(|value| value.is_finite());
        prop_assert_eq!(history_png(&curves).is_ok(), finite);
        let _ = comparison_png(&[("one", curves.clone()), ("two", curves)]);
    }
}
