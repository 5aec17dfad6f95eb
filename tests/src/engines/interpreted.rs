//! A machine, interpreted.

use std::collections::BTreeMap;

use statechart_lang::{
    interpreter::{self, Answers, Cause, Effect, Interpreter, Value},
    model::Machine,
};

use super::{Ask, Did, Engine, generation, note};

/// Interpreted.
#[derive(Debug)]
pub struct Interpreted<'m> {
    machine: &'m Machine,
    engine: Interpreter<'m, Answers>,
    generations: BTreeMap<usize, Vec<u32>>,
    spawned: BTreeMap<usize, Vec<u32>>,
}

impl<'m> Interpreted<'m> {
    /// A machine before its start.
    #[must_use]
    pub fn new(machine: &'m Machine, params: &[Value]) -> Self {
        let engine = Interpreter::with_world(machine, Answers::default()).with_params(params.to_vec());
        Self { machine, engine, generations: BTreeMap::new(), spawned: BTreeMap::new() }
    }

    /// The running interpreter.
    #[must_use]
    pub fn engine(&self) -> &Interpreter<'m, Answers> {
        &self.engine
    }

    fn did(&mut self, report: interpreter::StepReport) -> Did {
        for effect in &report.effects {
            note(effect, &mut self.generations, &mut self.spawned);
        }
        Did {
            outcome: report.outcome,
            transitions: report.transitions,
            exited: report.exited,
            entered: report.entered,
            effects: report
                .effects
                .into_iter()
                .filter(|effect| !matches!(effect, Effect::Raise(_)))
                .map(|effect| match effect {
                    Effect::Spawn { child, generation, id, args, .. } => {
                        Effect::Spawn { child, generation, id, machine: String::new(), args }
                    }
                    other => other,
                })
                .collect(),
            unhandled: report.unhandled.into_iter().map(|unhandled| unhandled.signal).collect(),
            active: self.engine.configuration(),
            context: self.engine.context().to_vec(),
            data: self.engine.data().map(|(local, value)| (local, value.clone())).collect(),
            result: self.engine.result().cloned(),
            done: self.engine.is_done(),
            accepts: self.engine.accepts(),
            time_us: self.engine.time_us(),
        }
    }
}

impl Engine for Interpreted<'_> {
    fn start(&mut self, answers: &Answers) -> Did {
        self.engine.world_mut().clone_from(answers);
        let report = self.engine.start();
        self.did(report)
    }

    fn ask(&mut self, ask: &Ask, answers: &Answers) -> Option<Did> {
        self.engine.world_mut().clone_from(answers);
        let report = match ask {
            Ask::Event(event, args) => {
                self.engine.step(interpreter::Input::Event { event: *event, args: args.clone() })
            }
            Ask::Report { activity, back, event, args, last } => {
                let generation = generation(&self.generations, *activity, *back);
                let (activity, event, last) = (*activity, *event, *last);
                self.engine.step(interpreter::Input::Report {
                    activity,
                    generation,
                    event,
                    args: args.clone(),
                    last,
                })
            }
            Ask::Child { child, back, result, fails } => {
                let (child, generation) = (*child, generation(&self.spawned, *child, *back));
                self.engine.step(if *fails {
                    interpreter::Input::ChildFailed { child, generation }
                } else {
                    interpreter::Input::ChildDone { child, generation, result: result.clone() }
                })
            }
            Ask::Fault => self.engine.step(interpreter::Input::Fault(interpreter::Fault::Undelivered)),
            Ask::Elapse => self.engine.elapse()?,
            Ask::Halt => self.engine.halt(),
        };
        debug_assert!(!matches!(report.cause, Cause::Clock));
        Some(self.did(report))
    }

    fn runs(&self) -> BTreeMap<usize, usize> {
        self.generations.iter().map(|(activity, runs)| (*activity, runs.len())).collect()
    }

    fn spawns(&self) -> BTreeMap<usize, usize> {
        self.spawned.iter().map(|(child, runs)| (*child, runs.len())).collect()
    }

    fn snapshot(&self) -> String {
        self.engine.snapshot().to_json()
    }

    fn restore(&mut self, json: &str, answers: &Answers) -> Result<Did, String> {
        let time_us = self.engine.time_us();
        let read = interpreter::Snapshot::from_json(json).map_err(|error| error.to_string())?;
        let (engine, report) = Interpreter::restore_at(self.machine, answers.clone(), &read, time_us)
            .map_err(|error| error.to_string())?;
        self.engine = engine;
        Ok(self.did(report))
    }
}
