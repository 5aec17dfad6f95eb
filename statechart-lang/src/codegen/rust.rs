//! Small pieces of Rust: identifiers and types.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::model::{Field, Type, names};

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// An identifier; a keyword becomes a raw one.
pub(super) fn ident(name: &str) -> Ident {
    match name {
        "self" | "super" | "crate" | "Self" | "_" => Ident::new(&format!("{name}_"), Span::call_site()),
        name if KEYWORDS.contains(&name) => Ident::new_raw(name, Span::call_site()),
        name => Ident::new(name, Span::call_site()),
    }
}

/// A variant or type name.
pub(super) fn variant(name: &str) -> Ident {
    ident(&names::pascal(name))
}

/// A field, variable or function name.
pub(super) fn field(name: &str) -> Ident {
    ident(&names::snake(name))
}

/// A type of the spec.
pub(super) fn ty(ty: &Type) -> TokenStream {
    match ty {
        Type::Int => quote!(i64),
        Type::Float => quote!(f64),
        Type::Bool => quote!(bool),
        Type::Text => quote!(value::Text),
        Type::Time => quote!(value::Time),
        Type::Duration => quote!(value::Duration),
        Type::Optional(inner) => {
            let inner = self::ty(inner);
            quote!(::core::option::Option<#inner>)
        }
        Type::List(inner) => {
            let inner = self::ty(inner);
            quote!(value::List<#inner>)
        }
        // Extern types stand beside the macro call.
        Type::Extern(name) => {
            let name = ident(name);
            quote!(super::#name)
        }
        Type::Unknown => quote!(()),
    }
}

/// Whether values of the type are copied rather than cloned.
pub(super) fn is_copy(ty: &Type) -> bool {
    match ty {
        Type::Int | Type::Float | Type::Bool | Type::Time | Type::Duration => true,
        Type::Optional(inner) => is_copy(inner),
        Type::Text | Type::List(_) | Type::Extern(_) | Type::Unknown => false,
    }
}

/// `{ name: Type, … }`, or nothing for a symbol without fields.
pub(super) fn fields(fields: &[Field]) -> TokenStream {
    if fields.is_empty() {
        return TokenStream::new();
    }
    let list = fields.iter().map(|field| {
        let (name, ty) = (self::field(&field.name), ty(&field.ty));
        quote!(#name: #ty)
    });
    quote!({ #(#list),* })
}

/// Fields of parameters that need not be named in the spec.
pub(super) fn params(params: &[(Option<String>, Type)]) -> Vec<Field> {
    params
        .iter()
        .enumerate()
        .map(|(at, (name, ty))| Field {
            name: name.clone().unwrap_or_else(|| format!("arg{at}")),
            ty: ty.clone(),
        })
        .collect()
}

/// Whether generated code asks for the time that `now` stands for: `core.now` stands in it.
pub(super) fn reads_now(tokens: &TokenStream) -> bool {
    let mut last = [String::new(), String::new()];
    tokens.clone().into_iter().any(|token| {
        let found = match &token {
            TokenTree::Group(group) => reads_now(&group.stream()),
            TokenTree::Ident(name) => name == "now" && last == ["core", "."],
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        };
        last.rotate_left(1);
        last[1] = match token {
            TokenTree::Group(_) => String::new(),
            other => other.to_string(),
        };
        found
    })
}
