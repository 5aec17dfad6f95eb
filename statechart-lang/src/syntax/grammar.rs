//! The grammar as a table, and the function that drives pest's parser over it.
//!
//! `grammar.pest` is the source. `cargo xtask grammar` writes it into `generated.rs` as data, because the closures that
//! pest generates take longer to compile than everything else in this crate.
//!
//! A rule is not tried where the next character cannot begin it. That makes no difference to what is parsed, but
//! an error should name everything that was possible: a text that does not parse is parsed once more, trying it all.

use std::cell::Cell;

use pest::{Atomicity, ParseResult, ParserState, error::Error, iterators::Pairs};

pub(crate) use super::generated::Rule;
use super::generated::{RULES, SPACE};

/// One rule of the grammar.
pub(super) struct Definition {
    pub(super) kind: Kind,
    pub(super) first: First,
    pub(super) expr: Expr,
}

/// What a rule leaves behind, and whether white space may stand between its parts.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A pair, with space between the parts.
    Normal,
    /// No pair of its own.
    Silent,
    /// A pair, without pairs inside and without space.
    Atomic,
    /// What is skipped between the parts of others.
    Space,
}

/// What to match.
pub(super) enum Expr {
    Str(&'static str),
    /// Upper and lower case are one.
    Insens(&'static str),
    Letter,
    Digit,
    Alphanumeric,
    Any,
    Start,
    End,
    Rule(Rule),
    Seq(&'static [Expr]),
    Choice(&'static [Expr]),
    Opt(&'static Expr),
    Rep(&'static Expr),
    /// Matches where the other does not, and takes nothing.
    Not(&'static Expr),
    /// Everything up to one of these, or to the end.
    Until(&'static [&'static str]),
}

/// The characters that a rule can begin with, a bit for each of ASCII; the last stands for all others too. All bits are
/// set where the rule can match nothing at all.
#[derive(Clone, Copy)]
pub(super) struct First(pub(super) u128);

impl First {
    const OTHERS: u8 = 127;

    fn holds(self, next: Option<&u8>) -> bool {
        match next {
            Some(byte) => (self.0 >> (*byte).min(Self::OTHERS)) & 1 == 1,
            None => self.0 == u128::MAX,
        }
    }
}

type State<'i> = Box<ParserState<'i, Rule>>;
type Step<'i> = ParseResult<State<'i>>;

/// The same step as one type: what pest does with a step is compiled anew for each type of them.
fn step<'a, 'i>(step: &'a dyn Fn(State<'i>) -> Step<'i>) -> &'a dyn Fn(State<'i>) -> Step<'i> {
    step
}

fn repeat<'i>(state: State<'i>, part: &dyn Fn(State<'i>) -> Step<'i>) -> Step<'i> {
    state.repeat(part)
}

fn character(state: State<'_>, is: fn(&char) -> bool) -> Step<'_> {
    state.match_char_by(|c| is(&c))
}

/// Parses a text as a rule.
pub(super) fn parse(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, Box<Error<Rule>>> {
    attempt(rule, text, false).or_else(|_| attempt(rule, text, true))
}

fn attempt(rule: Rule, text: &str, everything: bool) -> Result<Pairs<'_, Rule>, Box<Error<Rule>>> {
    let driver = Driver { text, everything, space: Cell::new((0, 0)) };
    pest::state(text, |state| driver.rule(rule, state)).map_err(Box::new)
}

/// Walks the table. Small functions: their frames nest as deeply as the text does.
struct Driver<'i> {
    text: &'i str,
    /// Also what cannot match.
    everything: bool,
    /// The last space that was skipped, from and to: every alternative that is tried behind it begins with it.
    space: Cell<(usize, usize)>,
}

impl<'i> Driver<'i> {
    fn may_begin(&self, first: First, state: &State<'i>) -> bool {
        first.holds(self.text.as_bytes().get(state.position().pos()))
    }

    fn rule(&self, rule: Rule, state: State<'i>) -> Step<'i> {
        let Some(definition) = RULES.get(rule as usize) else { return Err(state) };
        if !self.everything && !self.may_begin(definition.first, &state) {
            return Err(state);
        }
        let expr = &definition.expr;
        match definition.kind {
            Kind::Normal => state.rule(rule, step(&|state| self.expr(expr, state))),
            Kind::Silent => self.expr(expr, state),
            Kind::Atomic => state.rule(rule, step(&|state| self.atomic(expr, state))),
            Kind::Space => self.atomic(expr, state),
        }
    }

    fn expr(&self, expr: &'static Expr, state: State<'i>) -> Step<'i> {
        match expr {
            Expr::Str(text) => state.match_string(text),
            Expr::Insens(text) => state.match_insensitive(text),
            Expr::Letter => character(state, char::is_ascii_alphabetic),
            Expr::Digit => character(state, char::is_ascii_digit),
            Expr::Alphanumeric => character(state, char::is_ascii_alphanumeric),
            Expr::Any => state.skip(1),
            Expr::Start => state.start_of_input(),
            Expr::End => state.end_of_input(),
            Expr::Rule(rule) => self.rule(*rule, state),
            Expr::Seq(parts) => self.seq(parts, state),
            Expr::Choice(parts) => self.choice(parts, state),
            Expr::Opt(part) => state.optional(step(&|state| self.expr(part, state))),
            Expr::Rep(part) => self.rep(part, state),
            Expr::Not(part) => state.lookahead(false, |state| self.expr(part, state)),
            Expr::Until(texts) => state.skip_until(texts),
        }
    }

    fn atomic(&self, expr: &'static Expr, state: State<'i>) -> Step<'i> {
        state.atomic(Atomicity::Atomic, |state| self.expr(expr, state))
    }

    fn seq(&self, parts: &'static [Expr], state: State<'i>) -> Step<'i> {
        state.sequence(step(&|mut state| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    state = self.space(state)?;
                }
                state = self.expr(part, state)?;
            }
            Ok(state)
        }))
    }

    fn choice(&self, parts: &'static [Expr], mut state: State<'i>) -> Step<'i> {
        for part in parts {
            match self.expr(part, state) {
                Ok(state) => return Ok(state),
                Err(unchanged) => state = unchanged,
            }
        }
        Err(state)
    }

