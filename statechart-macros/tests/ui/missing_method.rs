//! What the spec leaves to Rust must be there.
#[derive(Debug, Clone)]
pub struct Job;

statechart_runtime::statechart!("externs.sc");

struct Arm;

impl robot::Externs for Arm {
    fn ready(&self, _: &Job) -> bool {
        true
    }
}

fn main() {}
