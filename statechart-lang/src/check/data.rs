//! Data of states and machines: parameters and fields, what starts them, and who has to give them.

use super::{
    Declared, constant, declare,
    entry::{Entry, entry},
    scope::Scope,
    states::Places,
    types,
};
use crate::{
    Code, Diagnostic, Span,
    model::{Expr, ExprKind, Local, LocalId, Machine, Pass, StateId, StateKind, Type, names},
    source::joined,
    syntax::ast::{self, MemberKind},
};

/// Declares the data of every state, in document order, with what starts them.
pub(super) fn locals(
    ast: &ast::Machine,
    machine: &mut Machine,
    places: &Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    // Types first: what starts one may refer to others.
    let mut initials: Vec<Option<&ast::Expr>> = Vec::new();
    for state in 0..machine.states.len() {
        let params =
            if state == 0 { &ast.params[..] } else { places.params.get(state).copied().unwrap_or(&[]) };
        let mut fields: Vec<&ast::Variable> = Vec::new();
        let members = if state == 0 { &[][..] } else { places.members[state] };
        for member in members {
            if let MemberKind::Context(list) = &member.kind {
                list.iter().for_each(|field| fields.push(field));
            }
        }
        if params.is_empty() && fields.is_empty() {
            continue;
        }
        let mut named: Vec<&ast::Name> = Vec::new();
        params.iter().for_each(|param| named.push(&param.name));
        fields.iter().for_each(|field| named.push(&field.name));
        let what = if state == 0 { "parameters and variables" } else { "parameters and fields" };
        let (mut declared, mut spelt) =
            (Declared::new("parameter or field"), declare::Spelt::new(names::snake, what));
        for name in &named {
            declared.add(name, diagnostics);
            spelt.add(&name.text, name.span, diagnostics);
        }
        if state == 0 {
            for variable in &machine.context {
                spelt.add(&variable.name, variable.span, diagnostics);
            }
            for name in &named {
                let Some(variable) = machine.index.variables.get(&name.text) else { continue };
                diagnostics.push(
                    Diagnostic::new(
                        Code::Duplicate,
                        name.span,
                        format!("`{}` is a parameter and a variable of the machine", name.text),
                    )
                    .also(machine.context[*variable].span, "the variable")
                    .help("rename one of them"),
                );
            }
        }
        for param in params {
            let ty = declare::ty(&param.ty, machine, diagnostics);
            push(machine, state, &param.name, String::new(), ty, true);
            initials.push(param.default.as_ref());
        }
        for field in fields {
            let ty = declare::ty(&field.ty, machine, diagnostics);
            push(machine, state, &field.name, field.doc.clone(), ty, false);
            initials.push(Some(&field.initial));
        }
    }
    for (id, initial) in initials.into_iter().enumerate() {
        let (state, ty, span) = {
            let local = &machine.locals[id];
            (local.state, local.ty.clone(), local.span)
        };
        machine.locals[id].initial = match initial {
            Some(initial) if state == 0 => {
                // Whoever starts the machine fills it in, without looking into the machine.
                let typed = types::typed(initial, Some(&ty), &Scope::constant(), machine, diagnostics);
                if let Err(problem) = constant::evaluate(&typed) {
                    diagnostics.push(*problem);
                }
                Some(typed)
            }
            Some(initial) => {
                let scope = Scope { state, before: Some(id), ..Scope::default() };
                Some(types::typed(initial, Some(&ty), &scope, machine, diagnostics))
            }
            None if matches!(ty, Type::Optional(_)) => Some(Expr { kind: ExprKind::None, ty, span }),
            None => None,
        };
    }
}

fn push(machine: &mut Machine, state: StateId, name: &ast::Name, doc: String, ty: Type, param: bool) {
    machine.states[state].locals.push(machine.locals.len());
    machine.locals.push(Local {
        name: name.text.clone(),
        doc,
        ty,
        state,
        param,
        initial: None,
        span: name.span,
    });
}

/// Data by name: of the state, then of the states around it.
pub(super) fn local(name: &str, scope: &Scope, machine: &Machine) -> Option<LocalId> {
    if machine.locals.is_empty() {
        return None;
    }
    let mut state = scope.state;
    loop {
        let found = machine.states[state].locals.iter().copied().find(|id| {
            machine.locals[*id].name == name
                && scope.before.is_none_or(|before| machine.locals[before].state != state || *id < before)
        });
        if found.is_some() || state == 0 {
            return found;
        }
        state = machine.states[state].parent;
    }
}

/// The parameters of a state, in order.
pub(super) fn params(state: StateId, machine: &Machine) -> Vec<LocalId> {
    let Some(row) = machine.states.get(state) else { return Vec::new() };
    let mut params = row.locals.clone();
    params.retain(|id| machine.locals[*id].param);
    params
}

/// What is given for the first parameters of a state.
pub(super) struct Given<'a> {
    pub(super) params: &'a [LocalId],
    pub(super) values: &'a [Expr],
}

/// The default of a parameter in the words of whoever enters the state: earlier parameters are what was given for
/// them. `None` where it reads data that the source does not have.
pub(super) fn default_seen_from(
    source: StateId,
    param: LocalId,
    given: &Given<'_>,
    machine: &Machine,
) -> Option<Expr> {
    let mut expr = machine.locals[param].initial.clone()?;
    substitute(&mut expr, source, given, machine).then_some(expr)
}

