//! Foreign names as names of the language: legal, and different where they were different, in Rust as well.

use std::collections::BTreeSet;

/// Words that begin something in the language. A state or variable of that name would be legal in most places and
/// puzzling in all.
const KEYWORDS: &[&str] = &[
    "accept",
    "action",
    "actor",
    "after",
    "always",
    "and",
    "as",
    "before",
    "can",
    "cancel",
    "commit",
    "compensate",
    "context",
    "deep",
    "defer",
    "delay",
    "do",
    "done",
    "else",
    "emit",
    "entry",
    "event",
    "example",
    "exit",
    "extern",
    "external",
    "false",
    "fault",
    "final",
    "for",
    "fragment",
    "from",
    "guard",
    "history",
    "if",
    "implies",
    "import",
    "in",
    "initial",
    "input",
    "internal",
    "invariant",
    "leads",
    "len",
    "limits",
    "log",
    "machine",
    "migrate",
    "never",
    "nondeterministic",
    "none",
    "not",
    "now",
    "on",
    "or",
    "output",
    "parallel",
    "peer",
    "property",
    "raise",
    "reach",
    "region",
    "return",
    "self",
    "send",
    "service",
    "spawn",
    "state",
    "stop",
    "streams",
    "strict",
    "system",
    "to",
    "true",
    "type",
    "undo",
    "use",
];

/// Hands out names; none twice.
#[derive(Debug, Clone)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// What must differ: the name as Rust spells it.
    spelt: fn(&str) -> String,
}

impl Names {
    pub(super) fn new(spelt: fn(&str) -> String) -> Self {
        Self { taken: BTreeSet::new(), spelt }
    }

    /// Whether a name could still be handed out; if so, it is taken now.
    pub(super) fn take(&mut self, name: &str) -> bool {
        self.taken.insert((self.spelt)(name))
    }

    /// The wanted name, or the first of `name_2`, `name_3`, … that is free.
    pub(super) fn claim(&mut self, wanted: &str) -> String {
        if self.take(wanted) {
            return wanted.to_owned();
        }
        let mut number = 2_u32;
        loop {
            let name = format!("{wanted}_{number}");
            if self.take(&name) {
                return name;
            }
            number += 1;
        }
    }
}

/// A name as an identifier: what is not a letter, digit or `_` becomes `_`; `prefix` goes before a digit.
pub(super) fn identifier(name: &str, prefix: &str) -> String {
    let mut out: String =
        name.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || out.chars().all(|c| c == '_') {
        out.insert_str(0, prefix);
    }
    if is_keyword(&out) {
        out.push('_');
    }
    out
}

/// A symbol as the language spells it: in quotes unless it is plain.
pub(super) fn symbol(name: &str) -> String {
    let plain = !name.is_empty()
        && (name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            || name.chars().all(|c| c.is_ascii_digit()))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !is_keyword(name);
    if plain { name.to_owned() } else { format!("'{name}'") }
}

/// A name that may stand between single quotes.
pub(super) fn quotable(name: &str) -> String {
    let name: String = name.chars().map(|c| if matches!(c, '\'' | '\n' | '\r') { '_' } else { c }).collect();
    if name.is_empty() { "event".to_owned() } else { name }
}

pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.binary_search(&name).is_ok()
}

/// A text literal of the language.
pub(super) fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // The language has no escape for other control characters.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A span of microseconds as a literal.
pub(super) fn duration(us: i64) -> String {
    for (unit, name) in
        [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms")]
    {
        if us != 0 && us % unit == 0 {
            return format!("{}{name}", us / unit);
        }
    }
    if us == 0 { "0s".to_owned() } else { format!("{us}us") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names::pascal;

    #[test]
    fn keywords_are_sorted_for_the_search() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn names_become_legal_and_stay_apart() {
        let mut names = Names::new(pascal);
        let given: Vec<String> = ["a.b", "a_b", "A-b", "state", "1x", "", "é"]
            .iter()
            .map(|name| names.claim(&identifier(name, "s")))
            .collect();
        assert_eq!(given, ["a_b", "a_b_2", "A_b_3", "state_", "s1x", "s", "s__2"]);
    }

    #[test]
    fn symbols_are_quoted_where_they_must_be() {
        for (name, spelt) in
            [("COIN", "COIN"), ("0", "0"), ("a.b", "'a.b'"), ("on", "'on'"), ("fault", "'fault'")]
        {
            assert_eq!(symbol(name), spelt);
        }
    }

    #[test]
    fn durations_are_spelt_with_the_largest_unit() {
        for (us, spelt) in
            [(0, "0s"), (1_500_000, "1500ms"), (60_000_000, "1m"), (7, "7us"), (-2_000_000, "-2s")]
        {
            assert_eq!(duration(us), spelt);
        }
    }
}
