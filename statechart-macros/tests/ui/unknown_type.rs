//! An extern type is an item of its name beside the call.
statechart_runtime::statechart!("externs.sc");

fn main() {}
