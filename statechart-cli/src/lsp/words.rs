//! Names in the file of words beside a specification: where a name stands there.

use std::collections::BTreeSet;

use statechart_lang::ide::{Kind, WordNames, WordPlace as Place};

/// The file of words of a specification.
pub(super) fn beside(path: &str) -> Option<String> {
    path.strip_suffix(".sc").map(|stem| format!("{stem}.words"))
}

/// Where a name of this kind stands in a file of words, in bytes; none of a kind that words do not name.
///
/// # Errors
/// A line that writes the symbol together with others, which another name would not go with.
pub(super) fn places(text: &str, name: &str, kind: Kind) -> Result<BTreeSet<(u32, u32)>, u32> {
    let mut found = BTreeSet::new();
    let mut start = 0;
    for (line, full) in (1_u32..).zip(text.split_inclusive('\n')) {
        let skipped = named(full);
        for (range, place) in WordNames::new(full, skipped) {
            let token = full.get(range.clone()).unwrap_or_default();
            let bare = token.trim_matches('\'');
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if kind == Kind::Event
                && place == Place::Symbol
                && bare != name
                && digits(bare)
                && digits(name)
                && bare.contains(name)
            {
                return Err(line);
            }
            let is_kind = match place {
                Place::Symbol => kind == Kind::Event,
                Place::Answer => kind == Kind::Guard,
                Place::Child => kind == Kind::Child,
                Place::Inside => false,
            };
            if is_kind && bare == name {
                let at = |offset: usize| u32::try_from(start + offset).unwrap_or(u32::MAX);
                found.insert((at(range.start), at(range.end)));
            }
        }
        start += full.len();
    }
    Ok(found)
}

/// Where the word of a line begins: behind `name:`.
fn named(line: &str) -> usize {
    match line.find(|c| ":([\"'#".contains(c)) {
        Some(at) if line.get(at..).is_some_and(|rest| rest.starts_with(':')) => at + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(text: &str, name: &str, kind: Kind) -> String {
        let mut text = text.to_owned();
        for (start, end) in places(&text, name, kind).unwrap_or_default().into_iter().rev() {
            text.replace_range(start as usize..end as usize, "X");
        }
        text
    }

    #[test]
    fn names_are_found_where_they_mean_what_is_renamed() {
        for (text, name, kind, wanted) in [
            (
                "COIN PUSH # COIN\nCOIN: COIN(COIN: 1)\n",
                "COIN",
                Kind::Event,
                "X PUSH # COIN\nCOIN: X(COIN: 1)\n",
            ),
            ("A(\"A # A\", a)[A, not A] A", "A", Kind::Event, "X(\"A # A\", a)[A, not A] X"),
            ("A(\"A\")[ok, not late] +3s", "ok", Kind::Guard, "A(\"A\")[X, not late] +3s"),
            ("done(w, result: w) w", "w", Kind::Child, "done(X, result: w) w"),
            ("'log.line' log", "log.line", Kind::Event, "X log"),
            ("door.OPEN", "OPEN", Kind::Event, "door.X"),
            ("1 0 1", "1", Kind::Event, "X 0 X"),
            ("A", "A", Kind::State, "A"),
        ] {
            assert_eq!(renamed(text, name, kind), wanted, "{text}");
        }
        assert_eq!(places("0 1\n011", "1", Kind::Event), Err(2));
    }
}
