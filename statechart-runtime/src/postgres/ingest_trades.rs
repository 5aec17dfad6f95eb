//! Trades into the table, and what was really new into the candles.

use super::connect::Inner;
use super::copy::{self, COLUMNS};
use super::error::{code, failed};
use super::ingest::{Failure, Known};
use super::mode::Mode;
use super::number::{BadNumber, Num, Ts};
use super::reads;
use super::rows::{CANDLE, Columns};
use crate::market::{InstrumentId, Interval, MarketError, TimeRange, Trade, TradeCandle, canonical};
use crate::ports::steps::{Keyed, Overflow, fold_levels};
use crate::ports::{StoreError, Touched};
use sqlx::{AssertSqlSafe, PgConnection};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// Buckets without a change between two that changed, up to which one read fetches both.
const MAX_STRIDE: i64 = 200;

/// Trades that were new, by instrument and in order.
pub(super) type Written<'a> = BTreeMap<InstrumentId, Vec<&'a Trade>>;

/// What inserting needs to know.
pub(super) struct Change<'a> {
    pub(super) inner: &'a Inner,
    pub(super) known: &'a BTreeMap<InstrumentId, Known>,
}

/// What new trades add to the candles, by width.
type Folded = BTreeMap<Interval, Vec<(InstrumentId, TradeCandle)>>;

/// Trades that were inserted.
pub(super) struct Inserted<'a> {
    pub(super) trades: Written<'a>,
    folded: Folded,
}

/// Inserts trades, in order, and folds those that were new. The fast way assumes that all are new; a single duplicate
/// undoes it (not the transaction), and the slow way asks which ones were. A replay is full of duplicates, so after one the
/// next batch takes the slow way at once.
pub(super) async fn insert_trades<'a>(
    tx: &mut PgConnection,
    change: &Change<'_>,
    keyed: &[Keyed<'a>],
) -> Result<Inserted<'a>, Failure> {
    if keyed.is_empty() {
        return Ok(Inserted { trades: Written::new(), folded: Folded::new() });
    }
    // Trades behind everything that is stored cannot be there already. Each instrument's first is its oldest.
    let mut oldest = keyed.chunk_by(|a, b| a.0 == b.0).filter_map(<[_]>::first);
    let is_fresh = oldest.all(|(instrument, _, trade)| {
        let newest = change.known.get(instrument).and_then(|known| known.newest_us);
        newest.is_none_or(|newest_us| trade.time_us > newest_us)
    });
    let expected = &change.inner.expect_duplicates;
    if is_fresh {
        // Nothing to undo, so no savepoint.
        return copy_directly(tx, keyed).await.map_err(|e| failed("copying trades", e))?;
    }
    if !expected.load(Ordering::Relaxed)
        && let Some(inserted) = try_copy_directly(tx, keyed).await?
    {
        return Ok(inserted);
    }
    let total = keyed.len();
    let new = copy_staged(tx, keyed).await?;
    expected.store(new.len() < total, Ordering::Relaxed);
    let trades = by_instrument(new.into_iter());
    let folded = fold(&trades)?;
    Ok(Inserted { trades, folded })
}

/// Straight into the table; folded while the server takes in the last rows.
async fn copy_directly<'a>(
    tx: &mut PgConnection,
    keyed: &[Keyed<'a>],
) -> Result<Result<Inserted<'a>, Failure>, sqlx::Error> {
    let all = || {
        let trades = by_instrument(keyed.iter().map(|(instrument, _, trade)| (*instrument, *trade)));
        fold(&trades).map(|folded| Inserted { trades, folded })
    };
    copy_in(tx, "trade", keyed, all).await
}

/// The same under a savepoint. None when a trade was there already: then nothing has happened.
async fn try_copy_directly<'a>(
    tx: &mut PgConnection,
    keyed: &[Keyed<'a>],
) -> Result<Option<Inserted<'a>>, Failure> {
    run(tx, "SAVEPOINT direct").await?;
    match copy_directly(tx, keyed).await {
        Ok(inserted) => {
            run(tx, "RELEASE SAVEPOINT direct").await?;
            inserted.map(Some)
        }
        Err(error) if code(&error).as_deref() == Some("23505") => {
            run(tx, "ROLLBACK TO SAVEPOINT direct").await?;
            Ok(None)
        }
        Err(error) => Err(failed("copying trades", error).into()),
    }
}

