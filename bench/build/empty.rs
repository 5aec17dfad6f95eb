//! Nothing: what building costs anyway.

fn main() {
    println!("Idle");
}
