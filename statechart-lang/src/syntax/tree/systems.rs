//! Systems: actors, externals, wires.

use pest::iterators::Pair;

use super::{Builder, documented};
use crate::syntax::{
    ast::{Name, System, SystemItem},
    grammar::Rule,
};

impl Builder<'_> {
    pub(super) fn system(&mut self, doc: String, pair: Pair<'_, Rule>) -> System {
        let span = self.span(&pair);
        let mut system =
            System { name: Name { text: String::new(), span }, doc, label: None, items: Vec::new() };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => system.name = self.name(&part),
                Rule::string => system.label = Some(self.string(&part)),
                Rule::system_item => {
                    if let (_, Some(item)) = documented(part) {
                        self.system_item(item, &mut system.items);
                    }
                }
                _ => {}
            }
        }
        system
    }

    pub(super) fn system_item(&mut self, item: Pair<'_, Rule>, items: &mut Vec<SystemItem>) {
        let rule = item.as_rule();
        if rule == Rule::bad_wire {
            self.bad(&item);
            return;
        }
        let (mut names, mut label, mut tags, mut family, mut messages, mut args) =
            (Vec::new(), None, Vec::new(), None, Vec::new(), Vec::new());
        for part in item.into_inner() {
            match part.as_rule() {
                Rule::ident => names.push(self.name(&part)),
                Rule::string => label = Some(self.string(&part)),
                Rule::tag => tags.push(self.tag(part)),
                Rule::field => family = self.field(part),
                Rule::args => args = self.args(part),
                Rule::alternatives => messages = self.all_names(part),
                Rule::party => {
                    let (mut name, mut label) = (None, None);
                    for part in part.into_inner() {
                        match part.as_rule() {
                            Rule::ident => name = Some(self.name(&part)),
                            Rule::string => label = Some(self.string(&part)),
                            _ => {}
                        }
                    }
                    items.extend(name.map(|name| SystemItem::External { name, label }));
                }
                _ => {}
            }
        }
        let mut names = names.into_iter();
        if let (Some(first), Some(second)) = (names.next(), names.next()) {
            items.push(match rule {
                Rule::actor => SystemItem::Actor { name: first, family, machine: second, args },
                _ => SystemItem::Wire { from: first, to: second, label, tags, messages },
            });
        }
    }
}
