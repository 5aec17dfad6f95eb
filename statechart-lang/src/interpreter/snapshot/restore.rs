//! Restoring: every part is checked, then put in its place.

use std::collections::BTreeMap;

use super::{
    SNAPSHOT_FORMAT, SavedActivity, SavedMessage, Snapshot, SnapshotError,
    check::Paths,
    migrate::{Fresh, differences, migrate},
    take::path,
    value::{fields_from_json, from_json},
};
use crate::{
    interpreter::{
        Cause, Effect, Interpreter, MESSAGE_LIMIT, Outcome, StepReport, Value, World,
        clock::Posted,
        data::zero,
        engine::Deferred,
        eval::{Current, Occurrence},
    },
    model::{ActivityId, Expr, Invoked, LocalId, Machine, Receiver, Symbol},
};

impl<'m, W: World> Interpreter<'m, W> {
    /// The machine as it was when the snapshot was taken; the clock goes on from there. The report holds what is to
    /// be done anew: timers with what was left of them, delayed messages, services that were running. Nothing is
    /// entered and no action runs.
    ///
    /// # Errors
    /// When the snapshot is of another machine, or of a version that the spec has no `migrate` for, or says what the
    /// machine cannot be in.
    pub fn restore(
        machine: &'m Machine,
        world: W,
        snapshot: &Snapshot,
    ) -> Result<(Self, StepReport), SnapshotError> {
        Self::restore_at(machine, world, snapshot, snapshot.time_us)
    }

    /// The same at another time: what was left of a timer or delay is still left of it.
    ///
    /// # Errors
    /// As [`Interpreter::restore`].
    pub fn restore_at(
        machine: &'m Machine,
        world: W,
        snapshot: &Snapshot,
        time_us: i64,
    ) -> Result<(Self, StepReport), SnapshotError> {
        if snapshot.format != SNAPSHOT_FORMAT {
            return Err(SnapshotError::Format { found: snapshot.format });
        }
        if snapshot.machine != machine.name {
            let (found, wanted) = (snapshot.machine.clone(), machine.name.clone());
            return Err(SnapshotError::Machine { found, wanted });
        }
        let mut interpreter = Self::with_world(machine, world).at(time_us);
        let fingerprint = machine.fingerprint();
        if snapshot.fingerprint == fingerprint {
            interpreter.fill(snapshot, None)?;
            return interpreter.resume(snapshot, &Fresh::default());
        }
        let Some(migration) = machine.migrations.iter().find(|row| row.from == snapshot.fingerprint) else {
            let (removed, added) = differences(&snapshot.shape, &machine.shape());
            let found = snapshot.fingerprint.clone();
            return Err(SnapshotError::Version { found, wanted: fingerprint, removed, added });
        };
        let (migrated, fresh) = migrate(machine, migration, snapshot)?;
        interpreter.fill(&migrated, Some(&fresh))?;
        interpreter.resume(&migrated, &fresh)
    }

    /// Everything but what has to be done anew. `fresh` says that names may be missing: they came with the version.
    fn fill(&mut self, snapshot: &Snapshot, fresh: Option<&Fresh>) -> Result<(), SnapshotError> {
        let machine = self.machine;
        let paths = Paths::new(machine);
        self.configuration = paths.configuration(&snapshot.states)?;
        self.started = !snapshot.states.is_empty();
        self.generation = snapshot.generation;
        self.done = snapshot.done;
        if self.done != (self.started && self.is_in_final_state(0)) {
            return Err(SnapshotError::at("done", "it does not go with the active states"));
        }
        self.fill_variables(snapshot, fresh.is_some())?;
        for (name, stored) in &snapshot.history {
            let at = format!("history.{name}");
            let history = paths.state(name, &at)?;
            self.history.insert(history, paths.recorded(history, stored, &at)?);
        }
        self.fill_deferred(snapshot)?;
        self.fill_children(snapshot)?;
        for (at, saved) in snapshot.undo.iter().enumerate() {
            let at = format!("undo[{at}]");
            let undo = machine.undos.get(saved.index);
            let undo =
                undo.ok_or_else(|| SnapshotError::at(format!("{at}.index"), "there is no such undo"))?;
            if saved.args.len() != undo.args.len() {
                return Err(SnapshotError::at(
                    format!("{at}.args"),
                    format!("`{}` takes other ones", undo.text),
                ));
            }
            let args = saved.args.iter().zip(&undo.args);
            let args: Result<Vec<Value>, _> =
                args.map(|(json, ty)| from_json(json, ty, &format!("{at}.args"))).collect();
            self.undo.push((saved.index, args?));
        }
        bounded("undo", self.undo.len(), machine.limits.undo as usize)?;
        self.result = match (&snapshot.result, &machine.result) {
            (Some(json), Some(ty)) => Some(from_json(json, ty, "result")?),
            (None, _) => None,
            (Some(_), None) => return Err(SnapshotError::at("result", "this machine returns nothing")),
        };
        if self.done {
            let runs =
                !snapshot.timers.is_empty() || !snapshot.messages.is_empty() || !snapshot.children.is_empty();
            if runs || !snapshot.activities.is_empty() {
                return Err(SnapshotError::at("done", "a machine that has ended runs nothing"));
            }
        }
        Ok(())
    }

