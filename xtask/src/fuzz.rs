//! `cargo xtask fuzz`: mutated specs through the parser and the checker, which must answer each of them.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use statechart_lang::{MapLoader, compile};

use crate::{error::Error, tools};

#[path = "../../tests/src/mutate.rs"]
#[allow(unreachable_pub, missing_docs)]
mod mutate;
#[path = "../../tests/src/random.rs"]
#[allow(dead_code, unreachable_pub, missing_docs)]
mod random;

use random::Random;

/// Where specs to start from are: the language's own tests cover every construct.
const SEEDS: [&str; 5] =
    ["specs", "specs/templates", "specs/concept", "tests/fixtures/ok", "tests/fixtures/err"];
/// Longer specs cost time and add little.
const LONGEST_SEED: usize = 1_200;

/// Puts `inputs` mutated texts through the language; the first that makes it panic is kept and reported.
pub(crate) fn run(inputs: u64, seed: u64) -> Result<(), Error> {
    let seeds = seeds()?;
    let workers = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    tools::progress(&format!("{inputs} mutations of {} specs, seed {seed}, {workers} threads", seeds.len()));
    let (done, failed) = (AtomicU64::new(0), Mutex::new(None));
    let start = Instant::now();
    thread::scope(|scope| {
        for worker in 0..workers {
            let (seeds, done, failed) = (&seeds, &done, &failed);
            // A spawned thread has the 2 MB stack that a user of the library may have.
            scope.spawn(move || {
                for number in (worker..inputs).step_by(workers as usize) {
                    let text = mutate::mutated(seeds, &mut Random(seed.wrapping_add(number)));
                    let answer = catch_unwind(AssertUnwindSafe(|| {
                        compile("main.sc", &MapLoader::from([("main.sc", text.as_str())])).render(false).len()
                    }));
                    if answer.is_err() {
                        // A poisoned lock holds a finding as well.
                        let mut failed = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        failed.get_or_insert((seed.wrapping_add(number), text));
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                    if failed.lock().is_ok_and(|failed| failed.is_some()) {
                        return;
                    }
                }
            });
        }
        scope.spawn(|| {
            let mut shown = Instant::now();
            while done.load(Ordering::Relaxed) < inputs && failed.lock().is_ok_and(|failed| failed.is_none())
            {
                thread::sleep(Duration::from_millis(50));
                if shown.elapsed() > Duration::from_secs(5) {
                    shown = Instant::now();
                    tools::progress(&format!("{} of {inputs}", done.load(Ordering::Relaxed)));
                }
            }
        });
    });
    match failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        None => {
            tools::progress(&format!("{inputs} answers in {:.1} s", start.elapsed().as_secs_f64()));
            Ok(())
        }
        Some((seed, text)) => {
            let path = tools::root().join(format!("target/fuzz-{seed}.sc"));
            fs::write(&path, text).map_err(Error::file("write", &path))?;
            Err(Error::Unexpected {
                what: format!("the input of seed {seed}"),
                why: "the language panicked; the message stands above".to_owned(),
                hint: format!("the text is in {}", path.display()),
            })
        }
    }
}

/// The specs of the workspace that are short enough, in order.
fn seeds() -> Result<Vec<String>, Error> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for directory in SEEDS {
        let directory = tools::root().join(directory);
        let entries = fs::read_dir(&directory).map_err(Error::file("list", &directory))?;
        paths.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "sc"));
    paths.sort();
    let mut seeds = Vec::new();
    for path in paths {
        // Fixtures that are no text on purpose are no seeds.
        if let Ok(text) = fs::read_to_string(&path)
            && !text.is_empty()
            && text.len() <= LONGEST_SEED
        {
            seeds.push(text);
        }
    }
    Ok(seeds)
}
