//! The actor around a machine: performs what a step reports, and keeps what outlives a restart.

use std::{
    collections::VecDeque,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::mpsc;

use super::{
    Actor, AskError, Clock, Inspection, Inspector, Options, Peers, Record, ServicePanic, Undelivered,
    options::Sink,
    services::{ServiceTasks, panic_text},
    shared::{Ask, Item, Shared, Waiting},
    timers::{Due, Timers},
};
use crate::{
    chart::{Bits, Effects, Input, Outcome, WORDS},
    value::{Duration, Fault, Text, Time},
};

/// At most so many faults of one step's effects are raised; a machine that answers an undelivered
/// message with another one does not hold the loop for ever.
const FAULT_LIMIT: usize = 16;

/// A service to start once the step has ended: starting it needs the machine.
struct Start<C: Actor> {
    activity: u16,
    generation: u32,
    call: C::Call,
}

pub(super) struct Shell<C: Actor> {
    pub(super) shared: Arc<Shared<C>>,
    pub(super) timers: Timers<C>,
    pub(super) services: ServiceTasks<C>,
    /// Events to itself that found the mailbox full or closed; bounded by the mailbox's limit.
    pub(super) own: VecDeque<C::Event>,
    pub(super) on_service_panic: ServicePanic,
    /// Counts the machines that this actor has run; tells items of an earlier one's services.
    pub(super) life: u32,
    pub(super) is_changed: bool,
    mailbox: mpsc::Sender<Item<C>>,
    clock: Clock,
    inspector: Option<Inspector>,
    peers: Option<Box<dyn Peers<C::Message>>>,
    sink: Option<Sink<C::Output>>,
    asks: Vec<(u64, Waiting<C>)>,
    asks_limit: usize,
    asked: u64,
    starts: Vec<Start<C>>,
    faults: Vec<Fault>,
    /// Children that could not be started, and their generations.
    orphans: Vec<(u16, u32)>,
    sequence: u64,
    /// The configuration as entries and exits tell it, for the path.
    active: Bits<WORDS>,
    has_entered: bool,
    now: Time,
}

impl<C: Actor> Shell<C> {
    pub(super) fn new(shared: Arc<Shared<C>>, mailbox: mpsc::Sender<Item<C>>, options: Options<C>) -> Self {
        Self {
            shared,
            timers: Timers::new(options.delayed),
            services: ServiceTasks::new(),
            own: VecDeque::new(),
            on_service_panic: options.on_service_panic,
            life: 0,
            is_changed: false,
            mailbox,
            clock: options.clock,
            inspector: options.inspector,
            peers: options.peers,
            sink: options.sink,
            asks: Vec::new(),
            asks_limit: options.asks,
            asked: 0,
            starts: Vec::new(),
            faults: Vec::new(),
            orphans: Vec::new(),
            sequence: 0,
            active: Bits::default(),
            has_entered: false,
            now: Time::default(),
        }
    }

    /// Starts the machine (no input) or runs one step, and performs what has to wait for its end.
    ///
    /// # Errors
    /// What a panic in the machine, in a peer or in a service says.
    pub(super) fn turn(
        &mut self,
        machine: &mut C,
        input: Option<Input<C::Event, C::Returned>>,
    ) -> Result<Outcome, String> {
        let mut named = None;
        if let Some(Input::Event(event) | Input::Report { event, .. }) = &input {
            let name = event_name::<C>(event);
            named = Some(name);
            tracing::trace!(target: "statechart", actor = %self.shared.name, event = name, "event");
            self.inspect(|| Inspection::Event { name, text: format!("{event:?}") });
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| match input {
            Some(input) => machine.step(self, input),
            None => {
                machine.start(self);
                Outcome::Taken
            }
        }))
        .map_err(panic_text)?;
        if let Some(name) = named.filter(|_| outcome == Outcome::Deferred) {
            self.inspect(|| Inspection::Deferred { name });
        }
        self.settle(machine)?;
        self.raise(machine)?;
        self.is_changed = true;
        Ok(outcome)
    }

    /// Raises the faults that performing effects has met.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    pub(super) fn raise(&mut self, machine: &mut C) -> Result<(), String> {
        for round in 0..=FAULT_LIMIT {
            if self.faults.is_empty() && self.orphans.is_empty() {
                break;
            }
            if round == FAULT_LIMIT {
                tracing::error!(
                    target: "statechart", actor = %self.shared.name, limit = FAULT_LIMIT,
                    "more effects failed in one turn than the limit: their faults are dropped; \
                     check what the machine does on a fault"
                );
                self.faults.clear();
                self.orphans.clear();
                break;
            }
            let input = match self.orphans.pop() {
                Some((child, generation)) => Input::ChildFailed { child, generation },
                None => Input::Fault(self.faults.remove(0)),
            };
            catch_unwind(AssertUnwindSafe(|| machine.step(self, input))).map_err(panic_text)?;
            self.settle(machine)?;
            self.is_changed = true;
        }
        Ok(())
    }

    /// What a step leaves to do: the path's last configuration, and the services to start.
    fn settle(&mut self, machine: &mut C) -> Result<(), String> {
        self.remember();
        let mut starts = std::mem::take(&mut self.starts);
        for Start { activity, generation, call } in starts.drain(..) {
            let service = service_name::<C>(activity);
            tracing::debug!(target: "statechart", actor = %self.shared.name, service, "service starts");
            self.inspect(|| Inspection::ServiceStarted { service });
            let place = (self.life, activity, generation);
            if let Err(why) = self.services.start(machine, self.mailbox.clone(), place, call) {
                self.service_panicked(activity, why)?;
            }
        }
        // Kept for its room.
        self.starts = starts;
        Ok(())
    }

    /// Reports a panic in a service and decides what it means.
    ///
    /// # Errors
    /// The failure, when the actor has failed by it.
    pub(super) fn service_panicked(&mut self, activity: u16, why: String) -> Result<(), String> {
        let service = service_name::<C>(activity);
        tracing::error!(target: "statechart", actor = %self.shared.name, service, why, "service panicked");
        self.inspect(|| Inspection::ServicePanicked { service, why: why.clone() });
        match self.on_service_panic {
            ServicePanic::Fail => Err(format!("service {service}: {why}")),
            ServicePanic::Fault => {
                self.faults.push(Fault::ServicePanicked);
                Ok(())
            }
        }
    }

    /// Takes an ask's event. The ask waits from now on; it is refused where nothing reacts.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    pub(super) fn answer(&mut self, machine: &mut C, ask: Ask<C>) -> Result<(), String> {
        let Ask { event, mut waiting } = ask;
        if self.asks.len() >= self.asks_limit {
            self.asks.retain_mut(|(_, waiting)| !waiting.is_settled());
        }
        let actor = self.shared.name.clone();
        if self.asks.len() >= self.asks_limit {
            waiting.refuse(AskError::TooMany { actor, limit: self.asks_limit });
            return Ok(());
        }
        self.asked += 1;
        let number = self.asked;
        self.asks.push((number, waiting));
        let outcome = self.turn(machine, Some(Input::Event(event)))?;
        if outcome == Outcome::Unhandled
            && let Some(position) = self.asks.iter().position(|(other, _)| *other == number)
        {
            let (_, mut waiting) = self.asks.remove(position);
            waiting.refuse(AskError::Unhandled { actor });
        }
        Ok(())
    }

    /// Publishes the state to those who watch it, if it may have changed.
    pub(super) fn publish(&mut self, machine: &C) {
        let wanted = self.shared.refresh.swap(false, Ordering::AcqRel);
        if !(wanted || std::mem::take(&mut self.is_changed)) || !self.shared.is_watched() {
            return;
        }
        let mut context = String::new();
        if machine.describe_context(&mut context).is_err() {
            context.push_str(" …");
        }
        self.shared.publish(context);
    }

    /// Performs what has become due.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    pub(super) fn due(&mut self, machine: &mut C, due: Due<C>) -> Result<(), String> {
        match due {
            Due::After { timer, generation } => {
                self.inspect(|| Inspection::TimerFired { state: timer_state::<C>(timer) });
                self.turn(machine, Some(Input::Elapsed { timer, generation })).map(drop)
            }
            Due::Own(event) => self.turn(machine, Some(Input::Event(event))).map(drop),
            Due::Peer(message) => {
                self.deliver(message);
                self.raise(machine)
            }
        }
    }

    /// Everything that belongs to one machine and not to its actor.
    pub(super) async fn clear(&mut self) {
        self.timers.clear();
        self.own.clear();
        self.asks.clear();
        self.starts.clear();
        self.faults.clear();
        self.orphans.clear();
        self.active = Bits::default();
        self.has_entered = false;
        self.services.cancel().await;
    }

    pub(super) fn inspect(&mut self, what: impl FnOnce() -> Inspection) {
        self.sequence += 1;
        if let Some(inspector) = &self.inspector
            && inspector.is_watched()
        {
            let (actor, time) = (self.shared.name.clone(), self.clock.now());
            inspector.publish(Record { actor, sequence: self.sequence, time, what: what() });
        }
    }

    fn deliver(&mut self, message: C::Message) {
        // The text is for the case that it fails, when the message has gone.
        let text = self.inspector.as_ref().is_some_and(Inspector::is_watched).then(|| format!("{message:?}"));
        let result = match &mut self.peers {
            Some(peers) => peers.deliver(message),
            None => Err(Undelivered::Unconnected { peer: Arc::from(format!("of {message:?}")) }),
        };
        if let Err(error) = result {
            tracing::warn!(target: "statechart", actor = %self.shared.name, %error, "message not delivered");
            self.inspect(|| Inspection::Undelivered {
                text: format!("{}: {error}", text.unwrap_or_default()),
            });
            self.faults.push(Fault::Undelivered);
        }
    }

    /// To itself: through the mailbox, or past it where it is full, since the loop cannot wait for itself.
    fn deliver_own(&mut self, event: C::Event) {
        let Err(error) = (if self.own.is_empty() {
            self.mailbox.try_send(Item::Event(event)).map_err(|error| match error {
                mpsc::error::TrySendError::Full(item) | mpsc::error::TrySendError::Closed(item) => {
                    item.into_event()
                }
            })
        } else {
            Err(event)
        }) else {
            return;
        };
        if self.own.len() < self.shared.limit {
            self.own.push_back(error);
            return;
        }
        let (event, limit) = (event_name::<C>(&error), self.shared.limit);
        tracing::error!(
            target: "statechart", actor = %self.shared.name, event, limit,
            "event to itself dropped: the mailbox and as many events to itself wait already"
        );
        self.inspect(|| Inspection::Undelivered {
            text: format!("{error:?}: {limit} events to itself wait already"),
        });
        self.faults.push(Fault::Undelivered);
    }

    /// Appends the configuration to the path if states have been entered since the last time.
    fn remember(&mut self) {
        if std::mem::take(&mut self.has_entered) {
            self.shared.record(self.active, self.now);
        }
    }
}

