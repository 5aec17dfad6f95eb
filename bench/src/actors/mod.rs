//! The least that an actor does, in several libraries on one thread: being told, being asked, being started.

#[cfg(feature = "peers")]
mod actix;
#[cfg(feature = "peers")]
mod kameo;
mod ours;
#[cfg(feature = "peers")]
mod ractor;
mod tokio_mpsc;

use std::{
    cell::{OnceCell, RefCell},
    future::Future,
    hint::black_box,
    rc::Rc,
};

use crate::time::medians;

/// Events that may wait in a mailbox, in every library that has a limit.
const MAILBOX: usize = 1024;

/// Messages of one timed round.
const TELLS: i64 = 50_000;
const ASKS: i64 = 10_000;
const SPAWNS: usize = 2_000;

/// An actor that adds up what it is told and says the sum when asked.
trait Library {
    /// As the figures spell it.
    const NAME: &'static str;
    /// Reaches one actor.
    type Actor;

    fn spawn() -> impl Future<Output = Self::Actor>;
    /// Waits for room in the mailbox, or lets the actor run now and then where the mailbox has no limit.
    fn tell(actor: &Self::Actor, n: i64) -> impl Future<Output = ()>;
    fn ask(actor: &Self::Actor) -> impl Future<Output = i64>;
    /// A runtime of one thread.
    fn runtime() -> impl Fn(&mut dyn FnMut() -> LocalFuture) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        move |work| {
            if let Ok(runtime) = &runtime {
                runtime.block_on(work());
            }
        }
    }
}

/// What a runtime runs to its end.
type LocalFuture = std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// What one library costs.
#[derive(Debug, Clone, Copy)]
pub struct Costs {
    /// Whose.
    pub name: &'static str,
    /// What was done.
    pub case: &'static str,
    /// Processor time, in nanoseconds.
    pub ns: f64,
}

/// What one library asks of the allocator.
#[derive(Debug, Clone, Copy)]
pub struct Heap {
    /// Whose.
    pub name: &'static str,
    /// Allocations for each message told.
    pub per_tell: f64,
    /// Bytes that an idle actor holds.
    pub idle: f64,
}

/// Counts what some work asks of the allocator: how often, and how many bytes more are held after it.
pub type Meter = fn(&mut dyn FnMut()) -> (u64, i64);

async fn told<L: Library>(actor: &L::Actor, count: i64) {
    for _ in 0..count {
        L::tell(actor, 1).await;
    }
}

async fn tells<L: Library>() {
    let actor = L::spawn().await;
    told::<L>(&actor, TELLS).await;
    assert_eq!(L::ask(&actor).await, TELLS, "{}: a message was lost", L::NAME);
}

async fn asks<L: Library>() {
    let actor = L::spawn().await;
    for _ in 0..ASKS {
        black_box(L::ask(&actor).await);
    }
}

/// Starts actors and waits until the last has run; what they take to end is in the figure, too.
async fn spawns<L: Library>() {
    let mut actors = Vec::with_capacity(SPAWNS);
    for _ in 0..SPAWNS {
        actors.push(L::spawn().await);
    }
    if let Some(last) = actors.last() {
        black_box(L::ask(last).await);
    }
}

fn all(mut each: impl FnMut(&mut dyn Measured)) {
    each(&mut Of::<tokio_mpsc::Raw>::default());
    each(&mut Of::<ours::Ours>::default());
    #[cfg(feature = "peers")]
    {
        each(&mut Of::<actix::Actix>::default());
        each(&mut Of::<ractor::Ractor>::default());
        each(&mut Of::<kameo::Kameo>::default());
    }
}

/// What is done, how often in one run, and the run.
type Work = (&'static str, f64, Box<dyn FnMut()>);

/// A library as an object, so that a list can hold several.
trait Measured {
    fn name(&self) -> &'static str;
    fn work(&self) -> Vec<Work>;
    fn heap(&self, meter: Meter) -> Heap;
}

struct Of<L>(std::marker::PhantomData<L>);

impl<L> Default for Of<L> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<L: Library + 'static> Measured for Of<L> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn work(&self) -> Vec<Work> {
        let runtime = Rc::new(L::runtime());
        let (tell, ask, spawn) = (runtime.clone(), runtime.clone(), runtime);
        vec![
            ("tell", TELLS as f64, Box::new(move || tell(&mut || Box::pin(tells::<L>())))),
            ("ask", ASKS as f64, Box::new(move || ask(&mut || Box::pin(asks::<L>())))),
            ("spawn", SPAWNS as f64, Box::new(move || spawn(&mut || Box::pin(spawns::<L>())))),
        ]
    }

    fn heap(&self, meter: Meter) -> Heap {
        let runtime = L::runtime();
        let first = Rc::new(OnceCell::new());
        let tells = |actor: Rc<OnceCell<L::Actor>>| -> LocalFuture {
            Box::pin(async move {
                if let Some(actor) = actor.get() {
                    told::<L>(actor, TELLS).await;
                }
            })
        };
        // The first messages fill what is then used again and again.
        runtime(&mut || {
            let actor = first.clone();
            Box::pin(async move {
                let _ = actor.set(L::spawn().await);
            })
        });
        runtime(&mut || tells(first.clone()));
        let (count, _) = meter(&mut || runtime(&mut || tells(first.clone())));

        let actors = Rc::new(RefCell::new(Vec::with_capacity(SPAWNS)));
        let (_, bytes) = meter(&mut || {
            runtime(&mut || {
                let (first, actors) = (first.clone(), actors.clone());
                Box::pin(async move {
                    for _ in 0..SPAWNS {
                        let actor = L::spawn().await;
                        actors.borrow_mut().push(actor);
                    }
                    // The answer is behind the first turn of all of them.
                    if let Some(actor) = first.get() {
                        assert_eq!(L::ask(actor).await, 2 * TELLS, "{}: a message was lost", L::NAME);
                    }
                    tokio::task::yield_now().await;
                })
            });
        });
        // Handles are dropped where their runtime is.
        runtime(&mut || {
            let actors = actors.take();
            Box::pin(async move { drop(actors) })
        });
        Heap { name: L::NAME, per_tell: count as f64 / TELLS as f64, idle: bytes as f64 / SPAWNS as f64 }
    }
}

/// Processor time of the channel and of our actors, or of the other libraries; rounds interleaved. Two processes: what
/// thousands of another library's actors leave of the heap is no cost of a channel.
#[must_use]
pub fn costs(rounds: usize, of_others: bool) -> Vec<Costs> {
    let mut all_work = Vec::new();
    all(|library| {
        let name = library.name();
        if of_others == [tokio_mpsc::Raw::NAME, ours::Ours::NAME].contains(&name) {
            return;
        }
        all_work.extend(library.work().into_iter().map(|(case, count, run)| (name, case, count, run)));
    });
    let mut runs: Vec<&mut dyn FnMut()> =
        all_work.iter_mut().map(|(_, _, _, run)| run.as_mut() as _).collect();
    let times = medians(rounds, &mut runs);
    all_work
        .iter()
        .zip(times)
        .map(|((name, case, count, _), ns)| Costs { name, case, ns: ns / count })
        .collect()
}

/// What each library asks of the allocator.
#[must_use]
pub fn heaps(meter: Meter) -> Vec<Heap> {
    let mut heaps = Vec::new();
    all(|library| heaps.push(library.heap(meter)));
    heaps
}
