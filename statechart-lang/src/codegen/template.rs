//! Rust as text, written as Rust.
//!
//! ```text
//! rust!(match #event { #arms })  ──▶  one string, and the values that belong at its `#name`s, in order
//! ```
//!
//! What `quote!` is to tokens. Every crate that names a machine waits until the generator has been compiled, and a
//! template of tokens is compiled to a call for each of them; this one to a single call. There is no repetition: what
//! is repeated is made beforehand.

use std::fmt::{self, Write as _};

/// A piece of Rust.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Rust(String);

impl Rust {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Text that is Rust: a name, a number with its type.
    pub(super) fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, more: Rust) {
        if self.0.is_empty() {
            *self = more;
        } else {
            self.0.push_str(&more.0);
        }
    }

    /// Adds a piece and a comma.
    pub(super) fn item(&mut self, piece: &dyn Piece) {
        piece.write(&mut self.0);
        self.0.push_str(", ");
    }

    /// Adds a pattern to what is matched.
    pub(super) fn or(&mut self, pattern: Rust) {
        if !self.is_empty() {
            self.0.push_str(" | ");
        }
        self.push(pattern);
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// One after the other.
impl FromIterator<Rust> for Rust {
    fn from_iter<I: IntoIterator<Item = Rust>>(pieces: I) -> Self {
        let mut all = Self::new();
        for piece in pieces {
            all.push(piece);
        }
        all
    }
}

/// Numbers, a comma after each.
pub(super) fn numbers(numbers: &[usize]) -> Rust {
    let mut all = Rust::new();
    for number in numbers {
        all.item(number);
    }
    all
}

/// What stands at a `#name`.
pub(super) trait Piece {
    fn write(&self, out: &mut String);
}

impl Piece for Rust {
    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

/// Nothing, where there is none.
impl<T: Piece> Piece for Option<T> {
    fn write(&self, out: &mut String) {
        if let Some(piece) = self {
            piece.write(out);
        }
    }
}

/// A literal in quotes.
impl Piece for str {
    fn write(&self, out: &mut String) {
        write(out, format_args!("{self:?}"));
    }
}

impl Piece for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl<T: Piece + ?Sized> Piece for &T {
    fn write(&self, out: &mut String) {
        T::write(self, out);
    }
}

impl Piece for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Piece for usize {
    fn write(&self, out: &mut String) {
        write(out, format_args!("{self}"));
    }
}

impl Piece for u32 {
    fn write(&self, out: &mut String) {
        write(out, format_args!("{self}"));
    }
}

impl Piece for u64 {
    fn write(&self, out: &mut String) {
        write(out, format_args!("{self}"));
    }
}

fn write(out: &mut String, text: fmt::Arguments<'_>) {
    // A string takes everything.
    _ = out.write_fmt(text);
}

/// The template with a value at each `#name`, which are as many. The texts and comments of a template hold none.
pub(super) fn fill(template: &str, values: &[&dyn Piece]) -> Rust {
    let mut text = String::with_capacity(template.len());
    let mut values = values.iter();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('#') {
        text.push_str(before);
        let length = after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        // Others are attributes.
        rest = if length == 0 {
            text.push('#');
            after
        } else {
            // Apart from what stands beside it, which could otherwise be read as one with it.
            text.push(' ');
            match values.next() {
                Some(value) => value.write(&mut text),
                None => debug_assert!(false, "no value is left for #{after} in {template}"),
            }
            text.push(' ');
            after.get(length..).unwrap_or("")
        };
    }
    debug_assert!(values.next().is_none(), "a value is left over in {template}");
    text.push_str(rest);
    Rust(text)
}

/// Rust with values of the names in scope: `rust!(#state => #value,)`.
macro_rules! rust {
    ($($template:tt)*) => {
        $crate::codegen::template::fill(
            ::core::stringify!($($template)*),
            values!([] $($template)*),
        )
    };
}

/// The names behind `#`, whatever brackets they stand in.
macro_rules! values {
    ([$($name:ident)*]) => { &[$(&$name),*] };
    ([$($name:ident)*] # $next:ident $($rest:tt)*) => {
        values!([$($name)* $next] $($rest)*)
    };
    ([$($name:ident)*] ($($inner:tt)*) $($rest:tt)*) => {
        values!([$($name)*] $($inner)* $($rest)*)
    };
    ([$($name:ident)*] {$($inner:tt)*} $($rest:tt)*) => {
        values!([$($name)*] $($inner)* $($rest)*)
    };
    ([$($name:ident)*] [$($inner:tt)*] $($rest:tt)*) => {
        values!([$($name)*] $($inner)* $($rest)*)
    };
    ([$($name:ident)*] $other:tt $($rest:tt)*) => {
        values!([$($name)*] $($rest)*)
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proc_macro2::TokenStream;
    use quote::quote;

    use super::{Rust, numbers};

    /// The tokens, whatever stands between them.
    fn tokens(text: &str) -> String {
        text.parse::<TokenStream>().unwrap().to_string().replace(' ', "")
    }

    /// What both make of one template.
    macro_rules! both {
        ($($template:tt)*) => {
            (rust!($($template)*), quote!($($template)*))
        };
    }

    #[test]
    fn a_template_is_filled_as_quote_fills_it() {
        let (text, flag, label) = ("a \"b\" # \\ {} \u{7f} ä\n", true, String::from("#label"));
        let rows = [
            both!(),
            both!(match #flag { true => #text, _ => panic!("{:#?} #[x] {}", #label, b'#') }),
            both!(#[doc = #text] #[derive(Debug)] pub struct A<'a, T: ?Sized>(&'a T);),
            both!(
                /// A comment # of `text`.
                #![allow(unused)]
                fn f() -> ! { loop { x(#flag)[#flag].y::<#flag>() } } // #gone
            ),
            both!(r#"raw text"# ; 'a: loop { break 'a } ; 1..=2 ; a &&& #flag ; -#flag ; a::#flag::b!(#flag)),
        ];
        for (ours, theirs) in rows {
            assert_eq!(tokens(ours.text()), theirs.to_string().replace(' ', ""));
        }
    }

    #[test]
    fn pieces_are_texts_numbers_and_what_may_be_missing() {
        let (some, none) = (Some(rust!(a.b())), None::<Rust>);
        let (size, half, whole) = (7_usize, u32::MAX, u64::MAX);
        let list = numbers(&[1, 2]);
        let mut either = rust!(A);
        either.or(rust!(B { .. }));
        let filled = rust!(#some #none [#size, #half, #whole] [#list] match x { #either => {} });
        let expected = "a.b() [7, 4294967295, 18446744073709551615] [1, 2,] match x { A | B { .. } => {} }";
        assert_eq!(tokens(filled.text()), tokens(expected));
    }
}