impl<C: Actor> Effects<C> for Shell<C> {
    fn now(&mut self) -> Time {
        self.now = self.clock.now();
        self.now
    }

    fn emit(&mut self, output: C::Output) {
        tracing::trace!(target: "statechart", actor = %self.shared.name, ?output, "output");
        self.inspect(|| Inspection::Output { text: format!("{output:?}") });
        if let Some(sink) = &mut self.sink {
            sink(&output);
        }
        self.asks.retain_mut(|(_, waiting)| !waiting.take(&output));
        self.shared.emit(output);
    }

    fn send(&mut self, message: C::Message, delay: Option<Duration>, id: Option<u16>) {
        tracing::trace!(target: "statechart", actor = %self.shared.name, ?message, ?delay, "message");
        self.inspect(|| Inspection::Message { text: format!("{message:?}"), delay });
        let addressed = C::to_self(message);
        let Some(delay) = delay.filter(|delay| delay.0 > 0) else {
            if let Some(id) = id {
                self.timers.cancel(id);
            }
            return match addressed {
                Ok(event) => self.deliver_own(event),
                Err(message) => self.deliver(message),
            };
        };
        let due = addressed.map_or_else(Due::Peer, Due::Own);
        if !self.timers.delay(due, delay.to_std(), id) {
            tracing::error!(
                target: "statechart", actor = %self.shared.name,
                "send with a delay dropped: as many as Options::delayed allows are under way"
            );
            self.inspect(|| Inspection::Undelivered {
                text: String::from("too many sends with a delay are under way"),
            });
            self.faults.push(Fault::Undelivered);
        }
    }

