//! What happens after a time. To XState that is an event like others: wildcards match it, and states inside are asked
//! first. Where that shows, the timer raises an event here as well.

use super::super::{
    draft::{Atom, DraftTransition, Item, On},
    json::Json,
    names,
};
use super::{Importer, reactions::is_match};

impl Importer<'_> {
    /// Declares the events of timers that something else may react to, before wildcards are resolved.
    pub(super) fn declare_timers(&mut self) {
        for state in 0..self.nodes.len() {
            let json = self.nodes[state].json;
            for (delay, rows) in json.get("after").map(Json::items).unwrap_or_default() {
                if self.is_heard(state, delay, rows) {
                    self.timer_event(state, delay);
                }
            }
        }
    }

    /// Whether a state reacts to the event of a timer besides what stands under `after`.
    fn is_heard(&self, state: usize, delay: &str, rows: &Json) -> bool {
        let name = self.timer_name(state, delay);
        let may_fail =
            rows.several().iter().all(|row| row.get("guard").or_else(|| row.get("cond")).is_some());
        (0..self.nodes.len()).any(|other| {
            let around = other == state || self.draft.is_below(state, other);
            self.draft.are_together(state, other)
                && (may_fail || !around)
                && self.nodes[other]
                    .json
                    .get("on")
                    .is_some_and(|on| on.items().iter().any(|(descriptor, _)| is_match(descriptor, &name)))
        })
    }

    /// What a timer sets off: one transition at most, the first that may be taken.
    pub(super) fn timers(&mut self, state: usize, json: &Json, delay: &str) {
        let notes = self.notes.len();
        let span = self.named_delay(delay, json.at);
        self.push(state, notes, None);
        let on = On::After(span);
        let is_heard = self.timer_events.contains(&self.timer_name(state, delay));
        let apart = match json.several() {
            [] => true,
            [one] => state == 0 || !self.stays(state, one),
            // A timer for each is the same where the first leaves the state.
            [first, last] => {
                let leaves = first.text().is_some() || first.get("target").is_some();
                leaves && !self.stays(state, first) && !self.stays(state, last)
            }
            _ => false,
        };
        if apart && !is_heard {
            return self.several(state, json, &on);
        }
        let name = self.timer_event(state, delay);
        let timer = DraftTransition {
            on,
            actions: vec![format!("raise {}", names::symbol(&name))],
            ..DraftTransition::default()
        };
        self.push(state, self.notes.len(), Some(Item::Transition(timer)));
        self.several(state, json, &On::Any(vec![Atom::Event(name)]));
    }

    /// Whether a transition goes to its own state or to one inside it without leaving that.
    fn stays(&self, state: usize, json: &Json) -> bool {
        let target = if json.text().is_some() { Some(json) } else { json.get("target") };
        let texts = target.map(Json::several).unwrap_or_default().iter().filter_map(Json::text);
        texts.into_iter().any(|text| {
            self.find(state, text).is_some_and(|found| found == state || self.draft.is_below(found, state))
        })
    }

    /// What XState calls the event of a timer.
    fn timer_name(&self, state: usize, delay: &str) -> String {
        format!("xstate.after.{delay}.{}", self.id(state))
    }

    /// The event by which a timer of a state makes itself heard.
    fn timer_event(&mut self, state: usize, delay: &str) -> String {
        let original = self.timer_name(state, delay);
        if !self.events.iter().any(|(known, _)| *known == original) {
            // A name of XState's own would mean the timer itself if the machine were written for XState again.
            let plain = original.strip_prefix("xstate.").unwrap_or(&original);
            let name = self.event_names.claim(&names::quotable(plain));
            self.events.push((original.clone(), name));
        }
        self.timer_events.insert(original.clone());
        self.event(&original)
    }
}
