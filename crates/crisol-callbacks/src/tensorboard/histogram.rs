//! The buckets of a histogram, as `tf.summary.histogram` counts them.

/// How many buckets there are.
const BUCKETS: usize = 30;

/// `[left, right, count]` of buckets of equal width. Where all values are the same, all buckets are that value and the last counts them;
/// without a value all are 0.
pub(super) fn buckets(values: impl IntoIterator<Item = f64>) -> Vec<[f64; 3]> {
    let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.is_empty() {
        return vec![[0.0; 3]; BUCKETS];
    }
    let range = greatest - least;
    if range == 0.0 {
        let mut buckets = vec![[greatest, greatest, 0.0]; BUCKETS];
        buckets[BUCKETS - 1][2] = values.len() as f64;
        return buckets;
    }
    let width = range / BUCKETS as f64;
    let edge = |place: usize| if place == BUCKETS { greatest } else { least + width * place as f64 };
    let mut buckets: Vec<[f64; 3]> = (0..BUCKETS).map(|place| [edge(place), edge(place + 1), 0.0]).collect();
    for value in values {
        // A range too wide for a number has an infinite width: everything then stands in the first.
        let place = ((value - least) / width).floor() as usize;
        buckets[place.min(BUCKETS - 1)][2] += 1.0;
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once_in_its_bucket() {
        let found = buckets((0..=300).map(f64::from));
        assert_eq!((found[0], found[29]), ([0.0, 10.0, 10.0], [290.0, 300.0, 11.0]));
        assert_eq!(found.iter().map(|bucket| bucket[2]).sum::<f64>(), 301.0);
    }

    #[test]
    fn one_value_none_and_no_numbers_are_as_in_tensorflow() {
        let same = buckets([2.5; 4]);
        assert_eq!((same[0], same[29]), ([2.5, 2.5, 0.0], [2.5, 2.5, 4.0]));
        assert_eq!(buckets([]), vec![[0.0; 3]; 30]);
        assert_eq!(buckets([f64::NAN, f64::INFINITY]), vec![[0.0; 3]; 30]);
        assert_eq!(buckets([-f64::MAX, f64::MAX]).iter().map(|bucket| bucket[2]).sum::<f64>(), 2.0);
    }
}
