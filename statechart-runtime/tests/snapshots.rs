//! Running actors as snapshots, and actors that go on from them. On a paused clock, so every test is exact.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use statechart_runtime::{
    actor::{self, Clock, Handle, NoSnapshot, Options},
    snapshot::Snapshot,
    value::Time,
};
use tokio::sync::broadcast::Receiver;

statechart_runtime::statechart!("specs/children.sc", snapshot);

use parent::{Event, Output};

/// Counts the services that run.
#[derive(Clone, Default)]
struct World(Arc<AtomicUsize>);

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl adder::Externs for World {
    fn crash(&mut self) {}
    fn hold(&mut self) -> impl Future<Output = adder::HoldOutcome> + Send + 'static {
        self.0.fetch_add(1, Ordering::SeqCst);
        let alive = Alive(self.0.clone());
        async move {
            let _alive = alive;
            std::future::pending().await
        }
    }
}

impl parent::Externs for World {
    fn spawn_adder(&mut self, _: &adder::Params) -> impl adder::Externs + Send + 'static {
        self.clone()
    }
}

type Parent = parent::Machine<World>;

fn options() -> Options<Parent> {
    Options::default().name("p").clock(Clock::tokio(Time(5_000_000)))
}

/// Goes on from the text of a snapshot.
fn go_on(text: &str, world: &World) -> (Handle<Parent>, Receiver<Output>) {
    let snapshot = Snapshot::from_json(text).unwrap();
    let (machine, pending) = Parent::revive(world.clone(), &snapshot, Time(9_000_000)).unwrap();
    let actor = actor::resume(machine, pending, &snapshot, options()).unwrap();
    let outputs = actor.outputs();
    (actor, outputs)
}

async fn tell(actor: &Handle<Parent>, events: impl IntoIterator<Item = Event>) {
    for event in events {
        actor.tell(event).await.unwrap();
    }
    tokio::time::sleep(Duration::from_nanos(1)).await;
}

fn told(outputs: &mut Receiver<Output>) -> Vec<String> {
    std::iter::from_fn(|| outputs.try_recv().ok()).map(|output| format!("{output:?}")).collect()
}

async fn millis(count: u64) {
    tokio::time::sleep(Duration::from_millis(count)).await;
}

#[tokio::test(start_paused = true)]
async fn children_and_messages_under_way_go_on() {
    let world = World::default();
    let actor = actor::spawn(Parent::new(world.clone()), options());
    tell(&actor, [Event::Spawn { start: 5 }, Event::Work { start: 100 }, Event::Add { n: 1 }]).await;
    tell(&actor, [Event::Nudge { n: 3 }, Event::Later { n: 10 }]).await;
    millis(400).await;
    let snapshot = actor.snapshot().await.unwrap();
    assert_eq!(snapshot.states, ["busy"]);
    let message = &snapshot.messages[0];
    assert_eq!(
        (message.to.as_str(), message.event.as_str(), message.id.as_deref()),
        ("extra", "ADD", Some("later"))
    );
    assert!((599_000..=600_000).contains(&message.due_in_us), "{message:?}");
    let sums: Vec<_> = snapshot
        .children
        .iter()
        .map(|child| (child.id.as_str(), child.snapshot.as_ref().unwrap().context["sum"].clone()))
        .collect();
    assert_eq!(sums, [("extra", 9.into()), ("worker", 101.into())]);
    // Taking it has changed nothing, and what was told to one that goes on later is no business of the other.
    actor.abort();
    actor.join().await;
    let (actor, mut outputs) = go_on(&snapshot.to_json(), &world);
    millis(500).await;
    assert_eq!(actor.leaves(), ["busy"]);
    assert_eq!(actor.children().len(), 2);
    // The rest of the second, and then the delayed message is there.
    tell(&actor, [Event::Finish]).await;
    millis(200).await;
    tell(&actor, [Event::Collect]).await;
    assert_eq!(told(&mut outputs), ["Result { sum: 101 }", "Extra { sum: 19 }"]);
}

#[tokio::test(start_paused = true)]
async fn timers_and_services_of_children_go_on() {
    let world = World::default();
    let actor = actor::spawn(Parent::new(world.clone()), options());
    tell(&actor, [Event::Work { start: 1 }, Event::Hold]).await;
    millis(4_000).await;
    let snapshot = actor.snapshot().await.unwrap();
    let child = snapshot.children[0].snapshot.as_ref().unwrap();
    assert!((5_999_000..=6_000_000).contains(&child.timers[0].remaining_us), "{child:?}");
    actor.abort();
    actor.join().await;
    assert_eq!(world.0.load(Ordering::SeqCst), 0);
    let (actor, mut outputs) = go_on(&snapshot.to_json(), &world);
    millis(5_900).await;
    // The service was started anew.
    assert_eq!((world.0.load(Ordering::SeqCst), told(&mut outputs).len()), (1, 0));
    millis(200).await;
    assert_eq!((told(&mut outputs), actor.leaves()), (vec!["Result { sum: 1 }".to_owned()], vec!["idle"]));
    assert_eq!(world.0.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn what_it_has_sent_to_itself_is_not_lost() {
    let world = World::default();
    let actor = actor::spawn(Parent::new(world.clone()), options());
    tell(&actor, [Event::Spawn { start: 0 }]).await;
    // The echo is behind the snapshot in the mailbox.
    actor.try_tell(Event::Echo).unwrap();
    let snapshot = actor.snapshot().await.unwrap();
    let messages: Vec<_> =
        snapshot.messages.iter().map(|one| (one.to.as_str(), one.event.as_str())).collect();
    assert_eq!(messages, [("self", "NUDGE")]);
    let (actor, mut outputs) = go_on(&snapshot.to_json(), &world);
    tell(&actor, [Event::Echo]).await;
    tell(&actor, [Event::Collect]).await;
    assert_eq!(told(&mut outputs), ["Extra { sum: 15 }"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_without_a_snapshot_has_failed() {
    let world = World::default();
    let actor = actor::spawn(Parent::new(world.clone()), options());
    tell(&actor, [Event::Work { start: 1 }]).await;
    let mut snapshot = actor.snapshot().await.unwrap();
    snapshot.children[0].snapshot = None;
    let (restored, mut outputs) = go_on(&snapshot.to_json(), &world);
    millis(1).await;
    assert_eq!(
        (told(&mut outputs), restored.leaves()),
        (vec!["Trouble { kind: \"child\" }".to_owned()], vec!["busy"])
    );
    // A wrong one is told before anything runs.
    let mut snapshot = actor.snapshot().await.unwrap();
    snapshot.children[0].snapshot.as_mut().unwrap().states = vec!["nowhere".to_owned()];
    let (machine, pending) = Parent::revive(world.clone(), &snapshot, Time(0)).unwrap();
    let error = actor::resume(machine, pending, &snapshot, options()).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn one_that_has_ended_gives_none() {
    let actor = actor::spawn(Parent::new(World::default()), options());
    actor.abort();
    actor.join().await;
    assert_eq!(actor.snapshot().await, Err(NoSnapshot::Ended { actor: "p".into() }));
}
