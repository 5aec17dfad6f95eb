//! The task of an actor, and the lives it gives to its machine.
//!
//! ```text
//! launch ─▶ Make ─▶ Run: (own events, due timers, then wait: service ended | time | mailbox)*
//!            ▲                      │ ended: done, stopped, aborted, unreachable, failed
//!            │                    Clear ──▶ Over
//!            └── BackOff ◀── policy ─┘ failed
//! ```
//!
//! Written as a future by hand: it is one allocation that holds the machine and little else, and what is
//! rarely needed (a clock's entry, services being cancelled) is allocated when it is.

use std::{
    collections::VecDeque,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::{
    Actor, Handle, Inspection, Options, RestartPolicy, Status, StopReason,
    services::panic_text,
    shared::{Item, Member, Shared, Signal},
    shell::Shell,
    supervise::Restarts,
};
use crate::chart::Input;

/// How many items of the mailbox are processed, and how many other things are done, before the loop
/// looks at everything else again.
const BATCH: usize = 64;

/// How often the loop does so before it lets other tasks run.
const ROUNDS: usize = 16;

/// Has a machine go on from its snapshot.
#[cfg(feature = "snapshot")]
type Resumption<C> = Box<dyn FnOnce(&mut C, &mut Shell<C>) -> Result<(), String> + Send>;

/// Where the machines after the first come from.
type Make<C> = Box<dyn FnMut() -> C + Send>;

/// How a life ended.
enum End {
    Over(StopReason),
    Failed(String),
}

/// Reports the end of an actor whose task is dropped with its runtime.
struct Lifeline<C: Actor>(Arc<Shared<C>>);

impl<C: Actor> Drop for Lifeline<C> {
    fn drop(&mut self) {
        self.0.end(StopReason::Aborted);
    }
}

/// What the task is at.
enum Phase {
    /// A machine is made, unless there is one, and started.
    Make,
    Run,
    /// Services are being cancelled; then the life ends as it is said here.
    Clear(Pin<Box<dyn Future<Output = End> + Send>>),
    /// Waits before the next life.
    BackOff(Pin<Box<Sleep>>),
    Over,
}

/// An actor as a task. The fields are dropped in this order: who waits for the end finds everything gone.
pub(super) struct Task<C: Actor> {
    phase: Phase,
    pub(super) machine: Option<C>,
    pub(super) shell: Shell<C>,
    /// Taken from the mailbox and not yet processed.
    inbox: VecDeque<Item<C>>,
    /// Until when a graceful stop may take.
    until: Option<Instant>,
    /// Wakes the task for what is due. It may ring too early, when what it was set for has gone.
    alarm: Option<Pin<Box<Sleep>>>,
    supervised: Option<Box<(Make<C>, Restarts)>>,
    /// What the machine returned when it was done.
    returned: Option<C::Returned>,
    /// What takes the place of the machine's start.
    #[cfg(feature = "snapshot")]
    pub(super) resumption: Option<Resumption<C>>,
    lifeline: Lifeline<C>,
}

// Nothing in it is pinned in place: what has to be is in a box.
impl<C: Actor> Unpin for Task<C> {}

pub(super) fn launch<C: Actor>(
    machine: Option<C>,
    supervised: Option<(Make<C>, RestartPolicy)>,
    options: Options<C>,
) -> Handle<C> {
    let (handle, task) = prepare(machine, supervised, options);
    tokio::spawn(task);
    handle
}

/// An actor whose task nobody polls yet.
pub(super) fn prepare<C: Actor>(
    machine: Option<C>,
    supervised: Option<(Make<C>, RestartPolicy)>,
    mut options: Options<C>,
) -> (Handle<C>, Box<Task<C>>) {
    let shutdown = options.shutdown.take();
    let shared = Arc::new(Shared::new(&mut options));
    let handle = Handle::new(shared.clone());
    if let Some(shutdown) = shutdown {
        let member: Arc<dyn Member> = shared.clone();
        shutdown.join(Arc::downgrade(&member));
    }
    let task = Box::new(Task {
        phase: Phase::Make,
        machine,
        shell: Shell::new(shared.clone(), options),
        inbox: VecDeque::new(),
        until: None,
        alarm: None,
        supervised: supervised.map(|(make, policy)| Box::new((make, Restarts::new(policy)))),
        returned: None,
        #[cfg(feature = "snapshot")]
        resumption: None,
        lifeline: Lifeline(shared),
    });
    (handle, task)
}

impl<C: Actor> Future for Task<C> {
    /// What the machine returned when it was done.
    type Output = Option<C::Returned>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.get_mut();
        loop {
            match &mut task.phase {
                Phase::Make => match task.make() {
                    Ok(()) => task.phase = Phase::Run,
                    Err(why) => task.leave(End::Failed(why)),
                },
                Phase::Run => match ready!(task.run(context)) {
                    Ok(reason) => task.leave(End::Over(reason)),
                    Err(why) => task.leave(End::Failed(why)),
                },
                Phase::Clear(clearing) => {
                    let end = ready!(clearing.as_mut().poll(context));
                    task.finish_life(end);
                }
                Phase::BackOff(sleep) => {
                    let is_over = sleep.as_mut().poll(context).is_ready();
                    match task.lifeline.0.signalled() {
                        Signal::Stop { .. } => task.finish(task.left(0)),
                        Signal::Abort => task.finish(StopReason::Aborted),
                        Signal::Run if is_over => {
                            task.shell.shared.set_status(Status::Running);
                            task.phase = Phase::Make;
                        }
                        // Registers for a signal; what is in the mailbox stays there.
                        Signal::Run => {
                            ready!(task.shell.shared.mailbox.listen(context));
                        }
                    }
                }
                Phase::Over => return Poll::Ready(task.returned.take()),
            }
        }
    }
}

