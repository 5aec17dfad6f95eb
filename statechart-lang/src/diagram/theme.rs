//! The colours of each theme. They are a picture's only difference between themes.

use super::drawing::{Drawing, Part, PartId, Shape, Tone};
use super::{Hue, Paint, Theme};

/// Border, fill and text of a box; of a line, the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) line: &'static str,
    pub(super) fill: &'static str,
    pub(super) text: &'static str,
}

const fn ink(line: &'static str, fill: &'static str, text: &'static str) -> Ink {
    Ink { line, fill, text }
}

/// What a theme says.
#[derive(Debug)]
pub(super) struct Palette {
    pub(super) page: &'static str,
    /// Frames in frames take turns.
    pub(super) frames: [&'static str; 2],
    pub(super) state: Ink,
    pub(super) error: Ink,
    pub(super) final_fill: &'static str,
    /// Initial dots and bars.
    pub(super) dot: &'static str,
    /// What stands smaller beside a title.
    pub(super) muted: &'static str,
    pub(super) actor: Ink,
    pub(super) external: Ink,
    pub(super) edge: Ink,
    pub(super) error_edge: Ink,
    /// By sender, in turn.
    pub(super) wires: &'static [Ink],
    /// Of a machine that is drawn as on a blackboard.
    pub(super) blackboard: Option<(Ink, Ink)>,
    green: Ink,
    red: Ink,
    orange: Ink,
    blue: Ink,
    grey: Ink,
}

const PLAIN: Palette = Palette {
    page: "#ffffff",
    frames: ["#ffffff", "#eef2f7"],
    state: ink("#5b6b7f", "#f5f8fc", "#1c2733"),
    error: ink("#b83a2f", "#fdecea", "#7d1f17"),
    final_fill: "#e3e8ef",
    dot: "#1c2733",
    muted: "#5f6d7d",
    actor: ink("#5b6b7f", "#e8f1fb", "#1c2733"),
    external: ink("#a8842c", "#fff8e6", "#1c2733"),
    edge: ink("#5b6b7f", "none", "#2b3846"),
    error_edge: ink("#b83a2f", "none", "#8f2a21"),
    wires: &[ink("#1f6fb2", "none", "#175285")],
    blackboard: None,
    green: ink("#2e8b3d", "#e6f5e8", "#1c5c28"),
    red: ink("#c0392b", "#fdecea", "#7d1f17"),
    orange: ink("#d9820f", "#fff3e0", "#8a4f00"),
    blue: ink("#1f6fb2", "#e8f1fb", "#175285"),
    grey: ink("#9aa5b1", "#f2f4f7", "#6b7785"),
};

const DOCUMENTS: Palette = Palette {
    page: "#ffffff",
    frames: ["#ffffff", "#f4f4f4"],
    state: ink("#333333", "#add8e6", "#000000"),
    error: ink("#c00000", "#ffcccc", "#8b0000"),
    final_fill: "#dddddd",
    dot: "#000000",
    muted: "#555555",
    actor: ink("#333333", "#add8e6", "#000000"),
    external: ink("#777777", "#d3d3d3", "#000000"),
    edge: ink("#333333", "none", "#111111"),
    error_edge: ink("#c00000", "none", "#8b0000"),
    wires: &[
        ink("#1f4fd0", "none", "#1a3fa3"),
        ink("#7a2a9c", "none", "#61217c"),
        ink("#1c7a2e", "none", "#155c23"),
        ink("#b05a00", "none", "#8a4600"),
        ink("#006f80", "none", "#005766"),
        ink("#a01850", "none", "#80133f"),
    ],
    blackboard: Some((ink("#333333", "#add8e6", "#000000"), ink("#ffa500", "none", "#000000"))),
    ..PLAIN
};

const DARK: Palette = Palette {
    page: "#15191f",
    frames: ["#1b2129", "#222a34"],
    state: ink("#8aa0b8", "#2b3645", "#eef3f8"),
    error: ink("#ff8a7a", "#4a2320", "#ffd9d3"),
    final_fill: "#3a4655",
    dot: "#eef3f8",
    muted: "#a9b6c4",
    actor: ink("#8aa0b8", "#26394f", "#eef3f8"),
    external: ink("#d8b45a", "#3d3420", "#f7ecd0"),
    edge: ink("#9fb2c6", "none", "#dbe5ef"),
    error_edge: ink("#ff8a7a", "none", "#ffb4a8"),
    wires: &[ink("#6fb4f0", "none", "#a9d4fa")],
    blackboard: None,
    green: ink("#6fcf7d", "#1f3d26", "#c9f2d0"),
    red: ink("#ff8a7a", "#4a2320", "#ffd9d3"),
    orange: ink("#f5b04d", "#473315", "#fde3b8"),
    blue: ink("#6fb4f0", "#1d3650", "#cfe6fb"),
    grey: ink("#6b7785", "#262d36", "#97a3b0"),
};

/// Fills that a machine may ask for with `#color("…")`, by their CSS names. All carry dark text.
const FILLS: [(&str, &str); 14] = [
    ("khaki", "#f0e68c"),
    ("lavender", "#e6e6fa"),
    ("lightblue", "#add8e6"),
    ("lightcoral", "#f08080"),
    ("lightcyan", "#e0ffff"),
    ("lightgreen", "#90ee90"),
    ("lightgrey", "#d3d3d3"),
    ("lightpink", "#ffb6c1"),
    ("lightsalmon", "#ffa07a"),
    ("lightseagreen", "#20b2aa"),
    ("lightyellow", "#ffffe0"),
    ("peachpuff", "#ffdab9"),
    ("plum", "#dda0dd"),
    ("wheat", "#f5deb3"),
];

impl Palette {
    pub(super) fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Plain => &PLAIN,
            Theme::Documents => &DOCUMENTS,
            Theme::Dark => &DARK,
        }
    }

    fn paint(&self, paint: &Paint) -> Ink {
        match paint.hue {
            Hue::Green => self.green,
            Hue::Red => self.red,
            Hue::Orange => self.orange,
            Hue::Blue => self.blue,
            Hue::Grey => self.grey,
        }
    }
}

