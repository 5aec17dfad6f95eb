//! A system of actors: five philosophers and five forks, each a machine of its own, who talk by messages only.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use statechart_runtime::actor::{Handle, Options, Undelivered, spawn};

statechart_runtime::statechart!("specs/philosophers.sc");

const SEATS: i64 = 5;
const MEALS: i64 = 3;

type Philosopher = Handle<philosopher::Machine<()>>;
type Fork = Handle<fork::Machine<()>>;

/// Everybody at the table. Actors are started one by one, so they find each other here when all of them are.
#[derive(Default)]
struct Table {
    philosophers: Vec<Philosopher>,
    forks: Vec<Fork>,
}

/// Delivers a message to the member of a family that it names.
fn deliver<T>(
    members: Option<&Vec<T>>,
    number: i64,
    put: impl Fn(&T) -> Result<(), Undelivered>,
) -> Result<(), Undelivered> {
    let member = usize::try_from(number).ok().and_then(|number| members?.get(number));
    member.map_or(Err(Undelivered::Stopped { peer: "nobody has this seat".into() }), put)
}

fn philosopher(seat: i64, table: Arc<OnceLock<Table>>) -> Philosopher {
    let peers = move |message| match message {
        philosopher::Message::Fork(event) => {
            let (fork::Event::Take { fork, .. } | fork::Event::Drop { fork }) = event;
            deliver(table.get().map(|table| &table.forks), fork, |fork| fork.deliver(event.clone()))
        }
        // What a machine sends to itself does not come by here.
        philosopher::Message::Itself(_) => Ok(()),
    };
    let machine = philosopher::Machine::new(philosopher::Params { seat, seats: SEATS, meals: MEALS }, ());
    spawn(machine, Options::default().name(format!("philosopher {seat}")).peers(peers))
}

fn fork(fork: i64, table: Arc<OnceLock<Table>>) -> Fork {
    let peers = move |message| match message {
        fork::Message::Philosopher(event) => {
            let philosopher::Event::Taken { seat, .. } = event else { return Ok(()) };
            deliver(table.get().map(|table| &table.philosophers), seat, |guest| guest.deliver(event.clone()))
        }
        fork::Message::Itself(_) => Ok(()),
    };
    spawn(
        fork::Machine::new(fork::Params { fork }, ()),
        Options::default().name(format!("fork {fork}")).peers(peers),
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let seen = Arc::new(OnceLock::new());
    let table = Table {
        philosophers: (0..SEATS).map(|seat| philosopher(seat, seen.clone())).collect(),
        forks: (0..SEATS).map(|number| fork(number, seen.clone())).collect(),
    };
    let table = seen.get_or_init(|| table);

    for philosopher in &table.philosophers {
        // Fails for one that has ended; none has sat down yet.
        let _ = philosopher.tell(philosopher::Event::Sit).await;
    }
    for philosopher in &table.philosophers {
        let end = philosopher.join().await;
        let meals = philosopher.path().iter().filter(|state| *state == "eating").count();
        println!("{}: {meals} meals, {end}", philosopher.name());
    }
    for fork in &table.forks {
        fork.stop(Duration::from_secs(1)).await;
        println!("{}: {}", fork.name(), fork.leaves().join(", "));
    }
}
