//! A machine in the shape that generated code has, for the tests of steps and of actors.
//!
//! ```text
//! machine Worker {
//!   initial idle
//!   on PING / emit PONG      on ECHO / send self PING         on LATER / send self PING delay 5s
//!   on FORWARD / send peer n on BOOM / boom()                 on fault / emit FAULTED
//!   on QUIT -> end
//!   state idle { on GO -> busy / job := event.job, total := 0 }
//!   parallel busy {
//!     defer GO   on CANCEL -> idle   on done(work) -> idle / emit ANSWER(job, total)
//!     region work { initial running
//!       state running { do work(job) streams ITEM; on ITEM / total := total + event.n, emit SAW(event.n); on RESULT -> finished }
//!       final finished }
//!     region watch { initial waiting
//!       state waiting { after 30s -> late / emit LATE }
//!       state late }
//!   }
//!   final end
//! }
//! ```

use ::core::{fmt, future::Future};
use alloc::vec::Vec;

use crate::{
    chart::{
        Activity, Block, Cells, Chart, Children, Core, Cue, Effects, Host, Input, Internal, Kind, Outcome,
        Pending, Receiver, Recorded, Recorder, Report, Ring, Services, Shape, State, Step, Tables,
        Transition, Trigger,
    },
    value::{Arithmetic, Duration, Fault, Time},
};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    Go { job: i64 },
    Item { n: i64 },
    Result,
    Cancel,
    Ping,
    Echo,
    Later,
    Forward { n: i64 },
    Boom,
    Quit,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Output {
    Pong,
    Saw { n: i64 },
    Answer { job: i64, total: i64 },
    Late,
    Faulted,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    Own(Event),
    Peer(i64),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Call {
    Work { job: i64 },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Boom,
}

pub(crate) trait Externs {
    fn boom(&mut self);
    fn work<R: Report<Event>>(&mut self, job: i64, report: R)
    -> impl Future<Output = Event> + Send + 'static;
}

pub(crate) struct Sizes;

impl Shape for Sizes {
    type Event = Event;
    type Returned = ();
    type Undo = ();
    type Configuration = crate::chart::Bits<4>;
    type Set = crate::chart::Bits<4>;
    type Internal = Ring<Internal<Event, ()>, 16>;
    type Deferred = Ring<Pending<Event>, 4>;
    type Entered = Ring<u16, 1>;
    type Timers = [u32; 1];
    type Deadlines = [i64; 1];
    type Activities = [u32; 1];
    type Children = [u32; 0];
    type Histories = Cells<0, Recorded>;
    type Undos = Ring<(), 0>;
}

pub(crate) struct Worker<X> {
    core: Core<Sizes>,
    externs: X,
    job: i64,
    total: i64,
}

impl<X> Worker<X> {
    pub(crate) fn new(externs: X) -> Self {
        Self { core: Core::default(), externs, job: 0, total: 0 }
    }
}

const fn state(name: &'static str, parent: u16, last: u16, kind: Kind, initial: &'static [u16]) -> State {
    State { name, label: name, parent, last, kind, initial, ..State::PLAIN }
}

const fn row(
    source: u16,
    domain: u16,
    targets: &'static [u16],
    acts: bool,
    text: &'static str,
    line: u32,
) -> Transition {
    Transition { source, targets, domain, acts, text, line, ..Transition::PLAIN }
}

static STATES: [State; 10] = [
    State {
        on: &[
            (Trigger::Event(4), &[0]),
            (Trigger::Event(5), &[1]),
            (Trigger::Event(6), &[2]),
            (Trigger::Event(7), &[3]),
            (Trigger::Event(8), &[4]),
            (Trigger::Fault, &[5]),
            (Trigger::Event(9), &[6]),
        ],
        ..state("Worker", 0, 9, Kind::Compound, &[1])
    },
    State { on: &[(Trigger::Event(0), &[7])], ..state("idle", 0, 1, Kind::Atomic, &[]) },
    State {
        on: &[(Trigger::Event(3), &[8]), (Trigger::Done(3), &[9])],
        defer: &[0],
        ..state("busy", 0, 8, Kind::Parallel, &[])
    },
    State { awaited: true, ..state("work", 2, 5, Kind::Compound, &[4]) },
    State {
        on: &[(Trigger::Event(1), &[10]), (Trigger::Event(2), &[11])],
        activities: (0, 1),
        ..state("running", 3, 4, Kind::Atomic, &[])
    },
    state("finished", 3, 5, Kind::Final, &[]),
    state("watch", 2, 8, Kind::Compound, &[7]),
    State { on: &[(Trigger::Timer(0), &[12])], timers: (0, 1), ..state("waiting", 6, 7, Kind::Atomic, &[]) },
    state("late", 6, 8, Kind::Atomic, &[]),
    state("end", 0, 9, Kind::Final, &[]),
];

static TRANSITIONS: [Transition; 13] = [
    row(0, 0, &[], true, "on PING", 3),
    row(0, 0, &[], true, "on ECHO", 3),
    row(0, 0, &[], true, "on LATER", 3),
    row(0, 0, &[], true, "on FORWARD", 4),
    row(0, 0, &[], true, "on BOOM", 4),
    row(0, 0, &[], true, "on fault", 4),
    row(0, 0, &[9], false, "on QUIT -> end", 5),
    row(1, 0, &[2], true, "on GO -> busy", 6),
    row(2, 0, &[1], false, "on CANCEL -> idle", 8),
    row(2, 0, &[1], true, "on done(work) -> idle", 8),
    row(4, 4, &[], true, "on ITEM", 10),
    row(4, 3, &[5], false, "on RESULT -> finished", 10),
    row(7, 6, &[8], true, "after 30s -> late", 13),
];

static TABLES: Tables = Tables {
    name: "Worker",
    strict: false,
    states: &STATES,
    transitions: &TRANSITIONS,
    events: &["GO", "ITEM", "RESULT", "CANCEL", "PING", "ECHO", "LATER", "FORWARD", "BOOM", "QUIT"],
    outputs: &["PONG", "SAW", "ANSWER", "LATE", "FAULTED"],
    timers: &[7],
    activities: &[Activity { state: 4, name: "work", child: None }],
    children: &[],
    sends: &[],
    histories: 0,
    microsteps: 1000,
};

impl<X: Externs> Chart for Worker<X> {
    type Shape = Sizes;
    type Event = Event;
    type Output = Output;
    type Message = Message;
    type Call = Call;
    type Action = Action;
    type Returned = ();
    type Spawn = ();
    type Externs = X;

    const TABLES: &'static Tables = &TABLES;

    fn tag(event: &Event) -> u16 {
        match event {
            Event::Go { .. } => 0,
            Event::Item { .. } => 1,
            Event::Result => 2,
            Event::Cancel => 3,
            Event::Ping => 4,
            Event::Echo => 5,
            Event::Later => 6,
            Event::Forward { .. } => 7,
            Event::Boom => 8,
            Event::Quit => 9,
        }
    }
    fn core(&self) -> &Core<Sizes> {
        &self.core
    }
    fn core_mut(&mut self) -> &mut Core<Sizes> {
        &mut self.core
    }
    fn externs_mut(&mut self) -> &mut X {
        &mut self.externs
    }
    fn guard(&self, _transition: u16, _cue: Cue<'_, Event, ()>) -> Result<bool, Fault> {
        Ok(true)
    }
    fn run<F: Effects<Self>>(
        &mut self,
        fx: &mut F,
        block: Block,
        cue: Cue<'_, Event, ()>,
    ) -> Result<(), Fault> {
        match (block, cue) {
            (Block::Transition(0), _) => fx.emit(Output::Pong),
            (Block::Transition(1), _) => fx.send(Message::Own(Event::Ping), None, None),
            (Block::Transition(2), _) => fx.send(Message::Own(Event::Ping), Some(Duration(5_000_000)), None),
            (Block::Transition(3), Cue::Event(Event::Forward { n })) => {
                fx.send(Message::Peer(*n), None, None)
            }
            (Block::Transition(4), _) => fx.act(&mut self.externs, Action::Boom),
            (Block::Transition(5), _) => fx.emit(Output::Faulted),
            (Block::Transition(7), Cue::Event(Event::Go { job })) => {
                self.job = *job;
                self.total = 0;
            }
            (Block::Transition(9), _) => fx.emit(Output::Answer { job: self.job, total: self.total }),
            (Block::Transition(10), Cue::Event(Event::Item { n })) => {
                self.total = self.total.plus(*n)?;
                fx.emit(Output::Saw { n: *n });
            }
            (Block::Transition(12), _) => fx.emit(Output::Late),
            _ => {}
        }
        Ok(())
    }
    fn delay(&self, _timer: u16) -> Result<Duration, Fault> {
        Ok(Duration(30_000_000))
    }
    fn call(&self, _activity: u16) -> Result<Call, Fault> {
        Ok(Call::Work { job: self.job })
    }
    fn act(externs: &mut X, action: Action) {
        match action {
            Action::Boom => externs.boom(),
        }
    }
    fn to_self(message: Message) -> Result<Event, Message> {
        match message {
            Message::Own(event) => Ok(event),
            other @ Message::Peer(_) => Err(other),
        }
    }
    fn receiver(message: &Message) -> Receiver {
        match message {
            Message::Own(_) => Receiver::Itself,
            Message::Peer(_) => Receiver::Peer,
        }
    }
    fn describe_context(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "job: {}, total: {}", self.job, self.total)
    }
}

