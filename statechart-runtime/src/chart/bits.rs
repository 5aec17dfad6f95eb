//! A set of states as a fixed number of machine words.

/// A set of state indices below `64 × W`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits<const W: usize>([u64; W]);

impl<const W: usize> Default for Bits<W> {
    fn default() -> Self {
        Self([0; W])
    }
}

impl<const W: usize> Bits<W> {
    /// Adds a state. An index past the end is ignored: tables never hold one.
    #[inline]
    pub fn insert(&mut self, state: u16) {
        if let Some(word) = self.0.get_mut(usize::from(state >> 6)) {
            *word |= 1 << (state & 63);
        }
    }

    /// Removes a state.
    #[inline]
    pub fn remove(&mut self, state: u16) {
        if let Some(word) = self.0.get_mut(usize::from(state >> 6)) {
            *word &= !(1 << (state & 63));
        }
    }

    /// Whether the state is in the set.
    #[inline]
    #[must_use]
    pub fn contains(&self, state: u16) -> bool {
        self.0.get(usize::from(state >> 6)).is_some_and(|word| word >> (state & 63) & 1 == 1)
    }

    /// Whether any state of the inclusive range is in the set.
    #[must_use]
    pub fn any_in(&self, first: u16, last: u16) -> bool {
        self.next(first).is_some_and(|found| found <= last)
    }

    /// The smallest member that is at least `from`.
    #[must_use]
    pub fn next(&self, from: u16) -> Option<u16> {
        let start = usize::from(from >> 6);
        let mut mask = u64::MAX << (from & 63);
        for (index, word) in self.0.iter().enumerate().skip(start) {
            let rest = word & mask;
            if rest != 0 {
                return u16::try_from(index * 64).ok().map(|base| base + rest.trailing_zeros() as u16);
            }
            mask = u64::MAX;
        }
        None
    }

    /// The largest member that is at most `to`.
    #[must_use]
    pub fn previous(&self, to: u16) -> Option<u16> {
        let top = usize::from(to >> 6);
        for (index, word) in self.0.iter().enumerate().rev() {
            if index > top {
                continue;
            }
            let mask = if index == top { u64::MAX >> (63 - (to & 63)) } else { u64::MAX };
            let rest = word & mask;
            if rest != 0 {
                return u16::try_from(index * 64).ok().map(|base| base + 63 - rest.leading_zeros() as u16);
            }
        }
        None
    }

    /// The members in document order.
    pub fn iter(&self) -> impl Iterator<Item = u16> + use<W> {
        let set = *self;
        let mut from = Some(0);
        ::core::iter::from_fn(move || {
            let found = set.next(from?)?;
            from = found.checked_add(1);
            Some(found)
        })
    }
}
