//! Services and timers: cancelled with their state, results on time, panics.

use std::future::poll_fn;

use super::*;
use crate::{
    actor::{
        ServicePanic, StopReason,
        services::{Ended, ServiceTasks},
        shared::Shared,
        shell::Shell,
    },
    chart::{Effects, tests::worker::Call},
};

#[tokio::test(start_paused = true)]
async fn a_result_comes_after_its_items() {
    // The mailbox holds one item, so that the service waits for room, and its result for its items.
    for mailbox in [1, 1024] {
        let actor = worker(options().mailbox(mailbox));
        let mut outputs = actor.outputs();
        actor.tell(Event::Go { job: 2 }).await.unwrap();
        settle().await;
        let told: Vec<_> = std::iter::from_fn(|| outputs.try_recv().ok()).collect();
        let saw = |n| Output::Saw { n };
        assert_eq!(told, [saw(1), saw(2), saw(4), Output::Answer { job: 2, total: 7 }]);
    }
}

#[tokio::test(start_paused = true)]
async fn leaving_a_state_cancels_what_it_started() {
    let script = Script::default();
    let actor = crate::actor::spawn(Worker::new(script.clone()), options());
    let mut outputs = actor.outputs();
    actor.tell(Event::Go { job: 4 }).await.unwrap();
    seconds(29).await;
    assert_eq!(script.alive.load(Ordering::SeqCst), 1);
    assert_eq!(actor.leaves(), ["running", "waiting"]);
    seconds(1).await;
    settle().await;
    assert_eq!((outputs.try_recv(), actor.leaves()), (Ok(Output::Late), vec!["running", "late"]));
    actor.tell(Event::Cancel).await.unwrap();
    settle().await;
    assert_eq!(script.alive.load(Ordering::SeqCst), 0);
    // The timer of a state that was left does not fire, nor that of one entered again too early.
    actor.tell(Event::Go { job: 4 }).await.unwrap();
    seconds(20).await;
    actor.tell(Event::Cancel).await.unwrap();
    actor.tell(Event::Go { job: 4 }).await.unwrap();
    seconds(29).await;
    assert_eq!(actor.leaves(), ["running", "waiting"]);
    assert!(outputs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_late_result_is_dropped() {
    let shared = Arc::new(Shared::new(&mut options().mailbox(8)));
    let mut machine = Worker::new(Script::default());
    let mut tasks = ServiceTasks::<W>::new();
    tasks.start(&mut machine, shared.clone(), (1, 0, 5), Call::Work { job: 2 }).unwrap();
    // The task has ended with its result when its state is left, and a second stay has begun.
    settle().await;
    assert!(tasks.stop(0));
    tasks.start(&mut machine, shared.clone(), (1, 0, 6), Call::Work { job: 2 }).unwrap();
    settle().await;
    assert!(matches!(poll_fn(|context| tasks.poll_ended(context)).await, Ended::Nothing));
    assert_eq!((shared.mailbox.len(), tasks.count(0, 5), tasks.running()), (6, false, 1));
    // The second's result waits for its three items.
    assert!(matches!(poll_fn(|context| tasks.poll_ended(context)).await, Ended::Nothing));
    for left in [2, 1, 0] {
        assert!(tasks.due(0, 6).is_none());
        assert!(tasks.count(0, 6), "{left}");
    }
    let due = tasks.due(0, 6).unwrap();
    assert_eq!((due.generation, due.event, tasks.running()), (6, Event::Result, 0));
}

#[tokio::test(start_paused = true)]
async fn deferred_events_wait_for_the_service() {
    let actor = worker(options());
    let mut outputs = actor.outputs();
    for job in [1, 2, 1] {
        actor.tell(Event::Go { job }).await.unwrap();
    }
    seconds(3).await;
    let jobs: Vec<_> =
        std::iter::from_fn(|| outputs.try_recv().ok()).filter_map(|output| answer(&output)).collect();
    assert_eq!(jobs, [(1, 0), (2, 7), (1, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_held_back_by_a_slow_machine() {
    let actor = worker(options().mailbox(4));
    let mut outputs = actor.outputs();
    actor.tell(Event::Go { job: 5 }).await.unwrap();
    // Endless items: only the actor's turns let the service go on, and others get through.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(actor.ask(Event::Ping, pong, SECOND).await, Ok(()));
    actor.tell(Event::Cancel).await.unwrap();
    settle().await;
    assert_eq!(actor.leaves(), ["idle"]);
    while outputs.try_recv().is_ok() {}
    // Items that waited in the mailbox when their state was left are not unhandled events of `idle`.
    assert_eq!(actor.unhandled(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_service_is_decided_on() {
    for job in [3, 6] {
        let fails = worker(options());
        fails.tell(Event::Go { job }).await.unwrap();
        let StopReason::Failed { why } = fails.join().await else { panic!("job {job} did not fail") };
        assert!(why.starts_with("service work: "), "{why}");
        let goes_on = worker(options().on_service_panic(ServicePanic::Fault));
        let faulted =
            goes_on.ask(Event::Go { job }, |output| (*output == Output::Faulted).then_some(()), SECOND);
        assert_eq!(faulted.await, Ok(()));
        assert_eq!(goes_on.leaves(), ["running", "waiting"]);
        goes_on.tell(Event::Cancel).await.unwrap();
        assert_eq!(goes_on.ask(Event::Go { job: 2 }, answer, SECOND).await, Ok((2, 7)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_left_within_its_step_never_starts() {
    let mut options = options();
    let mut shell = Shell::new(Arc::new(Shared::new(&mut options)), options);
    let script = Script::default();
    let mut machine = Worker::new(script.clone());
    for is_left in [true, false] {
        shell.start(0, 1, Call::Work { job: 4 });
        if is_left {
            shell.stop(0);
        }
        shell.turn(&mut machine, Some(crate::chart::Input::Event(Event::Ping))).unwrap();
        assert_eq!(shell.running(), usize::from(!is_left));
    }
}
