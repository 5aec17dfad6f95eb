//! rust-fsm.

use rust_fsm::state_machine;

use crate::subject::Candidate;

state_machine! {
    #[derive(Debug, Clone, Copy)]
    producer(Idle)

    Idle => {
        PublishMessage => Publishing,
        CreateDynamicTopic => CreatingTopic
    },
    Publishing => {
        PublishSuccess => Idle,
        PublishFailure => Republishing
    },
    Republishing => {
        PublishSuccess => Idle,
        PublishFailure => Error
    },
    CreatingTopic => {
        CreateTopicSuccess => Idle,
        CreateTopicFailure => RecreatingTopic
    },
    RecreatingTopic => {
        CreateTopicSuccess => Idle,
        CreateTopicFailure => Error
    },
    Error(Reset) => Idle
}

use producer::{Input, State, StateMachine};

pub(super) struct Machine(StateMachine);

impl Candidate for Machine {
    type Event = Input;
    const EVENTS: &'static [Input] = &[
        Input::PublishMessage,
        Input::PublishSuccess,
        Input::PublishFailure,
        Input::CreateDynamicTopic,
        Input::CreateTopicSuccess,
        Input::CreateTopicFailure,
        Input::Reset,
    ];

    fn new() -> Self {
        Self(StateMachine::new())
    }

    #[inline(always)]
    fn step(&mut self, event: Input) {
        // An input that no transition wants is an error here; the others ignore it.
        let _ = self.0.consume(&event);
    }

    fn digest(&self) -> u64 {
        match self.0.state() {
            State::Idle => 1,
            State::Publishing => 2,
            State::Republishing => 3,
            State::CreatingTopic => 4,
            State::RecreatingTopic => 5,
            State::Error => 6,
        }
    }
}
