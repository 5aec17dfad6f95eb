-- Without TimescaleDB's own licence: candles are tables, merged in the transaction that stores the trades.

CREATE TABLE trade_candle_1m (
    instrument_id int         NOT NULL,
    bucket        timestamptz NOT NULL,
    open          numeric     NOT NULL,
    high          numeric     NOT NULL,
    low           numeric     NOT NULL,
    close         numeric     NOT NULL,
    volume        numeric     NOT NULL,
    quote_volume  numeric     NOT NULL,
    trades        int8        NOT NULL,
    first_ord     bytea       NOT NULL,
    last_ord      bytea       NOT NULL,
    PRIMARY KEY (instrument_id, bucket)
);

CREATE TABLE trade_candle_5m (LIKE trade_candle_1m INCLUDING ALL);
CREATE TABLE trade_candle_15m (LIKE trade_candle_1m INCLUDING ALL);
CREATE TABLE trade_candle_1h (LIKE trade_candle_1m INCLUDING ALL);
CREATE TABLE trade_candle_4h (LIKE trade_candle_1m INCLUDING ALL);
CREATE TABLE trade_candle_1d (LIKE trade_candle_1m INCLUDING ALL);
