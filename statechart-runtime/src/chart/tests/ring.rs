//! The ring against a vector that does the same.

use alloc::vec::Vec;

use proptest::prelude::*;

use crate::chart::{Bits, Queue, Ring};

proptest! {
    #[test]
    fn a_ring_is_a_bounded_vector(operations in prop::collection::vec((0_u8..3, 0_usize..6), 0..200)) {
        let mut ring: Ring<usize, 5> = Ring::default();
        let mut model: Vec<usize> = Vec::new();
        for (number, (operation, position)) in operations.into_iter().enumerate() {
            match operation {
                0 => {
                    let is_full = model.len() == 5;
                    prop_assert_eq!(ring.push(number).is_err(), is_full);
                    if !is_full {
                        model.push(number);
                    }
                }
                1 => prop_assert_eq!(ring.pop(), (!model.is_empty()).then(|| model.remove(0))),
                _ => prop_assert_eq!(ring.take(position), (position < model.len()).then(|| model.remove(position))),
            }
            prop_assert_eq!(ring.len(), model.len());
            for position in 0..6 {
                prop_assert_eq!(ring.get(position), model.get(position));
            }
        }
    }

    #[test]
    fn bits_are_a_sorted_set(members in prop::collection::btree_set(0_u16..256, 0..40), from in 0_u16..256) {
        let mut bits: Bits<4> = Bits::default();
        for member in &members {
            bits.insert(*member);
        }
        prop_assert!(bits.iter().eq(members.iter().copied()));
        prop_assert_eq!(bits.next(from), members.range(from..).next().copied());
        prop_assert_eq!(bits.previous(from), members.range(..=from).next_back().copied());
    }
}
