//! Diagnostics: what is wrong, where, why, and what to do about it.

use std::fmt;

use crate::{Sources, Span, table};

#[cfg(any(test, not(feature = "snippets")))]
mod plain;
#[cfg(feature = "snippets")]
mod snippets;

/// How bad it is.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The specification means nothing definite; there is no model.
    Error,
    /// It means something, probably not what was wanted.
    Warning,
}

macro_rules! codes {
    ($($name:ident = $id:literal $severity:ident $title:literal;)*) => {
        /// What kind of mistake a diagnostic reports. `docs/errors.md` explains each.
        #[cfg_attr(feature = "debug", derive(Debug))]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// `SC` and three digits.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// The kind of mistake in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// How bad it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    Syntax = "SC001" Error "syntax error";
    Unbalanced = "SC002" Error "unbalanced bracket, or text that does not end";
    TooLarge = "SC003" Error "a limit on size or nesting is exceeded";
    Unreadable = "SC004" Error "file cannot be read";
    Misplaced = "SC005" Error "item does not belong here";
    BadLiteral = "SC006" Error "literal out of range, or unknown escape";
    UnknownState = "SC010" Error "unknown state";
    UnknownEvent = "SC011" Error "undeclared event";
    UnknownOutput = "SC012" Error "undeclared output";
    UnknownVariable = "SC013" Error "unknown variable";
    UnknownType = "SC014" Error "unknown type";
    UnknownExtern = "SC015" Error "unknown extern guard, action or service";
    UnknownPeer = "SC016" Error "unknown peer, machine, child, fragment or actor";
    Duplicate = "SC017" Error "declared twice";
    Ambiguous = "SC018" Error "ambiguous state name";
    Collision = "SC019" Error "two names become one in Rust";
    NoInitial = "SC020" Error "no initial state";
    BadInitial = "SC021" Error "initial state outside its state";
    BadTargets = "SC022" Error "targets cannot be active together";
    BadFinal = "SC023" Error "final state with content";
    BadParallel = "SC024" Error "region outside a parallel state, or the other way round";
    RootSelf = "SC025" Error "the machine cannot be its own target";
    NeverDone = "SC026" Error "done of a state that never completes";
    NoPass = "SC027" Error "state entered without values for its parameters";
    BadHistory = "SC028" Error "history that cannot be entered";
    Recursive = "SC029" Error "fragment or machine inside itself";
    Mismatch = "SC030" Error "wrong type";
    Arguments = "SC031" Error "wrong arguments";
    NoEvent = "SC032" Error "no event here";
    NoField = "SC033" Error "field not visible";
    MaybeNone = "SC034" Error "value may be none";
    NotConstant = "SC035" Error "not a constant";
    BadLimit = "SC036" Error "limit that does not exist or is out of range";
    BadMigration = "SC037" Error "migration that cannot be applied";
    BadUndo = "SC038" Error "undo that cannot be run later";
    UnknownMessage = "SC039" Error "no delayed message of this name";
    Nondeterministic = "SC040" Error "two transitions enabled at once";
    BadExample = "SC041" Error "example that does not hold";
    Unreachable = "SC050" Warning "unreachable state";
    Unused = "SC051" Warning "declared but never used";
    Unhandled = "SC052" Warning "outcome of a service is not handled";
    NoWayOut = "SC053" Warning "no way out of a state";
    Livelock = "SC054" Warning "eventless transitions may never end";
    Wiring = "SC055" Warning "wiring and messages disagree";
    Restored = "SC056" Warning "history restores a state without its data";
    NothingToUndo = "SC057" Warning "undo and compensate that never meet";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A place and what there is to say about it.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say there.
    pub text: String,
}

/// One mistake.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of mistake.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// Where, and why there.
    pub primary: Label,
    /// Other places that matter.
    pub secondary: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            help: None,
        }
    }

    pub(crate) fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    pub(crate) fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The diagnostic drawn over its source: file, line, column, the text underlined, code and remedy. Without the
    /// feature `snippets` there are no colours, and each place is drawn by itself.
    #[must_use]
    #[cfg_attr(not(feature = "snippets"), expect(unused_variables))]
    pub fn render(&self, sources: &Sources, colour: bool) -> String {
        #[cfg(feature = "snippets")]
        return snippets::render(self, sources, colour);
        #[cfg(not(feature = "snippets"))]
        return plain::render(self, sources);
    }
}