    /// Context and data. A name that the version brought takes its initial, once everything else is in place.
    fn fill_variables(&mut self, snapshot: &Snapshot, may_miss: bool) -> Result<(), SnapshotError> {
        let machine = self.machine;
        let is_variable = |name: &String| machine.context.iter().any(|variable| variable.name == *name);
        if let Some(name) = snapshot.context.keys().find(|name| !is_variable(name)) {
            return Err(SnapshotError::at(format!("context.{name}"), "there is no such variable"));
        }
        let mut locals: BTreeMap<String, LocalId> = BTreeMap::new();
        for (id, local) in machine.locals.iter().enumerate() {
            if self.started && self.configuration.contains(local.state) {
                locals.insert(format!("{}.{}", path(machine, local.state), local.name), id);
            }
        }
        if let Some(name) = snapshot.data.keys().find(|name| !locals.contains_key(*name)) {
            return Err(SnapshotError::at(format!("data.{name}"), "no active state has such data"));
        }
        // In order of declaration, as the names suggest: the initial of one may read those before it.
        let mut missing: Vec<Missing<'_>> = Vec::new();
        let mut found: Vec<(LocalId, &String)> = locals.iter().map(|(name, &id)| (id, name)).collect();
        found.sort_unstable();
        for (id, name) in found {
            let Some(local) = machine.locals.get(id) else { continue };
            let at = format!("data.{name}");
            let value = match (snapshot.data.get(name), &local.initial) {
                (Some(json), _) => from_json(json, &local.ty, &at)?,
                (None, Some(initial)) if may_miss => {
                    missing.push(Missing { initial, place: Place::Local(id) });
                    zero(Some(local))
                }
                (None, _) => return Err(SnapshotError::at(at, "it is missing")),
            };
            if let Some(place) = self.data.get_mut(id) {
                *place = Some(value);
            }
        }
        for (id, variable) in machine.context.iter().enumerate() {
            let at = format!("context.{}", variable.name);
            match snapshot.context.get(&variable.name) {
                Some(json) => self.put(Place::Variable(id), from_json(json, &variable.ty, &at)?),
                None if may_miss => {
                    missing.push(Missing { initial: &variable.initial, place: Place::Variable(id) });
                }
                None => return Err(SnapshotError::at(at, "it is missing")),
            }
        }
        // Variables first, since data of states may start from them.
        missing.sort_by_key(|missing| matches!(missing.place, Place::Local(_)));
        for Missing { initial, place } in missing {
            match self.scope(Current::Nothing).eval(initial) {
                Ok(value) => self.put(place, value),
                Err(fault) => self.raise_fault(fault),
            }
        }
        Ok(())
    }

    fn put(&mut self, place: Place, value: Value) {
        match place {
            Place::Variable(id) => {
                if let Some(place) = self.context.get_mut(id) {
                    *place = value;
                }
            }
            Place::Local(id) => {
                if let Some(place) = self.data.get_mut(id) {
                    *place = Some(value);
                }
            }
        }
    }

