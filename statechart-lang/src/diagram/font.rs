//! How wide a text is, without a font: the widths of Helvetica, which Arial, Liberation Sans and Nimbus Sans share.

/// Widths of the characters from space to `~`, in thousandths of the font size.
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, // space to /
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, // 0 to ?
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, // @ to O
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, // P to _
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, // ` to o
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, // p to ~
];

/// The sans-serif letters of TeX are narrower than these but for a few; a box has room for both.
const WIDER_IN_TEX: [(char, u16); 16] = [
    ('/', 500),
    ('(', 389),
    (')', 389),
    ('=', 778),
    ('+', 778),
    ('<', 778),
    ('>', 778),
    ('f', 306),
    ('i', 239),
    ('j', 267),
    ('l', 239),
    ('r', 342),
    ('t', 361),
    ('M', 875),
    ('"', 500),
    ('|', 278),
];

/// What Helvetica draws a text as wide as, in units of the size.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|letter| f64::from(letter_width(letter))).sum::<f64>() / 1000.0 * size * weight(bold)
}

/// The room that a text needs, whichever of the two fonts draws it.
pub(super) fn room(text: &str, size: f64, bold: bool) -> f64 {
    let room = |letter: char| {
        let tex = WIDER_IN_TEX.iter().find(|(wide, _)| *wide == letter).map_or(0, |(_, width)| *width);
        f64::from(letter_width(letter).max(tex))
    };
    text.chars().map(room).sum::<f64>() / 1000.0 * size * weight(bold)
}

fn weight(bold: bool) -> f64 {
    if bold { 1.09 } else { 1.0 }
}

fn letter_width(letter: char) -> u16 {
    let known = u32::from(letter).checked_sub(32).and_then(|at| HELVETICA.get(usize::try_from(at).ok()?));
    match known {
        Some(width) => *width,
        // Ideographs and syllables of East Asia fill a square; other letters are about as wide as ours.
        None if matches!(u32::from(letter), 0x1100..=0x11ff | 0x2e80..=0xd7ff | 0xf900..=0xfaff | 0xff00..=0xff60 | 0x1f000..=0x3ffff) => {
            1000
        }
        None => 620,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font_tables() {
        assert!((width("Hello", 1000.0, false) - (722.0 + 556.0 + 222.0 * 2.0 + 556.0)).abs() < 1e-9);
        assert!((width("é中", 1000.0, false) - 1620.0).abs() < 1e-9);
        assert!(room("a/b = c", 10.0, false) > width("a/b = c", 10.0, false));
    }
}