/// Bytes of the longest line that is drawn; of a longer one only the place is said.
const LINE_SHOWN: u32 = 4_096;

/// Most diagnostics of one compilation; what a broken generator writes need not be listed whole.
const LIMIT: usize = 200;

/// Sorts by file and position, drops repetitions and what exceeds the limit.
pub(crate) fn finish(diagnostics: &mut Vec<Diagnostic>) {
    sort(diagnostics);
    diagnostics
        .dedup_by(|b, a| a.primary.span == b.primary.span && a.code == b.code && a.message == b.message);
    if diagnostics.len() > LIMIT {
        let left = diagnostics.len() - LIMIT;
        // Errors decide whether there is a model, so warnings go first.
        let is_error = |diagnostic: &Diagnostic| diagnostic.severity() == Severity::Error;
        let (errors, warnings): (Vec<_>, Vec<_>) = diagnostics.drain(..).partition(is_error);
        diagnostics.extend(errors.into_iter().chain(warnings).take(LIMIT));
        if let Some(last) = diagnostics.last_mut() {
            last.help = Some(format!("{left} more diagnostics are not shown: mend these first"));
        }
        sort(diagnostics);
    }
}

fn sort(diagnostics: &mut Vec<Diagnostic>) {
    let order = table::sorted(diagnostics.len(), &|a, b| {
        let (a, b) = (&diagnostics[a], &diagnostics[b]);
        (a.primary.span, a.code, &a.message).cmp(&(b.primary.span, b.code, &b.message))
    });
    let mut slots: Vec<Option<Diagnostic>> = diagnostics.drain(..).map(Some).collect();
    for place in order {
        diagnostics.extend(slots[place].take());
    }
}

/// The closest of the candidates, when it is close enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best = None;
    for candidate in candidates {
        best = nearer(name, candidate, best);
    }
    best.map(|(_, candidate)| candidate)
}

/// The nearer of a candidate and what was the best before, with its distance.
fn nearer<'a>(name: &str, candidate: &'a str, best: Option<(usize, &'a str)>) -> Option<(usize, &'a str)> {
    if candidate.len().abs_diff(name.len()) > 3 || candidate.len() > 64 || candidate == name {
        return best;
    }
    let distance = distance(name, candidate);
    // A letter is not near to every other letter.
    let (shorter, longer) = (candidate.len().min(name.len()), candidate.len().max(name.len()));
    let is_near = distance <= 1 + shorter / 4 && distance < longer;
    let found = is_near.then_some((distance, candidate));
    match (best, found) {
        (Some(best), Some(found)) => Some(best.min(found)),
        (best, found) => best.or(found),
    }
}

/// Edit distance in which a swap of neighbours counts once and case does not count.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let (a, b) = (a.get(..64).unwrap_or(a), b.get(..64).unwrap_or(b));
    let width = b.len() + 1;
    let mut cells = vec![0; (a.len() + 1) * width];
    for (at, cell) in cells.iter_mut().enumerate().take(width) {
        *cell = at;
    }
    let at = |row: usize, column: usize| row * width + column;
    for i in 1..=a.len() {
        cells[at(i, 0)] = i;
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best =
                (cells[at(i - 1, j)] + 1).min(cells[at(i, j - 1)] + 1).min(cells[at(i - 1, j - 1)] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(cells[at(i - 2, j - 2)] + 1);
            }
            cells[at(i, j)] = best;
        }
    }
    cells[at(a.len(), b.len())]
}