impl<C: Actor> Task<C> {
    /// Makes the machine, unless it was given, and starts it.
    fn make(&mut self) -> Result<(), String> {
        if self.machine.is_none() {
            let Some(supervised) = &mut self.supervised else {
                return Err(String::from("there is no machine to run"));
            };
            let make = &mut supervised.0;
            let made = catch_unwind(AssertUnwindSafe(make));
            self.machine = Some(made.map_err(|panic| format!("making the machine: {}", panic_text(panic)))?);
        }
        let Self { shell, machine: Some(machine), .. } = self else { return Ok(()) };
        let restarts = shell.shared.restarts.load(Ordering::Relaxed);
        tracing::info!(target: "statechart", actor = %shell.shared.name(), machine = C::TABLES.name, restarts, "actor starts");
        #[cfg(feature = "snapshot")]
        if let Some(resume) = self.resumption.take() {
            shell.inspect(|| Inspection::Resumed { machine: C::TABLES.name });
            return resume(machine, shell);
        }
        shell.inspect(|| Inspection::Started { machine: C::TABLES.name, restarts });
        shell.turn(machine, None).map(drop)
    }

    /// Runs the machine until it is done, fails, or the actor is stopped.
    fn run(&mut self, context: &mut Context<'_>) -> Poll<Result<StopReason, String>> {
        // One that is stopped may have no time left for what waits.
        if self.inbox.is_empty() && matches!(self.lifeline.0.signalled(), Signal::Run) {
            self.lifeline.0.mailbox.take(&mut self.inbox);
        }
        for _ in 0..ROUNDS {
            if let Err(why) = self.work() {
                return Poll::Ready(Err(why));
            }
            if let Some(reason) = self.over() {
                return Poll::Ready(Ok(reason));
            }
            let Self { machine: Some(machine), shell, inbox, .. } = &mut *self else {
                return Poll::Ready(Err(String::from("there is no machine to run")));
            };
            shell.publish(machine);
            let mut is_idle = shell.own.is_empty() && inbox.is_empty();
            if let Poll::Ready(result) = shell.poll_ended(machine, context) {
                is_idle = false;
                if let Err(why) = result {
                    return Poll::Ready(Err(why));
                }
            }
            if self.is_due(context) {
                is_idle = false;
            }
            if self.inbox.is_empty() && self.lifeline.0.mailbox.receive(context, &mut self.inbox).is_ready() {
                is_idle = false;
            }
            if is_idle {
                return Poll::Pending;
            }
        }
        // Others get their turn.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether something is due by the clock; the task is woken for it otherwise.
    fn is_due(&mut self, context: &mut Context<'_>) -> bool {
        let next = self.shell.timers.as_ref().and_then(|timers| timers.next());
        let Some(wake) = next.into_iter().chain(self.until).min() else { return false };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(wake)));
        // An alarm that rings too early costs less than moving it each time.
        if alarm.is_elapsed() || wake < alarm.deadline() {
            alarm.as_mut().reset(wake);
        }
        let rings = alarm.as_mut().poll(context).is_ready();
        if rings && wake > alarm.deadline() {
            alarm.as_mut().reset(wake);
            return alarm.as_mut().poll(context).is_ready();
        }
        rings
    }

    /// What can be done without waiting: signals, the batch, own events, what is due.
    fn work(&mut self) -> Result<(), String> {
        let shared = &self.lifeline.0;
        if let Signal::Stop { until } = shared.signalled() {
            self.until = Some(until);
            self.shell.stop_children(until);
        }
        self.read()?;
        let Self { machine: Some(machine), shell, .. } = self else { return Ok(()) };
        for _ in 0..BATCH {
            if shell.own.is_empty() || is_interrupted(shell, machine) {
                break;
            }
            let Some(event) = shell.own.pop_front() else { break };
            shell.turn(machine, Some(Input::Event(event)))?;
        }
        if !shell.has_timers() {
            return Ok(());
        }
        let now = Instant::now();
        for _ in 0..BATCH {
            if is_interrupted(shell, machine) {
                return Ok(());
            }
            let Some(due) = shell.timers.as_mut().and_then(|timers| timers.pop(now)) else { break };
            shell.due(machine, due)?;
        }
        Ok(())
    }

    /// Processes a part of the inbox. What a failure leaves unread stays there for the next life.
    fn read(&mut self) -> Result<(), String> {
        if self.inbox.is_empty() {
            return Ok(());
        }
        let Self { machine: Some(machine), shell, inbox, .. } = self else { return Ok(()) };
        shell.begin_batch();
        let result = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..BATCH {
                if is_interrupted(shell, machine) {
                    break;
                }
                let Some(item) = inbox.pop_front() else { break };
                take(shell, machine, inbox, item)?;
            }
            Ok(())
        }));
        shell.end_batch();
        result.unwrap_or_else(|panic| Err(panic_text(panic)))
    }

    /// Whether, and why, the actor is at its end.
    fn over(&mut self) -> Option<StopReason> {
        let shared = &self.lifeline.0;
        if self.machine.as_ref().is_some_and(|machine| machine.core().is_done()) {
            return Some(StopReason::Done);
        }
        if shared.aborting.load(Ordering::Acquire) {
            if shared.halting.load(Ordering::Acquire)
                && let Some(machine) = &mut self.machine
            {
                self.shell.halt(machine);
            }
            return Some(StopReason::Aborted);
        }
        // Handles first: whoever dropped the last one may have told something before.
        let is_abandoned = shared.handles.load(Ordering::Acquire) == 0;
        if !is_abandoned && self.until.is_none() {
            return None;
        }
        let is_idle = self.shell.running() == 0
            && self.shell.own.is_empty()
            && self.inbox.is_empty()
            && shared.mailbox.len() == 0;
        if let Some(until) = self.until {
            // What is left over is counted when the services have been cancelled.
            return (is_idle || Instant::now() >= until)
                .then_some(StopReason::Stopped { cancelled: 0, dropped: 0 });
        }
        (is_idle && !self.shell.has_timers()).then_some(StopReason::Unreachable)
    }

    /// The reason of a graceful stop, with what it leaves behind.
    fn left(&self, cancelled: usize) -> StopReason {
        StopReason::Stopped { cancelled, dropped: self.inbox.len() + self.lifeline.0.mailbox.len() }
    }

    /// Ends a life: what belongs to the machine goes, its services first.
    fn leave(&mut self, end: End) {
        let cancelled = self.shell.running();
        let end = match end {
            End::Over(StopReason::Stopped { .. }) => End::Over(self.left(cancelled)),
            other => other,
        };
        if matches!(end, End::Over(StopReason::Done)) {
            self.returned = self.machine.as_ref().and_then(|machine| machine.core().result().cloned());
        }
        let leftovers = self.shell.clear();
        // What the life that ends has started may still report; that is for nobody.
        self.shell.life = self.shell.life.wrapping_add(1);
        if leftovers.is_empty() {
            self.finish_life(end);
        } else {
            self.phase = Phase::Clear(Box::pin(async move {
                leftovers.cancel().await;
                end
            }));
        }
    }

    fn finish_life(&mut self, end: End) {
        // A destructor of the user's externs may panic as well; the actor ends or restarts anyway.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(self.machine.take()))) {
            let why = panic_text(panic);
            tracing::error!(target: "statechart", actor = %self.lifeline.0.name(), why, "dropping the machine panicked");
        }
        match end {
            End::Failed(why) => match self.restart(why) {
                Ok(wait) => self.phase = Phase::BackOff(Box::pin(tokio::time::sleep(wait))),
                Err(reason) => self.finish(reason),
            },
            End::Over(reason) => self.finish(reason),
        }
    }

    /// Decides what follows a failure: the wait before the next life, or the end.
    fn restart(&mut self, why: String) -> Result<Duration, StopReason> {
        let shared = &self.lifeline.0;
        tracing::error!(target: "statechart", actor = %shared.name(), why, "actor failed");
        let why: Arc<str> = Arc::from(why);
        let Some(supervised) = &mut self.supervised else { return Err(StopReason::Failed { why }) };
        // One that is being stopped is not started anew.
        if shared.mailbox.is_closed() {
            return Err(StopReason::Failed { why });
        }
        let restarts = &mut supervised.1;
        let Some(wait) = restarts.next(Instant::now()) else {
            let policy = restarts.policy();
            let within_ms = u64::try_from(policy.within.as_millis()).unwrap_or(u64::MAX);
            return Err(StopReason::GaveUp { restarts: policy.max_restarts, within_ms, why });
        };
        shared.restarts.fetch_add(1, Ordering::Relaxed);
        shared.set_status(Status::Restarting);
        let backoff_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.shell.inspect(|| Inspection::Restarting { why, backoff_ms });
        Ok(wait)
    }

    /// The end of the actor.
    fn finish(&mut self, reason: StopReason) {
        if reason.is_failure() {
            tracing::error!(target: "statechart", actor = %self.lifeline.0.name(), %reason, "actor ended");
        } else {
            tracing::info!(target: "statechart", actor = %self.lifeline.0.name(), %reason, "actor ended");
        }
        self.shell.inspect(|| Inspection::Stopped { reason: reason.clone() });
        // Waiting tells and asks end before joins do.
        self.inbox.clear();
        self.phase = Phase::Over;
        self.lifeline.0.end(reason);
    }
}

