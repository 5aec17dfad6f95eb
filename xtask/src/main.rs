//! The project's own commands.
mod grammar;

fn main() {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some("grammar") {
        grammar::run().unwrap();
    }
}
