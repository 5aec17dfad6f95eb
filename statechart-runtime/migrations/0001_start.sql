-- The embedded store: times are INTEGER microseconds UTC, decimals canonical TEXT (SQLite would sum them as floats, so
-- candles are folded in Rust), order keys BLOB that sort like the keys.

CREATE TABLE instrument (
    id         INTEGER PRIMARY KEY,
    symbol     TEXT NOT NULL UNIQUE,
    base       TEXT NOT NULL,
    quote      TEXT NOT NULL,
    market     TEXT NOT NULL,
    partition  INTEGER NOT NULL,
    listed_at  INTEGER,
    version    INTEGER NOT NULL DEFAULT 0,
    feed_epoch INTEGER NOT NULL DEFAULT 0 -- newest life of the feed seen: coverage of older ones is ignored
);

CREATE TABLE trade (
    instrument_id INTEGER NOT NULL,
    ts            INTEGER NOT NULL,
    ord           BLOB NOT NULL,
    px            TEXT NOT NULL,
    qty           TEXT NOT NULL,
    side          INTEGER NOT NULL,
    src           INTEGER NOT NULL,
    PRIMARY KEY (instrument_id, ts, ord)
) WITHOUT ROWID;

CREATE TABLE trade_candle_1m (
    instrument_id INTEGER NOT NULL,
    bucket        INTEGER NOT NULL,
    open          TEXT NOT NULL,
    high          TEXT NOT NULL,
    low           TEXT NOT NULL,
    close         TEXT NOT NULL,
    volume        TEXT NOT NULL,
    quote_volume  TEXT NOT NULL,
    trades        INTEGER NOT NULL,
    first_ord     BLOB NOT NULL,
    last_ord      BLOB NOT NULL,
    PRIMARY KEY (instrument_id, bucket)
) WITHOUT ROWID;

CREATE TABLE trade_candle_5m (
    instrument_id INTEGER NOT NULL,
    bucket        INTEGER NOT NULL,
    open          TEXT NOT NULL,
    high          TEXT NOT NULL,
    low           TEXT NOT NULL,
    close         TEXT NOT NULL,
    volume        TEXT NOT NULL,
    quote_volume  TEXT NOT NULL,
    trades        INTEGER NOT NULL,
    first_ord     BLOB NOT NULL,
    last_ord      BLOB NOT NULL,
    PRIMARY KEY (instrument_id, bucket)
) WITHOUT ROWID;

CREATE TABLE trade_candle_15m (
    instrument_id INTEGER NOT NULL,
    bucket        INTEGER NOT NULL,
    open          TEXT NOT NULL,
    high          TEXT NOT NULL,
    low           TEXT NOT NULL,
    close         TEXT NOT NULL,
    volume        TEXT NOT NULL,
    quote_volume  TEXT NOT NULL,
    trades        INTEGER NOT NULL,
    first_ord     BLOB NOT NULL,
    last_ord      BLOB NOT NULL,
    PRIMARY KEY (instrument_id, bucket)
) WITHOUT ROWID;

CREATE TABLE trade_candle_1h (
    instrument_id INTEGER NOT NULL,
    bucket        INTEGER NOT NULL,
    open          TEXT NOT NULL,
    high          TEXT NOT NULL,
    low           TEXT NOT NULL,
    close         TEXT NOT NULL,
    volume        TEXT NOT NULL,
    quote_volume  TEXT NOT NULL,
    trades        INTEGER NOT NULL,
    first_ord     BLOB NOT NULL,
    last_ord      BLOB NOT NULL,
    PRIMARY KEY (instrument_id, bucket)
) WITHOUT ROWID;

CREATE TABLE trade_candle_4h (
    instrument_id INTEGER NOT NULL,
    bucket        INTEGER NOT NULL,
    open          TEXT NOT NULL,
    high          TEXT NOT NULL,
    low           TEXT NOT NULL,
    close         TEXT NOT NULL,
    volume        TEXT NOT NULL,
    quote_volume  TEXT NOT NULL,
    trades        INTEGER NOT NULL,
    first_ord     BLOB NOT NULL,
    last_ord      BLOB NOT NULL,
    PRIMARY KEY (instrument_id, bucket)
) WITHOUT ROWID;

