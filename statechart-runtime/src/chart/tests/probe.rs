//! A chart that writes down what the engine asks of it, so that a test is a table of states and a list
//! of what happens: `-state` left, `+state` entered, `text` a transition's actions, `!fault`, `?event`
//! unhandled, `do n` and `stop n` activities, `spawn n` and `end n` children, `data s` the data of a state, `arm n` and `disarm n` timers.

use ::core::{fmt, marker::PhantomData};
use alloc::{format, string::String, vec::Vec};

use crate::{
    chart::{
        Activity, Block, Cells, Chart, Core, Cue, Effects, Input, Internal, Kind, Outcome, Receiver,
        Recorded, Ring, Shape, State, Tables, Transition, Trigger, engine,
    },
    value::{Duration, Fault, Text, Time},
};

/// What a block does besides writing itself down.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    Raise(u16),
    Set(i64),
    Fail,
    Say(&'static str),
    Spawn(u16),
    Stop(u16),
}

/// A chart under test.
pub(super) trait Plan: 'static {
    const TABLES: &'static Tables;
    fn guard(_transition: u16, _var: i64, _core: &Core<Sizes>) -> Result<bool, Fault> {
        Ok(true)
    }
    fn ops(_block: Block) -> &'static [Op] {
        &[]
    }
}

/// An event: its tag and a number to tell two of one kind apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Event(pub(super) u16, pub(super) i64);

pub(super) struct Sizes;

impl Shape for Sizes {
    type Event = Event;
    type Returned = i64;
    type Undo = ();
    type Configuration = crate::chart::Bits<4>;
    type Set = crate::chart::Bits<4>;
    type Internal = Ring<Internal<Event, i64>, 18>;
    type Deferred = Ring<crate::chart::Pending<Event>, 3>;
    type Entered = Ring<u16, 8>;
    type Timers = [u32; 4];
    type Deadlines = [i64; 4];
    type Activities = [u32; 4];
    type Children = [u32; 2];
    type Histories = Cells<2, Recorded>;
    type Undos = Ring<(), 0>;
    const RAISED: usize = 16;
}

pub(super) struct Probe<P> {
    core: Core<Sizes>,
    externs: (),
    pub(super) var: i64,
    /// States whose data ended, in order.
    pub(super) left: Vec<u16>,
    plan: PhantomData<P>,
}

impl<P: Plan> Chart for Probe<P> {
    type Shape = Sizes;
    type Event = Event;
    type Output = String;
    type Message = ();
    type Call = u16;
    type Action = ();
    type Returned = i64;
    type Spawn = i64;
    type Externs = ();

    const TABLES: &'static Tables = P::TABLES;

    fn tag(event: &Event) -> u16 {
        event.0
    }
    fn core(&self) -> &Core<Sizes> {
        &self.core
    }
    fn core_mut(&mut self) -> &mut Core<Sizes> {
        &mut self.core
    }
    fn externs_mut(&mut self) -> &mut () {
        &mut self.externs
    }
    fn guard(&self, transition: u16, _cue: Cue<'_, Event, i64>) -> Result<bool, Fault> {
        P::guard(transition, self.var, &self.core)
    }
    fn run<F: Effects<Self>>(
        &mut self,
        fx: &mut F,
        block: Block,
        cue: Cue<'_, Event, i64>,
    ) -> Result<(), Fault> {
        if let Block::Transition(index) = block {
            let text = P::TABLES.transitions[usize::from(index)].text;
            fx.emit(match cue {
                Cue::Event(Event(_, number)) if *number != 0 => format!("{text}({number})"),
                Cue::Done(Some(number)) => format!("{text}({number})"),
                Cue::Fault(fault) if text.ends_with(':') => format!("{text}({})", fault.kind()),
                _ => String::from(text),
            });
        }
        for op in P::ops(block) {
            match *op {
                Op::Raise(tag) => self.core.raise(Event(tag, 0))?,
                Op::Set(value) => self.var = value,
                Op::Fail => return Err(Fault::Overflow),
                Op::Say(text) => fx.emit(String::from(text)),
                Op::Spawn(child) => engine::spawn(self, fx, child, self.var),
                Op::Stop(child) => engine::stop_child(self, fx, child),
            }
        }
        Ok(())
    }
    fn delay(&self, timer: u16) -> Result<Duration, Fault> {
        Ok(Duration(1_000_000 * (i64::from(timer) + 1)))
    }
    fn call(&self, activity: u16) -> Result<u16, Fault> {
        if self.var == -1 { Err(Fault::DivisionByZero) } else { Ok(activity) }
    }
    fn act((): &mut (), (): ()) {}
    fn to_self((): ()) -> Result<Event, ()> {
        Err(())
    }
    fn receiver((): &()) -> Receiver {
        Receiver::Peer
    }
    fn enter_data<F: Effects<Self>>(&mut self, fx: &mut F, state: u16) {
        fx.emit(format!("data {}", P::TABLES.states[usize::from(state)].name));
    }
    fn leave_data(&mut self, state: u16) {
        self.left.push(state);
    }
    fn returned<F: Effects<Self>>(&mut self, _fx: &mut F, _state: u16) -> Option<i64> {
        Some(self.var)
    }
    fn child(&self, activity: u16) -> Result<i64, Fault> {
        Ok(i64::from(activity))
    }
    fn describe_context(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "var: {}", self.var)
    }
}

