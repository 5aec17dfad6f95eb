//! XML as text: elements with attributes, indented.

use std::fmt::Write as _;

#[derive(Debug, Default)]
pub(super) struct Xml {
    pub(super) text: String,
    open: Vec<String>,
}

impl Xml {
    /// Opens an element; what follows stands in it until [`Xml::close`].
    pub(super) fn open(&mut self, name: &str, attributes: &[(&str, String)]) {
        self.start(name, attributes);
        self.text.push_str(">\n");
        self.open.push(name.to_owned());
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, String)]) {
        self.start(name, attributes);
        self.text.push_str("/>\n");
    }

    /// An element with text in it.
    pub(super) fn with_text(&mut self, name: &str, text: &str) {
        self.start(name, &[]);
        let _ = writeln!(self.text, ">{}</{name}>", escaped(text));
    }

    pub(super) fn close(&mut self) {
        let Some(name) = self.open.pop() else { return };
        // `<a>` and nothing in it is `<a/>`.
        let indent = "  ".repeat(self.open.len());
        if self.text.ends_with(">\n") {
            let line = self.text.trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
            let last = self.text.get(line..).unwrap_or_default();
            if last.starts_with(&format!("{indent}<{name}"))
                && last.trim_end().ends_with('>')
                && !last.contains("/>")
                && !last.contains("</")
            {
                self.text.truncate(self.text.len() - 2);
                self.text.push_str("/>\n");
                return;
            }
        }
        let _ = writeln!(self.text, "{indent}</{name}>");
    }

    /// A comment; what would end it is taken out.
    pub(super) fn comment(&mut self, text: &str) {
        let indent = "  ".repeat(self.open.len());
        let _ = writeln!(self.text, "{indent}<!-- {} -->", text.replace("--", "- -"));
    }

    fn start(&mut self, name: &str, attributes: &[(&str, String)]) {
        let _ = write!(self.text, "{}<{name}", "  ".repeat(self.open.len()));
        for (name, value) in attributes {
            let _ = write!(self.text, " {name}=\"{}\"", escaped(value));
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            // No other control character may stand in XML.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Xml;

    #[test]
    fn elements_nest_and_texts_are_escaped() {
        let mut xml = Xml::default();
        xml.open("a", &[("x", "1 < \"2\" & 3".to_owned())]);
        xml.open("b", &[]);
        xml.close();
        xml.empty("c", &[]);
        xml.with_text("script", "x = 1 > 0;");
        xml.comment("a -- b");
        xml.close();
        assert_eq!(
            xml.text,
            "<a x=\"1 &lt; &quot;2&quot; &amp; 3\">\n  <b/>\n  <c/>\n  <script>x = 1 &gt; 0;</script>\n  <!-- a - - b -->\n</a>\n"
        );
    }
}
