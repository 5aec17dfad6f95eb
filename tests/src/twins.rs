//! Both engines in step: what one does the other must do, and where they differ the word is made short.
//!
//! The children that a machine starts run beside it, in both engines as well: they get what it sends them, it is told
//! when they are done, and they are stopped when it stops them. A word that scripts the end of a child has the last
//! word: the child is gone then.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::OnceLock,
};

use statechart_lang::{
    interpreter::{Answers, Effect, Fault, MESSAGE_LIMIT, Signal, Value},
    model::{Machine, Model},
};

use crate::engines::{Ask, Did, Engine, Interpreted, Pair};

/// One step of a word.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Something happens.
    Ask(Ask, Answers),
    /// Each engine goes on from the snapshot of the other.
    Exchange(Answers),
}

/// A word, and how the machine is started.
#[derive(Debug, Clone)]
pub struct Played {
    /// Values for the machine's parameters.
    pub params: Vec<Value>,
    /// What guards answer at the start.
    pub start: Answers,
    /// What happens then.
    pub steps: Vec<Step>,
}

/// How deep children run in children; one more is only told of.
const DEPTH_LIMIT: usize = 3;

/// Most steps that one step of a word may bring about in children and by them.
const STEP_LIMIT: usize = 200;

/// Both engines, at the same point of the same word.
pub struct Twins<'m> {
    pair: Pair,
    model: &'m Model,
    machine: &'m Machine,
    compiled: Box<dyn Engine>,
    /// The children that run, with the run of theirs, counted from 1.
    children: BTreeMap<usize, (usize, Box<Twins<'m>>)>,
    depth: usize,
    /// How many steps children have taken.
    pub child_steps: usize,
    /// The interpreted one.
    pub interpreted: Interpreted<'m>,
    /// The word goes no further: a macrostep did not end, which is right but slow, or the interpreter lost a message
    /// to itself that a mailbox would have room for.
    pub ended: bool,
}

/// Whether a macrostep did not end.
#[must_use]
pub fn is_livelock(did: &Did) -> bool {
    did.effects.iter().any(|effect| matches!(effect, Effect::Fault(Fault::Microsteps { .. })))
}

/// More messages than the interpreter keeps, of which so many waited before; where a machine is compiled they are its
/// mailbox's affair, which tells of them after the step.
fn overflows(did: &Did, waited: usize) -> bool {
    let lost = |effect: &Effect| matches!(effect, Effect::Fault(Fault::Undelivered));
    let sent = did.effects.iter().filter(|effect| matches!(effect, Effect::Send { .. })).count();
    did.effects.iter().any(lost) && waited + sent >= MESSAGE_LIMIT
}

/// Both must be equal; only what differs is told.
fn compare(compiled: &Did, interpreted: &Did, waited: usize) -> Result<(), String> {
    if compiled == interpreted || overflows(interpreted, waited) {
        return Ok(());
    }
    let mut shown = String::new();
    macro_rules! field {
        ($($name:ident)*) => {$(
            if compiled.$name != interpreted.$name {
                let (left, right) = (format!("{:?}", compiled.$name), format!("{:?}", interpreted.$name));
                let same = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(200);
                let cut = |text: &str| text.chars().skip(same).take(800).collect::<String>();
                shown += &format!("{}\n  compiled:    …{}\n  interpreted: …{}\n", stringify!($name), cut(&left), cut(&right));
            }
        )*};
    }
    field!(outcome transitions exited entered effects unhandled active context data result done accepts time_us);
    Err(shown)
}

/// A machine's other machine, compiled: they stand in one file.
fn sibling(pair: Pair, machine: &str) -> Option<Pair> {
    static ALL: OnceLock<Vec<Pair>> = OnceLock::new();
    let mut all = ALL.get_or_init(crate::pairs).iter();
    all.find(|other| other.spec == pair.spec && other.machine == machine).copied()
}

impl<'m> Twins<'m> {
    /// Starts both.
    ///
    /// # Errors
    /// What differs.
    pub fn start(pair: Pair, model: &'m Model, params: &[Value], answers: &Answers) -> Result<Self, String> {
        let machine = model.machine(pair.machine).ok_or("the machine is missing")?;
        Self::start_at(pair, model, machine, params, answers, 0)
    }

