//! What each event does, leaf by leaf: the arms of a resolved step, shared where events or leaves do the same.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::{
    fast::{Cell, Cells, Does, Otherwise, Ranks, Take, leaf_name},
    fast_block::{self, Arm},
    rust,
};
use crate::{
    model::{Machine, StateId, TransitionId},
    table::ById,
};

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
struct Group<'a> {
    leaves: Vec<StateId>,
    text: String,
    body: TokenStream,
    /// The only thing that the leaves do, where it is to take one transition without a guard.
    only: Option<(TransitionId, &'a Take)>,
}

/// What an event does, leaf by leaf. Leaves that do the same but come from and lead to others share their code, too,
/// and take where they lead from a table: fewer branches, and none that has to wait for the state.
fn of_event(machine: &Machine, row: &[(StateId, &Cell)], ranks: &Ranks) -> TokenStream {
    let groups = groups(machine, row);
    let mut shapes: Vec<(String, TokenStream, Vec<usize>)> = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let Some((id, take)) = group.only else { continue };
        let shape = Arm::shape(machine, id, take);
        let text = shape.to_string();
        match shapes.iter_mut().find(|(known, _, _)| *known == text) {
            Some((_, _, members)) => members.push(at),
            None => shapes.push((text, shape, vec![at])),
        }
    }
    let mut shared = TokenStream::new();
    let mut is_shared = vec![false; groups.len()];
    for (_, body, members) in shapes {
        if members.len() > 1 {
            members.iter().for_each(|at| is_shared[*at] = true);
            let mut takes: ById<(TransitionId, &Take)> = ById::default();
            for group in members.iter().map(|at| &groups[*at]) {
                if let Some(only) = group.only {
                    group.leaves.iter().for_each(|leaf| _ = takes.insert(*leaf, only));
                }
            }
            shared.extend(shared_body(&takes, &body, ranks));
        }
    }
    let mut alone = TokenStream::new();
    for (Group { leaves, body, .. }, is_shared) in groups.iter().zip(is_shared) {
        if !is_shared {
            let leaves = leaves.iter().map(|leaf| leaf_name(machine, *leaf));
            alone.extend(quote!(#(#leaves)|* => { #body }));
        }
    }
    if alone.is_empty() {
        return shared;
    }
    quote! {
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
        let text = body.to_string();
        match groups.iter_mut().find(|group| group.text == text) {
            Some(group) => group.leaves.push(*leaf),
            None => {
                let only = match &cell.candidates[..] {
                    [(id, Does::Take(take))] if cell.otherwise == Otherwise::Never => Some((*id, take)),
                    _ => None,
                };
                groups.push(Group { leaves: vec![*leaf], text, body, only });
            }
        }
    }
    groups
}

/// What several leaves do that lead to different ones: the body, with where each leads in a table.
fn shared_body(takes: &ById<(TransitionId, &Take)>, body: &TokenStream, ranks: &Ranks) -> TokenStream {
    let length = takes.iter().next().map_or(0, |(_, (_, take))| take.hooks());
    let none = u32::MAX;
    let (mut next, mut paths) = (Vec::new(), Vec::new());
    let mut is_full = true;
    for leaf in ranks.steady() {
        let (leads, path) = match takes.get(&leaf) {
            Some((id, take)) => (ranks.held(take.leaf), take.path(*id)),
            None => (none, vec![0; length]),
        };
        is_full &= takes.contains(&leaf);
        next.push(Literal::u32_unsuffixed(leads));
        let path = path.into_iter().map(|index| Literal::u16_unsuffixed(index as u16));
        paths.push(quote!([#(#path),*]));
    }
    let (count, length) = (Literal::usize_unsuffixed(ranks.steady), Literal::usize_unsuffixed(length));
    let row = if ranks.stride == 1 {
        quote!(held as usize)
    } else {
        let stride = Literal::u32_unsuffixed(ranks.stride);
        quote!((held / #stride) as usize)
    };
    // Where every leaf has its row, no row needs to say that it is none.
    let (about, body) = if is_full {
        ("By leaf: the next one.", body.clone())
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
