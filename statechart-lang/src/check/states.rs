//! Pass 2: the tree of states.

use std::rc::Rc;

use super::{history, resolve::resolve};
use crate::{
    Code, Diagnostic, Span,
    model::{Machine, State, StateId, StateKind, names},
    source::joined,
    syntax::ast::{self, MemberKind, StateKeyword},
    table::{ById, ByName},
};

/// Most targets of one transition, and regions that a message about them could name.
const TARGET_LIMIT: usize = 256;

/// What each state declares, to be read by later passes; index 0 is the root.
#[derive(Default)]
pub(super) struct Places<'a> {
    pub(super) members: Vec<&'a [Rc<ast::Member>]>,
    pub(super) params: Vec<&'a [ast::DataParam]>,
    pub(super) histories: ById<&'a ast::History>,
}

/// Builds the states in document order, then resolves their initials.
pub(super) fn build<'a>(
    ast: &'a ast::Machine,
    machine: &mut Machine,
    diagnostics: &mut Vec<Diagnostic>,
) -> Places<'a> {
    let mut places = Places::default();
    let root = State {
        name: ast.name.text.clone(),
        path: ast.name.text.clone(),
        label: machine.label.clone(),
        doc: ast.doc.clone(),
        tags: ast.tags.clone(),
        ..blank(ast.name.span)
    };
    machine.states.push(root);
    places.members.push(&ast.members);
    places.params.push(&ast.params);
    // Depth is bounded by the bracket limit of the pre-scan, and by that of fragments.
    children(0, &ast.members, machine, &mut places, diagnostics);
    for (id, state) in machine.states.iter().enumerate().skip(1) {
        machine.named.or_insert(&state.name, Vec::new()).push(id);
    }
    if machine.states.len() == 1 {
        diagnostics.push(
            Diagnostic::new(
                Code::NoInitial,
                ast.name.span,
                format!("machine `{}` has no states", ast.name.text),
            )
            .help("add at least `initial idle` and `state idle`"),
        );
    }
    for id in 0..machine.states.len() {
        kinds(id, machine, diagnostics);
    }
    for id in 0..machine.states.len() {
        initial(id, machine, &places, diagnostics);
    }
    history::defaults(machine, &places, diagnostics);
    collisions(machine, diagnostics);
    places
}

fn blank(span: Span) -> State {
    State { kind: StateKind::Atomic, span, ..State::default() }
}

fn children<'a>(
    parent: StateId,
    members: &'a [Rc<ast::Member>],
    machine: &mut Machine,
    places: &mut Places<'a>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut siblings = ByName::default();
    for member in members {
        let name = match &member.kind {
            MemberKind::State(ast) => &ast.name,
            MemberKind::History(ast) => &ast.name,
            _ => {
                misplaced(parent, member, diagnostics);
                continue;
            }
        };
        if let Some(first) = siblings.insert(&name.text, name.span) {
            diagnostics.push(
                Diagnostic::new(
                    Code::Duplicate,
                    name.span,
                    format!("state `{}` is declared twice", name.text),
                )
                .label("declared again here")
                .also(first, "declared first here")
                .help("rename or remove one of them; states of different parents may share a name"),
            );
        }
        let id = machine.states.len();
        let prefix = if parent == 0 { String::new() } else { format!("{}.", machine.states[parent].path) };
        let ast = match &member.kind {
            MemberKind::State(ast) => ast,
            MemberKind::History(ast) => {
                machine.states.push(State {
                    name: name.text.clone(),
                    path: format!("{prefix}{}", name.text),
                    label: ast.label.clone().unwrap_or_else(|| name.text.clone()),
                    doc: member.doc.clone(),
                    tags: ast.tags.clone(),
                    kind: StateKind::History { deep: ast.deep },
                    parent,
                    last: id,
                    span: name.span,
                    ..State::default()
                });
                places.members.push(&[]);
                places.params.push(&[]);
                places.histories.insert(id, ast);
                machine.states[parent].histories.push(id);
                continue;
            }
            _ => continue,
        };
        machine.states.push(State {
            name: ast.name.text.clone(),
            path: format!("{prefix}{}", ast.name.text),
            label: ast.label.clone().unwrap_or_else(|| ast.name.text.clone()),
            doc: member.doc.clone(),
            tags: ast.tags.clone(),
            kind: match ast.keyword {
                StateKeyword::Parallel => StateKind::Parallel,
                StateKeyword::Final => StateKind::Final,
                StateKeyword::State | StateKeyword::Region => StateKind::Atomic,
            },
            region: ast.keyword == StateKeyword::Region,
            accept: ast.accept,
            parent,
            ..blank(ast.name.span)
        });
        places.members.push(&ast.members);
        places.params.push(&ast.params);
        machine.states[parent].children.push(id);
        children(id, &ast.members, machine, places, diagnostics);
    }
    machine.states[parent].last = machine.states.len() - 1;
}

