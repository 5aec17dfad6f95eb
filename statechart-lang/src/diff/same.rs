//! Whether two versions are one machine, but for where their texts stand.

use crate::{model::Machine, source::quoted};

/// How a span is printed; see [`without_spans`].
const SPAN: &str = "Span {";

/// Whether nothing differs that a machine consists of. Documentation counts as a part: where only that differs, the
/// search for a word finds none.
pub(super) fn same(old: &Machine, new: &Machine) -> bool {
    let printed = |machine: &Machine| {
        let mut machine = machine.clone();
        machine.transitions.iter_mut().for_each(|transition| transition.line = 0);
        // Spans are all over the model, and differ with every blank: what is printed can do without them.
        without_spans(&format!("{machine:?}"))
    };
    printed(old) == printed(new)
}

/// A printed model without its spans. Texts are printed in quotes: what looks like a span in them is kept.
fn without_spans(printed: &str) -> String {
    let mut plain = String::with_capacity(printed.len());
    let mut rest = printed;
    while let Some(at) = rest.find(['"', 'S']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let (kept, length) = if from.starts_with('"') {
            let length = quoted(from);
            (length, length)
        } else if from.starts_with(SPAN) {
            (0, from.find('}').map_or(from.len(), |end| end + 1))
        } else {
            (1, 1)
        };
        plain.push_str(from.get(..kept).unwrap_or_default());
        rest = from.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::without_spans;
    use crate::Span;

    #[test]
    fn only_spans_are_left_out() {
        for (text, plain) in [
            ("State { a: \"Span { b }\", c: 1 }", "State { a: \"Span { b }\", c: 1 }"),
            ("a \"\\\"\" Span { file: FileId(0) } b", "a \"\\\"\"  b"),
        ] {
            assert_eq!(without_spans(text), plain);
        }
        // This is how it is printed.
        assert_eq!(without_spans(&format!("{:?}", ("S", Span::default(), 'x'))), "(\"S\", , 'x')");
    }
}
