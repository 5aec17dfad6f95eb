//! The path is known when the crate is compiled.
const PATH: &str = "ok.sc";
statechart_runtime::statechart!(PATH);

fn main() {}