    fn cancel(&mut self, id: u16) {
        self.timers.cancel(id);
    }

    fn spawn(&mut self, child: u16, generation: u32, _spawn: C::Spawn) {
        let name = C::TABLES.children.get(usize::from(child)).copied().unwrap_or("?");
        tracing::error!(
            target: "statechart", actor = %self.shared.name, child = name,
            "an actor does not run child machines yet: the child fails"
        );
        self.orphans.push((child, generation));
    }

    fn stop_child(&mut self, child: u16) {
        self.orphans.retain(|(orphan, _)| *orphan != child);
    }

    fn start(&mut self, activity: u16, generation: u32, call: C::Call) {
        self.starts.push(Start { activity, generation, call });
    }

    fn stop(&mut self, activity: u16) {
        // One that a recalled event's transition left again before the step ended never started.
        self.starts.retain(|start| start.activity != activity);
        if self.services.stop(activity) {
            let service = service_name::<C>(activity);
            tracing::debug!(target: "statechart", actor = %self.shared.name, service, "service cancelled");
            self.inspect(|| Inspection::ServiceCancelled { service });
        }
    }

    fn arm(&mut self, timer: u16, generation: u32, after: Duration) {
        self.timers.arm(timer, generation, after.to_std());
        self.inspect(|| Inspection::TimerArmed { state: timer_state::<C>(timer), after });
    }

