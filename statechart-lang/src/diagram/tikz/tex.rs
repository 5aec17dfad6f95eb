//! Text in TeX: what it would read as its own is written so that it shows.

/// A text, outside math. Letters that the fonts of a plain installation lack appear as their number.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for character in text.chars() {
        match character {
            '#' | '$' | '%' | '&' | '{' | '}' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '_' => escaped.push_str("\\_"),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '"' => escaped.push_str("''"),
            '`' => escaped.push_str("\\textasciigrave{}"),
            '\'' => escaped.push_str("{'}"),
            '<' => escaped.push_str("$<$"),
            '>' => escaped.push_str("$>$"),
            '|' => escaped.push_str("$|$"),
            // Two of these would become one dash, or another mark.
            '-' | ',' | '?' | '!' if before == character => {
                escaped.push_str("{}");
                escaped.push(character);
            }
            '[' => escaped.push_str("{[}"),
            ']' => escaped.push_str("{]}"),
            '\u{a0}' => escaped.push('~'),
            letter if letter.is_ascii_graphic() || letter == ' ' => escaped.push(letter),
            letter if letter.is_control() => escaped.push(' '),
            letter => match in_math(letter) {
                Some(command) => escaped.push_str(&format!("${command}$")),
                None if has_accent(letter) => escaped.push(letter),
                None => escaped.push_str(&format!("(U+{:04X})", u32::from(letter))),
            },
        }
        before = character;
    }
    escaped
}

fn has_accent(letter: char) -> bool {
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽžČčŘřĚěŮů".contains(letter)
}

/// Characters that math has a command for.
fn in_math(letter: char) -> Option<&'static str> {
    Some(match letter {
        'α' => "\\alpha",
        'β' => "\\beta",
        'γ' => "\\gamma",
        'δ' => "\\delta",
        'ε' => "\\varepsilon",
        'λ' => "\\lambda",
        'μ' => "\\mu",
        'π' => "\\pi",
        'σ' => "\\sigma",
        'τ' => "\\tau",
        'ω' => "\\omega",
        'Γ' => "\\Gamma",
        'Δ' => "\\Delta",
        'Σ' => "\\Sigma",
        'Ω' => "\\Omega",
        '∈' => "\\in",
        '≤' => "\\leq",
        '≥' => "\\geq",
        '≠' => "\\neq",
        '×' => "\\times",
        '·' => "\\cdot",
        '→' => "\\rightarrow",
        '←' => "\\leftarrow",
        '↔' => "\\leftrightarrow",
        '∅' => "\\emptyset",
        '∞' => "\\infty",
        '…' => "\\ldots",
        '–' | '—' | '−' => "-",
        '°' => "^\\circ",
        '±' => "\\pm",
        _ => return None,
    })
}

/// A short formula in math, such as `σ=0 / x := x + 1`; `None` when it is more than that.
pub(super) fn formula(text: &str) -> Option<String> {
    let mut math = String::from("$");
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
            .unwrap_or(rest.len());
        let (taken, written) = if word > 0 {
            let word = rest.get(..word)?;
            let number = word.bytes().all(|byte| byte.is_ascii_digit());
            let written = match (number || word.len() == 1, indexed(word)) {
                (true, _) => word.to_owned(),
                (false, Some(indexed)) => indexed,
                (false, None) => format!("\\mathit{{{}}}", word.replace('_', "\\_")),
            };
            (word.len(), written)
        } else {
            let two = [(":=", ":="), ("==", "="), ("!=", "\\neq "), ("<=", "\\leq "), (">=", "\\geq ")];
            match two.iter().find(|(spelt, _)| rest.starts_with(spelt)) {
                Some((spelt, written)) => (spelt.len(), (*written).to_owned()),
                None => {
                    let written = match first {
                        // Math has no blanks of its own: between two words one is written.
                        ' ' => {
                            let is_word = |letter: Option<char>| {
                                letter.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_')
                            };
                            let before = text.strip_suffix(rest).and_then(|done| done.chars().next_back());
                            let next = rest.trim_start().chars().next();
                            let blank = (is_word(before) || before == Some(')'))
                                && (is_word(next) || next == Some('('));
                            if blank { "\\ ".to_owned() } else { String::new() }
                        }
                        '+' | '-' | '/' | '=' | '<' | '>' | '(' | ')' | ',' => first.to_string(),
                        '*' => "\\cdot ".to_owned(),
                        '[' => "\\;[".to_owned(),
                        ']' => "]\\;".to_owned(),
                        '{' => "\\{".to_owned(),
                        '}' => "\\}".to_owned(),
                        other => format!("{} ", in_math(other)?),
                    };
                    (first.len_utf8(), written)
                }
            }
        };
        math.push_str(&written);
        rest = rest.get(taken..)?;
    }
    math.push('$');
    Some(math)
}

/// `s0` as s with an index; `None` for other words.
pub(super) fn indexed(word: &str) -> Option<String> {
    let digits = word.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let letters = word.get(..word.len() - digits.len())?;
    let fits = letters.len() == 1 && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| format!("{letters}_{{{digits}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_tex_would_read() {
        let rows = [
            ("A_B [x > 1] / y := 50%", "A\\_B {[}x $>$ 1{]} / y := 50\\%"),
            ("\\{}#$&^~", "\\textbackslash{}\\{\\}\\#\\$\\&\\textasciicircum{}\\textasciitilde{}"),
            ("a--b \"q\" é 中 ×3", "a-{}-b ''q'' é (U+4E2D) $\\times$3"),
        ];
        for (text, escaped) in rows {
            assert_eq!(escape(text), escaped);
        }
    }

    #[test]
    fn formulas_are_typeset() {
        let rows = [
            ("σ=0 / x := x + 1", Some("$\\sigma =0/x:=x+1$")),
            ("σ∈{0,1} [n >= 2]", Some("$\\sigma \\in \\{0,1\\}\\;[n\\geq 2]\\;$")),
            ("in(a) and (b)", Some("$\\mathit{in}(a)\\ \\mathit{and}\\ (b)$")),
            (
                "A [not x  and y_1] / go",
                Some("$A\\;[\\mathit{not}\\ x\\ \\mathit{and}\\ \\mathit{y\\_1}]\\;/\\mathit{go}$"),
            ),
            ("count := s1", Some("$\\mathit{count}:=s_{1}$")),
            ("say(\"hi\")", None),
        ];
        for (text, math) in rows {
            assert_eq!(formula(text).as_deref(), math, "{text}");
        }
    }
}
