//! Taking a snapshot.

use super::{
    SNAPSHOT_FORMAT, SavedActivity, SavedChild, SavedEvent, SavedMessage, SavedTimer, SavedUndo, Snapshot,
    value::{fields_to_json, to_json},
};
use crate::{
    interpreter::{
        Interpreter, World,
        clock::{Posted, What},
    },
    model::{Field, Invoked, Machine, Receiver, StateId},
};

impl<W: World> Interpreter<'_, W> {
    /// The machine as it stands. Steps run to completion, so it is always between two macrosteps.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let machine = self.machine;
        let context = machine.context.iter().zip(&self.context);
        let data = machine.locals.iter().zip(&self.data);
        let mut snapshot = Snapshot {
            format: SNAPSHOT_FORMAT,
            machine: machine.name.clone(),
            fingerprint: machine.fingerprint(),
            shape: machine.shape().lines().map(str::to_owned).collect(),
            time_us: self.clock.time_us,
            done: self.done,
            generation: self.generation,
            states: self
                .configuration
                .iter()
                .filter(|&state| state != 0)
                .map(|state| path(machine, state))
                .collect(),
            context: context.map(|(variable, value)| (variable.name.clone(), to_json(value))).collect(),
            data: data
                .filter_map(|(local, value)| {
                    let name = format!("{}.{}", path(machine, local.state), local.name);
                    Some((name, to_json(value.as_ref()?)))
                })
                .collect(),
            history: self
                .history
                .iter()
                .map(|(&history, stored)| {
                    let stored = stored.iter().map(|&state| path(machine, state)).collect();
                    (path(machine, history), stored)
                })
                .collect(),
            deferred: self.saved_deferred(),
            children: self.saved_children(),
            activities: self.saved_activities(),
            undo: self
                .undo
                .iter()
                .map(|(index, args)| SavedUndo { index: *index, args: args.iter().map(to_json).collect() })
                .collect(),
            result: self.result.as_ref().map(to_json),
            ..Snapshot::default()
        };
        for due in self.clock.waiting() {
            let left_us = due.time_us.saturating_sub(self.clock.time_us).max(0);
            match &due.what {
                What::Timer { timer, generation } => snapshot.timers.push(SavedTimer {
                    index: *timer,
                    generation: *generation,
                    remaining_us: left_us,
                }),
                What::Message(message) => snapshot.messages.push(self.saved_message(message, left_us)),
            }
        }
        snapshot.timers.sort_by_key(|timer| timer.index);
        snapshot
    }

    fn saved_deferred(&self) -> Vec<SavedEvent> {
        let saved = self.deferred.iter().filter_map(|waiting| {
            let symbol = &self.machine.events.get(waiting.event.event)?.symbol;
            Some(SavedEvent {
                event: symbol.name.clone(),
                fields: fields_to_json(&symbol.fields, &waiting.event.args),
                activity: waiting.origin.map(|(activity, _)| activity),
                generation: waiting.origin.map(|(_, generation)| generation),
            })
        });
        saved.collect()
    }

    fn saved_message(&self, message: &Posted, due_in_us: i64) -> SavedMessage {
        let (to, signal) = self.addressed(message);
        let fields: Vec<Field> = signal
            .fields
            .iter()
            .map(|(name, _)| Field { name: name.clone(), ty: crate::model::Type::Unknown })
            .collect();
        SavedMessage {
            to: match message.to {
                Receiver::Itself => "self".to_owned(),
                _ => to.unwrap_or_default(),
            },
            event: signal.name,
            fields: fields_to_json(&fields, &message.args),
            due_in_us,
            id: message.id.and_then(|id| self.machine.sends.get(id)).map(|send| send.name.clone()),
        }
    }

    fn saved_activities(&self) -> Vec<SavedActivity> {
        let is_over = |activity: usize, generation: u32| match self.machine.activities.get(activity) {
            Some(row) => match row.runs {
                Invoked::Child(child) => self.children.get(&child) != Some(&generation),
                Invoked::Service(_) => false,
            },
            None => true,
        };
        let running = self.activities.iter().map(|(&index, &generation)| SavedActivity {
            index,
            generation,
            finished: is_over(index, generation),
        });
        let finished = self.finished.iter().map(|(&index, &generation)| SavedActivity {
            index,
            generation,
            finished: true,
        });
        let mut saved: Vec<SavedActivity> = running.chain(finished).collect();
        saved.sort_by_key(|activity| activity.index);
        saved
    }

    fn saved_children(&self) -> Vec<SavedChild> {
        let saved = self.children.iter().filter_map(|(&child, &generation)| {
            let id = self.machine.children.get(child)?.name.clone();
            Some(SavedChild { id, generation, snapshot: None })
        });
        saved.collect()
    }
}

pub(super) fn path(machine: &Machine, state: StateId) -> String {
    machine.states.get(state).map_or_else(String::new, |row| row.path.clone())
}
