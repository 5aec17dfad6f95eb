//! `cargo xtask grammar`: makes the parser from `grammar.pest`.
//!
//! The parser is checked in, so that building the language does not build a parser generator.

use std::fs;

use quote::quote;

use crate::{error::Error, generated::Generated, tools};

const GRAMMAR: &str = "statechart-lang/src/syntax/grammar.pest";
const PARSER: &str = "statechart-lang/src/syntax/generated.rs";

/// Writes the parser, or checks that it is the grammar's.
pub(crate) fn run(check: bool) -> Result<(), Error> {
    let mut files = Generated::default();
    files.add(PARSER, generate()?);
    if check {
        let stale = files.stale();
        return if stale.is_empty() {
            tools::progress("the parser is fresh");
            Ok(())
        } else {
            Err(Error::Stale { files: stale, command: "cargo xtask grammar" })
        };
    }
    if files.write()? == 0 {
        tools::progress("the parser is fresh");
    }
    Ok(())
}

/// The text that `generated.rs` must have.
fn generate() -> Result<String, Error> {
    let path = tools::root().join(GRAMMAR);
    let grammar = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    let tokens = pest_generator::derive_parser(
        quote! {
            #[grammar_inline = #grammar]
            pub(crate) struct Grammar;
        },
        false,
    );
    let file = syn::parse2(tokens).map_err(|why| Error::Grammar { path: GRAMMAR, why: why.to_string() })?;
    Ok(format!(
        "// Made from grammar.pest by `cargo xtask grammar`. Do not edit.\n\
         #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, unused)]\n\
         pub(crate) struct Grammar;\n\n{}",
        prettyplease::unparse(&file)
    ))
}
