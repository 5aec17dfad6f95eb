//! The same machine with smlang.

use smlang::statemachine;

statemachine! {
    derive_states: [Debug],
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

fn main() {
    let mut machine = StateMachine::new(Context);
    let _ = machine.process_event(Events::PublishMessage);
    let _ = machine.process_event(Events::PublishSuccess);
    println!("{:?}", machine.state());
}
