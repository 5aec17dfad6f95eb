//! The machine that `statechart!` makes of `specs/flat.sc`.

use statechart_runtime::chart::{Chart as _, Quiet};

use crate::subject::Candidate;

statechart_runtime::statechart!("specs/flat.sc");

pub(super) use flat_producer::{Event, Machine as Generated};

pub(super) type Machine = Generated<()>;

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
        let mut machine = Self::new(());
        statechart_runtime::chart::Chart::start(&mut machine, &mut Quiet);
        machine
    }

    #[inline(always)]
    fn step(&mut self, event: Event) {
        self.event(&mut Quiet, event);
    }

    fn digest(&self) -> u64 {
        self.states().last().map_or(0, |state| state as u64)
    }
}
