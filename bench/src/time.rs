//! Processor time, and medians of interleaved rounds.

use rustix::time::{ClockId, clock_gettime};

/// Processor time of this thread in nanoseconds: what others do on the machine is not in it.
#[must_use]
pub fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// Runs every piece of work in each round, in turn, so that a slow moment of the machine meets all of them.
/// The median of each, in nanoseconds.
///
/// A piece runs twice and the second time counts. What the piece before has left to be done is done in the first: an
/// allocator sorts what others have freed only when it is asked for a large piece, and who asks is not who caused it.
pub fn medians(rounds: usize, work: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut times: Vec<Vec<u64>> = vec![Vec::with_capacity(rounds); work.len()];
    for _ in 0..rounds {
        for (piece, times) in work.iter_mut().zip(&mut times) {
            piece();
            let start = now_ns();
            piece();
            times.push(now_ns() - start);
        }
    }
    times.into_iter().map(median).collect()
}

fn median(mut times: Vec<u64>) -> f64 {
    times.sort_unstable();
    let middle = times.len() / 2;
    let at = |index: usize| times.get(index).copied().unwrap_or(0) as f64;
    if times.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_median_is_the_middle() {
        for (times, expected) in
            [(vec![], 0.0), (vec![3], 3.0), (vec![9, 1, 2], 2.0), (vec![4, 1, 2, 9], 3.0)]
        {
            assert!((super::median(times.clone()) - expected).abs() < f64::EPSILON, "{times:?}");
        }
    }
}
