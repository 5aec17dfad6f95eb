//! statig, with its macro, initialised once.

use statig::{blocking::InitializedStateMachine, prelude::*};

pub(super) use super::hand::Event;
use crate::subject::Candidate;

#[derive(Debug, Default)]
pub(super) struct Producer;

#[state_machine(initial = "State::idle()")]
impl Producer {
    #[state]
    fn idle(event: &Event) -> Outcome<State> {
        match event {
            Event::PublishMessage => Transition(State::publishing()),
            Event::CreateDynamicTopic => Transition(State::creating_topic()),
            _ => Super,
        }
    }

    #[state]
    fn publishing(event: &Event) -> Outcome<State> {
        match event {
            Event::PublishSuccess => Transition(State::idle()),
            Event::PublishFailure => Transition(State::republishing()),
            _ => Super,
        }
    }

    #[state]
    fn republishing(event: &Event) -> Outcome<State> {
        match event {
            Event::PublishSuccess => Transition(State::idle()),
            Event::PublishFailure => Transition(State::error()),
            _ => Super,
        }
    }

    #[state]
    fn creating_topic(event: &Event) -> Outcome<State> {
        match event {
            Event::CreateTopicSuccess => Transition(State::idle()),
            Event::CreateTopicFailure => Transition(State::recreating_topic()),
            _ => Super,
        }
    }

    #[state]
    fn recreating_topic(event: &Event) -> Outcome<State> {
        match event {
            Event::CreateTopicSuccess => Transition(State::idle()),
            Event::CreateTopicFailure => Transition(State::error()),
            _ => Super,
        }
    }

    #[state]
    fn error(event: &Event) -> Outcome<State> {
        match event {
            Event::Reset => Transition(State::idle()),
            _ => Super,
        }
    }
}

pub(super) struct Machine(InitializedStateMachine<Producer>);

impl Candidate for Machine {
    type Event = Event;
    const EVENTS: &'static [Event] = super::hand::Machine::EVENTS;

    fn new() -> Self {
        Self(Producer.uninitialized_state_machine().init())
    }

    #[inline(always)]
    fn step(&mut self, event: Event) {
        self.0.handle(&event);
    }

    fn digest(&self) -> u64 {
        match self.0.state() {
            State::Idle {} => 1,
            State::Publishing {} => 2,
            State::Republishing {} => 3,
            State::CreatingTopic {} => 4,
            State::RecreatingTopic {} => 5,
            State::Error {} => 6,
        }
    }
}
