//! The data model as a context.

use super::super::ecma::{Bad, Js};
use super::{chart::Translator, document::Data, expr::Scope};

impl Translator<'_> {
    /// A variable; what is not constant is assigned when the machine starts.
    pub(super) fn data(&mut self, data: &Data, start: &mut Vec<String>) {
        let late = self.chart.late && data.state != 0;
        let scope = Scope::default();
        if self.lambdas.contains_key(&data.id) {
            return;
        }
        let Some(variable) = self.variables.get(&data.id) else {
            if data.id.starts_with('_') || data.id.is_empty() {
                self.lost(data.at, format!("`{}` as the name of a variable", data.id));
            }
            return;
        };
        let (slot, spelt, param, read) =
            (variable.slot, variable.name.clone(), variable.param, variable.read);
        let mut initial = None;
        let (mut optional, mut maybe) = (false, false);
        match data.value.as_ref().map(|code| &code.js) {
            None => optional = true,
            Some(Ok(Js::Undefined | Js::Null)) => optional = true,
            Some(Ok(js)) => {
                let found = self.infer(js, &scope);
                if self.types.join(slot, found) {
                    let kind = self.types.kind(slot);
                    let constant = js.is_literal() && !late;
                    match self.spelt(js, &scope, kind) {
                        Ok(out) if constant => initial = Some(out.text),
                        Ok(_) if late => optional = true,
                        // Who starts the machine has given it another.
                        Ok(_) if param => {}
                        Ok(out) => {
                            maybe = out.optional;
                            start.push(format!("{spelt} := {}", out.text));
                        }
                        Err(Bad::Invalid(why)) => {
                            optional = true;
                            self.fail(data.at, &why, false, start);
                        }
                        Err(Bad::Unknown(_)) if !read && js.is_literal() => {
                            self.detail(
                                data.at,
                                format!("`{}` is never read: its value is left out", data.id),
                            );
                        }
                        Err(Bad::Unknown(why)) => {
                            self.lost(data.at, format!("the value of `{}`: {why}", data.id))
                        }
                    }
                } else if read {
                    self.lost(data.at, format!("`{}` holds values of different types", data.id));
                } else {
                    self.detail(data.at, format!("`{}` is never read: its value is left out", data.id));
                }
            }
            Some(Err(Bad::Invalid(why))) => {
                optional = true;
                let why = why.clone();
                self.fail(data.at, &why, false, start);
            }
            Some(Err(Bad::Unknown(why))) if read => {
                self.lost(data.at, format!("the value of `{}`: {why}", data.id));
            }
            Some(Err(Bad::Unknown(_))) => {
                self.detail(data.at, format!("`{}` is never read: its value is left out", data.id));
            }
        }
        let Some(variable) = self.variables.get_mut(&data.id) else { return };
        variable.empty |= optional && !param;
        variable.maybe |= maybe && !param;
        variable.optional |= variable.empty || variable.maybe;
        let Some(ty) = self.types.spell(slot) else {
            return;
        };
        let mark = if variable.optional { "?" } else { "" };
        let initial = initial
            .unwrap_or_else(|| if variable.optional { "none" } else { self.types.zero(slot) }.to_owned());
        let line = format!("{spelt}: {ty}{mark} = {initial}");
        if param { self.draft.params.push(line) } else { self.draft.context.push(line) }
    }

    /// Variables that a script or a loop creates.
    pub(super) fn created(&mut self) {
        let mut lines = Vec::new();
        for (name, variable) in &mut self.variables {
            if self.chart.data.iter().any(|data| data.id == *name) {
                continue;
            }
            let returned = self.done_data.values().any(|keys| keys.values().any(|known| known == name));
            if !returned {
                (variable.optional, variable.empty) = (true, true);
            }
            let Some(ty) = self.types.spell(variable.slot) else { continue };
            lines.push(if variable.optional {
                format!("{}: {ty}? = none", variable.name)
            } else {
                format!("{}: {ty} = {}", variable.name, self.types.zero(variable.slot))
            });
        }
        self.draft.context.extend(lines);
        if let Some(name) = &self.event_variable {
            self.draft.context.push(format!("{name}: Text? = none"));
        }
        if self.chart.late {
            for data in self.chart.data.iter().filter(|data| data.state != 0) {
                if let Some(variable) = self.variables.get(&data.id) {
                    self.draft.context.push(format!("{}_is_bound: Bool = false", variable.name));
                }
            }
        }
    }

    /// W3C 5.3: with late binding, a state's data get their values when it is entered for the first time.
    pub(super) fn late(&mut self, index: usize, scope: &Scope) -> Vec<String> {
        let chart = self.chart;
        let mut actions = Vec::new();
        for data in chart.data.iter().filter(|data| chart.late && index != 0 && data.state == index) {
            let Some(flag) =
                self.variables.get(&data.id).map(|variable| format!("{}_is_bound", variable.name))
            else {
                continue;
            };
            let mut inner = vec![format!("{flag} := true")];
            if let Some(code) = &data.value
                && let Err(bad) = self.assign(&data.id, code, scope, &mut inner)
            {
                match bad {
                    Bad::Unknown(why) => self.lost(data.at, why),
                    Bad::Invalid(why) => self.fail(data.at, &why, true, &mut inner),
                }
            }
            actions.push(format!("if not {flag} {{ {} }}", inner.join(", ")));
        }
        actions
    }
}
