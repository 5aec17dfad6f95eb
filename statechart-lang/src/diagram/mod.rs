//! Pictures of machines and systems: Graphviz DOT and Mermaid, as text.
//!
//! ```text
//! Machine ──label─────▶ what an edge says, what a state's box lists
//!         ──order─────▶ which edges run against the flow
//!         ──chart─────▶ routes between points ──draw, polygon, dot──▶ digraph
//!         ──mermaid───▶ stateDiagram-v2
//! System  ──system────▶ a chart for each actor, wires ──draw, dot──▶ digraph
//!         ──mermaid───▶ flowchart
//! ```
//!
//! | in the spec | in the picture |
//! |---|---|
//! | state | a rounded box with its label; below it entry, exit, `do`, `defer`, targetless transitions |
//! | a machine of bare, shortly named states | circles, as on a blackboard |
//! | compound state, region | a frame; regions have a dashed one |
//! | `initial` | a filled dot with an arrow |
//! | `final` | a double circle |
//! | `accept` | a doubled border |
//! | `#error`, `#alarm`, or the name `error` | tinted red, with the edges that lead there |
//! | `always` | an edge labelled `*` |
//! | `#continuous` | a dotted edge |
//! | `#cross` | a dashed edge |
//! | a compound state's transition into itself | an edge from a pill that reads *any* |
//! | several targets | a bar that forks |
//! | `#outer("text")` on a state | the text beside the state |
//! | `#polygon` on a machine without nesting | its states on a regular polygon |
//!
//! Nothing here can fail, and equal input gives equal bytes: a picture may be committed and compared.

mod chart;
mod dot;
mod draw;
pub(crate) mod label;
mod mermaid;
mod order;
mod polygon;
mod system;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use crate::model::{Machine, Model, StateId, System, TransitionId};

/// How a picture is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the edges run to.
    pub direction: Direction,
    /// Whether actions, entry and exit lists, activities and deferred events are shown. Pictures of
    /// whole systems never show them.
    pub actions: bool,
    /// After how many characters a label breaks, at a space. At least 8.
    pub wrap_columns: usize,
    /// In a system: only who tells whom what, without the actors' states.
    pub messages_only: bool,
    /// States and transitions of a machine that stand out. With any, nothing is tinted for being an error.
    pub marks: Marks,
}

/// What stands out in a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// States.
    pub states: BTreeMap<StateId, Mark>,
    /// Transitions that lead somewhere; others are lines in their state's box.
    pub transitions: BTreeMap<TransitionId, Mark>,
}

impl Marks {
    fn is_empty(&self) -> bool {
        self.states.is_empty() && self.transitions.is_empty()
    }
}

/// How something stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Green.
    Added,
    /// Red.
    Removed,
    /// Orange.
    Changed,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            direction: Direction::Down,
            actions: true,
            wrap_columns: 30,
            messages_only: false,
            marks: Marks::default(),
        }
    }
}

/// Where the edges of a picture run to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// From top to bottom; regions lie side by side.
    #[default]
    Down,
    /// From left to right; regions lie below each other.
    Right,
}

/// A machine as a Graphviz `digraph`.
#[must_use]
pub fn dot(machine: &Machine, options: &Options) -> String {
    dot::graph(machine, options)
}

/// A system as a Graphviz `digraph`: a frame for each actor with the states of its machine (or a box,
/// with [`Options::messages_only`]), boxes and cylinders for the outside parties, and the wires.
#[must_use]
pub fn dot_system(model: &Model, system: &System, options: &Options) -> String {
    system::graph(model, system, options)
}

/// A machine as a Mermaid `stateDiagram-v2`.
#[must_use]
pub fn mermaid(machine: &Machine) -> String {
    mermaid::state_diagram(machine)
}

/// A system as a Mermaid `flowchart`; of the options only [`Options::direction`] and
/// [`Options::messages_only`] are used.
#[must_use]
pub fn mermaid_system(model: &Model, system: &System, options: &Options) -> String {
    mermaid::system(model, system, options)
}
