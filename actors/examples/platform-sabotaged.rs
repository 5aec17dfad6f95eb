//! The `platform` binary, wrong on purpose: see the feature `sabotage`.

fn main() -> std::process::ExitCode {
    actors::cli::main()
}
