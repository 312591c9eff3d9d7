//! The vertical axis of a panel: its range, its kind and the text of its ticks.

/// The vertical axis: where values go and how its ticks read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub low: f64,
    pub high: f64,
    pub logarithmic: bool,
}

impl Scale {
    /// A range that holds every finite value with some air; logarithmic when the values are positive and
    /// span two orders of magnitude, as the first epochs of a diverging or overfitted run do.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        let logarithmic = low > 0.0 && high / low > 100.0;
        let mut scale = Self { low, high, logarithmic };
        (scale.low, scale.high) = (scale.place(low), scale.place(high));
        let air = match scale.high - scale.low {
            span if span > 0.0 => span * 0.05,
            // A constant: the frame must have a height, and one that f64 can tell from the value.
            _ => (scale.low.abs() * 0.1).max(0.05),
        };
        scale.low -= air;
        scale.high += air;
        scale
    }

    /// A quarter of f64's range, so that the span of two finite extremes stays finite.
    pub fn place(&self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value.clamp(f64::MIN / 4.0, f64::MAX / 4.0) }
    }

    /// A tick's text.
    pub fn label(&self, place: f64) -> String {
        let value = if self.logarithmic { 10_f64.powf(place) } else { place };
        let magnitude = value.abs();
        // The tick at zero comes out of a sum of steps as something like 1e-17.
        if magnitude < (self.high - self.low) * 1e-6 && !self.logarithmic {
            return "0".to_owned();
        }
        if !(1e-4..1e5).contains(&magnitude) {
            return format!("{value:.1e}");
        }
        let decimals = if self.logarithmic {
            1.0 - magnitude.log10().floor()
        } else {
            // A tick apart is about an eighth of the axis.
            -((self.high - self.low) / 8.0).log10().floor()
        };
        format!("{value:.*}", decimals.clamp(0.0, 6.0) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[f64]) -> Scale {
        Scale::of(values.iter().copied())
    }

    #[test]
    fn the_axis_holds_every_finite_value() {
        assert_eq!(scale(&[0.0, 1.0]), Scale { low: -0.05, high: 1.05, logarithmic: false });
        let constant = scale(&[0.62, 0.62]);
        assert!(constant.low < 0.62 && constant.high > 0.62);
        let extreme = scale(&[f64::MIN, f64::MAX]);
        assert!((extreme.high - extreme.low).is_finite());
    }

    #[test]
    fn two_orders_of_magnitude_make_it_logarithmic() {
        assert!(scale(&[0.01, 40.0]).logarithmic);
        assert!(!scale(&[0.0, 40.0]).logarithmic, "zero has no logarithm");
        assert!(!scale(&[0.5, 40.0]).logarithmic);
        assert_eq!(scale(&[0.01, 40.0]).label(1.0), "10");
    }

    #[test]
    fn labels_have_the_digits_that_tell_ticks_apart() {
        let unit = scale(&[0.6, 0.8]);
        assert_eq!(unit.label(0.65), "0.65");
        assert_eq!(scale(&[-1.0, 1.0]).label(-1e-17), "0");
        assert_eq!(scale(&[0.0, 3e6]).label(2e6), "2.0e6");
    }
}
