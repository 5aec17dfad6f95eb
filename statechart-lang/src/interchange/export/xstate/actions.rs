//! Actions, and the events that they send.

use serde_json::{Map, Value, json};

use super::Out;
use crate::model::{Action, ActionKind, Expr, ExprKind, Field, Literal, Place, Receiver};

impl Out<'_> {
    pub(super) fn actions(&mut self, actions: &[Action]) -> Vec<Value> {
        actions.iter().map(|action| self.action(action)).collect()
    }

    /// An event with literal data.
    fn event(&self, name: &str, fields: &[Field], args: &[Expr]) -> Option<Value> {
        let params = self.params(fields.iter().map(|field| field.name.clone()), args.iter())?;
        let mut event = Map::new();
        event.insert("type".to_owned(), name.into());
        event.extend(params);
        Some(Value::Object(event))
    }

    fn action(&mut self, action: &Action) -> Value {
        let said = match &action.kind {
            ActionKind::Assign { place: Place::Variable(variable), value } => {
                let name = self.machine.context.get(*variable).map_or("", |variable| variable.name.as_str());
                self.value(value)
                    .map(|value| json!({ "type": "xstate.assign", "assignment": { name: value } }))
            }
            ActionKind::Assign { place: Place::Local(local), value } => {
                let name = self.locals.get(*local).cloned().unwrap_or_default();
                self.value(value)
                    .map(|value| json!({ "type": "xstate.assign", "assignment": { name: value } }))
            }
            ActionKind::Emit { output, args } => self.machine.outputs.get(*output).and_then(|symbol| {
                let event = self.event(&symbol.name, &symbol.fields, args)?;
                Some(json!({ "type": "xstate.emit", "event": event }))
            }),
            ActionKind::Raise { event, args } => self.machine.events.get(*event).and_then(|event| {
                let event = self.event(&event.symbol.name, &event.symbol.fields, args)?;
                Some(json!({ "type": "xstate.raise", "event": event }))
            }),
            ActionKind::Send { to: Receiver::Itself, event, args, delay, id } => {
                self.machine.events.get(*event).and_then(|event| {
                    let event = self.event(&event.symbol.name, &event.symbol.fields, args)?;
                    let mut value = json!({ "type": "xstate.raise", "event": event });
                    match delay.as_ref().map(|delay| &delay.kind) {
                        #[allow(clippy::cast_precision_loss)] // A span of microseconds.
                        Some(ExprKind::Literal(Literal::Duration(us))) => {
                            value["delay"] = if us % 1_000 == 0 {
                                Value::from(us / 1_000)
                            } else {
                                Value::from(*us as f64 / 1_000.0)
                            };
                        }
                        Some(_) => return None,
                        // Behind what is raised: a delay of nothing.
                        None => value["delay"] = Value::from(0),
                    }
                    if let Some(id) = id.and_then(|id| self.machine.sends.get(id)) {
                        value["id"] = id.name.as_str().into();
                    }
                    Some(value)
                })
            }
            ActionKind::Send { to: Receiver::Peer(peer), event, args, delay: None, .. } => {
                self.machine.peers.get(*peer).and_then(|peer| {
                    let symbol = peer.events.get(*event)?;
                    let event = self.event(&symbol.name, &symbol.fields, args)?;
                    Some(json!({ "type": "xstate.sendTo", "to": peer.name, "event": event }))
                })
            }
            ActionKind::Send { to: Receiver::Child(child), event, args, delay: None, .. } => {
                self.machine.children.get(*child).and_then(|child| {
                    let symbol = child.events.get(*event)?;
                    let event = self.event(&symbol.name, &symbol.fields, args)?;
                    Some(json!({ "type": "xstate.sendTo", "to": child.name, "event": event }))
                })
            }
            ActionKind::Cancel(id) => self
                .machine
                .sends
                .get(*id)
                .map(|send| json!({ "type": "xstate.cancel", "sendId": send.name })),
            ActionKind::Call { action, args } => self.machine.actions.get(*action).and_then(|function| {
                let names = function.params.iter().enumerate();
                let names = names
                    .map(|(at, (name, _))| name.clone().unwrap_or_else(|| format!("argument{}", at + 1)));
                let params = self.params(names, args.iter())?;
                Some(if params.is_empty() {
                    json!({ "type": function.name })
                } else {
                    json!({ "type": function.name, "params": params })
                })
            }),
            ActionKind::Log(text) => {
                self.value(text).map(|value| json!({ "type": "xstate.log", "value": value }))
            }
            _ => None,
        };
        said.unwrap_or_else(|| {
            self.notes
                .lost(format!("the action `{}` is computed: implement it under that name", action.text));
            json!({ "type": action.text })
        })
    }
}
