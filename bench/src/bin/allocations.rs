//! What is asked of the allocator. A program of its own: counting would cost the timed ones.

use statechart_bench::{actors, figure::Figure, flat, tiers};

/// Events that each machine reads.
const EVENTS: usize = 100_000;

/// How often some work allocates, and how many bytes more are held after it.
fn meter(work: &mut dyn FnMut()) -> (u64, i64) {
    let counted = allocation_counter::measure(work);
    (counted.count_total, counted.bytes_current)
}

fn main() {
    let mut subjects = flat::all(EVENTS);
    subjects.extend(tiers::all(EVENTS));
    for subject in &subjects {
        let (count, _) = meter(&mut || {
            std::hint::black_box((subject.run)(EVENTS));
        });
        let case = format!("{} {}", subject.mode.name(), subject.word);
        let value = count as f64 / EVENTS as f64;
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
