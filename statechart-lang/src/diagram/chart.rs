//! A machine, planned for drawing: transitions become routes between drawn points.
//!
//! Two passes: *plan*, here, notes which routes there are and which helper points they need; *draw*
//! writes frames, boxes and routes. Graphviz cannot end a line at a frame that holds the line's other
//! end (it warns and draws nonsense), so such a route starts at the frame's *any* pill and ends at its
//! initial dot, or at an entry point where the frame has no such dot.

use std::collections::{BTreeMap, BTreeSet};

use super::label::{self, Stroke};
use super::order;
use super::text::{one_line, wrap};
use super::{Mark, Options};
use crate::model::{Machine, State, StateId, StateKind, Transition};

/// A machine, planned for drawing.
pub(super) struct Chart<'a> {
    pub(super) machine: &'a Machine,
    pub(super) options: &'a Options,
    /// Before every identifier, so that machines do not collide within a system.
    pub(super) prefix: String,
    /// Whether boxes list their contents.
    pub(super) detail: bool,
    /// All states are bare and shortly named: circles.
    pub(super) blackboard: bool,
    /// Frames that need an *any* pill.
    pub(super) pills: BTreeSet<StateId>,
    /// Frames that need an entry point.
    pub(super) entries: BTreeSet<StateId>,
    /// Bars of transitions with several targets, by the frame that they are drawn in.
    pub(super) forks: BTreeMap<StateId, Vec<usize>>,
    /// Routes with the lines of their labels and their documentation, in document order.
    pub(super) routes: Vec<(Route, Vec<String>, String)>,
    /// Edges against the flow.
    pub(super) back: BTreeSet<order::Edge>,
}

/// Something a line may end at: a drawn point, and the frame whose border cuts the line off.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    pub(super) point: String,
    pub(super) frame: Option<String>,
}

/// A line between two ends; lines that agree in this share one label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route {
    pub(super) tail: End,
    pub(super) head: End,
    pub(super) stroke: Stroke,
    pub(super) error: bool,
    pub(super) mark: Option<Mark>,
    /// Against the flow: the line must not pull its head below its tail.
    pub(super) back: bool,
    /// The frame that holds both ends.
    pub(super) place: StateId,
}

impl Route {
    /// Whether the label stands in the middle of two half lines: Graphviz would put the label of a line
    /// that is cut off at a frame into the part that is not drawn.
    pub(super) fn is_split(&self, lines: &[String]) -> bool {
        !lines.is_empty() && (self.tail.frame.is_some() || self.head.frame.is_some())
    }
}

impl<'a> Chart<'a> {
    /// Lays out the lines of a machine.
    pub(super) fn plan(machine: &'a Machine, options: &'a Options, prefix: String, detail: bool) -> Self {
        let bare = |state: &State| {
            state.children.is_empty()
                && label::title(state).chars().count() <= 4
                && (!detail || label::contents(machine, state).is_empty())
        };
        let blackboard = machine.states.len() > 1 && machine.states.iter().skip(1).all(bare);
        let mut chart = Self {
            machine,
            options,
            prefix,
            detail,
            blackboard,
            pills: BTreeSet::new(),
            entries: BTreeSet::new(),
            forks: BTreeMap::new(),
            routes: Vec::new(),
            back: order::backward(machine),
        };
        chart.plan_initials();
        let mut shared = BTreeMap::new();
        for (id, transition) in label::edges(machine) {
            chart.plan_transition(id, transition, &mut shared);
        }
        chart
    }

    fn plan_initials(&mut self) {
        for (id, state) in self.machine.states.iter().enumerate() {
            for target in state.initial.iter().filter(|_| state.kind == StateKind::Compound) {
                let tail = End { point: self.point(id, "initial"), frame: None };
                let head = self.head(*target);
                let route = Route {
                    tail,
                    head,
                    stroke: Stroke::Solid,
                    error: false,
                    mark: None,
                    back: false,
                    place: id,
                };
                self.routes.push((route, Vec::new(), String::new()));
            }
        }
    }

