//! [`System`]: machines that run together, each an interpreter of its own, on one clock: a machine with the children
//! that it starts, or the actors of a system with theirs.
//!
//! ```text
//! input ─▶ machine ─effects─▶ spawn: a child starts      its steps are reported under its path
//!             ▲               stop:  it exits its states, and is gone with its own children
//!             │               send:  an input of a child, of the machine that started this one, or of another actor
//!             └── done(child) ◀── a final state of its root
//! ```
//!
//! What a machine would leave to whoever runs it is done here: everything else (services, extern actions, messages to
//! machines that are not there) stays an effect in the reports. Steps are taken one after another, the oldest message
//! first.

mod actors;
mod deliver;
mod restore;

use std::collections::{BTreeMap, VecDeque};

use super::{
    Answers, EXPLANATION_LIMIT, FIRING_LIMIT, Fault, Input, Interpreter, Signal, StepReport, Value,
    value::duration_text,
};
use crate::model::{self, ChildId, LocalId, Machine, Model};

/// Most machines that run together.
pub const CHILD_LIMIT: usize = 1_024;
/// Most children inside of one another.
pub const CHILD_DEPTH_LIMIT: usize = 16;

/// Which machine: the outermost one, then the children on the way to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Path {
    /// Index into [`System::actors`].
    actor: usize,
    below: Vec<ChildId>,
}

impl Path {
    fn of(actor: usize) -> Self {
        Self { actor, below: Vec::new() }
    }

    fn child(&self, child: ChildId) -> Self {
        Self { actor: self.actor, below: [self.below.as_slice(), &[child]].concat() }
    }

    /// Whether it is that machine or one below it.
    fn is_within(&self, outer: &Self) -> bool {
        self.actor == outer.actor && self.below.starts_with(&outer.below)
    }

    /// Who started it, and as which child.
    fn parent(&self) -> Option<(Self, ChildId)> {
        let (child, above) = self.below.split_last()?;
        Some((Self { actor: self.actor, below: above.to_vec() }, *child))
    }
}

/// Whom an item of a word is for: one of the machines that run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Address {
    /// The actor, as an index into the system's; 0 where a single machine runs.
    pub actor: usize,
    /// Which one of a family.
    pub member: Option<Value>,
    /// The children on the way from there.
    pub below: Vec<ChildId>,
}

/// Machines that run together. Cloning it forks the run.
#[derive(Debug, Clone)]
pub struct System<'m> {
    /// Where children and actors are found; nothing where children are not run.
    model: Option<&'m Model>,
    /// Who tells whom what, where actors run.
    wiring: Option<&'m model::System>,
    actors: Vec<Running>,
    machines: BTreeMap<Path, Interpreter<'m, Answers>>,
    /// As the parents know their children.
    generations: BTreeMap<Path, u32>,
    /// What is to be done next, in order.
    queue: VecDeque<Pending>,
    /// Delayed messages, in the order of sending.
    delayed: Vec<Delayed>,
    /// Steps that a step has brought about at once: those of machines that it stopped.
    told: VecDeque<SystemStep>,
    answers: Answers,
    explaining: bool,
    time_us: i64,
}

/// An outermost machine.
#[derive(Debug, Clone, PartialEq)]
struct Running {
    /// Index into the system's actors.
    actor: usize,
    member: Option<Value>,
    /// Empty for a machine that runs by itself.
    name: String,
}

/// One step of one of the machines.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemStep {
    /// The actor and the names of the children on the way to the machine, joined by dots; empty for a machine that
    /// runs by itself.
    pub path: String,
    /// The machine's name.
    pub machine: String,
    /// What it did.
    pub report: StepReport,
    /// Messages that nobody here gets, and why.
    pub undelivered: Vec<String>,
}

#[derive(Debug, Clone)]
struct Pending {
    to: Path,
    /// The machine that sent it.
    from: Option<Path>,
    job: Job,
}

#[derive(Debug, Clone)]
enum Job {
    Start,
    Step(Input),
    /// A timer or a message to itself is due.
    Elapse,
    /// A delayed message of the machine's has found no receiver when it was due, and why.
    Undelivered(String),
}

