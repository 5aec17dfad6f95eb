//! Words: sequences of events, as indices into an alphabet.

/// How a word is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The first events of the alphabet, equally often and in no order, so that no branch can be foreseen.
    Random {
        /// How many.
        events: u8,
    },
    /// The events of a list, over and over.
    Cycle(&'static [u8]),
}

impl Word {
    /// The first `length` events.
    #[must_use]
    pub fn events(self, length: usize) -> Vec<u8> {
        match self {
            Self::Random { events } => {
                // SplitMix64: the same numbers everywhere.
                let mut state = 0x5eed_u64;
                let draw = || {
                    state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                    let mut mixed = state;
                    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                    ((u128::from(mixed ^ (mixed >> 31)) * u128::from(events)) >> 64) as u8
                };
                std::iter::repeat_with(draw).take(length).collect()
            }
            Self::Cycle(list) => list.iter().copied().cycle().take(length).collect(),
        }
    }
}
