//! `cargo xtask grammar`: makes the parser's table from `grammar.pest`.
//!
//! The table is checked in, so that building the language builds neither a parser generator nor the thousands
//! of closures that it would write. `statechart-lang/src/syntax/grammar.rs` says how the table is walked.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use pest_meta::{
    ast::RuleType,
    optimizer::{OptimizedExpr, OptimizedRule},
};

use crate::{error::Error, generated::Generated, tools};

const GRAMMAR: &str = "statechart-lang/src/syntax/grammar.pest";
const PARSER: &str = "statechart-lang/src/syntax/generated.rs";

/// What pest skips between the parts of a rule.
const SPACES: [&str; 2] = ["WHITESPACE", "COMMENT"];

/// Writes the table, or checks that it is the grammar's.
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
    let wrong = |why: String| Error::Grammar { path: GRAMMAR, why };
    let (_, rules) = pest_meta::parse_and_optimize(&grammar)
        .map_err(|errors| wrong(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    table(&rules).map_err(wrong)
}

/// The rules as Rust.
fn table(rules: &[OptimizedRule]) -> Result<String, String> {
    let firsts = Firsts::of(rules);
    let mut names = String::new();
    let mut rows = String::new();
    for rule in rules {
        let name = &rule.name;
        let kind = match (rule.ty, SPACES.contains(&name.as_str())) {
            (RuleType::Silent, true) => "Space",
            (RuleType::Normal, false) => "Normal",
            (RuleType::Silent, false) => "Silent",
            (RuleType::Atomic, false) => "Atomic",
            (ty, _) => return Err(format!("`{name}` is {ty:?}, which `syntax/grammar.rs` does not know")),
        };
        let first = firsts.rule(name).bits();
        let of = if kind == "Space" { skipping(rule.expr.clone()) } else { rule.expr.clone() };
        let _ = writeln!(names, "    {name},");
        let _ = writeln!(
            rows,
            "    // {name}\n    Definition {{ kind: Kind::{kind}, first: First({first:#x}), expr: {} }},",
            expr(&of)?
        );
    }
    let end = firsts.rule("EOI").bits();
    let space = SPACES.iter().fold(0, |bits, name| bits | firsts.rule(name).set);
    Ok(format!(
        "// Made from grammar.pest by `cargo xtask grammar`. Do not edit.\n\n\
         use super::grammar::{{Definition, Expr, First, Kind}};\n\n\
         #[allow(non_camel_case_types, clippy::upper_case_acronyms)]\n\
         #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]\n\
         pub(crate) enum Rule {{\n    EOI,\n{names}}}\n\n\
         /// What white space and comments begin with.\n\
         pub(super) const SPACE: First = First({space:#x});\n\n\
         /// In the order of `Rule`.\n\
         pub(super) static RULES: [Definition; {}] = [\n\
         \x20   // EOI\n    Definition {{ kind: Kind::Normal, first: First({end:#x}), expr: Expr::End }},\n{rows}];\n",
        rules.len() + 1
    ))
}

/// `(!"text" ~ ANY)*` in one piece. pest does so in atomic rules; between what is skipped nothing is skipped either.
fn skipping(of: OptimizedExpr) -> OptimizedExpr {
    of.map_bottom_up(|of| {
        if let OptimizedExpr::Rep(part) = &of
            && let OptimizedExpr::Seq(not, any) = &**part
            && let (OptimizedExpr::NegPred(until), OptimizedExpr::Ident(any)) = (&**not, &**any)
            && let OptimizedExpr::Str(until) = &**until
            && any == "ANY"
        {
            return OptimizedExpr::Skip(vec![until.clone()]);
        }
        of
    })
}

/// One expression as Rust.
fn expr(of: &OptimizedExpr) -> Result<String, String> {
    let list = |kind: &str, parts: &[&OptimizedExpr]| {
        let parts = parts.iter().map(|part| expr(part)).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("Expr::{kind}(&[{}])", parts.join(", ")))
    };
    match of {
        OptimizedExpr::Str(text) => Ok(format!("Expr::Str({text:?})")),
        OptimizedExpr::Insens(text) => Ok(format!("Expr::Insens({text:?})")),
        OptimizedExpr::Ident(name) => Ok(match name.as_str() {
            "ASCII_ALPHA" => "Expr::Letter".to_owned(),
            "ASCII_DIGIT" => "Expr::Digit".to_owned(),
            "ASCII_ALPHANUMERIC" => "Expr::Alphanumeric".to_owned(),
            "ANY" => "Expr::Any".to_owned(),
            "SOI" => "Expr::Start".to_owned(),
            name => format!("Expr::Rule(Rule::{name})"),
        }),
        OptimizedExpr::Seq(..) => list("Seq", &sequence(of)),
        OptimizedExpr::Choice(..) => list("Choice", &alternatives(of)),
        OptimizedExpr::Opt(part) => Ok(format!("Expr::Opt(&{})", expr(part)?)),
        OptimizedExpr::Rep(part) => Ok(format!("Expr::Rep(&{})", expr(part)?)),
        OptimizedExpr::NegPred(part) => Ok(format!("Expr::Not(&{})", expr(part)?)),
        OptimizedExpr::Skip(until) => Ok(format!("Expr::Until(&{until:?})")),
        other => Err(format!("`{other}` is of a kind that `syntax/grammar.rs` does not know")),
    }
}

