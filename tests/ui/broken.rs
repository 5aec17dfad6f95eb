//! A spec with mistakes is one error that shows them all.
statechart_runtime::statechart!("broken.sc");

fn main() {}