fn by_instrument<'a>(trades: impl Iterator<Item = (InstrumentId, &'a Trade)>) -> Written<'a> {
    let mut out = Written::new();
    for (instrument, trade) in trades {
        out.entry(instrument).or_default().push(trade);
    }
    out
}

fn fold(written: &Written<'_>) -> Result<Folded, Failure> {
    let mut levels = Folded::new();
    for (instrument, trades) in written {
        for (interval, level) in fold_levels(*instrument, trades).map_err(Failure::Overflow)? {
            let folded = levels.entry(interval).or_default();
            folded.extend(level.into_values().map(|candle| (*instrument, candle)));
        }
    }
    Ok(levels)
}

/// By way of a temporary table; returns those that were new.
async fn copy_staged<'a>(
    tx: &mut PgConnection,
    keyed: &[Keyed<'a>],
) -> Result<Vec<(InstrumentId, &'a Trade)>, StoreError> {
    run(
        tx,
        "CREATE TEMPORARY TABLE IF NOT EXISTS staged_trade (instrument_id int, ts timestamptz, ord bytea, px numeric,
         qty numeric, side int2, src int2) ON COMMIT DELETE ROWS",
    )
    .await?;
    copy_in(tx, "staged_trade", keyed, || ()).await.map_err(|e| failed("copying trades", e))?;
    let rows = sqlx::query(
        "INSERT INTO trade (instrument_id, ts, ord, px, qty, side, src)
         SELECT instrument_id, ts, ord, px, qty, side, src FROM staged_trade
         ON CONFLICT DO NOTHING RETURNING instrument_id, ord",
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(|e| failed("inserting trades", e))?;
    let mut new = vec![false; keyed.len()];
    for row in &rows {
        let columns = Columns { table: "trade", row };
        let key = (InstrumentId(columns.get(0)?), columns.ord(1)?);
        // The batch is sorted by exactly this key.
        let at = keyed.binary_search_by(|one| (one.0, &one.1).cmp(&(key.0, &key.1)));
        if let Some(new) = at.ok().and_then(|at| new.get_mut(at)) {
            *new = true;
        }
    }
    let marked = keyed.iter().zip(new).filter(|(_, new)| *new);
    Ok(marked.map(|((instrument, _, trade), _)| (*instrument, *trade)).collect())
}

