//! How large tables are taken to be.

use std::collections::BTreeMap;

use pgwright_django::model::Model;
use pgwright_schema::assume;

/// Rows from which on a table is small no more: reading all of it takes longer than a person notices.
const LARGE: u64 = 10_000;
/// Rows from which on reading all of it is a hard stop.
const HUGE: u64 = 1_000_000;

/// Rows per `app.Model`, as the configuration says.
#[derive(Debug, Default)]
pub struct Sizes {
    pub stated: BTreeMap<String, u64>,
}

/// Rows of a table, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Stated(u64),
    /// Nobody said anything: it may be large.
    Assumed,
}

impl Sizes {
    pub(crate) fn of(&self, model: &Model) -> Size {
        let stated = self.stated.get(&model.label()).copied().or_else(|| assume::known_rows(&model.table));
        stated.map_or(Size::Assumed, Size::Stated)
    }
}

impl Size {
    pub(crate) fn is_large(self) -> bool {
        !matches!(self, Size::Stated(rows) if rows < LARGE)
    }

    pub(crate) fn is_huge(self) -> bool {
        matches!(self, Size::Stated(rows) if rows >= HUGE)
    }

    /// "all 1200000 rows".
    pub(crate) fn phrase(self) -> String {
        match self {
            Size::Stated(rows) => format!("all {rows} rows"),
            Size::Assumed => "all rows (how many is not known: say so in `assume.rows`)".to_owned(),
        }
    }
}
