//! By hand, flattened: one enum of leaves, one match.

use super::{Counts, EVENTS, Event};
use crate::subject::Candidate;

#[derive(Debug, Clone, Copy)]
enum State {
    FirstLeftNear,
    FirstLeftFar,
    FirstRightNear,
    FirstRightFar,
    SecondLeftNear,
    SecondLeftFar,
    SecondRightNear,
    SecondRightFar,
}

#[derive(Debug)]
pub(super) struct Machine {
    state: State,
    counts: Counts,
}

impl Machine {
    /// Two states are left, then two are entered.
    #[inline(always)]
    fn cross(&mut self, state: State) {
        self.counts.exits += 1;
        self.counts.exits += 1;
        self.counts.moves += 1;
        self.counts.entries += 1;
        self.counts.entries += 1;
        self.state = state;
    }

    #[inline(always)]
    fn leap(&mut self, state: State) {
        self.counts.exits += 1;
        self.cross(state);
        self.counts.entries += 1;
    }
}

impl Candidate for Machine {
    type Event = Event;
    const EVENTS: &'static [Event] = EVENTS;

    fn new() -> Self {
        Self { state: State::FirstLeftNear, counts: Counts { entries: 3, ..Counts::default() } }
    }

    #[inline(always)]
    fn step(&mut self, event: Event) {
        match (self.state, event) {
            (State::FirstLeftNear, Event::Cross) => self.cross(State::FirstRightNear),
            (State::FirstLeftFar, Event::Cross) => self.cross(State::FirstRightFar),
            (State::FirstRightNear, Event::Cross) => self.cross(State::FirstLeftFar),
            (State::FirstRightFar, Event::Cross) => self.cross(State::FirstLeftNear),
            (State::SecondLeftNear, Event::Cross) => self.cross(State::SecondRightNear),
            (State::SecondLeftFar, Event::Cross) => self.cross(State::SecondRightFar),
            (State::SecondRightNear, Event::Cross) => self.cross(State::SecondLeftFar),
            (State::SecondRightFar, Event::Cross) => self.cross(State::SecondLeftNear),
            (_, Event::Bubble) => self.counts.moves += 1,
            (
                State::FirstLeftNear | State::FirstLeftFar | State::FirstRightNear | State::FirstRightFar,
                Event::Leap,
            ) => self.leap(State::SecondLeftNear),
            (_, Event::Leap) => self.leap(State::FirstLeftNear),
        }
    }

    fn digest(&self) -> u64 {
        self.counts.digest(self.state as u64)
    }
}
