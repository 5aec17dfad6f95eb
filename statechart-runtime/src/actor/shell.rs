//! The actor around a machine: performs what a step reports, and keeps what outlives a restart.

use std::{
    collections::VecDeque,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use tracing::{Level, level_filters::LevelFilter};

use super::{
    Actor, AskError, Clock, Inspection, Inspector, Options, Peers, Record, ServicePanic, Undelivered,
    options::Sink,
    services::{ServiceTasks, panic_text},
    shared::{Active, Item, Question, Shared},
    timers::{Due, Timers},
};
use crate::{
    chart::{Configuration as _, Effects, Input, Outcome, Shape},
    value::{Duration, Fault, Text, Time},
};

/// At most so many faults of one step's effects are raised; a machine that answers an undelivered
/// message with another one does not hold the loop for ever.
const FAULT_LIMIT: usize = 16;

/// How many configurations of a batch are gathered before the path is told of them.
const FRESH_LIMIT: usize = 8;

/// A service to start once the step has ended: starting it needs the machine.
struct Start<C: Actor> {
    activity: u16,
    generation: u32,
    call: C::Call,
}

/// An actor that idles holds no memory for what it does not use: services and timers are made when needed.
pub(super) struct Shell<C: Actor> {
    pub(super) shared: Arc<Shared<C>>,
    pub(super) timers: Option<Box<Timers<C>>>,
    pub(super) services: Option<Box<ServiceTasks<C>>>,
    /// Events to itself that found the mailbox full or closed; bounded by the mailbox's limit.
    pub(super) own: VecDeque<C::Event>,
    /// Counts the machines that this actor has run; tells items of an earlier one's services.
    pub(super) life: u32,
    pub(super) is_changed: bool,
    /// Events taken from the mailbox together are being processed: they see one time, and what they do to
    /// the path is told at the end.
    is_batch: bool,
    /// `now` has been read in this batch or step.
    is_timed: bool,
    /// Somebody has been told something in this step, and may now look.
    has_told: bool,
    has_entered: bool,
    on_service_panic: ServicePanic,
    clock: Clock,
    inspector: Option<Inspector>,
    peers: Option<Box<dyn Peers<C::Message>>>,
    sink: Option<Sink<C::Output>>,
    asks: Vec<(u64, Box<dyn Question<C>>)>,
    asks_limit: usize,
    delayed_limit: usize,
    asked: u64,
    starts: Vec<Start<C>>,
    faults: Vec<Fault>,
    /// Children that could not be started, and their generations.
    orphans: Vec<(u16, u32)>,
    sequence: u64,
    /// The configuration as entries and exits tell it, for the path.
    active: Active<C>,
    /// Configurations that the path has not been told of.
    fresh: Vec<Active<C>>,
    now: Time,
}

impl<C: Actor> Shell<C> {
    pub(super) fn new(shared: Arc<Shared<C>>, options: Options<C>) -> Self {
        Self {
            shared,
            timers: None,
            services: None,
            own: VecDeque::new(),
            on_service_panic: options.on_service_panic,
            life: 0,
            is_changed: false,
            is_batch: false,
            is_timed: false,
            has_told: false,
            has_entered: false,
            clock: options.clock,
            inspector: options.inspector,
            peers: options.peers,
            sink: options.sink,
            asks: Vec::new(),
            asks_limit: options.asks,
            delayed_limit: options.delayed,
            asked: 0,
            starts: Vec::new(),
            faults: Vec::new(),
            orphans: Vec::new(),
            sequence: 0,
            active: Active::<C>::default(),
            fresh: Vec::new(),
            now: Time::default(),
        }
    }

    /// Until [`Shell::end_batch`] every step sees the same time.
    pub(super) fn begin_batch(&mut self) {
        self.is_timed = false;
        self.is_batch = true;
    }

    pub(super) fn end_batch(&mut self) {
        self.flush();
        self.is_batch = false;
    }

    /// The time, read once a batch, or once a step outside of one.
    fn time(&mut self) -> Time {
        if !self.is_timed {
            self.now = self.clock.now();
            self.is_timed = true;
        }
        self.now
    }

    /// How many services run.
    pub(super) fn running(&self) -> usize {
        self.services.as_ref().map_or(0, |services| services.running())
    }

    /// Whether a timer or a send with a delay is pending.
    pub(super) fn has_timers(&self) -> bool {
        self.timers.as_ref().is_some_and(|timers| !timers.is_empty())
    }

    fn timers(&mut self) -> &mut Timers<C> {
        let limit = self.delayed_limit;
        self.timers.get_or_insert_with(|| Box::new(Timers::new(limit)))
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
        catch_unwind(AssertUnwindSafe(|| self.unguarded_turn(machine, input))).unwrap_or_else(|panic| {
            self.is_batch = false;
            Err(panic_text(panic))
        })
    }

    /// As [`Shell::turn`], for a caller that looks after panics: one look for a whole batch.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    pub(super) fn unguarded_turn(
        &mut self,
        machine: &mut C,
        input: Option<Input<C::Event, C::Returned>>,
    ) -> Result<Outcome, String> {
        let mut tag = None;
        if let Some(Input::Event(event) | Input::Report { event, .. }) = &input {
            tag = Some(C::tag(event));
            if self.is_observed(Level::TRACE) {
                let name = event_name::<C>(event);
                tracing::trace!(target: "statechart", actor = %self.shared.name(), event = name, "event");
                self.inspect(|| Inspection::Event { name, text: format!("{event:?}") });
            }
        }
        let outcome = match input {
            Some(input) => machine.step(self, input),
            None => {
                machine.start(self);
                Outcome::Taken
            }
        };
        if let Some(tag) = tag.filter(|_| outcome == Outcome::Deferred) {
            self.inspect(|| Inspection::Deferred { name: tag_name::<C>(tag) });
        }
        self.settle(machine)?;
        if !self.faults.is_empty() {
            self.raise(machine)?;
        }
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
                    target: "statechart", actor = %self.shared.name(), limit = FAULT_LIMIT,
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
        if !self.is_batch || std::mem::take(&mut self.has_told) {
            self.flush();
        }
        if self.starts.is_empty() { Ok(()) } else { self.start_services(machine) }
    }

    fn start_services(&mut self, machine: &mut C) -> Result<(), String> {
        let mut starts = std::mem::take(&mut self.starts);
        for Start { activity, generation, call } in starts.drain(..) {
            let service = service_name::<C>(activity);
            tracing::debug!(target: "statechart", actor = %self.shared.name(), service, "service starts");
            self.inspect(|| Inspection::ServiceStarted { service });
            let place = (self.life, activity, generation);
            let services = self.services.get_or_insert_with(|| Box::new(ServiceTasks::new()));
            if let Err(why) = services.start(machine, self.shared.clone(), place, call) {
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
        tracing::error!(target: "statechart", actor = %self.shared.name(), service, why, "service panicked");
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
    pub(super) fn answer(
        &mut self,
        machine: &mut C,
        mut question: Box<dyn Question<C>>,
    ) -> Result<(), String> {
        let Some(event) = question.event() else { return Ok(()) };
        if self.asks.len() >= self.asks_limit {
            self.asks.retain_mut(|(_, waiting)| !waiting.offer(Ok(None)));
        }
        if self.asks.len() >= self.asks_limit {
            let actor = self.shared.name().clone();
            question.offer(Err(AskError::TooMany { actor, limit: self.asks_limit }));
            return Ok(());
        }
        self.asked += 1;
        let number = self.asked;
        self.asks.push((number, question));
        let outcome = self.unguarded_turn(machine, Some(Input::Event(event)))?;
        if outcome == Outcome::Unhandled
            && let Some(position) = self.asks.iter().position(|(other, _)| *other == number)
        {
            let (_, mut waiting) = self.asks.remove(position);
            waiting.offer(Err(AskError::Unhandled { actor: self.shared.name().clone() }));
        }
        Ok(())
    }

    /// Publishes the state to those who watch it, if it may have changed.
    pub(super) fn publish(&mut self, machine: &C) {
        // Most of the time nobody wants one, and a look is cheaper than a swap.
        let wanted =
            self.shared.refresh.load(Ordering::Acquire) && self.shared.refresh.swap(false, Ordering::AcqRel);
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

    /// Everything that belongs to one machine and not to its actor. The services are handed out, to be
    /// cancelled.
    pub(super) fn clear(&mut self) -> Option<Box<ServiceTasks<C>>> {
        self.timers = None;
        self.own.clear();
        self.asks.clear();
        self.starts.clear();
        self.faults.clear();
        self.orphans.clear();
        self.flush();
        self.active = Active::<C>::default();
        self.has_entered = false;
        self.is_batch = false;
        self.services.take()
    }

    /// Whether a line of the log at this level, or an inspection event, would reach anybody. Where it would not,
    /// the inspection event is counted and that is all.
    #[inline]
    fn is_observed(&mut self, level: Level) -> bool {
        let is_observed = level <= LevelFilter::current() || self.inspector.is_some();
        self.sequence += u64::from(!is_observed);
        is_observed
    }

    pub(super) fn inspect(&mut self, what: impl FnOnce() -> Inspection) {
        self.sequence += 1;
        if let Some(inspector) = &self.inspector
            && inspector.is_watched()
        {
            let (actor, time) = (self.shared.name().clone(), self.clock.now());
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
            tracing::warn!(target: "statechart", actor = %self.shared.name(), %error, "message not delivered");
            self.inspect(|| Inspection::Undelivered {
                text: format!("{}: {error}", text.unwrap_or_default()),
            });
            self.faults.push(Fault::Undelivered);
        }
    }

    /// To itself: through the mailbox, or past it where it is full, since the loop cannot wait for itself.
    fn deliver_own(&mut self, event: C::Event) {
        let refused = if self.own.is_empty() {
            match self.shared.mailbox.push(Item::Event(event)) {
                Ok(()) => None,
                Err(refused) => refused.into_item().into_event(),
            }
        } else {
            Some(event)
        };
        let Some(error) = refused else { return };
        if self.own.len() < self.shared.mailbox.limit() {
            self.own.push_back(error);
            return;
        }
        let (event, limit) = (event_name::<C>(&error), self.shared.mailbox.limit());
        tracing::error!(
            target: "statechart", actor = %self.shared.name(), event, limit,
            "event to itself dropped: the mailbox and as many events to itself wait already"
        );
        self.inspect(|| Inspection::Undelivered {
            text: format!("{error:?}: {limit} events to itself wait already"),
        });
        self.faults.push(Fault::Undelivered);
    }

    fn tell_took(&mut self, transition: u16) {
        let Some(row) = C::TABLES.transitions.get(usize::from(transition)) else { return };
        let from = state_name::<C>(row.source);
        let to = || row.targets.iter().map(|target| state_name::<C>(*target));
        tracing::debug!(
            target: "statechart", actor = %self.shared.name(), from, to = %Joined(to), line = row.line, "{}", row.text
        );
        self.inspect(|| Inspection::Transition { text: row.text, line: row.line, from, to: to().collect() });
    }

    /// Appends the configuration to the path if states have been entered since the last time.
    fn remember(&mut self) {
        if self.has_entered {
            self.has_entered = false;
            if self.fresh.len() >= FRESH_LIMIT {
                self.flush();
            }
            self.fresh.push(self.active);
        }
    }

    /// Tells the path.
    fn flush(&mut self) {
        if !self.fresh.is_empty() {
            let now = self.time();
            self.shared.record(&self.fresh, now);
            self.fresh.clear();
        }
    }
}

impl<C: Actor> Effects<C> for Shell<C> {
    #[inline]
    fn now(&mut self) -> Time {
        self.is_timed &= self.is_batch;
        // Reading a clock costs as much as a step.
        if <C::Shape as Shape>::READS_NOW { self.time() } else { self.now }
    }

    fn emit(&mut self, output: C::Output) {
        if self.is_observed(Level::TRACE) {
            tracing::trace!(target: "statechart", actor = %self.shared.name(), ?output, "output");
            self.inspect(|| Inspection::Output { text: format!("{output:?}") });
        }
        if let Some(sink) = &mut self.sink {
            sink(&output);
        }
        self.asks.retain_mut(|(_, waiting)| !waiting.offer(Ok(Some(&output))));
        self.shared.emit(output);
        self.has_told = true;
    }

    fn send(&mut self, message: C::Message, delay: Option<Duration>, id: Option<u16>) {
        tracing::trace!(target: "statechart", actor = %self.shared.name(), ?message, ?delay, "message");
        self.inspect(|| Inspection::Message { text: format!("{message:?}"), delay });
        self.has_told = true;
        let addressed = C::to_self(message);
        let Some(delay) = delay.filter(|delay| delay.0 > 0) else {
            if let Some(id) = id {
                self.timers().cancel(id);
            }
            return match addressed {
                Ok(event) => self.deliver_own(event),
                Err(message) => self.deliver(message),
            };
        };
        let due = addressed.map_or_else(Due::Peer, Due::Own);
        if !self.timers().delay(due, delay.to_std(), id) {
            tracing::error!(
                target: "statechart", actor = %self.shared.name(),
                "send with a delay dropped: as many as Options::delayed allows are under way"
            );
            self.inspect(|| Inspection::Undelivered {
                text: String::from("too many sends with a delay are under way"),
            });
            self.faults.push(Fault::Undelivered);
        }
    }

    fn cancel(&mut self, id: u16) {
        self.timers().cancel(id);
    }

    fn spawn(&mut self, child: u16, generation: u32, _spawn: C::Spawn) {
        let name = C::TABLES.children.get(usize::from(child)).copied().unwrap_or("?");
        tracing::error!(
            target: "statechart", actor = %self.shared.name(), child = name,
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
        if self.services.as_mut().is_some_and(|services| services.stop(activity)) {
            let service = service_name::<C>(activity);
            tracing::debug!(target: "statechart", actor = %self.shared.name(), service, "service cancelled");
            self.inspect(|| Inspection::ServiceCancelled { service });
        }
    }

    fn arm(&mut self, timer: u16, generation: u32, after: Duration) {
        self.timers().arm(timer, generation, after.to_std());
        self.inspect(|| Inspection::TimerArmed { state: timer_state::<C>(timer), after });
    }

    fn disarm(&mut self, timer: u16) {
        if let Some(timers) = &mut self.timers {
            timers.disarm(timer);
        }
    }

    fn log(&mut self, text: Text) {
        tracing::info!(target: "statechart", actor = %self.shared.name(), "{text}");
        self.inspect(|| Inspection::Log { text: text.to_string() });
    }

    fn fault(&mut self, fault: Fault) {
        tracing::warn!(target: "statechart", actor = %self.shared.name(), %fault, "fault");
        self.inspect(|| Inspection::Fault(fault));
    }

    fn unhandled(&mut self, event: &C::Event) {
        self.shared.unhandled.fetch_add(1, Ordering::Relaxed);
        let event = event_name::<C>(event);
        let states = States::<C>(self.active);
        if C::TABLES.strict {
            tracing::error!(target: "statechart", actor = %self.shared.name(), event, %states, "unhandled in a strict machine");
        } else {
            tracing::warn!(target: "statechart", actor = %self.shared.name(), event, %states, "unhandled");
        }
        self.inspect(|| Inspection::Unhandled { name: event });
    }

    #[inline]
    fn took(&mut self, transition: u16) {
        self.remember();
        if self.is_observed(Level::DEBUG) {
            self.tell_took(transition);
        }
    }

    #[inline]
    fn exited(&mut self, state: u16) {
        self.remember();
        self.active.remove(state);
        if self.is_observed(Level::TRACE) {
            self.inspect(|| Inspection::Exited { state: state_name::<C>(state) });
        }
    }

    #[inline]
    fn entered(&mut self, state: u16) {
        self.active.insert(state);
        self.has_entered = true;
        if self.is_observed(Level::TRACE) {
            self.inspect(|| Inspection::Entered { state: state_name::<C>(state) });
        }
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
struct States<C: Actor>(Active<C>);

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

fn event_name<C: Actor>(event: &C::Event) -> &'static str {
    tag_name::<C>(C::tag(event))
}

fn tag_name<C: Actor>(tag: u16) -> &'static str {
    C::TABLES.events.get(usize::from(tag)).copied().unwrap_or("?")
}
