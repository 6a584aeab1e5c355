//! Plans without some of the indexes that the schema has.

use pgwright_schema::names::split_identifier;

use super::Shadow;
use crate::Error;

impl Shadow {
    /// Plans that follow do without these indexes.
    ///
    /// # Errors
    /// The server has stopped.
    pub fn hide_indexes<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> Result<(), Error> {
        self.mark(names, "false")
    }

    /// Plans that follow may use these indexes again.
    ///
    /// # Errors
    /// The server has stopped.
    pub fn show_indexes<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> Result<(), Error> {
        self.mark(names, "true")
    }

    /// The planner overlooks indexes that are not valid, as one is that `CREATE INDEX CONCURRENTLY` has not finished
    /// (`get_relation_info` in `optimizer/util/plancat.c`).
    fn mark<'n>(&mut self, names: impl IntoIterator<Item = &'n str>, valid: &str) -> Result<(), Error> {
        let names: Vec<&str> = names.into_iter().map(|name| split_identifier(name).1).collect();
        self.client.0.execute(
            &format!(
                "UPDATE pg_index SET indisvalid = {valid} WHERE indisvalid <> {valid} AND indexrelid IN \
                 (SELECT oid FROM pg_class WHERE relname = ANY ($1::text[]::name[]) AND relkind = 'i')"
            ),
            &[&names],
        )?;
        Ok(())
    }

    /// Pages of 8 KiB that an index has, or is expected to have; none where there is no such index.
    ///
    /// # Errors
    /// The server has stopped.
    pub fn index_pages(&mut self, name: &str) -> Result<Option<u64>, Error> {
        let statement = "SELECT relpages FROM pg_class WHERE relname = $1::text::name AND relkind = 'i'";
        let row = self.client.0.query_opt(statement, &[&split_identifier(name).1])?;
        Ok(row.map(|row| u64::try_from(row.get::<_, i32>(0)).unwrap_or(0)))
    }
}
