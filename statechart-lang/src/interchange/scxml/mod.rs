//! SCXML to the language.
//!
//! | part | what it does |
//! |---|---|
//! | `read` | the document as data |
//! | `types` | what values variables hold |
//! | `expr` | expressions |
//! | `content` | executable content |
//! | `chart` | events, states, transitions, in passes until the types stand still |

mod chart;
mod content;
mod expr;
mod reactions;
mod read;
mod types;

use std::collections::BTreeSet;

use super::{ImportError, ImportOptions, Imported, Note, Position, machine_name, verdict};
use crate::Code;

/// How often defaults are put in where the checker cannot show that a value is there.
const ROUNDS: usize = 8;

pub(super) fn import(text: &str, options: &ImportOptions<'_>) -> Result<Imported, ImportError> {
    let directory = options.path.rfind('/').map_or("", |at| options.path.get(..=at).unwrap_or_default());
    let chart = read::read(text, &read::Files { loader: options.loader, directory })?;
    let name = machine_name(&chart.name, options.path);
    let mut defaults = BTreeSet::new();
    let mut round = 0;
    loop {
        round += 1;
        let mut imported = chart::translate(&chart, &name, options.events, &defaults)?;
        let errors = verdict(&imported.text);
        let before = defaults.len();
        for (diagnostic, text) in &errors {
            if diagnostic.code == Code::MaybeNone {
                defaults.insert(text.clone());
            }
        }
        if defaults.len() == before || round == ROUNDS {
            imported.notes.extend(errors.iter().map(|(diagnostic, _)| Note {
                at: Position::default(),
                lost: true,
                text: format!("the translation has an error: {} {}", diagnostic.code, diagnostic.message),
            }));
            imported.notes.sort();
            imported.notes.dedup();
            return Ok(imported);
        }
    }
}
