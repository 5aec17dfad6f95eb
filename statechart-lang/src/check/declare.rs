//! Pass 1: alphabets, context, externs and peers.

use super::{Declared, claims, constant, known::Known, near, scope::Scope, types};
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
    let (mut outputs, mut externs): (_, Vec<&ast::Extern>) = (Vec::new(), Vec::new());
    for member in &ast.members {
        match &member.kind {
            MemberKind::Input(list) => inputs.extend(list),
            MemberKind::Internals(list) => internals.extend(list),
            MemberKind::Output(list) => outputs.extend(list),
            MemberKind::Externs(list) => list.iter().for_each(|item| externs.push(item)),
            _ => {}
        }
    }
    let mut types = Declared::new("type");
    for item in &externs {
        let ast::Extern::Type(name) = item else { continue };
        types.add(name, diagnostics);
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
    let (mut declared, mut spelt) = (Declared::new("output"), Spelt::new(names::pascal, "outputs"));
    for symbol in outputs {
        declared.add(&symbol.name, diagnostics);
        let symbol = self::symbol(symbol, &machine, diagnostics);
        spelt.add(&symbol.name, symbol.span, diagnostics);
        machine.index.outputs.or_insert(&symbol.name, machine.outputs.len());
        machine.outputs.push(symbol);
    }
    let (mut declared, mut spelt) = (Declared::new("event"), Spelt::new(names::pascal, "events"));
    for (list, internal) in [(&inputs, false), (&internals, true)] {
        for symbol in list {
            declared.add(&symbol.name, diagnostics);
            let symbol = self::symbol(symbol, &machine, diagnostics);
            spelt.add(&symbol.name, symbol.span, diagnostics);
            machine.index.events.or_insert(&symbol.name, machine.events.len());
            machine.events.push(Event { symbol, internal });
        }
    }
    functions(&externs, &mut machine, diagnostics);
    let mut spelt = Spelt::new(names::pascal, "actions");
    for action in &machine.actions {
        spelt.add(&action.name, action.span, diagnostics);
    }
    let mut spelt = Spelt::new(names::pascal, "services");
    for service in &machine.services {
        spelt.add(&service.function.name, service.function.span, diagnostics);
    }
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
    let (mut declared, mut spelt) = (Declared::new("field"), Spelt::new(names::snake, "fields"));
    let mut fields = Vec::new();
    for field in &ast.fields {
        declared.add(&field.name, diagnostics);
        spelt.add(&field.name.text, field.name.span, diagnostics);
        fields.push(Field { name: field.name.text.clone(), ty: ty(&field.ty, machine, diagnostics) });
    }
    Symbol { name: ast.name.text.clone(), doc: ast.doc.clone(), fields, span: ast.name.span }
}

/// Names as Rust spells them: two may become one.
pub(super) struct Spelt<'a> {
    rust: fn(&str) -> String,
    what: &'a str,
    seen: ByName<(String, Span)>,
}

impl<'a> Spelt<'a> {
    pub(super) fn new(rust: fn(&str) -> String, what: &'a str) -> Self {
        Self { rust, what, seen: ByName::default() }
    }

    /// Adds a name, and reports it where another one is spelt alike.
    pub(super) fn add(&mut self, name: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) {
        let (rust, what) = ((self.rust)(name), self.what);
        let (first, other) = self.seen.or_insert(rust.as_str(), (name.to_owned(), span));
        if first != name {
            let message = format!("the {what} `{first}` and `{name}` are both `{rust}` in Rust");
            let found = Diagnostic::new(Code::Collision, span, message);
            diagnostics.push(found.also(*other, "the other one").help("rename one of them"));
        }
    }
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
            let mut known: Vec<&str> = Vec::new();
            for (built_in, ty) in &BUILT_IN {
                if built_in == name {
                    return ty.clone();
                }
                known.push(built_in);
            }
            for ty in &machine.types {
                if ty.name == *name {
                    return Type::Extern(name.clone());
                }
                known.push(&ty.name);
            }
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
        let mut params = Vec::new();
        for (name, param) in &function.params {
            params.push((name.as_ref().map(|name| name.text.clone()), ty(param, machine, diagnostics)));
        }
        let typed = ExternFn {
            name: function.name.text.clone(),
            doc: function.doc.clone(),
            params,
            span: function.name.span,
        };
        match item {
            ast::Extern::Guard(_) => machine.guards.push(typed),
            ast::Extern::Action(_) => machine.actions.push(typed),
            ast::Extern::Service { streams, successes, failures, .. } => {
                let reports_nothing = successes.is_empty() && failures.is_empty();
                let mut declared = Declared::new("outcome");
                for name in [successes, failures].into_iter().flatten() {
                    declared.add(name, diagnostics);
                }
                let mut events = |names: &[ast::Name]| {
                    let mut events = Vec::new();
                    for name in names {
                        events.extend(event(name, machine, diagnostics));
                    }
                    events
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
    let mut variables: Vec<&ast::Variable> = Vec::new();
    for member in &ast.members {
        if let MemberKind::Context(list) = &member.kind {
            list.iter().for_each(|variable| variables.push(variable));
        }
    }
    let (mut declared, mut spelt) = (Declared::new("variable"), Spelt::new(names::snake, "variables"));
    for variable in variables {
        declared.add(&variable.name, diagnostics);
        spelt.add(&variable.name.text, variable.name.span, diagnostics);
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
pub(super) fn unknown_machine(name: &ast::Name, all: &[Known], found: usize) -> Diagnostic {
    let help = near(&name.text, all.iter().map(|machine| machine.name.as_str()), found)
        .unwrap_or_else(|| "add `import \"…\"` of the file that declares it".to_owned());
    Diagnostic::new(Code::UnknownPeer, name.span, format!("unknown machine `{}`", name.text)).help(help)
}

/// Peers: a second step, when every machine's alphabet is known.
pub(super) fn peers(
    ast: &ast::Machine,
    machine: &mut Machine,
    all: &[Known],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (mut declared, mut spelt) = (Declared::new("peer"), Spelt::new(names::pascal, "peers"));
    // The machine itself is the other one that messages go to.
    spelt.add("Itself", machine.span, diagnostics);
    for member in &ast.members {
        let MemberKind::Peer { name, machine: target } = &member.kind else { continue };
        declared.add(name, diagnostics);
        spelt.add(&name.text, name.span, diagnostics);
        let Some(known) = all.iter().find(|machine| machine.name == target.text) else {
            diagnostics.push(unknown_machine(target, all, diagnostics.len()));
            continue;
        };
        machine.peers.push(Peer {
            name: name.text.clone(),
            machine: target.text.clone(),
            events: known.inputs.clone(),
            span: name.span,
        });
    }
}
