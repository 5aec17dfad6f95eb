"""Trades through cryptofeed's own PostgreSQL writer; prints the seconds until all of them are stored.

Usage: cryptofeed_writer.py URL TRADES BATCH. The trades are those of `bench/src/bin/pipeline/trades.rs`, without duplicates.
"""

import asyncio
import sys
import time
import warnings
from decimal import Decimal
from urllib.parse import urlparse

import asyncpg
from cryptofeed.backends.postgres import TradePostgres
from cryptofeed.types import Trade

warnings.simplefilter("ignore")

# Columns in the order in which its default format writes them.
TABLE = """CREATE TABLE trades (
    row_id serial PRIMARY KEY, timestamp timestamp, receipt_timestamp timestamp, exchange varchar(32),
    symbol varchar(32), side varchar(8), amount numeric, price numeric, id varchar(64), type varchar(32))"""


def trade(n):
    price = Decimal(1371565 + n * 7919 % 9973).scaleb(-2)
    size = Decimal(1 + n * 104729 % 99991).scaleb(-8)
    side = "buy" if n % 2 == 0 else "sell"
    return Trade("COINBASE", "BTC-USD", side, size, price, 1514764800 + n * 0.123457, id=str(n))


async def main(url, count, batch):
    place = urlparse(url)
    to = {"host": place.hostname, "port": place.port, "user": place.username}
    admin = await asyncpg.connect(password=place.password, database=place.path[1:], **to)
    await admin.execute("DROP TABLE IF EXISTS trades")
    await admin.execute(TABLE)
    # Exact numbers, as ours are.
    writer = TradePostgres(pw=place.password, db=place.path[1:], numeric_type=str, **to)
    trades = [trade(n) for n in range(count)]
    writer.start(asyncio.get_running_loop())
    await writer._connect()
    begun = time.perf_counter()
    for at in range(0, count, batch):
        for one in trades[at : at + batch]:
            await writer(one, one.timestamp)
        # It takes what is in its queue when it looks.
        await writer.queue.join()
    print(time.perf_counter() - begun)
    await admin.close()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
