//! Telling, asking, sending: order, back-pressure, limits.

use std::sync::{Arc, Mutex};

use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::*;
use crate::{
    actor::{AskError, Clock, Status, TellError, Undelivered},
    chart::tests::worker::Message,
    value::Time,
};

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_gives_the_event_back() {
    let actor = worker(options().name("w").mailbox(2));
    // The loop has not run yet.
    actor.try_tell(Event::Ping).unwrap();
    actor.try_tell(Event::Ping).unwrap();
    let full = actor.try_tell(Event::Forward { n: 9 }).unwrap_err();
    assert_eq!(full, TellError::Full { actor: "w".into(), limit: 2, event: Event::Forward { n: 9 } });
    assert!(full.to_string().contains("limit of 2"), "{full}");
    assert_eq!(actor.deliver(Event::Ping), Err(Undelivered::Full { peer: "w".into(), limit: 2 }));
    // `tell` waits for room, and nothing is lost.
    let mut outputs = actor.outputs();
    for _ in 0..100 {
        actor.tell(Event::Ping).await.unwrap();
    }
    settle().await;
    assert_eq!(outputs.len(), 102);
    assert_eq!(outputs.try_recv(), Ok(Output::Pong));
}

#[tokio::test(start_paused = true)]
async fn events_to_itself_never_block() {
    let actor = worker(options().mailbox(2));
    let mut outputs = actor.outputs();
    // Each ECHO finds its own mailbox full of the others.
    for _ in 0..50 {
        actor.tell(Event::Echo).await.unwrap();
    }
    settle().await;
    let pongs =
        std::iter::from_fn(|| outputs.try_recv().ok()).filter(|output| *output == Output::Pong).count();
    assert_eq!(pongs, 50);
    actor.tell(Event::Later).await.unwrap();
    tokio::time::sleep(Duration::from_millis(4999)).await;
    assert_eq!(outputs.try_recv(), Err(TryRecvError::Empty));
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(outputs.try_recv(), Ok(Output::Pong));
}

