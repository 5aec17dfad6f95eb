//! Snapshots: how a machine's values are written and read. Only where the macro's call asks for it.

use super::{
    Options,
    actions::{child_variant, option},
    children,
    data::{self, field_of, local_ident, locals, made, type_of},
    expr::{Exprs, may_leave},
    rust,
    template::Rust,
};
use crate::model::{Field, Machine, Model, Place, Symbol, UndoKind};

/// What every hook returns.
fn result(of: Rust) -> Rust {
    rust!(::core::result::Result<#of, snapshot::SnapshotError>)
}

/// A comma after each.
fn list(pieces: impl IntoIterator<Item = Rust>) -> Rust {
    let mut all = Rust::new();
    for piece in pieces {
        all.item(&piece);
    }
    all
}

fn ok(value: Rust) -> Rust {
    rust!(::core::result::Result::Ok(#value))
}

pub(super) fn items(model: &Model, machine: &Machine, options: Options) -> Option<Rust> {
    if !options.snapshots() {
        return None;
    }
    let about = about(machine);
    let (own, params) = (own(machine), params(machine));
    let (context, data) = (context(machine), data(machine));
    let events = events(machine);
    let messages = messages(machine);
    let undos = undos(machine);
    let returned = returned(machine);
    let relaunch = relaunch(model, machine, options);
    Some(rust! {
        #about
        #params
        #own

        impl<X: Externs> snapshot::Restorable for Machine<X> {
            const ABOUT: &'static snapshot::About = &ABOUT;
            #context
            #data
            #events
            #messages
            #undos
            #returned
            #relaunch
        }
    })
}

fn about(machine: &Machine) -> Rust {
    let (fingerprint, shape) = (machine.fingerprint(), machine.shape());
    let shape = list(shape.lines().map(|line| rust!(#line)));
    let variables = list(machine.context.iter().map(|variable| {
        let name = &variable.name;
        rust!(#name)
    }));
    let data = list(machine.locals.iter().map(|local| {
        let (state, name) = (local.state, name(machine, local.state, &local.name));
        rust!((#state, #name))
    }));
    let migrations = machine.migrations.iter().map(|migration| {
        let from = &migration.from;
        let states = migration.states.iter().map(|(old, new)| {
            let new = option(new.map(|new| rust!(#new)));
            rust!((#old, #new))
        });
        let values = migration.values.iter().map(|(old, new)| {
            let new = option(new.map(|new| match new {
                Place::Variable(id) => rust!(snapshot::Place::Variable(#id)),
                Place::Local(id) => rust!(snapshot::Place::Data(#id)),
            }));
            rust!((#old, #new))
        });
        let events = migration.events.iter().map(|((old_to, old), new)| {
            let new = option(new.as_ref().map(|(to, event)| rust!((#to, #event))));
            rust!(((#old_to, #old), #new))
        });
        let [children, peers, messages, undos] =
            [&migration.children, &migration.peers, &migration.messages, &migration.undos]
                .map(|rows| renames(rows));
        let (states, values, events) = (list(states), list(values), list(events));
        rust!(snapshot::Migration {
            from: #from,
            states: &[#states],
            values: &[#values],
            events: &[#events],
            children: #children,
            peers: #peers,
            messages: #messages,
            undos: #undos,
        })
    });
    let migrations = list(migrations);
    rust! {
        /// Names and versions, for snapshots.
        pub static ABOUT: snapshot::About = snapshot::About {
            fingerprint: #fingerprint,
            shape: &[#shape],
            variables: &[#variables],
            data: &[#data],
            migrations: &[#migrations],
        };
    }
}

/// Old names with new ones, or none.
fn renames(rows: &[(String, Option<String>)]) -> Rust {
    let rows = list(rows.iter().map(|(old, new)| {
        let new = option(new.as_ref().map(|new| rust!(#new)));
        rust!((#old, #new))
    }));
    rust!(&[#rows])
}

/// A machine before its start, with the parameters that a snapshot holds.
fn built(machine: &Machine, module: &Rust) -> (Rust, Rust) {
    if data::has_params(machine) {
        (rust!(let params = #module read_params(&read)?;), rust!(#module Machine::new(params, externs)))
    } else {
        (Rust::new(), rust!(#module Machine::new(externs)))
    }
}

/// What users call.
fn own(machine: &Machine) -> Rust {
    let (taken, restored) = (result(rust!(snapshot::Snapshot)), result(rust!(Self)));
    let revived = result(rust!((Self, snapshot::Pending)));
    let (params, built) = built(machine, &Rust::new());
    rust! {
        impl<X: Externs> Machine<X> {
            /// The machine as it stands at a time. Messages under way and the snapshots of children are added by whoever
            /// performs the machine's effects.
            pub fn snapshot(&self, now: value::Time) -> #taken { snapshot::take(self, now) }

            /// The machine as it was when the snapshot was taken. Reports what is to be done anew: timers with what was left
            /// of them, delayed messages, services that were running.
            pub fn restore<F: chart::Effects<Self>>(
                externs: X, snapshot: &snapshot::Snapshot, now: value::Time, fx: &mut F,
            ) -> #restored {
                let (mut machine, pending) = Self::revive(externs, snapshot, now)?;
                snapshot::resume(&mut machine, &pending, fx)?;
                ::core::result::Result::Ok(machine)
            }

            /// The first half of `restore`; `snapshot::resume` is the second.
            pub fn revive(externs: X, snapshot: &snapshot::Snapshot, now: value::Time) -> #revived {
                let read = snapshot::prepare(&TABLES, &ABOUT, snapshot)?;
                #params
                let mut machine = #built;
                let pending = snapshot::revive(&mut machine, &read, now)?;
                ::core::result::Result::Ok((machine, pending))
            }
        }
    }
}

/// What snapshots call data: `path.name`.
fn name(machine: &Machine, state: usize, local: &str) -> String {
    format!("{}.{local}", machine.states[state].path)
}

fn context(machine: &Machine) -> Rust {
    let saved = machine.context.iter().map(|variable| {
        let (name, field) = (&variable.name, rust::field(&variable.name));
        rust!(snapshot::put(out, #name, &self.context.#field)?;)
    });
    let loaded = machine.context.iter().map(|variable| {
        let (name, field) = (&variable.name, rust::field(&variable.name));
        rust!(snapshot::load(&mut self.context.#field, from, #name, "context", may_miss)?;)
    });
    let (saved, loaded) = (saved.collect::<Rust>(), loaded.collect::<Rust>());
    let (nothing, done) = (result(rust!(())), ok(rust!(())));
    rust! {
        fn save_context(&self, out: &mut snapshot::Fields) -> #nothing { #saved #done }
        fn load_context(&mut self, from: &snapshot::Fields, may_miss: bool) -> #nothing { #loaded #done }
    }
}

fn data(machine: &Machine) -> Rust {
    let own = machine.params().map(|param| {
        let (name, field) = (name(machine, 0, &param.name), rust::field(&param.name));
        rust!(snapshot::put(out, #name, &self.params.#field)?;)
    });
    let of_states = data::states(machine).into_iter().map(|state| {
        let field = field_of(machine, state);
        let saved = locals(machine, state).into_iter().map(|(_, local)| {
            let (name, field) = (name(machine, state, &local.name), rust::field(&local.name));
            rust!(snapshot::put(out, #name, &data.#field)?;)
        });
        let saved = saved.collect::<Rust>();
        rust!(if let ::core::option::Option::Some(data) = &self.data.#field { #saved })
    });
    let arms = data::states(machine).into_iter().map(|state| load_state(machine, state)).collect::<Rust>();
    let saved = own.chain(of_states).collect::<Rust>();
    let (nothing, done) = (result(rust!(())), ok(rust!(())));
    rust! {
        fn save_data(&self, out: &mut snapshot::Fields) -> #nothing { #saved #done }
        fn load_data(&mut self, state: u16, from: &snapshot::Fields, may_miss: bool) -> #nothing {
            match state { #arms _ => {} }
            #done
        }
    }
}

/// Reads the machine's parameters.
fn params(machine: &Machine) -> Option<Rust> {
    let exprs = Exprs::new(machine, rust!(return ::core::default::Default::default()));
    let fields = machine.params().map(|param| {
        let (name, field, ty) = (name(machine, 0, &param.name), rust::field(&param.name), rust::ty(&param.ty));
        let initial = match &param.initial {
            Some(initial) if may_leave(initial) => {
                let value = exprs.value(initial);
                rust!((|| -> ::core::result::Result<#ty, value::Fault> { ::core::result::Result::Ok(#value) })()
                    .unwrap_or_default())
            }
            Some(initial) => exprs.value(initial),
            None => absent(&name),
        };
        rust!(#field: match snapshot::find(data, #name, "data", may_miss)? {
            ::core::option::Option::Some(value) => value,
            ::core::option::Option::None => #initial,
        })
    });
    let (fields, ty) = (list(fields), result(rust!(Params)));
    data::has_params(machine).then(|| {
        rust! {
            /// The machine's parameters in a snapshot.
            pub fn read_params(read: &snapshot::Prepared<'_>) -> #ty {
                let (data, may_miss) = (read.data(), read.may_miss());
                ::core::result::Result::Ok(Params { #fields })
            }
        }
    })
}

/// `return Err(…)` for a name that has to be there.
fn absent(name: &str) -> Rust {
    let path = format!("data.{name}");
    rust!(return ::core::result::Result::Err(snapshot::missing(#path)))
}

fn load_state(machine: &Machine, state: usize) -> Rust {
    let mut exprs = data::fallible(machine);
    let (mut lines, mut fields) = (Rust::new(), Rust::new());
    for (id, local) in locals(machine, state) {
        let (path, ident, ty) =
            (name(machine, state, &local.name), local_ident(local, id), rust::ty(&local.ty));
        let absent = absent(&path);
        let initial = match &local.initial {
            Some(initial) => {
                let made = made(&exprs, &ident, initial, &absent, &rust!(snapshot::or_zero(self, #ident)));
                rust!(#made #ident)
            }
            None => absent,
        };
        lines.push(rust! {
            let #ident: #ty = match snapshot::find(from, #path, "data", may_miss)? {
                ::core::option::Option::Some(value) => value,
                ::core::option::Option::None => { #initial }
            };
        });
        let field = rust::field(&local.name);
        fields.push(rust!(#field: #ident,));
        exprs.made.insert(id, ident);
    }
    let (field, ty) = (field_of(machine, state), type_of(machine, state));
    rust! {
        #state => {
            #lines
            self.data.#field = ::core::option::Option::Some(#ty { #fields });
        }
    }
}

fn bound(fields: &[Field]) -> Vec<Rust> {
    (0..fields.len()).map(|at| Rust::from_text(format!("field{at}"))).collect()
}

/// `of::A { x: field0 } => { put … }` for each symbol that has fields.
fn save_arms(of: &Rust, symbols: &[&Symbol]) -> Rust {
    let arms = symbols.iter().filter(|symbol| !symbol.fields.is_empty()).map(|symbol| {
        let variant = rust::variant(&symbol.name);
        let (mut pattern, mut saved) = (Rust::new(), Rust::new());
        for (field, bound) in symbol.fields.iter().zip(bound(&symbol.fields)) {
            let (name, field) = (&field.name, rust::field(&field.name));
            pattern.push(rust!(#field: #bound,));
            saved.push(rust!(snapshot::put(&mut out, #name, #bound)?;));
        }
        rust!(#of::#variant { #pattern } => { #saved })
    });
    let arms = arms.collect::<Rust>();
    rust!(#arms _ => {})
}

/// `of::A { x: get … }`, after a look at what is to spare.
fn load_symbol(of: &Rust, symbol: &Symbol) -> Rust {
    let variant = rust::variant(&symbol.name);
    let (mut names, mut loaded) = (Rust::new(), Rust::new());
    for field in &symbol.fields {
        let (name, field) = (&field.name, rust::field(&field.name));
        names.push(rust!(#name,));
        loaded.push(rust!(#field: snapshot::get(fields, #name, at)?,));
    }
    rust!({ snapshot::only(fields, &[#names], at)?; #of::#variant { #loaded } })
}

fn events(machine: &Machine) -> Rust {
    let symbols: Vec<&Symbol> = machine.events.iter().map(|event| &event.symbol).collect();
    let saved = save_arms(&rust!(Event), &symbols);
    let loaded = symbols.iter().enumerate().map(|(id, symbol)| {
        let made = load_symbol(&rust!(Event), symbol);
        rust!(#id => #made)
    });
    let loaded = list(loaded);
    let (fields, event, done) = (result(rust!(snapshot::Fields)), result(rust!(Event)), ok(rust!(out)));
    rust! {
        fn save_event(event: &Event) -> #fields {
            let mut out = snapshot::Fields::new();
            match event { #saved }
            #done
        }
        fn load_event(tag: u16, fields: &snapshot::Fields, at: &str) -> #event {
            ::core::result::Result::Ok(match tag {
                #loaded
                _ => return ::core::result::Result::Err(snapshot::missing(at)),
            })
        }
    }
}

fn messages(machine: &Machine) -> Rust {
    let peers = machine
        .peers
        .iter()
        .map(|peer| (rust::variant(&peer.name), &peer.name, rust::field(&peer.machine), &peer.events));
    let children = machine
        .children
        .iter()
        .map(|child| (child_variant(&child.name), &child.name, rust::field(&child.machine), &child.events));
    let (mut saved, mut loaded) = (Rust::new(), Rust::new());
    for event in &machine.events {
        let (name, made) = (&event.symbol.name, load_symbol(&rust!(Event), &event.symbol));
        loaded.push(rust!(("self", #name) => Message::Itself(#made),));
    }
    for (variant, to, module, symbols) in peers.chain(children) {
        let of = rust!(super::#module::Event);
        let all: Vec<&Symbol> = symbols.iter().collect();
        let arms = save_arms(&of, &all);
        saved.push(rust!(Message::#variant(event) => {
            let mut out = snapshot::Fields::new();
            match event { #arms }
            (#to, event.name(), out)
        }));
        for symbol in symbols {
            let (name, made) = (&symbol.name, load_symbol(&of, symbol));
            loaded.push(rust!((#to, #name) => Message::#variant(#made),));
        }
    }
    let written = result(rust!((&'static str, &'static str, snapshot::Fields)));
    let message = result(rust!(Message));
    rust! {
        fn save_message(message: &Message) -> #written {
            ::core::result::Result::Ok(match message {
                Message::Itself(event) => ("self", event.name(), Self::save_event(event)?),
                #saved
            })
        }
        fn load_message(to: &str, event: &str, fields: &snapshot::Fields, at: &str) -> #message {
            ::core::result::Result::Ok(match (to, event) {
                #loaded
                _ => return ::core::result::Result::Err(snapshot::no_event(to, event, at)),
            })
        }
    }
}

fn undos(machine: &Machine) -> Rust {
    let ty = rust!(<Shape as chart::Shape>::Undo);
    let (written, read) = (result(rust!((u16, ::std::vec::Vec<snapshot::Json>))), result(ty.clone()));
    if machine.undos.is_empty() {
        return rust! {
            fn save_undo(_: &#ty) -> #written { ::core::result::Result::Ok((0, ::std::vec::Vec::new())) }
            fn load_undo(_: usize, _: &[snapshot::Json], at: &str) -> #read {
                ::core::result::Result::Err(snapshot::SnapshotError::at(at, "there is no such undo"))
            }
        };
    }
    let rows = machine.undos.iter().enumerate().map(|(id, undo)| {
        let symbol = |symbol: &Symbol| (rust::variant(&symbol.name), symbol.fields.clone());
        // How the action is wrapped, the enum that it is a variant of, the variant, its fields.
        let (open, of, (variant, fields)) = match &undo.kind {
            UndoKind::Call(action) => {
                let function = &machine.actions[*action];
                (rust!(Act), rust!(Action), (rust::variant(&function.name), rust::params(&function.params)))
            }
            UndoKind::Emit(output) => (rust!(Emit), rust!(Output), symbol(&machine.outputs[*output])),
            UndoKind::Raise(event) => (rust!(Raise), rust!(Event), symbol(&machine.events[*event].symbol)),
            UndoKind::Send(to, event) => {
                use crate::model::Receiver;
                let (message, module, row) = match to {
                    Receiver::Itself => (rust!(Itself), None, &machine.events[*event].symbol),
                    Receiver::Peer(peer) => {
                        let peer = &machine.peers[*peer];
                        let variant = rust::variant(&peer.name);
                        (rust!(#variant), Some(rust::field(&peer.machine)), &peer.events[*event])
                    }
                    Receiver::Child(child) => {
                        let child = &machine.children[*child];
                        let variant = child_variant(&child.name);
                        (rust!(#variant), Some(rust::field(&child.machine)), &child.events[*event])
                    }
                };
                let of = module.map_or(rust!(Event), |module| rust!(super::#module::Event));
                return sent(id, &message, &of, row);
            }
        };
        row(id, &open, &rust!(#of::#variant), &fields, |inner| inner)
    });
    let (mut saved, mut loaded) = (Rust::new(), Rust::new());
    for (of_saved, of_loaded) in rows {
        saved.push(of_saved);
        loaded.push(of_loaded);
    }
    rust! {
        fn save_undo(undo: &#ty) -> #written {
            let args = match (undo.index, &undo.action) { #saved _ => ::std::vec::Vec::new() };
            ::core::result::Result::Ok((undo.index, args))
        }
        fn load_undo(index: usize, args: &[snapshot::Json], at: &str) -> #read {
            ::core::result::Result::Ok(match index {
                #loaded
                _ => return ::core::result::Result::Err(snapshot::SnapshotError::at(at, "there is no such undo")),
            })
        }
    }
}

fn sent(id: usize, message: &Rust, of: &Rust, symbol: &Symbol) -> (Rust, Rust) {
    let variant = rust::variant(&symbol.name);
    row(id, &rust!(Send), &rust!(#of::#variant), &symbol.fields, |inner| rust!(Message::#message(#inner)))
}

/// The arms that write and read one undo.
fn row(
    id: usize,
    open: &Rust,
    variant: &Rust,
    fields: &[Field],
    wrap: impl Fn(Rust) -> Rust,
) -> (Rust, Rust) {
    let (mut pattern, mut written, mut read) = (Rust::new(), Rust::new(), Rust::new());
    for (at_field, (field, bound)) in fields.iter().zip(bound(fields)).enumerate() {
        let name = rust::field(&field.name);
        pattern.push(rust!(#name: #bound,));
        written.push(rust!(snapshot::write(#bound, "undo")?,));
        read.push(rust!(#name: snapshot::arg(args, #at_field, at)?,));
    }
    let (pattern, value) = (wrap(rust!(#variant { #pattern })), wrap(rust!(#variant { #read })));
    let saved = rust! {
        (#id, chart::Undoing::#open(#pattern)) =>
            ::std::vec::Vec::from([#written]),
    };
    let count = fields.len();
    let loaded = rust! {
        #id => {
            snapshot::count(args, #count, at)?;
            chart::Undo { index: #id, action: chart::Undoing::#open(#value) }
        }
    };
    (saved, loaded)
}

fn returned(machine: &Machine) -> Rust {
    let ty = data::returned_type(machine);
    let (written, read) = (result(rust!(::core::option::Option<snapshot::Json>)), result(ty.clone()));
    if machine.result.is_none() {
        return rust! {
            fn save_result(_: &#ty) -> #written { ::core::result::Result::Ok(::core::option::Option::None) }
            fn load_result(_: &snapshot::Json) -> #read {
                ::core::result::Result::Err(snapshot::SnapshotError::at("result", "this machine returns nothing"))
            }
        };
    }
    rust! {
        fn save_result(result: &#ty) -> #written {
            match result {
                Returned::Machine(value) => snapshot::write(value, "result").map(::core::option::Option::Some),
                _ => ::core::result::Result::Ok(::core::option::Option::None),
            }
        }
        fn load_result(result: &snapshot::Json) -> #read {
            ::core::result::Result::Ok(Returned::Machine(snapshot::read(result, "result")?))
        }
    }
}

fn relaunch(model: &Model, machine: &Machine, options: Options) -> Rust {
    let arms = machine.children.iter().enumerate().map(|(at, child)| {
        let module = rust::field(&child.machine);
        let (supplier, link) =
            (children::supplier(&child.machine), children::link(model, machine, at, options));
        let takes = children::takes_params(model, &child.machine);
        let borrowed = takes.then(|| rust!(&params));
        let (params, built) = match model.machine(&child.machine) {
            Some(row) => built(row, &rust!(super::#module::)),
            None => (Rust::new(), rust!(super::#module::Machine::new(externs))),
        };
        rust! {
            #at => {
                let read = snapshot::prepare(&super::#module::TABLES, &super::#module::ABOUT, snapshot)?;
                #params
                let externs = self.externs.#supplier(#borrowed);
                let mut machine = #built;
                let pending = snapshot::revive(&mut machine, &read, now)?;
                host.revive(#at, machine, pending, #link);
            }
        }
    });
    let arms = arms.collect::<Rust>();
    let (nothing, done) = (result(rust!(())), ok(rust!(())));
    rust! {
        fn relaunch<H: snapshot::Reviver<Self>>(
            &mut self, child: u16, snapshot: &snapshot::Snapshot, now: value::Time, host: &mut H,
        ) -> #nothing {
            match child {
                #arms
                _ => return ::core::result::Result::Err(
                    snapshot::SnapshotError::at("children", "there is no such child"),
                ),
            }
            #[allow(unreachable_code)]
            #done
        }
    }
}
