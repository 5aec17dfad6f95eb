//! `statechart diagram`: pictures of machines and systems.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum};
use statechart_lang::diagram::{self, Direction, Drawing, Options, View, Views};
use statechart_lang::model::Model;

use crate::error::Error;
use crate::{Outcome, output, spec};

/// Draw machines, or systems of actors: SVG, TikZ, Graphviz, Mermaid, PlantUML, JSON.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart diagram specs/producer.sc -o producer.svg
  statechart diagram specs/producer.sc | dot -Tsvg -o producer.svg
  statechart diagram specs/templates/quadruple.sc --format tikz --theme documents -o quadruple.tex
  statechart diagram specs/turnstile.sc --format tikz --layout row
  statechart diagram specs/data_platform.sc --view flow --direction right -o flow.svg
  statechart diagram specs/producer.sc specs/coordinator.sc --format svg -o pictures/

A file that declares a system and no machine of its own is drawn as a system. Without --format, the end of the file's
name says what is written: .svg, .tex, .dot, .mmd, .puml or .json.")]
pub(crate) struct Diagram {
    /// The specifications.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// What reads the picture.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// What is drawn of each file.
    #[arg(long, value_enum, conflicts_with_all = ["machine", "system", "messages"])]
    view: Option<ViewArg>,
    /// The machine to draw, when the file declares several or imports it.
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// Draw the system: its actors, the outside parties and the wires. NAME chooses among several.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, conflicts_with = "machine")]
    system: Option<Option<String>>,
    /// In a system, draw only who tells whom what, without the actors' states.
    #[arg(long, conflicts_with = "machine")]
    messages: bool,
    /// Where the edges run to.
    #[arg(long, value_enum, default_value_t)]
    direction: Towards,
    /// The colours.
    #[arg(long, value_enum, default_value_t)]
    theme: ThemeArg,
    /// Where the states stand, in SVG and TikZ.
    #[arg(long, value_enum, default_value_t)]
    layout: LayoutArg,
    /// What lays out an SVG.
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
    /// Leave out actions, entry and exit lists, activities and deferred events.
    #[arg(long)]
    no_actions: bool,
    /// After how many characters a label breaks, at a space.
    #[arg(long, value_name = "COLUMNS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(8..=400))]
    wrap: u16,
    /// Write to a file instead of stdout; several pictures go into a directory, each under its own name.
    #[arg(short, long, value_name = "FILE|DIR")]
    output: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// SVG, laid out without any other program.
    Svg,
    /// A LaTeX document of its own.
    Tikz,
    /// Graphviz DOT.
    Dot,
    /// Mermaid, as code forges and wikis render it.
    Mermaid,
    /// PlantUML.
    Plantuml,
    /// Every part and edge, for other programs.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ViewArg {
    /// A machine by itself.
    Machine,
    /// A system, with the states of its actors.
    System,
    /// A system, only who tells whom what.
    Flow,
    /// Each of the file's machines and both views of each system.
    All,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Towards {
    /// From top to bottom.
    #[default]
    Down,
    /// From left to right.
    Right,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ThemeArg {
    /// Quiet greys and blues.
    #[default]
    Plain,
    /// A colour for each machine that asks for one with `#color("…")`.
    Documents,
    /// Light on dark.
    Dark,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum LayoutArg {
    /// On a polygon where the machine asks for it, else in layers.
    #[default]
    Auto,
    /// In layers along the direction.
    Layered,
    /// Along a row; for machines without states in states.
    Row,
    /// On a regular polygon; for machines without states in states.
    Polygon,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// Our own, which draws the same everywhere.
    #[default]
    Own,
    /// Graphviz, which must be installed.
    Dot,
}

impl Diagram {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let format = self.format()?;
        let directory = self.output.as_deref().filter(|path| path.ends_with('/') || Path::new(path).is_dir());
        if self.files.len() > 1 && directory.is_none() {
            return Err(Error::Usage {
                what: format!("{} specifications give several pictures", self.files.len()),
                help: "name a directory for them with `-o DIR/`".to_owned(),
            });
        }
        // Each with the specification that it is of: nothing is written unless all of it can be.
        let mut written: BTreeMap<PathBuf, (&str, String)> = BTreeMap::new();
        for file in &self.files {
            let model = match spec::open(file) {
                Ok(model) => model,
                Err(outcome) => return Ok(outcome),
            };
            let pictures = self.pictures(&model, file, directory.is_some())?;
            if pictures.len() > 1 && directory.is_none() {
                return Err(Error::Usage {
                    what: format!("`{file}` gives {} pictures", pictures.len()),
                    help:
                        "name a directory for them with `-o DIR/`, or choose one with `--machine` or `--view`"
                            .to_owned(),
                });
            }
            for (name, drawing) in &pictures {
                let text = self.text(file, drawing, format)?;
                match directory {
                    Some(directory) => {
                        let path = Path::new(directory).join(format!("{name}.{}", format.extension()));
                        if let Some((other, _)) = written.get(&path) {
                            return Err(Error::Usage {
                                what: format!("`{other}` and `{file}` would both be `{}`", path.display()),
                                help: "draw them into different directories".to_owned(),
                            });
                        }
                        written.insert(path, (file, text));
                    }
                    None => output::result(&text, self.output.as_deref())?,
                }
            }
        }
        for (path, (_, text)) in written {
            let directory = path.parent().unwrap_or(Path::new("."));
            let done = std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&path, &text));
            done.map_err(|why| Error::Write { to: format!("`{}`", path.display()), why })?;
            output::note(&format!("wrote {}\n", path.display()));
        }
        Ok(Outcome::Good)
    }

