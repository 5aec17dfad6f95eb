//! A recorded market: trades from a CSV file, kept in memory in time order.
//!
//! Two shapes are read, with or without a header line: `timestamp_ms,price,size`, and
//! `timestamp_ms,symbol,price,size,id`. With a header the columns may stand in any order and others are ignored. A
//! negative size is a sale; in a file with any negative size, the positive ones are buys. A missing id is the
//! line's number. About 80 bytes per trade: a million rows take some 80 MB.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use rust_decimal::Decimal;

use super::SimulatorError;
use super::listing::Listing;
use super::report::TapeReport;
use super::source::{Fold, Position, SimId, SimTrade};
use super::tape_reader;
use crate::exchange::Side;

const MINUTE_US: i64 = 60_000_000;

/// Most trades in a tape; more would not fit into a small machine's memory.
pub const MAX_TAPE_ROWS: u64 = 50_000_000;

/// A recording, in memory.
#[derive(Debug)]
pub struct Tape {
    listings: Vec<Listing>,
    reels: Vec<Reel>,
}

/// The trades of one symbol.
#[derive(Debug, Default)]
struct Reel {
    trades: Vec<Recorded>,
    /// Candles of the minutes that have trades: folding a year trade by trade would take too long.
    minutes: Vec<(i64, Fold)>,
}

/// One recorded trade.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) time_us: i64,
    pub(super) price: Decimal,
    pub(super) size: Decimal,
    pub(super) side: Side,
    pub(super) id: SimId,
}

/// Reads a file only to tell what is wrong with it.
///
/// # Errors
/// `Tape` when the file cannot be read at all; bad rows are in the report.
pub fn check(path: &Path, symbol: Option<&Listing>) -> Result<TapeReport, SimulatorError> {
    Tape::open(path, symbol).map(|(_, report)| report)
}

impl Tape {
    /// Loads a file. Rows that cannot be read are left out and named in the report; the caller decides whether a
    /// tape with bad rows is good enough. `symbol` is what is traded where the file has no symbol column.
    ///
    /// # Errors
    /// `Tape` when the file cannot be read, has no good row, or is too large.
    pub fn open(path: &Path, symbol: Option<&Listing>) -> Result<(Self, TapeReport), SimulatorError> {
        let name = path.display().to_string();
        let file = File::open(path)
            .map_err(|error| SimulatorError::Tape { path: name.clone(), reason: error.to_string() })?;
        Self::read(BufReader::with_capacity(1 << 20, file), &name, symbol)
    }

    /// Loads from any reader; `name` stands in errors.
    ///
    /// # Errors
    /// As [`Tape::open`].
    pub fn read(
        reader: impl BufRead,
        name: &str,
        symbol: Option<&Listing>,
    ) -> Result<(Self, TapeReport), SimulatorError> {
        tape_reader::read(reader, name, symbol)
    }

    /// Puts recorded trades in order. Also returns how many rows only repeated a trade.
    pub(super) fn new(recordings: Vec<(Listing, Vec<Recorded>)>) -> (Self, u64) {
        let mut tape = Self { listings: Vec::new(), reels: Vec::new() };
        let mut repeated = 0;
        for (listing, trades) in recordings {
            let rows = trades.len();
            let mut reel = Reel { trades, minutes: Vec::new() };
            // Stable: trades of one instant keep the order of the file.
            reel.trades.sort_by_key(|trade| trade.time_us);
            reel.drop_repeated();
            repeated += (rows - reel.trades.len()) as u64;
            reel.make_minutes();
            tape.listings.push(listing);
            tape.reels.push(reel);
        }
        (tape, repeated)
    }

    /// Number of trades of a listing.
    pub(super) fn len(&self, listing: usize) -> usize {
        self.reels.get(listing).map_or(0, |reel| reel.trades.len())
    }

    pub(crate) fn listings(&self) -> &[Listing] {
        &self.listings
    }

    /// Time of the first trade of all symbols, µs.
    pub fn first_us(&self) -> i64 {
        self.reels.iter().filter_map(|reel| reel.trades.first()).map(|trade| trade.time_us).min().unwrap_or(0)
    }

    /// Time of the last trade of all symbols, µs.
    pub fn last_us(&self) -> i64 {
        self.reels.iter().filter_map(|reel| reel.trades.last()).map(|trade| trade.time_us).max().unwrap_or(0)
    }

    pub(crate) fn listed_us(&self, listing: usize) -> i64 {
        let first = self.reels.get(listing).and_then(|reel| reel.minutes.first());
        first.map_or(i64::MAX, |(minute_us, _)| *minute_us)
    }

