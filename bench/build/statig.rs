//! The same machine with statig.

use statig::prelude::*;

#[derive(Debug)]
enum Event {
    PublishMessage,
    PublishSuccess,
    PublishFailure,
    CreateDynamicTopic,
    CreateTopicSuccess,
    CreateTopicFailure,
    Reset,
}

#[derive(Debug, Default)]
struct Producer;

#[state_machine(initial = "State::idle()", state(derive(Debug)))]
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

fn main() {
    let mut machine = Producer.state_machine();
    machine.handle(&Event::PublishMessage);
    machine.handle(&Event::PublishSuccess);
    println!("{:?}", machine.state());
}