CREATE TABLE trade_candle_1d (
    instrument_id INTEGER NOT NULL,
    bucket        INTEGER NOT NULL,
    open          TEXT NOT NULL,
    high          TEXT NOT NULL,
    low           TEXT NOT NULL,
    close         TEXT NOT NULL,
    volume        TEXT NOT NULL,
    quote_volume  TEXT NOT NULL,
    trades        INTEGER NOT NULL,
    first_ord     BLOB NOT NULL,
    last_ord      BLOB NOT NULL,
    PRIMARY KEY (instrument_id, bucket)
) WITHOUT ROWID;

CREATE TABLE rest_candle (
    instrument_id INTEGER NOT NULL,
    res           INTEGER NOT NULL,
    bucket        INTEGER NOT NULL,
    open          TEXT NOT NULL,
    high          TEXT NOT NULL,
    low           TEXT NOT NULL,
    close         TEXT NOT NULL,
    volume        TEXT NOT NULL,
    quote_volume  TEXT NOT NULL,
    fetched_at    INTEGER NOT NULL, -- milliseconds: the revision
    PRIMARY KEY (instrument_id, res, bucket)
) WITHOUT ROWID;

CREATE TABLE coverage (
    instrument_id INTEGER NOT NULL,
    source        INTEGER NOT NULL, -- 1 trades, 2 rest60, 3 rest3600, 4 rest86400
    from_ts       INTEGER NOT NULL,
    to_ts         INTEGER NOT NULL,
    state         INTEGER NOT NULL, -- 1 covered, 2 unavailable
    reason        TEXT,
    PRIMARY KEY (instrument_id, source, from_ts)
) WITHOUT ROWID;

CREATE TABLE consumer_offset (
    grp         TEXT NOT NULL,
    topic       TEXT NOT NULL,
    inc         INTEGER NOT NULL,
    part        INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (grp, topic, inc, part)
) WITHOUT ROWID;

CREATE TABLE topic (
    name          TEXT PRIMARY KEY,
    inc           INTEGER NOT NULL,
    partitions    INTEGER NOT NULL,
    instrument_id INTEGER,
    state         TEXT NOT NULL,
    last_used     INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE fetch (
    seq           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    instrument_id INTEGER NOT NULL,
    source        INTEGER NOT NULL,
    from_ts       INTEGER NOT NULL,
    to_ts         INTEGER NOT NULL,
    state         TEXT NOT NULL,
    done_to       INTEGER,
    rows          INTEGER NOT NULL DEFAULT 0,
    error         TEXT,
    updated_at    INTEGER NOT NULL
);
-- Equal wishes coalesce while one is open.
CREATE UNIQUE INDEX fetch_open ON fetch (instrument_id, source, from_ts, to_ts) WHERE state IN ('queued', 'running');

CREATE TABLE dead_letter (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    topic      TEXT NOT NULL, -- empty: the data did not come from the log
    inc        INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    rec_offset INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    payload    BLOB NOT NULL
);
CREATE UNIQUE INDEX dead_letter_place ON dead_letter (topic, inc, part, rec_offset) WHERE topic <> '';

-- The embedded log. A deleted topic stays as a row with live = 0, so that its next life gets the next incarnation.
CREATE TABLE log_topic (
    name       TEXT PRIMARY KEY,
    inc        INTEGER NOT NULL,
    partitions INTEGER NOT NULL,
    live       INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE log_partition (
    topic TEXT NOT NULL,
    part  INTEGER NOT NULL,
    low   INTEGER NOT NULL,
    next  INTEGER NOT NULL,
    PRIMARY KEY (topic, part)
) WITHOUT ROWID;

CREATE TABLE log_batch (
    topic        TEXT NOT NULL,
    part         INTEGER NOT NULL,
    base_offset  INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    published_us INTEGER NOT NULL, -- of the first record
    records      BLOB NOT NULL,
    PRIMARY KEY (topic, part, base_offset)
);
