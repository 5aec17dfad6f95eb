//! Which states are active: a set where regions run in parallel, one leaf where they do not.

use ::core::marker::PhantomData;

use super::{Bits, Tables};

/// The active states of a machine.
pub trait Configuration: Copy + Default + Send + 'static {
    /// Adds a state; its ancestors are members already.
    fn insert(&mut self, state: u16);
    /// Removes a state; its descendants were removed before.
    fn remove(&mut self, state: u16);
    /// Whether the state is active.
    fn contains(&self, state: u16) -> bool;
    /// The first active state in document order that is not before `from`.
    fn next(&self, from: u16) -> Option<u16>;

    /// Whether any state of the inclusive range is active.
    fn any_in(&self, first: u16, last: u16) -> bool {
        self.next(first).is_some_and(|found| found <= last)
    }

    /// The active states in document order.
    fn iter(self) -> impl Iterator<Item = u16> {
        let mut from = Some(0);
        ::core::iter::from_fn(move || {
            let found = self.next(from?)?;
            from = found.checked_add(1);
            Some(found)
        })
    }
}

/// What a step leaves and enters: a set of any states.
pub trait Set: Configuration {
    /// The largest member that is at most `to`.
    fn previous(&self, to: u16) -> Option<u16>;
}

impl<const W: usize> Set for Bits<W> {
    fn previous(&self, to: u16) -> Option<u16> {
        Self::previous(self, to)
    }
}

impl<const W: usize> Configuration for Bits<W> {
    #[inline]
    fn insert(&mut self, state: u16) {
        Self::insert(self, state);
    }
    #[inline]
    fn remove(&mut self, state: u16) {
        Self::remove(self, state);
    }
    #[inline]
    fn contains(&self, state: u16) -> bool {
        Self::contains(self, state)
    }
    fn next(&self, from: u16) -> Option<u16> {
        Self::next(self, from)
    }
}

/// What [`Leaf`] knows about its chart, which has no parallel states.
///
/// States are numbered anew: first those that a machine can rest in, then the state before its start, then the
/// others, which are the innermost active ones only in the middle of a step. So the tables of generated steps need
/// rows for the first only.
pub trait Nesting: 'static {
    /// The chart's structure.
    const TABLES: &'static Tables;
    /// What the field counts in: a state is held as its number times this. A machine whose table of successors is
    /// a shift of one word holds the shift itself.
    const STRIDE: u32;
    /// By number: the state's index, [`u16::MAX`] before the start.
    const STATES: &'static [u16];
    /// By index: the state as it is held.
    const HELD: &'static [u32];
    /// What is held before the start.
    const UNSTARTED: u32;
    /// The bits of the field that count. A shift takes the low six, so what stands above them may stay there.
    const MASK: u32;
}

/// The innermost active state; its ancestors are active with it.
///
/// A whole `u32`: a field of one byte that is stored and then loaded wider waits for the store.
pub struct Leaf<N>(u32, PhantomData<fn() -> N>);

impl<N> Copy for Leaf<N> {}

impl<N> Clone for Leaf<N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> ::core::fmt::Debug for Leaf<N> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_tuple("Leaf").field(&self.0).finish()
    }
}

impl<N: Nesting> Default for Leaf<N> {
    fn default() -> Self {
        Self(N::UNSTARTED, PhantomData)
    }
}

impl<N: Nesting> Leaf<N> {
    /// The leaf as it is held: its number times [`Nesting::STRIDE`].
    #[inline(always)]
    #[must_use]
    pub fn held(&self) -> u32 {
        self.0 & N::MASK
    }

    /// Makes a leaf the active one, given as [`Leaf::held`] returns it, but for bits outside [`Nesting::MASK`].
    #[inline(always)]
    pub fn hold(&mut self, held: u32) {
        self.0 = held;
    }

    fn leaf(&self) -> Option<u16> {
        N::STATES.get((self.held() / N::STRIDE) as usize).copied().filter(|state| *state != u16::MAX)
    }

