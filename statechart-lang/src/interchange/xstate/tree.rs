//! States, their ids, and what a target means.

use super::super::{
    ImportError, Position,
    draft::{DraftKind, DraftState},
    json::{Json, Kind},
    names,
};
use super::{DEPTH_LIMIT, Importer, Node};

impl<'a> Importer<'a> {
    /// Adds a state and those inside it.
    pub(super) fn state(
        &mut self,
        json: &'a Json,
        parent: Option<usize>,
        key: &str,
        depth: usize,
    ) -> Result<(), ImportError> {
        if depth > DEPTH_LIMIT {
            return Err(ImportError::at(json.at, format!("states nest deeper than {DEPTH_LIMIT} levels")));
        }
        let children = json.get("states").map(Json::items).unwrap_or_default();
        let kind = match json.get("type").and_then(Json::text) {
            Some("parallel") if !children.is_empty() => DraftKind::Parallel,
            Some("final") => DraftKind::Final,
            Some("history") => {
                DraftKind::History { deep: json.get("history").and_then(Json::text) == Some("deep") }
            }
            // A configuration that XState has written out says `"history": false` of every other state.
            _ if is_history(json) && children.is_empty() => {
                DraftKind::History { deep: json.get("history").and_then(Json::text) == Some("deep") }
            }
            _ => DraftKind::State,
        };
        let mut state = DraftState { kind, ..DraftState::default() };
        for text in [json.get("description")].into_iter().flatten().filter_map(Json::text) {
            state.doc.extend(text.lines().map(|line| line.trim().to_owned()));
        }
        if json.get("type").and_then(Json::text) == Some("parallel") && kind != DraftKind::Parallel {
            self.detail(json.at, "a parallel state without states in it is a plain one");
        }
        for tag in json.get("tags").map(Json::several).unwrap_or_default().iter().filter_map(Json::text) {
            // Our own export says by it what XState has no word for.
            if tag == "accept" && parent.is_some() && !matches!(kind, DraftKind::History { .. }) {
                state.accept = true;
                continue;
            }
            state.tags.push_str(&format!(" #{}", names::identifier(tag, "t")));
        }
        let index = match parent {
            None => {
                state.name.clone_from(&self.draft.name);
                self.draft.doc.append(&mut state.doc);
                state.tags.clear();
                self.draft.states.push(state);
                self.nodes.push(Node { json, path: Vec::new(), parent: 0 });
                0
            }
            Some(parent) => {
                let mut path = self.nodes[parent].path.clone();
                path.push(key.to_owned());
                self.nodes.push(Node { json, path, parent });
                self.draft.add(parent, key, &mut self.paths, state)
            }
        };
        let by_path = std::iter::once(self.machine_id.clone()).chain(self.nodes[index].path.iter().cloned());
        let by_path = by_path.collect::<Vec<_>>().join(".");
        self.ids.entry(by_path).or_insert(index);
        if let Some(id) = json.get("id").and_then(Json::text) {
            self.ids.insert(id.to_owned(), index);
        }
        for (key, child) in children {
            if matches!(child.kind, Kind::Object(_)) {
                self.state(child, Some(index), key, depth + 1)?;
            } else {
                self.lost(child.at, format!("the state `{key}` is no object"));
            }
        }
        Ok(())
    }

    fn child(&self, of: usize, key: &str) -> Option<usize> {
        (1..self.nodes.len()).find(|at| {
            self.nodes[*at].parent == of && self.nodes[*at].path.last().is_some_and(|last| last == key)
        })
    }

    fn down<'k>(&self, from: usize, keys: impl IntoIterator<Item = &'k str>) -> Option<usize> {
        keys.into_iter().try_fold(from, |at, key| self.child(at, key))
    }

    /// What a target means that stands in a state: `.child`, `#id`, `#id.child`, `sibling`, `sibling.child`.
    pub(super) fn target(&mut self, from: usize, text: &str, at: Position) -> Option<usize> {
        let found = self.find(from, text);
        if found.is_none() {
            self.lost(at, format!("the target `{text}`: there is no such state"));
        }
        found
    }

    /// The state that a target means, if there is one.
    pub(super) fn find(&self, from: usize, text: &str) -> Option<usize> {
        if let Some(id) = text.strip_prefix('#') {
            // The longest id that fits; what is left is a path below it.
            self.ids.get(id).copied().or_else(|| {
                let mut cuts: Vec<usize> = id.match_indices('.').map(|(at, _)| at).collect();
                cuts.reverse();
                cuts.into_iter().find_map(|cut| {
                    let (head, tail) = (id.get(..cut)?, id.get(cut + 1..)?);
                    self.down(*self.ids.get(head)?, tail.split('.'))
                })
            })
        } else if let Some(path) = text.strip_prefix('.') {
            self.down(from, path.split('.'))
        } else {
            let parent = if from == 0 { 0 } else { self.nodes[from].parent };
            self.down(parent, text.split('.'))
        }
    }

    /// The states that a `target` or `initial` names, below the state itself for an `initial`.
    pub(super) fn inner_target(&mut self, of: usize, text: &str, at: Position) -> Option<usize> {
        if text.starts_with(['#', '.']) {
            self.target(of, text, at)
        } else {
            self.target(of, &format!(".{text}"), at)
        }
    }
}

/// `"history": "deep"`, `"history": true`.
fn is_history(json: &Json) -> bool {
    json.get("history").is_some_and(|value| matches!(value.kind, Kind::Text(_) | Kind::Bool(true)))
}
