//! The actor around a machine: performs what a step reports, and keeps what outlives a restart.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use tokio::time::Instant;
use tracing::Level;

use super::{
    Actor, AskError, Clock, Inspection, Inspector, Options, Peers, ServicePanic,
    children::{ChildEnd, ChildTasks, Nursery},
    options::Sink,
    perform::{child_name, event_name, service_name, tag_name, timer_state},
    services::{Ended, Finished, ServiceTasks, panic_text},
    shared::{Active, Question, Shared},
    timers::{Due, Timers},
};
use crate::{
    chart::{Input, Outcome},
    value::{Fault, Time},
};

/// At most so many faults of one step's effects are raised; a machine that answers an undelivered
/// message with another one does not hold the loop for ever.
const FAULT_LIMIT: usize = 16;

/// How many configurations of a batch are gathered before the path is told of them.
const FRESH_LIMIT: usize = 8;

/// What has to wait for the end of the step, since it needs the machine or what the machine starts.
pub(super) enum Start<C: Actor> {
    Service {
        activity: u16,
        generation: u32,
        call: C::Call,
    },
    Child {
        child: u16,
        generation: u32,
        spawn: C::Spawn,
    },
    /// A message for a child that is about to be started.
    Message {
        child: u16,
        message: C::Message,
    },
}

/// The tasks of a life that is over.
pub(super) struct Leftovers<C: Actor> {
    services: Option<Box<ServiceTasks<C>>>,
    children: Option<Box<ChildTasks<C>>>,
}

impl<C: Actor> Leftovers<C> {
    pub(super) fn is_empty(&self) -> bool {
        self.services.is_none() && self.children.is_none()
    }

    /// Cancels them and waits until they have gone.
    pub(super) async fn cancel(self) {
        if let Some(children) = self.children {
            children.cancel().await;
        }
        if let Some(services) = self.services {
            services.cancel().await;
        }
    }
}

/// An actor that idles holds no memory for what it does not use: services and timers are made when needed.
pub(super) struct Shell<C: Actor> {
    pub(super) shared: Arc<Shared<C>>,
    pub(super) timers: Option<Box<Timers<C>>>,
    pub(super) services: Option<Box<ServiceTasks<C>>>,
    pub(super) children: Option<Box<ChildTasks<C>>>,
    /// Events to itself that found the mailbox full or closed; bounded by the mailbox's limit.
    pub(super) own: VecDeque<C::Event>,
    /// Counts the machines that this actor has run; tells items of an earlier one's services.
    pub(super) life: u32,
    pub(super) is_changed: bool,
    /// Events taken from the mailbox together are being processed: they see one time, and what they do to
    /// the path is told at the end.
    pub(super) is_batch: bool,
    /// `now` has been read in this batch or step.
    pub(super) is_timed: bool,
    /// Somebody has been told something in this step, and may now look.
    pub(super) has_told: bool,
    pub(super) has_entered: bool,
    pub(super) on_service_panic: ServicePanic,
    pub(super) clock: Clock,
    pub(super) inspector: Option<Inspector>,
    pub(super) peers: Option<Box<dyn Peers<C::Message>>>,
    pub(super) sink: Option<Sink<C::Output>>,
    pub(super) asks: Vec<(u64, Box<dyn Question<C>>)>,
    asks_limit: usize,
    delayed_limit: usize,
    asked: u64,
    pub(super) starts: Vec<Start<C>>,
    pub(super) faults: Vec<Fault>,
    /// The actor's number at its inspector.
    pub(super) instance: u32,
    pub(super) sequence: u64,
    /// The configuration as entries and exits tell it, for the path.
    pub(super) active: Active<C>,
    /// Configurations that the path has not been told of.
    fresh: Vec<Active<C>>,
    pub(super) now: Time,
}

