//! Performing what a step reports: outputs, messages, timers, services and children, and a word about each for
//! whoever watches.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use tracing::{Level, level_filters::LevelFilter};

use super::{
    Actor, Inspection, Inspector, Record, Undelivered,
    mailbox::Refused,
    shared::{Active, Item},
    shell::{Shell, Start},
    timers::Due,
};
use crate::{
    chart::{Configuration as _, Effects, Receiver, Shape},
    value::{Duration, Fault, Text, Time},
};

impl<C: Actor> Shell<C> {
    /// Whether a line of the log at this level, or an inspection event, would reach anybody. Where it would not,
    /// the inspection event is counted and that is all.
    #[inline]
    pub(super) fn is_observed(&mut self, level: Level) -> bool {
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
            let (instance, sequence) = (self.instance, self.sequence);
            inspector.publish(Record { actor, instance, sequence, time, what: what() });
        }
    }

    /// To a peer or to a child.
    pub(super) fn deliver(&mut self, message: C::Message) {
        if let Receiver::Child(child) = C::receiver(&message) {
            let is_starting = self
                .starts
                .iter()
                .any(|start| matches!(start, Start::Child { child: starting, .. } if *starting == child));
            if is_starting {
                self.starts.push(Start::Message { child, message });
            } else {
                self.deliver_child(child, message);
            }
            return;
        }
        // The text is for the case that it fails, when the message has gone.
        let text = self.inspector.as_ref().is_some_and(Inspector::is_watched).then(|| format!("{message:?}"));
        let result = match &mut self.peers {
            Some(peers) => peers.deliver(message),
            None => Err(Undelivered::Unconnected { peer: Arc::from(format!("of {message:?}")) }),
        };
        if let Err(error) = result {
            self.undelivered(text, &error);
        }
    }

    pub(super) fn deliver_child(&mut self, child: u16, message: C::Message) {
        let text = self.inspector.as_ref().is_some_and(Inspector::is_watched).then(|| format!("{message:?}"));
        let result = match &self.children {
            Some(children) => children.deliver(child, message),
            None => Err(Undelivered::Stopped { peer: Arc::from(child_name::<C>(child)) }),
        };
        if let Err(error) = result {
            self.undelivered(text, &error);
        }
    }

    fn undelivered(&mut self, text: Option<String>, error: &Undelivered) {
        tracing::warn!(target: "statechart", actor = %self.shared.name(), %error, "message not delivered");
        self.inspect(|| Inspection::Undelivered { text: format!("{}: {error}", text.unwrap_or_default()) });
        self.faults.push(Fault::Undelivered);
    }

    /// To itself: through the mailbox, or past it where it is full, since the loop cannot wait for itself.
    fn deliver_own(&mut self, event: C::Event) {
        let refused = if self.own.is_empty() {
            self.shared.mailbox.push(event, Item::Own).err().map(Refused::into_item)
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
                self.cancel(id);
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
        if let Some(timers) = &mut self.timers {
            timers.cancel(id);
        }
    }

    fn spawn(&mut self, child: u16, generation: u32, spawn: C::Spawn) {
        self.starts.push(Start::Child { child, generation, spawn });
    }

    fn stop_child(&mut self, child: u16) {
        // One that is stopped again before the step has ended never starts.
        self.starts.retain(|start| match start {
            Start::Child { child: starting, .. } | Start::Message { child: starting, .. } => {
                *starting != child
            }
            Start::Service { .. } => true,
        });
        if self.children.as_mut().is_some_and(|children| children.stop(child)) {
            let name = child_name::<C>(child);
            self.list_children();
            tracing::debug!(target: "statechart", actor = %self.shared.name(), child = name, "child stopped");
            self.inspect(|| Inspection::ChildStopped { child: name });
        }
    }

    fn start(&mut self, activity: u16, generation: u32, call: C::Call) {
        self.starts.push(Start::Service { activity, generation, call });
    }

    fn stop(&mut self, activity: u16) {
        // One that a recalled event's transition left again before the step ended never started.
        self.starts.retain(
            |start| !matches!(start, Start::Service { activity: starting, .. } if *starting == activity),
        );
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

    #[inline(always)]
    fn took(&mut self, transition: u16) {
        if self.has_entered {
            self.remember();
        }
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

pub(super) fn timer_state<C: Actor>(timer: u16) -> &'static str {
    C::TABLES.timers.get(usize::from(timer)).map_or("?", |state| state_name::<C>(*state))
}

pub(super) fn service_name<C: Actor>(activity: u16) -> &'static str {
    C::TABLES.activities.get(usize::from(activity)).map_or("?", |row| row.name)
}

pub(super) fn event_name<C: Actor>(event: &C::Event) -> &'static str {
    tag_name::<C>(C::tag(event))
}

pub(super) fn tag_name<C: Actor>(tag: u16) -> &'static str {
    C::TABLES.events.get(usize::from(tag)).copied().unwrap_or("?")
}

pub(super) fn child_name<C: Actor>(child: u16) -> &'static str {
    C::TABLES.children.get(usize::from(child)).copied().unwrap_or("?")
}
