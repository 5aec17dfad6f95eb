//! What an actor costs besides a task with a bounded channel: `cargo run --release -p statechart-runtime --example actor_cost`,
//! and a word of a row's name for that row alone.
//!
//! Every figure is nanoseconds for each operation on one thread, the lower quartile of interleaved rounds (the
//! machine may be shared), and in brackets the ratio to Tokio's bounded channel with a task behind it.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use statechart_runtime::actor::{self, Handle, Options};
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot},
};

statechart_runtime::statechart!("specs/meter.sc");

use meter::{Event, Machine, Output};

const ROUNDS: usize = 21;
const MAILBOX: usize = 1024;

enum Raw {
    Tick,
    Total(oneshot::Sender<i64>),
}

fn raw() -> mpsc::Sender<Raw> {
    let (sender, mut receiver) = mpsc::channel(MAILBOX);
    tokio::spawn(async move {
        let mut ticks = 0_i64;
        while let Some(message) = receiver.recv().await {
            match message {
                Raw::Tick => ticks += 1,
                Raw::Total(reply) => drop(reply.send(ticks)),
            }
        }
    });
    sender
}

/// The channel as it should be used: no waiting where there is room, many messages at once.
fn batched() -> mpsc::Sender<Raw> {
    let (sender, mut receiver) = mpsc::channel(MAILBOX);
    tokio::spawn(async move {
        let (mut ticks, mut batch) = (0_i64, Vec::new());
        while receiver.recv_many(&mut batch, 64).await > 0 {
            for message in batch.drain(..) {
                match message {
                    Raw::Tick => ticks += 1,
                    Raw::Total(reply) => drop(reply.send(ticks)),
                }
            }
        }
    });
    sender
}

fn ours() -> Handle<Machine<()>> {
    actor::spawn(Machine::new(()), Options::default().mailbox(MAILBOX))
}

async fn timed(count: u64, work: impl AsyncFnOnce()) -> f64 {
    tokio::task::yield_now().await;
    let start = Instant::now();
    work().await;
    start.elapsed().as_nanos() as f64 / count as f64
}

async fn tell_raw(count: u64) -> f64 {
    let sender = raw();
    timed(count, async || {
        for _ in 0..count {
            drop(sender.send(Raw::Tick).await);
        }
        total_raw(&sender).await;
    })
    .await
}

async fn tell_batched(count: u64) -> f64 {
    let sender = batched();
    timed(count, async || {
        for _ in 0..count {
            if let Err(mpsc::error::TrySendError::Full(message)) = sender.try_send(Raw::Tick) {
                drop(sender.send(message).await);
            }
        }
        total_raw(&sender).await;
    })
    .await
}

async fn tell_ours(count: u64, event: fn() -> Event) -> f64 {
    let handle = ours();
    timed(count, async || {
        for _ in 0..count {
            drop(handle.tell(event()).await);
        }
        total_ours(&handle).await;
    })
    .await
}

async fn total_raw(sender: &mpsc::Sender<Raw>) -> i64 {
    let (reply, answer) = oneshot::channel();
    drop(sender.send(Raw::Total(reply)).await);
    answer.await.unwrap_or_default()
}

async fn total_ours(handle: &Handle<Machine<()>>) -> i64 {
    let pick = |output: &Output| match output {
        Output::Sum { ticks } => Some(*ticks),
    };
    handle.ask(Event::Total, pick, Duration::from_secs(10)).await.unwrap_or_default()
}

async fn ask_raw(count: u64) -> f64 {
    let sender = raw();
    timed(count, async || {
        for _ in 0..count {
            black_box(total_raw(&sender).await);
        }
    })
    .await
}

async fn ask_ours(count: u64) -> f64 {
    let handle = ours();
    timed(count, async || {
        for _ in 0..count {
            black_box(total_ours(&handle).await);
        }
    })
    .await
}

/// Starts tasks and lets each run once; their ends are not counted.
async fn spawned<T>(count: u64, make: impl Fn() -> T) -> f64 {
    let mut kept = Vec::with_capacity(count as usize);
    let figure = timed(count, async || {
        for _ in 0..count {
            kept.push(make());
        }
        all_run(count).await;
    })
    .await;
    drop(kept);
    all_run(count).await;
    figure
}

/// Comes back when tasks that were ready have run: the runtime polls this one after every 61 others.
async fn all_run(count: u64) {
    for _ in 0..count / 60 + 2 {
        tokio::task::yield_now().await;
    }
}

fn quartile(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 4).copied().unwrap_or_default()
}

/// A name, the row that it is compared with, and the measurement.
type Row = (&'static str, usize, fn(&Runtime) -> f64);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let only = std::env::args().nth(1).unwrap_or_default();
    let rows: [Row; 8] = [
        ("tell raw", 0, |runtime| runtime.block_on(tell_raw(50_000))),
        ("tell batched", 0, |runtime| runtime.block_on(tell_batched(50_000))),
        ("tell TICK", 0, |runtime| runtime.block_on(tell_ours(50_000, || Event::Tick { by: 1 }))),
        ("tell FLIP", 0, |runtime| runtime.block_on(tell_ours(50_000, || Event::Flip))),
        ("ask raw", 4, |runtime| runtime.block_on(ask_raw(10_000))),
        ("ask ours", 4, |runtime| runtime.block_on(ask_ours(10_000))),
        ("spawn raw", 6, |runtime| runtime.block_on(spawned(2_000, raw))),
        ("spawn ours", 6, |runtime| runtime.block_on(spawned(2_000, ours))),
    ];
    let mut figures = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        for ((name, _, measure), figures) in rows.iter().zip(&mut figures) {
            if name.contains(&only) {
                figures.push(measure(&runtime));
            }
        }
    }
    let figures: Vec<f64> = figures.into_iter().map(quartile).collect();
    for ((name, base, _), figure) in
        rows.iter().zip(&figures).filter(|((name, _, _), _)| name.contains(&only))
    {
        println!("{name:>14} {figure:8.1} ns ({:.2})", figure / figures.get(*base).unwrap_or(figure));
    }
    println!("heap of an idle actor: {} B; of a channel with a task: {} B", idle(ours), idle(raw));
}

/// Bytes that one more idle actor holds.
fn idle<T>(make: impl Fn() -> T) -> i64 {
    const COUNT: usize = 1_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut kept = Vec::with_capacity(COUNT);
    let held = allocation_counter::measure(|| {
        runtime.block_on(async {
            kept.extend((0..COUNT).map(|_| make()));
            // Until each has run.
            for _ in 0..COUNT {
                tokio::task::yield_now().await;
            }
        });
    });
    held.bytes_current / COUNT as i64
}
