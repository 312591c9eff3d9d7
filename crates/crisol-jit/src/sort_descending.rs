//! Sorting by what is largest: one function for all that is sorted so, for the standard library's is compiled for every key.

/// Sorts numbers by their keys, the largest key first; numbers of the same key stay in order.
pub(crate) fn sort_descending(numbers: &mut [usize], key: &dyn Fn(usize) -> usize) {
    numbers.sort_by_key(|&number| std::cmp::Reverse(key(number)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_stay_in_order() {
        let mut numbers: Vec<usize> = (0..100).collect();
        sort_descending(&mut numbers, &|number| number % 3);
        let expected: Vec<usize> =
            [2, 1, 0].iter().flat_map(|rest| (0..100).filter(move |number| number % 3 == *rest)).collect();
        assert_eq!(numbers, expected);
    }
}