#[derive(Debug, Clone)]
struct Delayed {
    due_us: i64,
    from: Path,
    /// The peer's or child's name.
    to: String,
    message: Signal,
    id: Option<String>,
}

impl<'m> System<'m> {
    /// A machine that has not been started, with the children that it will start; the clock stands at 0.
    #[must_use]
    pub fn new(model: &'m Model, machine: &'m Machine) -> Self {
        Self::single(Some(model), machine)
    }

    /// A machine whose children are not run: that they start is told, and whoever runs it says when they are done.
    #[must_use]
    pub fn alone(machine: &'m Machine) -> Self {
        Self::single(None, machine)
    }

    fn single(model: Option<&'m Model>, machine: &'m Machine) -> Self {
        let mut system = Self::empty(model, None);
        system.actors.push(Running { actor: 0, member: None, name: String::new() });
        system.machines.insert(Path::default(), Interpreter::with_world(machine, Answers::default()));
        system
    }

    fn empty(model: Option<&'m Model>, wiring: Option<&'m model::System>) -> Self {
        Self {
            model,
            wiring,
            actors: Vec::new(),
            machines: BTreeMap::new(),
            generations: BTreeMap::new(),
            queue: VecDeque::new(),
            delayed: Vec::new(),
            told: VecDeque::new(),
            answers: Answers::default(),
            explaining: false,
            time_us: 0,
        }
    }

    /// The same system with values for some parameters of its first machine.
    #[must_use]
    pub fn with_some_params(mut self, values: Vec<(LocalId, Value)>) -> Self {
        if let Some(root) = self.machines.remove(&Path::default()) {
            self.machines.insert(Path::default(), root.with_some_params(values));
        }
        self
    }

    /// The same system; its reports say why transitions were taken or not, see [`Interpreter::explaining`].
    #[must_use]
    pub fn explaining(mut self) -> Self {
        self.explaining = true;
        let machines = std::mem::take(&mut self.machines);
        self.machines =
            machines.into_iter().map(|(path, interpreter)| (path, interpreter.explaining())).collect();
        self
    }

    /// [`EXPLANATION_LIMIT`] more selections of each machine may be recorded.
    pub(super) fn explain_anew(&mut self) {
        self.machines.values_mut().for_each(|machine| machine.explanations_left = EXPLANATION_LIMIT);
    }