fn substitute(expr: &mut Expr, source: StateId, given: &Given<'_>, machine: &Machine) -> bool {
    if let ExprKind::Local(local) = expr.kind {
        let at = given.params.iter().position(|param| *param == local);
        if let Some(value) = at.and_then(|at| given.values.get(at)) {
            *expr = value.clone();
            return true;
        }
        let owner = machine.locals[local].state;
        return owner == source || machine.is_descendant(source, owner);
    }
    expr.operands_mut().into_iter().all(|part| substitute(part, source, given, machine))
}

/// `-> self` without values keeps those that it has.
pub(super) fn kept(state: StateId, span: Span, machine: &Machine) -> Option<Pass> {
    let mut args = Vec::new();
    for &id in &params(state, machine) {
        args.push(Expr { kind: ExprKind::Local(id), ty: machine.locals[id].ty.clone(), span });
    }
    (!args.is_empty()).then_some(Pass { state, args })
}

/// `a: Int, b: Text` of what a state needs.
fn wanted(state: StateId, machine: &Machine) -> String {
    let mut wanted = Vec::new();
    for &id in &params(state, machine) {
        wanted.push(format!("{}: {}", machine.locals[id].name, machine.locals[id].ty));
    }
    joined(&wanted, ", ")
}

/// A state with parameters that have no defaults must be given them on every way in.
pub(super) fn ways_in(machine: &Machine, places: &Places<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let needy = |state: StateId| {
        state != 0
            && machine.states[state]
                .locals
                .iter()
                .any(|id| machine.locals[*id].param && machine.locals[*id].initial.is_none())
    };
    if !machine.locals.iter().any(|local| local.state != 0 && local.param && local.initial.is_none()) {
        return;
    }
    let missing = |entry: &Entry, passes: &[Pass]| -> Vec<StateId> {
        let gives = |passes: &[Pass], state: StateId| passes.iter().any(|pass| pass.state == state);
        // What a compound state's own initial gives is given whenever that is followed.
        let initially = |state: StateId| {
            [&entry.by_default, &entry.histories]
                .iter()
                .any(|ids| ids.all().iter().any(|id| gives(&machine.states[*id].initial_passes, state)))
        };
        let mut missing = entry.states.all();
        missing.retain(|state| needy(*state) && !gives(passes, *state) && !initially(*state));
        missing
    };
    for (id, row) in machine.states.iter().enumerate() {
        if row.kind == StateKind::Compound {
            let entered = entry(machine, id, &row.initial);
            let span = initial_span(id, places).unwrap_or(row.span);
            for state in missing(&entered, &row.initial_passes) {
                if !inside_default(machine, &entered, state) {
                    report(machine, state, span, "this initial enters it", diagnostics);
                }
            }
        }
        for &history in &row.histories {
            restored(machine, id, history, &needy, diagnostics);
        }
    }
    for transition in &machine.transitions {
        if transition.targets.is_empty() {
            continue;
        }
        let entered = entry(machine, transition.domain, &transition.targets);
        for state in missing(&entered, &transition.passes) {
            // An initial or a history on the way is reported where it stands.
            let around = |history: &StateId| machine.is_descendant(state, machine.states[*history].parent);
            let by_history = entered.histories.all().iter().any(around);
            if !by_history && !inside_default(machine, &entered, state) {
                let how = if transition.targets.contains(&state) {
                    "this transition goes to it".to_owned()
                } else {
                    "this transition enters it on its way".to_owned()
                };
                report(machine, state, transition.span, &how, diagnostics);
            }
        }
    }
}

/// Whether a state is entered because an initial on the way says so.
fn inside_default(machine: &Machine, entry: &Entry, state: StateId) -> bool {
    let mut at = state;
    while at != 0 {
        at = machine.states[at].parent;
        if entry.by_default.contains(at) {
            return true;
        }
    }
    false
}

fn initial_span(state: StateId, places: &Places<'_>) -> Option<Span> {
    places.members.get(state)?.iter().find_map(|member| match member.kind {
        MemberKind::Initial { .. } => Some(member.span),
        _ => None,
    })
}

fn report(machine: &Machine, state: StateId, span: Span, how: &str, diagnostics: &mut Vec<Diagnostic>) {
    let row = &machine.states[state];
    diagnostics.push(
        Diagnostic::new(
            Code::NoPass,
            span,
            format!("`{}` is entered without values for its parameters", row.path),
        )
        .label(how)
        .also(row.span, format!("takes ({})", wanted(state, machine)))
        .help(format!(
            "go to it as `{}({})`, or give its parameters defaults: `name: Type = value`",
            row.name,
            wanted(state, machine)
        )),
    );
}

/// History restores which states were active, never their data.
fn restored(
    machine: &Machine,
    parent: StateId,
    history: StateId,
    needy: &dyn Fn(StateId) -> bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let deep = machine.states[history].kind == StateKind::History { deep: true };
    let mut candidates = machine.states[parent].children.clone();
    if deep {
        candidates.clear();
        (parent + 1..=machine.states[parent].last).for_each(|state| candidates.push(state));
    }
    if let Some(&state) = candidates.iter().find(|state| needy(**state)) {
        let row = &machine.states[history];
        diagnostics.push(
            Diagnostic::new(
                Code::NoPass,
                row.span,
                format!(
                    "history `{}` may restore `{}` without values for its parameters",
                    row.name, machine.states[state].path
                ),
            )
            .label("it restores which state was active, not its data")
            .also(machine.states[state].span, format!("takes ({})", wanted(state, machine)))
            .help("give the parameters defaults, or keep the data in the context"),
        );
    }
}
