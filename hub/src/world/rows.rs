//! A batch of rows on its way to the store: all in one transaction, and, where the store refuses what
//! stands in one of them, each by itself. So a bad row costs itself and not all that follow it.

use sqlx::{Any, Transaction};

use super::Store;
use crate::error::Result;

/// A row that is written whole, again and again until the store has it.
pub trait Row: Sync {
    fn put(&self, tx: &mut Transaction<'_, Any>) -> impl Future<Output = Result<()>> + Send;

    /// Which it is, for the log: its table and id, nothing of what stands in it.
    fn name(&self) -> String;
}

impl Store {
    /// Writes all of them, but those that the store will never take: these are logged and set aside. An
    /// error means that the store is away or full, and that all of them are to be written again.
    pub async fn put_all<R: Row>(&self, rows: &[R]) -> Result<()> {
        match self.put_together(rows).await {
            Err(error) if error.refuses_row() => {}
            done => return done,
        }
        for row in rows {
            match self.put_together(std::slice::from_ref(row)).await {
                Err(error) if error.refuses_row() => {
                    tracing::error!(%error, row = row.name(), "the store refuses this row, which is set aside; until the hub ends it is known from memory");
                }
                done => done?,
            }
        }
        Ok(())
    }

    async fn put_together<R: Row>(&self, rows: &[R]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut transaction = self.pool().begin().await?;
        for row in rows {
            row.put(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::testing::{TestWorld, on_both_engines};

    /// An agency, whose table wants a name.
    struct Named(i64, Option<&'static str>);

    impl Row for Named {
        async fn put(&self, tx: &mut Transaction<'_, Any>) -> Result<()> {
            let put = "INSERT INTO agency (id, name, made_at) VALUES ($1, $2, 0)";
            let put = sqlx::query(put).bind(self.0.to_string()).bind(self.1);
            put.execute(&mut **tx).await?;
            Ok(())
        }

        fn name(&self) -> String {
            format!("agency {}", self.0)
        }
    }

    #[tokio::test]
    async fn a_row_that_the_store_refuses_holds_up_no_other() {
        on_both_engines(async |test: &TestWorld| {
            let store = &test.world.store;
            let rows = [
                Named(1, Some("one")),
                Named(2, None),
                Named(3, Some("three")),
            ];
            store.put_all(&rows).await.unwrap();
            let kept: Vec<String> = sqlx::query_scalar("SELECT id FROM agency ORDER BY id")
                .fetch_all(store.pool())
                .await
                .unwrap();
            assert_eq!(kept, ["1", "3"]);
        })
        .await;
    }

    #[tokio::test]
    async fn a_store_that_is_away_sets_nothing_aside() {
        let test = TestWorld::on(crate::world::Engine::Sqlite).await;
        test.world.store.close().await;
        let rows = [Named(1, Some("one"))];
        assert!(test.world.store.put_all(&rows).await.is_err());
    }
}