    /// Postcondition: no route has a frame that holds its other end.
    fn plan_transition(&mut self, id: usize, transition: &Transition, shared: &mut BTreeMap<Route, usize>) {
        let source = transition.source;
        let lines = self.label_lines(transition);
        let stroke = Stroke::of(&transition.tags);
        let error = self.options.marks.is_empty()
            && transition.targets.iter().any(|target| self.state(*target).is_some_and(label::is_error));
        let mark = self.options.marks.transitions.get(&id).copied();
        let doc = one_line(&transition.doc);
        let heads: Vec<End> =
            transition.targets.iter().map(|target| self.head_from(source, *target)).collect();
        let inward = transition.targets.iter().any(|target| self.within(*target, source));
        let tail = self.tail(source, inward);
        let turned = |target: &StateId| {
            self.back.contains(&(id, *target)) || self.machine.is_descendant(source, *target)
        };
        let back: Vec<bool> = transition.targets.iter().map(turned).collect();
        let place = self.shared_frame(source, &transition.targets);
        if let ([head], [back]) = (heads.as_slice(), back.as_slice()) {
            let route = Route { tail, head: head.clone(), stroke, error, mark, back: *back, place };
            // Labels of one line each may stack on one line of the picture; longer ones would blur.
            match shared.get(&route).and_then(|at| self.routes.get_mut(*at)) {
                Some((_, stacked, docs)) if lines.len() == 1 => {
                    stacked.extend(lines);
                    if docs.is_empty() {
                        *docs = doc;
                    }
                }
                _ => {
                    if lines.len() == 1 {
                        shared.insert(route.clone(), self.routes.len());
                    }
                    self.routes.push((route, lines, doc));
                }
            }
            return;
        }
        self.forks.entry(place).or_default().push(id);
        let fork = End { point: self.fork(id), frame: None };
        self.routes.push((
            Route { tail, head: fork.clone(), stroke, error, mark, back: false, place },
            lines,
            doc,
        ));
        for (head, back) in heads.into_iter().zip(back) {
            self.routes.push((
                Route { tail: fork.clone(), head, stroke, error, mark, back, place },
                Vec::new(),
                String::new(),
            ));
        }
    }

    fn label_lines(&self, transition: &Transition) -> Vec<String> {
        let columns = self.options.wrap_columns;
        let whole = label::transition(transition, self.detail);
        if whole.chars().count() <= columns.max(8) || !self.detail || transition.actions.is_empty() {
            return wrap(&whole, columns);
        }
        let mut lines = wrap(&label::trigger(transition), columns);
        lines.extend(wrap(&format!("/ {}", label::actions(&transition.actions)), columns));
        lines
    }

    /// The innermost frame that holds a state and all of its targets, so that what is drawn in it lies
    /// outside the frames of both. The pill of a frame lies in that frame.
    fn shared_frame(&self, source: StateId, targets: &[StateId]) -> StateId {
        let chain = label::ancestry(self.machine, source);
        let outside = |frame: StateId| {
            targets.iter().all(|target| frame == 0 || self.within(*target, frame)) && self.is_frame(frame)
        };
        chain.into_iter().rev().find(|frame| outside(*frame)).unwrap_or(0)
    }

    pub(super) fn state(&self, id: StateId) -> Option<&'a State> {
        self.machine.states.get(id)
    }

    fn within(&self, state: StateId, ancestor: StateId) -> bool {
        state == ancestor && self.is_frame(ancestor) || self.machine.is_descendant(state, ancestor)
    }

    pub(super) fn is_frame(&self, id: StateId) -> bool {
        id == 0 || self.state(id).is_some_and(|state| !state.children.is_empty())
    }

    /// The name of a point that belongs to a state's frame.
    pub(super) fn point(&self, id: StateId, what: &str) -> String {
        let path = if id == 0 { "" } else { self.state(id).map_or("", |state| state.path.as_str()) };
        format!("{}{path}/{what}", self.prefix)
    }

    pub(super) fn fork(&self, id: usize) -> String {
        format!("{}/fork/{id}", self.prefix)
    }

    pub(super) fn frame(&self, id: StateId) -> String {
        format!("cluster_{}{id}", self.prefix)
    }

    /// The end of a line that comes from outside.
    pub(super) fn head(&self, id: StateId) -> End {
        let frame = self.is_frame(id).then(|| self.frame(id));
        End { point: self.head_point(id), frame }
    }

    fn head_point(&self, id: StateId) -> String {
        let mut at = id;
        // Each turn goes to a child, which comes later in document order.
        while let Some(state) = self.state(at) {
            match state.children.first() {
                Some(_) if state.kind == StateKind::Compound && !state.initial.is_empty() => {
                    return self.point(at, "initial");
                }
                Some(child) if *child > at => at = *child,
                _ => break,
            }
        }
        format!("{}{}", self.prefix, self.state(at).map_or("", |state| state.path.as_str()))
    }

    /// The end of a line from `source`, which may lie inside the target.
    fn head_from(&mut self, source: StateId, target: StateId) -> End {
        if !self.is_frame(target) || !(source == target || self.machine.is_descendant(source, target)) {
            return self.head(target);
        }
        let has_dot = self
            .state(target)
            .is_some_and(|state| state.kind == StateKind::Compound && !state.initial.is_empty());
        if has_dot {
            return End { point: self.point(target, "initial"), frame: None };
        }
        self.entries.insert(target);
        End { point: self.point(target, "entry"), frame: None }
    }

    /// The start of a line; `inward` when it leads to the source itself or below it.
    fn tail(&mut self, id: StateId, inward: bool) -> End {
        if self.is_frame(id) && (inward || id == 0) {
            self.pills.insert(id);
            return End { point: self.point(id, "any"), frame: None };
        }
        self.leaving(id)
    }

    /// The start of a line to somewhere outside the state.
    pub(super) fn leaving(&self, id: StateId) -> End {
        let frame = self.is_frame(id).then(|| self.frame(id));
        let last = self.state(id).map_or(id, |state| state.last);
        End {
            point: format!("{}{}", self.prefix, self.state(last).map_or("", |state| state.path.as_str())),
            frame,
        }
    }
}