/// Copies rows, and does something of its own while the server is busy with the last of them.
async fn copy_in<T>(
    tx: &mut PgConnection,
    table: &str,
    keyed: &[Keyed<'_>],
    meanwhile: impl FnOnce() -> T,
) -> Result<T, sqlx::Error> {
    let statement = format!("COPY {table} {COLUMNS} FROM STDIN (FORMAT binary)");
    let mut copy = tx.copy_in_raw(&statement).await?;
    let mut rows = copy::HEADER.to_vec();
    for part in keyed.chunks(copy::ROWS_AT_ONCE) {
        copy::write_rows(part, &mut rows);
        copy.send(rows.as_slice()).await?;
        rows.clear();
    }
    copy.send(copy::TRAILER.as_slice()).await?;
    let done = meanwhile();
    copy.finish().await.map(|_| done)
}

async fn run(tx: &mut PgConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(sql).execute(tx).await.map(|_| ()).map_err(|e| failed("writing a batch", e))
}

/// Brings the candles up to date; returns the new values of all that changed, by instrument, width and time.
pub(super) async fn update_candles(
    tx: &mut PgConnection,
    mode: Mode,
    inserted: &Inserted<'_>,
) -> Result<Vec<Touched>, Failure> {
    if inserted.trades.is_empty() {
        return Ok(Vec::new());
    }
    let levels = &inserted.folded;
    if mode == Mode::Timescale {
        mark_dirty(tx, levels.get(&Interval::M1).map_or(&[], Vec::as_slice)).await?;
    }
    let mut touched = Vec::new();
    match mode {
        Mode::Plain => merge(tx, levels, &mut touched).await?,
        Mode::Timescale => {
            for (interval, folded) in levels {
                read_back(tx, *interval, folded, &mut touched).await?;
            }
        }
    }
    touched.sort_by_key(|one| (one.instrument, one.interval, one.candle.bucket_us));
    Ok(touched)
}

/// Merges what is new into the stored candles, all widths in one statement.
async fn merge(tx: &mut PgConnection, levels: &Folded, touched: &mut Vec<Touched>) -> Result<(), Failure> {
    let all: Vec<(Interval, InstrumentId, &TradeCandle)> = levels
        .iter()
        .flat_map(|(interval, folded)| {
            folded.iter().map(|(instrument, candle)| (*interval, *instrument, candle))
        })
        .collect();
    let numbers = |of: fn(&TradeCandle) -> crate::market::Decimal| -> Vec<Num> {
        all.iter().map(|(_, _, candle)| Num(of(candle))).collect()
    };
    // Widths are told apart by their minutes; a day has 1,440.
    let width = |interval: Interval| (interval.seconds() / 60) as i16;
    let rows = sqlx::query(AssertSqlSafe(merge_sql(width)))
        .bind(all.iter().map(|(interval, _, _)| width(*interval)).collect::<Vec<i16>>())
        .bind(all.iter().map(|(_, instrument, _)| instrument.0).collect::<Vec<i32>>())
        .bind(all.iter().map(|(_, _, candle)| Ts(candle.bucket_us)).collect::<Vec<Ts>>())
        .bind(numbers(|candle| candle.open))
        .bind(numbers(|candle| candle.high))
        .bind(numbers(|candle| candle.low))
        .bind(numbers(|candle| candle.close))
        .bind(numbers(|candle| candle.volume))
        .bind(numbers(|candle| candle.quote_volume))
        .bind(
            all.iter()
                .map(|(_, _, candle)| i64::try_from(candle.trades).unwrap_or(i64::MAX))
                .collect::<Vec<i64>>(),
        )
        .bind(all.iter().map(|(_, _, candle)| candle.first_ord.to_bytes()).collect::<Vec<_>>())
        .bind(all.iter().map(|(_, _, candle)| candle.last_ord.to_bytes()).collect::<Vec<_>>())
        .fetch_all(tx)
        .await
        .map_err(|e| failed("writing candles", e))?;
    for row in &rows {
        let columns = Columns { table: "trade_candle", row };
        let minutes: i16 = columns.get(0)?;
        let interval = Interval::ALL.into_iter().find(|interval| width(*interval) == minutes);
        let Some(interval) = interval else { continue };
        let (instrument, bucket_us) = (InstrumentId(columns.get(1)?), columns.time(2)?);
        let folded = levels.get(&interval).map_or(&[][..], Vec::as_slice);
        let candle = exact(columns.trade_candle(2), instrument, bucket_us, folded)?;
        touched.push(Touched { instrument, interval, candle });
    }
    Ok(())
}

/// One insert for each width, over one list of candles: a round trip, and not six.
fn merge_sql(width: impl Fn(Interval) -> i16) -> String {
    let mut sql = format!(
        "WITH added AS MATERIALIZED (
             SELECT * FROM unnest($1::int2[], $2::int4[], $3::timestamptz[], $4::numeric[], $5::numeric[],
                 $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], $10::int8[], $11::bytea[], $12::bytea[])
             AS a (width, instrument_id, {CANDLE}))"
    );
    for interval in Interval::ALL {
        let minutes = width(interval);
        sql.push_str(&format!(
            ", of_{interval} AS (
             INSERT INTO trade_candle_{interval} AS c (instrument_id, {CANDLE})
             SELECT instrument_id, {CANDLE} FROM added WHERE width = {minutes}
             ON CONFLICT (instrument_id, bucket) DO UPDATE SET
                 open = CASE WHEN excluded.first_ord < c.first_ord THEN excluded.open ELSE c.open END,
                 high = greatest(c.high, excluded.high),
                 low = least(c.low, excluded.low),
                 close = CASE WHEN excluded.last_ord > c.last_ord THEN excluded.close ELSE c.close END,
                 volume = trim_scale(c.volume + excluded.volume),
                 quote_volume = trim_scale(c.quote_volume + excluded.quote_volume),
                 trades = c.trades + excluded.trades,
                 first_ord = least(c.first_ord, excluded.first_ord),
                 last_ord = greatest(c.last_ord, excluded.last_ord)
             RETURNING {minutes}::int2, instrument_id, {CANDLE})"
        ));
    }
    let parts: Vec<String> =
        Interval::ALL.into_iter().map(|interval| format!("SELECT * FROM of_{interval}")).collect();
    format!("{sql} {}", parts.join(" UNION ALL "))
}

