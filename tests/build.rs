//! Writes the code that lets the tests drive every compiled machine and its interpreted twin alike: for each
//! machine of `specs/`, of `fixtures/ok/` and of some random charts, the conversion of its events and outputs.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use statechart_lang::{
    Loader, MapLoader, codegen, compile,
    interpreter::{Answers, Fault, Input, Interpreter},
    model::{ExternFn, Field, Machine, Model, Symbol, Type, names},
};

#[path = "src/random.rs"]
#[allow(dead_code, unreachable_pub, missing_docs)]
mod random;

/// Random charts that are compiled unless `STATECHART_RANDOM_CHARTS` says otherwise; more would lengthen the build.
const RANDOM_CHARTS: usize = 32;

struct Disk;

impl Loader for Disk {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let specs = here.parent().expect("the crate stands in the workspace").join("specs");
    let fixtures = here.join("fixtures/ok");
    for path in [
        &specs,
        &fixtures,
        &here.join("src/random.rs"),
        &here.join("src/random_actions.rs"),
        &here.join("src/random_reactions.rs"),
        &here.join("build.rs"),
    ] {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    for variable in ["STATECHART_RANDOM_SEED", "STATECHART_RANDOM_CHARTS", "STATECHART_ONLY_RANDOM"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let number = |variable: &str| env::var(variable).ok().and_then(|number| number.parse::<u64>().ok());
    let charts = number("STATECHART_RANDOM_CHARTS").map_or(RANDOM_CHARTS, |charts| charts as usize);
    // One build after the other of many charts would compile the rest with each of them.
    let only_random = env::var_os("STATECHART_ONLY_RANDOM").is_some();

    let mut text = String::new();
    let mut list = String::new();
    if !only_random {
        // The platform's machines send to each other, so they stand in one module.
        group("specs", &files(&specs), &mut text, &mut list);
        for file in files(&fixtures) {
            let name = format!("ok_{}", file.file_stem().unwrap_or_default().to_string_lossy());
            group(&name, &[file], &mut text, &mut list);
        }
        let path = out.join("wide.sc");
        fs::write(&path, wide(300, 250)).expect("OUT_DIR can be written");
        group("wide", &[path], &mut text, &mut list);
    }
    let mut seed = number("STATECHART_RANDOM_SEED").unwrap_or(1);
    let mut made = 0;
    while made < charts {
        let spec = random::chart("Random", seed);
        let compiled = compile("random.sc", &MapLoader::from([("random.sc", spec.as_str())]));
        if compiled.model.is_some_and(|model| is_lively(&model.machines[0], seed)) {
            let path = out.join(format!("random_{made}.sc"));
            fs::write(&path, format!("// seed {seed}\n{spec}")).expect("OUT_DIR can be written");
            group(&format!("random_{made}"), &[path], &mut text, &mut list);
            made += 1;
        }
        seed = seed.wrapping_add(1);
    }
    let _ = write!(
        text,
        "/// Every machine that both engines run.\npub fn pairs() -> Vec<crate::engines::Pair> {{ vec![\n{list}] }}\n"
    );
    fs::write(out.join("machines.rs"), text).expect("OUT_DIR can be written");
}

/// More states than fit into a few words, and more events than a table with a cell for each of them has room for.
fn wide(states: usize, events: usize) -> String {
    let names: String = (0..events).map(|event| format!("E{event} ")).collect();
    let mut text = format!(
        "machine Wide {{ input {{ {names} }} output {{ TICK }} context {{ n: Int = 0 }} initial s0\n"
    );
    for state in 0..states {
        let _ = write!(text, "state s{state} {{ ");
        for nth in 0..10 {
            let event = (state * 7 + nth * events / 10) % events;
            let _ = match nth {
                // What the table does not know, and what it says besides successors.
                0 => write!(text, "on E{event} -> s{} / emit TICK, n := n + 1 ", (state + nth) % states),
                1 => write!(text, "on E{event} "),
                _ => write!(text, "on E{event} -> s{} ", (state * 3 + nth) % states),
            };
        }
        text += "}\n";
    }
    text + "}"
}

/// Whether a few random words take a good part of the transitions: a chart that ends or spins at once, or
/// leaves most of its states alone, tells little.
fn is_lively(machine: &Machine, seed: u64) -> bool {
    let mut random = random::Random(seed);
    let mut taken = std::collections::BTreeSet::new();
    for _ in 0..16 {
        let mut world = Answers::default();
        world.0.insert("yes".to_owned(), random.once_in(2));
        world.0.insert("big".to_owned(), random.once_in(2));
        let mut interpreter = Interpreter::with_world(machine, world);
        let mut report = interpreter.start();
        for _ in 0..14 {
            if report.faults().any(|fault| matches!(fault, Fault::Microsteps { .. })) {
                return false;
            }
            taken.extend(report.transitions);
            report = match random.below(3) {
                0 => interpreter.elapse().unwrap_or_default(),
                _ => {
                    let inputs = machine.events.iter().filter(|event| !event.internal).count();
                    interpreter.step(Input::Event { event: random.below(inputs), args: Vec::new() })
                }
            };
        }
    }
    machine.transitions.len() > 12 && taken.len() * 100 > machine.transitions.len() * 40
}

/// The `.sc` files of a directory, sorted.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "sc"))
        .collect();
    files.sort();
    files
}

/// A module with the machines of some files and their extern types.
fn group(name: &str, files: &[PathBuf], text: &mut String, list: &mut String) {
    let mut types = std::collections::BTreeSet::new();
    let mut body = String::new();
    for file in files {
        let path = file.to_string_lossy().into_owned();
        let compiled = compile(&path, &Disk);
        let Some(model) = &compiled.model else {
            // The tests report it with its diagnostics; here it would only hide them.
            println!("cargo::warning={path} has errors and is left out of the comparison");
            continue;
        };
        if model.own_machines().next().is_none()
            || model.own_machines().any(|machine| machine.nondeterministic)
        {
            continue;
        }
        // Plain Rust, as the macro would expand to: a macro call for each of so many takes longer.
        body.push_str(&codegen::generate_with(model, codegen::Options { snapshot: true }));
        for machine in model.own_machines() {
            types.extend(machine.types.iter().map(|ty| ty.name.clone()));
            glue(machine, model, &mut body);
            let module = ident(&names::snake(&machine.name));
            let _ = writeln!(
                list,
                "crate::engines::Pair::of::<{name}::{module}::Machine<crate::engines::Answered>>({path:?}, {:?}),",
                machine.name
            );
        }
    }
    let _ = writeln!(
        text,
        "mod {name} {{\nuse crate::engines::{{Answered, Glue, FromValue, ToValue}};\nuse statechart_lang::interpreter::{{Signal, Value}};\nuse statechart_runtime::{{chart, value}};"
    );
    for ty in types {
        let _ = writeln!(text, "crate::token!({});", ident(&ty));
    }
    let _ = writeln!(text, "{body}}}");
}

/// A Rust identifier; raw, so that keywords need no list.
fn ident(name: &str) -> String {
    match name {
        "self" | "super" | "crate" | "Self" | "_" => format!("{name}_"),
        name => format!("r#{name}"),
    }
}

fn variant(name: &str) -> String {
    ident(&names::pascal(name))
}

fn field(name: &str) -> String {
    ident(&names::snake(name))
}

fn ty(ty: &Type) -> String {
    match ty {
        Type::Int => "i64".into(),
        Type::Float => "f64".into(),
        Type::Bool => "bool".into(),
        Type::Text => "value::Text".into(),
        Type::Time => "value::Time".into(),
        Type::Duration => "value::Duration".into(),
        Type::Optional(inner) => format!("Option<{}>", self::ty(inner)),
        Type::List(inner) => format!("value::List<{}>", self::ty(inner)),
        Type::Extern(name) => ident(name),
        Type::Unknown => "()".into(),
    }
}

fn is_copy(ty: &Type) -> bool {
    match ty {
        Type::Optional(inner) => is_copy(inner),
        ty => matches!(ty, Type::Int | Type::Float | Type::Bool | Type::Time | Type::Duration),
    }
}

fn params(function: &ExternFn) -> Vec<Field> {
    let named = function.params.iter().enumerate();
    named
        .map(|(at, (name, ty))| Field {
            name: name.clone().unwrap_or_else(|| format!("arg{at}")),
            ty: ty.clone(),
        })
        .collect()
}

/// `Enum::Variant { a: a0, b: a1 } => Signal { … }`.
fn to_signal(of: &str, symbol: &Symbol) -> String {
    let bindings: String =
        symbol.fields.iter().enumerate().map(|(at, f)| format!("{}: a{at},", field(&f.name))).collect();
    let values: String = symbol
        .fields
        .iter()
        .enumerate()
        .map(|(at, f)| format!("({:?}.to_owned(), a{at}.to_value()),", f.name))
        .collect();
    format!(
        "{of}::{} {{ {bindings} }} => Signal {{ name: {:?}.to_owned(), fields: vec![{values}] }},\n",
        variant(&symbol.name),
        symbol.name
    )
}

fn to_call(of: &str, function: &ExternFn) -> String {
    let fields = params(function);
    let bindings: String =
        fields.iter().enumerate().map(|(at, f)| format!("{}: a{at},", field(&f.name))).collect();
    let values: String = (0..fields.len()).map(|at| format!("a{at}.to_value(),")).collect();
    format!(
        "{of}::{} {{ {bindings} }} => ({:?}.to_owned(), vec![{values}]),\n",
        variant(&function.name),
        function.name
    )
}

/// `match` over an alphabet that may be empty.
fn matched(on: &str, arms: &str) -> String {
    if arms.is_empty() { format!("match *{on} {{}}") } else { format!("match {on} {{ {arms} }}") }
}

fn glue(machine: &Machine, model: &Model, out: &mut String) {
    let module = ident(&names::snake(&machine.name));
    let signature = |function: &ExternFn, borrowed: bool| -> String {
        params(function)
            .iter()
            .enumerate()
            .map(|(at, f)| {
                let borrow = if borrowed && !is_copy(&f.ty) { "&" } else { "" };
                format!(", _a{at}: {borrow}{}", ty(&f.ty))
            })
            .collect()
    };
    let _ = writeln!(out, "impl {module}::Externs for Answered {{");
    for guard in &machine.guards {
        let _ = writeln!(
            out,
            "fn {}(&self{}) -> bool {{ self.answer({:?}) }}",
            field(&guard.name),
            signature(guard, true),
            guard.name
        );
    }
    for action in &machine.actions {
        let _ = writeln!(out, "fn {}(&mut self{}) {{}}", field(&action.name), signature(action, false));
    }
    for service in &machine.services {
        let name = &service.function.name;
        let (generics, report) = if service.streams.is_empty() {
            (String::new(), "")
        } else {
            (format!("<R: chart::Report<{module}::Event>>"), ", _report: R")
        };
        let _ = writeln!(
            out,
            "fn {}{generics}(&mut self{}{report}) -> impl Future<Output = {module}::{}Outcome> + Send + 'static {{ core::future::pending() }}",
            field(name),
            signature(&service.function, false),
            names::pascal(name)
        );
    }
    let mut kinds: Vec<&str> = machine.children.iter().map(|child| child.machine.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of = ident(&names::snake(kind));
        let params = model.machine(kind).is_some_and(|machine| machine.params().next().is_some());
        let params = if params { format!(", _params: &{of}::Params") } else { String::new() };
        let _ = writeln!(
            out,
            "fn spawn_{}(&mut self{params}) -> impl {of}::Externs + Send + 'static {{ Answered::default() }}",
            names::snake(kind)
        );
    }
    let _ = writeln!(out, "}}");

    let events: Vec<&Symbol> = machine.events.iter().map(|event| &event.symbol).collect();
    let made: String = events
        .iter()
        .enumerate()
        .map(|(id, symbol)| {
            let fields: String = symbol
                .fields
                .iter()
                .enumerate()
                .map(|(at, f)| format!("{}: FromValue::from_value(&args[{at}]),", field(&f.name)))
                .collect();
            format!("{id} => {module}::Event::{} {{ {fields} }},\n", variant(&symbol.name))
        })
        .collect();
    let all = |of: &str, symbols: &[&Symbol]| -> String {
        symbols.iter().map(|symbol| to_signal(of, symbol)).collect()
    };
    let event_arms = all(&format!("{module}::Event"), &events);
    let outputs: Vec<&Symbol> = machine.outputs.iter().collect();
    let output_arms = all(&format!("{module}::Output"), &outputs);
    let mut message_arms =
        format!("{module}::Message::Itself(event) => (None, Self::event_signal(event)),\n");
    for peer in &machine.peers {
        let of = ident(&names::snake(&peer.machine));
        let _ = model.machine(&peer.machine);
        let _ = writeln!(
            message_arms,
            "{module}::Message::{}(event) => (Some({:?}.to_owned()), <{of}::Machine<Answered> as Glue>::event_signal(event)),",
            variant(&peer.name),
            peer.name
        );
    }
    for child in &machine.children {
        let of = ident(&names::snake(&child.machine));
        let _ = writeln!(
            message_arms,
            "{module}::Message::Child{}(event) => (Some({:?}.to_owned()), <{of}::Machine<Answered> as Glue>::event_signal(event)),",
            names::pascal(&child.name),
            child.name
        );
    }
    let call_arms: String = machine
        .services
        .iter()
        .map(|service| to_call(&format!("{module}::Call"), &service.function))
        .collect();
    let action_arms: String =
        machine.actions.iter().map(|action| to_call(&format!("{module}::Action"), action)).collect();
    let context: String = machine
        .context
        .iter()
        .map(|variable| format!("self.context.{}.to_value(),", field(&variable.name)))
        .collect();
    let params: Vec<String> = machine.params().map(|param| field(&param.name)).collect();
    let fresh = if params.is_empty() {
        "Self::new(Answered::default())".to_owned()
    } else {
        let fields = params
            .iter()
            .enumerate()
            .map(|(at, name)| format!("{name}: FromValue::from_value(&params[{at}]),"));
        format!("Self::new({module}::Params {{ {} }}, Answered::default())", fields.collect::<String>())
    };
    let data: String = machine
        .locals
        .iter()
        .enumerate()
        .map(|(id, local)| {
            let name = field(&local.name);
            if local.state == 0 {
                return format!("all.push(({id}, self.params.{name}.to_value()));\n");
            }
            let state = field(&machine.states[local.state].path);
            format!(
                "if let Some(data) = &self.data.{state} {{ all.push(({id}, data.{name}.to_value())); }}\n"
            )
        })
        .collect();
    let spawn_arms: String = machine
        .children
        .iter()
        .map(|child| {
            let (of, name) = (ident(&names::pascal(&child.name)), &child.name);
            if child.params.is_empty() {
                return format!("{module}::Spawn::{of} => vec![],\n");
            }
            let values: String = child
                .params
                .iter()
                .map(|param| format!("params.{}.to_value(),", field(&param.name)))
                .collect();
            let _ = name;
            format!("{module}::Spawn::{of}(params) => vec![{values}],\n")
        })
        .collect();
    let spawn =
        if spawn_arms.is_empty() { "vec![]".to_owned() } else { format!("match spawn {{ {spawn_arms} }}") };
    let returned_arms: String = machine
        .children
        .iter()
        .enumerate()
        .filter(|(_, child)| child.result.is_some())
        .map(|(id, child)| {
            format!(
                "{id} => result.map(|value| {module}::Returned::Child{}(FromValue::from_value(value))),\n",
                names::pascal(&child.name)
            )
        })
        .collect();
    let result = if machine.result.is_some() { "self.result().map(ToValue::to_value)" } else { "None" };
    let _ = writeln!(
        out,
        "impl Glue for {module}::Machine<Answered> {{
            fn fresh(params: &[Value]) -> Self {{ {fresh} }}
            fn data_values(&self) -> Vec<(usize, Value)> {{ let mut all = Vec::new(); {data} all }}
            fn spawn_args(spawn: &Self::Spawn) -> Vec<Value> {{ {spawn} }}
            fn child_result(child: usize, result: Option<&Value>) -> Option<Self::Returned> {{ match child {{ {returned_arms} _ => None }} }}
            fn revived(snapshot: &statechart_runtime::snapshot::Snapshot, now: value::Time)
                -> Result<(Self, statechart_runtime::snapshot::Pending), statechart_runtime::snapshot::SnapshotError>
            {{ Self::revive(Answered::default(), snapshot, now) }}
            fn result_value(&self) -> Option<Value> {{ {result} }}
            fn event(id: usize, args: &[Value]) -> Self::Event {{ match id {{ {made} _ => unreachable!(\"{{args:?}}\") }} }}
            fn event_signal(event: &Self::Event) -> Signal {{ {} }}
            fn output_signal(output: &Self::Output) -> Signal {{ {} }}
            fn message(message: &Self::Message) -> (Option<String>, Signal) {{ match message {{ {message_arms} }} }}
            fn call_of(call: &Self::Call) -> (String, Vec<Value>) {{ {} }}
            fn action_of(action: &Self::Action) -> (String, Vec<Value>) {{ {} }}
            fn context_values(&self) -> Vec<Value> {{ vec![{context}] }}
            fn accepting(&self) -> bool {{ self.accepts() }}
        }}",
        matched("event", &event_arms),
        matched("output", &output_arms),
        matched("call", &call_arms),
        matched("action", &action_arms),
    );
}
