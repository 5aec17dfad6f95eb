//! The `platform` binary; see [`actors::cli`].

/// Batches of a hundred thousand records come and go; the C library's allocator gives their memory back to the system
/// after each one, and asks for it again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    actors::cli::main()
}