    fn fill_deferred(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let machine = self.machine;
        for (at, saved) in snapshot.deferred.iter().enumerate() {
            let at = format!("deferred[{at}]");
            let event = machine.event(&saved.event).ok_or_else(|| {
                SnapshotError::at(format!("{at}.event"), format!("there is no event `{}`", saved.event))
            })?;
            let fields = machine.events.get(event).map_or(&[][..], |row| &row.symbol.fields);
            let args = fields_from_json(&saved.fields, fields, &format!("{at}.fields"))?;
            let origin = match (saved.activity, saved.generation) {
                (Some(activity), Some(generation)) if activity < machine.activities.len() => {
                    Some((activity, generation))
                }
                (None, None) => None,
                _ => return Err(SnapshotError::at(at, "the activity that reported it is not well named")),
            };
            self.deferred.push_back(Deferred { event: Occurrence { event, args }, origin });
        }
        bounded("deferred", self.deferred.len(), machine.limits.deferred as usize)
    }

    fn fill_children(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        for (at, saved) in snapshot.children.iter().enumerate() {
            let at = format!("children[{at}]");
            let child = self.machine.children.iter().position(|child| child.name == saved.id);
            let child = child.ok_or_else(|| {
                SnapshotError::at(format!("{at}.id"), format!("there is no child `{}`", saved.id))
            })?;
            given_out(saved.generation, &at)?;
            if self.children.insert(child, saved.generation).is_some() {
                return Err(SnapshotError::at(at, format!("`{}` is listed twice", saved.id)));
            }
        }
        Ok(())
    }

    /// What is under way: checked like the rest, and reported as what is to be done.
    fn resume(mut self, snapshot: &Snapshot, fresh: &Fresh) -> Result<(Self, StepReport), SnapshotError> {
        let before = self.begin(Cause::Restored, |_| "restored".to_owned());
        self.resume_timers(snapshot)?;
        for &timer in &fresh.timers {
            self.arm(timer);
        }
        bounded("messages", snapshot.messages.len(), MESSAGE_LIMIT)?;
        for (at, saved) in snapshot.messages.iter().enumerate() {
            let at = format!("messages[{at}]");
            let message = self.saved_to_posted(saved, &at)?;
            let effect = self.send_effect(&message, Some(saved.due_in_us));
            self.tell(|_| effect);
            self.clock.post(message, Some(saved.due_in_us));
        }
        let restarted = self.resume_activities(&snapshot.activities)?;
        for activity in restarted.into_iter().chain(fresh.activities.iter().copied()) {
            let replaced = self.activities.remove(&activity);
            self.start_activity(activity);
            let started = self.activities.get(&activity).copied();
            for waiting in &mut self.deferred {
                if let (Some(origin), Some(old), Some(new)) = (&mut waiting.origin, replaced, started)
                    && *origin == (activity, old)
                {
                    *origin = (activity, new);
                }
            }
        }
        if self.done {
            // It has run its exit lists, and nothing runs behind them.
            self.internal.clear();
        } else if !self.internal.is_empty() {
            // An argument or initial that could not be computed.
            self.run_to_completion();
        }
        let report = self.finish(Outcome::Taken, &before);
        Ok((self, report))
    }

    fn resume_timers(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let machine = self.machine;
        let mut timers: Vec<_> = snapshot.timers.iter().enumerate().collect();
        // Generations are given out in the order of arming, which settles ties.
        timers.sort_by_key(|(_, timer)| timer.generation);
        for (at, saved) in timers {
            let at = format!("timers[{at}]");
            let row = machine.timers.get(saved.index);
            let row =
                row.ok_or_else(|| SnapshotError::at(format!("{at}.index"), "there is no such timer"))?;
            if !self.configuration.contains(row.state) {
                let state = path(machine, row.state);
                return Err(SnapshotError::at(at, format!("its state `{state}` is not active")));
            }
            given_out(saved.generation, &at)?;
            if saved.remaining_us < 0 {
                return Err(SnapshotError::at(format!("{at}.remaining_us"), "time does not run backwards"));
            }
            let (timer, generation, after_us) = (saved.index, saved.generation, saved.remaining_us);
            if self.timers.insert(timer, generation).is_some() {
                return Err(SnapshotError::at(at, "the timer is listed twice"));
            }
            self.clock.arm(timer, generation, after_us);
            self.tell(|_| Effect::Arm { timer, generation, after_us });
        }
        Ok(())
    }

