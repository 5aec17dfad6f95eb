//! Rows to values and back: the one place that knows how columns are written.

use super::database::failed;
use crate::market::{Decimal, RestCandle, TradeCandle, TradeOrd, parse_decimal};
use crate::ports::{LogRecord, StoreError};
use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

/// A row of a known table, read by position.
pub(super) struct Columns<'r> {
    pub(super) table: &'static str,
    pub(super) row: &'r SqliteRow,
}

impl<'r> Columns<'r> {
    pub(super) fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, at: usize) -> Result<T, StoreError> {
        self.row.try_get(at).map_err(|e| failed("reading a row", e))
    }

    pub(super) fn decimal(&self, at: usize) -> Result<Decimal, StoreError> {
        parse_decimal(self.get(at)?).map_err(|e| self.damaged(e.to_string()))
    }

    pub(super) fn ord(&self, at: usize) -> Result<TradeOrd, StoreError> {
        TradeOrd::from_bytes(self.get(at)?).map_err(|e| self.damaged(e.to_string()))
    }

    /// A number that is never negative.
    pub(super) fn count<T: TryFrom<i64>>(&self, at: usize) -> Result<T, StoreError> {
        let value: i64 = self.get(at)?;
        T::try_from(value).map_err(|_| self.damaged(format!("column {at} holds {value}")))
    }

    pub(super) fn damaged(&self, why: String) -> StoreError {
        StoreError::Damaged { table: self.table, why }
    }

    /// `bucket, open, high, low, close, volume, quote_volume, trades, first_ord, last_ord`.
    pub(super) fn trade_candle(&self) -> Result<TradeCandle, StoreError> {
        Ok(TradeCandle {
            bucket_us: self.get(0)?,
            open: self.decimal(1)?,
            high: self.decimal(2)?,
            low: self.decimal(3)?,
            close: self.decimal(4)?,
            volume: self.decimal(5)?,
            quote_volume: self.decimal(6)?,
            trades: self.count(7)?,
            first_ord: self.ord(8)?,
            last_ord: self.ord(9)?,
        })
    }

    /// `bucket, open, high, low, close, volume, quote_volume, fetched_at`.
    pub(super) fn rest_candle(&self) -> Result<RestCandle, StoreError> {
        Ok(RestCandle {
            bucket_us: self.get(0)?,
            open: self.decimal(1)?,
            high: self.decimal(2)?,
            low: self.decimal(3)?,
            close: self.decimal(4)?,
            volume: self.decimal(5)?,
            quote_volume: self.decimal(6)?,
            fetched_ms: self.get(7)?,
        })
    }
}

/// `INSERT` text for `rows` rows of `columns` columns: `head VALUES (?,?),(?,?) tail`.
pub(super) fn insert_sql(head: &str, columns: usize, rows: usize, tail: &str) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    format!("{head} VALUES {} {tail}", vec![row; rows].join(","))
}

/// Splits rows into pieces of a few fixed sizes, so that few statements need to be prepared.
pub(super) fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = [512, 64, 8, 1].into_iter().find(|size| *size <= rows.len())?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

/// Records of a batch as one blob: per record `u32` key length, key, `u32` value length, value, `i64` µs; little-endian.
pub(super) fn pack(records: &[LogRecord]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(records.iter().map(|record| record.bytes() + 16).sum());
    for record in records {
        for part in [&record.key, &record.value] {
            // Lengths were checked against the record limit of 64 KiB.
            blob.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            blob.extend_from_slice(part);
        }
        blob.extend_from_slice(&record.published_us.to_le_bytes());
    }
    blob
}

/// Reads the next record of a blob and moves on; `None` when it is damaged. Values share the blob's memory.
pub(super) fn unpack(blob: &mut Bytes) -> Option<LogRecord> {
    let key = unpack_part(blob)?;
    let value = unpack_part(blob)?;
    let published_us = i64::from_le_bytes(take(blob, 8)?.as_ref().try_into().ok()?);
    Some(LogRecord { key, value, published_us })
}

fn unpack_part(blob: &mut Bytes) -> Option<Bytes> {
    let length = u32::from_le_bytes(take(blob, 4)?.as_ref().try_into().ok()?);
    take(blob, usize::try_from(length).ok()?)
}

fn take(blob: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= blob.len()).then(|| blob.split_to(length))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn blobs_come_back_and_damage_is_seen() {
        let records = [LogRecord::new("k", "value", 7), LogRecord::new("", "", -1)];
        let mut blob = Bytes::from(pack(&records));
        for cut in 0..blob.len() {
            let mut short = blob.slice(..cut);
            let read: Vec<_> = std::iter::from_fn(|| unpack(&mut short)).collect();
            assert!(read.len() < 2);
        }
        assert_eq!([unpack(&mut blob).unwrap(), unpack(&mut blob).unwrap()], records);
        assert!(blob.is_empty() && unpack(&mut blob).is_none());
    }

    #[test]
    fn chunks_cover_everything_once() {
        let rows: Vec<u32> = (0..1234).collect();
        assert_eq!(chunks(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(insert_sql("INSERT INTO t", 2, 2, "X"), "INSERT INTO t VALUES (?,?),(?,?) X");
    }
}
