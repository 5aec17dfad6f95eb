//! A machine where there is no operating system: no `std`, no allocator, no runtime.
//!
//! ```text
//! pins, clock ──▶ Board::event, Board::tick ──▶ Heater ──▶ effects ──▶ Pins
//! ```
//!
//! The machine is a static table and a few words of state. What it wants done reaches [`Pins`] while the
//! step runs; nothing is collected in between. Timers are one slot each, looked at when the clock ticks.
//!
//! Built as a device would build it, which the compiler refuses if anything asks for an allocator:
//!
//! ```text
//! cargo rustc -p statechart-firmware --features device --crate-type staticlib --config 'profile.dev.panic="abort"'
//! ```
#![no_std]

use statechart_runtime::{
    chart::{Chart, Effects, Input, Outcome},
    value::{Duration, Fault, Text, Time},
};

statechart_runtime::statechart!("specs/heater.sc");

pub use heater::{Event, State};
use heater::{Message, Output};

/// Timers of the spec; each has one slot.
const TIMERS: usize = heater::TABLES.timers.len();

/// What the machine cannot compute itself.
#[derive(Debug, Default)]
pub struct Sensors {
    /// Whether there is fuel.
    pub tank_full: bool,
    /// How often the lamp has blinked.
    pub blinks: i64,
}

impl heater::Externs for Sensors {
    fn tank_full(&self) -> bool {
        self.tank_full
    }

    fn blink(&mut self, times: i64) {
        self.blinks = self.blinks.saturating_add(times);
    }
}

/// What the machine drives, and what it has armed.
#[derive(Debug, Default)]
pub struct Pins {
    /// Whether the valve is open.
    pub valve: bool,
    /// Sparks so far.
    pub sparks: u32,
    /// Why the heater has locked itself, where it has.
    pub failure: Option<Text>,
    /// Faults of the machine so far: 0 as long as the spec is right.
    pub faults: u32,
    now: Time,
    /// For each timer, its generation and when it elapses.
    armed: [Option<(u32, Time)>; TIMERS],
}

impl Effects<Heater> for Pins {
    fn now(&mut self) -> Time {
        self.now
    }

    fn emit(&mut self, output: Output) {
        match output {
            Output::Valve { open } => self.valve = open,
            Output::Spark => self.sparks = self.sparks.saturating_add(1),
            Output::Failed { reason } => self.failure = Some(reason),
        }
    }

    fn arm(&mut self, timer: u16, generation: u32, after: Duration) {
        if let Some(slot) = self.armed.get_mut(usize::from(timer)) {
            *slot = Some((generation, Time(self.now.0.saturating_add(after.0))));
        }
    }

    fn disarm(&mut self, timer: u16) {
        if let Some(slot) = self.armed.get_mut(usize::from(timer)) {
            *slot = None;
        }
    }

    fn fault(&mut self, _: Fault) {
        self.faults = self.faults.saturating_add(1);
    }

    // The spec has no services, no peers, no children and no log lines.
    fn send(&mut self, _: Message, _: Option<Duration>, _: Option<u16>) {}
    fn cancel(&mut self, _: u16) {}
    fn spawn(&mut self, _: u16, _: u32, (): ()) {}
    fn stop_child(&mut self, _: u16) {}
    fn start(&mut self, _: u16, _: u32, call: heater::Call) {
        match call {}
    }
    fn stop(&mut self, _: u16) {}
    fn log(&mut self, _: Text) {}
    fn unhandled(&mut self, _: &Event) {}
}

type Heater = heater::Machine<Sensors>;

/// The machine with its pins.
pub struct Board {
    machine: Heater,
    /// What the machine drives.
    pub pins: Pins,
}

impl Board {
    /// Starts the machine.
    #[must_use]
    pub fn new(sensors: Sensors) -> Self {
        let mut board = Self { machine: Heater::new(sensors), pins: Pins::default() };
        Chart::start(&mut board.machine, &mut board.pins);
        board
    }

    /// Something has happened at a pin.
    pub fn event(&mut self, event: Event) -> Outcome {
        Chart::step(&mut self.machine, &mut self.pins, Input::Event(event))
    }

    /// The clock moves on; timers that have elapsed run, the earliest first.
    pub fn tick(&mut self, now: Time) {
        while let Some((timer, generation, at)) = self.next().filter(|(_, _, at)| *at <= now) {
            if let Some(slot) = self.pins.armed.get_mut(usize::from(timer)) {
                *slot = None;
            }
            // What it arms counts from when it was due, so that a late tick does not stretch the spans.
            self.pins.now = at;
            Chart::step(&mut self.machine, &mut self.pins, Input::Elapsed { timer, generation });
        }
        self.pins.now = now;
    }

    /// Whether a state is active.
    #[must_use]
    pub fn is_in(&self, state: State) -> bool {
        self.machine.is_in(state)
    }

    /// The sensors, for whoever reads them.
    pub fn sensors(&mut self) -> &mut Sensors {
        &mut self.machine.externs
    }

    /// The timer that elapses first.
    fn next(&self) -> Option<(u16, u32, Time)> {
        let armed = self.pins.armed.iter().zip(0_u16..);
        armed
            .filter_map(|(slot, timer)| slot.map(|(generation, at)| (timer, generation, at)))
            .min_by_key(|(_, _, at)| *at)
    }
}

/// Nobody can be told: the watchdog resets the device.
#[cfg(feature = "device")]
#[panic_handler]
fn halt(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn it_heats_until_it_is_warm() {
        let mut board = Board::new(Sensors { tank_full: true, blinks: 0 });
        assert_eq!(board.event(Event::Temperature { tenths: 210 }), Outcome::Ignored);
        assert_eq!(board.event(Event::Temperature { tenths: 190 }), Outcome::Taken);
        assert!(board.is_in(State::Igniting) && board.pins.valve && board.pins.sparks == 1);
        board.event(Event::Flame);
        board.tick(Time(60 * SECOND));
        assert!(board.is_in(State::Burning) && board.pins.valve, "the ignition's timer ended with its state");
        board.event(Event::Temperature { tenths: 206 });
        assert!(board.is_in(State::Resting) && !board.pins.valve);
    }

    #[test]
    fn it_gives_up_after_three_ignitions() {
        let mut board = Board::new(Sensors { tank_full: true, blinks: 0 });
        board.event(Event::Temperature { tenths: 100 });
        // One late tick: every span between is still whole.
        board.tick(Time(71 * SECOND));
        assert!(board.is_in(State::Igniting) && board.pins.sparks == 3 && board.pins.failure.is_none());
        board.tick(Time(72 * SECOND));
        assert!(board.is_in(State::Locked) && !board.pins.valve);
        assert_eq!(board.pins.failure.as_deref(), Some("no flame after three ignitions"));
        assert_eq!((board.sensors().blinks, board.pins.faults), (1 + 2 + 3, 0));
        board.event(Event::Reset);
        board.sensors().tank_full = false;
        assert_eq!(board.event(Event::Temperature { tenths: 100 }), Outcome::Ignored);
    }
}
