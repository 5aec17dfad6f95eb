-- With TimescaleDB: trades in chunks of a day, candles as continuous aggregates, each from the level below. They show
-- what is not materialized yet, too (`materialized_only = false`); minutes that change behind what is materialized stand
-- in `dirty` until they are refreshed.

SELECT create_hypertable('trade', by_range('ts', INTERVAL '1 day'), create_default_indexes => false);

-- Before `until` minutes that change are dirty. Writers lock the row for sharing while they decide.
CREATE TABLE refreshed (
    one   boolean     PRIMARY KEY DEFAULT true CHECK (one),
    until timestamptz NOT NULL DEFAULT '-infinity',
    done  timestamptz NOT NULL DEFAULT '-infinity', -- up to here every level is materialized; behind `until` after a crash
    kept  timestamptz NOT NULL DEFAULT '-infinity'  -- before this trades may have been removed: nothing is refreshed there
);
INSERT INTO refreshed DEFAULT VALUES;

CREATE TABLE dirty (
    instrument_id int         NOT NULL,
    bucket        timestamptz NOT NULL,
    touched       int8        NOT NULL DEFAULT 1, -- a refresh removes only what it has seen
    PRIMARY KEY (instrument_id, bucket)
);

CREATE MATERIALIZED VIEW trade_candle_1m WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT instrument_id,
       time_bucket('1 minute', ts) AS bucket,
       first(px, ord)  AS open,
       max(px)         AS high,
       min(px)         AS low,
       last(px, ord)   AS close,
       sum(qty)        AS volume,
       sum(px * qty)   AS quote_volume,
       count(*)        AS trades,
       first(ord, ord) AS first_ord,
       last(ord, ord)  AS last_ord
FROM trade
GROUP BY 1, 2
WITH NO DATA;

CREATE MATERIALIZED VIEW trade_candle_5m WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT instrument_id,
       time_bucket('5 minutes', bucket) AS bucket,
       first(open, first_ord)      AS open,
       max(high)                   AS high,
       min(low)                    AS low,
       last(close, last_ord)       AS close,
       sum(volume)                 AS volume,
       sum(quote_volume)           AS quote_volume,
       sum(trades)::int8           AS trades,
       first(first_ord, first_ord) AS first_ord,
       last(last_ord, last_ord)    AS last_ord
FROM trade_candle_1m
GROUP BY 1, 2
WITH NO DATA;

CREATE MATERIALIZED VIEW trade_candle_15m WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT instrument_id,
       time_bucket('15 minutes', bucket) AS bucket,
       first(open, first_ord)      AS open,
       max(high)                   AS high,
       min(low)                    AS low,
       last(close, last_ord)       AS close,
       sum(volume)                 AS volume,
       sum(quote_volume)           AS quote_volume,
       sum(trades)::int8           AS trades,
       first(first_ord, first_ord) AS first_ord,
       last(last_ord, last_ord)    AS last_ord
FROM trade_candle_5m
GROUP BY 1, 2
WITH NO DATA;

CREATE MATERIALIZED VIEW trade_candle_1h WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT instrument_id,
       time_bucket('1 hour', bucket) AS bucket,
       first(open, first_ord)      AS open,
       max(high)                   AS high,
       min(low)                    AS low,
       last(close, last_ord)       AS close,
       sum(volume)                 AS volume,
       sum(quote_volume)           AS quote_volume,
       sum(trades)::int8           AS trades,
       first(first_ord, first_ord) AS first_ord,
       last(last_ord, last_ord)    AS last_ord
FROM trade_candle_15m
GROUP BY 1, 2
WITH NO DATA;

CREATE MATERIALIZED VIEW trade_candle_4h WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT instrument_id,
       time_bucket('4 hours', bucket) AS bucket,
       first(open, first_ord)      AS open,
       max(high)                   AS high,
       min(low)                    AS low,
       last(close, last_ord)       AS close,
       sum(volume)                 AS volume,
       sum(quote_volume)           AS quote_volume,
       sum(trades)::int8           AS trades,
       first(first_ord, first_ord) AS first_ord,
       last(last_ord, last_ord)    AS last_ord
FROM trade_candle_1h
GROUP BY 1, 2
WITH NO DATA;

CREATE MATERIALIZED VIEW trade_candle_1d WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT instrument_id,
       time_bucket('1 day', bucket) AS bucket,
       first(open, first_ord)      AS open,
       max(high)                   AS high,
       min(low)                    AS low,
       last(close, last_ord)       AS close,
       sum(volume)                 AS volume,
       sum(quote_volume)           AS quote_volume,
       sum(trades)::int8           AS trades,
       first(first_ord, first_ord) AS first_ord,
       last(last_ord, last_ord)    AS last_ord
FROM trade_candle_4h
GROUP BY 1, 2
WITH NO DATA;
