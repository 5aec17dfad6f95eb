//! `statechart trace`: what an actor did, held against its specification.

use clap::Args;
use statechart_lang::{
    interpreter::{Difference, Ending, LocalValue, Log, Replay, parse_param, replay},
    model::Machine,
};

use crate::error::Error;
use crate::{Outcome, loader, output, spec};

/// Replay what a running actor has recorded, and name the first step that is not what the specification does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart trace worker.jsonl worker.sc
  statechart trace platform.jsonl specs/producer.sc --actor producer
  statechart trace fork.jsonl philosophers.sc --machine Fork --param id=3

The journal holds a line of JSON for each inspection event; `statechart_runtime::actor::Journal` writes it (feature
`journal`). Each step gets the recorded event, timer or completion again, and is compared in what it takes, leaves,
enters, emits, sends, starts, stops, arms, logs, defers and faults.

What extern guards answered is not in a journal: a step agrees when some answers lead to what was recorded. The context
is not in it either. Where the machine asks for `now`, times and spans are not compared. Of several actors of one name, as
of a child that is started again, each is replayed by itself.

The exit code is 0 where the whole journal agrees, and 1 where a step differs or the journal cannot be followed to its
end, as where records are missing.")]
pub(crate) struct Trace {
    /// The journal.
    log: String,
    /// The specification.
    file: String,
    /// The actor, when the journal holds several.
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// The machine, when the file declares several or imports it.
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// A value for a parameter of the machine; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    param: Vec<String>,
    /// As an object, for programs.
    #[arg(long)]
    json: bool,
}

impl Trace {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let model = match spec::open(&self.file) {
            Ok(model) => model,
            Err(outcome) => return Ok(outcome),
        };
        let text = loader::read(&self.log).map_err(|why| Error::Read { path: self.log.clone(), why })?;
        let log = Log::parse(&text)
            .map_err(|error| Error::Words(vec![format!("in the journal `{}`: {error}", self.log)]))?;
        let machine = spec::machine(&model, &self.file, self.machine.as_deref())?;
        let actor = self.actor(&log, machine)?;
        let params = self.params(machine)?;
        let found = replay(machine, &log, &actor, &params);
        if self.json {
            output::json(&object(&actor, machine, &found))?;
        } else {
            output::result(&told(&self.log, &actor, &found), None)?;
        }
        Ok(if matches!(found.ending, Ending::Agrees { .. }) { Outcome::Good } else { Outcome::Bad })
    }

    /// The actor that was asked for; else the only one, or the only one that runs this machine.
    fn actor(&self, log: &Log, machine: &Machine) -> Result<String, Error> {
        let actors = log.actors();
        if let Some(wanted) = &self.actor {
            if actors.iter().any(|(name, _)| name == wanted) {
                return Ok(wanted.clone());
            }
            return Err(Error::Unknown {
                path: self.log.clone(),
                what: "actor",
                name: wanted.clone(),
                declared: actors.into_iter().map(|(name, _)| name).collect(),
            });
        }
        let of = actors.iter().filter(|(_, runs)| runs.as_ref() == Some(&machine.name));
        let of: Vec<&str> = of.map(|(name, _)| name.as_str()).collect();
        match (of.as_slice(), actors.as_slice()) {
            ([only], _) => Ok((*only).to_owned()),
            (_, [(only, _)]) => Ok(only.clone()),
            (_, []) => Err(Error::Nothing { path: self.log.clone(), what: "actor" }),
            (several, _) => {
                let all = || actors.iter().map(|(name, _)| name.clone()).collect();
                let declared = if several.is_empty() {
                    all()
                } else {
                    several.iter().map(|name| (*name).to_owned()).collect()
                };
                Err(Error::Several { path: self.log.clone(), what: "actor", declared })
            }
        }
    }

    fn params(&self, machine: &Machine) -> Result<Vec<LocalValue>, Error> {
        let (mut params, mut mistakes) = (Vec::new(), Vec::new());
        for text in &self.param {
            match parse_param(text, machine) {
                Ok(param) => params.push(param),
                Err(error) => {
                    mistakes.push(format!("in `--param {text}`: {}; {}", error.message, error.help))
                }
            }
        }
        if mistakes.is_empty() { Ok(params) } else { Err(Error::Params(mistakes)) }
    }
}

fn told(path: &str, actor: &str, found: &Replay) -> String {
    let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut out = match &found.ending {
        Ending::Agrees { leaves } => format!(
            "{path}: {} of `{actor}` agree ({}); it ends in {}\n",
            count(found.steps, "step"),
            count(found.records, "record"),
            place(leaves)
        ),
        Ending::Differs(difference) => differs(path, actor, found, difference),
        Ending::Stopped { line, why } => {
            let place = if *line > 0 { format!("{path}:{line}") } else { path.to_owned() };
            format!("{place}: cannot go on: {why}; the {} before it agree\n", count(found.steps, "step"))
        }
    };
    if found.torn > 0 {
        out.push_str(&format!(
            "{} in which the actor failed or that are cut off were not compared\n",
            count(found.torn, "step")
        ));
    }
    if found.timeless {
        out.push_str("the machine reads its clock, so times and spans were not compared\n");
    }
    out
}

fn differs(path: &str, actor: &str, found: &Replay, difference: &Difference) -> String {
    let list = |lines: &[String]| {
        if lines.is_empty() { "nothing".to_owned() } else { lines.join("; ") }
    };
    let guards = if difference.asked { ", whatever its extern guards answer" } else { "" };
    format!(
        "{path}:{}: step {} of `{actor}` differs in its {}{guards}: {} in {}\n  recorded: {}\n  replayed: {}\n\
         the {} before it agree\n",
        difference.line,
        difference.step,
        difference.category,
        difference.event,
        place(&difference.before),
        list(&difference.recorded),
        list(&difference.replayed),
        if found.steps == 1 { "step".to_owned() } else { format!("{} steps", found.steps) },
    )
}

fn place(leaves: &[String]) -> String {
    if leaves.is_empty() { "no state".to_owned() } else { leaves.join(", ") }
}

fn object(actor: &str, machine: &Machine, found: &Replay) -> serde_json::Value {
    let ending = match &found.ending {
        Ending::Agrees { leaves } => serde_json::json!({ "agrees": true, "leaves": leaves }),
        Ending::Differs(difference) => serde_json::json!({
            "agrees": false,
            "step": difference.step,
            "line": difference.line,
            "sequence": difference.sequence,
            "event": difference.event,
            "before": difference.before,
            "differs_in": difference.category.to_string(),
            "recorded": difference.recorded,
            "replayed": difference.replayed,
        }),
        Ending::Stopped { line, why } => serde_json::json!({ "agrees": false, "line": line, "why": why }),
    };
    let mut object = serde_json::json!({
        "actor": actor,
        "machine": machine.name,
        "steps": found.steps,
        "not_compared": found.torn,
        "records": found.records,
        "times_compared": !found.timeless,
    });
    if let (Some(object), serde_json::Value::Object(ending)) = (object.as_object_mut(), ending) {
        object.extend(ending);
    }
    object
}
