//! The states of all parameters, found by path.

use crisol_tensor::Variable;
use std::collections::BTreeMap;

/// What an optimizer keeps of every parameter that it has stepped.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    /// In the order of their first steps.
    list: Vec<ParameterSlots>,
    by_path: BTreeMap<String, usize>,
}

/// The states of one parameter: those of the transforms in their order, then those of the options.
#[derive(Debug)]
pub(crate) struct ParameterSlots {
    pub(crate) path: String,
    /// How many each transform has.
    pub(crate) counts: Vec<usize>,
    pub(crate) slots: Vec<Slot>,
}

/// The state of one parameter under one name.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    pub(crate) variable: Variable,
}

impl Slots {
    /// Where the states of a parameter are. Steps come in one order again and again, so that `near` is most often right.
    pub(crate) fn place(&self, near: usize, path: &str) -> Option<usize> {
        match self.list.get(near) {
            Some(slots) if slots.path == path => Some(near),
            _ => self.by_path.get(path).copied(),
        }
    }

    pub(crate) fn at(&self, place: usize) -> &ParameterSlots {
        &self.list[place]
    }

    pub(crate) fn get(&self, path: &str) -> Option<&ParameterSlots> {
        self.by_path.get(path).map(|&place| self.at(place))
    }

    /// Adds those of a parameter, or puts them in place of others of its path; returns where.
    pub(crate) fn insert(&mut self, slots: ParameterSlots) -> usize {
        if let Some(&place) = self.by_path.get(&slots.path) {
            self.list[place] = slots;
            return place;
        }
        let place = self.list.len();
        self.by_path.insert(slots.path.clone(), place);
        self.list.push(slots);
        place
    }

    /// In the order of paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ParameterSlots> {
        self.by_path.values().map(|&place| self.at(place))
    }
}

impl ParameterSlots {
    /// The variables of the transforms.
    pub(crate) fn of_transforms(&self) -> impl Iterator<Item = &Variable> {
        let count = self.counts.iter().sum();
        self.slots.iter().take(count).map(|slot| &slot.variable)
    }

    /// The variable of a name.
    pub(crate) fn state(&self, name: &str) -> Option<&Variable> {
        self.slots.iter().find(|slot| slot.name == name).map(|slot| &slot.variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_place_whatever_is_near() {
        let of = |path: &str, counts: &[usize]| ParameterSlots {
            path: path.to_string(),
            counts: counts.to_vec(),
            slots: Vec::new(),
        };
        let mut slots = Slots::default();
        assert_eq!(["b", "a", "b"].map(|path| slots.insert(of(path, &[]))), [0, 1, 0]);
        assert_eq!(slots.insert(of("a", &[1])), 1);
        assert_eq!(slots.at(1).counts, [1]);
        for near in 0..4 {
            assert_eq!(["a", "b", "c"].map(|path| slots.place(near, path)), [Some(1), Some(0), None]);
        }
        assert_eq!(slots.iter().map(|slots| &slots.path[..]).collect::<Vec<_>>(), ["a", "b"]);
    }
}
