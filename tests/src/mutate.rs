//! Mutated texts: what the parser must answer, whatever it is given.
//!
//! `cargo xtask fuzz` includes this file as well: it needs no compiled machine.

use super::random::Random;

const PIECES: &[&str] = &[
    "'",
    "''",
    "\"",
    "\\",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "//",
    "///",
    "/*",
    "*/",
    "/",
    "->",
    ":=",
    "|",
    "!",
    "#",
    "*",
    ",",
    ".",
    "?",
    "??",
    "-",
    "--",
    "9223372036854775808",
    "1e9",
    "0.5",
    "1s",
    "é",
    "½",
    "\u{feff}",
    "\u{0}",
    "\r",
    "\n",
    " state ",
    " region ",
    " parallel ",
    " final ",
    " on ",
    " always ",
    " after ",
    " done ",
    " self ",
    " event.",
    " none ",
    " in(",
    " not ",
    " internal ",
    " machine ",
    " system ",
    " input {",
    " extern {",
    " context {",
    " initial ",
    " do ",
    " defer ",
    " emit ",
    " raise ",
    " send self ",
    " peer ",
    " import \"main.sc\" ",
    " = ",
    " now ",
    " len(",
    " history h ",
    " deep ",
    " -> s(1) ",
    " if ",
    " else ",
    " for x in ",
    " undo ",
    " compensate ",
    " commit ",
    " spawn ",
    " stop ",
    " cancel ",
    " as ",
    " return ",
    " use ",
    " fragment ",
    " limits { ",
    " example \"\" ",
    " property \"\" : ",
    " invariant \"\" : ",
    " never \"\" : ",
    " migrate from \"\" { ",
];

/// A text with some bytes flipped, words left out, pieces put in, or a part of another text.
#[must_use]
pub fn mutated(seeds: &[String], random: &mut Random) -> String {
    let mut bytes = seeds[random.below(seeds.len())].clone().into_bytes();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 if !bytes.is_empty() => bytes[at] = random.bits() as u8,
            1 => {
                let end = bytes[at..].iter().skip(1).position(|byte| !byte.is_ascii_alphanumeric());
                let end = end.map_or(bytes.len(), |length| at + 1 + length);
                bytes.drain(at..end);
            }
            2 => {
                let other = seeds[random.below(seeds.len())].as_bytes();
                let from = random.below(other.len());
                let to = (from + random.below(200)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            3 => {
                let end = (at + random.below(300)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, part);
            }
            4 => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())].repeat(1 + random.below(3));
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