/// Runs the step of one item. Panics are the caller's to look after.
#[cfg_attr(not(feature = "snapshot"), expect(unused_variables))]
#[inline]
fn take<C: Actor>(
    shell: &mut Shell<C>,
    machine: &mut C,
    inbox: &VecDeque<Item<C>>,
    item: Item<C>,
) -> Result<(), String> {
    match item {
        Item::Event(event) | Item::Own(event) => shell.input_turn(machine, Input::Event(event)).map(drop),
        Item::Ask(question) => shell.answer(machine, question),
        Item::FromChild { life, child, generation, event } => {
            // What a child said that has been stopped since is void.
            if life == shell.life && machine.core().child(child) == Some(generation) {
                return shell.unguarded_turn(machine, Some(Input::Event(event))).map(drop);
            }
            Ok(())
        }
        Item::ChildEnded { life, child, generation, end } => {
            if life == shell.life {
                shell.child_ended(machine, child, generation, end)
            } else {
                Ok(())
            }
        }
        #[cfg(feature = "snapshot")]
        Item::Look(look) => {
            look(shell, machine, inbox);
            Ok(())
        }
        Item::Streamed { life, activity, generation, event } => {
            let is_life = life == shell.life;
            let Some(services) = shell.services.as_mut().filter(|_| is_life) else { return Ok(()) };
            if !services.count(activity, generation) {
                return Ok(());
            }
            let input = Input::Report { activity, generation, event, last: false };
            shell.unguarded_turn(machine, Some(input))?;
            match shell.services.as_mut().and_then(|services| services.due(activity, generation)) {
                Some(finished) => shell.finish_service(machine, finished),
                None => Ok(()),
            }
        }
    }
}

/// Whether no further step may run.
#[inline]
fn is_interrupted<C: Actor>(shell: &Shell<C>, machine: &C) -> bool {
    machine.core().is_done() || shell.shared.aborting.load(Ordering::Acquire)
}