impl<C: Actor> Shell<C> {
    pub(super) fn new(shared: Arc<Shared<C>>, options: Options<C>) -> Self {
        Self {
            shared,
            timers: None,
            services: None,
            children: None,
            own: VecDeque::new(),
            on_service_panic: options.on_service_panic,
            life: 0,
            is_changed: false,
            is_batch: false,
            is_timed: false,
            has_told: false,
            has_entered: false,
            clock: options.clock,
            instance: options.inspector.as_ref().map_or(0, Inspector::admit),
            inspector: options.inspector,
            peers: options.peers,
            sink: options.sink,
            asks: Vec::new(),
            asks_limit: options.asks,
            delayed_limit: options.delayed,
            asked: 0,
            starts: Vec::new(),
            faults: Vec::new(),
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
    pub(super) fn time(&mut self) -> Time {
        if !self.is_timed {
            self.now = self.clock.now();
            self.is_timed = true;
        }
        self.now
    }

    /// How many services and children run.
    pub(super) fn running(&self) -> usize {
        self.services.as_ref().map_or(0, |services| services.running())
            + self.children.as_ref().map_or(0, |children| children.running())
    }

    /// Whether a timer or a send with a delay is pending.
    pub(super) fn has_timers(&self) -> bool {
        self.timers.as_ref().is_some_and(|timers| !timers.is_empty())
    }

    pub(super) fn timers(&mut self) -> &mut Timers<C> {
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
        match input {
            Some(input) => self.input_turn(machine, input),
            None => {
                machine.start(self);
                self.after_turn(machine, Outcome::Taken, None)
            }
        }
    }

    /// One step for an event. Inlined where the mailbox is read, so that an event is not copied right after it was
    /// written in parts, which would have to wait for them.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    #[inline(always)]
    pub(super) fn input_turn(
        &mut self,
        machine: &mut C,
        input: Input<C::Event, C::Returned>,
    ) -> Result<Outcome, String> {
        let mut tag = None;
        if let Input::Event(event) | Input::Report { event, .. } = &input {
            tag = Some(C::tag(event));
            if self.is_observed(Level::TRACE) {
                self.say_event(event);
            }
        }
        let outcome = machine.step(self, input);
        self.after_turn(machine, outcome, tag)
    }

    #[cold]
    fn say_event(&mut self, event: &C::Event) {
        let name = event_name::<C>(event);
        tracing::trace!(target: "statechart", actor = %self.shared.name(), event = name, "event");
        self.inspect(|| Inspection::Event { name, text: format!("{event:?}") });
    }

    /// What follows every step.
    #[inline(always)]
    fn after_turn(&mut self, machine: &mut C, outcome: Outcome, tag: Option<u16>) -> Result<Outcome, String> {
        if let Some(tag) = tag.filter(|_| outcome == Outcome::Deferred) {
            self.inspect(|| Inspection::Deferred { name: tag_name::<C>(tag) });
        }
        if self.has_entered || self.has_told || !self.starts.is_empty() {
            self.settle(machine)?;
        }
        if !self.faults.is_empty() {
            self.raise(machine)?;
        }
        self.is_changed = true;
        Ok(outcome)
    }

    /// Has the machine go on from its snapshot, in the place of its start.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    #[cfg(feature = "snapshot")]
    pub(super) fn resume(&mut self, machine: &mut C, pending: &crate::snapshot::Pending) -> Result<(), String>
    where
        C: crate::snapshot::Restorable,
    {
        catch_unwind(AssertUnwindSafe(|| {
            crate::snapshot::resume(machine, pending, self).map_err(|error| error.to_string())?;
            self.settle(machine)?;
            self.raise(machine)?;
            self.is_changed = true;
            Ok(())
        }))
        .unwrap_or_else(|panic| Err(panic_text(panic)))
    }

    /// Raises the faults that performing effects has met.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    pub(super) fn raise(&mut self, machine: &mut C) -> Result<(), String> {
        for round in 0..=FAULT_LIMIT {
            if self.faults.is_empty() {
                break;
            }
            if round == FAULT_LIMIT {
                tracing::error!(
                    target: "statechart", actor = %self.shared.name(), limit = FAULT_LIMIT,
                    "more effects failed in one turn than the limit: their faults are dropped; \
                     check what the machine does on a fault"
                );
                self.faults.clear();
                break;
            }
            let fault = Input::Fault(self.faults.remove(0));
            catch_unwind(AssertUnwindSafe(|| machine.step(self, fault))).map_err(panic_text)?;
            self.settle(machine)?;
            self.is_changed = true;
        }
        Ok(())
    }

    /// What a step leaves to do: to tell the path, and to start what it has asked for.
    fn settle(&mut self, machine: &mut C) -> Result<(), String> {
        self.remember();
        if std::mem::take(&mut self.has_told) {
            self.flush();
        }
        if self.starts.is_empty() { Ok(()) } else { self.start_all(machine) }
    }

    fn start_all(&mut self, machine: &mut C) -> Result<(), String> {
        let mut starts = std::mem::take(&mut self.starts);
        for start in starts.drain(..) {
            match start {
                Start::Service { activity, generation, call } => {
                    let service = service_name::<C>(activity);
                    tracing::debug!(target: "statechart", actor = %self.shared.name(), service, "service starts");
                    self.inspect(|| Inspection::ServiceStarted { service });
                    let place = (self.life, activity, generation);
                    let services = self.services.get_or_insert_with(|| Box::new(ServiceTasks::new()));
                    if let Err(why) = services.start(machine, self.shared.clone(), place, call) {
                        self.service_panicked(activity, why)?;
                    }
                }
                Start::Child { child, generation, spawn } => {
                    let name = child_name::<C>(child);
                    tracing::debug!(target: "statechart", actor = %self.shared.name(), child = name, "child starts");
                    self.inspect(|| Inspection::ChildStarted { child: name });
                    let nursery = Nursery::new(self, generation);
                    let children = self.children.get_or_insert_with(|| Box::new(ChildTasks::new()));
                    children.start(machine, nursery, child, spawn);
                    self.list_children();
                }
                Start::Message { child, message } => self.deliver_child(child, message),
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

    /// The end of a task that the machine has started, when there is one.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    pub(super) fn poll_ended(
        &mut self,
        machine: &mut C,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), String>> {
        if let Some(services) = &mut self.services
            && let Poll::Ready(ended) = services.poll_ended(context)
        {
            return Poll::Ready(match ended {
                Ended::Finished(finished) => self.finish_service(machine, finished),
                Ended::Panicked { activity, why } => {
                    self.service_panicked(activity, why).and_then(|()| self.raise(machine))
                }
                Ended::Nothing => Ok(()),
            });
        }
        if let Some(children) = &mut self.children
            && let Poll::Ready(ended) = children.poll_ended(context)
        {
            return Poll::Ready(match ended {
                Some((child, generation, end)) => self.finish_child(machine, child, generation, end),
                None => Ok(()),
            });
        }
        Poll::Pending
    }

    /// The result of a service, for the machine.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    pub(super) fn finish_service(
        &mut self,
        machine: &mut C,
        finished: Finished<C::Event>,
    ) -> Result<(), String> {
        let Finished { activity, generation, event } = finished;
        self.inspect(|| Inspection::ServiceFinished { service: service_name::<C>(activity) });
        self.turn(machine, Some(Input::Report { activity, generation, event, last: true })).map(drop)
    }

    /// Has the machine leave its states, its last step. A panic there ends it all the same.
    pub(super) fn halt(&mut self, machine: &mut C) {
        self.inspect(|| Inspection::Halted);
        let left = catch_unwind(AssertUnwindSafe(|| {
            machine.halt(self);
            self.remember();
            self.is_changed = true;
            self.publish(machine);
        }));
        if let Err(panic) = left {
            let why = panic_text(panic);
            tracing::error!(target: "statechart", actor = %self.shared.name(), why, "leaving the states panicked");
        }
    }

    /// The end of a child, as its task tells it.
    ///
    /// # Errors
    /// See [`Shell::turn`].
    pub(super) fn child_ended(
        &mut self,
        machine: &mut C,
        child: u16,
        generation: u32,
        end: ChildEnd<C::Returned>,
    ) -> Result<(), String> {
        let end = self.children.as_mut().and_then(|children| children.told(child, generation, end));
        match end {
            Some(end) => self.finish_child(machine, child, generation, end),
            None => Ok(()),
        }
    }

    /// The end of a child, for the machine: it is told in any case, or it would wait for ever.
    fn finish_child(
        &mut self,
        machine: &mut C,
        child: u16,
        generation: u32,
        end: ChildEnd<C::Returned>,
    ) -> Result<(), String> {
        let name = child_name::<C>(child);
        self.list_children();
        let input = match end {
            ChildEnd::Done(result) => {
                self.inspect(|| Inspection::ChildFinished {
                    child: name,
                    result: result.as_ref().map(|result| format!("{result:?}")),
                });
                Input::ChildDone { child, generation, result }
            }
            ChildEnd::Failed(why) => {
                tracing::error!(target: "statechart", actor = %self.shared.name(), child = name, why, "child failed");
                self.inspect(|| Inspection::ChildFailed { child: name, why });
                Input::ChildFailed { child, generation }
            }
        };
        self.turn(machine, Some(input)).map(drop)
    }

    /// Says who the children are, for [`super::Handle::children`].
    pub(super) fn list_children(&self) {
        self.shared
            .set_children(self.children.as_ref().map(|children| children.references()).unwrap_or_default());
    }

    /// Has the children stop as their parent does.
    pub(super) fn stop_children(&mut self, until: Instant) {
        if let Some(children) = &mut self.children {
            children.stop_all(until);
        }
    }

    /// Everything that belongs to one machine and not to its actor. Its tasks are handed out, to be cancelled.
    pub(super) fn clear(&mut self) -> Leftovers<C> {
        self.timers = None;
        self.own.clear();
        self.asks.clear();
        self.starts.clear();
        self.faults.clear();
        self.flush();
        self.active = Active::<C>::default();
        self.has_entered = false;
        self.is_batch = false;
        let leftovers = Leftovers { services: self.services.take(), children: self.children.take() };
        if leftovers.children.is_some() {
            self.list_children();
        }
        leftovers
    }

    /// Appends the configuration to the path if states have been entered since the last time.
    pub(super) fn remember(&mut self) {
        if self.has_entered {
            self.has_entered = false;
            if !self.is_batch {
                let now = self.time();
                self.shared.record(&[self.active], now);
                return;
            }
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
