//! A connection for one transaction.

use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

/// Whoever gives up while a transaction begins has sent BEGIN, and the driver does not know of it: back in the pool, the
/// connection would run the statements of others within that transaction, which nobody ends. So it is used again only
/// after its transaction has begun; what is not committed then is rolled back, however it ends.
pub(super) struct Session {
    connection: PoolConnection<Postgres>,
    has_begun: bool,
}

impl Session {
    pub(super) async fn acquire(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: pool.acquire().await?, has_begun: false })
    }

    pub(super) async fn begin(&mut self) -> Result<Transaction<'_, Postgres>, sqlx::Error> {
        let connection: &mut PgConnection = &mut self.connection;
        let transaction = connection.begin().await?;
        self.has_begun = true;
        Ok(transaction)
    }

    /// Begins a transaction that sees one state of the data and changes nothing.
    pub(super) async fn snapshot(&mut self) -> Result<Transaction<'_, Postgres>, sqlx::Error> {
        let connection: &mut PgConnection = &mut self.connection;
        let transaction = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        self.has_begun = true;
        Ok(transaction)
    }

    /// Nobody uses the connection after this transaction.
    pub(super) fn close_on_drop(&mut self) {
        self.connection.close_on_drop();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.has_begun {
            self.close_on_drop();
        }
    }
}
