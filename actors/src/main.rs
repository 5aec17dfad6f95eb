//! The `platform` binary; see [`actors::cli`].

fn main() -> std::process::ExitCode {
    actors::cli::main()
}
