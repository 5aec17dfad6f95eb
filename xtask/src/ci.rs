//! `cargo xtask ci`: what decides whether a change may go in. `.ci/run` runs it.

use crate::{error::Error, test, tools};

/// Formatting, lints, tests; the quick ones first, and nothing after the first failure.
pub(crate) fn run() -> Result<(), Error> {
    tools::run(&mut tools::cargo(["fmt", "--all", "--", "--check"]), "run `cargo fmt --all`")?;
    tools::run(
        &mut tools::cargo(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
        "each warning above says what to do",
    )?;
    test::run()
}
