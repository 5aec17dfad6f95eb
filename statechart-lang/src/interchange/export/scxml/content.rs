//! Executable content.

use super::{
    Attributes, Out,
    ids::{at, event_names},
};
use crate::model::{
    Action, ActionKind, Expr, ExprKind, Machine, Place, Receiver, Symbol, walk::each_of_action,
};

impl Out<'_> {
    pub(super) fn actions(&mut self, actions: &[Action]) {
        for (number, action) in actions.iter().enumerate() {
            // One of a name at most is under way.
            if let ActionKind::Send { id: Some(id), .. } = action.kind {
                let before = actions.get(..number).unwrap_or_default().iter().rev();
                let mut cancels = before.map_while(|action| match action.kind {
                    ActionKind::Cancel(id) => Some(id),
                    _ => None,
                });
                if let Some(send) = self.machine.sends.get(id).filter(|_| cancels.all(|known| known != id)) {
                    self.xml.empty("cancel", &[("sendid", send.name.clone())]);
                }
            }
            self.action(action);
        }
    }

    fn message(&mut self, attributes: &[(&str, String)], fields: &[(String, &Expr)]) {
        let given: Vec<(String, String)> = fields
            .iter()
            .filter(|(_, value)| !matches!(value.kind, ExprKind::None))
            .map(|(name, value)| (name.clone(), self.expr(value)))
            .collect();
        if given.is_empty() {
            self.xml.empty("send", attributes);
            return;
        }
        self.xml.open("send", attributes);
        for (name, value) in given {
            self.xml.empty("param", &[("name", name), ("expr", value)]);
        }
        self.xml.close();
    }

    fn action(&mut self, action: &Action) {
        let machine = self.machine;
        let named = |fields: &[crate::model::Field], args: &'_ [Expr]| -> Vec<String> {
            fields.iter().take(args.len()).map(|field| field.name.clone()).collect()
        };
        match &action.kind {
            ActionKind::Assign { place, value } => {
                let location = match place {
                    Place::Variable(variable) => self.ids.variable(*variable),
                    Place::Local(local) => self.ids.local(*local),
                };
                let value = self.expr(value);
                self.assign(location, value);
            }
            ActionKind::Emit { output, args } => {
                let Some(symbol) = machine.outputs.get(*output) else { return };
                self.notes.detail("outputs are messages to the session that runs this one");
                let fields = named(&symbol.fields, args).into_iter().zip(args).collect::<Vec<_>>();
                let event = symbol.name.replace(char::is_whitespace, "_");
                self.message(&[("event", event), ("target", "#_parent".to_owned())], &fields);
            }
            ActionKind::Raise { event, args } => {
                let Some(row) = machine.events.get(*event) else { return };
                let name = at(&self.ids.events, *event);
                if args.iter().all(|arg| matches!(arg.kind, ExprKind::None)) {
                    self.xml.empty("raise", &[("event", name)]);
                } else {
                    let fields = named(&row.symbol.fields, args).into_iter().zip(args).collect::<Vec<_>>();
                    self.message(&[("event", name), ("target", "#_internal".to_owned())], &fields);
                }
            }
            ActionKind::Send { to, event, args, delay, id } => {
                self.send(*to, *event, args, delay.as_ref(), *id)
            }
            ActionKind::Cancel(id) => {
                let name = machine.sends.get(*id).map_or("", |send| send.name.as_str());
                self.xml.empty("cancel", &[("sendid", name.to_owned())]);
            }
            ActionKind::Spawn { .. } | ActionKind::Stop(_) => {
                self.lost_action(action);
            }
            ActionKind::If { arms, otherwise } => {
                let mut arms = arms.iter();
                let Some((condition, body)) = arms.next() else { return };
                let condition = self.expr(condition);
                self.xml.open("if", &[("cond", condition)]);
                self.actions(body);
                for (condition, body) in arms {
                    let condition = self.expr(condition);
                    self.xml.empty("elseif", &[("cond", condition)]);
                    self.actions(body);
                }
                if !otherwise.is_empty() {
                    self.xml.empty("else", &[]);
                    self.actions(otherwise);
                }
                self.xml.close();
            }
            ActionKind::For { item, index, list, body } => {
                let list = self.expr(list);
                // A variable that only takes over what the loop is at is what SCXML loops with.
                let (item, rest) = self.taken_over(*item, body);
                let mut attributes: Attributes<'_> = vec![("array", list), ("item", item)];
                let mut rest = rest;
                if let Some(index) = *index {
                    let (name, behind) = self.taken_over(index, rest);
                    attributes.push(("index", name));
                    rest = behind;
                }
                self.xml.open("foreach", &attributes);
                self.actions(rest);
                self.xml.close();
            }
            ActionKind::Push { .. } | ActionKind::Compensate | ActionKind::Commit => self.lost_action(action),
            ActionKind::Call { action, args } => {
                let name = machine.actions.get(*action).map_or("", |action| action.name.as_str()).to_owned();
                self.notes.detail(format!("the function `{name}` must be there: it is extern"));
                let args: Vec<String> = args.iter().map(|arg| self.expr(arg)).collect();
                self.xml.with_text("script", &format!("{name}({});", args.join(", ")));
            }
            ActionKind::Log(text) => {
                let text = self.expr(text);
                self.xml.empty("log", &[("expr", text)]);
            }
        }
    }

    /// What SCXML calls a name of a loop, and what is left of the body: as our import has it, the body begins with
    /// assigning it to a variable.
    fn taken_over<'b>(&self, binding: usize, body: &'b [Action]) -> (String, &'b [Action]) {
        let own = (self.ids.binding(binding), body);
        let Some((first, rest)) = body.split_first() else { return own };
        let ActionKind::Assign { place: Place::Variable(variable), value } = &first.kind else { return own };
        let is_binding = |expr: &Expr| matches!(expr.kind, ExprKind::Binding(other) if other == binding);
        let taken = match &value.kind {
            ExprKind::Wrap(inner) => is_binding(inner),
            _ => is_binding(value),
        };
        let mut is_used = false;
        for action in rest {
            each_of_action(action, &mut |expr| is_used |= is_binding(expr));
        }
        if taken && !is_used { (self.ids.variable(*variable), rest) } else { own }
    }

    fn lost_action(&mut self, action: &Action) {
        self.notes.lost(format!("`{}`", action.text));
        self.xml.comment(&format!("not carried over: {}", action.text));
    }

    fn send(&mut self, to: Receiver, event: usize, args: &[Expr], delay: Option<&Expr>, id: Option<usize>) {
        let machine = self.machine;
        let mut attributes: Attributes<'_> = Vec::new();
        let symbol = match to {
            Receiver::Itself => {
                attributes.push(("event", at(&self.ids.events, event)));
                machine.events.get(event).map(|event| &event.symbol)
            }
            Receiver::Peer(peer) => {
                let Some(peer) = machine.peers.get(peer) else { return };
                // The machine that runs this one.
                let is_parent = self.parent == Some(peer.machine.as_str());
                if !is_parent {
                    self.notes.detail(format!("the peer `{}` is the session of that id", peer.name));
                }
                let machine = self.model.machine(&peer.machine).filter(|_| is_parent);
                attributes.push(("event", name_there(machine, &peer.events, event)));
                let target = if is_parent { "#_parent".to_owned() } else { format!("#_scxml_{}", peer.name) };
                attributes.push(("target", target));
                peer.events.get(event)
            }
            Receiver::Child(child) => {
                let Some(child) = machine.children.get(child) else { return };
                let machine = self.model.machine(&child.machine);
                attributes.push(("event", name_there(machine, &child.events, event)));
                attributes.push(("target", format!("#_{}", child.name)));
                child.events.get(event)
            }
        };
        if let Some(delay) = delay {
            let delay = self.delay(delay);
            attributes.push(delay);
        }
        if let Some(id) = id.and_then(|id| machine.sends.get(id)) {
            attributes.push(("id", id.name.clone()));
        }
        let names: Vec<String> = symbol
            .map_or(Vec::new(), |symbol| symbol.fields.iter().map(|field| field.name.clone()).collect());
        let fields: Vec<(String, &Expr)> = names.into_iter().zip(args).collect();
        self.message(&attributes, &fields);
    }
}

/// What an event is called in the document of the machine that gets it.
fn name_there(machine: Option<&Machine>, symbols: &[Symbol], event: usize) -> String {
    let there = symbols.get(event).and_then(|symbol| Some((machine?, machine?.event(&symbol.name)?)));
    match there {
        Some((machine, event)) => {
            at(&event_names(machine.events.iter().map(|event| event.symbol.name.as_str())), event)
        }
        None => at(&event_names(symbols.iter().map(|symbol| symbol.name.as_str())), event),
    }
}
