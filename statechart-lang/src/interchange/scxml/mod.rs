//! SCXML to the language.
//!
//! | part | what it does |
//! |---|---|
//! | `read`, `document` | the document as data |
//! | `objects` | objects of the data model as variables |
//! | `family` | the documents that a document invokes, before itself |
//! | `declare` | names: states, variables, events |
//! | `chart` | passes over the document until the types stand still |
//! | `data`, `reactions`, `invoke`, `prelude` | its data, states and transitions, invocations |
//! | `content`, `script`, `send` | executable content, messages |
//! | `expr`, `truth`, `event`, `call`, `infer`, `types` | expressions, and what values they have |
//! | `constant` | what expressions are for certain |

mod again;
mod call;
mod chart;
mod constant;
mod content;
mod data;
mod declare;
mod document;
mod event;
mod expr;
mod family;
mod infer;
mod invoke;
mod objects;
mod prelude;
mod reactions;
mod read;
mod script;
mod send;
mod truth;
mod types;
mod walk;

use super::{ImportError, ImportOptions, Imported, Position, erroneous, machine_name, verdict};
use crate::Code;

/// How often defaults are put in where the checker cannot show that a value is there.
const ROUNDS: usize = 8;

pub(super) fn import(text: &str, options: &ImportOptions<'_>) -> Result<Imported, ImportError> {
    let directory = options.path.rfind('/').map_or("", |at| options.path.get(..=at).unwrap_or_default());
    let way = [options.path.to_owned()];
    let chart = read::read(text, &read::Files { loader: options.loader, directory, way: &way })?;
    let name = machine_name(&chart.name, options.path);
    let mut hints = chart::Hints::default();
    let mut round = 0;
    loop {
        round += 1;
        let (mut imported, mut wanted, places) = family::translate(&chart, &name, options.events, &hints)?;
        let errors = verdict(&imported.text);
        for (diagnostic, text) in &errors {
            if diagnostic.code == Code::MaybeNone {
                wanted.defaults.insert(text.clone());
            }
        }
        let is_settled = wanted == hints;
        hints = wanted;
        if is_settled || round == ROUNDS {
            imported.notes.extend(errors.iter().map(|(diagnostic, _)| diagnostic).map(|diagnostic| {
                let before =
                    |(start, _): &&(usize, Position)| *start <= diagnostic.primary.span.start as usize;
                let at = places.iter().rfind(before).map_or(chart.at, |(_, at)| *at);
                erroneous(at, diagnostic)
            }));
            imported.notes.sort();
            imported.notes.dedup();
            return Ok(imported);
        }
    }
}
