//! By hand, one enum a level: the state is the path.

use super::{Counts, EVENTS, Event};
use crate::subject::Candidate;

#[derive(Debug, Clone, Copy)]
enum Leaf {
    Near,
    Far,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Left(Leaf),
    Right(Leaf),
}

#[derive(Debug, Clone, Copy)]
enum Top {
    First(Side),
    Second(Side),
}

#[derive(Debug)]
pub(super) struct Machine {
    state: Top,
    counts: Counts,
}

impl Machine {
    /// The leaf and its side are left, then the others are entered.
    #[inline(always)]
    fn cross(&mut self, side: Side) -> Side {
        self.counts.exits += 1;
        self.counts.exits += 1;
        self.counts.moves += 1;
        self.counts.entries += 1;
        self.counts.entries += 1;
        side
    }

    #[inline(always)]
    fn leap(&mut self, state: Top) {
        self.counts.exits += 3;
        self.counts.moves += 1;
        self.counts.entries += 3;
        self.state = state;
    }

    /// What the side and its leaf make of an event; `None` passes it on to the top.
    #[inline(always)]
    fn side(&mut self, side: Side, event: Event) -> Option<Side> {
        match side {
            Side::Left(leaf) => match (leaf, event) {
                (Leaf::Near, Event::Cross) => Some(self.cross(Side::Right(Leaf::Near))),
                (Leaf::Far, Event::Cross) => Some(self.cross(Side::Right(Leaf::Far))),
                _ => None,
            },
            Side::Right(leaf) => match (leaf, event) {
                (Leaf::Near, Event::Cross) => Some(self.cross(Side::Left(Leaf::Far))),
                (Leaf::Far, Event::Cross) => Some(self.cross(Side::Left(Leaf::Near))),
                _ => None,
            },
        }
    }
}

impl Candidate for Machine {
    type Event = Event;
    const EVENTS: &'static [Event] = EVENTS;

    fn new() -> Self {
        Self { state: Top::First(Side::Left(Leaf::Near)), counts: Counts { entries: 3, ..Counts::default() } }
    }

    #[inline(always)]
    fn step(&mut self, event: Event) {
        match self.state {
            Top::First(side) => match self.side(side, event) {
                Some(side) => self.state = Top::First(side),
                None => match event {
                    Event::Bubble => self.counts.moves += 1,
                    Event::Leap => self.leap(Top::Second(Side::Left(Leaf::Near))),
                    Event::Cross => {}
                },
            },
            Top::Second(side) => match self.side(side, event) {
                Some(side) => self.state = Top::Second(side),
                None => match event {
                    Event::Bubble => self.counts.moves += 1,
                    Event::Leap => self.leap(Top::First(Side::Left(Leaf::Near))),
                    Event::Cross => {}
                },
            },
        }
    }

    fn digest(&self) -> u64 {
        let (top, side) = match self.state {
            Top::First(side) => (0, side),
            Top::Second(side) => (4, side),
        };
        let leaf = match side {
            Side::Left(Leaf::Near) => 0,
            Side::Left(Leaf::Far) => 1,
            Side::Right(Leaf::Near) => 2,
            Side::Right(Leaf::Far) => 3,
        };
        self.counts.digest(top + leaf)
    }
}