/// Declarations that only a machine may hold.
fn misplaced(parent: StateId, member: &ast::Member, diagnostics: &mut Vec<Diagnostic>) {
    let what = match member.kind {
        MemberKind::Input(_) => "input",
        MemberKind::Internals(_) => "internal",
        MemberKind::Output(_) => "output",
        MemberKind::Externs(_) => "extern",
        MemberKind::Peer { .. } => "peer",
        MemberKind::Limits(_) => "limits",
        MemberKind::Example { .. } => "example",
        MemberKind::Migrate { .. } => "migrate",
        // A property may be an `invariant` or a `never`: what it is called says where it stands.
        MemberKind::Property(_) => "property",
        _ => return,
    };
    if parent != 0 {
        let end = member.span.start + what.len() as u32;
        let start = Span { end: end.min(member.span.end), ..member.span };
        diagnostics.push(
            Diagnostic::new(
                Code::Misplaced,
                start,
                format!("`{what}` belongs to the machine, not to a state"),
            )
            .help("move it to the top of the machine"),
        );
    }
}

/// Settles what a state is, now that its children are known.
fn kinds(id: StateId, machine: &mut Machine, diagnostics: &mut Vec<Diagnostic>) {
    let state = &machine.states[id];
    if matches!(state.kind, StateKind::History { .. }) {
        return;
    }
    let (regions, others): (Vec<StateId>, Vec<StateId>) =
        state.children.iter().partition(|child| machine.states[**child].region);
    let kind = match state.kind {
        StateKind::Final if !state.children.is_empty() => {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadFinal,
                    state.span,
                    format!("final state `{}` has children", state.name),
                )
                .help("a final state ends its parent: nothing happens inside it"),
            );
            StateKind::Final
        }
        StateKind::Final => StateKind::Final,
        _ if !regions.is_empty() && !others.is_empty() => {
            let other = &machine.states[others[0]];
            diagnostics.push(
                Diagnostic::new(
                    Code::BadParallel,
                    other.span,
                    format!("state `{}` stands beside regions", other.name),
                )
                .also(machine.states[regions[0]].span, "a region")
                .help("a parallel state holds only regions: make it a `region`, or move it into one"),
            );
            StateKind::Parallel
        }
        StateKind::Parallel if regions.is_empty() => {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadParallel,
                    state.span,
                    format!("parallel state `{}` has no regions", state.name),
                )
                .help("add `region name { … }`; each region is active while the state is"),
            );
            StateKind::Parallel
        }
        // A region that holds regions is itself parallel.
        _ if !regions.is_empty() && id != 0 && state.kind != StateKind::Parallel && !state.region => {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadParallel,
                    state.span,
                    format!("state `{}` holds regions", state.name),
                )
                .label("declared as `state`")
                .help(format!("write `parallel {}`", state.name)),
            );
            StateKind::Parallel
        }
        _ if !regions.is_empty() => StateKind::Parallel,
        _ if state.children.is_empty() => StateKind::Atomic,
        _ => StateKind::Compound,
    };
    machine.states[id].kind = kind;
}

