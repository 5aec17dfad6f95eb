//! A machine that does not decide cannot be compiled.
statechart_runtime::statechart!("nondeterministic.sc");

fn main() {}
