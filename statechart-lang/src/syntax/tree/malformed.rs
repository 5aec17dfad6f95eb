//! Malformed items, each reported with the reason why it is not what it starts like.

use pest::iterators::Pair;

use super::Builder;
use crate::{
    Code, Diagnostic, Span,
    syntax::{
        grammar::Rule,
        message,
        recover::{self, first_word},
        why_not,
    },
};

/// Most lines in a row of which each is reported as an item of its own; of what exceeds them only the number is.
const RUN_LIMIT: usize = 20;

impl Builder<'_> {
    /// Reports a malformed item, and those that the grammar has taken for its end.
    pub(super) fn bad(&mut self, pair: &Pair<'_, Rule>) {
        let (kind, item, start) = (pair.as_rule(), pair.as_str(), pair.as_span().start());
        let first = self.malformed(kind, start, item, true);
        // What it complains of may stand further down.
        let said = first.primary.span.start as usize;
        self.diagnostics.push(first);
        if kind == Rule::bad_symbol {
            return;
        }
        let starts = recover::items_in(self.text, start, item);
        let starts: Vec<usize> = starts.into_iter().filter(|at| *at > said).collect();
        let shown = if starts.len() > RUN_LIMIT { RUN_LIMIT - 1 } else { starts.len() };
        let end = start + item.len();
        for (at, until) in starts.iter().zip(starts.iter().skip(1).chain([&end])).take(shown) {
            let Some(item) = self.text.get(*at..*until) else { continue };
            let found = self.malformed(kind, *at, item, false);
            self.diagnostics.push(found);
        }
        if let Some(at) = starts.get(shown) {
            let word = first_word(self.text.get(*at..).unwrap_or_default());
            let span = Span { file: self.file, start: *at as u32, end: (at + word.len()) as u32 };
            let left = starts.len() - shown;
            self.diagnostics.push(
                Diagnostic::new(Code::Syntax, span, format!("{left} more malformed lines from here on"))
                    .help("mend those above first: these may be wrong in the same way"),
            );
        }
    }

    /// What is wrong with a malformed item. Only the first of several may be the rest of an item that
    /// stands before it.
    fn malformed(&self, kind: Rule, start: usize, item: &str, is_first: bool) -> Diagnostic {
        let known = rule(kind, item);
        // The rest of an item that began well: a guard or a list of actions with a mistake inside.
        let is_rest = kind == Rule::bad_item && known.is_none() && is_first;
        let rule = if is_rest { message::part(item) } else { known };
        // Looking a little past the item lets "expected …" point at what follows it.
        let end = self.text.len().min(start + item.len() + 64);
        let end =
            (end..=self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(self.text.len());
        let rest = if is_rest { recover::rest(self.file, self.text, start, item, end) } else { None };
        let mut diagnostic = rest
            .or_else(|| rule.and_then(|rule| why_not(rule, self.file, self.text, start, end)))
            .unwrap_or_else(|| message::unexpected(self.file, self.text, start));
        // A type may go on with `?`, which is not what is missing.
        if rule == Some(Rule::variable) && diagnostic.primary.text == "expected `?`" {
            diagnostic.primary.text = "expected `=`".to_owned();
        }
        match (&diagnostic.help, rule.and_then(message::form)) {
            (None, Some(form)) => diagnostic.help(form),
            (None, None) if diagnostic.primary.text.is_empty() => diagnostic.help(message::place(kind)),
            _ => diagnostic,
        }
    }
}

/// What a malformed item was meant to be, by its first word.
fn rule(kind: Rule, item: &str) -> Option<Rule> {
    Some(match (kind, first_word(item)) {
        (Rule::bad_top, "import") => Rule::import,
        (Rule::bad_top, "machine" | "strict" | "nondeterministic") => Rule::machine,
        (Rule::bad_top, "system") => Rule::system,
        (Rule::bad_top, "fragment") => Rule::fragment,
        (Rule::bad_item, "input") => Rule::input,
        (Rule::bad_item, "output") => Rule::output,
        (Rule::bad_item, "internal") => Rule::on,
        (Rule::bad_item, "context") => Rule::context,
        (Rule::bad_item, "extern") => Rule::externs,
        (Rule::bad_item, "peer") => Rule::peer,
        (Rule::bad_item, "initial") => Rule::initial,
        (Rule::bad_item, "state" | "accept") => Rule::state,
        (Rule::bad_item, "parallel") => Rule::parallel,
        (Rule::bad_item, "region") => Rule::region,
        (Rule::bad_item, "final") => Rule::final_state,
        (Rule::bad_item, "entry") => Rule::entry,
        (Rule::bad_item, "exit") => Rule::exit,
        (Rule::bad_item, "on") => Rule::on,
        (Rule::bad_item, "always") => Rule::always,
        (Rule::bad_item, "after") => Rule::after,
        (Rule::bad_item, "do") => Rule::activity,
        (Rule::bad_item, "defer") => Rule::defer,
        (Rule::bad_item, "deep" | "history") => Rule::history,
        (Rule::bad_item, "return") => Rule::returned,
        (Rule::bad_item, "use") => Rule::use_fragment,
        (Rule::bad_item, "limits") => Rule::limits,
        (Rule::bad_item, "example") => Rule::example,
        (Rule::bad_item, "property") => Rule::property,
        (Rule::bad_item, "invariant") => Rule::invariant,
        (Rule::bad_item, "never") => Rule::never,
        (Rule::bad_item, "migrate") => Rule::migrate,
        (Rule::bad_variable, _) => Rule::variable,
        (Rule::bad_extern, "type") => Rule::extern_type,
        (Rule::bad_extern, "guard") => Rule::extern_guard,
        (Rule::bad_extern, "action") => Rule::extern_action,
        (Rule::bad_extern, "service") => Rule::service,
        (Rule::bad_wire, "actor") => Rule::actor,
        (Rule::bad_wire, "external") => Rule::external,
        (Rule::bad_wire, _) => Rule::wire,
        (Rule::bad_symbol, _) if item.starts_with('(') => Rule::fields,
        _ => return None,
    })
}