    /// The outermost machine; of several actors the first.
    ///
    /// # Panics
    /// Where there is none: in a system of nothing but families of which nobody runs yet.
    #[must_use]
    pub fn root(&self) -> &Interpreter<'m, Answers> {
        self.machines.first_key_value().map(|(_, root)| root).expect("outermost machines stay")
    }

    pub(super) fn root_mut(&mut self) -> Option<&mut Interpreter<'m, Answers>> {
        self.machines.values_mut().next()
    }

    /// The outermost machines with their names: the machine that runs by itself, whose name is empty, or the actors.
    pub fn actors(&self) -> impl Iterator<Item = (&str, &Interpreter<'m, Answers>)> + '_ {
        let actors = self.actors.iter().enumerate();
        actors.filter_map(|(at, row)| Some((row.name.as_str(), self.machines.get(&Path::of(at))?)))
    }

    /// The outermost machines, each with the address that a word speaks to it by.
    pub fn outermost(&self) -> impl Iterator<Item = (Address, &str, &Interpreter<'m, Answers>)> + '_ {
        let actors = self.actors.iter().enumerate();
        actors.filter_map(|(at, row)| {
            let address = Address { actor: row.actor, member: row.member.clone(), below: Vec::new() };
            Some((address, row.name.as_str(), self.machines.get(&Path::of(at))?))
        })
    }

    /// What is still to be done at once, where a limit has stopped it before: whose step, and what sets it off.
    #[must_use]
    pub fn queued(&self) -> Vec<(String, String)> {
        let text = |pending: &Pending| match &pending.job {
            Job::Start => "start".to_owned(),
            Job::Step(input) => {
                let machine = self.machines.get(&pending.to);
                machine.map_or_else(String::new, |machine| machine.input_text(input))
            }
            Job::Elapse => "what is due".to_owned(),
            Job::Undelivered(why) => why.clone(),
        };
        self.queue.iter().map(|pending| (self.name(&pending.to), text(pending))).collect()
    }

    /// How long the machines have been running, as a duration.
    #[must_use]
    pub fn uptime(&self) -> String {
        duration_text(self.time_us)
    }

    /// The machines that others have started, with their paths.
    pub fn children(&self) -> impl Iterator<Item = (String, &Interpreter<'m, Answers>)> + '_ {
        let children = self.machines.iter().filter(|(path, _)| !path.below.is_empty());
        children.map(|(path, interpreter)| (self.name(path), interpreter))
    }

    /// The machine at an address, where it runs.
    #[must_use]
    pub fn at(&self, address: &Address) -> Option<&Interpreter<'m, Answers>> {
        self.machines.get(&self.locate(address)?)
    }

    /// The answers of extern guards, for every machine, from now on.
    pub fn answer(&mut self, answers: &Answers) {
        self.answers.clone_from(answers);
        self.machines.values_mut().for_each(|machine| machine.world_mut().clone_from(answers));
    }

    /// Starts the outermost machines and does what follows at once.
    pub fn start(&mut self) -> Vec<SystemStep> {
        self.begin();
        self.settle()
    }

    /// Has the outermost machines start before anything else: [`System::next_step`] does it.
    pub fn begin(&mut self) {
        for actor in 0..self.actors.len() {
            self.post(Path::of(actor), None, Job::Start);
        }
    }

    /// Gives the outermost machine an input and does what follows at once.
    pub fn step(&mut self, input: Input) -> Vec<SystemStep> {
        self.post(Path::default(), None, Job::Step(input));
        self.settle()
    }

    /// Lets time pass: everything that becomes due on the way happens, each at its own time. At most
    /// [`FIRING_LIMIT`] steps are taken.
    pub fn advance(&mut self, span_us: i64) -> Vec<SystemStep> {
        let until_us = self.time_us.saturating_add(span_us.max(0));
        let mut steps = Vec::new();
        while steps.len() < FIRING_LIMIT
            && let Some(step) = self.next_step(until_us)
        {
            steps.push(step);
        }
        if steps.len() < FIRING_LIMIT {
            self.set_time(until_us);
        }
        steps
    }

    /// Moves the clock to the next timer or message of any machine; nothing happens when none is due ever.
    pub fn elapse(&mut self) -> Vec<SystemStep> {
        let Some(due_us) = self.next_due_us() else { return Vec::new() };
        self.set_time(due_us);
        self.settle()
    }

    /// When the next timer or message of any machine is due.
    #[must_use]
    pub fn next_due_us(&self) -> Option<i64> {
        let own = self.machines.values().filter_map(Interpreter::next_due_us);
        own.chain(self.delayed.iter().map(|delayed| delayed.due_us)).min()
    }

    /// The clock, in microseconds since 1970 UTC.
    #[must_use]
    pub fn time_us(&self) -> i64 {
        self.time_us
    }

    /// Whether something is to be done at once.
    pub(super) fn is_busy(&self) -> bool {
        !self.queue.is_empty() || !self.told.is_empty()
    }

    /// Does what is to be done, the oldest first, until nothing is left that is due now.
    fn settle(&mut self) -> Vec<SystemStep> {
        let mut steps = Vec::new();
        while steps.len() < FIRING_LIMIT
            && let Some(step) = self.next_step(self.time_us)
        {
            steps.push(step);
        }
        steps
    }

    /// The next step that is due by then, the clock moved to it; nothing when there is none.
    pub fn next_step(&mut self, until_us: i64) -> Option<SystemStep> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Some(told);
            }
            let Some(pending) = self.queue.pop_front().or_else(|| self.due_now()) else {
                let due_us = self.next_due_us().filter(|due_us| *due_us <= until_us)?;
                self.set_time(due_us.max(self.time_us));
                continue;
            };
            if let Some(step) = self.perform_job(&pending.to, pending.job) {
                return Some(step);
            }
        }
    }

    /// An input for a machine that runs, before anything that waits. What it sets off waits in its turn.
    pub fn enter(&mut self, address: &Address, input: Input) -> Option<SystemStep> {
        let path = self.locate(address)?;
        self.perform_job(&path, Job::Step(input))
    }

    fn perform_job(&mut self, path: &Path, job: Job) -> Option<SystemStep> {
        let interpreter = self.machines.get_mut(path)?;
        let mut lost = None;
        let report = match job {
            Job::Start => interpreter.start(),
            Job::Step(input) => interpreter.step(input),
            Job::Elapse => interpreter.elapse()?,
            Job::Undelivered(why) => {
                lost = Some(why);
                interpreter.step(Input::Fault(Fault::Undelivered))
            }
        };
        let mut step = self.performed(path, report);
        step.undelivered.splice(0..0, lost);
        Some(step)
    }

    /// A step with what became of its effects.
    fn performed(&mut self, path: &Path, report: StepReport) -> SystemStep {
        let machine = self.machines.get(path).map_or_else(String::new, |row| row.machine().name.clone());
        let name = self.name(path);
        let undelivered = self.perform(path, &report);
        SystemStep { path: name, machine, report, undelivered }
    }

    fn post(&mut self, to: Path, from: Option<Path>, job: Job) {
        self.queue.push_back(Pending { to, from, job });
    }

    /// A timer or message that is due by now: the earliest; of several those of outer machines first.
    fn due_now(&mut self) -> Option<Pending> {
        let now_us = self.time_us;
        loop {
            let due = self.machines.iter().filter_map(|(path, machine)| Some((machine.next_due_us()?, path)));
            let own = due.filter(|(due_us, _)| *due_us <= now_us).min();
            let sent = self.delayed.iter().enumerate().map(|(at, delayed)| (delayed.due_us, at));
            let sent = sent.filter(|(due_us, _)| *due_us <= now_us).min();
            if let Some((own_us, path)) = own
                && sent.is_none_or(|(sent_us, _)| own_us <= sent_us)
            {
                return Some(Pending { to: path.clone(), from: None, job: Job::Elapse });
            }
            let (_, at) = sent?;
            let Delayed { from, to, message, .. } = self.delayed.remove(at);
            match self.deliver(&from, &to, &message).map(Some).or_else(|why| self.unless_open(why)) {
                Ok(Some(pending)) => return Some(pending),
                // Its receiver is somewhere else; something else may be due.
                Ok(None) => {}
                Err(why) => {
                    let job = Job::Undelivered(undelivered(&message, &why));
                    return Some(Pending { to: from, from: None, job });
                }
            }
        }
    }

    pub(super) fn set_time(&mut self, time_us: i64) {
        self.time_us = time_us;
        self.machines.values_mut().for_each(|machine| machine.clock.time_us = time_us);
    }

    /// The actor's name and those of the children on the way, joined by dots.
    fn name(&self, path: &Path) -> String {
        let mut machine = self.machines.get(&Path::of(path.actor)).map(Interpreter::machine);
        let actor = self.actors.get(path.actor).map_or("", |actor| actor.name.as_str());
        let mut names: Vec<&str> = Some(actor).filter(|name| !name.is_empty()).into_iter().collect();
        for child in &path.below {
            let row = machine.and_then(|machine| machine.children.get(*child));
            names.push(row.map_or("", |row| row.name.as_str()));
            machine = row.and_then(|row| self.model?.machine(&row.machine));
        }
        names.join(".")
    }

    fn has_room(&self, path: &Path) -> bool {
        path.below.len() <= CHILD_DEPTH_LIMIT && self.machines.len() <= CHILD_LIMIT
    }

    /// A machine as this system runs it.
    fn make(&self, machine: &'m Machine) -> Interpreter<'m, Answers> {
        let made = Interpreter::with_world(machine, self.answers.clone()).at(self.time_us);
        if self.explaining { made.explaining() } else { made }
    }
}

fn undelivered(message: &Signal, why: &str) -> String {
    format!("{} is not delivered: {why}", message.name)
}
