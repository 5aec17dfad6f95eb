//! Pictures of machines and systems: Graphviz, SVG, TikZ, Mermaid, PlantUML and JSON, as text.
//!
//! ```text
//! Machine ─machine─┐
//!                  ├─▶ Drawing ─┬─dot, mermaid, plantuml, json─▶ text
//! System ──system──┘            └─scene─▶ Scene ──svg, tikz────▶ text
//! ```
//!
//! A [`Drawing`] says what is shown; a scene says where. Every format is written from one of the two and from
//! nothing else.
//!
//! | in the spec | in the picture |
//! |---|---|
//! | state | a rounded box with its label; below it entry, exit, `do`, `defer`, targetless transitions |
//! | a machine of bare, shortly named states | circles, as on a blackboard |
//! | compound state, region | a frame; regions have a dashed one |
//! | `initial` | a filled dot with an arrow |
//! | `history` | H or H* in a circle, an arrow to its default |
//! | `final` | a double circle |
//! | `accept` | a doubled border |
//! | `#error`, `#alarm`, or the name `error` | tinted red, with the edges that lead there |
//! | `always` | an edge labelled `*` |
//! | `#continuous` | a dotted edge |
//! | `#cross` | a dashed edge |
//! | a compound state's transition into itself | an edge from a pill that reads *any* |
//! | several targets | a bar that forks |
//! | `#outer("text")` on a state | the text beside the state |
//! | `#polygon` on a machine without nesting and history | its states on a regular polygon |
//! | `#color("lightblue")` on a machine | the fill of its states, in [`Theme::Documents`] |
//!
//! Equal input gives equal bytes: a picture may be committed and compared.

mod dot;
mod drawing;
mod font;
mod json;
pub(crate) mod label;
mod machine;
mod mermaid;
mod order;
mod plantuml;
mod polygon;
mod routes;
mod scene;
mod svg;
mod system;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod tikz;

use std::collections::BTreeMap;

pub use drawing::{Drawing, Edge, EdgeKind, Label, Part, PartId, Shape, Tone, View};
pub use label::Stroke;

use crate::model::{Machine, Model, StateId, System, TransitionId};

/// How a picture is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the edges run to.
    pub direction: Direction,
    /// The colours.
    pub theme: Theme,
    /// Whether actions, entry and exit lists, activities and deferred events are shown. Pictures of
    /// whole systems never show them.
    pub actions: bool,
    /// After how many characters a label breaks, at a space. At least 8.
    pub wrap_columns: usize,
    /// In a system: only who tells whom what, without the actors' states.
    pub messages_only: bool,
    /// States and transitions of a machine that stand out. With any, nothing is tinted for being an error.
    pub highlight: Highlight,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            direction: Direction::Down,
            theme: Theme::Plain,
            actions: true,
            wrap_columns: 30,
            messages_only: false,
            highlight: Highlight::default(),
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

/// The colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Quiet greys and blues on white.
    #[default]
    Plain,
    /// A colour for each machine that asks for one with `#color("…")`, light blue for the others; the wires of
    /// each sender in a colour of their own.
    Documents,
    /// Light lines on a dark page.
    Dark,
}

/// What stands out in a picture of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Highlight {
    /// States.
    pub states: BTreeMap<StateId, Paint>,
    /// Transitions that lead somewhere; others are lines in their state's box.
    pub transitions: BTreeMap<TransitionId, Paint>,
}

impl Highlight {
    fn is_empty(&self) -> bool {
        self.states.is_empty() && self.transitions.is_empty()
    }
}

/// How something stands out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paint {
    /// Its colour.
    pub hue: Hue,
    /// How many times as wide as usual its line is: 1 to 5.
    pub weight: u8,
    /// What is added to the label of a transition, such as `×12`; may be empty.
    pub note: String,
}

impl From<Hue> for Paint {
    fn from(hue: Hue) -> Self {
        Self { hue, weight: 1, note: String::new() }
    }
}

/// A colour, which each theme renders in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hue {
    /// Added, covered.
    Green,
    /// Removed, missed.
    Red,
    /// Changed, partly covered.
    Orange,
    /// Pointed at.
    Blue,
    /// Of no interest.
    Grey,
}

impl Hue {
    /// `green` and so on.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Blue => "blue",
            Self::Grey => "grey",
        }
    }
}

