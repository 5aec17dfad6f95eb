//! What each event does, leaf by leaf: the arms of a resolved step, shared where events or leaves do the same.

use super::{
    fast::{Cell, Cells, Does, Otherwise, Ranks, Take, leaf_name},
    fast_block::{self, Arm},
    rust,
    template::{Rust, numbers},
};
use crate::{
    model::{Machine, StateId, TransitionId},
    table::ById,
};

/// An arm for each event; events that do the same share one.
pub(super) fn arms(machine: &Machine, cells: &Cells, ranks: &Ranks) -> Rust {
    // What is done, and for which events.
    let mut arms: Vec<(Rust, Rust)> = Vec::new();
    let mut rows: Vec<Vec<(StateId, &Cell)>> = vec![Vec::new(); machine.events.len()];
    for (leaf, cells) in cells.iter().enumerate() {
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.push((leaf, cell));
        }
    }
    for (event, row) in machine.events.iter().zip(&rows) {
        let arm = of_event(machine, row, ranks);
        if arm.is_empty() {
            continue;
        }
        let name = rust::variant(&event.symbol.name);
        let event = rust!(Event::#name { .. });
        match arms.iter_mut().find(|(known, _)| *known == arm) {
            Some((_, events)) => events.or(event),
            None => arms.push((arm, event)),
        }
    }
    let mut all = Rust::new();
    for (arm, events) in arms {
        all.push(rust!(#events => { #arm }));
    }
    all
}

/// Leaves that do the same.
struct Group<'a> {
    leaves: Vec<StateId>,
    body: Rust,
    /// The only thing that the leaves do, where it is to take one transition without a guard.
    only: Option<(TransitionId, &'a Take)>,
}

/// What an event does, leaf by leaf. Leaves that do the same but come from and lead to others share their code, too,
/// and take where they lead from a table: fewer branches, and none that has to wait for the state.
fn of_event(machine: &Machine, row: &[(StateId, &Cell)], ranks: &Ranks) -> Rust {
    let groups = groups(machine, row);
    let mut shapes: Vec<(Rust, Vec<usize>)> = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let Some((id, take)) = group.only else { continue };
        let shape = Arm::shape(machine, id, take);
        match shapes.iter_mut().find(|(known, _)| *known == shape) {
            Some((_, members)) => members.push(at),
            None => shapes.push((shape, vec![at])),
        }
    }
    let mut shared = Rust::new();
    let mut is_shared = vec![false; groups.len()];
    for (body, members) in shapes {
        if members.len() > 1 {
            members.iter().for_each(|at| is_shared[*at] = true);
            let mut takes: ById<(TransitionId, &Take)> = ById::default();
            for group in members.iter().map(|at| &groups[*at]) {
                if let Some(only) = group.only {
                    group.leaves.iter().for_each(|leaf| _ = takes.insert(*leaf, only));
                }
            }
            shared.push(shared_body(&takes, &body, ranks));
        }
    }
    let mut alone = Rust::new();
    for (Group { leaves, body, .. }, is_shared) in groups.iter().zip(is_shared) {
        if !is_shared {
            let mut pattern = Rust::new();
            for leaf in leaves {
                pattern.or(leaf_name(machine, *leaf));
            }
            alone.push(rust!(#pattern => { #body }));
        }
    }
    if alone.is_empty() {
        return shared;
    }
    rust! {
        #shared
        match held {
            #alone
            _ => {}
        }
    }
}

/// The leaves that do something, in groups that do the same, in the order of their first leaves.
fn groups<'a>(machine: &Machine, row: &[(StateId, &'a Cell)]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (leaf, cell) in row {
        let body = body(machine, cell);
        if body.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|group| group.body == body) {
            Some(group) => group.leaves.push(*leaf),
            None => {
                let only = match &cell.candidates[..] {
                    [(id, Does::Take(take))] if cell.otherwise == Otherwise::Never => Some((*id, take)),
                    _ => None,
                };
                groups.push(Group { leaves: vec![*leaf], body, only });
            }
        }
    }
    groups
}

/// What several leaves do that lead to different ones: the body, with where each leads in a table.
fn shared_body(takes: &ById<(TransitionId, &Take)>, body: &Rust, ranks: &Ranks) -> Rust {
    let length = takes.iter().next().map_or(0, |(_, (_, take))| take.hooks());
    let none = u32::MAX;
    let (mut next, mut paths) = (Vec::new(), Rust::new());
    let mut is_full = true;
    for leaf in ranks.steady() {
        let (leads, path) = match takes.get(&leaf) {
            Some((id, take)) => (ranks.held(take.leaf), take.path(*id)),
            None => (none, vec![0; length]),
        };
        is_full &= takes.contains(&leaf);
        next.push(leads as usize);
        let path = numbers(&path);
        paths.push(rust!([#path],));
    }
    let (count, next) = (ranks.steady, numbers(&next));
    let row = if ranks.stride == 1 {
        rust!(held as usize)
    } else {
        let stride = ranks.stride;
        rust!((held / #stride) as usize)
    };
    // Where every leaf has its row, no row needs to say that it is none.
    let (about, body) = if is_full {
        ("By leaf: the next one.", body.clone())
    } else {
        let about = "By leaf: the next one, or a mark where something else is done.";
        // Nested, not chained: what `expand` writes may stand in a crate of an older edition.
        (about, rust!(if next != #none { #body }))
    };
    rust! {
        {
            #[doc = #about]
            static NEXT: [u32; #count] = [#next];
            /// By leaf: what is left, taken and entered, in this order.
            static PATHS: [[u16; #length]; #count] = [#paths];
            let row = #row;
            if let (::core::option::Option::Some(&next), ::core::option::Option::Some(path)) =
                (NEXT.get(row), PATHS.get(row))
            {
                #body
            }
        }
    }
}

/// An event that a leaf does not want.
fn unhandled_body() -> Rust {
    rust! {
        fx.unhandled(&event);
        return chart::Outcome::Unhandled;
    }
}

/// One candidate after the other. Falling off the end leaves the event to the engine.
fn body(machine: &Machine, cell: &Cell) -> Rust {
    let mut body = match cell.otherwise {
        Otherwise::Unhandled => unhandled_body(),
        Otherwise::Engine | Otherwise::Never => Rust::new(),
    };
    for (id, does) in cell.candidates.iter().rev() {
        let does = match does {
            Does::Take(take) => Arm::code(machine, *id, take),
            Does::Ignore => rust!(return chart::Outcome::Ignored;),
            Does::Engine => Rust::new(),
        };
        body = match &machine.transitions[*id].guard {
            None => does,
            // Whatever the guard says, the engine asks it again.
            Some(_) if does.is_empty() && body.is_empty() => continue,
            Some(guard) => {
                let guard = fast_block::guard(machine, guard);
                rust! {
                    match #guard {
                        ::core::result::Result::Ok(true) => { #does }
                        ::core::result::Result::Ok(false) => { #body }
                        ::core::result::Result::Err(_) => {}
                    }
                }
            }
        };
    }
    if !body.is_empty() && cell.candidates.iter().any(|(id, does)| fast_block::asks_time(machine, *id, does))
    {
        body = rust! {
            let now = fx.now();
            self.core.set_now(now);
            #body
        };
    }
    body
}
