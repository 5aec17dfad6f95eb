//! Snapshots: how a machine's values are written and read. Only where the macro's call asks for it.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{
    Options,
    actions::{child_variant, option},
    children,
    data::{self, field_of, local_ident, locals, made, type_of},
    expr::{Exprs, may_leave},
    hooks::index,
    rust,
};
use crate::model::{Field, Machine, Model, Place, Symbol, UndoKind};

/// What every hook returns.
fn result(of: TokenStream) -> TokenStream {
    quote!(::core::result::Result<#of, snapshot::SnapshotError>)
}

fn ok(value: TokenStream) -> TokenStream {
    quote!(::core::result::Result::Ok(#value))
}

pub(super) fn items(model: &Model, machine: &Machine, options: Options) -> Option<TokenStream> {
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
    Some(quote! {
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

fn about(machine: &Machine) -> TokenStream {
    let (fingerprint, shape) = (machine.fingerprint(), machine.shape());
    let shape = shape.lines();
    let variables = machine.context.iter().map(|variable| &variable.name);
    let data = machine.locals.iter().map(|local| {
        let (state, name) = (index(local.state), name(machine, local.state, &local.name));
        quote!((#state, #name))
    });
    let migrations = machine.migrations.iter().map(|migration| {
        let from = &migration.from;
        let states = migration.states.iter().map(|(old, new)| {
            let new = option(new.map(|new| {
                let new = index(new);
                quote!(#new)
            }));
            quote!((#old, #new))
        });
        let values = migration.values.iter().map(|(old, new)| {
            let new = option(new.map(|new| match new {
                Place::Variable(id) => {
                    let id = index(id);
                    quote!(snapshot::Place::Variable(#id))
                }
                Place::Local(id) => {
                    let id = index(id);
                    quote!(snapshot::Place::Data(#id))
                }
            }));
            quote!((#old, #new))
        });
        let events = migration.events.iter().map(|((old_to, old), new)| {
            let new = option(new.as_ref().map(|(to, event)| quote!((#to, #event))));
            quote!(((#old_to, #old), #new))
        });
        let [children, peers, messages, undos] =
            [&migration.children, &migration.peers, &migration.messages, &migration.undos]
                .map(|rows| renames(rows));
        quote!(snapshot::Migration {
            from: #from,
            states: &[#(#states),*],
            values: &[#(#values),*],
            events: &[#(#events),*],
            children: #children,
            peers: #peers,
            messages: #messages,
            undos: #undos,
        })
    });
    quote! {
        /// Names and versions, for snapshots.
        pub static ABOUT: snapshot::About = snapshot::About {
            fingerprint: #fingerprint,
            shape: &[#(#shape),*],
            variables: &[#(#variables),*],
            data: &[#(#data),*],
            migrations: &[#(#migrations),*],
        };
    }
}

/// Old names with new ones, or none.
fn renames(rows: &[(String, Option<String>)]) -> TokenStream {
    let rows = rows.iter().map(|(old, new)| {
        let new = option(new.as_ref().map(|new| quote!(#new)));
        quote!((#old, #new))
    });
    quote!(&[#(#rows),*])
}

/// A machine before its start, with the parameters that a snapshot holds.
fn built(machine: &Machine, module: &TokenStream) -> (TokenStream, TokenStream) {
    if data::has_params(machine) {
        (quote!(let params = #module read_params(&read)?;), quote!(#module Machine::new(params, externs)))
    } else {
        (TokenStream::new(), quote!(#module Machine::new(externs)))
    }
}

/// What users call.
fn own(machine: &Machine) -> TokenStream {
    let (taken, restored) = (result(quote!(snapshot::Snapshot)), result(quote!(Self)));
    let revived = result(quote!((Self, snapshot::Pending)));
    let (params, built) = built(machine, &TokenStream::new());
    quote! {
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

fn context(machine: &Machine) -> TokenStream {
    let saved = machine.context.iter().map(|variable| {
        let (name, field) = (&variable.name, rust::field(&variable.name));
        quote!(snapshot::put(out, #name, &self.context.#field)?;)
    });
    let loaded = machine.context.iter().map(|variable| {
        let (name, field) = (&variable.name, rust::field(&variable.name));
        quote!(snapshot::load(&mut self.context.#field, from, #name, "context", may_miss)?;)
    });
    let (nothing, done) = (result(quote!(())), ok(quote!(())));
    quote! {
        fn save_context(&self, out: &mut snapshot::Fields) -> #nothing { #(#saved)* #done }
        fn load_context(&mut self, from: &snapshot::Fields, may_miss: bool) -> #nothing { #(#loaded)* #done }
    }
}

fn data(machine: &Machine) -> TokenStream {
    let own = machine.params().map(|param| {
        let (name, field) = (name(machine, 0, &param.name), rust::field(&param.name));
        quote!(snapshot::put(out, #name, &self.params.#field)?;)
    });
    let of_states = data::states(machine).into_iter().map(|state| {
        let field = field_of(machine, state);
        let saved = locals(machine, state).into_iter().map(|(_, local)| {
            let (name, field) = (name(machine, state, &local.name), rust::field(&local.name));
            quote!(snapshot::put(out, #name, &data.#field)?;)
        });
        quote!(if let ::core::option::Option::Some(data) = &self.data.#field { #(#saved)* })
    });
    let arms = data::states(machine).into_iter().map(|state| load_state(machine, state));
    let (nothing, done) = (result(quote!(())), ok(quote!(())));
    quote! {
        fn save_data(&self, out: &mut snapshot::Fields) -> #nothing { #(#own)* #(#of_states)* #done }
        fn load_data(&mut self, state: u16, from: &snapshot::Fields, may_miss: bool) -> #nothing {
            match state { #(#arms)* _ => {} }
            #done
        }
    }
}

/// Reads the machine's parameters.
fn params(machine: &Machine) -> Option<TokenStream> {
    let exprs = Exprs::new(machine, quote!(return ::core::default::Default::default()));
    let fields = machine.params().map(|param| {
        let (name, field, ty) = (name(machine, 0, &param.name), rust::field(&param.name), rust::ty(&param.ty));
        let initial = match &param.initial {
            Some(initial) if may_leave(initial) => {
                let value = exprs.value(initial);
                quote!((|| -> ::core::result::Result<#ty, value::Fault> { ::core::result::Result::Ok(#value) })()
                    .unwrap_or_default())
            }
            Some(initial) => exprs.value(initial),
            None => absent(&name),
        };
        quote!(#field: match snapshot::find(data, #name, "data", may_miss)? {
            ::core::option::Option::Some(value) => value,
            ::core::option::Option::None => #initial,
        })
    });
    let ty = result(quote!(Params));
    data::has_params(machine).then(|| {
        quote! {
            /// The machine's parameters in a snapshot.
            pub fn read_params(read: &snapshot::Prepared<'_>) -> #ty {
                let (data, may_miss) = (read.data(), read.may_miss());
                ::core::result::Result::Ok(Params { #(#fields),* })
            }
        }
    })
}

/// `return Err(…)` for a name that has to be there.
fn absent(name: &str) -> TokenStream {
    let path = format!("data.{name}");
    quote!(return ::core::result::Result::Err(snapshot::missing(#path)))
}

fn load_state(machine: &Machine, state: usize) -> TokenStream {
    let mut exprs = data::fallible(machine);
    let lines: Vec<TokenStream> = locals(machine, state)
        .into_iter()
        .map(|(id, local)| {
            let (path, ident, ty) =
                (name(machine, state, &local.name), local_ident(local, id), rust::ty(&local.ty));
            let absent = absent(&path);
            let initial = match &local.initial {
                Some(initial) => {
                    let made =
                        made(&exprs, &ident, initial, &absent, &quote!(snapshot::or_zero(self, #ident)));
                    quote!(#made #ident)
                }
                None => absent,
            };
            exprs.made.insert(id, ident.clone());
            quote! {
                let #ident: #ty = match snapshot::find(from, #path, "data", may_miss)? {
                    ::core::option::Option::Some(value) => value,
                    ::core::option::Option::None => { #initial }
                };
            }
        })
        .collect();
    let fields = locals(machine, state).into_iter().map(|(id, local)| {
        let (field, ident) = (rust::field(&local.name), local_ident(local, id));
        quote!(#field: #ident)
    });
    let (id, field, ty) = (index(state), field_of(machine, state), type_of(machine, state));
    quote! {
        #id => {
            #(#lines)*
            self.data.#field = ::core::option::Option::Some(#ty { #(#fields),* });
        }
    }
}

fn bound(fields: &[Field]) -> Vec<Ident> {
    (0..fields.len()).map(|at| format_ident!("field{at}")).collect()
}

/// `of::A { x: field0 } => { put … }` for each symbol that has fields.
fn save_arms(of: &TokenStream, symbols: &[&Symbol]) -> TokenStream {
    let arms = symbols.iter().filter(|symbol| !symbol.fields.is_empty()).map(|symbol| {
        let variant = rust::variant(&symbol.name);
        let (names, bound) = (symbol.fields.iter().map(|field| &field.name), bound(&symbol.fields));
        let fields = symbol.fields.iter().map(|field| rust::field(&field.name));
        quote!(#of::#variant { #(#fields: #bound),* } => { #(snapshot::put(&mut out, #names, #bound)?;)* })
    });
    quote!(#(#arms)* _ => {})
}

/// `of::A { x: get … }`, after a look at what is to spare.
fn load_symbol(of: &TokenStream, symbol: &Symbol) -> TokenStream {
    let variant = rust::variant(&symbol.name);
    let names: Vec<&String> = symbol.fields.iter().map(|field| &field.name).collect();
    let fields = symbol.fields.iter().map(|field| rust::field(&field.name));
    quote!({ snapshot::only(fields, &[#(#names),*], at)?; #of::#variant { #(#fields: snapshot::get(fields, #names, at)?),* } })
}

fn events(machine: &Machine) -> TokenStream {
    let symbols: Vec<&Symbol> = machine.events.iter().map(|event| &event.symbol).collect();
    let saved = save_arms(&quote!(Event), &symbols);
    let loaded = symbols.iter().enumerate().map(|(id, symbol)| {
        let (id, made) = (index(id), load_symbol(&quote!(Event), symbol));
        quote!(#id => #made)
    });
    let (fields, event, done) = (result(quote!(snapshot::Fields)), result(quote!(Event)), ok(quote!(out)));
    quote! {
        fn save_event(event: &Event) -> #fields {
            let mut out = snapshot::Fields::new();
            match event { #saved }
            #done
        }
        fn load_event(tag: u16, fields: &snapshot::Fields, at: &str) -> #event {
            ::core::result::Result::Ok(match tag {
                #(#loaded,)*
                _ => return ::core::result::Result::Err(snapshot::missing(at)),
            })
        }
    }
}

fn messages(machine: &Machine) -> TokenStream {
    let peers = machine
        .peers
        .iter()
        .map(|peer| (rust::variant(&peer.name), &peer.name, rust::field(&peer.machine), &peer.events));
    let children = machine
        .children
        .iter()
        .map(|child| (child_variant(&child.name), &child.name, rust::field(&child.machine), &child.events));
    let (mut saved, mut loaded) = (Vec::new(), Vec::new());
    for event in &machine.events {
        let (name, made) = (&event.symbol.name, load_symbol(&quote!(Event), &event.symbol));
        loaded.push(quote!(("self", #name) => Message::Itself(#made)));
    }
    for (variant, to, module, symbols) in peers.chain(children) {
        let of = quote!(super::#module::Event);
        let all: Vec<&Symbol> = symbols.iter().collect();
        let arms = save_arms(&of, &all);
        saved.push(quote!(Message::#variant(event) => {
            let mut out = snapshot::Fields::new();
            match event { #arms }
            (#to, event.name(), out)
        }));
        for symbol in symbols {
            let (name, made) = (&symbol.name, load_symbol(&of, symbol));
            loaded.push(quote!((#to, #name) => Message::#variant(#made)));
        }
    }
    let written = result(quote!((&'static str, &'static str, snapshot::Fields)));
    let message = result(quote!(Message));
    quote! {
        fn save_message(message: &Message) -> #written {
            ::core::result::Result::Ok(match message {
                Message::Itself(event) => ("self", event.name(), Self::save_event(event)?),
                #(#saved)*
            })
        }
        fn load_message(to: &str, event: &str, fields: &snapshot::Fields, at: &str) -> #message {
            ::core::result::Result::Ok(match (to, event) {
                #(#loaded,)*
                _ => return ::core::result::Result::Err(snapshot::no_event(to, event, at)),
            })
        }
    }
}

fn undos(machine: &Machine) -> TokenStream {
    let ty = quote!(<Shape as chart::Shape>::Undo);
    let (written, read) = (result(quote!((u16, ::std::vec::Vec<snapshot::Json>))), result(ty.clone()));
    if machine.undos.is_empty() {
        return quote! {
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
                (quote!(Act), quote!(Action), (rust::variant(&function.name), rust::params(&function.params)))
            }
            UndoKind::Emit(output) => (quote!(Emit), quote!(Output), symbol(&machine.outputs[*output])),
            UndoKind::Raise(event) => (quote!(Raise), quote!(Event), symbol(&machine.events[*event].symbol)),
            UndoKind::Send(to, event) => {
                use crate::model::Receiver;
                let (message, module, row) = match to {
                    Receiver::Itself => (quote!(Itself), None, &machine.events[*event].symbol),
                    Receiver::Peer(peer) => {
                        let peer = &machine.peers[*peer];
                        let variant = rust::variant(&peer.name);
                        (quote!(#variant), Some(rust::field(&peer.machine)), &peer.events[*event])
                    }
                    Receiver::Child(child) => {
                        let child = &machine.children[*child];
                        let variant = child_variant(&child.name);
                        (quote!(#variant), Some(rust::field(&child.machine)), &child.events[*event])
                    }
                };
                let of = module.map_or(quote!(Event), |module| quote!(super::#module::Event));
                return sent(id, &message, &of, row);
            }
        };
        row(id, &open, &quote!(#of::#variant), &fields, |inner| inner)
    });
    let (saved, loaded): (Vec<TokenStream>, Vec<TokenStream>) = rows.unzip();
    quote! {
        fn save_undo(undo: &#ty) -> #written {
            let args = match (undo.index, &undo.action) { #(#saved)* _ => ::std::vec::Vec::new() };
            ::core::result::Result::Ok((undo.index, args))
        }
        fn load_undo(index: usize, args: &[snapshot::Json], at: &str) -> #read {
            ::core::result::Result::Ok(match index {
                #(#loaded)*
                _ => return ::core::result::Result::Err(snapshot::SnapshotError::at(at, "there is no such undo")),
            })
        }
    }
}

fn sent(id: usize, message: &TokenStream, of: &TokenStream, symbol: &Symbol) -> (TokenStream, TokenStream) {
    let variant = rust::variant(&symbol.name);
    row(id, &quote!(Send), &quote!(#of::#variant), &symbol.fields, |inner| quote!(Message::#message(#inner)))
}

/// The arms that write and read one undo.
fn row(
    id: usize,
    open: &TokenStream,
    variant: &TokenStream,
    fields: &[Field],
    wrap: impl Fn(TokenStream) -> TokenStream,
) -> (TokenStream, TokenStream) {
    let (bound, id) = (bound(fields), index(id));
    let names: Vec<Ident> = fields.iter().map(|field| rust::field(&field.name)).collect();
    let pattern = wrap(quote!(#variant { #(#names: #bound),* }));
    let saved = quote! {
        (#id, chart::Undoing::#open(#pattern)) =>
            ::std::vec::Vec::from([#(snapshot::write(#bound, "undo")?),*]),
    };
    let positions = 0..fields.len();
    let value = wrap(quote!(#variant { #(#names: snapshot::arg(args, #positions, at)?),* }));
    let count = fields.len();
    let loaded = quote! {
        #id => {
            snapshot::count(args, #count, at)?;
            chart::Undo { index: #id, action: chart::Undoing::#open(#value) }
        }
    };
    (saved, loaded)
}

fn returned(machine: &Machine) -> TokenStream {
    let ty = data::returned_type(machine);
    let (written, read) = (result(quote!(::core::option::Option<snapshot::Json>)), result(ty.clone()));
    if machine.result.is_none() {
        return quote! {
            fn save_result(_: &#ty) -> #written { ::core::result::Result::Ok(::core::option::Option::None) }
            fn load_result(_: &snapshot::Json) -> #read {
                ::core::result::Result::Err(snapshot::SnapshotError::at("result", "this machine returns nothing"))
            }
        };
    }
    quote! {
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

fn relaunch(model: &Model, machine: &Machine, options: Options) -> TokenStream {
    let arms = machine.children.iter().enumerate().map(|(at, child)| {
        let (id, module) = (index(at), rust::field(&child.machine));
        let (supplier, link) =
            (children::supplier(&child.machine), children::link(model, machine, at, options));
        let takes = children::takes_params(model, &child.machine);
        let borrowed = takes.then(|| quote!(&params));
        let (params, built) = match model.machine(&child.machine) {
            Some(row) => built(row, &quote!(super::#module::)),
            None => (TokenStream::new(), quote!(super::#module::Machine::new(externs))),
        };
        quote! {
            #id => {
                let read = snapshot::prepare(&super::#module::TABLES, &super::#module::ABOUT, snapshot)?;
                #params
                let externs = self.externs.#supplier(#borrowed);
                let mut machine = #built;
                let pending = snapshot::revive(&mut machine, &read, now)?;
                host.revive(#id, machine, pending, #link);
            }
        }
    });
    let (nothing, done) = (result(quote!(())), ok(quote!(())));
    quote! {
        fn relaunch<H: snapshot::Reviver<Self>>(
            &mut self, child: u16, snapshot: &snapshot::Snapshot, now: value::Time, host: &mut H,
        ) -> #nothing {
            match child {
                #(#arms)*
                _ => return ::core::result::Result::Err(
                    snapshot::SnapshotError::at("children", "there is no such child"),
                ),
            }
            #[allow(unreachable_code)]
            #done
        }
    }
}