impl<X: Externs> Services for Worker<X> {
    fn invoke<R: Report<Event>>(
        &mut self,
        call: Call,
        report: R,
    ) -> impl Future<Output = Event> + Send + 'static {
        let Call::Work { job } = call;
        self.externs.work(job, report)
    }
}

impl<X: Externs> Children for Worker<X> {
    fn launch<H: Host<Self>>(&mut self, (): (), _host: &mut H) {}
}

/// Externs of a machine that is only stepped.
struct Nothing;

impl Externs for Nothing {
    fn boom(&mut self) {}
    fn work<R: Report<Event>>(
        &mut self,
        _job: i64,
        _report: R,
    ) -> impl Future<Output = Event> + Send + 'static {
        ::core::future::ready(Event::Result)
    }
}

#[test]
fn a_machine_is_stepped_without_a_runtime() {
    let mut worker = Worker::new(Nothing);
    let started = Step::record(&mut worker, Time(0), None);
    assert_eq!(started.path(), "idle");
    let going = Step::record(&mut worker, Time(1), Some(Input::Event(Event::Go { job: 7 })));
    assert_eq!((going.outcome, going.path().as_str()), (Outcome::Taken, "running, waiting"));
    assert_eq!(
        alloc::format!("{:?}", going.effects),
        "[Arm { timer: 0, generation: 1, after: Duration(30000000) }, \
         Start { activity: 0, generation: 2, call: Work { job: 7 } }]"
    );
    let waits = Step::record(&mut worker, Time(2), Some(Input::Event(Event::Go { job: 8 })));
    assert_eq!(waits.outcome, Outcome::Deferred);
    let item = Input::Report { activity: 0, generation: 2, event: Event::Item { n: i64::MAX }, last: false };
    assert_eq!(Step::record(&mut worker, Time(3), Some(item.clone())).outputs, [Output::Saw { n: i64::MAX }]);
    // The sum overflows: nothing more of the block, then `fault`.
    assert_eq!(Step::record(&mut worker, Time(4), Some(item)).outputs, [Output::Faulted]);
    let result = Input::Report { activity: 0, generation: 2, event: Event::Result, last: true };
    let done = Step::record(&mut worker, Time(5), Some(result));
    // Done with 7, and on with the deferred 8.
    assert_eq!(done.outputs, [Output::Answer { job: 7, total: i64::MAX }]);
    assert_eq!(done.path(), "running, waiting");
    assert_eq!((worker.job, worker.core().now()), (8, Time(5)));
    let mut recorder = Recorder::default();
    worker.step(&mut recorder, Input::Event(Event::Boom));
    assert_eq!(alloc::format!("{recorder:?}"), "Recorder { now: Time(0), effects: [Act(Boom)], taken: [4] }");
    let outputs: Vec<_> = recorder.outputs().collect();
    assert!(outputs.is_empty());
}
