//! Successors of a large machine, as rows laid over each other.
//!
//! ```text
//! BASE[state] + event ─▶ CELLS[…] = (whose cell it is, what happens)
//! ```
//!
//! In most cells of a large table nothing happens. So only the others are kept: every state's row is moved to where its
//! cells fall into gaps of the rows before it, and each cell says whose it is. A look is two loads and a comparison,
//! whatever the word.

use super::{
    fast::{Cell, Ranks},
    fast_table::{CELL_LIMIT, Known, known},
    template::Rust,
};
use crate::{
    model::{EventId, Machine, StateId},
    table,
};

/// Nobody's cell: no state is held so.
const NOBODY: u32 = u32::MAX;
/// Marks a cell in which the event is explicitly ignored.
const IGNORED: u32 = 1 << 31;
/// Marks a cell that only the engine knows.
const UNKNOWN: u32 = 1 << 30;

/// The rows, laid over each other.
pub(super) struct Displaced {
    /// By state as it is held: where its row begins.
    base: Vec<u32>,
    /// Owner, and successor or mark.
    cells: Vec<(u32, u32)>,
}

impl Displaced {
    /// The table, where most of what is kept does nothing but change the state, and where it has at most [`CELL_LIMIT`]
    /// cells.
    pub(super) fn of(
        machine: &Machine,
        steady: &[StateId],
        rows: &[Vec<(EventId, Cell)>],
        ranks: &Ranks,
    ) -> Option<Self> {
        let (mut taken, mut unknown) = (0, 0);
        let mut kept: Vec<(u32, Vec<(EventId, u32)>)> = Vec::new();
        for (leaf, row) in steady.iter().zip(rows) {
            let mut cells = Vec::new();
            for (event, cell) in row {
                let mark = match known(machine, *leaf, cell) {
                    Known::Taken(next) => ranks.held(next),
                    Known::Ignored => IGNORED,
                    Known::No => UNKNOWN,
                    Known::Unhandled => continue,
                };
                taken += usize::from(mark < UNKNOWN);
                unknown += usize::from(mark == UNKNOWN);
                cells.push((*event, mark));
            }
            kept.push((ranks.held(*leaf), cells));
        }
        if taken == 0 || taken < unknown {
            return None;
        }
        // Full rows first: short ones find gaps anywhere.
        let order = table::sorted(kept.len(), &|a, b| {
            let ((left, of_left), (right, of_right)) = (&kept[a], &kept[b]);
            of_right.len().cmp(&of_left.len()).then(left.cmp(right))
        });
        let mut base = vec![0; steady.len()];
        let mut cells: Vec<(u32, u32)> = Vec::new();
        let mut from = 0_usize;
        for at in order {
            let (held, row) = &kept[at];
            let is_free = |at: usize| cells.get(at).is_none_or(|(owner, _)| *owner == NOBODY);
            let first = row.first().map_or(0, |(event, _)| *event);
            // Before `from` everything is full.
            let least = from.saturating_sub(first);
            let begin = (least..).find(|begin| row.iter().all(|(event, _)| is_free(begin + event)))?;
            for (event, mark) in row {
                let place = begin + event;
                // Full rows have no gaps; what then comes of them is as long as the table that was too long.
                if place >= CELL_LIMIT {
                    return None;
                }
                if cells.len() <= place {
                    cells.resize(place + 1, (NOBODY, 0));
                }
                if let Some(cell) = cells.get_mut(place) {
                    *cell = (*held, *mark);
                }
            }
            if let Some(of) = base.get_mut(*held as usize) {
                *of = u32::try_from(begin).ok()?;
            }
            while cells.get(from).is_some_and(|(owner, _)| *owner != NOBODY) {
                from += 1;
            }
        }
        Some(Self { base, cells })
    }

    /// The table, and the look into it. What it does not know is left to the code behind it.
    pub(super) fn code(&self) -> Rust {
        let (mut base, mut cells) = (Rust::new(), Rust::new());
        for begin in &self.base {
            base.item(begin);
        }
        for (owner, mark) in &self.cells {
            cells.push(rust!((#owner, #mark),));
        }
        let (rows, count) = (self.base.len(), self.cells.len());
        let (ignored, unknown) = (IGNORED, UNKNOWN);
        rust! {
            /// By state: where its row begins among the cells.
            static BASE: [u32; #rows] = [#base];
            /// Whose the cell is, and the successor or a mark.
            static CELLS: [(u32, u32); #count] = [#cells];
            let held = self.core.held();
            if let ::core::option::Option::Some(base) = BASE.get(held as usize) {
                let at = *base as usize + <Self as chart::Chart>::tag(&event) as usize;
                match CELLS.get(at) {
                    ::core::option::Option::Some(&(owner, next)) if owner == held => {
                        if next < #unknown {
                            self.core.hold(next);
                            return chart::Outcome::Taken;
                        }
                        if next == #ignored {
                            return chart::Outcome::Ignored;
                        }
                    }
                    _ => {
                        fx.unhandled(&event);
                        return chart::Outcome::Unhandled;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::{MapLoader, codegen::generate, compile};

    /// States in a ring, and what the machine itself does for all of them.
    fn has_cells(states: usize, events: usize, root: &str) -> bool {
        let inputs: String = (0..events).map(|event| format!("E{event} ")).collect();
        let ring: String = (0..states)
            .map(|state| format!("state s{state} {{ on E{} -> s{} }} ", state % events, (state + 1) % states))
            .collect();
        let text = format!("machine M {{ input {{ {inputs} }} initial s0 {root} {ring} }}");
        let compiled = compile("m.sc", &MapLoader::from([("m.sc", text.as_str())]));
        generate(compiled.model.as_ref().unwrap()).contains("static CELLS")
    }

    #[test]
    fn full_rows_are_left_to_the_engine() {
        assert!(has_cells(300, 300, ""));
        assert!(!has_cells(300, 300, "on * -> s0"));
    }
}
