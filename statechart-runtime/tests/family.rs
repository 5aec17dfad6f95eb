//! Children as actors: what they say to the machine that started them, and what they do when it stops them.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use statechart_runtime::actor::{self, Handle, Options, StopReason};

statechart_runtime::statechart!("specs/family.sc");

use boss::{Event, Machine, Output};

/// What children have told, in order.
#[derive(Clone, Default)]
struct World(Arc<Mutex<Vec<String>>>);

impl World {
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl boss::Externs for World {
    fn spawn_kid(&mut self, _: &kid::Params) -> impl kid::Externs + Send + 'static {
        self.clone()
    }
}

impl kid::Externs for World {
    fn told(&mut self, what: statechart_runtime::value::Text) {
        self.0.lock().unwrap().push(what.to_string());
    }
    fn spawn_toy(&mut self) -> impl toy::Externs + Send + 'static {
        self.clone()
    }
}

impl toy::Externs for World {
    fn told(&mut self, what: statechart_runtime::value::Text) {
        self.0.lock().unwrap().push(what.to_string());
    }
}

/// What the parent has emitted since the last look.
struct Seen(tokio::sync::broadcast::Receiver<Output>);

impl Seen {
    fn all(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

fn start(world: &World) -> (Handle<Machine<World>>, Seen) {
    let actor = actor::spawn(Machine::new(world.clone()), Options::default().name("b"));
    let seen = Seen(actor.outputs());
    (actor, seen)
}

async fn tell(actor: &Handle<Machine<World>>, events: impl IntoIterator<Item = Event>) {
    for event in events {
        actor.tell(event).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
}

fn shown(outputs: &[Output]) -> String {
    outputs.iter().map(|output| format!("{output:?}")).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn a_child_speaks_to_its_parent_and_what_it_said_comes_before_its_end() {
    let world = World::default();
    let (actor, mut seen) = start(&world);
    tell(&actor, [Event::Start]).await;
    assert_eq!(shown(&seen.all()), "Heard { n: 3 }");
    tell(&actor, [Event::Finish]).await;
    assert_eq!(shown(&seen.all()), "Heard { n: 99 } Heard { n: 7 } Heard { n: 8 } Gone");
    // The toy is stopped when its parent is done, and leaves its states as well.
    assert_eq!(world.told(), ["inner", "outer", "toy"]);
    assert_eq!(actor.leaves(), ["off"]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_child_leaves_its_states_and_is_heard_no_more() {
    let world = World::default();
    let (actor, mut seen) = start(&world);
    tell(&actor, [Event::Start]).await;
    let kid = actor.children()[0].clone();
    tell(&actor, [Event::Stop]).await;
    assert_eq!(world.told(), ["inner", "outer", "toy"]);
    // Its last words were for a parent that does not listen any more.
    assert_eq!(shown(&seen.all()), "Heard { n: 3 }");
    assert_eq!(kid.join().await, StopReason::Aborted);
    // So it is when another takes its place, and when the machine is stopped with its actor nothing is said.
    tell(&actor, [Event::Start, Event::Start]).await;
    tell(&actor, [Event::Last]).await;
    assert_eq!(world.told().iter().filter(|what| *what == "outer").count(), 2);
    let heard = shown(&seen.all());
    assert!(!heard.contains("99"), "{heard}");
}

/// On threads that really run beside each other the order holds as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_child_said_comes_before_its_end_on_several_threads() {
    let world = World::default();
    for _ in 0..200 {
        let (actor, mut seen) = start(&world);
        actor.tell(Event::Start).await.unwrap();
        // What is sent to a child that has not been started yet would be a fault.
        while actor.children().is_empty() {
            tokio::task::yield_now().await;
        }
        actor.tell(Event::Finish).await.unwrap();
        let mut heard = String::new();
        while !heard.ends_with("Gone") {
            match tokio::time::timeout(Duration::from_secs(10), seen.0.recv()).await.unwrap() {
                Ok(output) => heard.push_str(&format!(" {output:?}")),
                Err(error) => panic!("{error}: {heard}"),
            }
        }
        assert_eq!(heard, " Heard { n: 3 } Heard { n: 99 } Heard { n: 7 } Heard { n: 8 } Gone");
    }
}
