//! [`System`]: a machine together with the children that it starts, each an interpreter of its own, on one clock.
//!
//! ```text
//! input ─▶ machine ─effects─▶ spawn: a child starts      its outputs and effects are reported under its path
//!             ▲               stop:  it and its own children are gone
//!             │               send:  its input, at once or after a delay
//!             └── done(child) ◀── a final state of its root
//! ```
//!
//! What a machine would leave to whoever runs it is done here: everything else (services, peers, extern actions)
//! stays an effect in the reports. Steps are taken one after another, the oldest message first.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Answers, Cause, Effect, FIRING_LIMIT, Fault, Input, Interpreter, Signal, Snapshot, SnapshotError,
    StepReport, Value,
};
use crate::model::{ChildId, Machine, Model};

/// Most machines that run below one.
pub const CHILD_LIMIT: usize = 1_024;
/// Most children inside of one another.
pub const CHILD_DEPTH_LIMIT: usize = 16;

/// Which machine: the children on the way to it, none for the outermost one.
type Path = Vec<ChildId>;

/// A machine and its children. Cloning it forks the run.
#[derive(Debug, Clone)]
pub struct System<'m> {
    model: &'m Model,
    root: Interpreter<'m, Answers>,
    children: BTreeMap<Path, Running<'m>>,
    /// What is to be done next, in order.
    queue: VecDeque<(Path, Job)>,
    /// Delayed messages to children, in the order of sending.
    delayed: Vec<Delayed>,
}

/// One step of one of the machines.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemStep {
    /// Names of the children on the way to it, joined by dots; empty for the outermost machine.
    pub path: String,
    /// What it did.
    pub report: StepReport,
}

#[derive(Debug, Clone)]
struct Running<'m> {
    interpreter: Interpreter<'m, Answers>,
    /// As the parent knows it.
    generation: u32,
}

#[derive(Debug, Clone)]
enum Job {
    Start,
    Step(Input),
    /// A timer or a message to itself is due.
    Elapse,
}

#[derive(Debug, Clone)]
struct Delayed {
    due_us: i64,
    from: Path,
    child: ChildId,
    message: Signal,
    id: Option<String>,
}

impl<'m> System<'m> {
    /// A system whose outermost machine has not been started; its clock stands at 0.
    #[must_use]
    pub fn new(model: &'m Model, machine: &'m Machine) -> Self {
        Self::of(model, Interpreter::with_world(machine, Answers::default()))
    }

    fn of(model: &'m Model, root: Interpreter<'m, Answers>) -> Self {
        Self { model, root, children: BTreeMap::new(), queue: VecDeque::new(), delayed: Vec::new() }
    }

    /// The same system with values for the parameters of its outermost machine.
    #[must_use]
    pub fn with_params(mut self, values: Vec<Value>) -> Self {
        self.root = self.root.with_params(values);
        self
    }

