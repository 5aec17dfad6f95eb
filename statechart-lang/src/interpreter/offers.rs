//! What a running machine could do next: the events that its active states speak of, and what runs beside it.

use super::{Claim, Interpreter, Value, World, value::duration_text};
use crate::model::{ActivityId, EventId, StateId, Trigger};

/// An event of Σ that an active state, or one around it, declares something for.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Which event.
    pub event: EventId,
    /// What is declared for it, inner states first. Guards are not asked: they may need the event's fields.
    pub claims: Vec<(StateId, Claim)>,
    /// The service of the running activity that may report it.
    pub reporter: Option<String>,
}

impl<W: World> Interpreter<'_, W> {
    /// The events that the configuration speaks of, in order of declaration.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        let machine = self.machine;
        let events = machine.events.iter().enumerate().filter(|(_, event)| !event.internal);
        let offers = events.map(|(event, _)| Offer {
            event,
            claims: self.claims(event),
            reporter: self.reporter(event).map(|(activity, ..)| self.machine.runs(activity).to_owned()),
        });
        offers.filter(|offer| !self.done && (!offer.claims.is_empty() || offer.reporter.is_some())).collect()
    }

    fn claims(&self, event: EventId) -> Vec<(StateId, Claim)> {
        let mut claims = Vec::new();
        // Inner states have greater numbers than those around them.
        for state in self.configuration.iter().rev() {
            let Some(row) = self.machine.states.get(state) else { continue };
            let is_meant = |trigger: &Trigger| matches!(trigger, Trigger::Events(of) if of.contains(&event));
            let transitions = row.transitions.iter().filter(|id| {
                self.machine.transitions.get(**id).is_some_and(|transition| is_meant(&transition.trigger))
            });
            claims.extend(transitions.map(|&id| (state, Claim::Transition(id))));
            if row.defer.contains(&event) {
                claims.push((state, Claim::Defer));
            }
        }
        claims
    }

    /// The services that run now, in document order.
    #[must_use]
    pub fn running(&self) -> Vec<String> {
        let is_service = |activity: ActivityId| {
            self.machine.activities.get(activity).is_some_and(|row| row.runs.service().is_some())
        };
        let running = self.activities.keys().copied().filter(|&activity| is_service(activity));
        running.map(|activity| self.machine.runs(activity).to_owned()).collect()
    }

    /// What waits for its time, in the order in which it will fire: what, and after how long from now.
    #[must_use]
    pub fn waiting(&self) -> Vec<(String, String)> {
        let now_us = self.time_us();
        let after = |time_us: i64| duration_text(time_us.saturating_sub(now_us).max(0));
        self.agenda().into_iter().map(|(time_us, what)| (what, after(time_us))).collect()
    }

    /// The context as name and value, in order of declaration.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Value)> {
        let names = self.machine.context.iter().map(|variable| variable.name.as_str());
        names.zip(&self.context)
    }

    /// How long the machine has been running, as a duration.
    #[must_use]
    pub fn uptime(&self) -> String {
        duration_text(self.time_us())
    }
}
