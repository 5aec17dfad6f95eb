//! [`Stage`]: what words run on, and the words that it understands.

use super::{LocalValue, Run, Session, System, Word, WordError, literal, run};
use crate::{
    diagnostic::nearest,
    model::{self, Machine, Model},
};

/// What words run on: a machine alone, a machine with the children that it starts, or the actors of a system.
#[derive(Debug, Clone)]
pub struct Stage<'m> {
    pub(super) subject: Subject<'m>,
    params: Vec<LocalValue>,
    explaining: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'m> {
    Alone(&'m Machine),
    Machine(&'m Model, &'m Machine),
    Actors(&'m Model, &'m model::System),
}

impl<'m> Stage<'m> {
    /// A machine whose children are not run: a word says when they are done.
    #[must_use]
    pub fn alone(machine: &'m Machine) -> Self {
        Self::new(Subject::Alone(machine))
    }

    /// A machine with the children that it starts.
    #[must_use]
    pub fn of(model: &'m Model, machine: &'m Machine) -> Self {
        Self::new(Subject::Machine(model, machine))
    }

    /// The actors of a system, with the children that they start.
    #[must_use]
    pub fn of_actors(model: &'m Model, system: &'m model::System) -> Self {
        Self::new(Subject::Actors(model, system))
    }

    fn new(subject: Subject<'m>) -> Self {
        Self { subject, params: Vec::new(), explaining: false }
    }

    /// The same stage with values for parameters of the machine, where a word gives none.
    #[must_use]
    pub fn with_params(mut self, params: Vec<LocalValue>) -> Self {
        self.params = params;
        self
    }

    /// The same stage; reports say why transitions were taken or not, see
    /// [`Interpreter::explaining`](super::Interpreter::explaining).
    #[must_use]
    pub fn explaining(mut self) -> Self {
        self.explaining = true;
        self
    }

    /// The machine, where it is one.
    #[must_use]
    pub fn machine(&self) -> Option<&'m Machine> {
        match self.subject {
            Subject::Alone(machine) | Subject::Machine(_, machine) => Some(machine),
            Subject::Actors(..) => None,
        }
    }

    /// The name of the machine or system.
    #[must_use]
    pub fn name(&self) -> &'m str {
        match self.subject {
            Subject::Alone(machine) | Subject::Machine(_, machine) => &machine.name,
            Subject::Actors(_, system) => &system.name,
        }
    }

    /// The system, where actors run.
    #[must_use]
    pub fn system(&self) -> Option<&'m model::System> {
        match self.subject {
            Subject::Alone(_) | Subject::Machine(..) => None,
            Subject::Actors(_, system) => Some(system),
        }
    }

    /// Where children and actors are found.
    pub(super) fn model(&self) -> Option<&'m Model> {
        match self.subject {
            Subject::Alone(_) => None,
            Subject::Machine(model, _) | Subject::Actors(model, _) => Some(model),
        }
    }

    /// The outermost machines that words speak to: the machine itself, or those of the actors.
    fn machines(&self) -> Vec<&'m Machine> {
        match self.subject {
            Subject::Alone(machine) | Subject::Machine(_, machine) => vec![machine],
            Subject::Actors(model, system) => {
                system.actors.iter().filter_map(|actor| model.machine(&actor.machine)).collect()
            }
        }
    }

    /// Every extern guard that a word may answer: those of the machines and of the children that they may start.
    pub(super) fn guards(&self) -> Vec<&'m str> {
        let mut machines = self.machines();
        let mut at = 0;
        while let Some(machine) = machines.get(at).copied() {
            at += 1;
            for child in &machine.children {
                let known = self.model().and_then(|model| model.machine(&child.machine));
                if let Some(child) =
                    known.filter(|known| machines.iter().all(|other| other.name != known.name))
                {
                    machines.push(child);
                }
            }
        }
        machines.iter().flat_map(|machine| &machine.guards).map(|guard| guard.name.as_str()).collect()
    }

    /// Reads a word.
    ///
    /// # Errors
    /// The first mistake: where it is, what is wrong, what to do.
    pub fn word(&self, text: &str) -> Result<Word, WordError> {
        Word::read(text, self)
    }

    /// A session in which nothing has been started; the clock stands at 0.
    #[must_use]
    pub fn session(&self) -> Session<'m> {
        let system = match self.subject {
            Subject::Alone(machine) => System::alone(machine),
            Subject::Machine(model, machine) => System::new(model, machine),
            Subject::Actors(model, system) => System::of_actors(model, system),
        };
        let system =
            if self.params.is_empty() { system } else { system.with_some_params(self.params.clone()) };
        Session::of(if self.explaining { system.explaining() } else { system })
    }

    /// The session of a word: the values that it gives replace others.
    #[must_use]
    pub fn session_of(&self, word: &Word) -> Session<'m> {
        if word.params.is_empty() {
            return self.session();
        }
        let others =
            self.params.iter().filter(|(local, _)| word.params.iter().all(|(given, _)| given != local));
        let params = word.params.iter().chain(others).cloned().collect();
        self.clone().with_params(params).session()
    }

    /// Runs a word from the start.
    #[must_use]
    pub fn run(&self, word: &Word) -> Run {
        run::run_on(self, word)
    }
}

/// Reads `name=value`, a value for a parameter of the machine.
///
/// # Errors
/// What is wrong with it, with the parameter's type.
pub fn parse_param(text: &str, machine: &Machine) -> Result<LocalValue, WordError> {
    let fail = |message: String, help: String| Err(WordError { line: None, column: 1, message, help });
    let Some((name, value)) = text.split_once('=') else {
        return fail(format!("`{text}` gives no value"), "write `name=value`".to_owned());
    };
    let name = name.trim();
    let params = || machine.locals.iter().enumerate().filter(|(_, local)| local.state == 0 && local.param);
    let Some((local, row)) = params().find(|(_, local)| local.name == name) else {
        let known: Vec<String> = params().map(|(_, row)| format!("{}: {}", row.name, row.ty)).collect();
        let help = match nearest(name, params().map(|(_, row)| row.name.as_str())) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it takes none".to_owned(),
            None => format!("its parameters are ({})", known.join(", ")),
        };
        return fail(format!("`{}` has no parameter `{name}`", machine.name), help);
    };
    match literal::whole(value, &row.ty) {
        Ok(value) => Ok((local, value)),
        Err(error) => {
            let message = format!("`{name}` is of type {}, and {}", row.ty, error.message);
            fail(message, error.help)
        }
    }
}
