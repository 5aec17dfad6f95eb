//! What words run on: a machine of a specification, or the actors of a system, and values for parameters.

use clap::Args;
use statechart_lang::interpreter::{Stage, parse_param};
use statechart_lang::model::Model;

use crate::error::Error;
use crate::spec;

/// What is run.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// The machine to run, when the file declares several or imports it.
    #[arg(long, value_name = "NAME")]
    pub(crate) machine: Option<String>,
    /// A value for a parameter of the machine; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub(crate) param: Vec<String>,
    /// Do not run the machines that this one starts: words say when they are done.
    #[arg(long)]
    pub(crate) alone: bool,
}

/// What is run, where actors can be.
#[derive(Debug, Args)]
pub(crate) struct Choices {
    #[command(flatten)]
    pub(crate) one: Choice,
    /// The system whose actors run together. The only one is meant where the file declares no machine, or several.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["machine", "param", "alone"])]
    pub(crate) system: Option<String>,
}

impl Choice {
    /// The machine with its parameters.
    ///
    /// # Errors
    /// No such machine, or a value that does not fit.
    pub(crate) fn stage<'m>(&self, model: &'m Model, path: &str) -> Result<Stage<'m>, Error> {
        let machine = spec::machine(model, path, self.machine.as_deref())?;
        let stage = if self.alone { Stage::alone(machine) } else { Stage::of(model, machine) };
        let mut mistakes = Vec::new();
        let mut params = Vec::new();
        for text in &self.param {
            match parse_param(text, machine) {
                Ok(param) => params.push(param),
                Err(error) => {
                    mistakes.push(format!("in `--param {text}`: {}; {}", error.message, error.help))
                }
            }
        }
        if mistakes.is_empty() { Ok(stage.with_params(params)) } else { Err(Error::Params(mistakes)) }
    }
}

impl Choices {
    /// The machine with its parameters, or the system.
    ///
    /// # Errors
    /// As [`Choice::stage`].
    pub(crate) fn stage<'m>(&self, model: &'m Model, path: &str) -> Result<Stage<'m>, Error> {
        let says_machine = self.one.machine.is_some() || self.one.alone || !self.one.param.is_empty();
        let own = model.own_machines().count();
        let only_system = model.systems.iter().filter(|system| system.span.file.0 == 0).count() == 1;
        if self.system.is_some() || (!says_machine && own != 1 && only_system) {
            let own = model.systems.iter().find(|system| system.span.file.0 == 0);
            let name = self.system.as_deref().or_else(|| own.map(|system| system.name.as_str()));
            return Ok(Stage::of_actors(model, spec::system(model, path, name)?));
        }
        self.one.stage(model, path)
    }
}
