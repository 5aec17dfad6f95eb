//! What bounds the `for`s of a macrostep.

use super::Chart;
use crate::value::Fault;

/// Most turns that the `for`s of one macrostep may take together: lists come with events, and loops inside one another
/// multiply their lengths.
pub const TURN_LIMIT: u32 = 1_000_000;

/// Counts a turn of a `for`; generated machines call it at the start of each.
///
/// # Errors
/// [`Fault::Turns`] when the macrostep has had [`TURN_LIMIT`] of them.
#[inline]
pub fn turn<C: Chart>(machine: &mut C) -> Result<(), Fault> {
    let Some(turns) = machine.turns() else { return Ok(()) };
    if *turns >= TURN_LIMIT {
        return Err(Fault::Turns { limit: TURN_LIMIT });
    }
    *turns += 1;
    Ok(())
}

/// The macrostep has ended: the next one begins to count anew.
pub(super) fn forget<C: Chart>(machine: &mut C) {
    if let Some(turns) = machine.turns() {
        *turns = 0;
    }
}
