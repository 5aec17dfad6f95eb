//! Actions, and what a spec claims about itself: pairs of the grammar to the AST.

use pest::iterators::Pair;

use super::{
    ast::{Action, ActionKind, Expr, MemberKind, Moved, MovedKind, Name, Path, Property, PropertyKind},
    grammar::Rule,
    text::squeeze,
    tree::{Builder, below, first},
};

impl Builder<'_> {
    /// The actions behind the slashes directly below a pair.
    pub(super) fn actions(&mut self, pair: Pair<'_, Rule>) -> Vec<Action> {
        first(pair, Rule::actions).map(|actions| self.action_list(actions)).unwrap_or_default()
    }

    pub(super) fn action_list(&mut self, pair: Pair<'_, Rule>) -> Vec<Action> {
        let mut actions = Vec::new();
        for action in below(pair, Rule::action) {
            actions.extend(self.action(action));
        }
        actions
    }

    fn action(&mut self, pair: Pair<'_, Rule>) -> Option<Action> {
        let mut parts = pair.into_inner().filter(|part| part.as_rule() != Rule::kw_undo);
        let mut action = self.simple(parts.next()?)?;
        action.undo = parts.next().and_then(|undo| self.simple(undo)).map(Box::new);
        Some(action)
    }

    fn simple(&mut self, inner: Pair<'_, Rule>) -> Option<Action> {
        let span = self.span(&inner);
        let text = squeeze(inner.as_str());
        let rule = inner.as_rule();
        if rule == Rule::choice {
            return Some(Action { kind: self.choice(inner), undo: None, text, span });
        }
        let (mut names, mut args, mut value, mut to_self, mut named) =
            (Vec::new(), Vec::new(), None, false, false);
        let (mut id, mut body) = (None, Vec::new());
        for part in inner.into_inner() {
            match part.as_rule() {
                Rule::ident if named => id = Some(self.name(&part)),
                Rule::ident | Rule::symbol_name => names.push(self.name(&part)),
                Rule::args => args = self.args(part),
                Rule::expr => value = Some(self.expr(part)),
                Rule::span_expr => value = self.span_expr(part),
                Rule::kw_self => to_self = true,
                Rule::kw_as => named = true,
                Rule::block => body = self.action_list(part),
                _ => {}
            }
        }
        let mut names = names.into_iter();
        let kind = match rule {
            Rule::emit => ActionKind::Emit { output: names.next()?, args },
            Rule::raise => ActionKind::Raise { event: names.next()?, args },
            Rule::send => {
                let peer = if to_self { None } else { Some(names.next()?) };
                ActionKind::Send { peer, event: names.next()?, args, delay: value, id }
            }
            Rule::cancel => ActionKind::Cancel(names.next()?),
            Rule::spawn => ActionKind::Spawn { machine: names.next()?, args, id },
            Rule::stop => ActionKind::Stop(names.next()?),
            Rule::log => ActionKind::Log(value?),
            Rule::assign => ActionKind::Assign { variable: names.next()?, value: value? },
            Rule::each => ActionKind::For { item: names.next()?, index: names.next(), list: value?, body },
            Rule::compensate => ActionKind::Compensate,
            Rule::commit => ActionKind::Commit,
            _ => ActionKind::Call { action: names.next()?, args },
        };
        Some(Action { kind, undo: None, text, span })
    }

    /// `if … { … } else if … { … } else { … }`: conditions and blocks in turn, then perhaps one more block.
    fn choice(&mut self, pair: Pair<'_, Rule>) -> ActionKind {
        let (mut arms, mut otherwise, mut condition) = (Vec::new(), Vec::new(), None::<Expr>);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expr => condition = Some(self.expr(part)),
                Rule::block => {
                    let block = self.action_list(part);
                    match condition.take() {
                        Some(condition) => arms.push((condition, block)),
                        None => otherwise = block,
                    }
                }
                _ => {}
            }
        }
        ActionKind::If { arms, otherwise }
    }

    /// An example, a property or a migration.
    pub(super) fn claim(&mut self, item: Pair<'_, Rule>) -> Option<MemberKind> {
        let rule = item.as_rule();
        let (mut text, mut paths, mut names, mut expr, mut moved) =
            (None, Vec::new(), Vec::new(), None, Vec::new());
        for part in item.into_inner() {
            match part.as_rule() {
                Rule::string => text = Some(Name { text: self.string(&part), span: self.span(&part) }),
                Rule::path => paths.push(self.path(part)),
                Rule::symbol_name => names.push(self.name(&part)),
                Rule::expr => expr = Some(self.expr(part)),
                Rule::moved => moved.extend(self.moved(part)),
                Rule::reachable => paths = self.paths(part),
                Rule::leads => {
                    let property = self.leads(part);
                    return Some(MemberKind::Property(Property { name: text?, kind: property }));
                }
                _ => {}
            }
        }
        let name = text?;
        let (mut paths, mut names) = (paths.into_iter(), names.into_iter());
        let kind = match rule {
            Rule::example => return Some(MemberKind::Example { word: name, states: paths.collect() }),
            Rule::migrate => return Some(MemberKind::Migrate { from: name, moved }),
            Rule::property => PropertyKind::CanReach { from: paths.next()?, to: paths.next()? },
            Rule::never => PropertyKind::Never { first: names.next()?, before: names.next()? },
            _ => PropertyKind::Invariant { state: paths.next(), holds: expr? },
        };
        Some(MemberKind::Property(Property { name, kind }))
    }

    fn leads(&mut self, pair: Pair<'_, Rule>) -> PropertyKind {
        let mut sides = below(pair, Rule::alternatives).into_iter();
        let first = sides.next().map(|names| self.all_names(names)).unwrap_or_default();
        let then = sides.next().map(|names| self.all_names(names)).unwrap_or_default();
        PropertyKind::LeadsTo { first, then }
    }

    fn moved(&mut self, pair: Pair<'_, Rule>) -> Option<Moved> {
        let mut kind = MovedKind::State;
        let mut paths = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_context => kind = MovedKind::Context,
                Rule::kw_event => kind = MovedKind::Event,
                Rule::kw_child => kind = MovedKind::Child,
                Rule::kw_peer => kind = MovedKind::Peer,
                Rule::kw_message => kind = MovedKind::Message,
                Rule::kw_undo => kind = MovedKind::Undo,
                Rule::path | Rule::event_path => paths.push(self.path(part)),
                Rule::string => {
                    let span = self.span(&part);
                    paths.push(Path { names: vec![Name { text: self.string(&part), span }], span });
                }
                _ => {}
            }
        }
        let mut paths = paths.into_iter();
        Some(Moved { kind, from: paths.next()?, to: paths.next() })
    }
}