    fn last(state: u16) -> u16 {
        N::TABLES.states.get(usize::from(state)).map_or(state, |row| row.last)
    }

    fn parent(state: u16) -> u16 {
        N::TABLES.states.get(usize::from(state)).map_or(state, |row| row.parent)
    }
}

impl<N: Nesting> Configuration for Leaf<N> {
    #[inline]
    fn insert(&mut self, state: u16) {
        self.0 = N::HELD.get(usize::from(state)).copied().unwrap_or(N::UNSTARTED);
    }
    #[inline]
    fn remove(&mut self, state: u16) {
        if state == 0 {
            self.0 = N::UNSTARTED;
        } else {
            self.insert(Self::parent(state));
        }
    }
    #[inline]
    fn contains(&self, state: u16) -> bool {
        self.leaf().is_some_and(|leaf| leaf >= state && leaf <= Self::last(state))
    }
    fn next(&self, from: u16) -> Option<u16> {
        let mut found = self.leaf().filter(|leaf| *leaf >= from)?;
        // The members are the leaf and its ancestors, and an ancestor comes before its descendants.
        while found != 0 && Self::parent(found) >= from {
            found = Self::parent(found);
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Kind, State};

    const fn state(parent: u16, last: u16) -> State {
        State { parent, last, kind: Kind::Atomic, ..State::PLAIN }
    }

    /// `root { a { b { c } d } e }`, in document order.
    static TABLES: Tables = Tables {
        name: "Nested",
        strict: false,
        states: &[state(0, 5), state(0, 4), state(1, 3), state(2, 3), state(1, 4), state(0, 5)],
        transitions: &[],
        events: &[],
        outputs: &[],
        timers: &[],
        activities: &[],
        children: &[],
        sends: &[],
        histories: 0,
        microsteps: 1,
    };

    struct By<const STRIDE: u32>;
    impl<const STRIDE: u32> Nesting for By<STRIDE> {
        const TABLES: &'static Tables = &TABLES;
        const STRIDE: u32 = STRIDE;
        const STATES: &'static [u16] = &[3, 4, 5, u16::MAX, 0, 1, 2];
        const HELD: &'static [u32] = &[4 * STRIDE, 5 * STRIDE, 6 * STRIDE, 0, STRIDE, 2 * STRIDE];
        const UNSTARTED: u32 = 3 * STRIDE;
        const MASK: u32 = 63;
    }

    /// Both forms after the same insertions and removals, down one branch and up another.
    fn agree<const STRIDE: u32>() {
        let (mut leaf, mut bits) = (Leaf::<By<STRIDE>>::default(), Bits::<4>::default());
        let check = |leaf: &Leaf<By<STRIDE>>, bits: &Bits<4>| {
            assert!(Configuration::iter(*leaf).eq(Bits::iter(bits)), "{leaf:?} {bits:?}");
            for state in 0..6 {
                assert_eq!(leaf.contains(state), bits.contains(state), "{state} in {leaf:?}");
                assert_eq!(Configuration::next(leaf, state), bits.next(state), "next {state} in {leaf:?}");
                for last in state..6 {
                    assert_eq!(Configuration::any_in(leaf, state, last), bits.any_in(state, last));
                }
            }
        };
        check(&leaf, &bits);
        for (insert, state) in [
            (true, 0),
            (true, 1),
            (true, 2),
            (true, 3),
            (false, 3),
            (false, 2),
            (true, 4),
            (false, 4),
            (false, 1),
            (true, 5),
            (false, 5),
            (false, 0),
        ] {
            if insert {
                leaf.insert(state);
                bits.insert(state);
            } else {
                leaf.remove(state);
                bits.remove(state);
            }
            check(&leaf, &bits);
        }
    }

    #[test]
    fn a_leaf_stands_for_itself_and_its_ancestors() {
        agree::<1>();
        agree::<7>();
    }
}