    /// The outermost machine.
    #[must_use]
    pub fn root(&self) -> &Interpreter<'m, Answers> {
        &self.root
    }

    /// The machines that run below it, with their paths.
    pub fn children(&self) -> impl Iterator<Item = (String, &Interpreter<'m, Answers>)> + '_ {
        self.children.iter().map(|(path, running)| (self.name(path), &running.interpreter))
    }

    /// The answers of extern guards, for every machine, from now on.
    pub fn answer(&mut self, answers: &Answers) {
        self.root.world_mut().clone_from(answers);
        self.children.values_mut().for_each(|running| running.interpreter.world_mut().clone_from(answers));
    }

    /// Starts the outermost machine and does what follows at once.
    pub fn start(&mut self) -> Vec<SystemStep> {
        self.queue.push_back((Path::new(), Job::Start));
        self.settle()
    }

    /// Gives the outermost machine an input and does what follows at once.
    pub fn step(&mut self, input: Input) -> Vec<SystemStep> {
        self.queue.push_back((Path::new(), Job::Step(input)));
        self.settle()
    }

    /// Lets time pass: everything that becomes due on the way happens, each at its own time. At most
    /// [`FIRING_LIMIT`] steps are taken.
    pub fn advance(&mut self, span_us: i64) -> Vec<SystemStep> {
        let until_us = self.root.time_us().saturating_add(span_us.max(0));
        let mut steps = self.settle();
        while steps.len() < FIRING_LIMIT
            && let Some(due_us) = self.next_due_us().filter(|due_us| *due_us <= until_us)
        {
            self.set_time(due_us);
            steps.extend(self.settle());
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
        let own = self.interpreters().filter_map(|(_, interpreter)| interpreter.next_due_us());
        own.chain(self.delayed.iter().map(|delayed| delayed.due_us)).min()
    }

    /// The machine with its children, and theirs.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_of(&Path::new())
    }

    fn snapshot_of(&self, path: &Path) -> Snapshot {
        let Some(interpreter) = self.interpreter(path) else { return Snapshot::default() };
        let mut snapshot = interpreter.snapshot();
        for saved in &mut snapshot.children {
            let child = interpreter.machine().children.iter().position(|child| child.name == saved.id);
            let below = child.map(|child| [path.as_slice(), &[child]].concat());
            saved.snapshot = below
                .filter(|below| self.children.contains_key(below))
                .map(|below| Box::new(self.snapshot_of(&below)));
        }
        snapshot
    }

    /// A system that goes on where the snapshot was taken; see [`Interpreter::restore`]. A child that nobody took a
    /// snapshot of has failed.
    ///
    /// # Errors
    /// When it does not fit the machine, or one of a child does not fit that.
    pub fn restore(
        model: &'m Model,
        machine: &'m Machine,
        snapshot: &Snapshot,
    ) -> Result<(Self, Vec<SystemStep>), SnapshotError> {
        let (root, report) = Interpreter::restore(machine, Answers::default(), snapshot)?;
        let mut system = Self::of(model, root);
        let mut steps = Vec::new();
        system.restore_children(&Path::new(), snapshot, &mut steps)?;
        system.perform(&Path::new(), &report);
        steps.insert(0, SystemStep { path: String::new(), report });
        steps.extend(system.settle());
        Ok((system, steps))
    }

    fn restore_children(
        &mut self,
        path: &Path,
        snapshot: &Snapshot,
        steps: &mut Vec<SystemStep>,
    ) -> Result<(), SnapshotError> {
        let Some(machine) = self.interpreter(path).map(Interpreter::machine) else { return Ok(()) };
        for saved in &snapshot.children {
            let child = machine.children.iter().position(|child| child.name == saved.id);
            let Some((child, row)) = child.and_then(|child| Some((child, machine.children.get(child)?)))
            else {
                continue;
            };
            let (generation, below) = (saved.generation, [path.as_slice(), &[child]].concat());
            let machine = self.model.machine(&row.machine).filter(|_| self.has_room(&below));
            let (Some(machine), Some(snapshot)) = (machine, &saved.snapshot) else {
                self.queue.push_back((path.clone(), Job::Step(Input::ChildFailed { child, generation })));
                continue;
            };
            let time_us = self.root.time_us();
            let (interpreter, report) =
                Interpreter::restore_at(machine, Answers::default(), snapshot, time_us)?;
            self.children.insert(below.clone(), Running { interpreter, generation });
            self.restore_children(&below, snapshot, steps)?;
            self.perform(&below, &report);
            steps.push(SystemStep { path: self.name(&below), report });
        }
        Ok(())
    }

    fn has_room(&self, path: &Path) -> bool {
        path.len() <= CHILD_DEPTH_LIMIT && self.children.len() < CHILD_LIMIT
    }

    /// Does what is to be done, the oldest first, until nothing is left that is due now.
    fn settle(&mut self) -> Vec<SystemStep> {
        let mut steps = Vec::new();
        while steps.len() < FIRING_LIMIT {
            let Some((path, job)) = self.queue.pop_front().or_else(|| self.due_now()) else { break };
            let Some(interpreter) = self.interpreter_mut(&path) else { continue };
            let report = match job {
                Job::Start => Some(interpreter.start()),
                Job::Step(input) => Some(interpreter.step(input)),
                Job::Elapse => interpreter.elapse(),
            };
            let Some(report) = report else { continue };
            let name = self.name(&path);
            self.perform(&path, &report);
            steps.push(SystemStep { path: name, report });
        }
        steps
    }

    /// A timer or message that is due by now: the earliest; of several those of outer machines first.
    fn due_now(&mut self) -> Option<(Path, Job)> {
        let now_us = self.root.time_us();
        let due =
            self.interpreters().filter_map(|(path, interpreter)| Some((interpreter.next_due_us()?, path)));
        let own = due.filter(|(due_us, _)| *due_us <= now_us).min();
        let sent = self.delayed.iter().enumerate().map(|(at, delayed)| (delayed.due_us, at));
        let sent = sent.filter(|(due_us, _)| *due_us <= now_us).min();
        match (own, sent) {
            (Some((own_us, path)), sent) if sent.is_none_or(|(sent_us, _)| own_us <= sent_us) => {
                Some((path, Job::Elapse))
            }
            (_, Some((_, at))) => {
                let delayed = self.delayed.remove(at);
                Some(self.delivery(&delayed.from, delayed.child, &delayed.message))
            }
            _ => None,
        }
    }

    /// A message to a child: its input, or a fault of the sender's where it does not run any more.
    fn delivery(&self, from: &Path, child: ChildId, message: &Signal) -> (Path, Job) {
        let path = [from.as_slice(), &[child]].concat();
        let event =
            self.children.get(&path).and_then(|running| running.interpreter.machine().event(&message.name));
        match event {
            Some(event) => {
                let args = message.fields.iter().map(|(_, value)| value.clone()).collect();
                (path, Job::Step(Input::Event { event, args }))
            }
            None => (from.clone(), Job::Step(Input::Fault(Fault::Undelivered))),
        }
    }

    /// Performs the effects that concern children, and tells the parent of a machine that is done.
    fn perform(&mut self, path: &Path, report: &StepReport) {
        for effect in &report.effects {
            match effect {
                Effect::Spawn { child, generation, machine, args, .. } => {
                    self.spawn(path, *child, *generation, machine, args);
                }
                Effect::StopChild { child, .. } => self.forget(&[path.as_slice(), &[*child]].concat()),
                Effect::Send { peer: Some(name), message, delay_us, id } => {
                    let machine = self.interpreter(path).map(Interpreter::machine);
                    let child =
                        machine.and_then(|machine| machine.children.iter().position(|row| row.name == *name));
                    if let Some(child) = child {
                        self.send(path, child, message, *delay_us, id.as_ref());
                    }
                }
                Effect::Cancel { id } => {
                    self.delayed.retain(|delayed| delayed.from != *path || delayed.id.as_ref() != Some(id));
                }
                _ => {}
            }
        }
        let Some((child, above)) = path.split_last() else { return };
        let Some(running) = self.children.get(path).filter(|running| running.interpreter.is_done()) else {
            return;
        };
        // A restored one that was done then has told its parent already.
        if report.cause != Cause::Restored {
            let (generation, result) = (running.generation, running.interpreter.result().cloned());
            let done = Input::ChildDone { child: *child, generation, result };
            self.queue.push_back((above.to_vec(), Job::Step(done)));
        }
        self.forget(path);
    }

    fn spawn(&mut self, path: &Path, child: ChildId, generation: u32, machine: &str, args: &[Value]) {
        let below = [path.as_slice(), &[child]].concat();
        self.forget(&below);
        let Some(machine) = self.model.machine(machine).filter(|_| self.has_room(&below)) else {
            self.queue.push_back((path.clone(), Job::Step(Input::ChildFailed { child, generation })));
            return;
        };
        let answers = self.root.world.clone();
        let interpreter =
            Interpreter::with_world(machine, answers).with_params(args.to_vec()).at(self.root.time_us());
        self.children.insert(below.clone(), Running { interpreter, generation });
        self.queue.push_back((below, Job::Start));
    }

    fn send(
        &mut self,
        from: &Path,
        child: ChildId,
        message: &Signal,
        delay_us: Option<i64>,
        id: Option<&String>,
    ) {
        if id.is_some() {
            self.delayed.retain(|delayed| delayed.from != *from || delayed.id.as_ref() != id);
        }
        match delay_us {
            None => {
                let delivery = self.delivery(from, child, message);
                self.queue.push_back(delivery);
            }
            Some(delay_us) => self.delayed.push(Delayed {
                due_us: self.root.time_us().saturating_add(delay_us.max(0)),
                from: from.clone(),
                child,
                message: message.clone(),
                id: id.cloned(),
            }),
        }
    }

    /// A machine is gone, with everything below it and everything that was meant for them.
    fn forget(&mut self, path: &Path) {
        self.children.retain(|other, _| !other.starts_with(path));
        self.queue.retain(|(other, _)| !other.starts_with(path));
        self.delayed.retain(|delayed| !delayed.from.starts_with(path));
    }

    fn set_time(&mut self, time_us: i64) {
        self.root.clock.time_us = time_us;
        self.children.values_mut().for_each(|running| running.interpreter.clock.time_us = time_us);
    }

    fn interpreters(&self) -> impl Iterator<Item = (Path, &Interpreter<'m, Answers>)> + '_ {
        let children = self.children.iter().map(|(path, running)| (path.clone(), &running.interpreter));
        std::iter::once((Path::new(), &self.root)).chain(children)
    }

    fn interpreter(&self, path: &Path) -> Option<&Interpreter<'m, Answers>> {
        if path.is_empty() {
            Some(&self.root)
        } else {
            self.children.get(path).map(|running| &running.interpreter)
        }
    }

    fn interpreter_mut(&mut self, path: &Path) -> Option<&mut Interpreter<'m, Answers>> {
        if path.is_empty() {
            Some(&mut self.root)
        } else {
            self.children.get_mut(path).map(|running| &mut running.interpreter)
        }
    }

    /// Names of the children on the way, joined by dots.
    fn name(&self, path: &Path) -> String {
        let mut machine = Some(self.root.machine());
        let mut names = Vec::with_capacity(path.len());
        for child in path {
            let row = machine.and_then(|machine| machine.children.get(*child));
            names.push(row.map_or("", |row| row.name.as_str()));
            machine = row.and_then(|row| self.model.machine(&row.machine));
        }
        names.join(".")
    }
}
