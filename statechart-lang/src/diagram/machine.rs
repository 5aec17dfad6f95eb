//! A machine as a drawing.

use std::collections::{BTreeMap, BTreeSet};

use super::drawing::{Drawing, Edge, EdgeKind, Label, Part, PartId, Shape, Tone, View};
use super::label::{self, Stroke};
use super::text::one_line;
use super::{Options, order};
use crate::model::{Machine, State, StateId, StateKind, Transition, TransitionId};

/// A picture without parts but the whole.
pub(super) fn empty(name: &str, view: View, options: &Options) -> Drawing {
    let mut drawing = Drawing {
        name: name.to_owned(),
        view,
        direction: options.direction,
        theme: options.theme,
        columns: options.wrap_columns.max(8),
        polygon: false,
        blackboard: false,
        colour: None,
        parts: Vec::new(),
        edges: Vec::new(),
    };
    drawing.add(Part::new(String::new(), 0, Shape::Picture));
    drawing
}

/// The whole machine.
pub(super) fn drawing(machine: &Machine, options: &Options) -> Drawing {
    let mut drawing = empty(&machine.name, View::Machine, options);
    let detail = options.actions;
    let bare = |state: &State| {
        state.children.is_empty()
            && label::title(state).chars().count() <= 4
            && (!detail || label::contents(machine, state).is_empty())
    };
    let flat = machine.states.iter().skip(1).all(|state| state.children.is_empty())
        && machine.states.iter().all(|state| state.histories.is_empty());
    drawing.blackboard = machine.states.len() > 1 && machine.states.iter().skip(1).all(bare);
    drawing.polygon = machine.tags.iter().any(|tag| tag.name == "polygon")
        && flat
        && (3..=24).contains(&(machine.states.len().saturating_sub(1)));
    drawing.colour = colour(machine);
    let title = one_line(&machine.label);
    if let Some(root) = drawing.parts.first_mut() {
        root.title = if title.is_empty() { one_line(&machine.name) } else { title };
        root.subtitle = if root.title == machine.name { String::new() } else { one_line(&machine.name) };
        root.lines = machine
            .states
            .first()
            .filter(|_| detail)
            .map_or_else(Vec::new, |row| label::contents(machine, row));
        root.doc = one_line(&machine.doc);
        root.key = "0".to_owned();
    }
    Adding { drawing: &mut drawing, machine, options, prefix: String::new(), detail, of: Vec::new() }.run(0);
    drawing
}

/// The text of `#color("…")`.
pub(super) fn colour(machine: &Machine) -> Option<String> {
    machine.tags.iter().find(|tag| tag.name == "color").and_then(|tag| tag.text.clone())
}

/// Adds a machine's states and transitions to a frame; returns the part of each state.
pub(super) fn add(
    drawing: &mut Drawing,
    machine: &Machine,
    options: &Options,
    prefix: String,
    frame: PartId,
) -> Vec<PartId> {
    Adding { drawing, machine, options, prefix, detail: false, of: Vec::new() }.run(frame)
}

struct Adding<'a> {
    drawing: &'a mut Drawing,
    machine: &'a Machine,
    options: &'a Options,
    /// Before every name, so that machines do not collide within a system.
    prefix: String,
    /// Whether boxes list their contents and edges their actions.
    detail: bool,
    /// The part of each state.
    of: Vec<PartId>,
}

