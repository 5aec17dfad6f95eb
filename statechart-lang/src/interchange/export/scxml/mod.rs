//! A machine as an SCXML document.

mod content;
mod ids;
mod passes;
mod states;

pub(super) use ids::Ids;

use super::{Exported, Notes, common_notes, ecmascript::Writer, xml::Xml, zero};
use crate::model::{Expr, Machine, Model, StateKind};

/// Attributes of ours on elements of SCXML; other processors ignore them.
pub(in super::super) const NAMESPACE: &str = "urn:statechart";
/// How deep machines may stand in machines.
const DEPTH_LIMIT: usize = 8;

pub(super) fn export(model: &Model, machine: &Machine) -> Exported {
    let mut xml = Xml::default();
    xml.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut notes = Notes::default();
    write(model, machine, None, 0, &mut xml, &mut notes);
    Exported { text: xml.text, notes: notes.0 }
}

fn write(
    model: &Model,
    machine: &Machine,
    parent: Option<&str>,
    depth: usize,
    xml: &mut Xml,
    notes: &mut Notes,
) {
    let ids = Ids::new(machine);
    common_notes(machine, notes);
    for (event, spelt) in machine.events.iter().zip(&ids.events) {
        if event.symbol.name != *spelt {
            notes.detail(format!("the event `{}` is called `{spelt}`", event.symbol.name));
        }
    }
    let mut out = Out { model, machine, parent, ids: &ids, xml, notes, depth };
    out.machine();
}

struct Out<'a> {
    model: &'a Model,
    machine: &'a Machine,
    /// The machine that runs this one.
    parent: Option<&'a str>,
    ids: &'a Ids,
    xml: &'a mut Xml,
    notes: &'a mut Notes,
    depth: usize,
}

type Attributes<'n> = Vec<(&'n str, String)>;

impl Out<'_> {
    fn expr(&mut self, expr: &Expr) -> String {
        Writer { machine: self.machine, ids: self.ids, notes: self.notes }.expr(expr)
    }

    fn machine(&mut self) {
        let machine = self.machine;
        let mut attributes: Attributes<'_> = vec![
            ("xmlns", "http://www.w3.org/2005/07/scxml".to_owned()),
            ("xmlns:sc", NAMESPACE.to_owned()),
            ("version", "1.0".to_owned()),
            ("datamodel", "ecmascript".to_owned()),
            ("name", machine.name.clone()),
        ];
        let internal: Vec<String> = machine
            .events
            .iter()
            .zip(&self.ids.events)
            .filter(|(event, _)| event.internal)
            .map(|(_, name)| name.clone())
            .collect();
        if !internal.is_empty() {
            attributes.push(("sc:internal", internal.join(" ")));
        }
        let root = &machine.states[0];
        let plain = root.initial_actions.is_empty() && root.initial_passes.is_empty();
        let parallel = root.kind == StateKind::Parallel;
        if plain && !parallel {
            attributes.push(("initial", self.targets(&root.initial)));
        }
        self.xml.open("scxml", &attributes);
        if !machine.doc.is_empty() {
            self.xml.comment(&machine.doc);
        }
        self.data();
        if !plain && !parallel {
            // <initial> has no place in <scxml>; a state around everything has.
            self.notes.detail("the initial content of the machine runs in a state around all others");
        }
        let around = self.needs_state_around();
        if around {
            let name = if parallel { "parallel" } else { "state" };
            self.xml.open(name, &[("id", machine.name.clone())]);
        }
        self.inside(0);
        if around {
            // What ends the machine here ends only that state there.
            let end = format!("{}_end", machine.name);
            self.xml.empty(
                "transition",
                &[("event", format!("done.state.{}", machine.name)), ("target", end.clone())],
            );
            self.xml.close();
            self.xml.empty("final", &[("id", end)]);
        }
        self.xml.close();
    }

    fn data(&mut self) {
        let machine = self.machine;
        if machine.context.is_empty() && machine.locals.is_empty() {
            return;
        }
        self.xml.open("datamodel", &[]);
        for (index, variable) in machine.context.iter().enumerate() {
            let value = self.expr(&variable.initial);
            self.xml.empty("data", &[("id", self.ids.variable(index)), ("expr", value)]);
        }
        for (index, local) in machine.locals.iter().enumerate() {
            let value = match &local.initial {
                Some(initial) => self.expr(initial),
                None => zero(&local.ty).to_owned(),
            };
            if local.state != 0 {
                self.notes.detail(format!(
                    "`{}` of `{}` is a variable of the whole machine",
                    local.name,
                    machine.states.get(local.state).map_or("", |state| state.path.as_str())
                ));
            }
            self.xml.empty("data", &[("id", self.ids.local(index)), ("expr", value)]);
        }
        for local in passes::every_aside(machine) {
            let value = machine.locals.get(local).map_or("null", |local| zero(&local.ty)).to_owned();
            self.xml.empty("data", &[("id", self.ids.next(local)), ("expr", value)]);
        }
        self.xml.close();
    }
}
