//! What a picture shows, before any format and any place on paper: parts, edges between them, what they say
//! and how they stand out. Every format is written from this and from nothing else.

use super::label::Stroke;
use super::text::wrap;
use super::{Direction, Paint, Theme};
use crate::model::TransitionId;

/// Position of a part in [`Drawing::parts`]; 0 is the whole picture.
pub type PartId = usize;

/// A picture.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// The machine's or system's name.
    pub name: String,
    /// What it is a picture of.
    pub view: View,
    /// Where its edges run to.
    pub direction: Direction,
    /// Its colours.
    pub theme: Theme,
    /// After how many characters a label breaks, at a space.
    pub columns: usize,
    /// It asks for its states on a regular polygon and has no nesting.
    pub polygon: bool,
    /// All states are bare and shortly named: circles, and symbols in math where a format has it.
    pub blackboard: bool,
    /// The colour that a machine asks for with `#color("…")`.
    pub colour: Option<String>,
    /// A parent comes before its children.
    pub parts: Vec<Part>,
    /// In document order.
    pub edges: Vec<Edge>,
}

/// What a picture is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// One machine.
    Machine,
    /// A system, with the states of its actors.
    System,
    /// A system, only who tells whom what.
    Flow,
}

/// Something drawn: a state, an actor, a dot.
#[derive(Debug, Clone)]
pub struct Part {
    /// Unique in the picture, and close to what the spec says: the path of a state, the name of an actor.
    pub id: String,
    /// Another unique name, for what needs to tell a frame from a box.
    pub key: String,
    /// What it lies in; 0 lies in itself.
    pub parent: PartId,
    /// What lies in it, in document order. A part with any is a frame.
    pub children: Vec<PartId>,
    /// What it is.
    pub shape: Shape,
    /// What people read first.
    pub title: String,
    /// What stands smaller beside the title.
    pub subtitle: String,
    /// What it lists: entry, exit, activities, transitions that stay.
    pub lines: Vec<String>,
    /// Its border is doubled.
    pub accept: bool,
    /// A region, side by side with others: its border is dashed.
    pub region: bool,
    /// How it stands out.
    pub tone: Tone,
    /// The colour that its machine asks for.
    pub colour: Option<String>,
    /// What stands beside it.
    pub outer: Option<String>,
    /// Its documentation.
    pub doc: String,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Everything.
    Picture,
    /// A state, or a region.
    State,
    /// A final state: a double circle.
    Final,
    /// The dot that an initial arrow starts at.
    Initial,
    /// A history state: H in a circle.
    History,
    /// A deep history state: H* in a circle.
    DeepHistory,
    /// The bar of a transition with several targets.
    Fork,
    /// An actor.
    Actor,
    /// Many actors of one kind.
    Family,
    /// An outside party.
    External,
    /// An outside party that keeps things: a cylinder.
    Storage,
}

/// How something stands out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Not at all.
    Plain,
    /// A failure, or on the way to one.
    Error,
    /// As the caller wants it.
    Paint(Paint),
}

/// A line with an arrow.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Where it starts.
    pub from: PartId,
    /// Where it ends.
    pub to: PartId,
    /// The part in `from` that it really comes from, where `from` is an actor's frame.
    pub from_inner: Option<PartId>,
    /// The part in `to` that it really means, where `to` is an actor's frame.
    pub to_inner: Option<PartId>,
    /// What it is.
    pub kind: EdgeKind,
    /// What it says; several short ones between the same parts share a line.
    pub labels: Vec<Label>,
    /// How it is drawn.
    pub stroke: Stroke,
    /// How it stands out.
    pub tone: Tone,
    /// Documentation.
    pub doc: String,
    /// Against the flow: it must not pull its end below its start.
    pub against: bool,
}

/// What an edge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// From an initial dot, or to the default of a history state.
    Initial,
    /// A transition, or the part of one that leads to the bar where it forks.
    Transition,
    /// From a bar to one of several targets.
    Branch,
    /// Between the parties of a system.
    Wire,
}

/// What an edge says: `event [guard] / actions`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Label {
    /// The transition that it speaks of.
    pub transition: Option<TransitionId>,
    /// `EVENT`, `A | B`, `after 30s`, `*`; the text of a wire.
    pub event: String,
    /// Without brackets; empty when there is none.
    pub guard: String,
    /// Without the slash; empty when there are none.
    pub actions: String,
    /// What the caller adds, such as a count.
    pub note: String,
}

