//! A path that leads nowhere.
statechart_runtime::statechart!("no_such_spec.sc");

fn main() {}
