//! `statechart!("specs/turnstile.sc")`: a spec as Rust.
//!
//! The shell around `statechart-lang`: find the file, compile it, expand it. A spec with mistakes expands
//! to one `compile_error!` that holds every diagnostic, and to empty declarations so that nothing else is an error.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use statechart_lang::{Loader, codegen::Options};
use syn::{
    Ident, LitStr, Token,
    parse::{Parse, ParseStream},
};

/// Generates a module for each machine that the spec declares.
///
/// The path is relative to the crate, or to one of the directories around it, up to the workspace. The crate
/// is rebuilt when the spec or a file that it imports changes. Extern types of the spec are items of
/// the same name beside the call; a machine that `send`s to a peer or starts a child needs that module beside its own.
///
/// `statechart!("specs/turnstile.sc", snapshot)` adds `Machine::snapshot` and `Machine::restore`: this needs the feature
/// `snapshot` of `statechart-runtime`, and serde's traits for extern types.
#[proc_macro]
pub fn statechart(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let Call { path: literal, options } = match syn::parse::<Call>(input) {
        Ok(call) => call,
        Err(error) => return error.to_compile_error().into(),
    };
    match find(&literal.value()) {
        Ok(directory) => expand(&directory, &literal.value(), literal.span(), options).into(),
        Err(message) => syn::Error::new(literal.span(), message).to_compile_error().into(),
    }
}

/// `"specs/turnstile.sc"`, or `"specs/turnstile.sc", snapshot`.
struct Call {
    path: LitStr,
    options: Options,
}

impl Parse for Call {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = input.parse().map_err(|error: syn::Error| {
            let message =
                "statechart! takes the path of a spec in quotes: statechart!(\"specs/turnstile.sc\")";
            syn::Error::new(error.span(), message)
        })?;
        let mut options = Options::default();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let option: Ident = input.parse()?;
            if option != "snapshot" {
                let message = format!("there is no option `{option}`; the only one is `snapshot`");
                return Err(syn::Error::new(option.span(), message));
            }
            options.snapshot = true;
        }
        Ok(Self { path, options })
    }
}

/// The directory that the spec's path starts from: the crate's manifest's, or one around it.
fn find(path: &str) -> Result<PathBuf, String> {
    let start = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let found = start.ancestors().find(|directory| directory.join(path).is_file());
    found.map(Path::to_owned).ok_or_else(|| {
        format!(
            "there is no spec `{path}` in {} or a directory around it; the path is relative to the crate or its workspace",
            start.display()
        )
    })
}

/// Compiles and expands a spec; every file that was read becomes a dependency of the crate. Diagnostics name the
/// files as the call does.
fn expand(directory: &Path, path: &str, span: Span, options: Options) -> TokenStream {
    let compiled = statechart_lang::compile(path, &Directory(directory));
    let files =
        compiled.sources.iter().map(|(_, source)| directory.join(&source.path)).filter(|file| file.is_file());
    let files = files.map(|file| file.to_string_lossy().into_owned());
    let tracked = quote!(#(const _: &[u8] = include_bytes!(#files);)*);
    let items = match &compiled.model {
        Some(model) => statechart_lang::codegen::generate_with(model, options),
        None => {
            let message = format!("the spec has mistakes\n\n{}", compiled.render(false));
            // The names that the code beside it uses exist all the same, so that nothing else is an error.
            let declared = compiled.skeleton.as_ref();
            let declared = declared.map(|model| statechart_lang::codegen::generate_with(model, options));
            let error = quote_spanned!(span => ::core::compile_error!(#message););
            quote!(#error #declared)
        }
    };
    quote!(#tracked #items)
}

/// Reads specs from disk, their paths relative to a directory.
struct Directory<'a>(&'a Path);

impl Loader for Directory<'_> {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}