    pub(crate) fn trades_after(
        &self,
        listing: usize,
        position: Position,
        to_us: i64,
        most: usize,
    ) -> Vec<SimTrade> {
        let Some(reel) = self.reels.get(listing) else { return Vec::new() };
        // The sequence is the place on the reel, from 1: within one instant it decides.
        let first = reel.trades.partition_point(|trade| trade.time_us < position.time_us);
        let same = reel.trades.partition_point(|trade| trade.time_us <= position.time_us);
        let from = usize::try_from(position.ccseq).unwrap_or(usize::MAX).clamp(first, same);
        let to = reel.trades.partition_point(|trade| trade.time_us < to_us).min(from.saturating_add(most));
        reel.range(from, to)
    }

    pub(crate) fn trades_before(&self, listing: usize, to_us: i64, most: usize) -> Vec<SimTrade> {
        let Some(reel) = self.reels.get(listing) else { return Vec::new() };
        let to = reel.trades.partition_point(|trade| trade.time_us < to_us);
        reel.range(to.saturating_sub(most), to)
    }

    pub(crate) fn fold(&self, listing: usize, from_us: i64, to_us: i64) -> Option<Fold> {
        self.reels.get(listing)?.fold(from_us, to_us)
    }
}

impl Reel {
    fn range(&self, from: usize, to: usize) -> Vec<SimTrade> {
        let trades = self.trades.get(from..to).unwrap_or_default();
        (from..)
            .zip(trades)
            .map(|(place, trade)| SimTrade {
                time_us: trade.time_us,
                ccseq: place as u64 + 1,
                id: trade.id.clone(),
                price: trade.price,
                size: trade.size,
                side: trade.side,
            })
            .collect()
    }

    /// Whole minutes from their candles, the edges trade by trade.
    fn fold(&self, from_us: i64, to_us: i64) -> Option<Fold> {
        let first_whole = from_us.saturating_add(MINUTE_US - 1).div_euclid(MINUTE_US) * MINUTE_US;
        let last_whole = to_us.div_euclid(MINUTE_US) * MINUTE_US;
        let mut sum = None;
        if first_whole >= last_whole {
            self.fold_trades(from_us, to_us, &mut sum);
            return sum;
        }
        self.fold_trades(from_us, first_whole, &mut sum);
        let from = self.minutes.partition_point(|(minute_us, _)| *minute_us < first_whole);
        let to = self.minutes.partition_point(|(minute_us, _)| *minute_us < last_whole);
        for (_, fold) in self.minutes.get(from..to).unwrap_or_default() {
            Fold::push(&mut sum, fold);
        }
        self.fold_trades(last_whole, to_us, &mut sum);
        sum
    }

    fn fold_trades(&self, from_us: i64, to_us: i64, sum: &mut Option<Fold>) {
        let from = self.trades.partition_point(|trade| trade.time_us < from_us);
        let to = self.trades.partition_point(|trade| trade.time_us < to_us);
        for (_, fold) in instants(self.trades.get(from..to).unwrap_or_default()) {
            Fold::push(sum, &fold);
        }
    }

    fn make_minutes(&mut self) {
        for (time_us, fold) in instants(&self.trades) {
            let minute_us = time_us.div_euclid(MINUTE_US) * MINUTE_US;
            match self.minutes.last_mut() {
                Some((last, sum)) if *last == minute_us => *sum = sum.then(&fold),
                _ => self.minutes.push((minute_us, fold)),
            }
        }
    }
}

/// Each instant's trades as one candle. They are played in the order of the file, but the lowest id opens and the
/// highest closes, as in every candle that is made of trades.
fn instants(trades: &[Recorded]) -> impl Iterator<Item = (i64, Fold)> + '_ {
    trades.chunk_by(|a, b| a.time_us == b.time_us).filter_map(|ties| {
        let mut sum = None;
        ties.iter().for_each(|trade| Fold::push(&mut sum, &Fold::of(trade.price, trade.size)));
        let first = ties.iter().min_by(|a, b| a.id.cmp(&b.id))?;
        let last = ties.iter().max_by(|a, b| a.id.cmp(&b.id))?;
        Some((first.time_us, Fold { open: first.price, close: last.price, ..sum? }))
    })
}

impl Reel {
    /// A trade is its time and id: a row that repeats both is the same trade, recorded twice.
    fn drop_repeated(&mut self) {
        let mut group_start = 0;
        let mut kept: Vec<Recorded> = Vec::with_capacity(self.trades.len());
        for trade in self.trades.drain(..) {
            if kept.get(group_start).is_none_or(|first| first.time_us != trade.time_us) {
                group_start = kept.len();
            }
            // Only the newest rows of the instant are compared: a burst of thousands must not cost its square.
            let from = group_start.max(kept.len().saturating_sub(64));
            if !kept.get(from..).unwrap_or_default().iter().any(|other| other.id == trade.id) {
                kept.push(trade);
            }
        }
        self.trades = kept;
    }
}

#[cfg(test)]
#[path = "tape_tests.rs"]
mod tests;
