//! What actions do (W3C: executable content).

use super::{
    Effect, Fault, Interpreter, Value, World,
    clock::Posted,
    engine::Internal,
    eval::{Current, Occurrence},
    report::signal_of,
};
use crate::model::{
    Action, ActionKind, BindingId, ChildId, EventId, Expr, Place, Receiver, SendId, TURN_LIMIT, UndoId,
    UndoKind,
};

impl<W: World> Interpreter<'_, W> {
    /// Runs an action list. A fault aborts the list and is raised; what was done before stands.
    pub(super) fn run_block(&mut self, actions: &[Action], current: Current<'_>) {
        if let Err(fault) = self.run_actions(actions, current) {
            self.raise_fault(fault);
        }
    }

    fn run_actions(&mut self, actions: &[Action], current: Current<'_>) -> Result<(), Fault> {
        actions.iter().try_for_each(|action| self.run_action(&action.kind, current))
    }

    fn run_action(&mut self, action: &ActionKind, current: Current<'_>) -> Result<(), Fault> {
        match action {
            ActionKind::Assign { place, value } => {
                let value = self.scope(current).eval(value)?;
                self.assign(*place, value);
            }
            ActionKind::Emit { output, args } => {
                let args = self.scope(current).all(args)?;
                self.emit(*output, &args);
            }
            ActionKind::Raise { event, args } => {
                let args = self.scope(current).all(args)?;
                self.raise(*event, args)?;
            }
            ActionKind::Send { to, event, args, delay, id } => {
                let args = self.scope(current).all(args)?;
                let delay_us = match delay {
                    Some(delay) => match self.scope(current).eval(delay)? {
                        Value::Duration(span_us) => Some(span_us),
                        _ => None,
                    },
                    None => None,
                };
                self.send(Posted { to: *to, event: *event, args, id: *id }, delay_us)?;
            }
            ActionKind::Cancel(id) => self.cancel(*id),
            ActionKind::Spawn { child, args } => {
                let args = self.scope(current).all(args)?;
                self.spawn(*child, args);
            }
            ActionKind::Stop(child) => self.stop_child(*child),
            ActionKind::If { arms, otherwise } => {
                for (condition, block) in arms {
                    if self.scope(current).eval(condition)?.is_true() {
                        return self.run_actions(block, current);
                    }
                }
                self.run_actions(otherwise, current)?;
            }
            ActionKind::For { item, index, list, body } => {
                self.run_for(*item, *index, list, body, current)?;
            }
            ActionKind::Push { undo, args } => {
                let args = self.scope(current).all(args)?;
                let limit = self.machine.limits.undo;
                if self.undo.len() >= limit as usize {
                    return Err(Fault::UndoFull { limit });
                }
                self.undo.push((*undo, args));
            }
            ActionKind::Compensate => {
                // One that faults is gone, those below it stay.
                while let Some((undo, args)) = self.undo.pop() {
                    self.run_undo(undo, args)?;
                }
            }
            ActionKind::Commit => self.undo.clear(),
            ActionKind::Call { action, args } => {
                let args = self.scope(current).all(args)?;
                self.call(*action, args);
            }
            ActionKind::Log(text) => {
                let line = self.scope(current).eval(text)?;
                self.tell(|_| {
                    Effect::Log(match line {
                        Value::Text(text) => text,
                        other => other.to_string(),
                    })
                });
            }
        }
        Ok(())
    }

    fn assign(&mut self, place: Place, value: Value) {
        match place {
            Place::Variable(variable) => {
                if let Some(place) = self.context.get_mut(variable) {
                    *place = value;
                }
            }
            Place::Local(local) => {
                if let Some(place) = self.data.get_mut(local) {
                    *place = Some(value);
                }
            }
        }
    }

    /// W3C foreach: the list is evaluated once, so that the body may change what it came from.
    fn run_for(
        &mut self,
        item: BindingId,
        index: Option<BindingId>,
        list: &Expr,
        body: &[Action],
        current: Current<'_>,
    ) -> Result<(), Fault> {
        let Value::List(items) = self.scope(current).eval(list)? else { return Ok(()) };
        for (position, value) in (0_i64..).zip(items) {
            if self.turns >= TURN_LIMIT {
                return Err(Fault::Turns { limit: TURN_LIMIT });
            }
            self.turns += 1;
            self.bind(item, value);
            if let Some(index) = index {
                self.bind(index, Value::Int(position));
            }
            self.run_actions(body, current)?;
        }
        Ok(())
    }

    fn bind(&mut self, binding: BindingId, value: Value) {
        if let Some(place) = self.bindings.get_mut(binding) {
            *place = value;
        }
    }

    /// What `compensate` runs: an action whose arguments were evaluated when it was pushed.
    fn run_undo(&mut self, undo: UndoId, args: Vec<Value>) -> Result<(), Fault> {
        let Some(row) = self.machine.undos.get(undo) else { return Ok(()) };
        match row.kind {
            UndoKind::Call(action) => self.call(action, args),
            UndoKind::Emit(output) => self.emit(output, &args),
            UndoKind::Raise(event) => self.raise(event, args)?,
            UndoKind::Send(to, event) => self.send(Posted { to, event, args, id: None }, None)?,
        }
        Ok(())
    }

    fn call(&mut self, action: usize, args: Vec<Value>) {
        self.tell(|this| {
            let name =
                this.machine.actions.get(action).map_or_else(String::new, |action| action.name.clone());
            Effect::Act { name, args }
        });
    }

    fn emit(&mut self, output: usize, args: &[Value]) {
        if let Some(symbol) = self.machine.outputs.get(output).filter(|_| self.tells()) {
            let signal = signal_of(&symbol.name, &symbol.fields, args);
            self.report.outputs.push(signal.clone());
            self.report.effects.push(Effect::Emit(signal));
        }
    }

    fn raise(&mut self, event: EventId, args: Vec<Value>) -> Result<(), Fault> {
        let limit = self.machine.limits.internal;
        if !self.may_raise() {
            return Err(Fault::QueueFull { limit });
        }
        self.tell(|this| Effect::Raise(this.signal(event, &args)));
        self.internal.push_back(Internal::Event(Occurrence { event, args }));
        Ok(())
    }

    /// `send`: an effect. A message to the machine itself also joins the agenda, behind everything that the
    /// macrostep still does; a delayed one to somebody else is kept there until it is under way.
    fn send(&mut self, message: Posted, delay_us: Option<i64>) -> Result<(), Fault> {
        if let Receiver::Child(child) = message.to
            && !self.children.contains_key(&child)
        {
            return Err(Fault::Undelivered);
        }
        if self.tells() {
            let effect = self.send_effect(&message, delay_us);
            if self.clock.post(message, delay_us) {
                self.report.effects.push(effect);
                return Ok(());
            }
        } else if self.clock.post(message, delay_us) {
            return Ok(());
        }
        Err(Fault::Undelivered)
    }

    pub(super) fn send_effect(&self, message: &Posted, delay_us: Option<i64>) -> Effect {
        let (peer, signal) = self.addressed(message);
        let id = message.id.and_then(|id| self.machine.sends.get(id)).map(|name| name.name.clone());
        Effect::Send { peer, message: signal, delay_us, id }
    }

    fn cancel(&mut self, id: SendId) {
        self.clock.cancel(id);
        self.tell(|this| {
            let id = this.machine.sends.get(id).map_or_else(String::new, |send| send.name.clone());
            Effect::Cancel { id }
        });
    }

    /// Starts a child; one that runs already is stopped first. Returns its generation.
    pub(super) fn spawn(&mut self, child: ChildId, args: Vec<Value>) -> u32 {
        self.stop_child(child);
        let generation = self.next_generation();
        self.children.insert(child, generation);
        self.tell(|this| {
            let row = this.machine.children.get(child);
            let (id, machine) = row.map(|row| (row.name.clone(), row.machine.clone())).unwrap_or_default();
            Effect::Spawn { child, generation, id, machine, args }
        });
        generation
    }

    /// Stops a child that runs.
    pub(super) fn stop_child(&mut self, child: ChildId) {
        if self.children.remove(&child).is_some() {
            self.tell(|this| {
                let id = this.machine.children.get(child).map_or_else(String::new, |row| row.name.clone());
                Effect::StopChild { child, id }
            });
        }
    }
}
