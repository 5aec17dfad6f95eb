//! Systems of actors: who runs, and which of them a message is for.

use super::{Address, Job, Path, Running, System};
use crate::{
    interpreter::{Interpreter, Signal, Value, eval::Current},
    model::{self, Actor, Model, Peer},
};

impl<'m> System<'m> {
    /// The actors of a system, none of which has been started; the clock stands at 0. Of a family nobody runs until
    /// somebody is spoken to: [`System::summon`].
    #[must_use]
    pub fn of_actors(model: &'m Model, wiring: &'m model::System) -> Self {
        let mut system = Self::empty(Some(model), Some(wiring));
        for (at, actor) in wiring.actors.iter().enumerate() {
            if actor.family.is_none() {
                system.add(at, actor, None);
            }
        }
        system
    }

    fn add(&mut self, at: usize, actor: &'m Actor, member: Option<Value>) -> Option<Path> {
        let machine = self.model?.machine(&actor.machine)?;
        let path = Path::of(self.actors.len());
        if !self.has_room(&path) {
            return None;
        }
        let name = match &member {
            Some(value) => format!("{}[{value}]", actor.name),
            None => actor.name.clone(),
        };
        let mut interpreter = self.make(machine);
        let args = arguments(&mut interpreter, actor, member.as_ref());
        self.machines.insert(path.clone(), interpreter.with_params(args));
        self.actors.push(Running { actor: at, member, name });
        Some(path)
    }

    /// Has the member of a family start that an address names, unless it runs already.
    pub(in super::super) fn summon(&mut self, address: &Address) {
        if let (Some(wiring), Some(member)) = (self.wiring, &address.member) {
            self.member(wiring, address.actor, member);
        }
    }

    /// The member of a family, started if need be.
    fn member(&mut self, wiring: &'m model::System, at: usize, member: &Value) -> Option<Path> {
        let running = |row: &Running| row.actor == at && row.member.as_ref() == Some(member);
        if let Some(found) = self.actors.iter().position(running) {
            return Some(Path::of(found));
        }
        let path = self.add(at, wiring.actors.get(at)?, Some(member.clone()))?;
        self.post(path.clone(), None, Job::Start);
        Some(path)
    }

    /// Where the machine at an address runs.
    pub(super) fn locate(&self, address: &Address) -> Option<Path> {
        let meant = |row: &Running| row.actor == address.actor && row.member == address.member;
        let path = Path { actor: self.actors.iter().position(meant)?, below: address.below.clone() };
        self.machines.contains_key(&path).then_some(path)
    }

    /// A machine that runs here, or may.
    pub(in super::super) fn known(&self, name: &str) -> Option<&'m crate::model::Machine> {
        let running =
            || self.machines.values().map(Interpreter::machine).find(|machine| machine.name == name);
        self.model.and_then(|model| model.machine(name)).or_else(running)
    }

    /// A child is gone without having been stopped: somebody says that it is done.
    pub(in super::super) fn dismiss(&mut self, address: &Address, child: crate::model::ChildId) {
        if let Some(path) = self.locate(address) {
            self.forget(&path.child(child));
        }
    }

    /// Which actor a message to a peer is for: of those that run the peer's machine, the one that a wire leads to,
    /// else the one that is called as the peer is. Of a family, the member that the message names in a field.
    ///
    /// # Errors
    /// Why no actor is meant.
    pub(super) fn receiver(&mut self, from: &Path, peer: &Peer, message: &Signal) -> Result<Path, String> {
        let wiring = self.wiring.ok_or_else(|| format!("`{}` does not run here", peer.name))?;
        let sender = self.actors.get(from.actor).and_then(|row| wiring.actors.get(row.actor));
        let sender = sender.map_or("", |actor| actor.name.as_str());
        let able: Vec<(usize, &'m Actor)> =
            wiring.actors.iter().enumerate().filter(|(_, actor)| actor.machine == peer.machine).collect();
        let is_wired = |(_, actor): &&(usize, &Actor)| {
            wiring.wires.iter().any(|wire| {
                wire.from == sender && wire.to == actor.name && wire.messages.contains(&message.name)
            })
        };
        let wired: Vec<(usize, &'m Actor)> = able.iter().filter(is_wired).copied().collect();
        let meant = if wired.is_empty() { able } else { wired };
        let (at, actor) = match meant.as_slice() {
            [] => return Err(format!("no actor of `{}` runs `{}`", wiring.name, peer.machine)),
            [only] => *only,
            several => *several.iter().find(|(_, actor)| actor.name == peer.name).ok_or_else(|| {
                let names: Vec<&str> = several.iter().map(|(_, actor)| actor.name.as_str()).collect();
                format!(
                    "several actors run `{}`: {}; none of them is called `{}`",
                    peer.machine,
                    names.join(", "),
                    peer.name
                )
            })?,
        };
        let Some(family) = &actor.family else {
            let found = self.actors.iter().position(|row| row.actor == at);
            return found.map(Path::of).ok_or_else(|| format!("`{}` does not run", actor.name));
        };
        let symbol = peer.events.iter().find(|symbol| symbol.name == message.name);
        let is_typed = symbol.is_some_and(|symbol| {
            symbol.fields.iter().any(|field| field.name == family.name && field.ty == family.ty)
        });
        if let Some((_, value)) = message.fields.iter().find(|(name, _)| is_typed && *name == family.name) {
            let too_many =
                || format!("as many machines run as may, so `{}[{value}]` cannot start", actor.name);
            return self.member(wiring, at, value).ok_or_else(too_many);
        }
        let mut running = self.actors.iter().enumerate().filter(|(_, row)| row.actor == at);
        match (running.next(), running.next()) {
            (Some((only, _)), None) => Ok(Path::of(only)),
            (first, _) => {
                let many = if first.is_some() { "several" } else { "none" };
                Err(format!(
                    "of `{}` {many} run, and the message has no field `{}` that says which is meant",
                    actor.name, family.name
                ))
            }
        }
    }
}

/// What an actor's machine is given: constants, or the value of its family.
fn arguments<W: super::super::World>(
    interpreter: &mut Interpreter<'_, W>,
    actor: &Actor,
    member: Option<&Value>,
) -> Vec<Value> {
    let own = std::mem::replace(&mut interpreter.bindings, member.cloned().into_iter().collect());
    let args = actor.args.iter().map(|arg| {
        let value = interpreter.scope(Current::Nothing).eval(arg);
        // Constants were computed by the checker; arithmetic on a member's value may overflow.
        value.unwrap_or_else(|_| Value::default_of(&arg.ty, "argument"))
    });
    let args = args.collect();
    interpreter.bindings = own;
    args
}
