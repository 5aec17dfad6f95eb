//! Restarts: what survives them, and their limits.

use super::*;
use crate::actor::{RestartPolicy, Status, StopReason, supervise};

fn policy(max_restarts: u32) -> RestartPolicy {
    RestartPolicy {
        max_restarts,
        within: Duration::from_secs(60),
        backoff: SECOND,
        backoff_limit: Duration::from_secs(3),
    }
}

fn supervised(max_restarts: u32) -> Handle<W> {
    supervise(|| Worker::new(Script::default()), options().name("w"), policy(max_restarts))
}

#[tokio::test(start_paused = true)]
async fn the_handle_and_the_mailbox_survive() {
    let actor = supervised(5);
    let mut outputs = actor.outputs();
    // The event that fails is not tried again; those behind it in the same batch are kept.
    for event in [Event::Ping, Event::Go { job: 4 }, Event::Boom, Event::Ping, Event::Go { job: 2 }] {
        actor.try_tell(event).unwrap();
    }
    settle().await;
    assert_eq!(actor.status(), Status::Restarting);
    actor.try_tell(Event::Ping).unwrap();
    assert_eq!(outputs.try_recv(), Ok(Output::Pong));
    assert!(outputs.is_empty());
    seconds(1).await;
    settle().await;
    assert_eq!((actor.status(), actor.restarts()), (Status::Running, 1));
    let told: Vec<_> = std::iter::from_fn(|| outputs.try_recv().ok()).collect();
    assert_eq!(told.first(), Some(&Output::Pong));
    assert_eq!(told.iter().find_map(answer), Some((2, 7)));
    assert_eq!(told.iter().filter(|output| **output == Output::Pong).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn restarts_are_limited_and_wait_longer_each_time() {
    let actor = supervised(3);
    let started = tokio::time::Instant::now();
    let mut waits = Vec::new();
    for _ in 0..3 {
        let before = started.elapsed();
        actor.tell(Event::Boom).await.unwrap();
        assert_eq!(actor.ask(Event::Ping, pong, Duration::from_secs(10)).await, Ok(()));
        waits.push((started.elapsed() - before).as_secs());
    }
    assert_eq!(waits, [1, 2, 3]);
    actor.tell(Event::Boom).await.unwrap();
    let reason = actor.join().await;
    assert_eq!(reason, StopReason::GaveUp { restarts: 3, within_ms: 60_000, why: "boom".into() });
    assert!(reason.is_failure());
}

#[tokio::test(start_paused = true)]
async fn old_restarts_no_longer_count() {
    let actor = supervised(1);
    for round in 1..=3 {
        actor.tell(Event::Boom).await.unwrap();
        seconds(62).await;
        assert_eq!((actor.status(), actor.restarts()), (Status::Running, round));
    }
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_the_old_machine_is_dropped() {
    let script = Script::default();
    let gate = script.gate.clone();
    let actor = supervise(move || Worker::new(script.clone()), options(), policy(5));
    let mut outputs = actor.outputs();
    actor.tell(Event::Go { job: 9 }).await.unwrap();
    settle().await;
    // The service wakes before the actor does, so that its items come behind the new machine's job,
    // which has the same activity and the same generation.
    gate.notify_one();
    for event in [Event::Boom, Event::Go { job: 4 }, Event::Ping] {
        actor.try_tell(event).unwrap();
    }
    seconds(2).await;
    assert_eq!((actor.restarts(), actor.leaves()), (1, vec!["running", "waiting"]));
    let told: Vec<_> = std::iter::from_fn(|| outputs.try_recv().ok()).collect();
    assert_eq!(told, [Output::Pong]);
    // A delayed send dies with its machine.
    actor.tell(Event::Later).await.unwrap();
    actor.tell(Event::Boom).await.unwrap();
    seconds(3).await;
    while outputs.try_recv().is_ok() {}
    seconds(10).await;
    assert!(outputs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_cannot_be_made_is_given_up() {
    let actor: Handle<W> = supervise(|| panic!("no socket"), options(), policy(2));
    let reason = actor.join().await;
    let why = "making the machine: no socket".into();
    assert_eq!(reason, StopReason::GaveUp { restarts: 2, within_ms: 60_000, why });
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait() {
    for is_abort in [false, true] {
        let actor = supervised(5);
        actor.tell(Event::Boom).await.unwrap();
        settle().await;
        actor.tell(Event::Ping).await.unwrap();
        assert_eq!(actor.status(), Status::Restarting);
        let reason = if is_abort {
            actor.abort();
            actor.join().await
        } else {
            actor.stop(SECOND).await
        };
        let expected =
            if is_abort { StopReason::Aborted } else { StopReason::Stopped { cancelled: 0, dropped: 1 } };
        assert_eq!(reason, expected);
    }
}