    fn start_at(
        pair: Pair,
        model: &'m Model,
        machine: &'m Machine,
        params: &[Value],
        answers: &Answers,
        depth: usize,
    ) -> Result<Self, String> {
        let (mut compiled, mut interpreted) = (pair.compiled(params), Interpreted::new(machine, params));
        let (left, right) = (compiled.start(answers), interpreted.start(answers));
        compare(&left, &right, 0)?;
        let ended = is_livelock(&right) || left != right;
        let children = BTreeMap::new();
        let mut twins =
            Self { pair, model, machine, compiled, children, depth, child_steps: 0, interpreted, ended };
        twins.follow(Some(&right), answers)?;
        Ok(twins)
    }

    /// One step of both; what the interpreted machine did, where anything was to be done.
    ///
    /// # Errors
    /// What differs.
    pub fn play(&mut self, step: &Step) -> Result<Option<Did>, String> {
        match step {
            Step::Ask(ask, answers) => {
                // A word that says how a child ends knows better.
                if let Ask::Child { child, back: 0, .. } = ask {
                    self.children.remove(child);
                }
                let did = self.ask(ask, answers)?;
                if *ask == Ask::Elapse {
                    // Their clocks are their own.
                    let machine = self.machine;
                    for (child, (_, twins)) in &mut self.children {
                        twins.within(ask, answers, machine, *child)?;
                    }
                }
                self.follow(did.as_ref(), answers)?;
                Ok(did)
            }
            Step::Exchange(answers) => self.exchange(answers).map(Some),
        }
    }

    fn ask(&mut self, ask: &Ask, answers: &Answers) -> Result<Option<Did>, String> {
        let waited = self.interpreted.engine().agenda().len();
        let (left, right) = (self.compiled.ask(ask, answers), self.interpreted.ask(ask, answers));
        match (&left, &right) {
            (Some(left), Some(right)) => compare(left, right, waited)?,
            (None, None) => {}
            _ => return Err(format!("{left:?}\n{right:?}")),
        }
        self.ended |= left != right || right.as_ref().is_some_and(is_livelock);
        Ok(right)
    }

    /// What a step means for children, and what they then do, until nobody has anything to say.
    fn follow(&mut self, did: Option<&Did>, answers: &Answers) -> Result<(), String> {
        let mut waiting: VecDeque<Vec<Effect>> =
            VecDeque::from([did.map(|did| did.effects.clone()).unwrap_or_default()]);
        let mut steps = 0;
        while let Some(effects) = waiting.pop_front() {
            for effect in &effects {
                match effect {
                    Effect::Spawn { child, args, .. } => self.spawn(*child, args, answers)?,
                    Effect::StopChild { child, .. } => {
                        if let Some((_, mut twins)) = self.children.remove(child) {
                            self.child_steps += 1;
                            twins.within(&Ask::Halt, answers, self.machine, *child)?;
                        }
                    }
                    Effect::Send { peer: Some(name), message, delay_us: None, .. } => {
                        self.send(name, message, answers)?;
                    }
                    _ => {}
                }
            }
            let done = self.children.iter().filter(|(_, (_, twins))| twins.interpreted.engine().is_done());
            let done: Vec<(usize, usize, Option<Value>)> = done
                .map(|(child, (run, twins))| (*child, *run, twins.interpreted.engine().result().cloned()))
                .collect();
            for (child, run, result) in done {
                self.children.remove(&child);
                steps += 1;
                if self.ended || steps > STEP_LIMIT {
                    continue;
                }
                let runs = self.interpreted.spawns().get(&child).copied().unwrap_or(run);
                let ask = Ask::Child { child, back: runs - run, result, fails: false };
                waiting.extend(self.ask(&ask, answers)?.map(|did| did.effects));
            }
        }
        Ok(())
    }

