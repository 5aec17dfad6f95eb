//! Actors on a paused clock: Tokio advances it whenever nothing can run, so every test is exact.
#![allow(clippy::unwrap_used)]

mod delivery;
mod inspection;
mod services;
mod stopping;
mod supervision;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{Handle, Options};
use crate::chart::{
    Report,
    tests::worker::{Event, Externs, Output, Worker},
};

/// What a worker's jobs do; counts the futures that are alive.
#[derive(Debug, Default, Clone)]
struct Script {
    alive: Arc<AtomicUsize>,
    gate: Arc<Notify>,
}

/// One running job; dropped when it ends or is cancelled.
struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Jobs: 1 one second · 2 three items, then the result at once · 3 panics · 4 never ends · 5 endless
/// items · 6 panics before there is a future · 7 a minute · 8 an item a second, until nobody listens ·
/// 9 as 2, once the gate opens.
impl Externs for Script {
    fn boom(&mut self) {
        panic!("boom");
    }
    fn work<R: Report<Event>>(
        &mut self,
        job: i64,
        report: R,
    ) -> impl Future<Output = Event> + Send + 'static {
        assert_ne!(job, 6, "no future for 6");
        self.alive.fetch_add(1, Ordering::SeqCst);
        let (alive, gate) = (Alive(self.alive.clone()), self.gate.clone());
        async move {
            let _alive = alive;
            match job {
                1 => tokio::time::sleep(Duration::from_secs(1)).await,
                2 | 9 => {
                    if job == 9 {
                        gate.notified().await;
                    }
                    for n in [1, 2, 4] {
                        report.report(Event::Item { n }).await;
                    }
                }
                3 => panic!("job 3"),
                4 => std::future::pending().await,
                5 => while report.report(Event::Item { n: 1 }).await {},
                7 => tokio::time::sleep(Duration::from_secs(60)).await,
                _ => {
                    while report.report(Event::Item { n: 1 }).await {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
            Event::Result
        }
    }
}

type W = Worker<Script>;

fn worker(options: Options<W>) -> Handle<W> {
    super::spawn(Worker::new(Script::default()), options)
}

fn options() -> Options<W> {
    Options::default()
}

/// Lets every task run until none can without the clock.
async fn settle() {
    tokio::time::sleep(Duration::from_nanos(1)).await;
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn pong(output: &Output) -> Option<()> {
    matches!(output, Output::Pong).then_some(())
}

fn answer(output: &Output) -> Option<(i64, i64)> {
    match output {
        Output::Answer { job, total } => Some((*job, *total)),
        _ => None,
    }
}

const SECOND: Duration = Duration::from_secs(1);
