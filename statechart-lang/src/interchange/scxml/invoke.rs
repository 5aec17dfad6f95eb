//! Documents that a document invokes, and what they and final states return.

use std::collections::BTreeMap;

use super::super::{
    draft::Item,
    ecma::{Bad, Js},
};
use super::{
    chart::Translator,
    document::{Code, DoneData, Invoke},
    expr::Scope,
    types::Shape,
};

impl Translator<'_> {
    /// A document that is invoked while a state is active.
    pub(super) fn invoke(&mut self, state: usize, number: usize, invoke: &Invoke, scope: &Scope) {
        let notes = self.notes.len();
        let found = self.children.iter().position(|child| child.state == state && child.invoke == number);
        let (Ok(_), Some(child)) = (&invoke.child, found) else {
            let why = invoke.child.as_ref().err().map_or("", String::as_str);
            self.lost(invoke.at, format!("<invoke>: {why}"));
            self.push(state, notes, None);
            return;
        };
        self.prepare(child, invoke);
        let (name, machine, id) = (
            self.children[child].name.clone(),
            self.children[child].machine.clone(),
            self.children[child].id.clone(),
        );
        let mut args = Vec::new();
        for param in &invoke.params {
            // What the child does not declare is evaluated all the same.
            let known = self.children[child].params.get(&param.name).cloned();
            let (spelt, shape) = known.unwrap_or_default();
            let passed = param.value.js.as_ref().map_err(Clone::clone).and_then(|js| {
                let found = self.infer(js, scope);
                if let Some(found) = self.types.shape(found).filter(|found| *found != Shape::Unknown) {
                    self.given_params.insert((machine.clone(), param.name.clone()), found);
                }
                let slot = shape.as_ref().map_or(found, |shape| self.types.of(shape));
                let joined = self.types.join(slot, found) && self.types.shape(slot) == shape;
                let kind = self.types.kind(slot);
                Ok((self.spelt(js, scope, kind)?, joined))
            });
            match passed {
                Ok(_) | Err(Bad::Unknown(_)) if spelt.is_empty() => {}
                Ok((out, true)) if !out.optional => args.push(format!("{spelt}: {}", out.text)),
                Ok((_, true)) => {
                    self.lost(invoke.at, format!("`{}` may be undefined when the child starts", param.name));
                }
                Ok(_) => self.lost(invoke.at, format!("`{}` has another type in the child", param.name)),
                Err(Bad::Unknown(why)) => self.lost(invoke.at, format!("`{}`: {why}", param.name)),
                Err(Bad::Invalid(why)) => {
                    // W3C 6.4.3: the error is raised, and nothing is invoked.
                    self.children[child].stillborn = true;
                    let mut actions = Vec::new();
                    self.fail(invoke.at, &why, false, &mut actions);
                    self.push(state, notes, Some(Item::Actions("entry", actions)));
                    return;
                }
            }
        }
        let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
        self.push(state, notes, Some(Item::Line(format!("do {machine}{args} as {name}"))));
        if let Some(place) = &invoke.idlocation {
            let code = Code { text: id.clone(), js: Ok(Js::Text(id)), at: invoke.at };
            let mut actions = Vec::new();
            match self.assign(place, &code, scope, &mut actions) {
                Ok(()) => {}
                Err(Bad::Unknown(why)) => self.lost(invoke.at, why),
                Err(Bad::Invalid(why)) => self.fail(invoke.at, &why, false, &mut actions),
            }
            self.push(state, notes, Some(Item::Actions("entry", actions)));
        }
    }

    /// W3C 5.7: what a final state returns.
    pub(super) fn returned(&mut self, state: usize, data: &DoneData, scope: &Scope) {
        let parent = self.draft.states[state].parent;
        let notes = self.notes.len();
        if let Some(keys) = self.done_data.get(&parent).cloned() {
            let actions = self.returned_apart(state, data, &keys, scope);
            self.push(state, notes, Some(Item::Actions("entry", actions)));
            return;
        }
        if parent == 0 && self.returns_several {
            return;
        }
        let (key, code) = match (&data.content, data.params.as_slice()) {
            (Some(code), _) => (None, code),
            (None, [param]) => (Some(param.name.clone()), &param.value),
            (None, _) => return,
        };
        let js = match code.js.as_ref() {
            Ok(js) => js,
            Err(Bad::Invalid(why)) => {
                let mut actions = Vec::new();
                self.fail(code.at, why, false, &mut actions);
                self.push(state, notes, Some(Item::Actions("entry", actions)));
                return;
            }
            Err(Bad::Unknown(why)) => {
                self.lost(code.at, why.clone());
                self.push(state, notes, None);
                return;
            }
        };
        let slot = self.infer(js, scope);
        let known = self.results.entry(parent).or_insert((slot, key)).0;
        let joined = self.types.join(known, slot);
        let kind = self.types.kind(known);
        match self.spelt(js, scope, kind) {
            Ok(out) if joined && !out.optional => {
                self.push(state, notes, Some(Item::Line(format!("return {}", out.text))));
            }
            Err(Bad::Invalid(why)) => {
                // W3C 5.7: the error is raised, and the data stay empty.
                self.results.remove(&parent);
                let mut actions = Vec::new();
                self.fail(code.at, &why, false, &mut actions);
                self.push(state, notes, Some(Item::Actions("entry", actions)));
            }
            Ok(_) => {
                self.lost(
                    code.at,
                    "the final states return values of different types, or may return nothing",
                );
                self.push(state, notes, None);
            }
            Err(Bad::Unknown(why)) => {
                self.lost(code.at, why);
                self.push(state, notes, None);
            }
        }
    }
    /// The same where the values are several: each in a variable of its own.
    fn returned_apart(
        &mut self,
        state: usize,
        data: &DoneData,
        keys: &BTreeMap<String, String>,
        scope: &Scope,
    ) -> Vec<String> {
        let mut actions = Vec::new();
        self.given_here.clear();
        for (key, variable) in keys {
            let param = data.params.iter().find(|param| param.name == *key && data.content.is_none());
            let content = data.content.as_ref().filter(|_| key.is_empty());
            let nothing =
                Code { text: String::new(), js: Ok(Js::Undefined), at: self.chart.states[state].at };
            let code = content.or(param.map(|param| &param.value)).unwrap_or(&nothing);
            match self.assign(variable, code, scope, &mut actions) {
                Ok(()) => {}
                Err(Bad::Unknown(why)) => self.lost(code.at, why),
                // W3C 5.7: the error is raised, and the data stay empty.
                Err(Bad::Invalid(why)) => {
                    let none = self.assign_js(variable, &Js::Undefined, code.at, scope, &mut actions);
                    if none.is_ok() {
                        self.fail(code.at, &why, false, &mut actions);
                    }
                }
            }
        }
        actions
    }
}
