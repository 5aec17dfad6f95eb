//! smlang.

use smlang::statemachine;

use crate::subject::Candidate;

statemachine! {
    derive_states: [Debug],
    derive_events: [Debug, Clone, Copy],
    transitions: {
        *Idle + PublishMessage = Publishing,
        Idle + CreateDynamicTopic = CreatingTopic,
        Publishing + PublishSuccess = Idle,
        Publishing + PublishFailure = Republishing,
        Republishing + PublishSuccess = Idle,
        Republishing + PublishFailure = Error,
        CreatingTopic + CreateTopicSuccess = Idle,
        CreatingTopic + CreateTopicFailure = RecreatingTopic,
        RecreatingTopic + CreateTopicSuccess = Idle,
        RecreatingTopic + CreateTopicFailure = Error,
        Error + Reset = Idle,
    }
}

struct Context;

impl StateMachineContext for Context {}

pub(super) struct Machine(StateMachine<Context>);

impl Candidate for Machine {
    type Event = Events;
    const EVENTS: &'static [Events] = &[
        Events::PublishMessage,
        Events::PublishSuccess,
        Events::PublishFailure,
        Events::CreateDynamicTopic,
        Events::CreateTopicSuccess,
        Events::CreateTopicFailure,
        Events::Reset,
    ];

    fn new() -> Self {
        Self(StateMachine::new(Context))
    }

    #[inline(always)]
    fn step(&mut self, event: Events) {
        // An event that no transition wants is an error here; the others ignore it.
        let _ = self.0.process_event(event);
    }

    fn digest(&self) -> u64 {
        match self.0.state() {
            States::Idle => 1,
            States::Publishing => 2,
            States::Republishing => 3,
            States::CreatingTopic => 4,
            States::RecreatingTopic => 5,
            States::Error => 6,
        }
    }
}
