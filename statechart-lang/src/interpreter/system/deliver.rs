//! What becomes of a step's effects: machines start and stop, messages find their receiver.

use super::{Delayed, Job, Path, Pending, System};
use crate::{
    interpreter::{Cause, Effect, Fault, Input, Interpreter, Outcome, Signal, StepReport, Value},
    model::ChildId,
};

impl System<'_> {
    /// Performs the effects that concern other machines, and tells the parent of a machine that is done. Returns what
    /// finds no receiver here, and why.
    pub(super) fn perform(&mut self, path: &Path, report: &StepReport) -> Vec<String> {
        let mut undelivered = Vec::new();
        if self.model.is_none() {
            return undelivered;
        }
        for effect in &report.effects {
            match effect {
                Effect::Spawn { child, generation, machine, args, .. } => {
                    self.spawn(path, *child, *generation, machine, args);
                }
                Effect::StopChild { child, .. } => self.stop(&path.child(*child)),
                Effect::Send { peer: Some(name), message, delay_us, id } => {
                    if let Err(why) = self.send(path, name, message, *delay_us, id.as_ref()) {
                        undelivered.push(super::undelivered(message, &why));
                    }
                }
                Effect::Cancel { id } => {
                    self.delayed.retain(|delayed| delayed.from != *path || delayed.id.as_ref() != Some(id));
                }
                _ => {}
            }
        }
        let is_done = self.machines.get(path).is_some_and(Interpreter::is_done);
        if is_done && report.cause != Cause::Stop {
            self.ended(path, report.cause);
        }
        undelivered
    }

    /// A machine is done: its parent is told, with what it returned.
    fn ended(&mut self, path: &Path, cause: Cause) {
        let Some((above, child)) = path.parent() else {
            // An outermost machine stays to be looked at; what it held back ends with it.
            self.delayed.retain(|delayed| delayed.from != *path);
            return;
        };
        let result = self.machines.get(path).and_then(|machine| machine.result().cloned());
        // A restored one that was done then has told its parent already.
        if let Some(&generation) = self.generations.get(path).filter(|_| cause != Cause::Restored) {
            let done = Input::ChildDone { child, generation, result };
            self.post(above, Some(path.clone()), Job::Step(done));
        }
        self.forget(path);
    }

    fn spawn(&mut self, path: &Path, child: ChildId, generation: u32, machine: &str, args: &[Value]) {
        let below = path.child(child);
        self.forget(&below);
        let machine = self.model.and_then(|model| model.machine(machine)).filter(|_| self.has_room(&below));
        let Some(machine) = machine else {
            self.post(path.clone(), None, Job::Step(Input::ChildFailed { child, generation }));
            return;
        };
        let interpreter = self.make(machine).with_params(args.to_vec());
        self.machines.insert(below.clone(), interpreter);
        self.generations.insert(below.clone(), generation);
        self.post(below, None, Job::Start);
    }

    /// Stops a child: it leaves its states, and what it has said to its parent and has not arrived is void.
    pub(super) fn stop(&mut self, path: &Path) {
        if let Some(machine) = self.machines.get_mut(path) {
            let report = machine.halt();
            if report.outcome != Outcome::Done {
                // Its place stands before those of the machines that it stops itself.
                let at = self.told.len();
                let step = self.performed(path, report);
                self.told.insert(at, step);
            }
        }
        self.forget(path);
        self.queue.retain(|pending| {
            let is_from = pending.from.as_ref().is_some_and(|from| from.is_within(path));
            !(is_from && path.is_within(&pending.to))
        });
    }

    /// A machine is gone, with everything below it and everything that was meant for them.
    pub(super) fn forget(&mut self, path: &Path) {
        self.machines.retain(|other, _| !other.is_within(path));
        self.generations.retain(|other, _| !other.is_within(path));
        self.queue.retain(|pending| !pending.to.is_within(path));
        self.delayed.retain(|delayed| !delayed.from.is_within(path));
    }

    /// Sends at once, or holds back.
    ///
    /// # Errors
    /// Why nobody here will get it.
    fn send(
        &mut self,
        from: &Path,
        to: &str,
        message: &Signal,
        delay_us: Option<i64>,
        id: Option<&String>,
    ) -> Result<(), String> {
        if id.is_some() {
            self.delayed.retain(|delayed| delayed.from != *from || delayed.id.as_ref() != id);
        }
        let Some(delay_us) = delay_us else {
            if let Some(pending) =
                self.deliver(from, to, message).map(Some).or_else(|why| self.unless_open(why))?
            {
                self.queue.push_back(pending);
            }
            return Ok(());
        };
        if !self.may_deliver(from, to) {
            return Ok(());
        }
        self.delayed.push(Delayed {
            due_us: self.time_us.saturating_add(delay_us.max(0)),
            from: from.clone(),
            to: to.to_owned(),
            message: message.clone(),
            id: id.cloned(),
        });
        Ok(())
    }

    /// Whether a receiver of this name can be here at all.
    fn may_deliver(&self, from: &Path, to: &str) -> bool {
        let Some(machine) = self.machines.get(from).map(Interpreter::machine) else { return false };
        let above = from.parent().and_then(|(above, _)| self.machines.get(&above));
        let is_above = |machine: &str| above.is_some_and(|above| above.machine().name == machine);
        self.wiring.is_some()
            || machine.children.iter().any(|row| row.name == to)
            || machine.peers.iter().any(|row| row.name == to && is_above(&row.machine))
    }

    /// Where a single machine runs, its peers are somewhere else, and that is as it should be.
    pub(super) fn unless_open<T>(&self, why: String) -> Result<Option<T>, String> {
        if self.wiring.is_some() { Err(why) } else { Ok(None) }
    }

    /// What a message makes happen: a step of its receiver, or a fault of the sender's where that has ended.
    ///
    /// # Errors
    /// Why nobody here is meant.
    pub(super) fn deliver(&mut self, from: &Path, to: &str, message: &Signal) -> Result<Pending, String> {
        let machine = self.machines.get(from).map(Interpreter::machine);
        let machine = machine.ok_or_else(|| "its sender has ended".to_owned())?;
        if let Some(child) = machine.children.iter().position(|row| row.name == to) {
            return Ok(self.delivery(from, from.child(child), message));
        }
        let peer = machine.peers.iter().find(|row| row.name == to);
        let peer = peer.ok_or_else(|| format!("`{}` has no peer `{to}`", machine.name))?;
        if let Some((above, _)) = from.parent()
            && self.machines.get(&above).is_some_and(|above| above.machine().name == peer.machine)
        {
            return Ok(self.delivery(from, above, message));
        }
        let receiver = self.receiver(from, peer, message)?;
        Ok(self.delivery(from, receiver, message))
    }

    fn delivery(&self, from: &Path, to: Path, message: &Signal) -> Pending {
        let event = self.machines.get(&to).and_then(|machine| machine.machine().event(&message.name));
        let (to, job) = match event {
            Some(event) => {
                let args = message.fields.iter().map(|(_, value)| value.clone()).collect();
                (to, Job::Step(Input::Event { event, args }))
            }
            None => (from.clone(), Job::Step(Input::Fault(Fault::Undelivered))),
        };
        Pending { to, from: Some(from.clone()), job }
    }
}
