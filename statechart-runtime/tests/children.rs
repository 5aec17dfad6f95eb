//! Child machines of actors: told, done, failed, stopped. On a paused clock, so every test is exact.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use statechart_runtime::actor::{self, Handle, Inspector, Options, StopReason};
use tokio::sync::broadcast::Receiver;

statechart_runtime::statechart!("specs/children.sc");

use parent::{Event, Output};

/// Counts the children's externs that are alive.
#[derive(Clone, Default)]
struct World {
    alive: Arc<AtomicUsize>,
    /// Whether making a child's externs panics.
    is_barren: bool,
}

struct AdderWorld(Arc<AtomicUsize>);

impl Drop for AdderWorld {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl adder::Externs for AdderWorld {
    fn crash(&mut self) {
        panic!("crash");
    }
    fn hold(&mut self) -> impl Future<Output = adder::HoldOutcome> + Send + 'static {
        self.0.fetch_add(1, Ordering::SeqCst);
        let alive = AdderWorld(self.0.clone());
        async move {
            let _alive = alive;
            std::future::pending().await
        }
    }
}

impl parent::Externs for World {
    fn spawn_adder(&mut self, _: &adder::Params) -> impl adder::Externs + Send + 'static {
        assert!(!self.is_barren, "no externs");
        self.alive.fetch_add(1, Ordering::SeqCst);
        AdderWorld(self.alive.clone())
    }
}

type Parent = parent::Machine<World>;

fn start(world: &World) -> (Handle<Parent>, Receiver<Output>) {
    let actor = actor::spawn(Parent::new(world.clone()), Options::default().name("p"));
    let outputs = actor.outputs();
    (actor, outputs)
}

async fn tell(actor: &Handle<Parent>, events: impl IntoIterator<Item = Event>) {
    for event in events {
        actor.tell(event).await.unwrap();
    }
    settle().await;
}

/// Lets every task run until none can without the clock.
async fn settle() {
    tokio::time::sleep(Duration::from_nanos(1)).await;
}

fn told(outputs: &mut Receiver<Output>) -> Vec<String> {
    std::iter::from_fn(|| outputs.try_recv().ok()).map(|output| format!("{output:?}")).collect()
}

