//! statig: superstates, entry and exit actions.

use statig::{blocking::InitializedStateMachine, prelude::*};

use super::{Counts, EVENTS, Event};
use crate::subject::Candidate;

#[derive(Debug, Default)]
pub(super) struct Tiers {
    counts: Counts,
}

#[state_machine(initial = "State::first_left_near()")]
impl Tiers {
    #[superstate(entry_action = "enter", exit_action = "leave")]
    fn first(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Bubble => {
                self.counts.moves += 1;
                Handled
            }
            Event::Leap => {
                self.counts.moves += 1;
                Transition(State::second_left_near())
            }
            Event::Cross => Super,
        }
    }

    #[superstate(superstate = "first", entry_action = "enter", exit_action = "leave")]
    fn first_left(event: &Event) -> Outcome<State> {
        // The macro wants its event by this name.
        let _ = event;
        Super
    }

    #[superstate(superstate = "first", entry_action = "enter", exit_action = "leave")]
    fn first_right(event: &Event) -> Outcome<State> {
        // The macro wants its event by this name.
        let _ = event;
        Super
    }

    #[superstate(entry_action = "enter", exit_action = "leave")]
    fn second(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Bubble => {
                self.counts.moves += 1;
                Handled
            }
            Event::Leap => {
                self.counts.moves += 1;
                Transition(State::first_left_near())
            }
            Event::Cross => Super,
        }
    }

    #[superstate(superstate = "second", entry_action = "enter", exit_action = "leave")]
    fn second_left(event: &Event) -> Outcome<State> {
        // The macro wants its event by this name.
        let _ = event;
        Super
    }

    #[superstate(superstate = "second", entry_action = "enter", exit_action = "leave")]
    fn second_right(event: &Event) -> Outcome<State> {
        // The macro wants its event by this name.
        let _ = event;
        Super
    }

    #[state(superstate = "first_left", entry_action = "enter", exit_action = "leave")]
    fn first_left_near(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Cross => {
                self.counts.moves += 1;
                Transition(State::first_right_near())
            }
            _ => Super,
        }
    }

    #[state(superstate = "first_left", entry_action = "enter", exit_action = "leave")]
    fn first_left_far(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Cross => {
                self.counts.moves += 1;
                Transition(State::first_right_far())
            }
            _ => Super,
        }
    }

    #[state(superstate = "first_right", entry_action = "enter", exit_action = "leave")]
    fn first_right_near(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Cross => {
                self.counts.moves += 1;
                Transition(State::first_left_far())
            }
            _ => Super,
        }
    }

    #[state(superstate = "first_right", entry_action = "enter", exit_action = "leave")]
    fn first_right_far(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Cross => {
                self.counts.moves += 1;
                Transition(State::first_left_near())
            }
            _ => Super,
        }
    }

    #[state(superstate = "second_left", entry_action = "enter", exit_action = "leave")]
    fn second_left_near(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Cross => {
                self.counts.moves += 1;
                Transition(State::second_right_near())
            }
            _ => Super,
        }
    }

    #[state(superstate = "second_left", entry_action = "enter", exit_action = "leave")]
    fn second_left_far(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Cross => {
                self.counts.moves += 1;
                Transition(State::second_right_far())
            }
            _ => Super,
        }
    }

    #[state(superstate = "second_right", entry_action = "enter", exit_action = "leave")]
    fn second_right_near(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Cross => {
                self.counts.moves += 1;
                Transition(State::second_left_far())
            }
            _ => Super,
        }
    }

    #[state(superstate = "second_right", entry_action = "enter", exit_action = "leave")]
    fn second_right_far(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Cross => {
                self.counts.moves += 1;
                Transition(State::second_left_near())
            }
            _ => Super,
        }
    }

    #[action]
    fn enter(&mut self) {
        self.counts.entries += 1;
    }

    #[action]
    fn leave(&mut self) {
        self.counts.exits += 1;
    }
}

pub(super) struct Machine(InitializedStateMachine<Tiers>);

impl Candidate for Machine {
    type Event = Event;
    const EVENTS: &'static [Event] = EVENTS;

    fn new() -> Self {
        Self(Tiers::default().uninitialized_state_machine().init())
    }

    #[inline(always)]
    fn step(&mut self, event: Event) {
        self.0.handle(&event);
    }

    fn digest(&self) -> u64 {
        let leaf = match self.0.state() {
            State::FirstLeftNear {} => 0,
            State::FirstLeftFar {} => 1,
            State::FirstRightNear {} => 2,
            State::FirstRightFar {} => 3,
            State::SecondLeftNear {} => 4,
            State::SecondLeftFar {} => 5,
            State::SecondRightNear {} => 6,
            State::SecondRightFar {} => 7,
        };
        self.0.inner().counts.digest(leaf)
    }
}
