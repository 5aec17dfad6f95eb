//! Diagnostics drawn without a library: each place by itself. The macro shows them, and every crate that names a machine
//! would otherwise wait for one.

use super::{Diagnostic, LINE_SHOWN, Label, Severity};
use crate::{Source, Sources};

/// In the layout of the Rust compiler: what is wrong, each place with its line, what to do.
pub(super) fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let severity = match diagnostic.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!("{severity}[{}]: {}\n", diagnostic.code.id(), diagnostic.message);
    let lines = diagnostic.secondary.iter().map(|label| sources.line(label.span));
    let width = lines.fold(sources.line(diagnostic.primary.span), u32::max).to_string().len();
    let margin = " ".repeat(width);
    let mut place = |label: &Label, mark: &str| {
        let Some(source) = sources.get(label.span.file) else { return };
        let (number, column) = source.position(label.span.start);
        text.push_str(&format!("{margin}--> {}:{number}:{column}\n", source.path));
        if let Some((line, underline)) = underlined(source, label, mark) {
            let rows = format!("{margin} |\n{number:width$} | {line}\n{margin} | {underline} {}", label.text);
            text.push_str(&format!("{}\n{margin} |\n", rows.trim_end()));
        }
    };
    place(&diagnostic.primary, "^");
    diagnostic.secondary.iter().for_each(|label| place(label, "-"));
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("{margin} = help: {help}\n"));
    }
    text
}

/// The line in which a place begins, and marks below what of it lies in that line. `None` of a line that nobody reads.
fn underlined(source: &Source, label: &Label, mark: &str) -> Option<(String, String)> {
    let (start, end) = (label.span.start as usize, label.span.end as usize);
    let before = source.text.get(..start)?.rsplit('\n').next()?;
    let begin = start - before.len();
    let line = source.text.get(begin..)?.lines().next().unwrap_or("");
    if line.len() > LINE_SHOWN as usize {
        return None;
    }
    let marked = line.get(before.len()..line.len().min(end.saturating_sub(begin))).unwrap_or("");
    let wide = |text: &str| text.replace('\t', "    ");
    let blanks = " ".repeat(wide(before).chars().count());
    Some((wide(line), blanks + &mark.repeat(wide(marked).chars().count().max(1))))
}

#[cfg(test)]
mod tests {
    use crate::{Compiled, MapLoader, compile};

    fn compiled(text: &str) -> Compiled {
        compile("a.sc", &MapLoader::from([("a.sc", text)]))
    }

    #[cfg(feature = "snippets")]
    #[test]
    fn one_place_is_drawn_as_the_library_draws_it() {
        for text in [
            "machine M { input { E } initial a state a { on X -> b } }",
            "machine M {\n  input { E }\n\n\n\n\n\n\n\n  initial a\n\tstate a { on E [1 + \"ä\"] -> a }\n}",
            "machine M { input { E } initial a state a { on E -> a",
        ] {
            let found = compiled(text);
            assert!(found.has_errors());
            for diagnostic in found.diagnostics.iter().filter(|diagnostic| diagnostic.secondary.is_empty()) {
                let plain = super::render(diagnostic, &found.sources);
                assert_eq!(plain, super::super::snippets::render(diagnostic, &found.sources, false));
            }
        }
    }

    #[test]
    fn each_place_has_its_line() {
        let found = compiled(
            "machine M {\n  input { E }\n  initial a\n  state a { on E -> a }\n\n\n\n\n  state a { }\n}",
        );
        let first = found.diagnostics.first().map(|diagnostic| super::render(diagnostic, &found.sources));
        insta::assert_snapshot!(first.unwrap_or_default(), @"
        error[SC017]: state `a` is declared twice
         --> a.sc:9:9
          |
        9 |   state a { }
          |         ^ declared again here
          |
         --> a.sc:4:9
          |
        4 |   state a { on E -> a }
          |         - declared first here
          |
          = help: rename or remove one of them; states of different parents may share a name
        ");
    }
}
