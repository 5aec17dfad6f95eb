//! Action blocks: what a transition, an entry, an exit or a default entry does.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{data, expr::Exprs, hooks::index, rust};
use crate::model::{
    Action, ActionKind, Expr, Field, Machine, Pass, Place, Receiver, Symbol, UndoId, UndoKind,
};

/// An arm for each block that does something.
pub(super) fn blocks(machine: &Machine) -> TokenStream {
    let otherwise = || quote!(return ::core::result::Result::Err(value::Fault::NoValue));
    let mut arms = TokenStream::new();
    let mut arm = |kind: TokenStream, id: usize, exprs: Exprs<'_>, passes: &[Pass], list: &[Action]| {
        if list.is_empty() && passes.is_empty() {
            return;
        }
        let id = index(id);
        let leave = quote!(return ::core::result::Result::Ok(()));
        let staged = data::stage_all(&data::fallible(machine), passes, &leave);
        let list = list.iter().map(|action| self::action(&exprs, action));
        arms.extend(quote!(chart::Block::#kind(#id) => { #staged #(#list)* }));
    };
    for (id, row) in machine.transitions.iter().enumerate() {
        arm(quote!(Transition), id, Exprs::new(machine, otherwise()).of(row), &[], &row.actions);
    }
    for (id, state) in machine.states.iter().enumerate() {
        arm(quote!(Entry), id, Exprs::new(machine, otherwise()), &[], &state.entry);
    }
    for (id, state) in machine.states.iter().enumerate() {
        arm(quote!(Exit), id, Exprs::new(machine, otherwise()), &[], &state.exit);
    }
    for (id, state) in machine.states.iter().enumerate() {
        let exprs = Exprs::new(machine, otherwise());
        arm(quote!(Initial), id, exprs, &state.initial_passes, &state.initial_actions);
    }
    arms
}

/// `{ field: value, … }` of a symbol or call.
pub(super) fn arguments(exprs: &Exprs<'_>, fields: &[Field], args: &[Expr]) -> TokenStream {
    let list = fields.iter().zip(args).map(|(field, arg)| {
        let (name, value) = (rust::field(&field.name), exprs.value(arg));
        quote!(#name: #value)
    });
    quote!({ #(#list),* })
}

fn symbol(exprs: &Exprs<'_>, of: &TokenStream, symbol: &Symbol, args: &[Expr]) -> TokenStream {
    let (variant, args) = (rust::variant(&symbol.name), arguments(exprs, &symbol.fields, args));
    quote!(#of::#variant #args)
}

fn event(exprs: &Exprs<'_>, event: usize, args: &[Expr]) -> TokenStream {
    symbol(exprs, &quote!(Event), &exprs.machine.events[event].symbol, args)
}

pub(super) fn output(exprs: &Exprs<'_>, output: usize, args: &[Expr]) -> TokenStream {
    symbol(exprs, &quote!(Output), &exprs.machine.outputs[output], args)
}

pub(super) fn call(exprs: &Exprs<'_>, action: usize, args: &[Expr]) -> TokenStream {
    let function = &exprs.machine.actions[action];
    let variant = rust::variant(&function.name);
    let args = arguments(exprs, &rust::params(&function.params), args);
    quote!(Action::#variant #args)
}

/// The message for a receiver.
pub(super) fn message(exprs: &Exprs<'_>, to: Receiver, event: usize, args: &[Expr]) -> TokenStream {
    let machine = exprs.machine;
    let (variant, module, symbols) = match to {
        Receiver::Itself => {
            let event = self::event(exprs, event, args);
            return quote!(Message::Itself(#event));
        }
        Receiver::Peer(peer) => {
            let peer = &machine.peers[peer];
            (rust::variant(&peer.name), &peer.machine, &peer.events)
        }
        Receiver::Child(child) => {
            let child = &machine.children[child];
            (child_variant(&child.name), &child.machine, &child.events)
        }
    };
    let module = rust::field(module);
    let event = symbol(exprs, &quote!(super::#module::Event), &symbols[event], args);
    quote!(Message::#variant(#event))
}

/// The variant of `Message` for a child.
pub(super) fn child_variant(name: &str) -> Ident {
    format_ident!("Child{}", crate::model::names::pascal(name))
}

fn list(exprs: &Exprs<'_>, actions: &[Action]) -> TokenStream {
    actions.iter().map(|action| self::action(exprs, action)).collect()
}

fn action(exprs: &Exprs<'_>, action: &Action) -> TokenStream {
    match &action.kind {
        ActionKind::Assign { place, value } => assign(exprs, *place, value),
        ActionKind::Emit { output, args } => {
            let output = self::output(exprs, *output, args);
            quote!(fx.emit(#output);)
        }
        ActionKind::Raise { event, args } => {
            let event = self::event(exprs, *event, args);
            quote!(self.core.raise(#event)?;)
        }
        ActionKind::Send { to, event, args, delay, id } => {
            let message = message(exprs, *to, *event, args);
            let delay = option(delay.as_ref().map(|delay| exprs.value(delay)));
            let id = option(id.map(|id| {
                let id = index(id);
                quote!(#id)
            }));
            match to {
                Receiver::Child(child) => {
                    let child = index(*child);
                    quote! {
                        let (message, delay) = (#message, #delay);
                        chart::engine::running(self, #child)?;
                        fx.send(message, delay, #id);
                    }
                }
                _ => quote!(fx.send(#message, #delay, #id);),
            }
        }
        ActionKind::Cancel(id) => {
            let id = index(*id);
            quote!(fx.cancel(#id);)
        }
        ActionKind::Spawn { child, args } => {
            let (id, spawn) = (index(*child), spawn(exprs, *child, args));
            quote!(let spawn = #spawn; chart::engine::spawn(self, fx, #id, spawn);)
        }
        ActionKind::Stop(child) => {
            let id = index(*child);
            quote!(chart::engine::stop_child(self, fx, #id);)
        }
        ActionKind::If { arms, otherwise } => {
            let arms = arms.iter().enumerate().map(|(at, (condition, block))| {
                let otherwise = (at > 0).then(|| quote!(else));
                let (condition, block) = (exprs.value(condition), list(exprs, block));
                quote!(#otherwise if #condition { #block })
            });
            let otherwise = (!otherwise.is_empty()).then(|| {
                let block = list(exprs, otherwise);
                quote!(else { #block })
            });
            quote!(#(#arms)* #otherwise)
        }
        ActionKind::For { item, index, list, body } => {
            let (list, item) = (exprs.value(list), exprs.binding(*item));
            // The list's own value: the body may change what it came from.
            let (items, body) = (format_ident!("{item}_list"), self::list(exprs, body));
            match index {
                Some(index) => {
                    let index = exprs.binding(*index);
                    quote! {
                        let #items = #list;
                        for (position, #item) in #items.iter().enumerate() {
                            chart::engine::turn(self)?;
                            let #index = &(position as i64);
                            #body
                        }
                    }
                }
                None => quote! {
                    let #items = #list;
                    for #item in #items.iter() {
                        chart::engine::turn(self)?;
                        #body
                    }
                },
            }
        }
        ActionKind::Push { undo, args } => push(exprs, *undo, args),
        // Nothing is ever kept where there is no undo.
        ActionKind::Compensate if exprs.machine.undos.is_empty() => TokenStream::new(),
        ActionKind::Compensate => quote!(chart::engine::compensate(self, fx)?;),
        ActionKind::Commit => quote!(self.core.forget_undos();),
        ActionKind::Call { action, args } => {
            let call = call(exprs, *action, args);
            // An argument may ask an extern guard, so it is evaluated before the externs are borrowed.
            quote!(let action = #call; fx.act(&mut self.externs, action);)
        }
        ActionKind::Log(text) => {
            let text = exprs.value(text);
            quote!(fx.log(#text);)
        }
    }
}

pub(super) fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn assign(exprs: &Exprs<'_>, place: Place, value: &Expr) -> TokenStream {
    let machine = exprs.machine;
    let value = exprs.value(value);
    match place {
        Place::Variable(variable) => {
            let name = rust::field(&machine.context[variable].name);
            quote!(self.context.#name = #value;)
        }
        Place::Local(local) => {
            let row = &machine.locals[local];
            let name = rust::field(&row.name);
            if row.state == 0 {
                return quote!(self.params.#name = #value;);
            }
            let state = rust::field(&machine.states[row.state].path);
            quote! {
                let value = #value;
                if let ::core::option::Option::Some(data) = &mut self.data.#state { data.#name = value; }
            }
        }
    }
}

fn push(exprs: &Exprs<'_>, undo: UndoId, args: &[Expr]) -> TokenStream {
    let action = match exprs.machine.undos[undo].kind {
        UndoKind::Call(action) => {
            let call = call(exprs, action, args);
            quote!(Act(#call))
        }
        UndoKind::Emit(output) => {
            let output = self::output(exprs, output, args);
            quote!(Emit(#output))
        }
        UndoKind::Raise(event) => {
            let event = self::event(exprs, event, args);
            quote!(Raise(#event))
        }
        UndoKind::Send(to, event) => {
            let message = message(exprs, to, event, args);
            quote!(Send(#message))
        }
    };
    let index = index(undo);
    quote!(self.core.push_undo(chart::Undo { index: #index, action: chart::Undoing::#action })?;)
}

/// The child machine to start, its arguments evaluated.
pub(super) fn spawn(exprs: &Exprs<'_>, child: usize, args: &[Expr]) -> TokenStream {
    let row = &exprs.machine.children[child];
    let variant = rust::variant(&row.name);
    if row.params.is_empty() {
        return quote!(Spawn::#variant);
    }
    let (module, args) = (rust::field(&row.machine), arguments(exprs, &row.params, args));
    quote!(Spawn::#variant(super::#module::Params #args))
}
