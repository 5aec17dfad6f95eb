//! Calls.

use std::collections::BTreeMap;

use super::super::{
    draft::DraftKind,
    ecma::{Bad, Js},
};
use super::{
    chart::Translator,
    expr::{ATOM, Out, PRODUCT, Scope, invalid, unknown},
    types::Kind,
};

/// Up to which power `Math.pow` is written out.
const POWER_LIMIT: f64 = 8.0;
/// How deep functions may call each other.
pub(super) const CALL_DEPTH: usize = 8;
/// How large what is written out for a call may be; half of it for a call inside of that, and so on.
const SIZE_LIMIT: usize = 1_000;
/// How much may be written out in one pass for calls inside of calls and for procedures, which multiply.
pub(super) const WRITTEN_LIMIT: usize = 50_000;

impl Translator<'_> {
    /// A call of a function that only computes, with the function's value in its place.
    pub(super) fn written_out(&self, of: &Js, args: &[Js]) -> Option<Js> {
        let (params, body) = match of {
            Js::Name(name) => self.lambdas.get(name).map(|(params, body)| (params, body))?,
            Js::Function(params, body) => (params, &**body),
            _ => return None,
        };
        let nothing = Js::Undefined;
        let given = params.iter().enumerate();
        let given: BTreeMap<&str, &Js> =
            given.map(|(at, name)| (name.as_str(), args.get(at).unwrap_or(&nothing))).collect();
        let size = written_size(params, body, args);
        if self.calling >= CALL_DEPTH
            || size > SIZE_LIMIT >> self.calling
            || self.calling > 0 && !self.may_write(size)
        {
            return None;
        }
        Some(body.with(&given))
    }

    /// Takes from what may be written out in this pass; whether there was enough.
    pub(super) fn may_write(&self, size: usize) -> bool {
        match self.writable.get().checked_sub(size) {
            Some(rest) => {
                self.writable.set(rest);
                true
            }
            None => false,
        }
    }

    pub(super) fn call(&mut self, of: &Js, args: &[Js], scope: &Scope, want: Kind) -> Result<Out, Bad> {
        if let Some(written) = self.written_out(of, args) {
            self.calling += 1;
            let out = self.spelt(&written, scope, want);
            self.calling -= 1;
            return out;
        }
        match (of, args) {
            (Js::Name(name), [Js::Text(id)]) if name == "In" => Ok(match self.ids.get(id.as_str()) {
                // A history state is never active.
                Some(state) if !matches!(self.draft.states[*state].kind, DraftKind::History { .. }) => {
                    Out::bool(format!("in({})", self.state_reference(id)), ATOM)
                }
                _ => Out::constant(false),
            }),
            // How a division of whole numbers is written.
            (Js::Member(of, name), [Js::Binary("/", left, right)])
                if **of == Js::Name("Math".to_owned()) && name == "trunc" && want == Kind::Int =>
            {
                let (a, b) = (self.spelt(left, scope, want)?, self.spelt(right, scope, want)?);
                let (a, b) = (self.filled(a), self.filled(b));
                if a.kind != Kind::Int || b.kind != Kind::Int {
                    return unknown("`Math.trunc` of what is no quotient of whole numbers");
                }
                self.may_fault = true;
                Ok(Out::new(format!("{} / {}", a.within(PRODUCT), b.within(PRODUCT + 1)), PRODUCT, Kind::Int))
            }
            // A small whole power is a product.
            (Js::Member(of, name), [base @ Js::Name(_), Js::Number(power, true)])
                if **of == Js::Name("Math".to_owned())
                    && name == "pow"
                    && (1.0..=POWER_LIMIT).contains(power) =>
            {
                let mut product = base.clone();
                let mut left = *power - 1.0;
                while left > 0.0 {
                    product = Js::Binary("*", Box::new(product), Box::new(base.clone()));
                    left -= 1.0;
                }
                self.spelt(&product, scope, want)
            }
            (Js::Name(name), _)
                if !self.functions.contains_key(name)
                    && !self.lambdas.contains_key(name)
                    && !self.variables.contains_key(name)
                    && !self.unknown_scripts
                    && !matches!(
                        name.as_str(),
                        "In" | "isNaN" | "parseInt" | "parseFloat" | "String" | "Number" | "Boolean"
                    ) =>
            {
                invalid(format!("the function `{name}` is not declared"))
            }
            (of, _) => {
                unknown(format!("a call of `{}`", of.path().map_or("…".to_owned(), |path| path.join("."))))
            }
        }
    }
}

/// How many parts a body has with its arguments in place.
pub(super) fn written_size(params: &[String], body: &Js, args: &[Js]) -> usize {
    let parts = |js: &Js| {
        let mut size = 0_usize;
        js.walk(&mut |_| size += 1);
        size
    };
    let sizes: BTreeMap<&str, usize> =
        params.iter().zip(args).map(|(name, arg)| (name.as_str(), parts(arg))).collect();
    let mut size = 0_usize;
    body.walk(&mut |js| {
        let here = match js {
            Js::Name(name) => sizes.get(name.as_str()).copied().unwrap_or(1),
            _ => 1,
        };
        size = size.saturating_add(here);
    });
    size
}