impl Label {
    /// `event [guard]`.
    #[must_use]
    pub fn trigger(&self) -> String {
        if self.guard.is_empty() {
            return self.event.clone();
        }
        format!("{} [{}]", self.event, self.guard).trim_start().to_owned()
    }

    /// `event [guard] / actions`, and the note.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.trigger();
        if !self.actions.is_empty() {
            text = format!("{text} / {}", self.actions).trim_start().to_owned();
        }
        if !self.note.is_empty() {
            text = format!("{text} {}", self.note).trim_start().to_owned();
        }
        text
    }

    /// The text in lines of about so many characters, the actions on lines of their own when all of it is long.
    #[must_use]
    pub fn lines(&self, columns: usize) -> Vec<String> {
        let whole = self.text();
        if whole.is_empty() {
            return Vec::new();
        }
        if whole.chars().count() <= columns.max(8) || self.actions.is_empty() {
            return wrap(&whole, columns);
        }
        let trigger = self.trigger();
        let mut lines = if trigger.is_empty() { Vec::new() } else { wrap(&trigger, columns) };
        lines.extend(wrap(&format!("/ {}", self.actions), columns));
        lines.extend(Some(self.note.clone()).filter(|note| !note.is_empty()));
        lines
    }
}

impl Edge {
    /// All that it says, in lines.
    #[must_use]
    pub fn lines(&self, columns: usize) -> Vec<String> {
        self.labels.iter().flat_map(|label| label.lines(columns)).collect()
    }
}

impl Part {
    /// A part without anything but a name, a place and a shape.
    pub(super) fn new(id: String, parent: PartId, shape: Shape) -> Self {
        Self {
            key: id.clone(),
            id,
            parent,
            children: Vec::new(),
            shape,
            title: String::new(),
            subtitle: String::new(),
            lines: Vec::new(),
            accept: false,
            region: false,
            tone: Tone::Plain,
            colour: None,
            outer: None,
            doc: String::new(),
        }
    }
}

impl Drawing {
    /// Adds a part to its parent.
    pub(super) fn add(&mut self, part: Part) -> PartId {
        let id = self.parts.len();
        if let Some(parent) = self.parts.get_mut(part.parent).filter(|_| id > 0) {
            parent.children.push(id);
        }
        self.parts.push(part);
        id
    }

    /// Whether other parts lie in it.
    #[must_use]
    pub fn is_frame(&self, id: PartId) -> bool {
        id == 0 || self.parts.get(id).is_some_and(|part| !part.children.is_empty())
    }

    /// Whether a part lies in another one, however deep; nothing lies in itself.
    #[must_use]
    pub fn lies_in(&self, part: PartId, frame: PartId) -> bool {
        part != frame && self.chain(part).contains(&frame)
    }

    /// The parts from the whole picture down to this one, both included.
    #[must_use]
    pub fn chain(&self, part: PartId) -> Vec<PartId> {
        let mut chain = vec![part];
        let mut at = part;
        while let Some(parent) = self.parts.get(at).map(|row| row.parent).filter(|parent| *parent < at) {
            chain.push(parent);
            at = parent;
        }
        chain.reverse();
        chain
    }

    /// The dot of a frame's initial arrow.
    #[must_use]
    pub fn initial_dot(&self, frame: PartId) -> Option<PartId> {
        let children = &self.parts.get(frame)?.children;
        children
            .iter()
            .copied()
            .find(|child| self.parts.get(*child).is_some_and(|part| part.shape == Shape::Initial))
    }

    /// Children that are more than dots, bars and history.
    pub(super) fn solid_children(&self, frame: PartId) -> impl DoubleEndedIterator<Item = PartId> + '_ {
        let children = self.parts.get(frame).map(|part| part.children.as_slice()).unwrap_or_default();
        children.iter().copied().filter(|child| {
            self.parts.get(*child).is_some_and(|part| {
                !matches!(part.shape, Shape::Initial | Shape::Fork | Shape::History | Shape::DeepHistory)
            })
        })
    }
}