    /// What was asked for, else what the file's name says, else DOT.
    fn format(&self) -> Result<diagram::Format, Error> {
        use diagram::Format as To;
        let named = |path: &String| {
            let end = Path::new(path).extension()?.to_str()?;
            [To::Svg, To::Tikz, To::Dot, To::Mermaid, To::PlantUml, To::Json]
                .into_iter()
                .find(|format| format.extension() == end)
        };
        let format = match self.format {
            Some(Format::Svg) => To::Svg,
            Some(Format::Tikz) => To::Tikz,
            Some(Format::Dot) => To::Dot,
            Some(Format::Mermaid) => To::Mermaid,
            Some(Format::Plantuml) => To::PlantUml,
            Some(Format::Json) => To::Json,
            None => self.output.as_ref().and_then(named).unwrap_or(To::Dot),
        };
        if self.engine == Engine::Dot && format != To::Svg {
            return Err(Error::Usage {
                what: "`--engine dot` lays out SVG only".to_owned(),
                help: "add `--format svg`, or leave the engine out".to_owned(),
            });
        }
        Ok(format)
    }

    fn options(&self) -> Options {
        Options {
            direction: match self.direction {
                Towards::Down => Direction::Down,
                Towards::Right => Direction::Right,
            },
            theme: match self.theme {
                ThemeArg::Plain => diagram::Theme::Plain,
                ThemeArg::Documents => diagram::Theme::Documents,
                ThemeArg::Dark => diagram::Theme::Dark,
            },
            actions: !self.no_actions,
            wrap_columns: usize::from(self.wrap),
            messages_only: self.messages,
            ..Options::default()
        }
    }

    /// The pictures of one file, with their names.
    fn pictures(&self, model: &Model, file: &str, many: bool) -> Result<Vec<(String, Drawing)>, Error> {
        let options = self.options();
        let stem =
            Path::new(file).file_stem().map_or_else(|| "picture".into(), |stem| stem.to_string_lossy());
        let views = match self.view {
            Some(ViewArg::All) => Some(Views::All),
            Some(ViewArg::Machine) => many.then_some(Views::Only(View::Machine)),
            Some(ViewArg::System) => many.then_some(Views::Only(View::System)),
            Some(ViewArg::Flow) => many.then_some(Views::Only(View::Flow)),
            None => {
                let chosen = self.machine.is_some() || self.system.is_some() || self.messages;
                let machines = model.own_machines().next().is_some();
                (many && !chosen).then_some(if machines {
                    Views::Only(View::Machine)
                } else {
                    Views::Only(View::System)
                })
            }
        };
        if let Some(views) = views {
            let pictures = diagram::pictures(model, &stem, views, &options);
            if pictures.is_empty() {
                let of_system = matches!(self.view, Some(ViewArg::System | ViewArg::Flow));
                let what = if of_system { "system" } else { "machine" };
                return Err(Error::Nothing { path: file.to_owned(), what });
            }
            return Ok(pictures);
        }
        let only_systems =
            self.machine.is_none() && model.own_machines().next().is_none() && !model.systems.is_empty();
        let flow = self.messages || self.view == Some(ViewArg::Flow);
        let asked = self.system.is_some() || flow || self.view == Some(ViewArg::System);
        if asked || only_systems && self.view.is_none() {
            let name = self.system.as_ref().and_then(Option::as_deref);
            let system = spec::system(model, file, name)?;
            let options = Options { messages_only: flow, ..options };
            let end = if flow { "_messages" } else { "" };
            return Ok(vec![(format!("{stem}{end}"), diagram::drawing_of_system(model, system, &options))]);
        }
        let machine = spec::machine(model, file, self.machine.as_deref())?;
        let name = match &self.machine {
            Some(machine) => format!("{stem}_{machine}"),
            None => stem.into_owned(),
        };
        Ok(vec![(name, diagram::drawing(machine, &options))])
    }

    fn text(&self, file: &str, drawing: &Drawing, format: diagram::Format) -> Result<String, Error> {
        let layout = match self.layout {
            LayoutArg::Auto => diagram::Layout::Auto,
            LayoutArg::Layered => diagram::Layout::Layered,
            LayoutArg::Row => diagram::Layout::Row,
            LayoutArg::Polygon => diagram::Layout::Polygon,
        };
        let text = |format| {
            diagram::text(drawing, format, layout)
                .map_err(|why| Error::Diagram { path: file.to_owned(), why })
        };
        if self.engine == Engine::Dot {
            return graphviz(&text(diagram::Format::Dot)?);
        }
        text(format)
    }
}

/// An SVG made by Graphviz.
fn graphviz(dot: &str) -> Result<String, Error> {
    let failed = |why: std::io::Error| Error::Graphviz { why: why.to_string() };
    let mut child = Command::new("dot")
        .arg("-Tsvg")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut stdin = child.stdin.take();
    let dot = dot.to_owned();
    // Graphviz may write before it has read everything, so both go on at once.
    let writing =
        std::thread::spawn(move || stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(dot.as_bytes())));
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::Graphviz { why: format!("{}; {why}", output.status) });
    }
    match writing.join() {
        Ok(written) => written.map_err(failed)?,
        Err(_) => return Err(Error::Graphviz { why: "its input could not be written".to_owned() }),
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