impl Drawing {
    pub(super) fn palette(&self) -> &'static Palette {
        Palette::of(self.theme)
    }

    /// The fill that the machine of a part asks for, in the theme that heeds it.
    fn asked_fill(&self, id: PartId) -> Option<&'static str> {
        let asked = self.chain(id).into_iter().rev().find_map(|at| self.parts.get(at)?.colour.as_deref());
        let asked = asked.or(self.colour.as_deref()).filter(|_| self.theme == Theme::Documents)?;
        FILLS.iter().find(|(name, _)| *name == asked).map(|(_, fill)| *fill)
    }

    /// The colours of a box.
    pub(super) fn ink(&self, id: PartId, part: &Part) -> Ink {
        let palette = self.palette();
        let asked = |ink: Ink| Ink { fill: self.asked_fill(id).unwrap_or(ink.fill), ..ink };
        let base = match part.shape {
            Shape::External | Shape::Storage => palette.external,
            Shape::Actor | Shape::Family => asked(palette.actor),
            _ if self.blackboard => palette.blackboard.map_or(palette.state, |(state, _)| state),
            _ => asked(palette.state),
        };
        match &part.tone {
            Tone::Error => palette.error,
            Tone::Paint(paint) => palette.paint(paint),
            Tone::Plain if part.shape == Shape::Final => Ink { fill: palette.final_fill, ..base },
            Tone::Plain => base,
        }
    }

    /// The border of a frame and the text of its title; the fill depends on how deep it lies.
    pub(super) fn frame_ink(&self, id: PartId, part: &Part) -> Ink {
        let palette = self.palette();
        let depth =
            self.chain(id).len().saturating_sub(if self.view == super::View::Machine { 2 } else { 1 });
        let fill = palette.frames[depth % palette.frames.len()];
        let line = if part.tone == Tone::Plain { palette.state.line } else { self.ink(id, part).line };
        let text = if part.tone == Tone::Plain { palette.state.text } else { self.ink(id, part).text };
        // A frame of an actor that asks for a colour shows it on its border's inside, its states.
        Ink { line, fill, text }
    }

    /// The colours of an edge: line and text.
    pub(super) fn edge_ink(&self, edge: &super::drawing::Edge) -> Ink {
        let palette = self.palette();
        match &edge.tone {
            Tone::Error => palette.error_edge,
            Tone::Paint(paint) => palette.paint(paint),
            Tone::Plain if edge.kind == super::drawing::EdgeKind::Wire => {
                let parties = self.parts.first().map(|root| root.children.as_slice()).unwrap_or_default();
                let sender = parties.iter().position(|part| *part == edge.from).unwrap_or(0);
                palette.wires.get(sender % palette.wires.len().max(1)).copied().unwrap_or(palette.edge)
            }
            Tone::Plain if self.blackboard => palette.blackboard.map_or(palette.edge, |(_, edge)| edge),
            Tone::Plain => palette.edge,
        }
    }

    /// How many times as wide as an ordinary line.
    pub(super) fn edge_weight(edge: &super::drawing::Edge) -> f64 {
        match &edge.tone {
            Tone::Paint(paint) => f64::from(paint.weight.clamp(1, 5)),
            _ if edge.kind == super::drawing::EdgeKind::Wire => 1.4,
            _ => 1.0,
        }
    }
}