/// Resolves `initial`; a compound state must have one.
fn initial(id: StateId, machine: &mut Machine, places: &Places<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let state = &machine.states[id];
    let mut declared = places.members[id].iter().filter_map(|member| match &member.kind {
        MemberKind::Initial { places, .. } => Some((places, member.span)),
        _ => None,
    });
    let first = declared.next();
    if let Some((_, span)) = declared.next() {
        diagnostics.push(
            Diagnostic::new(Code::Duplicate, span, format!("`{}` has two initials", state.name))
                .help("keep one; several targets in orthogonal regions are separated by commas"),
        );
    }
    match (state.kind, first) {
        (StateKind::Compound, None) => {
            let child = &machine.states[state.children[0]].name;
            diagnostics.push(
                Diagnostic::new(
                    Code::NoInitial,
                    state.span,
                    format!("`{}` has no initial state", state.name),
                )
                .label("which of its states is entered first?")
                .help(format!("add `initial {child}`")),
            );
        }
        // It is malformed, which was reported.
        (_, Some((paths, _))) if paths.is_empty() => {}
        (StateKind::Compound, Some((paths, span))) => {
            let mut targets = Vec::new();
            for path in paths.iter().map(|place| &place.path) {
                let Some(target) = resolve(path, id, machine, diagnostics) else { continue };
                if machine.is_descendant(target, id) {
                    targets.push(target);
                } else {
                    let inside: Vec<&str> = machine.states[id]
                        .children
                        .iter()
                        .map(|child| machine.states[*child].name.as_str())
                        .collect();
                    diagnostics.push(
                        Diagnostic::new(
                            Code::BadInitial,
                            path.span,
                            format!("`{}` is not inside `{}`", path.text(), machine.states[id].name),
                        )
                        .help(format!("choose one of `{}`", joined(&inside, "`, `"))),
                    );
                }
            }
            report_conflicts(&targets, span, machine, diagnostics);
            machine.states[id].initial = targets;
        }
        (_, Some((_, span))) => diagnostics.push(
            Diagnostic::new(Code::BadInitial, span, format!("`{}` needs no initial", state.name))
                .label(match state.kind {
                    StateKind::Parallel => "all regions of a parallel state are entered",
                    _ => "it has no states inside",
                })
                .help("remove it"),
        ),
        (_, None) => {}
    }
}

/// Several targets must lie in different regions of a parallel state, pairwise.
pub(super) fn report_conflicts(
    targets: &[StateId],
    span: Span,
    machine: &Machine,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if targets.len() > TARGET_LIMIT {
        diagnostics.push(
            Diagnostic::new(Code::TooLarge, span, format!("more than {TARGET_LIMIT} targets"))
                .help("go to the parallel state, whose regions are entered with it"),
        );
        return;
    }
    // A history stands for anything inside its parent.
    let stands_for = |state: StateId| {
        if machine.is_history(state) { machine.states[state].parent } else { state }
    };
    for (at, &a) in targets.iter().enumerate() {
        for &b in &targets[at + 1..] {
            let mut common = machine.states[a].parent;
            while !(machine.is_descendant(b, common) || common == b) && common != 0 {
                common = machine.states[common].parent;
            }
            let (inner_a, inner_b) = (stands_for(a), stands_for(b));
            let nested = inner_a == inner_b
                || machine.is_descendant(inner_a, inner_b)
                || machine.is_descendant(inner_b, inner_a);
            if nested || machine.states[common].kind != StateKind::Parallel {
                diagnostics.push(
                    Diagnostic::new(
                        Code::BadTargets,
                        span,
                        format!(
                            "`{}` and `{}` cannot be active together",
                            machine.states[a].path, machine.states[b].path
                        ),
                    )
                    .help("several targets must lie in different regions of one parallel state"),
                );
            }
        }
    }
}

/// Two paths that Rust would spell alike.
fn collisions(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: ByName<StateId> = ByName::default();
    for (id, state) in machine.states.iter().enumerate().skip(1) {
        if let Some(first) = seen.insert(names::pascal(&state.path), id) {
            let other = &machine.states[first];
            if other.path != state.path {
                diagnostics.push(
                    Diagnostic::new(
                        Code::Collision,
                        state.span,
                        format!(
                            "the states `{}` and `{}` are both `{}` in Rust",
                            other.path,
                            state.path,
                            names::pascal(&state.path)
                        ),
                    )
                    .also(other.span, "the other one")
                    .help("rename one of them"),
                );
            }
        }
    }
}
