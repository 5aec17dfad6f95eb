//! Pass 1: alphabets, context, externs and peers.

use super::{claims, constant, near, report_duplicates, scope::Scope, types};
use crate::{
    Code, Diagnostic, Span,
    model::{Event, ExternFn, ExternType, Field, Machine, Peer, Service, Symbol, Type, Variable, names},
    syntax::ast::{self, MemberKind},
    table::ByName,
};

/// Everything that a machine declares besides its states. Context initials are typed here: they are constant.
pub(super) fn declare(ast: &ast::Machine, diagnostics: &mut Vec<Diagnostic>) -> Machine {
    let mut machine = empty(ast);
    let (mut inputs, mut internals) = (Vec::new(), Vec::new());
    let (mut outputs, mut externs) = (Vec::new(), Vec::new());
    for member in &ast.members {
        match &member.kind {
            MemberKind::Input(list) => inputs.extend(list),
            MemberKind::Internals(list) => internals.extend(list),
            MemberKind::Output(list) => outputs.extend(list),
            MemberKind::Externs(list) => externs.extend(list),
            _ => {}
        }
    }
    let mut types = Vec::new();
    for item in &externs {
        let ast::Extern::Type(name) = item else { continue };
        types.push(name);
        machine.types.push(ExternType { name: name.text.clone(), span: name.span });
        if BUILT_IN.iter().any(|(known, _)| *known == name.text) {
            diagnostics.push(
                Diagnostic::new(
                    Code::Duplicate,
                    name.span,
                    format!("`{}` is a type of the language", name.text),
                )
                .help("give the Rust type another name, with `type New = Old;` or `use Old as New;` in Rust"),
            );
        }
    }
    report_duplicates(types.into_iter(), "type", diagnostics);

    report_duplicates(outputs.iter().map(|symbol| &symbol.name), "output", diagnostics);
    for symbol in outputs {
        let symbol = self::symbol(symbol, &machine, diagnostics);
        machine.index.outputs.or_insert(&symbol.name, machine.outputs.len());
        machine.outputs.push(symbol);
    }
    report_duplicates(inputs.iter().chain(&internals).map(|symbol| &symbol.name), "event", diagnostics);
    for (list, internal) in [(&inputs, false), (&internals, true)] {
        for symbol in list {
            let symbol = self::symbol(symbol, &machine, diagnostics);
            machine.index.events.or_insert(&symbol.name, machine.events.len());
            machine.events.push(Event { symbol, internal });
        }
    }
    let events = machine.events.iter().map(|event| (&*event.symbol.name, event.symbol.span));
    collisions(events, names::pascal, "events", diagnostics);
    let outputs = machine.outputs.iter().map(|symbol| (&*symbol.name, symbol.span));
    collisions(outputs, names::pascal, "outputs", diagnostics);

    functions(&externs, &mut machine, diagnostics);
    let actions = machine.actions.iter().map(|action| (&*action.name, action.span));
    collisions(actions, names::pascal, "actions", diagnostics);
    let services = machine.services.iter().map(|service| (&*service.function.name, service.function.span));
    collisions(services, names::pascal, "services", diagnostics);
    context(ast, &mut machine, diagnostics);
    claims::limits(ast, &mut machine, diagnostics);
    machine
}

fn empty(ast: &ast::Machine) -> Machine {
    Machine {
        name: ast.name.text.clone(),
        doc: ast.doc.clone(),
        label: ast.label.clone().unwrap_or_else(|| ast.name.text.clone()),
        tags: ast.tags.clone(),
        strict: ast.strict,
        nondeterministic: ast.nondeterministic,
        span: ast.name.span,
        ..Machine::default()
    }
}

fn symbol(ast: &ast::Symbol, machine: &Machine, diagnostics: &mut Vec<Diagnostic>) -> Symbol {
    report_duplicates(ast.fields.iter().map(|field| &field.name), "field", diagnostics);
    collisions(
        ast.fields.iter().map(|field| (&*field.name.text, field.name.span)),
        names::snake,
        "fields",
        diagnostics,
    );
    Symbol {
        name: ast.name.text.clone(),
        doc: ast.doc.clone(),
        fields: ast
            .fields
            .iter()
            .map(|field| Field { name: field.name.text.clone(), ty: ty(&field.ty, machine, diagnostics) })
            .collect(),
        span: ast.name.span,
    }
}

