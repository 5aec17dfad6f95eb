//! Effects for callers that want none.

use super::{Chart, Effects};
use crate::value::{Duration, Fault, Text, Time};

/// Lets every effect fall but the extern actions, which it performs; the time stands at zero.
///
/// For a machine whose context and state are all that its user looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quiet;

impl<C: Chart> Effects<C> for Quiet {
    #[inline(always)]
    fn now(&mut self) -> Time {
        Time(0)
    }
    #[inline(always)]
    fn emit(&mut self, _output: C::Output) {}
    #[inline(always)]
    fn send(&mut self, _message: C::Message, _delay: Option<Duration>, _id: Option<u16>) {}
    fn cancel(&mut self, _id: u16) {}
    fn spawn(&mut self, _child: u16, _generation: u32, _spawn: C::Spawn) {}
    fn stop_child(&mut self, _child: u16) {}
    #[inline(always)]
    fn start(&mut self, _activity: u16, _generation: u32, _call: C::Call) {}
    #[inline(always)]
    fn stop(&mut self, _activity: u16) {}
    #[inline(always)]
    fn arm(&mut self, _timer: u16, _generation: u32, _after: Duration) {}
    #[inline(always)]
    fn disarm(&mut self, _timer: u16) {}
    #[inline(always)]
    fn log(&mut self, _text: Text) {}
    #[inline(always)]
    fn fault(&mut self, _fault: Fault) {}
    #[inline(always)]
    fn unhandled(&mut self, _event: &C::Event) {}
    #[inline(always)]
    fn watches(&self) -> bool {
        false
    }
}
