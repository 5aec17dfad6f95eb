//! TimescaleDB or plain PostgreSQL: what is chosen, and why.

use std::fmt;

/// Oldest TimescaleDB whose statements are the ones used here (`by_range`).
const OLDEST_TIMESCALE: (u32, u32) = (2, 13);
/// Oldest PostgreSQL.
const OLDEST_POSTGRES: i32 = 140_000;

/// How candles are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Continuous aggregates of TimescaleDB.
    Timescale,
    /// Tables.
    Plain,
}

impl Mode {
    /// `timescale` or `plain`.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Timescale => "timescale",
            Mode::Plain => "plain",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which mode is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ModeChoice {
    /// TimescaleDB where it can be had.
    #[default]
    Automatic,
    /// This one, or an error.
    Only(Mode),
}

/// What the server says about itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// `server_version_num`.
    pub(super) server: i32,
    /// Version of the extension in this database.
    pub(super) extension: Option<String>,
    /// Whether it could be created.
    pub(super) available: bool,
    /// `timescale` or `apache`.
    pub(super) license: Option<String>,
    /// The mode that the tables were made in.
    pub(super) made_as: Option<Mode>,
}

/// The mode and why, or what is wrong and what to do.
pub(super) fn choose(choice: ModeChoice, facts: &Facts) -> Result<(Mode, String), (String, String)> {
    if facts.server < OLDEST_POSTGRES {
        return Err((
            format!("PostgreSQL {} is too old", facts.server / 10_000),
            format!("use PostgreSQL {} or newer", OLDEST_POSTGRES / 10_000),
        ));
    }
    let found = timescale(facts);
    match (facts.made_as, choice) {
        (Some(made), ModeChoice::Only(asked)) if made != asked => Err((
            format!("its tables were made in {made} mode, and {asked} mode is asked for"),
            format!("ask for {made} mode, or use an empty database"),
        )),
        (Some(Mode::Timescale), _) => match found {
            Ok(version) => {
                Ok((Mode::Timescale, format!("its tables were made with TimescaleDB, now {version}")))
            }
            Err((why, hint)) => Err((format!("its tables were made with TimescaleDB, but {why}"), hint)),
        },
        (Some(Mode::Plain), _) => {
            let now = match found {
                Ok(version) => {
                    format!("TimescaleDB {version} is there now, and would be used in an empty database")
                }
                Err((why, _)) => why,
            };
            Ok((Mode::Plain, format!("its tables were made without TimescaleDB; {now}")))
        }
        (None, ModeChoice::Only(Mode::Plain)) => Ok((Mode::Plain, "plain mode is asked for".to_owned())),
        (None, ModeChoice::Only(Mode::Timescale)) => match found {
            Ok(version) => Ok((Mode::Timescale, format!("TimescaleDB {version} is there"))),
            Err((why, hint)) => Err((format!("timescale mode is asked for, but {why}"), hint)),
        },
        (None, ModeChoice::Automatic) => match found {
            Ok(version) => Ok((Mode::Timescale, format!("TimescaleDB {version} is there"))),
            // An old extension is a mistake to be told, the others are ways to run.
            Err(problem) if facts.extension.is_some() && facts.license.as_deref() != Some("apache") => {
                Err(problem)
            }
            Err((why, _)) => Ok((Mode::Plain, why)),
        },
    }
}

/// The version that can be used, or why there is none.
fn timescale(facts: &Facts) -> Result<&str, (String, String)> {
    let Some(version) = facts.extension.as_deref() else {
        let why = if facts.available {
            "the extension timescaledb is not created in this database"
        } else {
            "this server has no extension timescaledb"
        };
        let hint =
            "run `CREATE EXTENSION timescaledb` in the database before the first start, or ask for no mode";
        return Err((why.to_owned(), hint.to_owned()));
    };
    let mut parts = version.split(['.', '-']).map(|part| part.parse::<u32>().ok());
    let number = (parts.next().flatten().unwrap_or(0), parts.next().flatten().unwrap_or(0));
    if number < OLDEST_TIMESCALE {
        let (major, minor) = OLDEST_TIMESCALE;
        return Err((
            format!("TimescaleDB {version} is too old, {major}.{minor} is the oldest that will do"),
            "run `ALTER EXTENSION timescaledb UPDATE`, or name a database without the extension".to_owned(),
        ));
    }
    match facts.license.as_deref() {
        Some("timescale") => Ok(version),
        other => Err((
            format!(
                "TimescaleDB {version} runs with the licence `{}`, which has no continuous aggregates",
                other.unwrap_or("unknown")
            ),
            "install the edition with the Timescale licence, or name an empty database".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_choice_says_why() {
        let none = Facts { server: 150_018, ..Facts::default() };
        let with = |version: &str, license: &str| Facts {
            extension: Some(version.to_owned()),
            available: true,
            license: Some(license.to_owned()),
            ..none.clone()
        };
        let made = |mode, facts: Facts| Facts { made_as: Some(mode), ..facts };
        let (auto, plain, timescale) =
            (ModeChoice::Automatic, ModeChoice::Only(Mode::Plain), ModeChoice::Only(Mode::Timescale));
        for (choice, facts, expected, words) in [
            (auto, none.clone(), Some(Mode::Plain), "has no extension"),
            (
                auto,
                Facts { available: true, ..none.clone() },
                Some(Mode::Plain),
                "not created in this database",
            ),
            (auto, with("2.23.0-dev", "timescale"), Some(Mode::Timescale), "2.23.0-dev"),
            (auto, with("2.23.0", "apache"), Some(Mode::Plain), "`apache`"),
            (auto, with("2.9.1", "timescale"), None, "2.13 is the oldest"),
            (plain, with("2.9.1", "timescale"), Some(Mode::Plain), "asked for"),
            (timescale, none.clone(), None, "CREATE EXTENSION"),
            (timescale, with("2.23.0", "apache"), None, "no continuous aggregates"),
            (
                auto,
                made(Mode::Plain, with("2.23.0", "timescale")),
                Some(Mode::Plain),
                "made without TimescaleDB; TimescaleDB 2.23.0 is there now",
            ),
            (
                auto,
                made(Mode::Plain, none.clone()),
                Some(Mode::Plain),
                "made without TimescaleDB; this server has no extension",
            ),
            (plain, made(Mode::Plain, with("2.23.0", "apache")), Some(Mode::Plain), "licence `apache`"),
            (auto, made(Mode::Timescale, none.clone()), None, "made with TimescaleDB, but"),
            (plain, made(Mode::Timescale, with("2.23.0", "timescale")), None, "made in timescale mode"),
            (auto, Facts { server: 130_004, ..none.clone() }, None, "PostgreSQL 13 is too old"),
        ] {
            let (mode, text) = match choose(choice, &facts) {
                Ok((mode, why)) => (Some(mode), why),
                Err((why, hint)) => (None, format!("{why}; {hint}")),
            };
            assert_eq!(mode, expected, "{text}");
            assert!(text.contains(words), "{text}");
        }
    }
}
