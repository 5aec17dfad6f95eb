//! What a careful person writes: one match over state and event.

use crate::subject::Candidate;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flat) enum Event {
    PublishMessage,
    PublishSuccess,
    PublishFailure,
    CreateDynamicTopic,
    CreateTopicSuccess,
    CreateTopicFailure,
    Reset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle = 1,
    Publishing,
    Republishing,
    CreatingTopic,
    RecreatingTopic,
    Error,
}

#[derive(Debug)]
pub(super) struct Machine {
    state: State,
}

impl Candidate for Machine {
    type Event = Event;
    const EVENTS: &'static [Event] = &[
        Event::PublishMessage,
        Event::PublishSuccess,
        Event::PublishFailure,
        Event::CreateDynamicTopic,
        Event::CreateTopicSuccess,
        Event::CreateTopicFailure,
        Event::Reset,
    ];

    fn new() -> Self {
        Self { state: State::Idle }
    }

    #[inline(always)]
    fn step(&mut self, event: Event) {
        self.state = match (self.state, event) {
            (State::Idle, Event::PublishMessage) => State::Publishing,
            (State::Idle, Event::CreateDynamicTopic) => State::CreatingTopic,
            (State::Publishing, Event::PublishSuccess) => State::Idle,
            (State::Publishing, Event::PublishFailure) => State::Republishing,
            (State::Republishing, Event::PublishSuccess) => State::Idle,
            (State::Republishing, Event::PublishFailure) => State::Error,
            (State::CreatingTopic, Event::CreateTopicSuccess) => State::Idle,
            (State::CreatingTopic, Event::CreateTopicFailure) => State::RecreatingTopic,
            (State::RecreatingTopic, Event::CreateTopicSuccess) => State::Idle,
            (State::RecreatingTopic, Event::CreateTopicFailure) => State::Error,
            (State::Error, Event::Reset) => State::Idle,
            (state, _) => state,
        };
    }

    fn digest(&self) -> u64 {
        self.state as u64
    }
}
