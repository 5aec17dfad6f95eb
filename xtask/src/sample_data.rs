//! `cargo xtask sample-data`: a million recorded trades for the end-to-end test.
//!
//! They come with a published crate, whose licence (AGPL) forbids keeping a copy in this repository. So
//! cargo fetches that crate through a manifest that nothing else uses, and the recording is copied to
//! `target/sample-data/`, where it stays until the directory is removed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{error::Error, tools};

const PACKAGE: &str = "trade_aggregation";
const VERSION: &str = "13.1.0";
const RECORDING: &str = "data/Bitmex_XBTUSD_1M.csv";

/// What the recording must be. Anything else would change what the end-to-end test says.
const EXPECTED: Shape = Shape {
    bytes: 25_633_607,
    trades: 1_000_000,
    header: "timestamp,price,size",
    first: "1514764802610,13873,10",
    last: "1515122012822,15015,50",
};

const OFFLINE: &str = "the recording is fetched once, by cargo, so this needs access to the registry that cargo \
                       is configured for; run `cargo xtask sample-data` again when there is one";

/// Gets the recording, unless it is there.
pub(crate) fn run() -> Result<(), Error> {
    let file = path();
    if file.is_file() {
        match check(&file) {
            Ok(()) => {
                tools::progress(&format!("{} is there: {} trades", shown(&file), EXPECTED.trades));
                return Ok(());
            }
            Err(error) => tools::progress(&format!("fetching the recording again: {error}")),
        }
    }
    let fetched = fetch()?;
    check(&fetched)?;
    // A copy that is cut short must not pass for the recording: the name appears when it is whole.
    let unfinished = file.with_extension("part");
    fs::copy(&fetched, &unfinished).map_err(Error::file("write", &unfinished))?;
    fs::rename(&unfinished, &file).map_err(Error::file("write", &file))?;
    tools::progress(&format!("wrote {}: {} trades", shown(&file), EXPECTED.trades));
    Ok(())
}

/// Where the recording is for tests, whatever directory cargo builds in.
pub(crate) fn path() -> PathBuf {
    directory().join(RECORDING.rsplit('/').next().unwrap_or(RECORDING))
}

fn directory() -> PathBuf {
    tools::root().join("target").join("sample-data")
}

fn shown(path: &Path) -> String {
    path.strip_prefix(tools::root()).unwrap_or(path).display().to_string()
}

/// Lets cargo fetch the crate; returns where the recording is in it.
fn fetch() -> Result<PathBuf, Error> {
    let manifest = directory().join("fetch").join("Cargo.toml");
    let library = directory().join("fetch").join("src").join("lib.rs");
    // The empty [workspace] keeps the manifest out of this one.
    let text = format!(
        "[package]\nname = \"sample-data\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{PACKAGE} = {{ version = \"={VERSION}\", default-features = false }}\n"
    );
    for (path, text) in [(&manifest, text.as_str()), (&library, "")] {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(Error::file("make", directory))?;
        }
        fs::write(path, text).map_err(Error::file("write", path))?;
    }
    let manifest = manifest.to_string_lossy();
    tools::run(&mut tools::cargo(["fetch", "--quiet", "--manifest-path", &manifest]), OFFLINE)?;
    let metadata = tools::output(
        &mut tools::cargo(["metadata", "--offline", "--format-version", "1", "--manifest-path", &manifest]),
        OFFLINE,
    )?;
    manifest_of(&metadata).and_then(|found| Some(found.parent()?.join(RECORDING))).ok_or_else(|| {
        Error::Unexpected {
            what: "the answer of `cargo metadata`".to_owned(),
            why: format!("it names no {PACKAGE} {VERSION}"),
            hint: format!("remove {} and run `cargo xtask sample-data` again", shown(&directory())),
        }
    })
}

/// The manifest of the fetched crate, in what `cargo metadata` says.
fn manifest_of(metadata: &str) -> Option<PathBuf> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    let is_it = |package: &&serde_json::Value| package["name"] == PACKAGE && package["version"] == VERSION;
    let package = metadata["packages"].as_array()?.iter().find(is_it)?;
    Some(PathBuf::from(package["manifest_path"].as_str()?))
}

/// What is compared: enough that another recording, or half of this one, is noticed.
#[derive(Debug, PartialEq, Eq)]
struct Shape<'a> {
    bytes: usize,
    trades: usize,
    header: &'a str,
    first: &'a str,
    last: &'a str,
}

impl<'a> Shape<'a> {
    fn of(text: &'a str) -> Self {
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        let first = lines.clone().next().unwrap_or_default();
        let last = lines.clone().next_back().unwrap_or_default();
        Self { bytes: text.len(), trades: lines.count(), header, first, last }
    }
}

fn check(file: &Path) -> Result<(), Error> {
    let text = fs::read_to_string(file).map_err(Error::file("read", file))?;
    let found = Shape::of(&text);
    if found == EXPECTED {
        return Ok(());
    }
    Err(Error::Unexpected {
        what: shown(file),
        why: format!("it is {found:?} and should be {EXPECTED:?}"),
        hint: format!("remove {} and run `cargo xtask sample-data` again", shown(&directory())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_tells_whole_from_cut() {
        let whole = "timestamp,price,size\n1,2,3\n4,5,6\n";
        let shape =
            Shape { bytes: 33, trades: 2, header: "timestamp,price,size", first: "1,2,3", last: "4,5,6" };
        assert_eq!(Shape::of(whole), shape);
        assert_ne!(Shape::of(&whole[..27]), shape);
        assert_eq!(Shape::of(""), Shape { bytes: 0, trades: 0, header: "", first: "", last: "" });
    }

    #[test]
    fn the_crate_is_found_by_name_and_version() {
        let metadata = r#"{"packages": [
            {"name": "trade_aggregation", "version": "1.0.0", "manifest_path": "/old/Cargo.toml"},
            {"name": "trade_aggregation", "version": "13.1.0", "manifest_path": "/new/Cargo.toml"}]}"#;
        assert_eq!(manifest_of(metadata), Some(PathBuf::from("/new/Cargo.toml")));
        assert_eq!(manifest_of("{}"), None);
        assert_eq!(manifest_of("no JSON"), None);
    }
}
