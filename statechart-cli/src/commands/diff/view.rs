//! What `diff` says, in words, the same for people and for programs.

use serde::Serialize;
use statechart_lang::diff::{Area, Diff, Kind, Search, Seen, Witness};

/// Everything about two versions.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) old: Version,
    pub(super) new: Version,
    pub(super) changes: Vec<Row>,
    pub(super) behaviour: Behaviour,
    /// A draft; `null` when none is needed.
    pub(super) migration: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Version {
    pub(super) machine: String,
    pub(super) fingerprint: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) area: &'static str,
    pub(super) kind: &'static str,
    pub(super) what: String,
    pub(super) details: Vec<String>,
}

/// What the search for a word found.
#[derive(Debug, Serialize)]
pub(super) struct Behaviour {
    /// What it means, in a sentence.
    pub(super) verdict: String,
    /// The shortest word that can be told apart from outside.
    pub(super) outside: Option<Word>,
    /// The shortest word after which other states are active.
    pub(super) inside: Option<Word>,
    pub(super) pairs: usize,
    pub(super) limit: usize,
    /// Whether the limit stopped the search.
    pub(super) limited: bool,
    pub(super) letters: usize,
    /// Input events that were not tried.
    pub(super) untried: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Word {
    pub(super) word: String,
    pub(super) old: Side,
    pub(super) new: Side,
}

/// What one version does at the end of a word.
#[derive(Debug, Serialize)]
pub(super) struct Side {
    pub(super) states: Vec<String>,
    pub(super) effects: Vec<String>,
    pub(super) unhandled: Vec<String>,
    /// Whether that is an error, as in a strict machine.
    pub(super) refused: bool,
    pub(super) accepts: bool,
    pub(super) done: bool,
}

impl View {
    pub(super) fn new(diff: &Diff<'_>, search: &Search, limit: usize) -> Self {
        let changes = diff.changes.iter().map(|change| Row {
            area: match change.area {
                Area::Machine => "machine",
                Area::Event => "event",
                Area::Output => "output",
                Area::Context => "context",
                Area::Extern => "extern",
                Area::State => "state",
                Area::Transition => "transition",
                Area::Claim => "claim",
            },
            kind: match change.kind {
                Kind::Added => "added",
                Kind::Removed => "removed",
                Kind::Changed => "changed",
                Kind::Moved => "moved",
                Kind::Renamed => "renamed",
            },
            what: change.what.clone(),
            details: change.details.clone(),
        });
        Self {
            old: Version { machine: diff.old.name.clone(), fingerprint: diff.old.fingerprint() },
            new: Version { machine: diff.new.name.clone(), fingerprint: diff.new.fingerprint() },
            changes: changes.collect(),
            behaviour: Behaviour {
                verdict: verdict(search, limit),
                outside: search.outside.as_ref().map(word),
                inside: search.inside.as_ref().map(word),
                pairs: search.pairs,
                limit,
                limited: search.limited,
                letters: search.letters,
                untried: search.untried.clone(),
            },
            migration: diff.migration(),
        }
    }
}

fn verdict(search: &Search, limit: usize) -> String {
    if search.same {
        return "the two are the same machine: no word tells them apart".to_owned();
    }
    let tried = format!("{} pairs of configurations, {} inputs in each", search.pairs, search.letters);
    match (&search.outside, &search.inside, search.limited) {
        (Some(witness), ..) => format!("`{}` tells them apart", witness.word),
        (None, Some(witness), limited) => {
            let rest = if limited {
                format!(
                    "the search stopped at its limit of {limit} pairs of configurations and proves nothing more"
                )
            } else {
                format!("from outside, no word over the inputs tried tells them apart ({tried})")
            };
            format!("after `{}` other states are active; {rest}", witness.word)
        }
        (None, None, true) => format!(
            "no word found, which proves nothing: the search stopped at its limit of {limit} pairs of configurations; `--limit` raises it"
        ),
        (None, None, false) => format!("no word over the inputs tried tells them apart ({tried})"),
    }
}

fn word(witness: &Witness) -> Word {
    Word { word: witness.word.clone(), old: side(&witness.old), new: side(&witness.new) }
}

fn side(seen: &Seen) -> Side {
    Side {
        states: seen.leaves.clone(),
        effects: seen.effects.clone(),
        unhandled: seen.unhandled.clone(),
        refused: seen.refused,
        accepts: seen.accepts,
        done: seen.done,
    }
}
