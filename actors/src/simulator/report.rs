//! What a tape file holds and what is wrong with it, for `--check`.

use std::fmt;

/// Bad rows named in full; further ones are only counted.
pub const MAX_BAD_ROWS: usize = 100;

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Line, from 1.
    pub line: u64,
    /// Column by name.
    pub column: String,
    /// The value, cut to 40 characters.
    pub value: String,
    /// Why it cannot be used; reads on after the value.
    pub reason: String,
}

impl BadRow {
    pub(crate) fn new(line: u64, column: &str, value: &str, reason: &str) -> Self {
        let value = value.trim().chars().filter(|c| !c.is_control()).take(40).collect();
        Self { line, column: column.into(), value, reason: reason.into() }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, value, reason } = self;
        write!(f, "line {line}, {column}: `{value}` {reason}")
    }
}

/// The findings about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapeReport {
    /// The file.
    pub name: String,
    /// Lines with data.
    pub rows: u64,
    /// Rows that can be used.
    pub good: u64,
    /// Rows that cannot.
    pub bad_count: u64,
    /// The first 100 of them.
    pub bad_rows: Vec<BadRow>,
    /// Rows older than one before them; they are sorted in.
    pub unsorted_count: u64,
    /// The first such line.
    pub first_unsorted_line: Option<u64>,
    /// Rows that repeat a trade's time and id; kept once.
    pub repeated: u64,
    /// Symbol and number of trades.
    pub symbols: Vec<(String, u64)>,
    /// Time of the first trade, µs UTC.
    pub first_us: i64,
    /// Time of the last trade, µs UTC.
    pub last_us: i64,
}

impl TapeReport {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            rows: 0,
            good: 0,
            bad_count: 0,
            bad_rows: Vec::new(),
            unsorted_count: 0,
            first_unsorted_line: None,
            repeated: 0,
            symbols: Vec::new(),
            first_us: 0,
            last_us: 0,
        }
    }

    pub(crate) fn bad(&mut self, row: BadRow) {
        self.bad_count += 1;
        if self.bad_rows.len() < MAX_BAD_ROWS {
            self.bad_rows.push(row);
        }
    }

    pub(crate) fn unsorted(&mut self, line: u64) {
        self.unsorted_count += 1;
        self.first_unsorted_line.get_or_insert(line);
    }

    /// Whether every row can be used; rows out of order are no fault.
    pub fn is_good(&self) -> bool {
        self.bad_count == 0
    }
}

impl fmt::Display for TapeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} rows, {} good, {} bad", self.name, self.rows, self.good, self.bad_count)?;
        for (symbol, trades) in &self.symbols {
            writeln!(f, "  {symbol}: {trades} trades")?;
        }
        let hours = (self.last_us - self.first_us) as f64 / 3.6e9;
        writeln!(
            f,
            "  from {} to {} ms UTC ({hours:.2} hours)",
            self.first_us / 1_000,
            self.last_us / 1_000
        )?;
        if let Some(line) = self.first_unsorted_line {
            writeln!(
                f,
                "  warning: {} rows out of time order, the first at line {line}; they are sorted in",
                self.unsorted_count
            )?;
        }
        if self.repeated > 0 {
            writeln!(
                f,
                "  warning: {} rows repeat a trade (same time and id); each is kept once",
                self.repeated
            )?;
        }
        for row in &self.bad_rows {
            writeln!(f, "  {row}")?;
        }
        let more = self.bad_count - self.bad_rows.len() as u64;
        if more > 0 {
            writeln!(f, "  … and {more} more bad rows")?;
        }
        Ok(())
    }
}
