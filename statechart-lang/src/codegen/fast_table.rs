//! Successors as a table, for the transitions that do nothing but change the state.
//!
//! A table takes the same time for any word, where a match waits for every branch that it did not foresee. Up to
//! nine states fit into one word an event: the machine holds the place of its state in that word, and the shift
//! by it is the whole step. More states take a table of states and events.

use super::{
    fast::{Cell, Cells, Does, Otherwise, Ranks},
    template::{Rust, numbers},
};
use crate::model::{Machine, StateId};

/// Bits of a state in a shift word: six say by how much the next shift is, the seventh that the table does not know.
const SHIFT: u32 = 7;
/// Rows that fit: eight leaves, and the time before the start.
const SHIFT_ROWS: usize = 9;
/// Most cells of a table of states and events.
pub(super) const CELL_LIMIT: usize = 1 << 16;
/// Marks a cell of such a table that does not know.
const UNKNOWN: u32 = 1 << 30;

/// What a cell of the table says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Taken(StateId),
    Ignored,
    Unhandled,
    /// There is more to do than to change the state.
    No,
}

/// A machine's successors.
pub(super) struct Table {
    rows: usize,
    /// By event, then by the number of the state.
    cells: Vec<Vec<Known>>,
}

impl Table {
    /// The table, where most transitions do nothing else. It decides what the machine's field counts in.
    pub(super) fn of(machine: &Machine, cells: &Cells, ranks: &mut Ranks) -> Option<Self> {
        let (rows, events) = (ranks.resting, machine.events.len());
        let mut table: Vec<Vec<Known>> = vec![Vec::new(); events];
        let (mut taken, mut unknown) = (0, 0);
        for state in ranks.states().iter().take(rows) {
            for (event, row) in table.iter_mut().enumerate() {
                let known = match state {
                    Some(state) => {
                        let cell = cells.get(*state).and_then(|row| row.get(event));
                        cell.map_or(Known::No, |cell| known(machine, *state, cell))
                    }
                    // Before its start a machine wants nothing.
                    None => Known::Unhandled,
                };
                taken += usize::from(matches!(known, Known::Taken(_)));
                unknown += usize::from(known == Known::No);
                row.push(known);
            }
        }
        if taken == 0 || taken < unknown {
            return None;
        }
        if rows <= SHIFT_ROWS {
            ranks.stride = SHIFT;
            ranks.ignore_high_bits();
        }
        Some(Self { rows, cells: table })
    }

    fn is_shift(&self) -> bool {
        self.rows <= SHIFT_ROWS
    }

    /// The table, and the step through it. Where the table does not know, the code behind it does.
    pub(super) fn code(&self, ranks: &Ranks) -> Rust {
        let is_whole = self.cells.iter().all(|row| !row.contains(&Known::No));
        let (tables, look) = if self.is_shift() { self.shift(ranks) } else { self.dense(ranks) };
        let outcome = rust! {
            match how {
                0 => return chart::Outcome::Taken,
                1 => return chart::Outcome::Ignored,
                _ if self.core.is_done() => return chart::Outcome::Done,
                _ => {
                    fx.unhandled(&event);
                    return chart::Outcome::Unhandled;
                }
            }
        };
        let unknown = if self.is_shift() { 1 << (SHIFT - 1) } else { UNKNOWN };
        let known = if is_whole {
            rust! {
                self.core.hold(next);
                #outcome
            }
        } else {
            rust! {
                if next & #unknown == 0 {
                    self.core.hold(next);
                    #outcome
                }
            }
        };
        rust! {
            // Nobody asks which transition is taken, so it need not be known.
            if !fx.watches() {
                // In a block of their own: a state may be called like them.
                #tables
                let tag = <Self as chart::Chart>::tag(&event) as usize;
                #look
                #known
            }
        }
    }

    /// One word an event, and one for the outcomes.
    fn shift(&self, ranks: &Ranks) -> (Rust, Rust) {
        let word = |bits: &dyn Fn(u32, Known) -> u64| {
            let mut words = Rust::new();
            for row in &self.cells {
                let (mut word, mut shift) = (0, 0);
                for cell in row {
                    word |= bits(shift, *cell) << shift;
                    shift += SHIFT;
                }
                words.item(&word);
            }
            rust!([#words])
        };
        let next = word(&|shift, cell| match cell {
            Known::Taken(next) => u64::from(ranks.held(next)),
            Known::Ignored | Known::Unhandled => u64::from(shift),
            Known::No => 1 << (SHIFT - 1),
        });
        let how = word(&|_, cell| how(cell));
        let events = self.cells.len();
        let tables = rust! {
            /// By event: seven bits a state, six of them the successor, the seventh set where there is more to do.
            const NEXT: [u64; #events] = #next;
            /// By event: seven bits a state, 0 taken, 1 ignored, 2 unhandled.
            const HOW: [u64; #events] = #how;
        };
        // A field whose high bits do not count needs no cutting.
        let cut = (ranks.mask == u32::MAX).then(|| rust!(&127));
        let look = rust! {
            let (word, how) = match (NEXT.get(tag), HOW.get(tag)) {
                (::core::option::Option::Some(word), ::core::option::Option::Some(how)) => (*word, *how),
                _ => (0, 0),
            };
            let next = (word >> (held & 63)) as u32 #cut;
            let how = how >> (held & 63) & 3;
        };
        (tables, look)
    }

    /// A cell for each event and state, and one for its outcome.
    fn dense(&self, ranks: &Ranks) -> (Rust, Rust) {
        let (mut next, mut hows) = (Rust::new(), Rust::new());
        for row in &self.cells {
            let (mut successors, mut outcomes) = (Vec::new(), Vec::new());
            for (number, cell) in row.iter().enumerate() {
                successors.push(match cell {
                    Known::Taken(next) => ranks.held(*next) as usize,
                    Known::Ignored | Known::Unhandled => number,
                    Known::No => UNKNOWN as usize,
                });
                outcomes.push(how(*cell) as usize);
            }
            let (successors, outcomes) = (numbers(&successors), numbers(&outcomes));
            next.push(rust!([#successors],));
            hows.push(rust!([#outcomes],));
        }
        let (rows, events) = (self.rows, self.cells.len());
        let tables = rust! {
            /// By event, then by state: the successor, or a mark where there is more to do.
            static NEXT: [[u32; #rows]; #events] = [#next];
            /// By event, then by state: 0 taken, 1 ignored, 2 unhandled.
            static HOW: [[u8; #rows]; #events] = [#hows];
        };
        let look = rust! {
            let next = NEXT.get(tag).and_then(|row| row.get(held as usize)).copied().unwrap_or(held);
            let how = HOW.get(tag).and_then(|row| row.get(held as usize)).copied().unwrap_or(0);
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
pub(super) fn known(machine: &Machine, state: StateId, cell: &Cell) -> Known {
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