/// How the parts of a picture are placed, in formats that say where everything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// On a polygon where the machine asks for one with `#polygon`, else in layers.
    #[default]
    Auto,
    /// In layers along the flow.
    Layered,
    /// Along a row.
    Row,
    /// On a regular polygon.
    Polygon,
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// More than can be laid out.
    TooLarge {
        /// Parts and edges.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// States in states have no place on a row or a polygon, and history none on a polygon.
    Nested(Layout),
}

impl std::error::Error for Error {}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge { count, limit } => write!(
                f,
                "the picture has {count} states and edges, and at most {limit} are laid out: draw single machines, or take the format `dot` and Graphviz"
            ),
            Self::Nested(Layout::Row) => write!(
                f,
                "a machine with states in states, or a system, has no place on a row: take the layout `layered`"
            ),
            Self::Nested(_) => write!(
                f,
                "a machine with states in states or with history, or a system, has no place on a polygon: take the layout `layered`"
            ),
        }
    }
}

/// What reads a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// SVG, laid out here.
    Svg,
    /// A LaTeX document with a TikZ picture.
    Tikz,
    /// Graphviz DOT.
    Dot,
    /// Mermaid.
    Mermaid,
    /// PlantUML.
    PlantUml,
    /// JSON.
    Json,
}

impl Format {
    /// How the names of its files end.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Tikz => "tex",
            Self::Dot => "dot",
            Self::Mermaid => "mmd",
            Self::PlantUml => "puml",
            Self::Json => "json",
        }
    }
}

/// A machine as a drawing.
#[must_use]
pub fn drawing(machine: &Machine, options: &Options) -> Drawing {
    machine::drawing(machine, options)
}

/// A system as a drawing: a frame for each actor with the states of its machine (or a box, with
/// [`Options::messages_only`]), boxes and cylinders for the outside parties, and the wires.
#[must_use]
pub fn drawing_of_system(model: &Model, system: &System, options: &Options) -> Drawing {
    system::drawing(model, system, options)
}

/// What of a file is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Views {
    /// Its own machines, and of its systems the states of all actors and the flow of messages.
    #[default]
    All,
    /// Only its machines, its systems, or its systems' flows.
    Only(View),
}

/// The pictures of a file, each with a name made of the file's stem: a lone machine has the stem itself, the flow
/// of a system ends in `_messages`.
#[must_use]
pub fn pictures(model: &Model, stem: &str, views: Views, options: &Options) -> Vec<(String, Drawing)> {
    let wanted = |view| views == Views::All || views == Views::Only(view);
    let machines: Vec<_> = model.own_machines().collect();
    let mut pictures = Vec::new();
    for machine in machines.iter().filter(|_| wanted(View::Machine)) {
        let suffix = if machines.len() == 1 { String::new() } else { format!("_{}", machine.name) };
        pictures.push((format!("{stem}{suffix}"), drawing(machine, options)));
    }
    for system in &model.systems {
        let alone = machines.is_empty() && model.systems.len() == 1;
        let suffix = if alone { String::new() } else { format!("_{}", system.name) };
        for (view, messages_only, end) in [(View::System, false, ""), (View::Flow, true, "_messages")] {
            if wanted(view) {
                let options = Options { messages_only, ..options.clone() };
                pictures.push((format!("{stem}{suffix}{end}"), drawing_of_system(model, system, &options)));
            }
        }
    }
    pictures
}

/// A drawing as text. The layout matters to formats that say where everything is.
///
/// # Errors
///
/// When a drawing cannot be laid out that way.
pub fn text(drawing: &Drawing, format: Format, layout: Layout) -> Result<String, Error> {
    Ok(match format {
        Format::Svg => svg::write(drawing, &scene::Scene::new(drawing, layout)?),
        Format::Tikz => tikz::write(drawing, layout)?,
        Format::Dot => dot::write(drawing),
        Format::Mermaid => mermaid::write(drawing),
        Format::PlantUml => plantuml::write(drawing),
        Format::Json => json::write(drawing),
    })
}

/// A machine as a Graphviz `digraph`.
#[must_use]
pub fn dot(machine: &Machine, options: &Options) -> String {
    dot::write(&drawing(machine, options))
}
