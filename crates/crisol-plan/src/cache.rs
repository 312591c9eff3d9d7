//! What the process keeps of what it has compiled.

use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Entries that are kept at most; those of a plan live as long as it does anyway.
const KEPT: usize = 4096;

/// Things by what they were made of, the last used ones.
pub(crate) struct Cache<K, V> {
    entries: FxHashMap<K, (Arc<V>, u64)>,
    clock: u64,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Cache { entries: FxHashMap::default(), clock: 0 }
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn get(&mut self, key: &K) -> Option<Arc<V>> {
        self.clock += 1;
        let (value, last_use) = self.entries.get_mut(key)?;
        *last_use = self.clock;
        Some(Arc::clone(value))
    }

    pub(crate) fn insert(&mut self, key: K, value: &Arc<V>) {
        if self.entries.len() >= KEPT {
            // Half goes at once, so that a full cache is not searched at every step.
            let mut uses: Vec<u64> = self.entries.values().map(|(_, last_use)| *last_use).collect();
            // Sorted as a whole, which happens once in thousands of kernels: selecting would be one more algorithm to compile.
            uses.sort_unstable();
            let median = uses[uses.len() / 2];
            self.entries.retain(|_, (_, last_use)| *last_use > median);
        }
        self.entries.insert(key, (Arc::clone(value), self.clock));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept() {
        let mut cache = Cache::default();
        let value = Arc::new("value");
        for key in 0..KEPT {
            assert!(cache.get(&key).is_none());
            cache.insert(key, &value);
        }
        assert!(cache.get(&0).is_some());
        cache.insert(KEPT, &value);
        assert!(cache.entries.len() < KEPT && cache.entries.len() >= KEPT / 2 - 1);
        assert!(cache.get(&0).is_some() && cache.get(&1).is_none() && cache.get(&(KEPT - 1)).is_some());
    }
}