    fn rep(&self, part: &'static Expr, state: State<'i>) -> Step<'i> {
        if state.atomicity() != Atomicity::NonAtomic {
            return repeat(state, &|state| self.expr(part, state));
        }
        // Space counts only where another one follows it.
        let next = |state: State<'i>| state.sequence(step(&|state| self.expr(part, self.space(state)?)));
        state.optional(step(&|state| repeat(self.expr(part, state)?, &next)))
    }

    /// `WHITESPACE* ~ (COMMENT ~ WHITESPACE*)*`, where space may stand.
    fn space(&self, state: State<'i>) -> Step<'i> {
        if state.atomicity() != Atomicity::NonAtomic || !self.may_begin(SPACE, &state) {
            return Ok(state);
        }
        let from = state.position().pos();
        let (known, to) = self.space.get();
        if known == from
            && let Some(space) = self.text.get(from..to)
            && !space.is_empty()
        {
            return state.match_string(space);
        }
        let blanks = |state| repeat(state, &|state| self.rule(Rule::WHITESPACE, state));
        let comment =
            |state: State<'i>| state.sequence(step(&|state| blanks(self.rule(Rule::COMMENT, state)?)));
        let state = state.sequence(step(&|state| repeat(blanks(state)?, &comment)))?;
        self.space.set((from, state.position().pos()));
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use pest::{RuleType, iterators::Pairs};

    use super::{Rule, attempt};

    fn flat<R: RuleType>(pairs: Pairs<'_, R>) -> Vec<(R, usize, usize)> {
        pairs.flatten().map(|pair| (pair.as_rule(), pair.as_span().start(), pair.as_span().end())).collect()
    }

    #[test]
    fn what_cannot_begin_a_rule_makes_no_difference() {
        let text = include_str!("../../../specs/datastore.sc");
        // Every cut leaves something broken in the middle of another rule.
        for at in (0..text.len()).step_by(97).filter(|at| text.is_char_boundary(*at)) {
            for text in [&text[..at], &format!("{}%é{}", &text[..at], &text[at..]), &text[at..]] {
                let [fast, all] =
                    [false, true].map(|everything| attempt(Rule::file, text, everything).ok().map(flat));
                assert_eq!(fast, all, "{text}");
            }
        }
    }
}
