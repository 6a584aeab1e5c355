//! Putting statistics into the catalogue.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use pgwright_schema::expr::quote_text;
use pgwright_schema::statistics::array;
use pgwright_schema::{ColumnStatistics, Size, Statistics};
use postgres::Client;

use super::catalogue::{Column, Relation, of_table};
use super::files::Expressions;
use crate::Error;

/// The first version with functions for it (`pg_restore_relation_stats`, `pg_restore_attribute_stats`).
const WITH_FUNCTIONS: u32 = 18;

/// Sends so much at once.
const BATCH: usize = 1 << 20;

/// Gives every table and index that has statistics its own.
pub(super) fn statistics(
    client: &mut Client,
    major: u32,
    relations: &[Relation],
    statistics: &Statistics,
) -> Result<(), Error> {
    let mut script = Script::new(client, major)?;
    let tables: HashMap<u32, &Relation> = relations.iter().map(|relation| (relation.oid, relation)).collect();
    for relation in relations {
        match &relation.index {
            None => {
                let Some(table) = of_table(statistics, relation) else { continue };
                script.size(relation, table.size, table.all_visible_pages)?;
                let mut columns: Vec<_> = relation.columns.iter().collect();
                columns.sort_by_key(|(number, _)| **number);
                for (number, column) in columns {
                    if let Some(found) = table.columns.get(&column.name) {
                        script.column(relation, *number, column, found)?;
                    }
                }
            }
            Some(index) => {
                let table = tables.get(&index.table).and_then(|table| of_table(statistics, table));
                let Some(found) = table.and_then(|table| table.index(&relation.name)) else { continue };
                script.size(relation, found.size, 0)?;
                script.expressions(relation, &found.expressions)?;
            }
        }
    }
    script.send()
}

/// Gives expressions of indexes theirs.
pub(super) fn expressions(
    client: &mut Client,
    major: u32,
    relations: &[Relation],
    known: &Expressions,
) -> Result<(), Error> {
    if known.is_empty() {
        return Ok(());
    }
    let mut script = Script::new(client, major)?;
    for relation in relations {
        if let Some(known) = known.get(&relation.oid) {
            script.expressions(relation, known)?;
        }
    }
    script.send()
}

struct Script<'c> {
    client: &'c mut Client,
    types: HashMap<u32, Operators>,
    text: String,
    functions: bool,
}

/// What statistics of a type's values refer to.
#[derive(Debug, Clone, Copy)]
struct Operators {
    less: u32,
    equal: u32,
    /// Of arrays: the type of elements, and how these are compared.
    element: Option<(u32, u32)>,
}

fn operators(client: &mut Client) -> Result<HashMap<u32, Operators>, Error> {
    // The default operator class of a type, or of the one it is compared as (`lookup_type_cache` in
    // `src/backend/utils/cache/typcache.c`).
    let rows = client.query(
        "WITH types AS (SELECT t.oid, t.typelem, t.typcategory, CASE \
           WHEN EXISTS (SELECT FROM pg_opclass o WHERE o.opcmethod = 403 AND o.opcdefault AND o.opcintype = t.oid) THEN t.oid \
           WHEN t.typtype = 'e' THEN 'anyenum'::regtype WHEN t.typtype = 'r' THEN 'anyrange'::regtype \
           WHEN t.typcategory = 'A' THEN 'anyarray'::regtype WHEN t.oid = 'varchar'::regtype THEN 'text'::regtype \
           WHEN t.typname = 'int4multirange' OR t.typtype = 'm' THEN to_regtype('anymultirange')::oid END AS compared \
           FROM pg_type t WHERE t.typtype IN ('b', 'e', 'r', 'm')), \
         compared AS (SELECT t.oid, t.typelem, t.typcategory, \
           max(a.amopopr::int8) FILTER (WHERE a.amopstrategy = 1) AS less, max(a.amopopr::int8) FILTER (WHERE a.amopstrategy = 3) AS equal \
           FROM types t JOIN pg_opclass o ON o.opcmethod = 403 AND o.opcdefault AND o.opcintype = t.compared \
           JOIN pg_amop a ON a.amopfamily = o.opcfamily AND a.amoplefttype = o.opcintype AND a.amoprighttype = o.opcintype \
             AND a.amopstrategy IN (1, 3) GROUP BY 1, 2, 3) \
         SELECT c.oid, c.less::oid, c.equal::oid, e.oid, e.equal::oid \
         FROM compared c LEFT JOIN compared e ON c.typcategory = 'A' AND e.oid = c.typelem",
        &[],
    )?;
    let read = |row: &postgres::Row| {
        let element = row.get::<_, Option<u32>>(3).zip(row.get(4));
        (row.get(0), Operators { less: row.get(1), equal: row.get(2), element })
    };
    Ok(rows.iter().map(read).collect())
}