impl Adding<'_> {
    fn run(mut self, frame: PartId) -> Vec<PartId> {
        for (id, state) in self.machine.states.iter().enumerate() {
            let part = if id == 0 { frame } else { self.state(id, state) };
            self.of.push(part);
            if state.kind == StateKind::Compound && !state.initial.is_empty() {
                let dot = format!("{}{}/initial", self.prefix, if id == 0 { "" } else { &state.path });
                self.drawing.add(Part::new(dot, part, Shape::Initial));
            }
        }
        self.initials();
        let back = order::backward(self.machine);
        let mut shared = BTreeMap::new();
        for (id, transition) in label::edges(self.machine) {
            self.transition(id, transition, &back, &mut shared);
        }
        self.of
    }

    fn part(&self, state: StateId) -> PartId {
        self.of.get(state).copied().unwrap_or(0)
    }

    fn state(&mut self, id: StateId, state: &State) -> PartId {
        let shape = match state.kind {
            StateKind::Final => Shape::Final,
            StateKind::History { deep: false } => Shape::History,
            StateKind::History { deep: true } => Shape::DeepHistory,
            _ => Shape::State,
        };
        let parent = self.part(state.parent.min(id.saturating_sub(1)));
        let mut part = Part::new(format!("{}{}", self.prefix, state.path), parent, shape);
        part.key = format!("{}{id}", self.prefix);
        part.title = label::title(state);
        if self.detail {
            part.lines = label::contents(self.machine, state);
        }
        part.accept = state.accept;
        part.region = state.region;
        part.tone = self.state_tone(id, state);
        part.outer = state
            .tags
            .iter()
            .find(|tag| tag.name == "outer")
            .and_then(|tag| tag.text.as_deref())
            .map(one_line);
        part.doc = one_line(&state.doc);
        self.drawing.add(part)
    }

    fn state_tone(&self, id: StateId, state: &State) -> Tone {
        let highlight = &self.options.highlight;
        if highlight.is_empty() {
            return if label::is_error(state) { Tone::Error } else { Tone::Plain };
        }
        highlight.states.get(&id).map_or(Tone::Plain, |paint| Tone::Paint(paint.clone()))
    }

    fn initials(&mut self) {
        for (id, state) in self.machine.states.iter().enumerate() {
            let from = match state.kind {
                StateKind::Compound => self.drawing.initial_dot(self.part(id)),
                StateKind::History { .. } => Some(self.part(id)),
                _ => None,
            };
            let Some(from) = from else { continue };
            let actions = if self.detail { label::actions(&state.initial_actions) } else { String::new() };
            for target in &state.initial {
                let label = Label { actions: actions.clone(), ..Label::default() };
                self.drawing.edges.push(Edge {
                    from,
                    to: self.part(*target),
                    from_inner: None,
                    to_inner: None,
                    kind: EdgeKind::Initial,
                    labels: Some(label).filter(|label| !label.actions.is_empty()).into_iter().collect(),
                    stroke: Stroke::Solid,
                    tone: Tone::Plain,
                    doc: String::new(),
                    against: false,
                });
            }
        }
    }

    fn transition(
        &mut self,
        id: TransitionId,
        transition: &Transition,
        back: &BTreeSet<order::Edge>,
        shared: &mut BTreeMap<(PartId, PartId, Stroke, Tone), usize>,
    ) {
        let source = transition.source;
        let stroke = Stroke::of(&transition.tags);
        let tone = self.edge_tone(id, transition);
        let label = self.label(id, transition, &tone);
        let against =
            |target: &StateId| back.contains(&(id, *target)) || self.machine.is_descendant(source, *target);
        let edge = |from, to, kind, labels, against| Edge {
            from,
            to,
            from_inner: None,
            to_inner: None,
            kind,
            labels,
            stroke,
            tone: tone.clone(),
            doc: one_line(&transition.doc),
            against,
        };
        let from = self.part(source);
        if let [target] = transition.targets.as_slice() {
            let to = self.part(*target);
            // Labels of one line each may stack on one line of the picture; longer ones would blur.
            let short = label.lines(self.drawing.columns).len() <= 1;
            let key = (from, to, stroke, tone.clone());
            let known = shared.get(&key).copied().filter(|_| short);
            if let Some(row) = known.and_then(|at| self.drawing.edges.get_mut(at)) {
                row.labels.push(label);
                if row.doc.is_empty() {
                    row.doc = one_line(&transition.doc);
                }
                return;
            }
            if short {
                shared.insert(key, self.drawing.edges.len());
            }
            let row = edge(from, to, EdgeKind::Transition, vec![label], against(target));
            self.drawing.edges.push(row);
            return;
        }
        let frame = self.common_frame(from, &transition.targets);
        let fork = Part::new(format!("{}/fork/{id}", self.prefix), frame, Shape::Fork);
        let fork = self.drawing.add(fork);
        let mut rows = vec![edge(from, fork, EdgeKind::Transition, vec![label], false)];
        for target in &transition.targets {
            rows.push(edge(fork, self.part(*target), EdgeKind::Branch, Vec::new(), against(target)));
        }
        self.drawing.edges.extend(rows);
    }

    /// The innermost frame that holds a transition's source and all of its targets.
    fn common_frame(&self, from: PartId, targets: &[StateId]) -> PartId {
        let holds = |frame: &PartId| {
            targets.iter().all(|target| {
                let target = self.part(*target);
                target == *frame || self.drawing.lies_in(target, *frame)
            })
        };
        let chain = self.drawing.chain(from);
        chain.into_iter().rev().filter(|frame| self.drawing.is_frame(*frame)).find(holds).unwrap_or(0)
    }

    fn edge_tone(&self, id: TransitionId, transition: &Transition) -> Tone {
        let highlight = &self.options.highlight;
        if !highlight.is_empty() {
            return highlight.transitions.get(&id).map_or(Tone::Plain, |paint| Tone::Paint(paint.clone()));
        }
        let state = |target: &StateId| self.machine.states.get(*target);
        let fails = transition.targets.iter().any(|target| state(target).is_some_and(label::is_error));
        if fails { Tone::Error } else { Tone::Plain }
    }

    fn label(&self, id: TransitionId, transition: &Transition, tone: &Tone) -> Label {
        let whole = label::label(transition);
        Label {
            transition: Some(id),
            actions: if self.detail { whole.actions } else { String::new() },
            note: match tone {
                Tone::Paint(paint) => one_line(&paint.note),
                _ => String::new(),
            },
            ..whole
        }
    }
}
