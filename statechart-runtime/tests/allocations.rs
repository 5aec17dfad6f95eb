//! What allocates and what does not: counted, so that it holds on every machine.
#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use statechart_runtime::{
    actor::{self, Handle, Options},
    chart::{Chart, Effects, Input},
    value::{self, Fault, Text, Time},
};
use tokio::runtime::Runtime;

statechart_runtime::statechart!("specs/meter.sc");

use meter::{Event, Machine, Message, Output};

type Meter = Machine<()>;

/// More than fits the mailbox, so that the teller waits for room again and again.
const TELLS: usize = 10_000;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn meter() -> Handle<Meter> {
    actor::spawn(Machine::new(()), Options::default())
}

fn sum(output: &Output) -> Option<i64> {
    match output {
        Output::Sum { ticks } => Some(*ticks),
    }
}

async fn total(actor: &Handle<Meter>) -> i64 {
    actor.ask(Event::Total, sum, Duration::from_secs(60)).await.unwrap()
}

/// Allocations while `work` runs for the second time: the first makes the room that stays.
fn allocations(runtime: &Runtime, work: impl AsyncFn()) -> u64 {
    runtime.block_on(work());
    allocation_counter::measure(|| runtime.block_on(work())).count_total
}

#[test]
fn telling_allocates_nothing() {
    let runtime = runtime();
    let actor = runtime.block_on(async { meter() });
    for event in [|| Event::Tick { by: 1 }, || Event::Flip] {
        let told = allocations(&runtime, async || {
            for _ in 0..TELLS {
                actor.tell(event()).await.unwrap();
            }
            total(&actor).await;
        });
        // The question at the end is what allocates.
        assert!(told <= 2, "{told}");
    }
    assert_eq!(runtime.block_on(total(&actor)), 2 * TELLS as i64);
}

#[test]
fn a_question_allocates_its_way_back() {
    let runtime = runtime();
    let actor = runtime.block_on(async { meter() });
    let asked = allocations(&runtime, async || {
        for _ in 0..100 {
            total(&actor).await;
        }
    });
    assert!(asked <= 200, "{asked} for 100 questions");
}

#[test]
fn an_idle_actor_is_small() {
    const COUNT: i64 = 1_000;
    const LIMIT: i64 = 1_400;
    let runtime = runtime();
    let mut actors = Vec::with_capacity(COUNT as usize);
    let held = allocation_counter::measure(|| {
        runtime.block_on(async {
            actors.extend((0..COUNT).map(|_| meter()));
            for _ in 0..COUNT {
                tokio::task::yield_now().await;
            }
        });
    });
    assert!(actors.iter().all(|actor| actor.leaves() == ["counting"]), "each has started");
    let each = held.bytes_current / COUNT;
    assert!(each <= LIMIT, "{each} B for each idle actor; the limit is {LIMIT} B");
}

/// Effects that do nothing.
struct Nothing;

impl Effects<Meter> for Nothing {
    fn now(&mut self) -> Time {
        Time(0)
    }
    fn emit(&mut self, _: Output) {}
    fn send(&mut self, _: Message, _: Option<value::Duration>, _: Option<u16>) {}
    fn cancel(&mut self, _: u16) {}
    fn spawn(&mut self, _: u16, _: u32, (): ()) {}
    fn stop_child(&mut self, _: u16) {}
    fn start(&mut self, _: u16, _: u32, _: meter::Call) {}
    fn stop(&mut self, _: u16) {}
    fn arm(&mut self, _: u16, _: u32, _: value::Duration) {}
    fn disarm(&mut self, _: u16) {}
    fn log(&mut self, _: Text) {}
    fn fault(&mut self, _: Fault) {}
    fn unhandled(&mut self, _: &Event) {}
}

#[test]
fn a_step_allocates_nothing() {
    let counted = allocation_counter::measure(|| {
        let mut machine = Meter::new(());
        Chart::start(&mut machine, &mut Nothing);
        for event in [Event::Tick { by: 1 }, Event::Flip, Event::Tick { by: 1 }, Event::Total, Event::Flip] {
            Chart::step(&mut machine, &mut Nothing, Input::Event(event));
        }
        assert_eq!(machine.context.ticks, 1);
    });
    assert_eq!(counted.count_total, 0);
}