fn names(actor: &Handle<Parent>) -> Vec<String> {
    actor.children().iter().map(|child| child.name().to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_child_of_a_state_is_told_and_returns() {
    let world = World::default();
    let (actor, mut outputs) = start(&world);
    tell(&actor, [Event::Work { start: 10 }, Event::Add { n: 1 }, Event::Add { n: 2 }]).await;
    assert_eq!((names(&actor), actor.leaves()), (vec!["p.worker".to_owned()], vec!["busy"]));
    assert_eq!(actor.children()[0].leaves(), ["adding"]);
    tell(&actor, [Event::Finish]).await;
    assert_eq!(told(&mut outputs), ["Result { sum: 13 }"]);
    assert_eq!((names(&actor).len(), actor.leaves()), (0, vec!["idle"]));
    assert_eq!(world.alive.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn leaving_the_state_ends_its_child() {
    let world = World::default();
    let (actor, mut outputs) = start(&world);
    // The child runs a service, which goes with it.
    tell(&actor, [Event::Work { start: 1 }, Event::Hold]).await;
    assert_eq!(world.alive.load(Ordering::SeqCst), 2);
    tell(&actor, [Event::Leave]).await;
    assert_eq!((world.alive.load(Ordering::SeqCst), names(&actor).len()), (0, 0));
    // One that is left within its step never starts; an end on its way is of the child that was.
    tell(&actor, [Event::Work { start: 1 }, Event::Finish, Event::Leave, Event::Work { start: 5 }]).await;
    tell(&actor, [Event::Finish]).await;
    let results = told(&mut outputs);
    assert_eq!(results.last().map(String::as_str), Some("Result { sum: 5 }"), "{results:?}");
    assert!(results.len() <= 2, "{results:?}");
}

#[tokio::test(start_paused = true)]
async fn an_action_starts_and_stops_a_child() {
    let world = World::default();
    let (actor, mut outputs) = start(&world);
    tell(&actor, [Event::Nudge { n: 1 }]).await;
    assert_eq!(told(&mut outputs), ["Trouble { kind: \"undelivered\" }"]);
    // What is sent in the step that starts it reaches it; starting again replaces it.
    tell(&actor, [Event::Spawn { start: 100 }, Event::Spawn { start: 20 }, Event::Nudge { n: 3 }]).await;
    assert_eq!((names(&actor), world.alive.load(Ordering::SeqCst)), (vec!["p.extra".to_owned()], 1));
    tell(&actor, [Event::Collect]).await;
    assert_eq!(told(&mut outputs), ["Extra { sum: 24 }"]);
    tell(&actor, [Event::Spawn { start: 1 }, Event::Stop, Event::Stop, Event::Collect]).await;
    assert_eq!(told(&mut outputs), ["Trouble { kind: \"undelivered\" }"]);
    assert_eq!((names(&actor).len(), world.alive.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_named_message_is_under_way_once() {
    let (actor, mut outputs) = start(&World::default());
    tell(&actor, [Event::Spawn { start: 0 }, Event::Later { n: 10 }]).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    // Sent again: the first is replaced, and the wait begins anew.
    tell(&actor, [Event::Later { n: 20 }]).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    tell(&actor, [Event::Nudge { n: 1 }]).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    tell(&actor, [Event::Later { n: 500 }, Event::Forget, Event::Forget]).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    tell(&actor, [Event::Collect]).await;
    assert_eq!(told(&mut outputs), ["Extra { sum: 22 }"]);
    // One that comes due when its child has gone is a fault.
    tell(&actor, [Event::Spawn { start: 0 }, Event::Later { n: 1 }, Event::Stop]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(told(&mut outputs), ["Trouble { kind: \"undelivered\" }"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_fails_is_a_fault_of_its_parent() {
    let world = World::default();
    let (actor, mut outputs) = start(&world);
    tell(&actor, [Event::Work { start: 1 }, Event::Break]).await;
    assert_eq!(told(&mut outputs), ["Trouble { kind: \"child\" }"]);
    assert_eq!(
        (actor.leaves(), names(&actor).len(), world.alive.load(Ordering::SeqCst)),
        (vec!["busy"], 0, 0)
    );
    tell(&actor, [Event::Add { n: 1 }]).await;
    assert_eq!(told(&mut outputs), ["Trouble { kind: \"undelivered\" }"]);
    // Somebody else stops it: it will not complete either.
    tell(&actor, [Event::Leave, Event::Work { start: 1 }]).await;
    actor.children()[0].abort();
    settle().await;
    assert_eq!(told(&mut outputs), ["Trouble { kind: \"child\" }"]);
    // One that cannot be made.
    let (barren, mut outputs) = start(&World { is_barren: true, ..World::default() });
    tell(&barren, [Event::Spawn { start: 1 }]).await;
    assert_eq!(told(&mut outputs), ["Trouble { kind: \"undelivered\" }", "Trouble { kind: \"child\" }"]);
    assert!(!barren.is_done());
}

#[tokio::test(start_paused = true)]
async fn children_stop_with_their_parent() {
    let world = World::default();
    let (actor, _) = start(&world);
    tell(&actor, [Event::Spawn { start: 1 }, Event::Work { start: 1 }]).await;
    assert_eq!(world.alive.load(Ordering::SeqCst), 2);
    // Idle children need no time.
    let before = tokio::time::Instant::now();
    assert_eq!(actor.stop(Duration::from_secs(5)).await, StopReason::Stopped { cancelled: 0, dropped: 0 });
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    assert_eq!(world.alive.load(Ordering::SeqCst), 0);
    // One that has not finished at the deadline is cancelled.
    let (actor, _) = start(&world);
    tell(&actor, [Event::Work { start: 1 }, Event::Hold]).await;
    let reason = actor.stop(Duration::from_secs(5)).await;
    assert!(matches!(reason, StopReason::Stopped { .. }), "{reason:?}");
    assert_eq!(world.alive.load(Ordering::SeqCst), 0);
    let (actor, _) = start(&world);
    tell(&actor, [Event::Work { start: 1 }, Event::Hold]).await;
    actor.abort();
    assert_eq!(actor.join().await, StopReason::Aborted);
    settle().await;
    assert_eq!((world.alive.load(Ordering::SeqCst), names(&actor).len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn children_can_be_watched() {
    let inspector = Inspector::default();
    let mut records = inspector.subscribe();
    let options = Options::default().name("p").inspector(&inspector);
    let actor = actor::spawn(Parent::new(World::default()), options);
    tell(&actor, [Event::Spawn { start: 1 }]).await;
    tell(&actor, [Event::Collect]).await;
    tell(&actor, [Event::Spawn { start: 2 }, Event::Stop]).await;
    let mut lines = Vec::new();
    while let Ok(record) = records.try_recv() {
        let line = format!("{}: {}", record.actor, record.what);
        if line.contains("child") || line.starts_with("p.extra: event") || line.contains("stopped") {
            lines.push(line);
        }
    }
    assert_eq!(
        lines,
        [
            "p: child extra started",
            "p.extra: event Add { n: 1 }",
            "p.extra: event Finish",
            "p.extra: stopped: its machine is done",
            "p: child extra finished",
            "p: child extra started",
            "p: child extra stopped",
            "p.extra: stopped: aborted",
        ]
    );
}
