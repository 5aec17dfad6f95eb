//! The same machine with rust-fsm.

use rust_fsm::state_machine;

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

fn main() {
    let mut machine = producer::StateMachine::new();
    let _ = machine.consume(&producer::Input::PublishMessage);
    let _ = machine.consume(&producer::Input::PublishSuccess);
    println!("{:?}", machine.state());
}
