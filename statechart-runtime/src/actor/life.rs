//! The loop of an actor, and the lives it gives to its machine.
//!
//! ```text
//! launch ─▶ machine ─▶ life: (own events, due timers, then wait: signal | service ended | time | mailbox)*
//!              ▲                            │ ended: done, stopped, aborted, unreachable
//!              └── backoff ◀── policy ◀─────┘ failed
//! ```

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};

use super::{
    Actor, Handle, Inspection, Options, RestartPolicy, Shutdown, Status, StopReason,
    services::{Ended, Finished, panic_text},
    shared::{Item, Shared, Signal},
    shell::{Shell, service_name},
    supervise::Restarts,
};
use crate::chart::{Chart, Input};

/// How many items are taken from the mailbox, and how many other things are done, before the loop
/// looks at everything else again.
const BATCH: usize = 64;

/// Where machines come from.
pub(super) enum Source<C> {
    Once(Option<C>),
    Many(Box<dyn FnMut() -> C + Send>),
}

/// How a life ended.
enum End {
    Over(StopReason),
    Failed(String),
}

/// Reports the end of an actor whose task is dropped with its runtime.
struct Lifeline<C: Chart>(Arc<Shared<C>>);

impl<C: Chart> Drop for Lifeline<C> {
    fn drop(&mut self) {
        self.0.end(StopReason::Aborted);
    }
}

/// The receiving side of an actor. Outlives a machine that fails.
struct Mail<C: Chart> {
    receiver: mpsc::Receiver<Item<C>>,
    /// Taken from the mailbox and not yet processed.
    inbox: Vec<Item<C>>,
    /// The mailbox is closed and empty.
    is_drained: bool,
    /// Until when a graceful stop may take.
    until: Option<Instant>,
}

impl<C: Chart> Mail<C> {
    /// The reason of a graceful stop, with what it leaves behind.
    fn left(&self, cancelled: usize) -> StopReason {
        StopReason::Stopped { cancelled, dropped: self.inbox.len() + self.receiver.len() }
    }
}

pub(super) fn launch<C: Actor>(
    source: Source<C>,
    options: Options<C>,
    policy: Option<RestartPolicy>,
) -> Handle<C> {
    let (sender, receiver) = mpsc::channel(options.mailbox);
    let shared = Arc::new(Shared::new(&options));
    let handle = Handle::new(sender.clone(), shared.clone());
    let shutdown = options.shutdown.clone();
    let lifeline = Lifeline(shared.clone());
    let shell = Shell::new(shared, sender, options);
    let mail = Mail { receiver, inbox: Vec::new(), is_drained: false, until: None };
    tokio::spawn(run(lifeline, shell, mail, source, shutdown, policy));
    handle
}

async fn run<C: Actor>(
    lifeline: Lifeline<C>,
    mut shell: Shell<C>,
    mut mail: Mail<C>,
    mut source: Source<C>,
    shutdown: Option<Shutdown>,
    policy: Option<RestartPolicy>,
) {
    let mut restarts = policy.map(Restarts::new);
    // A task of its own would cost more than a future that the loop polls.
    let stopping = async {
        match &shutdown {
            Some(shutdown) => shutdown.requested().await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(stopping);
    let reason = loop {
        let made = catch_unwind(AssertUnwindSafe(|| match &mut source {
            Source::Once(machine) => machine.take(),
            Source::Many(make) => Some(make()),
        }));
        let end = match made {
            Ok(Some(mut machine)) => {
                let end = live(&mut shell, &mut mail, &mut machine, stopping.as_mut()).await;
                let cancelled = shell.services.running();
                shell.clear().await;
                // A destructor of the user's externs may panic as well; the actor ends or restarts anyway.
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(machine))) {
                    let why = panic_text(payload);
                    tracing::error!(target: "statechart", actor = %shell.shared.name, why, "dropping the machine panicked");
                }
                match end {
                    End::Over(StopReason::Stopped { .. }) => End::Over(mail.left(cancelled)),
                    other => other,
                }
            }
            Ok(None) => End::Failed(String::from("there is no machine to run")),
            Err(payload) => End::Failed(format!("making the machine: {}", panic_text(payload))),
        };
        let why = match end {
            End::Over(reason) => break reason,
            End::Failed(why) => why,
        };
        tracing::error!(target: "statechart", actor = %shell.shared.name, why, "actor failed");
        match restart(&mut shell, restarts.as_mut(), &why) {
            Ok(wait) => {
                if let Some(reason) = back_off(&shell.shared, wait, stopping.as_mut()).await {
                    break match reason {
                        StopReason::Stopped { .. } => mail.left(0),
                        other => other,
                    };
                }
                shell.shared.set_status(Status::Running);
            }
            Err(reason) => break reason,
        }
    };
    if reason.is_failure() {
        tracing::error!(target: "statechart", actor = %shell.shared.name, %reason, "actor ended");
    } else {
        tracing::info!(target: "statechart", actor = %shell.shared.name, %reason, "actor ended");
    }
    shell.inspect(|| Inspection::Stopped { reason: reason.clone() });
    // Waiting tells and asks end before joins do.
    drop(mail);
    lifeline.0.end(reason);
}

