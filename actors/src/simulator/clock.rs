//! The exchange's clock: starts at an instant of the market's time and runs at any speed.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

/// Heartbeats come this often by the exchange's clock.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// When the exchange's clock starts to run. Before that it stands still: REST answers as of the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockStart {
    /// With the simulator.
    Immediately,
    /// With the first accepted subscription, so that a tape is played whole to whoever listens first.
    #[default]
    FirstSubscription,
}

/// Exchange time as a function of the time passed since the start.
#[derive(Debug)]
pub(crate) struct SimClock {
    start_us: i64,
    speed: f64,
    started: OnceLock<Instant>,
}

impl SimClock {
    pub(crate) fn new(start_us: i64, speed: f64) -> Self {
        Self { start_us, speed, started: OnceLock::new() }
    }

    /// Starts the clock; later calls change nothing.
    pub(crate) fn start(&self) {
        self.started.get_or_init(Instant::now);
    }

    /// Exchange time, µs UTC.
    pub(crate) fn now_us(&self) -> i64 {
        let Some(started) = self.started.get() else { return self.start_us };
        let passed_us = started.elapsed().as_micros() as f64 * self.speed;
        self.start_us.saturating_add(passed_us as i64)
    }

    /// Wall time between heartbeats. Real speed keeps the exchange's 30 s; a faster clock beats at least each
    /// 200 ms (so that what is known to be complete grows steadily), and never more often than each 20 ms.
    pub(crate) fn heartbeat(&self) -> Duration {
        let scaled = HEARTBEAT.div_f64(self.speed);
        if self.speed > 1.0 {
            scaled.clamp(Duration::from_millis(20), Duration::from_millis(200))
        } else {
            scaled
        }
    }
}

/// Reads a speed: `1000x`, `2.5x`, `10`, or `real`.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_speed(text: &str) -> Result<f64, String> {
    let plain = text.trim().to_ascii_lowercase();
    if plain == "real" {
        return Ok(1.0);
    }
    let number = plain.strip_suffix('x').unwrap_or(&plain);
    match number.parse::<f64>() {
        Ok(speed) if (0.01..=1_000_000.0).contains(&speed) => Ok(speed),
        _ => Err(format!(
            "speed `{text}` cannot be used: give `real` or a factor from 0.01x to 1000000x, like 1000x"
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn stands_until_started_then_runs() {
        let clock = SimClock::new(1_000_000, 1_000.0);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock.now_us(), 1_000_000);
        clock.start();
        tokio::time::advance(Duration::from_millis(60)).await;
        assert_eq!(clock.now_us(), 61_000_000);
    }

    #[test]
    fn speeds_and_heartbeats() {
        for (text, speed, beat_ms) in [
            ("real", 1.0, 30_000),
            ("1000x", 1_000.0, 30),
            ("10", 10.0, 200),
            ("0.5x", 0.5, 60_000),
            ("1e5x", 1e5, 20),
        ] {
            assert_eq!(parse_speed(text), Ok(speed), "{text}");
            assert_eq!(SimClock::new(0, speed).heartbeat(), Duration::from_millis(beat_ms), "{text}");
        }
        for text in ["", "x", "0", "-1x", "nan", "inf", "1e9x"] {
            assert!(parse_speed(text).is_err(), "{text}");
        }
    }
}