#[tokio::test(start_paused = true)]
async fn sends_with_a_delay_are_limited() {
    let actor = worker(options().delayed(2));
    let mut outputs = actor.outputs();
    for _ in 0..3 {
        actor.tell(Event::Later).await.unwrap();
    }
    settle().await;
    assert_eq!(outputs.try_recv(), Ok(Output::Faulted));
    seconds(6).await;
    assert_eq!(outputs.len(), 2);
    actor.tell(Event::Later).await.unwrap();
    seconds(6).await;
    assert_eq!(outputs.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn peers_get_messages_or_the_machine_a_fault() {
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = got.clone();
    let actor = worker(options().peers(move |message| {
        if format!("{message:?}") == "Peer(2)" {
            return Err(Undelivered::Stopped { peer: "other".into() });
        }
        kept.lock().unwrap().push(format!("{message:?}"));
        Ok(())
    }));
    let mut outputs = actor.outputs();
    for n in [1, 2, 3] {
        actor.tell(Event::Forward { n }).await.unwrap();
    }
    actor.tell(Event::Ping).await.unwrap();
    settle().await;
    assert_eq!(*got.lock().unwrap(), ["Peer(1)", "Peer(3)"]);
    assert_eq!([outputs.try_recv().unwrap(), outputs.try_recv().unwrap()], [Output::Faulted, Output::Pong]);
    // Without peers every message is undelivered.
    let alone = worker(options());
    let faulted =
        alone.ask(Event::Forward { n: 1 }, |output| (*output == Output::Faulted).then_some(()), SECOND);
    assert_eq!(faulted.await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn asks_are_answered_or_say_why_not() {
    let actor = worker(options().name("w").asks(1));
    assert_eq!(actor.ask(Event::Ping, pong, SECOND).await, Ok(()));
    // An answer that takes a service, a stream and a `done`.
    assert_eq!(actor.ask(Event::Go { job: 2 }, answer, SECOND).await, Ok((2, 7)));
    // Nothing reacts to RESULT in `idle`.
    let unhandled = AskError::Unhandled { actor: "w".into() };
    assert_eq!(actor.ask(Event::Result, answer, SECOND).await, Err(unhandled));
    assert_eq!(actor.unhandled(), 1);
    // Answers of events before the ask do not count: the first PONG here is the ask's own.
    actor.try_tell(Event::Go { job: 1 }).unwrap();
    let deadline = AskError::Deadline { actor: "w".into(), deadline_ms: 500 };
    assert_eq!(actor.ask(Event::Go { job: 4 }, answer, SECOND / 2).await, Err(deadline));
    // That asker has gone and no longer counts against the limit.
    let (first, second) = tokio::join!(
        actor.ask(Event::Ping, |_| None::<()>, SECOND / 4),
        actor.ask(Event::Ping, pong, SECOND / 4)
    );
    assert_eq!(first, Err(AskError::Deadline { actor: "w".into(), deadline_ms: 250 }));
    assert_eq!(second, Err(AskError::TooMany { actor: "w".into(), limit: 1 }));
    let ended = {
        let asking = actor.ask(Event::Ping, |_| None::<()>, SECOND);
        let quitting = async {
            settle().await;
            actor.tell(Event::Quit).await.unwrap();
        };
        tokio::join!(asking, quitting).0
    };
    assert_eq!(ended, Err(AskError::Ended { actor: "w".into() }));
    assert_eq!(actor.ask(Event::Ping, pong, SECOND).await, Err(AskError::Stopped { actor: "w".into() }));
}

#[tokio::test(start_paused = true)]
async fn subscribers_are_told_what_they_missed() {
    let actor = worker(options().outputs(4));
    let mut outputs = actor.outputs();
    for _ in 0..10 {
        actor.tell(Event::Ping).await.unwrap();
    }
    settle().await;
    assert_eq!(outputs.recv().await, Err(RecvError::Lagged(6)));
    assert_eq!(outputs.recv().await, Ok(Output::Pong));
    actor.abort();
    actor.join().await;
    for _ in 0..3 {
        outputs.recv().await.unwrap();
    }
    assert_eq!(outputs.recv().await, Err(RecvError::Closed));
    assert_eq!(actor.outputs().recv().await, Err(RecvError::Closed));
}

#[tokio::test(start_paused = true)]
async fn states_can_be_watched() {
    let actor = worker(options().name("w").clock(Clock::tokio(Time(1_000_000))));
    let mut states = actor.states();
    states.changed().await.unwrap();
    seconds(2).await;
    actor.tell(Event::Go { job: 1 }).await.unwrap();
    states.changed().await.unwrap();
    let seen = states.borrow_and_update().clone();
    assert_eq!(
        (seen.leaves.as_slice(), seen.context.as_str()),
        (["running", "waiting"].as_slice(), "job: 1, total: 0")
    );
    assert_eq!((seen.since, &seen.status), (Time(3_000_000), &Status::Running));
    states.changed().await.unwrap();
    assert_eq!(states.borrow_and_update().leaves, ["idle"]);
    actor.tell(Event::Quit).await.unwrap();
    let reason = actor.join().await;
    assert_eq!(states.borrow_and_update().status, Status::Stopped(reason));
    assert_eq!(actor.leaves(), ["end"]);
    // `finished` was left again within its macrostep.
    let path = ["idle", "running, waiting", "finished, waiting", "idle", "end"];
    assert_eq!(actor.path(), path);
    assert_eq!(actor.reference().path(), path);
}

/// On several threads: every event of every sender is processed once, in its sender's order, while
/// services start, stream and are cancelled.
#[test]
fn nothing_is_lost_between_threads() {
    const SENDERS: i64 = 4;
    const EACH: i64 = 2_000;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    runtime.block_on(async {
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = got.clone();
        let actor = worker(options().mailbox(16).peers(move |message| {
            kept.lock().unwrap().push(message);
            Ok(())
        }));
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let actor = actor.clone();
                tokio::spawn(async move {
                    for number in 0..EACH {
                        actor.tell(Event::Forward { n: sender * EACH + number }).await.unwrap();
                        if number % 100 == 0 {
                            actor.tell(Event::Cancel).await.unwrap();
                            actor.tell(Event::Go { job: 5 - number % 200 / 100 }).await.unwrap();
                        }
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        // Answered after everything told before it.
        actor.ask(Event::Ping, pong, 60 * SECOND).await.unwrap();
        actor.abort();
        actor.join().await;
        let got = got.lock().unwrap();
        for sender in 0..SENDERS {
            let numbers = got.iter().filter_map(|message| match message {
                Message::Peer(n) if n / EACH == sender => Some(n % EACH),
                _ => None,
            });
            assert!(numbers.eq(0..EACH), "sender {sender}");
        }
    });
}
