//! The ends of an actor.

use super::*;
use crate::actor::{Shutdown, Status, StopReason, TellError, shutdown_all};

#[tokio::test(start_paused = true)]
async fn a_graceful_stop_finishes_what_was_accepted() {
    // Each row: the jobs told before, how long the stop may take, the reason, the answers.
    let rows: &[(&[i64], u64, StopReason, usize)] = &[
        (&[], 10, StopReason::Stopped { cancelled: 0, dropped: 0 }, 0),
        // The second is deferred until the first is done: both are processed.
        (&[1, 2], 10, StopReason::Stopped { cancelled: 0, dropped: 0 }, 2),
        (&[1, 4], 10, StopReason::Stopped { cancelled: 1, dropped: 0 }, 1),
        (&[7], 10, StopReason::Stopped { cancelled: 1, dropped: 0 }, 0),
        // A stream learns that nobody listens any more, and ends.
        (&[8], 10, StopReason::Stopped { cancelled: 0, dropped: 0 }, 1),
        (&[1], 0, StopReason::Stopped { cancelled: 0, dropped: 1 }, 0),
    ];
    for (jobs, within, reason, answers) in rows {
        let script = Script::default();
        let actor = crate::actor::spawn(Worker::new(script.clone()), options());
        let mut outputs = actor.outputs();
        for job in *jobs {
            actor.tell(Event::Go { job: *job }).await.unwrap();
        }
        actor.request_stop(Duration::from_secs(*within));
        assert!(matches!(actor.try_tell(Event::Ping), Err(TellError::Stopped { event: Event::Ping, .. })));
        assert_eq!(actor.join().await, *reason, "{jobs:?}");
        assert_eq!(actor.status(), Status::Stopped(reason.clone()));
        let told =
            std::iter::from_fn(|| outputs.try_recv().ok()).filter(|output| answer(output).is_some()).count();
        assert_eq!(told, *answers, "{jobs:?}");
        assert_eq!(script.alive.load(Ordering::SeqCst), 0, "{jobs:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_abort_takes_no_further_step() {
    let script = Script::default();
    let actor = crate::actor::spawn(Worker::new(script.clone()), options());
    let mut outputs = actor.outputs();
    actor.tell(Event::Go { job: 4 }).await.unwrap();
    settle().await;
    actor.try_tell(Event::Ping).unwrap();
    actor.request_stop(SECOND);
    actor.abort();
    assert_eq!(actor.join().await, StopReason::Aborted);
    assert!(outputs.try_recv().is_err());
    assert_eq!(script.alive.load(Ordering::SeqCst), 0);
    assert!(actor.tell(Event::Ping).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_done_machine_ends_its_actor() {
    let actor = worker(options());
    actor.tell(Event::Go { job: 4 }).await.unwrap();
    actor.tell(Event::Quit).await.unwrap();
    actor.tell(Event::Ping).await.unwrap();
    assert_eq!(actor.join().await, StopReason::Done);
    assert!(actor.is_done());
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_nothing_can_reach_ends() {
    let script = Script::default();
    let pongs = Arc::new(AtomicUsize::new(0));
    let counted = pongs.clone();
    let actor = crate::actor::spawn(
        Worker::new(script.clone()),
        options().on_output(move |output| {
            counted.fetch_add(usize::from(*output == Output::Pong), Ordering::SeqCst);
        }),
    );
    let mut states = actor.states();
    actor.tell(Event::Later).await.unwrap();
    actor.tell(Event::Ping).await.unwrap();
    drop(actor);
    seconds(4).await;
    // What was told is processed, and the delayed send keeps it alive.
    assert_eq!((pongs.load(Ordering::SeqCst), &states.borrow_and_update().status), (1, &Status::Running));
    seconds(2).await;
    assert_eq!(pongs.load(Ordering::SeqCst), 2);
    assert_eq!(states.borrow_and_update().status, Status::Stopped(StopReason::Unreachable));
    // Neither a disarmed timer nor a cancelled service keeps one alive.
    let actor = worker(options());
    let states = actor.states();
    actor.tell(Event::Go { job: 4 }).await.unwrap();
    actor.tell(Event::Cancel).await.unwrap();
    drop(actor);
    seconds(1).await;
    assert_eq!(states.borrow().status, Status::Stopped(StopReason::Unreachable));
}

#[tokio::test(start_paused = true)]
async fn several_actors_stop_together_or_in_order() {
    let shutdown = Shutdown::new();
    let actors: Vec<_> = (0..3).map(|_| worker(options().shutdown(&shutdown))).collect();
    for actor in &actors {
        actor.tell(Event::Go { job: 1 }).await.unwrap();
    }
    settle().await;
    assert!(!shutdown.is_requested());
    shutdown.request(Duration::from_secs(5));
    shutdown.request(Duration::ZERO);
    for actor in &actors {
        assert_eq!(actor.join().await, StopReason::Stopped { cancelled: 0, dropped: 0 });
        assert_eq!(actor.leaves(), ["idle"]);
    }
    // One that starts too late ends at once.
    let late = worker(options().shutdown(&shutdown));
    assert_eq!(late.join().await, StopReason::Stopped { cancelled: 0, dropped: 0 });

    let (first, second) = (worker(options().name("first")), worker(options().name("second")));
    first.tell(Event::Go { job: 4 }).await.unwrap();
    second.tell(Event::Go { job: 1 }).await.unwrap();
    settle().await;
    let reasons = shutdown_all([first.reference(), second.reference()], Duration::from_secs(4)).await;
    let names: Vec<_> = reasons.iter().map(|(name, reason)| format!("{name} {reason}")).collect();
    assert_eq!(
        names,
        [
            "first stopped; 1 running services cancelled and 0 waiting events dropped at the deadline",
            "second stopped; 0 running services cancelled and 0 waiting events dropped at the deadline"
        ]
    );
}

#[test]
fn a_runtime_that_ends_aborts_its_actors() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let actor = {
        let _inside = runtime.enter();
        worker(options())
    };
    drop(runtime);
    assert_eq!(actor.status(), Status::Stopped(StopReason::Aborted));
    assert!(actor.try_tell(Event::Ping).is_err());
}