/// Two names that Rust would spell alike.
pub(super) fn collisions<'a>(
    spelt: impl Iterator<Item = (&'a str, Span)>,
    rust: fn(&str) -> String,
    what: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut seen = ByName::default();
    for found in spelt {
        diagnostics.extend(collision(&mut seen, found, rust(found.0), what));
    }
}

/// What is wrong with a name whose spelling in Rust was seen before.
fn collision<'a>(
    seen: &mut ByName<(&'a str, Span)>,
    (name, span): (&'a str, Span),
    rust: String,
    what: &str,
) -> Option<Diagnostic> {
    let (first, other) = *seen.or_insert(&rust, (name, span));
    if first == name {
        return None;
    }
    let message = format!("the {what} `{first}` and `{name}` are both `{rust}` in Rust");
    let found = Diagnostic::new(Code::Collision, span, message);
    Some(found.also(other, "the other one").help("rename one of them"))
}

const BUILT_IN: [(&str, Type); 6] = [
    ("Int", Type::Int),
    ("Float", Type::Float),
    ("Bool", Type::Bool),
    ("Text", Type::Text),
    ("Time", Type::Time),
    ("Duration", Type::Duration),
];

/// A type by name.
pub(super) fn ty(ast: &ast::Type, machine: &Machine, diagnostics: &mut Vec<Diagnostic>) -> Type {
    match &ast.kind {
        ast::TypeKind::Optional(inner) => Type::Optional(Box::new(ty(inner, machine, diagnostics))),
        ast::TypeKind::List(inner) => Type::List(Box::new(ty(inner, machine, diagnostics))),
        ast::TypeKind::Named(name) => {
            if let Some((_, ty)) = BUILT_IN.iter().find(|(known, _)| known == name) {
                return ty.clone();
            }
            if machine.types.iter().any(|known| known.name == *name) {
                return Type::Extern(name.clone());
            }
            let known =
                BUILT_IN.iter().map(|(name, _)| *name).chain(machine.types.iter().map(|ty| ty.name.as_str()));
            let help = near(name, known, diagnostics.len()).unwrap_or_else(|| {
                format!(
                    "the types are Int, Float, Bool, Text, Time, Duration; a Rust type is declared by `extern {{ type {name} }}`"
                )
            });
            diagnostics.push(
                Diagnostic::new(Code::UnknownType, ast.span, format!("unknown type `{name}`")).help(help),
            );
            Type::Unknown
        }
    }
}

fn functions(externs: &[&ast::Extern], machine: &mut Machine, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = ByName::default();
    for item in externs {
        let function = match item {
            ast::Extern::Type(_) => continue,
            ast::Extern::Guard(function)
            | ast::Extern::Action(function)
            | ast::Extern::Service { function, .. } => function,
        };
        if let Some(first) = seen.insert(names::snake(&function.name.text), function.name.span) {
            diagnostics.push(
                Diagnostic::new(
                    Code::Duplicate,
                    function.name.span,
                    format!("extern `{}` is declared twice", function.name.text),
                )
                .also(first, "declared first here")
                .help("guards, actions and services share one trait: give each its own name"),
            );
            continue;
        }
        parameters(function, diagnostics);
        let typed = ExternFn {
            name: function.name.text.clone(),
            doc: function.doc.clone(),
            params: function
                .params
                .iter()
                .map(|(name, param)| {
                    (name.as_ref().map(|name| name.text.clone()), ty(param, machine, diagnostics))
                })
                .collect(),
            span: function.name.span,
        };
        match item {
            ast::Extern::Guard(_) => machine.guards.push(typed),
            ast::Extern::Action(_) => machine.actions.push(typed),
            ast::Extern::Service { streams, successes, failures, .. } => {
                let reports_nothing = successes.is_empty() && failures.is_empty();
                report_duplicates(successes.iter().chain(failures), "outcome", diagnostics);
                let mut events = |names: &[ast::Name]| {
                    names.iter().filter_map(|name| event(name, machine, diagnostics)).collect::<Vec<_>>()
                };
                let (streams, successes, failures) = (events(streams), events(successes), events(failures));
                if reports_nothing {
                    diagnostics.push(
                        Diagnostic::new(
                            Code::Arguments,
                            function.name.span,
                            format!("service `{}` reports nothing", typed.name),
                        )
                        .help("name the events that report its end: `-> SUCCESS ! FAILURE`"),
                    );
                }
                machine.services.push(Service { function: typed, streams, successes, failures });
            }
            ast::Extern::Type(_) => {}
        }
    }
}

/// Parameters need different names, those that the generated Rust gives to unnamed ones included.
fn parameters(function: &ast::ExternFn, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = ByName::default();
    for (at, (name, _)) in function.params.iter().enumerate() {
        let spelt = name.as_ref().map_or_else(|| format!("arg{at}"), |name| names::snake(&name.text));
        let shown = name.as_ref().map_or("an unnamed one", |name| &name.text);
        if let Some(first) = seen.insert(spelt, shown) {
            let span = name.as_ref().map_or(function.name.span, |name| name.span);
            diagnostics.push(
                Diagnostic::new(
                    Code::Duplicate,
                    span,
                    format!(
                        "two parameters of `{}` have one name in Rust: `{first}` and `{shown}`",
                        function.name.text
                    ),
                )
                .help("rename one of them"),
            );
        }
    }
}

/// An event by name.
pub(super) fn event(name: &ast::Name, machine: &Machine, diagnostics: &mut Vec<Diagnostic>) -> Option<usize> {
    let found = machine.index.events.get(&name.text).copied();
    if found.is_none() {
        let known = machine.events.iter().map(|event| event.symbol.name.as_str());
        let help = near(&name.text, known, diagnostics.len())
            .unwrap_or_else(|| format!("declare it: `input {{ {} }}`", name.text));
        diagnostics.push(
            Diagnostic::new(Code::UnknownEvent, name.span, format!("undeclared event `{}`", name.text))
                .help(help),
        );
    }
    found
}

fn context(ast: &ast::Machine, machine: &mut Machine, diagnostics: &mut Vec<Diagnostic>) {
    let variables = || {
        ast.members
            .iter()
            .filter_map(|member| if let MemberKind::Context(list) = &member.kind { Some(list) } else { None })
            .flatten()
    };
    report_duplicates(variables().map(|variable| &variable.name), "variable", diagnostics);
    let spelt = variables().map(|variable| (&*variable.name.text, variable.name.span));
    collisions(spelt, names::snake, "variables", diagnostics);
    for variable in variables() {
        let ty = ty(&variable.ty, machine, diagnostics);
        let initial = types::typed(&variable.initial, Some(&ty), &Scope::constant(), machine, diagnostics);
        if let Err(problem) = constant::evaluate(&initial) {
            diagnostics.push(*problem);
        }
        machine.index.variables.or_insert(&variable.name.text, machine.context.len());
        machine.context.push(Variable {
            name: variable.name.text.clone(),
            doc: variable.doc.clone(),
            ty,
            initial,
            span: variable.name.span,
        });
    }
}

/// A machine that is not declared, after so many other mistakes.
pub(super) fn unknown_machine(name: &ast::Name, all: &[Machine], found: usize) -> Diagnostic {
    let help = near(&name.text, all.iter().map(|machine| machine.name.as_str()), found)
        .unwrap_or_else(|| "add `import \"…\"` of the file that declares it".to_owned());
    Diagnostic::new(Code::UnknownPeer, name.span, format!("unknown machine `{}`", name.text)).help(help)
}

/// The symbols that others may send to a machine.
pub(super) fn inputs(machine: &Machine) -> Vec<Symbol> {
    machine.events.iter().filter(|event| !event.internal).map(|event| event.symbol.clone()).collect()
}

/// Peers: a second step, when every machine's alphabet is known.
pub(super) fn peers(
    ast: &ast::Machine,
    machine: &mut Machine,
    all: &[Machine],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut seen = Vec::new();
    for member in &ast.members {
        let MemberKind::Peer { name, machine: target } = &member.kind else { continue };
        seen.push(name);
        let Some(known) = all.iter().find(|machine| machine.name == target.text) else {
            diagnostics.push(unknown_machine(target, all, diagnostics.len()));
            continue;
        };
        machine.peers.push(Peer {
            name: name.text.clone(),
            machine: target.text.clone(),
            events: inputs(known),
            span: name.span,
        });
    }
    let spelt = seen.iter().map(|name| (&*name.text, name.span));
    // The machine itself is the other one that messages go to.
    collisions(std::iter::once(("Itself", machine.span)).chain(spelt), names::pascal, "peers", diagnostics);
    report_duplicates(seen.into_iter(), "peer", diagnostics);
}
