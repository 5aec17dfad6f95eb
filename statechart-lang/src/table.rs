//! Maps and sets that share what is compiled for them.
//!
//! The standard library's tree is compiled anew for each pair of types that it holds, about 4,600 lines of LLVM each time,
//! and every crate that names a machine waits for that. Here keys and values stand in lists, and what knows their order
//! deals in places of these lists, so that it is the same for all of them.

use std::{borrow::Borrow, cmp::Ordering};

/// Places in ascending order, in rows that are searched by halves and split when they are full: some hundred thousand
/// names are put in order without moving them all for each.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Default)]
struct Order(Vec<Vec<usize>>);

/// Most places of a row.
const ROW: usize = 512;

impl Order {
    /// The place of a key, or the row and position where it belongs. What stands at a place is compared with the key.
    fn find(&self, compare: &dyn Fn(usize) -> Ordering) -> Result<usize, (usize, usize)> {
        let row = self.0.partition_point(|row| row.last().is_some_and(|last| compare(*last).is_lt()));
        let row = row.min(self.0.len().saturating_sub(1));
        let Some(places) = self.0.get(row) else { return Err((0, 0)) };
        match places.binary_search_by(|place| compare(*place)) {
            Ok(at) => Ok(places.get(at).copied().unwrap_or_default()),
            Err(at) => Err((row, at)),
        }
    }

    /// Puts a place where [`Self::find`] says that it belongs.
    fn insert(&mut self, (row, at): (usize, usize), place: usize) {
        let Some(places) = self.0.get_mut(row) else {
            self.0.push(vec![place]);
            return;
        };
        places.insert(at, place);
        if places.len() > ROW {
            let upper = places.split_off(ROW / 2);
            self.0.insert(row + 1, upper);
        }
    }

    fn all(&self) -> Vec<usize> {
        self.0.concat()
    }
}

/// Values by key, in the order of the keys.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub(crate) struct Table<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
    order: Order,
}

/// Values by name.
pub(crate) type ByName<V> = Table<String, V>;

/// Values by one of the model's numbers.
pub(crate) type ById<V> = Table<usize, V>;

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { keys: Vec::new(), values: Vec::new(), order: Order::default() }
    }
}

impl<K: Ord, V> Table<K, V> {
    /// The place of a key in the lists, or where it belongs in their order.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, (usize, usize)>
    where
        K: Borrow<Q>,
    {
        self.order.find(&|place| self.keys[place].borrow().cmp(key))
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.values.get(self.place(key).ok()?)
    }

    pub(crate) fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    /// Sets a value, and gives back the one before.
    pub(crate) fn insert(&mut self, key: impl Into<K>, value: V) -> Option<V> {
        let key = key.into();
        match self.place(&key) {
            Ok(place) => Some(std::mem::replace(&mut self.values[place], value)),
            Err(at) => {
                self.add(at, key, value);
                None
            }
        }
    }

    /// The value that is there, or else this one.
    pub(crate) fn or_insert(&mut self, key: impl Into<K>, value: V) -> &mut V {
        let key = key.into();
        let place = match self.place(&key) {
            Ok(place) => place,
            Err(at) => self.add(at, key, value),
        };
        &mut self.values[place]
    }

    fn add(&mut self, at: (usize, usize), key: K, value: V) -> usize {
        let place = self.keys.len();
        self.keys.push(key);
        self.values.push(value);
        self.order.insert(at, place);
        place
    }

    /// The keys in their order, of which others may be added meanwhile.
    pub(crate) fn ascending(&self) -> Vec<K>
    where
        K: Copy,
    {
        let mut keys = Vec::new();
        for place in self.order.all() {
            keys.push(self.keys[place]);
        }
        keys
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.order.0.iter().flatten().map(|place| &self.keys[*place])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.order.0.iter().flatten().map(|place| (&self.keys[*place], &self.values[*place]))
    }
}

/// Some of the model's numbers, ascending.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Default)]
pub(crate) struct Ids(Order);

impl Ids {
    pub(crate) fn contains(&self, id: usize) -> bool {
        self.0.find(&|known| known.cmp(&id)).is_ok()
    }

    /// Adds a number, and says whether it is new.
    pub(crate) fn insert(&mut self, id: usize) -> bool {
        let at = self.0.find(&|known| known.cmp(&id));
        match at {
            Ok(_) => false,
            Err(at) => {
                self.0.insert(at, id);
                true
            }
        }
    }

    #[cfg(feature = "codegen")]
    pub(crate) fn len(&self) -> usize {
        self.0.0.iter().map(Vec::len).sum()
    }

    /// Whether there is one from the first to the last.
    pub(crate) fn any_in(&self, first: usize, last: usize) -> bool {
        let compare = |known: usize| match known.cmp(&first) {
            Ordering::Greater if known <= last => Ordering::Equal,
            order => order,
        };
        self.0.find(&compare).is_ok()
    }

    pub(crate) fn all(&self) -> Vec<usize> {
        self.0.all()
    }
}

/// The positions of a list in the order of what stands there; those of equals stay as they are.
pub(crate) fn sorted(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order = Order::default();
    for next in 0..count {
        if let Err(at) = order.find(&|place| compare(place, next).then(Ordering::Less)) {
            order.insert(at, next);
        }
    }
    order.all()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{ById, ByName, Ids, sorted};

    #[test]
    fn equals_keep_their_places() {
        let list: Vec<usize> = (0..5_000).map(|at| at * 7_919 % 100).collect();
        let mut places: Vec<usize> = (0..list.len()).collect();
        places.sort_by_key(|place| list[*place]);
        assert_eq!(sorted(list.len(), &|a, b| list[a].cmp(&list[b])), places);
    }

    #[test]
    fn rows_that_split_keep_everything_in_order() {
        // Every number below a prime once, in an order that jumps; then every second one anew.
        let mut table = ById::default();
        let mut tree = BTreeMap::new();
        let mut ids = Ids::default();
        for step in 0..7_919_usize {
            let key = step * 2_741 % 7_919;
            assert!(ids.insert(2 * key) && !ids.insert(2 * key));
            assert_eq!(table.insert(key, step), tree.insert(key, step));
        }
        for key in (0..7_919).step_by(2) {
            assert_eq!(table.insert(key, key), tree.insert(key, key));
            assert!(ids.contains(2 * key) && !ids.contains(2 * key + 1));
            assert!(ids.any_in(2 * key + 1, 2 * key + 2) || key == 7_918);
            assert!(!ids.any_in(2 * key + 1, 2 * key + 1));
        }
        assert!(table.iter().eq(tree.iter()) && table.keys().eq(tree.keys()));
        assert!(ids.all().into_iter().eq((0..7_919).map(|key| 2 * key)));
    }

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
