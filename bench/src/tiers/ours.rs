//! The machine that `statechart!` makes of `specs/tiers.sc`.

use statechart_runtime::chart::{Chart as _, Quiet};

use super::Counts;
use crate::subject::Candidate;

statechart_runtime::statechart!("specs/tiers.sc");

use tiers::{Event, Machine as Generated, State};

pub(super) type Machine = Generated<()>;

impl Candidate for Machine {
    type Event = Event;
    const EVENTS: &'static [Event] = &[Event::Cross, Event::Bubble, Event::Leap];

    fn new() -> Self {
        let mut machine = Self::new(());
        statechart_runtime::chart::Chart::start(&mut machine, &mut Quiet);
        machine
    }

    #[inline(always)]
    fn step(&mut self, event: Event) {
        self.event(&mut Quiet, event);
    }

    fn digest(&self) -> u64 {
        let leaf = match self.states().last() {
            Some(State::FirstLeftNear) => 0,
            Some(State::FirstLeftFar) => 1,
            Some(State::FirstRightNear) => 2,
            Some(State::FirstRightFar) => 3,
            Some(State::SecondLeftNear) => 4,
            Some(State::SecondLeftFar) => 5,
            Some(State::SecondRightNear) => 6,
            Some(State::SecondRightFar) => 7,
            _ => u64::MAX,
        };
        let tiers::Context { exits, moves, entries } = self.context;
        Counts { exits, moves, entries }.digest(leaf)
    }
}
