//! A list of numbers read as decisions.

/// Decisions taken from a list of numbers; when it ends, every further one is 0, the simplest choice.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    numbers: &'a [u32],
}

impl<'a> Choices<'a> {
    /// Decisions from a list.
    pub fn new(numbers: &'a [u32]) -> Choices<'a> {
        Choices { numbers }
    }

    /// The numbers that no decision was taken from yet.
    pub fn rest(&self) -> &'a [u32] {
        self.numbers
    }

    /// Whether the list has ended.
    pub fn is_over(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The next number.
    pub fn number(&mut self) -> u32 {
        match self.numbers.split_first() {
            Some((&first, rest)) => {
                self.numbers = rest;
                first
            }
            None => 0,
        }
    }

    /// A number below `count`; 0 if there is none.
    pub fn below(&mut self, count: usize) -> usize {
        self.number() as usize % count.max(1)
    }

    /// One of a list.
    ///
    /// # Panics
    /// When the list is empty.
    pub fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Whether something happens that happens once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}