/// The candles of the buckets that changed, as every reader sees them after the commit.
async fn read_back(
    tx: &mut PgConnection,
    interval: Interval,
    folded: &[(InstrumentId, TradeCandle)],
    touched: &mut Vec<Touched>,
) -> Result<(), Failure> {
    let width_us = interval.width_us();
    let near = |a: &(InstrumentId, TradeCandle), b: &(InstrumentId, TradeCandle)| {
        a.0 == b.0 && b.1.bucket_us - a.1.bucket_us <= width_us * MAX_STRIDE
    };
    for part in folded.chunk_by(near) {
        let (Some((instrument, first)), Some((_, last))) = (part.first(), part.last()) else { continue };
        let range = TimeRange { from_us: first.bucket_us, to_us: last.bucket_us + width_us };
        let wanted: BTreeSet<i64> = part.iter().map(|(_, candle)| candle.bucket_us).collect();
        let rows = reads::aggregated(tx, *instrument, interval, range, i64::from(i32::MAX)).await?;
        for row in &rows {
            let columns = Columns { table: "trade_candle", row };
            let bucket_us = columns.time(0)?;
            if wanted.contains(&bucket_us) {
                let candle = exact(columns.trade_candle(0), *instrument, bucket_us, part)?;
                touched.push(Touched { instrument: *instrument, interval, candle });
            }
        }
    }
    Ok(())
}

/// A sum that no longer fits is found here: it is a fault of the trades, not of the row.
fn exact(
    read: Result<TradeCandle, StoreError>,
    instrument: InstrumentId,
    bucket_us: i64,
    folded: &[(InstrumentId, TradeCandle)],
) -> Result<TradeCandle, Failure> {
    let error = match read {
        Ok(candle) => return Ok(candle),
        Err(error) => error,
    };
    let is_inexact = match &error {
        StoreError::Io { source, .. } => match source.downcast_ref::<sqlx::Error>() {
            Some(sqlx::Error::ColumnDecode { source, .. }) => {
                source.downcast_ref::<BadNumber>() == Some(&BadNumber::Inexact)
            }
            _ => false,
        },
        _ => false,
    };
    if !is_inexact {
        return Err(error.into());
    }
    let added = folded.iter().find(|(of, candle)| *of == instrument && candle.bucket_us == bucket_us);
    let right = added
        .map(|(_, candle)| format!("{} or {}", canonical(candle.volume), canonical(candle.quote_volume)));
    Err(Failure::Overflow(Overflow {
        instrument,
        day_us: Interval::D1.floor_us(bucket_us),
        error: MarketError::SumOverflow {
            left: "that is stored".to_owned(),
            right: right.unwrap_or_default(),
        },
    }))
}

/// Notes the minutes behind the line up to which candles are materialized. The line cannot move before this commits. Where
/// trades were removed a candle stays what it is.
async fn mark_dirty(
    tx: &mut PgConnection,
    minutes: &[(InstrumentId, TradeCandle)],
) -> Result<(), StoreError> {
    sqlx::query(
        "WITH line AS MATERIALIZED (SELECT until, kept FROM refreshed FOR SHARE)
         INSERT INTO dirty AS d (instrument_id, bucket)
         SELECT m.instrument_id, m.bucket FROM unnest($1::int4[], $2::timestamptz[]) AS m (instrument_id, bucket), line
         WHERE m.bucket < line.until AND m.bucket >= line.kept
         ON CONFLICT (instrument_id, bucket) DO UPDATE SET touched = d.touched + 1",
    )
    .bind(minutes.iter().map(|(instrument, _)| instrument.0).collect::<Vec<i32>>())
    .bind(minutes.iter().map(|(_, candle)| Ts(candle.bucket_us)).collect::<Vec<Ts>>())
    .execute(tx)
    .await
    .map(|_| ())
    .map_err(|e| failed("noting minutes to be refreshed", e))
}