/// A probe and what it has written down.
pub(super) struct Run<P: Plan> {
    pub(super) machine: Probe<P>,
    pub(super) outcome: Outcome,
    lines: Lines,
}

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    /// The generations given out last, by activity and by timer.
    activities: [u32; 4],
    timers: [u32; 4],
    children: [u32; 2],
    names: &'static [State],
    events: &'static [&'static str],
}

impl<P: Plan> Effects<Probe<P>> for Lines {
    fn now(&mut self) -> Time {
        Time::default()
    }
    fn emit(&mut self, output: String) {
        self.lines.push(output);
    }
    fn send(&mut self, (): (), _delay: Option<Duration>, _id: Option<u16>) {}
    fn cancel(&mut self, _id: u16) {}
    fn spawn(&mut self, child: u16, generation: u32, spawn: i64) {
        self.children[usize::from(child)] = generation;
        self.lines.push(format!("spawn {child}({spawn})"));
    }
    fn stop_child(&mut self, child: u16) {
        self.lines.push(format!("end {child}"));
    }
    fn start(&mut self, activity: u16, generation: u32, _call: u16) {
        self.activities[usize::from(activity)] = generation;
        self.lines.push(format!("do {activity}"));
    }
    fn stop(&mut self, activity: u16) {
        self.lines.push(format!("stop {activity}"));
    }
    fn arm(&mut self, timer: u16, generation: u32, _after: Duration) {
        self.timers[usize::from(timer)] = generation;
        self.lines.push(format!("arm {timer}"));
    }
    fn disarm(&mut self, timer: u16) {
        self.lines.push(format!("disarm {timer}"));
    }
    fn log(&mut self, text: Text) {
        self.lines.push(format!("log {text}"));
    }
    fn fault(&mut self, fault: Fault) {
        self.lines.push(format!("!{}", fault.kind()));
    }
    fn unhandled(&mut self, event: &Event) {
        self.lines.push(format!("?{}", self.events[usize::from(event.0)]));
    }
    fn exited(&mut self, state: u16) {
        self.lines.push(format!("-{}", self.names[usize::from(state)].name));
    }
    fn entered(&mut self, state: u16) {
        self.lines.push(format!("+{}", self.names[usize::from(state)].name));
    }
}

impl<P: Plan> Run<P> {
    pub(super) fn start() -> Self {
        Self::start_with(0)
    }

    pub(super) fn start_with(var: i64) -> Self {
        let machine = Probe { core: Core::default(), externs: (), var, left: Vec::new(), plan: PhantomData };
        let lines = Lines { names: P::TABLES.states, events: P::TABLES.events, ..Lines::default() };
        let mut run = Self { machine, outcome: Outcome::Taken, lines };
        engine::start(&mut run.machine, &mut run.lines);
        run
    }

    /// Runs one step and tells what happened in it.
    pub(super) fn step(&mut self, input: Input<Event, i64>) -> String {
        self.lines.lines.clear();
        self.outcome = engine::step(&mut self.machine, &mut self.lines, input);
        self.told()
    }

    pub(super) fn event(&mut self, tag: u16) -> String {
        self.step(Input::Event(Event(tag, 0)))
    }

    pub(super) fn numbered(&mut self, tag: u16, number: i64) -> String {
        self.step(Input::Event(Event(tag, number)))
    }

    pub(super) fn report(&mut self, activity: u16, tag: u16, last: bool) -> String {
        let generation = self.generation(activity);
        self.step(Input::Report { activity, generation, event: Event(tag, 0), last })
    }

    pub(super) fn child_done(&mut self, child: u16, result: Option<i64>) -> String {
        let generation = self.lines.children[usize::from(child)];
        self.step(Input::ChildDone { child, generation, result })
    }

