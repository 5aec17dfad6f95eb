//! The runtime's core in a plain `main`: threads and a channel of the standard library, no Tokio. Effects are performed
//! where they are reported; a timer is a deadline that the loop waits for.
//!
//! Write `night` or `day` while it runs; it ends after six lights.

use std::{
    io,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use statechart_runtime::{
    chart::{Chart, Effects, Input},
    value::{Duration as Span, Fault, Text, Time},
};

statechart_runtime::statechart!("specs/traffic_light.sc");

use traffic_light::{Call, Event, Message, Output, TABLES};

type Light = traffic_light::Machine<()>;

/// What the machine drives, and what it has armed.
struct World {
    start: Instant,
    /// For each timer of the spec, its generation and when it elapses.
    armed: Vec<Option<(u32, Instant)>>,
    shown: usize,
}

impl World {
    fn next(&self) -> Option<(u16, u32, Instant)> {
        let armed = (0_u16..).zip(&self.armed);
        armed
            .filter_map(|(timer, armed)| armed.map(|(generation, at)| (timer, generation, at)))
            .min_by_key(|next| next.2)
    }
}

impl Effects<Light> for World {
    fn now(&mut self) -> Time {
        Time(i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX))
    }

    fn emit(&mut self, Output::Show { colour }: Output) {
        println!("{colour}");
        self.shown += 1;
    }

    fn arm(&mut self, timer: u16, generation: u32, after: Span) {
        let after = Duration::from_micros(after.0.unsigned_abs());
        if let Some(slot) = self.armed.get_mut(usize::from(timer)) {
            *slot = Some((generation, Instant::now() + after));
        }
    }

    fn disarm(&mut self, timer: u16) {
        if let Some(slot) = self.armed.get_mut(usize::from(timer)) {
            *slot = None;
        }
    }

    fn fault(&mut self, fault: Fault) {
        eprintln!("fault: {fault}");
    }

    fn log(&mut self, text: Text) {
        eprintln!("{text}");
    }

    fn unhandled(&mut self, event: &Event) {
        eprintln!("{} does nothing now", event.name());
    }

    // The spec has no messages, services and children.
    fn send(&mut self, _: Message, _: Option<Span>, _: Option<u16>) {}
    fn cancel(&mut self, _: u16) {}
    fn spawn(&mut self, _: u16, _: u32, (): ()) {}
    fn stop_child(&mut self, _: u16) {}
    fn start(&mut self, _: u16, _: u32, call: Call) {
        match call {}
    }
    fn stop(&mut self, _: u16) {}
}

fn main() {
    let (events, inbox) = channel();
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            let event = match line.trim() {
                "night" => Event::Night,
                "day" => Event::Day,
                _ => continue,
            };
            if events.send(event).is_err() {
                return;
            }
        }
        // The sender lives on, so that the end of the input is not the end of the light.
        thread::park();
    });

    let mut light = Light::new(());
    let mut world = World { start: Instant::now(), armed: vec![None; TABLES.timers.len()], shown: 0 };
    Chart::start(&mut light, &mut world);
    while world.shown < 6 {
        // A light always has a timer armed; without one, this would wait for a day, and again.
        let next = world.next();
        let wait = next
            .map_or(Duration::from_secs(86_400), |(_, _, at)| at.saturating_duration_since(Instant::now()));
        match inbox.recv_timeout(wait) {
            Ok(event) => {
                Chart::step(&mut light, &mut world, Input::Event(event));
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Some((timer, generation, _)) = next {
                    world.disarm(timer);
                    Chart::step(&mut light, &mut world, Input::Elapsed { timer, generation });
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
