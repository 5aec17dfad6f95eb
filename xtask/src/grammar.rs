//! `cargo xtask grammar`: makes the parser from `grammar.pest`.
//!
//! The parser is checked in, so that building the language does not build a parser generator.

use std::{fs, path::Path};

use quote::quote;

const GRAMMAR: &str = "statechart-lang/src/syntax/grammar.pest";
const PARSER: &str = "statechart-lang/src/syntax/generated.rs";

/// The text that `generated.rs` must have for a grammar.
pub(crate) fn generate(root: &Path) -> Result<String, String> {
    let grammar = fs::read_to_string(root.join(GRAMMAR)).map_err(|error| format!("{GRAMMAR}: {error}"))?;
    let tokens = pest_generator::derive_parser(
        quote! {
            #[grammar_inline = #grammar]
            pub(crate) struct Grammar;
        },
        false,
    );
    let file = syn::parse2(tokens).map_err(|error| format!("the generated parser does not parse: {error}"))?;
    Ok(format!(
        "// Made from grammar.pest by `cargo xtask grammar`. Do not edit.\n\
         #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, unused)]\n\
         pub(crate) struct Grammar;\n\n{}",
        prettyplease::unparse(&file)
    ))
}

pub(crate) fn run() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent directory")?;
    fs::write(root.join(PARSER), generate(root)?).map_err(|error| format!("{PARSER}: {error}"))
}