    fn disarm(&mut self, timer: u16) {
        self.timers.disarm(timer);
    }

    fn log(&mut self, text: Text) {
        tracing::info!(target: "statechart", actor = %self.shared.name, "{text}");
        self.inspect(|| Inspection::Log { text: text.to_string() });
    }

    fn fault(&mut self, fault: Fault) {
        tracing::warn!(target: "statechart", actor = %self.shared.name, %fault, "fault");
        self.inspect(|| Inspection::Fault(fault));
    }

    fn unhandled(&mut self, event: &C::Event) {
        self.shared.unhandled.fetch_add(1, Ordering::Relaxed);
        let event = event_name::<C>(event);
        let states = States::<C>(self.active, std::marker::PhantomData);
        if C::TABLES.strict {
            tracing::error!(target: "statechart", actor = %self.shared.name, event, %states, "unhandled in a strict machine");
        } else {
            tracing::warn!(target: "statechart", actor = %self.shared.name, event, %states, "unhandled");
        }
        self.inspect(|| Inspection::Unhandled { name: event });
    }

    fn took(&mut self, transition: u16) {
        self.remember();
        let Some(row) = C::TABLES.transitions.get(usize::from(transition)) else { return };
        let from = state_name::<C>(row.source);
        let to = || row.targets.iter().map(|target| state_name::<C>(*target));
        tracing::debug!(
            target: "statechart", actor = %self.shared.name, from, to = %Joined(to), line = row.line, "{}", row.text
        );
        self.inspect(|| Inspection::Transition { text: row.text, line: row.line, from, to: to().collect() });
    }

    fn exited(&mut self, state: u16) {
        self.remember();
        self.active.remove(state);
        self.inspect(|| Inspection::Exited { state: state_name::<C>(state) });
    }

    fn entered(&mut self, state: u16) {
        self.active.insert(state);
        self.has_entered = true;
        self.inspect(|| Inspection::Entered { state: state_name::<C>(state) });
    }
}

/// Names joined by `, `, written only if somebody reads them.
struct Joined<F>(F);

impl<F: Fn() -> I, I: Iterator<Item = &'static str>> fmt::Display for Joined<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in (self.0)().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// The leaves of a configuration.
struct States<C>(Bits<WORDS>, std::marker::PhantomData<C>);

impl<C: Actor> fmt::Display for States<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Joined(|| C::TABLES.leaves(self.0.iter()).map(|state| state.name)).fmt(f)
    }
}

fn state_name<C: Actor>(state: u16) -> &'static str {
    C::TABLES.states.get(usize::from(state)).map_or("?", |row| row.name)
}

fn timer_state<C: Actor>(timer: u16) -> &'static str {
    C::TABLES.timers.get(usize::from(timer)).map_or("?", |state| state_name::<C>(*state))
}

pub(super) fn service_name<C: Actor>(activity: u16) -> &'static str {
    C::TABLES.activities.get(usize::from(activity)).map_or("?", |row| row.name)
}

pub(super) fn event_name<C: Actor>(event: &C::Event) -> &'static str {
    C::TABLES.events.get(usize::from(C::tag(event))).copied().unwrap_or("?")
}
