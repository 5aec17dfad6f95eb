//! Maps and sets that share what is compiled for them.
//!
//! The standard library's tree is compiled anew for each pair of types that it holds, about 4,600 lines of LLVM each time,
//! and every crate that names a machine waits for that. Here the tree holds places in a list, and is the same for all values.

use std::{borrow::Borrow, collections::BTreeMap};

/// Values by key, in the order of the keys.
#[derive(Debug, Clone)]
pub(crate) struct Table<K, V> {
    places: BTreeMap<K, usize>,
    values: Vec<V>,
}

/// Values by name.
pub(crate) type ByName<V> = Table<String, V>;

/// Values by one of the model's numbers.
pub(crate) type ById<V> = Table<usize, V>;

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), values: Vec::new() }
    }
}

impl<K: Ord, V> Table<K, V> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.values.get(*self.places.get(key)?)
    }

    pub(crate) fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.places.contains_key(key)
    }

    /// Sets a value, and gives back the one before.
    pub(crate) fn insert(&mut self, key: impl Into<K>, value: V) -> Option<V> {
        let place = place(&mut self.places, key.into(), self.values.len());
        match self.values.get_mut(place) {
            Some(known) => Some(std::mem::replace(known, value)),
            None => {
                self.values.push(value);
                None
            }
        }
    }

    /// The value that is there, or else this one.
    pub(crate) fn or_insert(&mut self, key: impl Into<K>, value: V) -> &mut V {
        let place = place(&mut self.places, key.into(), self.values.len());
        if place == self.values.len() {
            self.values.push(value);
        }
        &mut self.values[place]
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.places.keys()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.places.iter().map(|(key, place)| (key, &self.values[*place]))
    }
}

/// The place of a key: `next` when it is new.
fn place<K: Ord>(places: &mut BTreeMap<K, usize>, key: K, next: usize) -> usize {
    *places.entry(key).or_insert(next)
}

#[cfg(test)]
mod tests {
    use super::{ById, ByName};

    #[test]
    fn values_are_found_by_key_and_listed_in_the_order_of_the_keys() {
        let mut table = ByName::default();
        assert_eq!(table.insert("b", 1), None);
        assert_eq!(table.insert("a", 2), None);
        assert_eq!(table.insert("b", 3), Some(1));
        assert_eq!(*table.or_insert("a", 4), 2);
        *table.or_insert("c", 5) += 1;
        assert_eq!((table.get("b"), table.get("d"), table.contains("c")), (Some(&3), None, true));
        let all: Vec<(&str, i32)> = table.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        assert_eq!(all, [("a", 2), ("b", 3), ("c", 6)]);
        let mut table = ById::default();
        table.insert(7_usize, "x");
        table.insert(3_usize, "y");
        assert_eq!(table.keys().copied().collect::<Vec<_>>(), [3, 7]);
    }
}
