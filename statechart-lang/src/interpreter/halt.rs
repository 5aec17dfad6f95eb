//! The end of a machine that is stopped from outside (W3C: exitInterpreter, of an invocation that is cancelled, 6.4.3).

use super::{Cause, Interpreter, Outcome, StepReport, World, eval::Current};

impl<W: World> Interpreter<'_, W> {
    /// Stops the machine: every active state is left, inner ones first, with its exit actions. What these raise or
    /// send to the machine itself is lost; then nothing runs any more. The machine is done, without a result.
    ///
    /// One that has not been started or is done has nothing to leave: [`Outcome::Done`].
    pub fn halt(&mut self) -> StepReport {
        let before = self.begin(Cause::Stop, |_| "stop".to_owned());
        if self.done || !self.started {
            self.done = true;
            return self.finish(Outcome::Done, &before);
        }
        let leaving = self.configuration.clone();
        self.leave(&leaving, Current::Nothing);
        self.end();
        // The parameters are the root's, which is left with the others, but who looks at what became of the machine
        // wants to know what it was.
        let mut inner = leaving;
        inner.remove(0);
        self.end_data(&inner);
        self.finish(Outcome::Taken, &before)
    }
}
