//! Action blocks: what a transition, an entry, an exit or a default entry does.

use super::{data, expr::Exprs, rust, template::Rust};
use crate::model::{
    Action, ActionKind, Expr, Field, Machine, Pass, Place, Receiver, Symbol, UndoId, UndoKind,
};

/// An arm for each block that does something.
pub(super) fn blocks(machine: &Machine) -> Rust {
    let otherwise = || rust!(return ::core::result::Result::Err(value::Fault::NoValue));
    let mut arms = Rust::new();
    let mut arm = |kind: Rust, id: usize, exprs: Exprs<'_>, passes: &[Pass], list: &[Action]| {
        if list.is_empty() && passes.is_empty() {
            return;
        }
        let leave = rust!(return ::core::result::Result::Ok(()));
        let staged = data::stage_all(&data::fallible(machine), passes, &leave);
        let actions = self::actions(&exprs, list);
        arms.push(rust!(chart::Block::#kind(#id) => { #staged #actions }));
    };
    for (id, row) in machine.transitions.iter().enumerate() {
        arm(rust!(Transition), id, Exprs::new(machine, otherwise()).of(row), &[], &row.actions);
    }
    for (id, state) in machine.states.iter().enumerate() {
        arm(rust!(Entry), id, Exprs::new(machine, otherwise()), &[], &state.entry);
    }
    for (id, state) in machine.states.iter().enumerate() {
        arm(rust!(Exit), id, Exprs::new(machine, otherwise()), &[], &state.exit);
    }
    for (id, state) in machine.states.iter().enumerate() {
        let exprs = Exprs::new(machine, otherwise());
        arm(rust!(Initial), id, exprs, &state.initial_passes, &state.initial_actions);
    }
    arms
}

/// `{ field: value, … }` of a symbol or call.
pub(super) fn arguments(exprs: &Exprs<'_>, fields: &[Field], args: &[Expr]) -> Rust {
    let mut list = Rust::new();
    for (field, arg) in fields.iter().zip(args) {
        let (name, value) = (rust::field(&field.name), exprs.value(arg));
        list.push(rust!(#name: #value,));
    }
    rust!({ #list })
}

fn symbol(exprs: &Exprs<'_>, of: &Rust, symbol: &Symbol, args: &[Expr]) -> Rust {
    let (variant, args) = (rust::variant(&symbol.name), arguments(exprs, &symbol.fields, args));
    rust!(#of::#variant #args)
}

fn event(exprs: &Exprs<'_>, event: usize, args: &[Expr]) -> Rust {
    symbol(exprs, &rust!(Event), &exprs.machine.events[event].symbol, args)
}

pub(super) fn output(exprs: &Exprs<'_>, output: usize, args: &[Expr]) -> Rust {
    symbol(exprs, &rust!(Output), &exprs.machine.outputs[output], args)
}

pub(super) fn call(exprs: &Exprs<'_>, action: usize, args: &[Expr]) -> Rust {
    let function = &exprs.machine.actions[action];
    let variant = rust::variant(&function.name);
    let args = arguments(exprs, &rust::params(&function.params), args);
    rust!(Action::#variant #args)
}

/// The message for a receiver.
pub(super) fn message(exprs: &Exprs<'_>, to: Receiver, event: usize, args: &[Expr]) -> Rust {
    let machine = exprs.machine;
    let (variant, module, symbols) = match to {
        Receiver::Itself => {
            let event = self::event(exprs, event, args);
            return rust!(Message::Itself(#event));
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
    let event = symbol(exprs, &rust!(super::#module::Event), &symbols[event], args);
    rust!(Message::#variant(#event))
}

/// The variant of `Message` for a child.
pub(super) fn child_variant(name: &str) -> Rust {
    Rust::from_text(format!("Child{}", crate::model::names::pascal(name)))
}

fn actions(exprs: &Exprs<'_>, actions: &[Action]) -> Rust {
    let mut all = Rust::new();
    for action in actions {
        all.push(self::action(exprs, action));
    }
    all
}

fn action(exprs: &Exprs<'_>, action: &Action) -> Rust {
    match &action.kind {
        ActionKind::Assign { place, value } => assign(exprs, *place, value),
        ActionKind::Emit { output, args } => {
            let output = self::output(exprs, *output, args);
            rust!(fx.emit(#output);)
        }
        ActionKind::Raise { event, args } => {
            let event = self::event(exprs, *event, args);
            rust!(self.core.raise(#event)?;)
        }
        ActionKind::Send { to, event, args, delay, id } => {
            let message = message(exprs, *to, *event, args);
            let is_at_once = delay.is_none();
            let delay = option(delay.as_ref().map(|delay| exprs.value(delay)));
            let id = option(id.map(|id| rust!(#id)));
            match to {
                // A delayed one is for the child that runs when it arrives.
                Receiver::Child(child) if is_at_once => {
                    rust! {
                        let message = #message;
                        chart::engine::running(self, #child)?;
                        fx.send(message, #delay, #id);
                    }
                }
                _ => rust!(fx.send(#message, #delay, #id);),
            }
        }
        ActionKind::Cancel(id) => {
            rust!(fx.cancel(#id);)
        }
        ActionKind::Spawn { child, args } => {
            let spawn = spawn(exprs, *child, args);
            rust!(let spawn = #spawn; chart::engine::spawn(self, fx, #child, spawn);)
        }
        ActionKind::Stop(child) => rust!(chart::engine::stop_child(self, fx, #child);),
        ActionKind::If { arms, otherwise } => {
            let mut all = Rust::new();
            for (condition, block) in arms {
                let also = (!all.is_empty()).then(|| rust!(else));
                let (condition, block) = (exprs.value(condition), self::actions(exprs, block));
                all.push(rust!(#also if #condition { #block }));
            }
            let otherwise = (!otherwise.is_empty()).then(|| {
                let block = self::actions(exprs, otherwise);
                rust!(else { #block })
            });
            rust!(#all #otherwise)
        }
        ActionKind::For { item, index, list, body } => {
            let (list, item) = (exprs.value(list), exprs.binding(*item));
            // The list's own value: the body may change what it came from.
            let (items, body) =
                (Rust::from_text(format!("{}_list", item.text())), self::actions(exprs, body));
            match index {
                Some(index) => {
                    let index = exprs.binding(*index);
                    rust! {
                        let #items = #list;
                        for (position, #item) in #items.iter().enumerate() {
                            chart::engine::turn(self)?;
                            let #index = &(position as i64);
                            #body
                        }
                    }
                }
                None => rust! {
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
        ActionKind::Compensate if exprs.machine.undos.is_empty() => Rust::new(),
        ActionKind::Compensate => rust!(chart::engine::compensate(self, fx)?;),
        ActionKind::Commit => rust!(self.core.forget_undos();),
        ActionKind::Call { action, args } => {
            let call = call(exprs, *action, args);
            // An argument may ask an extern guard, so it is evaluated before the externs are borrowed.
            rust!(let action = #call; fx.act(&mut self.externs, action);)
        }
        ActionKind::Log(text) => {
            let text = exprs.value(text);
            rust!(fx.log(#text);)
        }
    }
}

pub(super) fn option(value: Option<Rust>) -> Rust {
    match value {
        Some(value) => rust!(::core::option::Option::Some(#value)),
        None => rust!(::core::option::Option::None),
    }
}

fn assign(exprs: &Exprs<'_>, place: Place, value: &Expr) -> Rust {
    let machine = exprs.machine;
    let value = exprs.value(value);
    match place {
        Place::Variable(variable) => {
            let name = rust::field(&machine.context[variable].name);
            rust!(self.context.#name = #value;)
        }
        Place::Local(local) => {
            let row = &machine.locals[local];
            let name = rust::field(&row.name);
            if row.state == 0 {
                return rust!(self.params.#name = #value;);
            }
            let state = rust::field(&machine.states[row.state].path);
            rust! {
                let value = #value;
                if let ::core::option::Option::Some(data) = &mut self.data.#state { data.#name = value; }
            }
        }
    }
}

fn push(exprs: &Exprs<'_>, undo: UndoId, args: &[Expr]) -> Rust {
    let action = match exprs.machine.undos[undo].kind {
        UndoKind::Call(action) => {
            let call = call(exprs, action, args);
            rust!(Act(#call))
        }
        UndoKind::Emit(output) => {
            let output = self::output(exprs, output, args);
            rust!(Emit(#output))
        }
        UndoKind::Raise(event) => {
            let event = self::event(exprs, event, args);
            rust!(Raise(#event))
        }
        UndoKind::Send(to, event) => {
            let message = message(exprs, to, event, args);
            rust!(Send(#message))
        }
    };
    rust!(self.core.push_undo(chart::Undo { index: #undo, action: chart::Undoing::#action })?;)
}

/// The child machine to start, its arguments evaluated.
pub(super) fn spawn(exprs: &Exprs<'_>, child: usize, args: &[Expr]) -> Rust {
    let row = &exprs.machine.children[child];
    let variant = rust::variant(&row.name);
    if row.params.is_empty() {
        return rust!(Spawn::#variant);
    }
    let (module, args) = (rust::field(&row.machine), arguments(exprs, &row.params, args));
    rust!(Spawn::#variant(super::#module::Params #args))
}
