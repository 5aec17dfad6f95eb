//! `statechart!("specs/turnstile.sc")`: a spec as Rust.
//!
//! The shell around `statechart-lang`: find the file, compile it, expand it. A spec with mistakes expands
//! to one `compile_error!` that holds every diagnostic, and to empty declarations so that nothing else is an error.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use statechart_lang::{Loader, codegen::Options};

/// Generates a module for each machine that the spec declares.
///
/// The path is relative to the crate, or to one of the directories around it, up to the workspace. The crate
/// is rebuilt when the spec or a file that it imports changes. Extern types of the spec are items of
/// the same name beside the call; a machine that `send`s to a peer or starts a child needs that module beside its own.
///
/// `statechart!("specs/turnstile.sc", snapshot)` adds `Machine::snapshot` and `Machine::restore`: this needs the feature
/// `snapshot` of `statechart-runtime`, and serde's traits for extern types.
#[proc_macro]
pub fn statechart(input: TokenStream) -> TokenStream {
    let call = match Call::read(input) {
        Ok(call) => call,
        Err((span, message)) => return refused(span, &message),
    };
    match find(&call.path) {
        Ok(directory) => expand(&directory, &call),
        Err(message) => refused(call.span, &message),
    }
}

/// `::core::compile_error! { message }` at a place of the call.
fn refused(span: Span, message: &str) -> TokenStream {
    let mut tokens: Vec<TokenTree> = Vec::new();
    for name in ["core", "compile_error"] {
        tokens.push(Punct::new(':', Spacing::Joint).into());
        tokens.push(Punct::new(':', Spacing::Alone).into());
        tokens.push(Ident::new(name, span).into());
    }
    tokens.push(Punct::new('!', Spacing::Alone).into());
    let message = TokenTree::from(Literal::string(message));
    tokens.push(Group::new(Delimiter::Brace, message.into()).into());
    for token in &mut tokens {
        token.set_span(span);
    }
    tokens.into_iter().collect()
}

/// `"specs/turnstile.sc"`, or `"specs/turnstile.sc", snapshot`. Read by hand: every crate that names a machine would
/// otherwise wait for a parser of Rust.
struct Call {
    path: String,
    /// Where the path stands.
    span: Span,
    options: Options,
}

impl Call {
    fn read(input: TokenStream) -> Result<Self, (Span, String)> {
        let mut tokens = input.into_iter();
        let (path, span) = literal(tokens.next()).map_err(|span| {
            let message =
                "statechart! takes the path of a spec in quotes: statechart!(\"specs/turnstile.sc\")";
            (span, message.to_owned())
        })?;
        #[allow(unused_mut)]
        let mut options = Options::default();
        // Without snapshots there is no option to go on after.
        #[cfg_attr(not(feature = "snapshot"), expect(clippy::never_loop))]
        while let Some(comma) = tokens.next() {
            if !matches!(&comma, TokenTree::Punct(mark) if mark.as_char() == ',') {
                return Err((comma.span(), "expected `,`".to_owned()));
            }
            match tokens.next() {
                None => break,
                #[cfg(feature = "snapshot")]
                Some(TokenTree::Ident(option)) if option.to_string() == "snapshot" => options.snapshot = true,
                #[cfg(not(feature = "snapshot"))]
                Some(TokenTree::Ident(option)) if option.to_string() == "snapshot" => {
                    let message =
                        "the option `snapshot` needs the feature `snapshot` of `statechart-runtime`";
                    return Err((option.span(), message.to_owned()));
                }
                Some(other) => {
                    let message = format!("there is no option `{other}`; the only one is `snapshot`");
                    return Err((other.span(), message));
                }
            }
        }
        Ok(Self { path, span, options })
    }
}

/// The text of a literal in quotes, or where something else stands.
fn literal(token: Option<TokenTree>) -> Result<(String, Span), Span> {
    match token {
        // What another macro passes on.
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
            literal(group.stream().into_iter().next())
        }
        Some(TokenTree::Literal(literal)) => {
            text(&literal.to_string()).map(|text| (text, literal.span())).ok_or(literal.span())
        }
        Some(other) => Err(other.span()),
        None => Err(Span::call_site()),
    }
}

/// What a literal with or without `r#` says. Of escapes a path needs only those of `\` and `"`.
fn text(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        let marks = raw.trim_matches('#');
        return marks.strip_prefix('"')?.strip_suffix('"').map(str::to_owned);
    }
    let mut text = String::new();
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?.chars();
    while let Some(character) = rest.next() {
        text.push(match character {
            '\\' => rest.next().filter(|escaped| matches!(escaped, '\\' | '"'))?,
            other => other,
        });
    }
    Some(text)
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
fn expand(directory: &Path, call: &Call) -> TokenStream {
    let options = call.options;
    let compiled = statechart_lang::compile(&call.path, &Directory(directory));
    let (mut tracked, mut items) = (String::new(), String::new());
    for (_, source) in compiled.sources.iter() {
        let file = directory.join(&source.path);
        if file.is_file() {
            tracked
                .push_str(&format!("const _: &[u8] = ::core::include_bytes!({:?});", file.to_string_lossy()));
        }
    }
    let mut tokens = TokenStream::new();
    if compiled.model.is_none() {
        tokens = refused(call.span, &format!("the spec has mistakes\n\n{}", compiled.render(false)));
    }
    // Of a spec with mistakes, the names that the code beside it uses exist all the same, so that nothing else is an error.
    if let Some(model) = compiled.model.as_ref().or(compiled.skeleton.as_ref()) {
        items = statechart_lang::codegen::generate_with(model, options);
    }
    for text in [tracked, items] {
        match text.parse::<TokenStream>() {
            Ok(parsed) => tokens.extend(parsed),
            Err(why) => {
                let what = "the code that was made of the spec cannot be read";
                let message = format!(
                    "{what}: {why}; this is a defect of statechart-lang, please report it with the spec"
                );
                tokens.extend(refused(call.span, &message));
            }
        }
    }
    tokens
}

/// Reads specs from disk, their paths relative to a directory.
struct Directory<'a>(&'a Path);

impl Loader for Directory<'_> {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }

    fn identity(&self, path: &str) -> String {
        match fs::canonicalize(self.0.join(path)) {
            Ok(file) => file.to_string_lossy().into_owned(),
            Err(_) => path.to_owned(),
        }
    }
}