/// Decides what follows a failure: the wait before the next life, or the end.
fn restart<C: Actor>(
    shell: &mut Shell<C>,
    restarts: Option<&mut Restarts>,
    why: &str,
) -> Result<Duration, StopReason> {
    let why: Arc<str> = Arc::from(why);
    let Some(restarts) = restarts else { return Err(StopReason::Failed { why }) };
    // One that is being stopped is not started anew.
    if shell.shared.closing.load(Ordering::Acquire) {
        return Err(StopReason::Failed { why });
    }
    let Some(wait) = restarts.next(Instant::now()) else {
        let policy = restarts.policy();
        let within_ms = u64::try_from(policy.within.as_millis()).unwrap_or(u64::MAX);
        return Err(StopReason::GaveUp { restarts: policy.max_restarts, within_ms, why });
    };
    shell.shared.restarts.fetch_add(1, Ordering::Relaxed);
    shell.shared.set_status(Status::Restarting);
    let backoff_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    shell.inspect(|| Inspection::Restarting { why, backoff_ms });
    Ok(wait)
}

/// Waits before a restart; a reason when the actor is to end instead.
async fn back_off<C: Actor>(
    shared: &Shared<C>,
    wait: Duration,
    mut stopping: std::pin::Pin<&mut impl Future<Output = Instant>>,
) -> Option<StopReason> {
    let sleep = tokio::time::sleep(wait);
    tokio::pin!(sleep);
    loop {
        match shared.signalled() {
            Signal::Run => {}
            Signal::Stop { .. } => return Some(StopReason::Stopped { cancelled: 0, dropped: 0 }),
            Signal::Abort => return Some(StopReason::Aborted),
        }
        tokio::select! {
            biased;
            () = shared.control.notified() => {}
            until = stopping.as_mut(), if !shared.closing.load(Ordering::Acquire) => {
                shared.signal(Signal::Stop { until });
            }
            () = sleep.as_mut() => return None,
        }
    }
}

/// Runs one machine until it is done, fails, or the actor is stopped.
async fn live<C: Actor>(
    shell: &mut Shell<C>,
    mail: &mut Mail<C>,
    machine: &mut C,
    stopping: std::pin::Pin<&mut impl Future<Output = Instant>>,
) -> End {
    shell.life = shell.life.wrapping_add(1);
    let restarts = shell.shared.restarts.load(Ordering::Relaxed);
    tracing::info!(target: "statechart", actor = %shell.shared.name, machine = C::TABLES.name, restarts, "actor starts");
    shell.inspect(|| Inspection::Started { restarts });
    match keep_going(shell, mail, machine, stopping).await {
        Ok(reason) => End::Over(reason),
        Err(why) => End::Failed(why),
    }
}

async fn keep_going<C: Actor>(
    shell: &mut Shell<C>,
    mail: &mut Mail<C>,
    machine: &mut C,
    mut stopping: std::pin::Pin<&mut impl Future<Output = Instant>>,
) -> Result<StopReason, String> {
    let shared = shell.shared.clone();
    shell.turn(machine, None)?;
    let sleep = tokio::time::sleep_until(Instant::now());
    tokio::pin!(sleep);
    loop {
        work(shell, mail, machine)?;
        if let Some(reason) = over(shell, mail, machine) {
            return Ok(reason);
        }
        shell.publish(machine);
        let wake = shell.timers.next().into_iter().chain(mail.until).min();
        if let Some(wake) = wake
            && sleep.deadline() != wake
        {
            sleep.as_mut().reset(wake);
        }
        tokio::select! {
            biased;
            () = shared.control.notified() => {}
            until = stopping.as_mut(), if mail.until.is_none() => shared.signal(Signal::Stop { until }),
            ended = shell.services.ended(), if shell.services.has_tasks() => match ended {
                Ended::Finished(finished) => finish(shell, machine, finished)?,
                Ended::Panicked { activity, why } => {
                    shell.service_panicked(activity, why)?;
                    shell.raise(machine)?;
                }
                Ended::Nothing => {}
            },
            () = sleep.as_mut(), if wake.is_some() => {}
            count = mail.receiver.recv_many(&mut mail.inbox, BATCH), if !mail.is_drained && mail.inbox.is_empty() => {
                mail.is_drained = count == 0;
            }
            // Others get their turn between two batches of own work.
            () = tokio::task::yield_now(), if !shell.own.is_empty() => {}
        }
    }
}

