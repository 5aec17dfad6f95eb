//! What each event does, leaf by leaf: the arms of a resolved step, shared where events or leaves do the same.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::{
    fast::{Cell, Cells, Does, Otherwise, Ranks, leaf_name},
    fast_block::{self, Arm},
    rust,
};
use crate::model::{Machine, StateId};

/// An arm for each event; events that do the same share one.
pub(super) fn arms(machine: &Machine, cells: &Cells, ranks: &Ranks) -> Vec<TokenStream> {
    let mut arms: Vec<(String, TokenStream, Vec<Ident>)> = Vec::new();
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
        let (text, name) = (arm.to_string(), rust::variant(&event.symbol.name));
        match arms.iter_mut().find(|(known, _, _)| *known == text) {
            Some((_, _, names)) => names.push(name),
            None => arms.push((text, arm, vec![name])),
        }
    }
    arms.into_iter().map(|(_, arm, names)| quote!(#(Event::#names { .. })|* => { #arm })).collect()
}

/// Leaves that do the same.
struct Group {
    leaves: Vec<StateId>,
    text: String,
    body: TokenStream,
    /// The only thing that the leaves do, where it is to take one transition without a guard.
    only: Option<usize>,
}

/// What an event does, leaf by leaf. Leaves that do the same but come from and lead to others share their code, too,
/// and take where they lead from a table: fewer branches, and none that has to wait for the state.
fn of_event(machine: &Machine, row: &[(StateId, &Cell)], ranks: &Ranks) -> TokenStream {
    let mut groups: Vec<Group> = Vec::new();
    for (at, (leaf, cell)) in row.iter().enumerate() {
        let body = body(machine, cell);
        if body.is_empty() {
            continue;
        }
        let text = body.to_string();
        match groups.iter_mut().find(|group| group.text == text) {
            Some(group) => group.leaves.push(*leaf),
            None => {
                let only =
                    matches!(cell.candidates[..], [(_, Does::Take(_))]) && cell.otherwise == Otherwise::Never;
                groups.push(Group { leaves: vec![*leaf], text, body, only: only.then_some(at) });
            }
        }
    }
    let mut shapes: Vec<(String, TokenStream, Vec<Group>)> = Vec::new();
    let mut alone: Vec<Group> = Vec::new();
    for group in groups {
        let shape = group.only.and_then(|at| match &row.get(at)?.1.candidates[..] {
            [(id, Does::Take(take))] => Some(Arm::shape(machine, *id, take)),
            _ => None,
        });
        let Some(shape) = shape else {
            alone.push(group);
            continue;
        };
        let text = shape.to_string();
        match shapes.iter_mut().find(|(known, _, _)| *known == text) {
            Some((_, _, members)) => members.push(group),
            None => shapes.push((text, shape, vec![group])),
        }
    }
    let (shared, single): (Vec<_>, Vec<_>) =
        shapes.into_iter().partition(|(_, _, members)| members.len() > 1);
    alone.extend(single.into_iter().flat_map(|(_, _, members)| members));
    alone.sort_by_key(|group| group.leaves.first().copied());

    let shared = shared.into_iter().map(|(_, body, members)| {
        let of = |leaf: StateId| {
            let group = members.iter().find(|group| group.leaves.contains(&leaf))?;
            match &row.get(group.only?)?.1.candidates[..] {
                [(id, Does::Take(take))] => Some((*id, take)),
                _ => None,
            }
        };
        let rows = || ranks.states().iter().take(ranks.steady).copied().flatten();
        let none = u32::MAX;
        let next = rows().map(|leaf| match of(leaf) {
            Some((_, take)) => Literal::u32_unsuffixed(ranks.held(take.leaf)),
            None => Literal::u32_unsuffixed(none),
        });
        let length = rows().find_map(of).map_or(0, |(_, take)| take.hooks());
        let paths = rows().map(|leaf| {
            let path = of(leaf).map_or_else(|| vec![0; length], |(id, take)| take.path(id));
            let path = path.into_iter().map(|index| Literal::u16_unsuffixed(index as u16));
            quote!([#(#path),*])
        });
        let (count, length) = (Literal::usize_unsuffixed(ranks.steady), Literal::usize_unsuffixed(length));
        let row = if ranks.stride == 1 {
            quote!(held as usize)
        } else {
            let stride = Literal::u32_unsuffixed(ranks.stride);
            quote!((held / #stride) as usize)
        };
        // Where every leaf has its row, no row needs to say that it is none.
        let (about, body) = if rows().all(|leaf| of(leaf).is_some()) {
            ("By leaf: the next one.", body)
        } else {
            let none = Literal::u32_unsuffixed(none);
            let about = "By leaf: the next one, or a mark where something else is done.";
            // Nested, not chained: what `expand` writes may stand in a crate of an older edition.
            (about, quote!(if next != #none { #body }))
        };
        quote! {
            {
                #[doc = #about]
                static NEXT: [u32; #count] = [#(#next),*];
                /// By leaf: what is left, taken and entered, in this order.
                static PATHS: [[u16; #length]; #count] = [#(#paths),*];
                let row = #row;
                if let (::core::option::Option::Some(&next), ::core::option::Option::Some(path)) =
                    (NEXT.get(row), PATHS.get(row))
                {
                    #body
                }
            }
        }
    });
    let shared: Vec<TokenStream> = shared.collect();
    if alone.is_empty() {
        return quote!(#(#shared)*);
    }
    let alone = alone.iter().map(|Group { leaves, body, .. }| {
        let leaves = leaves.iter().map(|leaf| leaf_name(machine, *leaf));
        quote!(#(#leaves)|* => { #body })
    });
    quote! {
        #(#shared)*
        match held {
            #(#alone)*
            _ => {}
        }
    }
}

/// An event that a leaf does not want.
fn unhandled_body() -> TokenStream {
    quote! {
        fx.unhandled(&event);
        return chart::Outcome::Unhandled;
    }
}

/// One candidate after the other. Falling off the end leaves the event to the engine.
fn body(machine: &Machine, cell: &Cell) -> TokenStream {
    let mut body = match cell.otherwise {
        Otherwise::Unhandled => unhandled_body(),
        Otherwise::Engine | Otherwise::Never => TokenStream::new(),
    };
    for (id, does) in cell.candidates.iter().rev() {
        let does = match does {
            Does::Take(take) => Arm::code(machine, *id, take),
            Does::Ignore => quote!(return chart::Outcome::Ignored;),
            Does::Engine => TokenStream::new(),
        };
        body = match &machine.transitions[*id].guard {
            None => does,
            // Whatever the guard says, the engine asks it again.
            Some(_) if does.is_empty() && body.is_empty() => continue,
            Some(guard) => {
                let guard = fast_block::guard(machine, guard);
                quote! {
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
        body = quote! {
            let now = fx.now();
            self.core.set_now(now);
            #body
        };
    }
    body
}
