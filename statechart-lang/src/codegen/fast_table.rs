//! Successors as a table, for the transitions that do nothing but change the state.
//!
//! A table takes the same time for any word, where a match waits for every branch that it did not foresee. Up to
//! nine states fit into one word an event: the machine holds the place of its state in that word, and the shift
//! by it is the whole step. More states take a table of states and events.

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::fast::{Cell, Does, Otherwise};
use crate::model::{EventId, Machine, StateId};

/// Bits of a state in a shift word: six say by how much the next shift is, the seventh that the table does not know.
const SHIFT: u32 = 7;
/// States that fit, the root among them: it stands for a machine that was not started.
const SHIFT_STATES: usize = 9;
/// Most cells of a table of states and events.
const CELL_LIMIT: usize = 1 << 16;
/// Marks a cell of such a table that does not know.
const UNKNOWN: u32 = 1 << 30;

/// What a cell of the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Taken(StateId),
    Ignored,
    Unhandled,
    /// There is more to do than to change the state.
    No,
}

/// A machine's successors.
pub(super) struct Table {
    states: usize,
    /// By event, then by state.
    cells: Vec<Vec<Known>>,
}

impl Table {
    /// The table, where most transitions do nothing else.
    pub(super) fn of(machine: &Machine, cells: &BTreeMap<(StateId, EventId), Cell>) -> Option<Self> {
        let (states, events) = (machine.states.len(), machine.events.len());
        let known = |state: StateId, event: EventId| match cells.get(&(state, event)) {
            Some(cell) => known(machine, state, cell),
            // Before its start a machine wants nothing; inner states are never at rest.
            None if state == 0 => Known::Unhandled,
            None => Known::No,
        };
        let table: Vec<Vec<Known>> =
            (0..events).map(|event| (0..states).map(|state| known(state, event)).collect()).collect();
        let taken = table.iter().flatten().filter(|cell| matches!(cell, Known::Taken(_))).count();
        let unknown = cells.keys().filter(|(state, event)| table[*event][*state] == Known::No).count();
        (taken > 0 && taken >= unknown && states * events <= CELL_LIMIT)
            .then_some(Self { states, cells: table })
    }

    fn is_shift(&self) -> bool {
        self.states <= SHIFT_STATES
    }

    /// What the machine's field counts in.
    pub(super) fn stride(&self) -> u32 {
        if self.is_shift() { SHIFT } else { self.cells.len() as u32 }
    }

    /// The table, and the step through it. Where the table does not know, the code behind it does.
    pub(super) fn code(&self) -> TokenStream {
        let is_whole = self.cells.iter().flatten().all(|cell| *cell != Known::No);
        let (tables, look) = if self.is_shift() { self.shift() } else { self.dense() };
        let outcome = quote! {
            match how {
                0 => return chart::Outcome::Taken,
                1 => return chart::Outcome::Ignored,
                _ => {
                    fx.unhandled(&event);
                    return chart::Outcome::Unhandled;
                }
            }
        };
        let unknown = if self.is_shift() { 1 << (SHIFT - 1) } else { UNKNOWN };
        let unknown = Literal::u32_unsuffixed(unknown);
        let known = if is_whole {
            quote! {
                self.core.hold(next);
                #outcome
            }
        } else {
            quote! {
                if next & #unknown == 0 {
                    self.core.hold(next);
                    #outcome
                }
            }
        };
        quote! {
            #tables
            // Nobody asks which transition is taken, so it need not be known.
            if !fx.watches() {
                let held = self.core.held();
                #look
                #known
            }
        }
    }

    /// One word an event, and one for the outcomes.
    fn shift(&self) -> (TokenStream, TokenStream) {
        let word = |bits: &dyn Fn(StateId, Known) -> u64| {
            let words = self.cells.iter().map(|row| {
                let word = row
                    .iter()
                    .enumerate()
                    .fold(0, |word, (state, cell)| word | bits(state, *cell) << (SHIFT as usize * state));
                Literal::u64_unsuffixed(word)
            });
            quote!([#(#words),*])
        };
        let next = word(&|state, cell| match cell {
            Known::Taken(next) => next as u64 * u64::from(SHIFT),
            Known::Ignored | Known::Unhandled => state as u64 * u64::from(SHIFT),
            Known::No => 1 << (SHIFT - 1),
        });
        let how = word(&|_, cell| how(cell));
        let events = Literal::usize_unsuffixed(self.cells.len());
        let tables = quote! {
            /// By event: seven bits a state, six of them the successor, the seventh set where there is more to do.
            const NEXT: [u64; #events] = #next;
            /// By event: seven bits a state, 0 taken, 1 ignored, 2 unhandled.
            const HOW: [u64; #events] = #how;
        };
        let look = quote! {
            let (word, how) = match (NEXT.get(tag as usize), HOW.get(tag as usize)) {
                (::core::option::Option::Some(word), ::core::option::Option::Some(how)) => (*word, *how),
                _ => (0, 0),
            };
            let next = (word >> (held & 63)) as u32 & 127;
            let how = how >> (held & 63) & 3;
        };
        (tables, look)
    }

    /// A cell for each state and event, and one for its outcome.
    fn dense(&self) -> (TokenStream, TokenStream) {
        let stride = self.stride();
        let cells = || {
            (0..self.states).flat_map(|state| {
                self.cells.iter().map(move |row| (state, row.get(state).copied().unwrap_or(Known::No)))
            })
        };
        let next = cells().map(|(state, cell)| {
            Literal::u32_unsuffixed(match cell {
                Known::Taken(next) => next as u32 * stride,
                Known::Ignored | Known::Unhandled => state as u32 * stride,
                Known::No => UNKNOWN,
            })
        });
        let how = cells().map(|(_, cell)| Literal::u8_unsuffixed(how(cell) as u8));
        let count = Literal::usize_unsuffixed(self.states * self.cells.len());
        let tables = quote! {
            /// By state, then by event: the first cell of the successor, or a mark where there is more to do.
            static NEXT: [u32; #count] = [#(#next),*];
            /// By state, then by event: 0 taken, 1 ignored, 2 unhandled.
            static HOW: [u8; #count] = [#(#how),*];
        };
        let look = quote! {
            let cell = (held + tag) as usize;
            let next = NEXT.get(cell).copied().unwrap_or(held);
            let how = HOW.get(cell).copied().unwrap_or(0);
        };
        (tables, look)
    }
}

fn how(cell: Known) -> u64 {
    match cell {
        Known::Taken(_) | Known::No => 0,
        Known::Ignored => 1,
        Known::Unhandled => 2,
    }
}

/// What a table can say of a cell.
fn known(machine: &Machine, state: StateId, cell: &Cell) -> Known {
    match (cell.candidates.as_slice(), cell.otherwise) {
        ([], Otherwise::Unhandled) => Known::Unhandled,
        ([(id, Does::Ignore)], Otherwise::Never) if machine.transitions[*id].guard.is_none() => {
            Known::Ignored
        }
        ([(id, Does::Take(take))], Otherwise::Never) => {
            let transition = &machine.transitions[*id];
            let silent = transition.guard.is_none()
                && transition.actions.is_empty()
                && take.exits.iter().all(|state| machine.states[*state].exit.is_empty())
                && take.entries.iter().all(|state| machine.states[*state].entry.is_empty());
            if !silent {
                return Known::No;
            }
            Known::Taken(if take.entries.is_empty() { state } else { take.leaf })
        }
        _ => Known::No,
    }
}
