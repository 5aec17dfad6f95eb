//! Looking at a running machine: its configuration, context, clock and what it waits for.

use std::collections::BTreeSet;

use super::{Interpreter, Signal, Value, World};
use crate::model::{ActivityId, ChildId, EventId, LocalId, Machine, StateId, TimerId, TransitionId, UndoId};

impl<'m, W: World> Interpreter<'m, W> {
    /// The machine that is interpreted.
    #[must_use]
    pub fn machine(&self) -> &'m Machine {
        self.machine
    }

    /// The world that answers extern guards, to change its answers between steps.
    pub fn world_mut(&mut self) -> &mut W {
        &mut self.world
    }

    /// Every active state, in document order; the root first.
    #[must_use]
    pub fn configuration(&self) -> BTreeSet<StateId> {
        self.configuration.iter().collect()
    }

    /// The active leaves, in document order.
    pub fn leaf_states(&self) -> impl Iterator<Item = StateId> + '_ {
        self.configuration.iter().filter(|&state| self.plan.leaves().contains(state))
    }

    /// Paths of the active leaf states, in document order.
    #[must_use]
    pub fn leaves(&self) -> Vec<String> {
        let path = |state: StateId| self.machine.states.get(state).map(|row| row.path.clone());
        self.leaf_states().filter_map(path).collect()
    }

    /// The values of the context, in order of declaration.
    #[must_use]
    pub fn context(&self) -> &[Value] {
        &self.context
    }

    /// Data of the active states and the machine's parameters, in order of declaration.
    pub fn data(&self) -> impl Iterator<Item = (LocalId, &Value)> + '_ {
        self.data.iter().enumerate().filter_map(|(local, value)| Some((local, value.as_ref()?)))
    }

    /// What history states have recorded: the states that they would restore.
    pub fn histories(&self) -> impl Iterator<Item = (StateId, &[StateId])> + '_ {
        self.history.iter().map(|(history, stored)| (*history, stored.as_slice()))
    }

    /// What `compensate` would run, the latest first: its index and arguments.
    pub fn undos(&self) -> impl Iterator<Item = (UndoId, &[Value])> + '_ {
        self.undo.iter().rev().map(|(undo, args)| (*undo, args.as_slice()))
    }

    /// Children that run, with their generations.
    pub fn children(&self) -> impl Iterator<Item = (ChildId, u32)> + '_ {
        self.children.iter().map(|(child, generation)| (*child, *generation))
    }

    /// Timers that are armed, with their generations.
    pub fn timers(&self) -> impl Iterator<Item = (TimerId, u32)> + '_ {
        self.timers.iter().map(|(timer, generation)| (*timer, *generation))
    }

    /// Activities that run, with their generations.
    pub fn activities(&self) -> impl Iterator<Item = (ActivityId, u32)> + '_ {
        self.activities.iter().map(|(activity, generation)| (*activity, *generation))
    }

    /// What a final state of the root returned, once the machine is done.
    #[must_use]
    pub fn result(&self) -> Option<&Value> {
        self.result.as_ref()
    }

    /// Whether a state is active: `in(state)`.
    #[must_use]
    pub fn is_in(&self, state: StateId) -> bool {
        self.configuration.contains(state)
    }

    /// Whether the machine has reached a final state of its root.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Whether the configuration accepts: a state marked `accept` is active, or the machine is done.
    #[must_use]
    pub fn accepts(&self) -> bool {
        self.done
            || self
                .configuration
                .iter()
                .any(|state| self.machine.states.get(state).is_some_and(|row| row.accept))
    }

    /// The virtual clock, in microseconds since 1970 UTC.
    #[must_use]
    pub fn time_us(&self) -> i64 {
        self.clock.time_us
    }

    /// The deferred events, the oldest first.
    #[must_use]
    pub fn deferred(&self) -> Vec<Signal> {
        self.deferred.iter().map(|waiting| self.signal(waiting.event.event, &waiting.event.args)).collect()
    }

    /// The running activity that may report this event, the first in document order: its generation, and
    /// whether it ends with the event.
    #[must_use]
    pub fn reporter(&self, event: EventId) -> Option<(ActivityId, u32, bool)> {
        self.activities.iter().find_map(|(&activity, &generation)| {
            let service =
                self.machine.services.get(self.machine.activities.get(activity)?.runs.service()?)?;
            if service.outcomes().any(|outcome| outcome == event) {
                Some((activity, generation, true))
            } else {
                service.streams.contains(&event).then_some((activity, generation, false))
            }
        })
    }

    /// A transition as the spec says it.
    #[must_use]
    pub fn transition_text(&self, id: TransitionId) -> String {
        self.machine.transition_text(id)
    }
}
