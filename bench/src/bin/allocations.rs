//! What is asked of the allocator. A program of its own: counting would cost the timed ones.

use std::alloc::System;

use statechart_bench::{actors, figure::Figure, flat, tiers};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Events that each machine reads.
const EVENTS: usize = 100_000;

/// Allocations so far, and bytes held now.
fn meter() -> (u64, i64) {
    let stats = ALLOCATOR.stats();
    let held = i64::try_from(stats.bytes_allocated).unwrap_or(i64::MAX)
        - i64::try_from(stats.bytes_deallocated).unwrap_or(i64::MAX);
    ((stats.allocations + stats.reallocations) as u64, held)
}

fn main() {
    let mut subjects = flat::all(EVENTS);
    subjects.extend(tiers::all(EVENTS));
    for subject in &subjects {
        let (before, _) = meter();
        std::hint::black_box((subject.run)(EVENTS));
        let (after, _) = meter();
        let case = format!("{} {}", subject.mode.name(), subject.word);
        let value = (after - before) as f64 / EVENTS as f64;
        println!(
            "{}",
            Figure { group: subject.group, subject: subject.name, case, unit: "allocations", value }
        );
    }
    for actors::Heap { name, per_tell, idle } in actors::heaps(meter) {
        let figure = |case: &str, unit, value| Figure {
            group: "actor",
            subject: name,
            case: case.into(),
            unit,
            value,
        };
        println!("{}", figure("tell", "allocations", per_tell));
        println!("{}", figure("idle", "bytes", idle));
    }
}