/// The parts of nested sequences.
fn sequence(of: &OptimizedExpr) -> Vec<&OptimizedExpr> {
    match of {
        OptimizedExpr::Seq(left, right) => [sequence(left), sequence(right)].concat(),
        other => vec![other],
    }
}

/// The alternatives of nested choices.
fn alternatives(of: &OptimizedExpr) -> Vec<&OptimizedExpr> {
    match of {
        OptimizedExpr::Choice(left, right) => [alternatives(left), alternatives(right)].concat(),
        other => vec![other],
    }
}

/// What an expression can begin with: a bit for each ASCII character, the last one also for all others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Start {
    set: u128,
    /// It can match without taking anything.
    empty: bool,
}

impl Start {
    const ALL: Self = Self { set: u128::MAX, empty: true };
    const NOTHING: Self = Self { set: 0, empty: true };

    fn chars(chars: impl Iterator<Item = char>) -> Self {
        let bit = |c: char| 1 << u32::from(c).min(127);
        Self { set: chars.fold(0, |set, c| set | bit(c)), empty: false }
    }

    fn or(self, other: Self) -> Self {
        Self { set: self.set | other.set, empty: self.empty || other.empty }
    }

    fn bits(self) -> u128 {
        if self.empty { u128::MAX } else { self.set }
    }
}

/// What each rule can begin with.
struct Firsts<'a>(BTreeMap<&'a str, Start>);

impl<'a> Firsts<'a> {
    /// Rules name each other in circles: what is known grows until nothing more comes.
    fn of(rules: &'a [OptimizedRule]) -> Self {
        let mut firsts = Self(BTreeMap::new());
        loop {
            let next: BTreeMap<&str, Start> =
                rules.iter().map(|rule| (rule.name.as_str(), firsts.expr(&rule.expr))).collect();
            if next == firsts.0 {
                return firsts;
            }
            firsts.0 = next;
        }
    }

    fn rule(&self, name: &str) -> Start {
        match name {
            "ASCII_ALPHA" => Start::chars(('a'..='z').chain('A'..='Z')),
            "ASCII_DIGIT" => Start::chars('0'..='9'),
            "ASCII_ALPHANUMERIC" => Start::chars(('a'..='z').chain('A'..='Z').chain('0'..='9')),
            "ANY" => Start { set: u128::MAX, empty: false },
            "SOI" | "EOI" => Start::NOTHING,
            name => self.0.get(name).copied().unwrap_or_default(),
        }
    }

    fn expr(&self, of: &OptimizedExpr) -> Start {
        match of {
            OptimizedExpr::Str(text) if text.is_empty() => Start::NOTHING,
            OptimizedExpr::Str(text) => Start::chars(text.chars().take(1)),
            OptimizedExpr::Insens(text) => {
                let first = text.chars().take(1);
                Start::chars(first.flat_map(|c| [c.to_ascii_lowercase(), c.to_ascii_uppercase()]))
            }
            OptimizedExpr::Ident(name) => self.rule(name),
            OptimizedExpr::Seq(left, right) => {
                let left = self.expr(left);
                if !left.empty {
                    return left;
                }
                // Where nothing stood, space may come before the rest.
                let space = SPACES.iter().fold(left.set, |set, name| set | self.rule(name).set);
                let right = self.expr(right);
                Start { set: space | right.set, empty: right.empty }
            }
            OptimizedExpr::Choice(left, right) => self.expr(left).or(self.expr(right)),
            OptimizedExpr::Opt(part) | OptimizedExpr::Rep(part) => self.expr(part).or(Start::NOTHING),
            OptimizedExpr::PosPred(_) | OptimizedExpr::NegPred(_) => Start::NOTHING,
            _ => Start::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Firsts, Start, table};

    #[test]
    fn a_rule_begins_with_what_its_parts_begin_with() {
        let grammar = "WHITESPACE = _{ \" \" }\n\
                       word = @{ !\"no\" ~ ASCII_ALPHA ~ ASCII_DIGIT* }\n\
                       signed = { \"-\"? ~ word }\n\
                       list = { \"[\" ~ list* ~ \"]\" | ^\"nil\" }\n\
                       many = { word* }";
        let (_, rules) = pest_meta::parse_and_optimize(grammar).expect("a grammar");
        let firsts = Firsts::of(&rules);
        let letters = || ('a'..='z').chain('A'..='Z');
        // After a test that takes nothing, space would be possible; no text is lost by expecting more.
        assert_eq!(firsts.rule("word"), Start::chars(letters().chain([' '])));
        assert_eq!(firsts.rule("signed"), Start::chars(letters().chain([' ', '-'])));
        assert_eq!(firsts.rule("list"), Start::chars("[nN".chars()));
        assert!(firsts.rule("many").empty);
        assert_eq!(firsts.rule("many").bits(), u128::MAX);
    }

    #[test]
    fn what_the_driver_does_not_know_is_an_error() {
        for (grammar, what) in [
            ("a = ${ \"x\" }", "CompoundAtomic"),
            ("a = { PUSH(\"x\") ~ POP }", "PUSH"),
            ("a = { &\"x\" ~ \"x\" }", "&"),
        ] {
            let (_, rules) = pest_meta::parse_and_optimize(grammar).expect("a grammar");
            let why = table(&rules).expect_err(what);
            assert!(why.contains(what), "{why}");
        }
    }
}
