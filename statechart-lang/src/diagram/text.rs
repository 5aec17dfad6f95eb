//! Text on its way into a picture: white space, line breaks, and the escapes of each format.

/// Puts a text on one line: runs of white space become one space, other control characters vanish.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|character| !character.is_control()));
    }
    line
}

/// Breaks a text at spaces into lines of at most `columns` characters. A longer word stays whole up to
/// twice that, and is cut beyond: a picture must not grow as wide as a pasted text.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in one_line(text).split(' ') {
        let word: Vec<char> = word.chars().collect();
        for piece in word.chunks(columns * 2) {
            if length > 0 && length + 1 + piece.len() > columns {
                lines.push(std::mem::take(&mut line));
                length = 0;
            }
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.extend(piece);
            length += piece.len();
        }
    }
    if length > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// A DOT identifier in quotes. Only the quote is special in one; a backslash is doubled so that it
/// cannot swallow the closing quote.
pub(super) fn dot_id(text: &str) -> String {
    format!("\"{}\"", one_line(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// A DOT label in quotes, its lines centred. Graphviz reads `\N` and `&lt;` in labels, so backslash and
/// ampersand are escaped too.
pub(super) fn dot_label<L: AsRef<str>>(lines: &[L]) -> String {
    let mut label = String::from("\"");
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            label.push_str("\\n");
        }
        for character in line.as_ref().chars() {
            match character {
                '"' => label.push_str("\\\""),
                '\\' => label.push_str("\\\\"),
                '&' => label.push_str("&amp;"),
                '\n' => label.push_str("\\n"),
                other if other.is_control() => label.push(' '),
                other => label.push(other),
            }
        }
    }
    label.push('"');
    label
}

/// Text inside an HTML-like DOT label. Backslashes become entities, because Graphviz expands `\N` here
/// as well.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\\' => escaped.push_str("&#92;"),
            '\n' => escaped.push_str("<br/>"),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text in XML, as content or in an attribute in quotes. Characters that XML has no place for vanish.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text in a Mermaid diagram. Its grammar ends a label at `:`, `;` or the line, and its labels are HTML
/// in the browser, so everything but plain punctuation becomes one of its `#code;` entities.
pub(super) fn mermaid(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        let plain = character.is_alphanumeric()
            || matches!(character, ' ' | '_' | '.' | ',' | '/' | '(' | ')' | '+' | '*' | '=' | '?' | '!');
        if plain {
            escaped.push(character);
        } else {
            escaped.push_str(&format!("#{};", u32::from(character)));
        }
    }
    escaped
}

/// Text in a PlantUML diagram. Its labels are Creole, where doubled punctuation switches styles and a backslash
/// breaks the line, so everything but plain punctuation becomes an entity.
pub(super) fn plantuml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    for character in one_line(text).chars() {
        let plain = character.is_alphanumeric()
            || character == ' '
            || matches!(character, '_' | '.' | ',' | '/' | '(' | ')' | '+' | '=' | '?' | '!' | '-' | ':')
                && character != before;
        if plain {
            escaped.push(character);
        } else {
            escaped.push_str(&format!("<U+{:04X}>", u32::from(character)));
        }
        before = character;
    }
    escaped
}

/// The words of a name: split at case changes, digits, and what is neither letter nor digit, in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for character in name.chars() {
        let starts = character.is_uppercase() && before.is_lowercase();
        if (starts || !character.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_spaces_and_cuts_only_what_is_hopeless() {
        let rows: [(&str, &[&str]); 5] = [
            ("", &[""]),
            ("a  b\n c", &["a b c"]),
            ("A | B [x > 1]", &["A | B [x", "> 1]"]),
            ("VERY_LONG_NAME x", &["VERY_LONG_NAME", "x"]),
            ("12345678901234567890", &["1234567890123456", "7890"]),
        ];
        for (text, lines) in rows {
            assert_eq!(wrap(text, 8), lines, "{text:?}");
        }
    }

    #[test]
    fn escapes_what_each_format_reads() {
        let text = "a \"b\" \\N <c> & d: e; #1";
        assert_eq!(dot_id(text), r#""a \"b\" \\N <c> & d: e; #1""#);
        assert_eq!(dot_label(&[text, "x"]), r#""a \"b\" \\N <c> &amp; d: e; #1\nx""#);
        assert_eq!(xml("a\u{7}<\"b\"> & \u{ffff}c"), "a &lt;&quot;b&quot;&gt; &amp; c");
        assert_eq!(html(text), "a &quot;b&quot; &#92;N &lt;c&gt; &amp; d: e; #1");
        assert_eq!(plantuml("a__b \"c\" [d]"), "a_<U+005F>b <U+0022>c<U+0022> <U+005B>d<U+005D>");
        assert_eq!(mermaid(text), "a #34;b#34; #92;N #60;c#62; #38; d#58; e#59; #35;1");
    }

    #[test]
    fn splits_names_into_words() {
        assert_eq!(words("TimescaleDB"), ["timescale", "db"]);
        assert_eq!(words("event_log"), ["event", "log"]);
        assert_eq!(words("SQLite file"), ["sqlite", "file"]);
    }
}
