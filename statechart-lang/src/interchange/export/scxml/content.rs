//! Executable content.

use super::{
    Attributes, Out,
    ids::{at, event_names},
};
use crate::model::{Action, ActionKind, Expr, ExprKind, Machine, Place, Receiver, Symbol};

impl Out<'_> {
    pub(super) fn actions(&mut self, actions: &[Action]) {
        for action in actions {
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
                let mut attributes: Attributes<'_> = vec![("array", list), ("item", self.ids.binding(*item))];
                attributes.extend(index.map(|index| ("index", self.ids.binding(index))));
                self.xml.open("foreach", &attributes);
                self.actions(body);
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
            // One of a name at most is under way.
            self.xml.empty("cancel", &[("sendid", id.name.clone())]);
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
