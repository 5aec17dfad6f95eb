//! An actor's path through its states as text: rounds that repeat are written once, with their number.

/// Longest round that is looked for, in states.
const MAX_ROUND: usize = 8;

const ARROW: &str = " → ";

/// Separates the states of one configuration, one from each region.
const REGIONS: &str = ", ";

/// `idle → (processing → writing → idle) ×12`. Of several regions only those that moved are named.
pub(crate) fn path_text(path: &[String]) -> String {
    let path = &moves(path);
    let mut parts: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(rest) = path.get(at..).filter(|rest| !rest.is_empty()) {
        let (round, times) = best_round(rest);
        let states = rest.get(..round).unwrap_or(rest).join(ARROW);
        parts.push(match (times, round) {
            (1, _) => states,
            (_, 1) => format!("{states} ×{times}"),
            _ => format!("({states}) ×{times}"),
        });
        at += round * times;
    }
    parts.join(ARROW)
}

/// The same in lines of at most `width` characters, broken behind arrows. What does not fit into `most` lines is
/// left out at the front, because the newest states matter most.
pub(crate) fn path_lines(path: &[String], width: usize, most: usize) -> Vec<String> {
    let text = path_text(path);
    let mut lines: Vec<String> = Vec::new();
    for part in text.split(ARROW) {
        let fits = |line: &&mut String| line.chars().count() + 5 + part.chars().count() <= width;
        match lines.last_mut() {
            Some(line) => match Some(line).filter(fits) {
                Some(line) => line.push_str(&format!("{ARROW}{part}")),
                None => lines.push(part.to_owned()),
            },
            None => lines.push(part.to_owned()),
        }
    }
    let last = lines.len().saturating_sub(1);
    for line in lines.iter_mut().take(last) {
        line.push_str(ARROW.trim_end());
    }
    let left_out = lines.len().saturating_sub(most.max(1));
    lines.drain(..left_out);
    if let Some(first) = lines.first_mut().filter(|_| left_out > 0) {
        first.insert_str(0, "… ");
    }
    lines
}

/// Each configuration without the states that were in the one before it.
fn moves(path: &[String]) -> Vec<String> {
    let mut moves: Vec<String> = path.iter().take(1).cloned().collect();
    for (before, now) in path.iter().zip(path.iter().skip(1)) {
        let stayed: Vec<&str> = before.split(REGIONS).collect();
        let moved: Vec<&str> = now.split(REGIONS).filter(|state| !stayed.contains(state)).collect();
        // A configuration that follows itself was left and entered again.
        moves.push(if moved.is_empty() { now.clone() } else { moved.join(REGIONS) });
    }
    moves
}

/// The round at the start that saves most: its length and how often it follows itself.
fn best_round(path: &[String]) -> (usize, usize) {
    let mut best = (1, 1);
    for round in 1..=MAX_ROUND.min(path.len() / 2) {
        let (first, _) = path.split_at(round);
        let times = path.chunks(round).take_while(|chunk| *chunk == first).count();
        let saved = |(round, times): (usize, usize)| round * (times - 1);
        if times > 1 && saved((round, times)) > saved(best) {
            best = (round, times);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn rounds_are_folded() {
        for (states, text) in [
            ("", ""),
            ("a", "a"),
            ("a b c", "a → b → c"),
            ("a b c b c b c", "a → (b → c) ×3"),
            ("a a a", "a ×3"),
            ("i p w u i p w u i p w u i", "(i → p → w → u) ×3 → i"),
            ("s i p i p e r i p i p", "s → (i → p) ×2 → e → r → (i → p) ×2"),
        ] {
            assert_eq!(path_text(&path(states)), text);
        }
        let regions = ["w.a, f.x", "w.b, f.x", "w.a, f.x", "w.a, f.y", "w.b, f.z"].map(str::to_owned);
        assert_eq!(path_text(&regions), "w.a, f.x → w.b → w.a → f.y → w.b, f.z");
    }

    #[test]
    fn long_paths_are_broken() {
        for (states, width, most, lines) in [
            ("a b c d", 40, 2, &["a → b → c → d"][..]),
            ("aaa bbb ccc ddd eee", 14, 3, &["aaa → bbb →", "ccc → ddd →", "eee"]),
            ("aaa bbb ccc ddd eee", 14, 2, &["… ccc → ddd →", "eee"]),
            ("wider-than-the-screen x", 8, 2, &["wider-than-the-screen →", "x"]),
            ("", 10, 2, &[""]),
        ] {
            assert_eq!(path_lines(&path(states), width, most), lines, "{states}");
        }
    }
}