/// What can be done without waiting: signals, the batch, own events, what is due.
fn work<C: Actor>(shell: &mut Shell<C>, mail: &mut Mail<C>, machine: &mut C) -> Result<(), String> {
    if let Signal::Stop { until } = shell.shared.signalled() {
        mail.receiver.close();
        mail.until = Some(until);
    }
    read(shell, mail, machine)?;
    for _ in 0..BATCH {
        if is_interrupted(shell, machine) {
            return Ok(());
        }
        let Some(event) = shell.own.pop_front() else { break };
        shell.turn(machine, Some(Input::Event(event)))?;
    }
    if shell.timers.is_empty() {
        return Ok(());
    }
    let now = Instant::now();
    for _ in 0..BATCH {
        if is_interrupted(shell, machine) {
            return Ok(());
        }
        let Some(due) = shell.timers.pop(now) else { break };
        shell.due(machine, due)?;
    }
    Ok(())
}

/// Processes the inbox. What a failure leaves unread stays there for the next life.
fn read<C: Actor>(shell: &mut Shell<C>, mail: &mut Mail<C>, machine: &mut C) -> Result<(), String> {
    if mail.inbox.is_empty() {
        return Ok(());
    }
    let mut result = Ok(());
    let mut items = mail.inbox.drain(..);
    while result.is_ok() && !is_interrupted(shell, machine) {
        let Some(item) = items.next() else { break };
        result = take(shell, machine, item);
    }
    let unread: Vec<_> = items.collect();
    if !unread.is_empty() {
        mail.inbox = unread;
    }
    result
}

fn take<C: Actor>(shell: &mut Shell<C>, machine: &mut C, item: Item<C>) -> Result<(), String> {
    match item {
        Item::Event(event) => shell.turn(machine, Some(Input::Event(event))).map(drop),
        Item::Ask(ask) => shell.answer(machine, *ask),
        Item::Streamed { life, activity, generation, event } => {
            if life != shell.life || !shell.services.count(activity, generation) {
                return Ok(());
            }
            shell.turn(machine, Some(Input::Report { activity, generation, event, last: false }))?;
            match shell.services.due(activity, generation) {
                Some(finished) => finish(shell, machine, finished),
                None => Ok(()),
            }
        }
    }
}

fn finish<C: Actor>(
    shell: &mut Shell<C>,
    machine: &mut C,
    finished: Finished<C::Event>,
) -> Result<(), String> {
    let Finished { activity, generation, event } = finished;
    shell.inspect(|| Inspection::ServiceFinished { service: service_name::<C>(activity) });
    shell.turn(machine, Some(Input::Report { activity, generation, event, last: true })).map(drop)
}

/// Whether no further step may run.
fn is_interrupted<C: Actor>(shell: &Shell<C>, machine: &C) -> bool {
    machine.core().is_done() || shell.shared.aborting.load(Ordering::Acquire)
}

/// Whether, and why, the actor is at its end.
fn over<C: Actor>(shell: &Shell<C>, mail: &mut Mail<C>, machine: &C) -> Option<StopReason> {
    if machine.core().is_done() {
        return Some(StopReason::Done);
    }
    if shell.shared.aborting.load(Ordering::Acquire) {
        return Some(StopReason::Aborted);
    }
    let is_busy = shell.services.running() > 0 || !shell.own.is_empty();
    if let Some(until) = mail.until {
        let is_finished = mail.is_drained && !is_busy;
        // The caller fills in what was left over.
        return (is_finished || Instant::now() >= until)
            .then_some(StopReason::Stopped { cancelled: 0, dropped: 0 });
    }
    // Handles first: whoever dropped the last one may have told something before.
    let is_unreachable = shell.shared.handles.load(Ordering::Acquire) == 0
        && !is_busy
        && shell.timers.is_empty()
        && mail.receiver.is_empty();
    is_unreachable.then_some(StopReason::Unreachable)
}