/// Text, with its words in place of values and compared byte by byte.
const TSVECTOR: u32 = 3614;
const TEXT: u32 = 25;
const TEXT_EQUAL: u32 = 98;
/// `double precision` is less.
const FLOAT_LESS: u32 = 672;
/// The database's own collation.
const DEFAULT_COLLATION: u32 = 100;

/// Kinds of statistics in `pg_statistic` (`src/include/catalog/pg_statistic.h`).
const MOST_COMMON: u16 = 1;
const HISTOGRAM: u16 = 2;
const CORRELATION: u16 = 3;
const COMMON_ELEMENTS: u16 = 4;
const ELEMENT_COUNTS: u16 = 5;
const RANGE_LENGTHS: u16 = 6;
const RANGE_BOUNDS: u16 = 7;
/// So many a column can have.
const SLOTS: usize = 5;

/// One of them.
struct Slot {
    kind: u16,
    operator: u32,
    collation: u32,
    numbers: Option<String>,
    values: Option<String>,
}

impl<'c> Script<'c> {
    fn new(client: &'c mut Client, major: u32) -> Result<Script<'c>, Error> {
        let functions = major >= WITH_FUNCTIONS;
        let types = if functions { HashMap::new() } else { operators(client)? };
        let text = if functions { String::new() } else { "SET allow_system_table_mods = on;".to_owned() };
        Ok(Script { client, types, text, functions })
    }

    fn expressions(&mut self, index: &Relation, known: &BTreeMap<u16, ColumnStatistics>) -> Result<(), Error> {
        for (number, expression) in known {
            let number = i16::try_from(*number).unwrap_or_default();
            if let Some(column) = index.columns.get(&number) {
                let type_oid = self.expression_type(index, number)?;
                self.column(index, number, &Column { type_oid, ..column.clone() }, expression)?;
            }
        }
        Ok(())
    }

    /// The type of an expression that is a key of an index. What the index keeps may be something else: GIN keeps parts of it.
    fn expression_type(&mut self, index: &Relation, number: i16) -> Result<u32, Error> {
        let of = "SELECT pg_get_indexdef($1, $2, false), indrelid::regclass::text FROM pg_index WHERE indexrelid = $1";
        let row = self.client.query_one(of, &[&index.oid, &i32::from(number)])?;
        let statement = format!("SELECT {} FROM {}", row.get::<_, &str>(0), row.get::<_, &str>(1));
        let columns = self.client.prepare(&statement)?;
        Ok(columns.columns().first().map(|column| column.type_().oid()).unwrap_or_default())
    }

    fn size(&mut self, relation: &Relation, size: Size, all_visible: u64) -> Result<(), Error> {
        let (pages, rows) = (pages(size.analyzed_pages), size.rows as f32);
        let visible = i64::from(pages).min(i64::try_from(all_visible).unwrap_or(i64::MAX));
        let written = if self.functions {
            write!(
                self.text,
                "SELECT pg_catalog.pg_restore_relation_stats('schemaname', {}, 'relname', {}, 'relpages', {pages}::integer, \
                 'reltuples', '{rows}'::real, 'relallvisible', {visible}::integer);",
                quote_text(&relation.schema),
                quote_text(&relation.name)
            )
        } else {
            write!(
                self.text,
                "UPDATE pg_class SET relpages = {pages}, reltuples = '{rows}', relallvisible = {visible} WHERE oid = {};",
                relation.oid
            )
        };
        self.written(written)
    }

    fn column(
        &mut self,
        relation: &Relation,
        number: i16,
        column: &Column,
        found: &ColumnStatistics,
    ) -> Result<(), Error> {
        let written = if self.functions {
            self.by_function(relation, number, found)
        } else {
            self.by_row(relation, number, column, found)
        };
        self.written(written)
    }

    fn by_function(&mut self, relation: &Relation, number: i16, found: &ColumnStatistics) -> std::fmt::Result {
        let text = &mut self.text;
        write!(
            text,
            "SELECT pg_catalog.pg_restore_attribute_stats('schemaname', {}, 'relname', {}, 'attnum', {number}::smallint, \
             'inherited', false, 'null_frac', '{}'::real, 'avg_width', {}::integer, 'n_distinct', '{}'::real",
            quote_text(&relation.schema),
            quote_text(&relation.name),
            found.null_fraction,
            found.average_width,
            found.distinct,
        )?;
        let values = |values: &[String]| format!("{}::text", quote_text(&array::write(values)));
        if let Some(common) = &found.most_common {
            let frequencies = numbers(&common.frequencies);
            write!(text, ", 'most_common_vals', {}, 'most_common_freqs', {frequencies}", values(&common.values))?;
        }
        if let Some(bounds) = &found.histogram {
            write!(text, ", 'histogram_bounds', {}", values(bounds))?;
        }
        if let Some(correlation) = found.correlation {
            write!(text, ", 'correlation', '{correlation}'::real")?;
        }
        if let Some(common) = &found.most_common_elements {
            let frequencies = numbers(&common.frequencies);
            write!(text, ", 'most_common_elems', {}, 'most_common_elem_freqs', {frequencies}", values(&common.values))?;
        }
        if let Some(counts) = &found.element_counts {
            write!(text, ", 'elem_count_histogram', {}", numbers(counts))?;
        }
        if let Some(ranges) = &found.ranges {
            write!(
                text,
                ", 'range_length_histogram', {}, 'range_empty_frac', '{}'::real, 'range_bounds_histogram', {}",
                values(&ranges.lengths),
                ranges.empty_fraction,
                values(&ranges.bounds)
            )?;
        }
        text.push_str(");");
        Ok(())
    }

    fn by_row(
        &mut self,
        relation: &Relation,
        number: i16,
        column: &Column,
        found: &ColumnStatistics,
    ) -> std::fmt::Result {
        let slots = self.slots(column, found);
        let filled = |of: &dyn Fn(&Slot) -> String, empty: &str| {
            let all: Vec<String> = (0..SLOTS).map(|at| slots.get(at).map_or_else(|| empty.to_owned(), of)).collect();
            all.join(", ")
        };
        let or_null = |text: &Option<String>| text.clone().unwrap_or_else(|| "NULL".to_owned());
        write!(
            self.text,
            "INSERT INTO pg_statistic SELECT {}, {number}, false, '{}'::real, {}, '{}'::real, {}, {}, {}, {}, {};",
            relation.oid,
            found.null_fraction,
            found.average_width,
            found.distinct,
            filled(&|slot| slot.kind.to_string(), "0"),
            filled(&|slot| slot.operator.to_string(), "0"),
            filled(&|slot| slot.collation.to_string(), "0"),
            filled(&|slot| or_null(&slot.numbers), "NULL::real[]"),
            filled(&|slot| or_null(&slot.values), "NULL")
        )
    }

    fn slots(&self, column: &Column, found: &ColumnStatistics) -> Vec<Slot> {
        let mut slots = Vec::new();
        let values = |values: &[String], type_oid: u32| {
            Some(format!("array_in({}::cstring, {type_oid}, -1)", quote_text(&array::write(values))))
        };
        let operators = self.types.get(&column.type_oid).copied();
        let mut add = |kind, operator, collation, numbers, values| {
            slots.push(Slot { kind, operator, collation, numbers, values })
        };
        let own = column.type_oid;
        if let Some(operators) = operators {
            if let Some(common) = &found.most_common {
                let frequencies = Some(numbers(&common.frequencies));
                add(MOST_COMMON, operators.equal, column.collation, frequencies, values(&common.values, own));
            }
            if let Some(bounds) = &found.histogram {
                add(HISTOGRAM, operators.less, column.collation, None, values(bounds, own));
            }
            if let Some(correlation) = found.correlation {
                add(CORRELATION, operators.less, column.collation, Some(numbers(&[correlation])), None);
            }
        }
        let element = match own {
            TSVECTOR => Some((TEXT, TEXT_EQUAL, DEFAULT_COLLATION)),
            _ => operators.and_then(|operators| operators.element).map(|(oid, equal)| (oid, equal, column.collation)),
        };
        if let Some((type_oid, equal, collation)) = element {
            if let Some(common) = &found.most_common_elements {
                let frequencies = Some(numbers(&common.frequencies));
                add(COMMON_ELEMENTS, equal, collation, frequencies, values(&common.values, type_oid));
            }
            if let Some(counts) = &found.element_counts {
                add(ELEMENT_COUNTS, equal, collation, Some(numbers(counts)), None);
            }
        }
        if let Some(ranges) = &found.ranges {
            let empty = Some(numbers(&[ranges.empty_fraction]));
            add(RANGE_LENGTHS, FLOAT_LESS, 0, empty, values(&ranges.lengths, 701));
            add(RANGE_BOUNDS, 0, 0, None, values(&ranges.bounds, own));
        }
        slots.truncate(SLOTS);
        slots
    }

    fn written(&mut self, written: std::fmt::Result) -> Result<(), Error> {
        written.map_err(|_| Error::new("statistics could not be written down"))?;
        if self.text.len() > BATCH { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<(), Error> {
        self.client.batch_execute(&self.text)?;
        self.text.clear();
        Ok(())
    }
}

/// The catalogue counts pages in 32 bits, the highest of which it reads as a sign.
fn pages(pages: u64) -> i32 {
    i32::try_from(pages).unwrap_or(i32::MAX)
}

fn numbers(numbers: &[f32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(f32::to_string).collect();
    format!("'{{{}}}'::real[]", numbers.join(","))
}
