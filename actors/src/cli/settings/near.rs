//! What may have been meant by a name that does not exist.

/// `, did you mean listen?`, or the names there are.
pub(super) fn hint<S: AsRef<str>>(name: &str, known: &[S]) -> String {
    let near = known
        .iter()
        .map(|one| (edits(name, one.as_ref()), one.as_ref()))
        .filter(|(edits, one)| *edits <= one.len().div_ceil(3))
        .min();
    match near {
        Some((_, one)) => format!(", did you mean {one}?"),
        None => {
            let all: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
            format!("; there are {}", all.join(", "))
        }
    }
}

/// Levenshtein distance of two names, without regard to case; long ones are cut.
fn edits(left: &str, right: &str) -> usize {
    let letters = |text: &str| text.chars().take(64).flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (left, right) = (letters(left), letters(right));
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        let mut before = i + 1;
        for ((b, above_left), above) in right.iter().zip(&row).zip(row.iter().skip(1)) {
            before = (above_left + usize::from(a != b)).min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, expected) in [
            ("litsen", ", did you mean listen?"),
            ("data-dir", ", did you mean data_dir?"),
            ("Symbol", ", did you mean symbols?"),
            ("zzz", "; there are listen, data_dir, symbols"),
        ] {
            assert_eq!(hint(name, &["listen", "data_dir", "symbols"]), expected);
        }
    }
}
