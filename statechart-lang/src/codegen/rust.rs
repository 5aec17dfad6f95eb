//! Small pieces of Rust: identifiers and types.

use super::template::Rust;
use crate::model::{Field, Type, names};

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// An identifier; a keyword becomes a raw one.
pub(super) fn ident(name: &str) -> Rust {
    match name {
        "self" | "super" | "crate" | "Self" | "_" => Rust::from_text(format!("{name}_")),
        name if KEYWORDS.contains(&name) => Rust::from_text(format!("r#{name}")),
        name => Rust::from_text(name),
    }
}

/// A variant or type name.
pub(super) fn variant(name: &str) -> Rust {
    ident(&names::pascal(name))
}

/// A field, variable or function name.
pub(super) fn field(name: &str) -> Rust {
    ident(&names::snake(name))
}

/// A type of the spec.
pub(super) fn ty(ty: &Type) -> Rust {
    match ty {
        Type::Int => rust!(i64),
        Type::Float => rust!(f64),
        Type::Bool => rust!(bool),
        Type::Text => rust!(value::Text),
        Type::Time => rust!(value::Time),
        Type::Duration => rust!(value::Duration),
        Type::Optional(inner) => {
            let inner = self::ty(inner);
            rust!(::core::option::Option<#inner>)
        }
        Type::List(inner) => {
            let inner = self::ty(inner);
            rust!(value::List<#inner>)
        }
        // Extern types stand beside the macro call.
        Type::Extern(name) => {
            let name = ident(name);
            rust!(super::#name)
        }
        Type::Unknown => rust!(()),
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
pub(super) fn fields(fields: &[Field]) -> Rust {
    if fields.is_empty() {
        return Rust::new();
    }
    let mut list = Rust::new();
    for field in fields {
        let (name, ty) = (self::field(&field.name), ty(&field.ty));
        list.push(rust!(#name: #ty,));
    }
    rust!({ #list })
}

/// Fields of parameters that need not be named in the spec.
pub(super) fn params(params: &[(Option<String>, Type)]) -> Vec<Field> {
    let mut fields = Vec::new();
    for (at, (name, ty)) in params.iter().enumerate() {
        let name = name.clone().unwrap_or_else(|| format!("arg{at}"));
        fields.push(Field { name, ty: ty.clone() });
    }
    fields
}

/// An `Int` that is not negative.
pub(super) fn long(value: i64) -> Rust {
    Rust::from_text(format!("{value}i64"))
}

/// Whether generated code asks for the time that `now` stands for. A text or a path of the spec that looks like
/// it says so, too: the machine is then told the time for nothing.
pub(super) fn reads_now(rust: &Rust) -> bool {
    let asks = b"core.now";
    rust.text().as_bytes().windows(asks.len()).any(|text| text == asks)
}
