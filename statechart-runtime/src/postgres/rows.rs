//! Rows to values: the one place that knows how columns are read.

use super::error::failed;
use super::number::{Num, Ts};
use crate::market::{
    CoverageRow, CoverageState, Decimal, FetchId, Instrument, InstrumentId, RestCandle, Side, Source,
    TimeRange, Trade, TradeCandle, TradeOrd, TradeOrigin,
};
use crate::ports::{Fetch, FetchState, StoreError, StoredDeadLetter, TopicEntry, TopicState};
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

pub(super) const INSTRUMENT: &str = "id, symbol, base, quote, market, partition, listed_at, version";
pub(super) const CANDLE: &str =
    "bucket, open, high, low, close, volume, quote_volume, trades, first_ord, last_ord";
pub(super) const FETCH: &str =
    "id, instrument_id, source, from_ts, to_ts, state, done_to, rows, error, updated_at";

/// A row of a known table, read by position.
pub(super) struct Columns<'r> {
    pub(super) table: &'static str,
    pub(super) row: &'r PgRow,
}

impl<'r> Columns<'r> {
    pub(super) fn get<T: Decode<'r, Postgres> + Type<Postgres>>(&self, at: usize) -> Result<T, StoreError> {
        self.row.try_get(at).map_err(|e| failed("reading a row", e))
    }

    pub(super) fn time(&self, at: usize) -> Result<i64, StoreError> {
        self.get::<Ts>(at).map(|time| time.0)
    }

    pub(super) fn maybe_time(&self, at: usize) -> Result<Option<i64>, StoreError> {
        Ok(self.get::<Option<Ts>>(at)?.map(|time| time.0))
    }

    pub(super) fn decimal(&self, at: usize) -> Result<Decimal, StoreError> {
        self.get::<Num>(at).map(|number| number.0)
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

    /// [`CANDLE`], from a column on.
    pub(super) fn trade_candle(&self, from: usize) -> Result<TradeCandle, StoreError> {
        Ok(TradeCandle {
            bucket_us: self.time(from)?,
            open: self.decimal(from + 1)?,
            high: self.decimal(from + 2)?,
            low: self.decimal(from + 3)?,
            close: self.decimal(from + 4)?,
            volume: self.decimal(from + 5)?,
            quote_volume: self.decimal(from + 6)?,
            trades: self.count(from + 7)?,
            first_ord: self.ord(from + 8)?,
            last_ord: self.ord(from + 9)?,
        })
    }

    /// `bucket, open, high, low, close, volume, quote_volume, fetched_at`.
    pub(super) fn rest_candle(&self) -> Result<RestCandle, StoreError> {
        Ok(RestCandle {
            bucket_us: self.time(0)?,
            open: self.decimal(1)?,
            high: self.decimal(2)?,
            low: self.decimal(3)?,
            close: self.decimal(4)?,
            volume: self.decimal(5)?,
            quote_volume: self.decimal(6)?,
            fetched_ms: self.get(7)?,
        })
    }

    /// [`INSTRUMENT`].
    pub(super) fn instrument(&self) -> Result<Instrument, StoreError> {
        let partition: i32 = self.get(5)?;
        Ok(Instrument {
            id: InstrumentId(self.get(0)?),
            symbol: self.get(1)?,
            base: self.get(2)?,
            quote: self.get(3)?,
            market: self.get(4)?,
            partition: u32::try_from(partition)
                .map_err(|_| self.damaged(format!("partition {partition}")))?,
            listed_us: self.maybe_time(6)?,
            version: self.get(7)?,
        })
    }

    /// `source, from_ts, to_ts, state, reason`.
    pub(super) fn coverage(&self) -> Result<CoverageRow, StoreError> {
        let state = match self.get::<i16>(3)? {
            1 => CoverageState::Covered,
            _ => {
                let reason: &str = self.get(4)?;
                let bad = |_| self.damaged(format!("unknown reason `{reason}`"));
                CoverageState::Unavailable(reason.parse().map_err(bad)?)
            }
        };
        let range = TimeRange { from_us: self.time(1)?, to_us: self.time(2)? };
        Ok(CoverageRow { source: self.source(0)?, range, state })
    }

    fn source(&self, at: usize) -> Result<Source, StoreError> {
        let code: i16 = self.get(at)?;
        Source::from_code(i64::from(code)).ok_or_else(|| self.damaged(format!("unknown source {code}")))
    }

    /// `symbol, ts, ord, px, qty, side, src`.
    pub(super) fn trade(&self) -> Result<Trade, StoreError> {
        Ok(Trade {
            symbol: self.get::<String>(0)?.into(),
            time_us: self.time(1)?,
            id: self.ord(2)?.id().into(),
            price: self.decimal(3)?,
            size: self.decimal(4)?,
            side: Side::from_code(i64::from(self.get::<i16>(5)?)),
            received_us: 0,
            origin: TradeOrigin::from_code(i64::from(self.get::<i16>(6)?)),
        })
    }

    /// [`FETCH`].
    pub(super) fn fetch(&self) -> Result<Fetch, StoreError> {
        let state: &str = self.get(5)?;
        Ok(Fetch {
            id: FetchId::parse(self.get(0)?)?,
            instrument: InstrumentId(self.get(1)?),
            source: self.source(2)?,
            range: TimeRange { from_us: self.time(3)?, to_us: self.time(4)? },
            state: FetchState::from_name(state)
                .ok_or_else(|| self.damaged(format!("unknown state `{state}`")))?,
            done_to_us: self.maybe_time(6)?,
            rows: self.count(7)?,
            error: self.get(8)?,
            updated_us: self.time(9)?,
        })
    }

    /// `name, inc, partitions, instrument_id, state, last_used`.
    pub(super) fn topic(&self) -> Result<TopicEntry, StoreError> {
        let state: &str = self.get(4)?;
        Ok(TopicEntry {
            name: self.get(0)?,
            incarnation: self.get(1)?,
            partitions: self.count(2)?,
            instrument: self.get::<Option<i32>>(3)?.map(InstrumentId),
            state: TopicState::from_name(state)
                .ok_or_else(|| self.damaged(format!("unknown state `{state}`")))?,
            last_used_us: self.time(5)?,
        })
    }

    /// `seq, topic, inc, part, rec_offset, reason, payload`.
    pub(super) fn dead_letter(&self) -> Result<StoredDeadLetter, StoreError> {
        Ok(StoredDeadLetter {
            seq: self.get(0)?,
            topic: self.get(1)?,
            incarnation: self.get(2)?,
            partition: self.count(3)?,
            offset: self.get(4)?,
            reason: self.get(5)?,
            payload: self.get(6)?,
        })
    }
}
