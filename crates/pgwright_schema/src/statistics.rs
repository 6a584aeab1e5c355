//! What a database knows about its data: sizes as the file system tells them, and what `ANALYZE` found (the view `pg_stats`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Statistics of the tables of one database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// By name, as [`crate::Table::name`] spells it.
    pub tables: BTreeMap<String, TableStatistics>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableStatistics {
    /// Where the numbers come from.
    #[serde(default, skip_serializing_if = "Source::is_measured")]
    pub source: Source,
    #[serde(flatten)]
    pub size: Size,
    /// Of `size.analyzed_pages`, those whose rows every transaction sees: index-only scans need not visit them.
    #[serde(default)]
    pub all_visible_pages: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnStatistics>,
    /// By name, in the order they were made: the planner takes the older of two that cost the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<IndexStatistics>,
}

impl TableStatistics {
    pub fn index(&self, name: &str) -> Option<&IndexStatistics> {
        self.indexes.iter().find(|index| index.name == name)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A database was asked.
    #[default]
    Measured,
    /// Nobody was asked; the number of rows is the configuration's or the usual one.
    Assumed,
}

impl Source {
    fn is_measured(&self) -> bool {
        *self == Source::Measured
    }
}

/// The size of a table or index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Rows as of the last `ANALYZE` or `VACUUM` (`pg_class.reltuples`); -1 when there was none.
    pub rows: f64,
    /// 8 KiB pages of the file today.
    pub pages: u64,
    /// Pages when `rows` was counted (`pg_class.relpages`): the planner multiplies that density by `pages`.
    pub analyzed_pages: u64,
}

impl Size {
    /// Rows as the planner reckons them today.
    pub fn rows_today(&self) -> f64 {
        if self.rows < 0.0 {
            0.0
        } else if self.analyzed_pages == 0 {
            self.rows
        } else {
            self.rows / self.analyzed_pages as f64 * self.pages as f64
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IndexStatistics {
    pub name: String,
    #[serde(flatten)]
    pub size: Size,
    /// Levels above the leaves of a B-tree, where they could be read; estimated otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<u32>,
    /// Of keys that are expressions, by their place among the keys, from 1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expressions: BTreeMap<u16, ColumnStatistics>,
}

/// What `ANALYZE` found in a column or expression; the fields are those of `pg_stats`. Values are in the type's text form.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnStatistics {
    /// PostgreSQL's name of the type of values: `int8`, `varchar`, `_text`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    pub null_fraction: f32,
    /// Bytes of a value, not NULL.
    pub average_width: u32,
    /// Different values; below 0, their share of the rows, negated; 0 when not known.
    pub distinct: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_common: Option<Common>,
    /// Bounds of ranges that hold equally many of the values that are not among the most common.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Vec<String>>,
    /// Of the order of rows on disk with that of values, -1 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<f32>,
    /// Elements of arrays, words of `tsvector`s. After one frequency per value come the least, the greatest and, for arrays, that of
    /// NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_common_elements: Option<Common>,
    /// How many different elements values have, and the average at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element_counts: Option<Vec<f32>>,
    /// Of ranges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranges: Option<Ranges>,
}

/// Values with how often each occurs, the most frequent first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Common {
    pub values: Vec<String>,
    /// Shares of all rows, NULLs included.
    pub frequencies: Vec<f32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranges {
    pub empty_fraction: f32,
    pub lengths: Vec<String>,
    pub bounds: Vec<String>,
}

impl ColumnStatistics {
    /// Different values among so many rows; None when not known.
    pub fn distinct_of(&self, rows: f64) -> Option<f64> {
        match self.distinct {
            0.0 => None,
            share if share < 0.0 => Some((-f64::from(share) * rows).max(1.0)),
            count => Some(f64::from(count)),
        }
    }
}

/// The text form of a one-dimensional array: what `array_in` reads and `array_out` writes.
pub mod array {
    /// `{a,"b c",NULL}` with every element quoted, which is always allowed.
    pub fn write(values: &[String]) -> String {
        let mut text = String::from("{");
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push('"');
            for c in value.chars() {
                if c == '"' || c == '\\' {
                    text.push('\\');
                }
                text.push(c);
            }
            text.push('"');
        }
        text.push('}');
        text
    }

    /// The elements of an array without NULLs; None when the text is no such array.
    pub fn read(text: &str) -> Option<Vec<String>> {
        let inside = text.strip_prefix('{')?.strip_suffix('}')?;
        let mut values = Vec::new();
        let mut chars = inside.chars().peekable();
        while chars.peek().is_some() {
            let mut value = String::new();
            if chars.next_if_eq(&'"').is_some() {
                loop {
                    match chars.next()? {
                        '\\' => value.push(chars.next()?),
                        '"' => break,
                        c => value.push(c),
                    }
                }
            } else {
                while let Some(c) = chars.next_if(|c| *c != ',') {
                    value.push(if c == '\\' { chars.next()? } else { c });
                }
            }
            values.push(value);
            match chars.next() {
                // Boxes are the one type whose arrays are separated by something else, and `ANALYZE` keeps no values of boxes.
                Some(',') => {
                    chars.peek()?;
                }
                Some(_) => return None,
                None => break,
            }
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_read_as_they_are_written() {
        let values = ["a", "b c", "", "NULL", "say \"x\"", "back\\slash", "{1,2}", "ä,ö"].map(str::to_owned).to_vec();
        assert_eq!(array::read(&array::write(&values)), Some(values));
        assert_eq!(array::read("{1,2,-3.5}"), Some(["1", "2", "-3.5"].map(str::to_owned).to_vec()));
        assert_eq!(array::read("{2024-01-01 00:00:00+00,\"{1,2}\"}").map(|values| values.len()), Some(2));
        assert_eq!(array::read("{}"), Some(Vec::new()));
        assert!(["", "{", "{\"a}", "{a,}", "{\"a\"b}"].iter().all(|text| array::read(text).is_none()));
    }

    #[test]
    fn rows_follow_the_density() {
        let size = Size { rows: 100.0, pages: 30, analyzed_pages: 10 };
        assert_eq!(size.rows_today(), 300.0);
        assert_eq!(Size { rows: -1.0, pages: 3, analyzed_pages: 0 }.rows_today(), 0.0);
    }
}