    /// Puts back what has reported; returns the services that are to be started again.
    fn resume_activities(&mut self, saved: &[SavedActivity]) -> Result<Vec<ActivityId>, SnapshotError> {
        let machine = self.machine;
        let mut restarted = Vec::new();
        let mut known = Vec::new();
        for (at, saved) in saved.iter().enumerate() {
            let at = format!("activities[{at}]");
            let row = machine.activities.get(saved.index);
            let row =
                row.ok_or_else(|| SnapshotError::at(format!("{at}.index"), "there is no such activity"))?;
            if !self.configuration.contains(row.state) {
                let state = path(machine, row.state);
                return Err(SnapshotError::at(at, format!("its state `{state}` is not active")));
            }
            given_out(saved.generation, &at)?;
            if known.contains(&saved.index) {
                return Err(SnapshotError::at(at, "the activity is listed twice"));
            }
            known.push(saved.index);
            match row.runs {
                Invoked::Service(_) if saved.finished => {
                    self.finished.insert(saved.index, saved.generation);
                }
                Invoked::Service(_) => {
                    self.activities.insert(saved.index, saved.generation);
                    restarted.push(saved.index);
                }
                // The child itself is among the children, if it still runs.
                Invoked::Child(_) => {
                    self.activities.insert(saved.index, saved.generation);
                }
            }
        }
        Ok(restarted)
    }

    fn saved_to_posted(&self, saved: &SavedMessage, at: &str) -> Result<Posted, SnapshotError> {
        let machine = self.machine;
        if saved.due_in_us < 0 {
            return Err(SnapshotError::at(format!("{at}.due_in_us"), "time does not run backwards"));
        }
        let by_name = |events: &[Symbol]| {
            let event = events.iter().position(|symbol| symbol.name == saved.event)?;
            Some((event, events.get(event)?.fields.clone()))
        };
        let peer = machine.peers.iter().position(|peer| peer.name == saved.to);
        let child = machine.children.iter().position(|child| child.name == saved.to);
        let (to, found) = match (saved.to.as_str(), peer, child) {
            ("self", ..) => {
                let event = machine.event(&saved.event);
                let fields =
                    event.and_then(|event| machine.events.get(event)).map(|row| row.symbol.fields.clone());
                (Receiver::Itself, event.zip(fields))
            }
            (_, Some(peer), _) => {
                (Receiver::Peer(peer), machine.peers.get(peer).and_then(|row| by_name(&row.events)))
            }
            (_, None, Some(child)) => {
                (Receiver::Child(child), machine.children.get(child).and_then(|row| by_name(&row.events)))
            }
            (to, None, None) => {
                return Err(SnapshotError::at(
                    format!("{at}.to"),
                    format!("there is no peer or child `{to}`"),
                ));
            }
        };
        let (event, fields) = found.ok_or_else(|| {
            SnapshotError::at(
                format!("{at}.event"),
                format!("`{}` takes no event `{}`", saved.to, saved.event),
            )
        })?;
        let args = fields_from_json(&saved.fields, &fields, &format!("{at}.fields"))?;
        let id = match &saved.id {
            Some(name) => {
                let id = machine.sends.iter().position(|send| send.name == *name);
                Some(id.ok_or_else(|| {
                    SnapshotError::at(format!("{at}.id"), format!("no message is named `{name}`"))
                })?)
            }
            None => None,
        };
        Ok(Posted { to, event, args, id })
    }
}

/// A variable or data that the snapshot does not hold.
struct Missing<'m> {
    initial: &'m Expr,
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
    Variable(usize),
    Local(LocalId),
}

/// Zero is never given out.
fn given_out(generation: u32, at: &str) -> Result<(), SnapshotError> {
    if generation == 0 { Err(SnapshotError::at(format!("{at}.generation"), "it is zero")) } else { Ok(()) }
}

fn bounded(at: &str, count: usize, limit: usize) -> Result<(), SnapshotError> {
    if count > limit {
        return Err(SnapshotError::at(at, format!("there are {count}, and at most {limit} may wait")));
    }
    Ok(())
}