    pub(super) fn child_failed(&mut self, child: u16) -> String {
        let generation = self.lines.children[usize::from(child)];
        self.step(Input::ChildFailed { child, generation })
    }

    pub(super) fn generation(&self, activity: u16) -> u32 {
        self.lines.activities[usize::from(activity)]
    }

    pub(super) fn elapsed(&mut self, timer: u16) -> String {
        let generation = self.lines.timers[usize::from(timer)];
        self.step(Input::Elapsed { timer, generation })
    }

    /// What happened since the last step began.
    pub(super) fn told(&self) -> String {
        self.lines.lines.join(" ")
    }

    /// The active leaves.
    pub(super) fn leaves(&self) -> String {
        let leaves: Vec<_> = P::TABLES.leaves(self.machine.core.active()).map(|state| state.name).collect();
        leaves.join(" ")
    }
}

pub(super) const fn tables(states: &'static [State], transitions: &'static [Transition]) -> Tables {
    Tables {
        name: "probe",
        strict: false,
        states,
        transitions,
        events: &["A", "B", "C", "D"],
        outputs: &[],
        timers: &[0; 4],
        activities: ACTIVITIES,
        children: &["c", "d"],
        sends: &[],
        histories: 2,
        microsteps: 50,
    }
}

const ACTIVITIES: &[Activity] = &[activity("w"), activity("x"), activity("y"), activity("z")];

const fn activity(name: &'static str) -> Activity {
    Activity { state: 0, name, child: None }
}

pub(super) const A: u16 = 0;
pub(super) const B: u16 = 1;
pub(super) const C: u16 = 2;
pub(super) const D: u16 = 3;

/// `on` of an event.
pub(super) const fn on(tag: u16, candidates: &'static [u16]) -> (Trigger, &'static [u16]) {
    (Trigger::Event(tag), candidates)
}

const fn state(name: &'static str, parent: u16, last: u16, kind: Kind) -> State {
    State { name, label: name, parent, last, kind, ..State::PLAIN }
}

/// A compound state: name, parent, last descendant, initial targets.
pub(super) const fn compound(name: &'static str, parent: u16, last: u16, initial: &'static [u16]) -> State {
    State { initial, ..state(name, parent, last, Kind::Compound) }
}

pub(super) const fn parallel(name: &'static str, parent: u16, last: u16) -> State {
    state(name, parent, last, Kind::Parallel)
}

pub(super) const fn atomic(name: &'static str, parent: u16, index: u16) -> State {
    state(name, parent, index, Kind::Atomic)
}

pub(super) const fn ending(name: &'static str, parent: u16, index: u16) -> State {
    state(name, parent, index, Kind::Final)
}

pub(super) const fn history(
    parent: u16,
    index: u16,
    deep: bool,
    slot: u16,
    initial: &'static [u16],
) -> State {
    State { initial, ..state("h", parent, index, Kind::History { deep, slot }) }
}

impl State {
    pub(super) const fn with_on(self, on: &'static [(Trigger, &'static [u16])]) -> Self {
        Self { on, ..self }
    }
    pub(super) const fn with_defer(self, defer: &'static [u16]) -> Self {
        Self { defer, ..self }
    }
    pub(super) const fn with_timer(self, first: u16) -> Self {
        Self { timers: (first, 1), ..self }
    }
    pub(super) const fn with_activity(self, first: u16) -> Self {
        Self { activities: (first, 1), ..self }
    }
    pub(super) const fn with_initial_acts(self) -> Self {
        Self { initial_acts: true, ..self }
    }
    pub(super) const fn with_histories(self, histories: &'static [u16]) -> Self {
        Self { histories, ..self }
    }
    pub(super) const fn with_exit(self) -> Self {
        Self { exit: true, ..self }
    }
    pub(super) const fn with_data(self) -> Self {
        Self { data: true, ..self }
    }
    pub(super) const fn with_return(self) -> Self {
        Self { returns: true, ..self }
    }
    pub(super) const fn awaited(self) -> Self {
        Self { awaited: true, ..self }
    }
    pub(super) const fn with_entry(self) -> Self {
        Self { entry: true, ..self }
    }
}

/// A transition whose actions write its text down.
pub(super) const fn go(source: u16, domain: u16, targets: &'static [u16], text: &'static str) -> Transition {
    Transition { source, targets, domain, acts: true, text, ..Transition::PLAIN }
}

impl Transition {
    pub(super) const fn guarded(self) -> Self {
        Self { guarded: true, ..self }
    }
    pub(super) const fn ignored(self) -> Self {
        Self { ignore: true, acts: false, ..self }
    }
}