    fn spawn(&mut self, child: usize, args: &[Value], answers: &Answers) -> Result<(), String> {
        let row = &self.machine.children[child];
        let (machine, pair) = (self.model.machine(&row.machine), sibling(self.pair, &row.machine));
        let (Some(machine), Some(pair)) = (machine, pair) else { return Ok(()) };
        if self.depth == DEPTH_LIMIT {
            return Ok(());
        }
        let run = self.interpreted.spawns().get(&child).copied().unwrap_or(0);
        let twins = Self::start_at(pair, self.model, machine, args, answers, self.depth + 1);
        let twins = twins.map_err(|shown| format!("in the child {}:\n{shown}", row.name))?;
        self.child_steps += 1;
        self.children.insert(child, (run, Box::new(twins)));
        Ok(())
    }

    fn send(&mut self, name: &str, message: &Signal, answers: &Answers) -> Result<(), String> {
        let Some(child) = self.machine.children.iter().position(|row| row.name == name) else {
            return Ok(());
        };
        let machine = self.machine;
        let Some((_, twins)) = self.children.get_mut(&child) else { return Ok(()) };
        let Some(event) = twins.machine.event(&message.name) else { return Ok(()) };
        let args = message.fields.iter().map(|(_, value)| value.clone()).collect();
        self.child_steps += 1;
        twins.within(&Ask::Event(event, args), answers, machine, child)
    }

    /// A step of a child.
    fn within(&mut self, ask: &Ask, answers: &Answers, parent: &Machine, child: usize) -> Result<(), String> {
        if self.ended {
            return Ok(());
        }
        self.play(&Step::Ask(ask.clone(), answers.clone()))
            .map(|_| ())
            .map_err(|shown| format!("in the child {}, {ask:?}:\n{shown}", parent.children[child].name))
    }

    /// Both take a snapshot, which must be the same, and go on from that of the other.
    fn exchange(&mut self, answers: &Answers) -> Result<Did, String> {
        let (left, right) = (self.compiled.snapshot(), self.interpreted.snapshot());
        if left != right {
            return Err(format!("compiled: {left}\ninterpreted: {right}"));
        }
        for (_, twins) in self.children.values_mut() {
            twins.exchange(answers)?;
        }
        match (self.compiled.restore(&right, answers), self.interpreted.restore(&left, answers)) {
            (Ok(one), Ok(other)) => {
                // A restored machine sends nothing.
                compare(&one, &other, 0).map(|()| other)
            }
            (one, other) => Err(format!("{left}\n{one:?}\n{other:?}")),
        }
    }

    /// A step for people.
    fn tell(&self, step: &Step) -> String {
        let event = match step {
            Step::Ask(Ask::Event(event, _) | Ask::Report { event, .. }, _) => {
                self.machine.events[*event].symbol.name.as_str()
            }
            _ => "",
        };
        format!("{event} {step:?}\n")
    }
}

/// Plays a word in both engines.
///
/// # Errors
/// The steps up to the one after which they differ, and how.
pub fn replay(pair: Pair, model: &Model, played: &Played) -> Result<(), String> {
    let mut told = format!("start {:?} {:?}\n", played.params, played.start);
    let mut twins = Twins::start(pair, model, &played.params, &played.start)
        .map_err(|shown| format!("{told}\n{shown}"))?;
    for step in &played.steps {
        if twins.ended {
            break;
        }
        told += &twins.tell(step);
        twins.play(step).map_err(|shown| format!("{told}\n{shown}"))?;
    }
    Ok(())
}

/// Says where two engines differ: the spec, the shortest word that was found by leaving steps out, and how.
///
/// # Panics
/// Always; that is what it is for.
pub fn report(pair: Pair, model: &Model, mut played: Played) -> ! {
    let mut shown = replay(pair, model, &played).err();
    let mut at = played.steps.len();
    while at > 0 {
        at -= 1;
        let mut shorter = played.clone();
        shorter.steps.remove(at);
        if let Err(still) = replay(pair, model, &shorter) {
            (played, shown) = (shorter, Some(still));
            at = at.min(played.steps.len());
        }
    }
    let spec = std::fs::read_to_string(pair.spec).unwrap_or_default();
    let shown = shown.unwrap_or_else(|| "the same word does not differ a second time".to_owned());
    // A random chart is found nowhere else; others stand in the tree.
    let spec = if pair.machine == "Random" { spec.as_str() } else { "" };
    panic!("{} in {}\n{spec}\n{shown}", pair.machine, pair.spec);
}
