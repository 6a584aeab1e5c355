//! The sizes of files, which are holes: they take no room on disk, and only `EXPLAIN` looks at them.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use pgwright_schema::estimate::{self, Elements, IndexLayout};
use pgwright_schema::names::quote_name;
use pgwright_schema::{ColumnStatistics, IndexMethod, Size, Statistics, TableStatistics};
use postgres::Client;

use super::catalogue::{Column, Index, Relation, of_table};
use super::{elements, expressions};
use crate::{Cluster, Error, explain};

const PAGE: u64 = 8192;
/// Pages of a file; larger relations have several (`RELSEG_SIZE`).
const SEGMENT: u64 = 131_072;

/// Gives every table that has statistics the size it has.
pub(super) fn size_tables(cluster: &Cluster, relations: &[Relation], statistics: &Statistics) -> Result<(), Error> {
    for table in relations.iter().filter(|relation| relation.index.is_none()) {
        if let Some(found) = of_table(statistics, table) {
            extend(&cluster.data().join(&table.path), found.size.pages)?;
        }
    }
    Ok(())
}

/// What is known of expressions that are keys of indexes: of an index by its number, of a key by its place, from 1.
pub(super) type Expressions = HashMap<u32, BTreeMap<u16, ColumnStatistics>>;

/// Gives every index of such a table the size it has, or is expected to have, and every B-tree its height.
///
/// `expressions` are those of indexes that were not measured.
pub(super) fn size_indexes(
    cluster: &Cluster,
    client: &mut Client,
    relations: &[Relation],
    statistics: &Statistics,
    expressions: &Expressions,
) -> Result<(), Error> {
    let partial = partial_rows(client, relations, statistics)?;
    let nothing = BTreeMap::new();
    for (relation, index, table, found) in with_tables(relations, statistics) {
        let measured = found.index(&relation.name);
        let expressions = match measured {
            Some(measured) => &measured.expressions,
            None => expressions.get(&relation.oid).unwrap_or(&nothing),
        };
        let sizing = Sizing { relation, index, table, statistics: found, expressions };
        match measured {
            Some(measured) => sizing.give(cluster, measured.size, measured.levels)?,
            None => {
                let rows = partial.get(&relation.oid).copied().unwrap_or(found.size.rows_today());
                sizing.estimate(cluster, client, rows)?;
            }
        }
    }
    Ok(())
}

/// Rows in partial indexes that were not measured, as the planner reckons them. It does so without any index: their pages must not be
/// read before they are written.
fn partial_rows(
    client: &mut Client,
    relations: &[Relation],
    statistics: &Statistics,
) -> Result<HashMap<u32, f64>, Error> {
    let mut rows = HashMap::new();
    let mut transaction = client.transaction()?;
    transaction.batch_execute("UPDATE pg_index SET indisvalid = false WHERE indrelid >= 16384")?;
    for (relation, index, table, found) in with_tables(relations, statistics) {
        let Some(predicate) = index.predicate.as_ref().filter(|_| found.index(&relation.name).is_none()) else {
            continue;
        };
        let table = format!("{}.{}", quote_name(&table.schema), quote_name(&table.name));
        let plan = explain::plan(&mut transaction, &format!("SELECT FROM {table} WHERE {predicate}"))?;
        rows.insert(relation.oid, plan.rows);
    }
    transaction.rollback()?;
    Ok(rows)
}

/// Every index with the table it is of, and what is known of that; none where nothing is.
pub(super) fn with_tables<'r>(
    relations: &'r [Relation],
    statistics: &'r Statistics,
) -> impl Iterator<Item = (&'r Relation, &'r Index, &'r Relation, &'r TableStatistics)> {
    let tables: HashMap<u32, &Relation> = relations.iter().map(|relation| (relation.oid, relation)).collect();
    relations.iter().filter_map(move |relation| {
        let index = relation.index.as_ref()?;
        let table = *tables.get(&index.table)?;
        Some((relation, index, table, of_table(statistics, table)?))
    })
}

/// What the size of an index depends on.
struct Sizing<'s> {
    relation: &'s Relation,
    index: &'s Index,
    table: &'s Relation,
    statistics: &'s TableStatistics,
    /// Of keys that are expressions, by their place among the keys, from 1.
    expressions: &'s BTreeMap<u16, ColumnStatistics>,
}

impl Sizing<'_> {
    /// Gives the index the size it is expected to have.
    fn estimate(&self, cluster: &Cluster, client: &mut Client, rows: f64) -> Result<(), Error> {
        let mut layout = self.layout(rows);
        self.take_apart(client, &mut layout)?;
        let size = estimate::index_size(&layout);
        let pages = i32::try_from(size.pages).unwrap_or(i32::MAX);
        client.execute(
            "UPDATE pg_class SET relpages = $2, reltuples = $3 WHERE oid = $1",
            &[&self.relation.oid, &pages, &(size.rows as f32)],
        )?;
        self.give(cluster, size, None)
    }

    fn layout(&self, rows: f64) -> IndexLayout {
        let all = self.statistics.size.rows_today();
        let columns: Vec<Option<&ColumnStatistics>> = (0..self.index.columns.len()).map(|at| self.column(at)).collect();
        // Of several columns there are at most as many different combinations.
        let distinct =
            columns.iter().map(|column| column.and_then(|column| column.distinct_of(all))).product::<Option<f64>>();
        IndexLayout {
            method: self.index.method.clone(),
            rows,
            table_pages: self.statistics.size.pages,
            widths: columns.iter().map(|column| width(*column)).collect(),
            distinct: distinct.map(|distinct| distinct.min(rows)),
            merges_equal: !self.index.unique && self.index.look_alike && self.index.keys == self.index.columns.len(),
            common: match columns.as_slice() {
                [Some(one)] => one
                    .most_common
                    .iter()
                    .flat_map(|common| &common.frequencies)
                    .map(|share| f64::from(*share) * rows)
                    .collect(),
                _ => Vec::new(),
            },
            elements: None,
        }
    }

    /// What values consist of, where the index keeps that.
    fn take_apart(&self, client: &mut Client, layout: &mut IndexLayout) -> Result<(), Error> {
        let rows = self.statistics.size.rows_today();
        for (at, class) in self.index.classes.iter().enumerate() {
            if !matches!(self.index.method, IndexMethod::Gin) && class != "gist_trgm_ops" {
                continue;
            }
            let number = i32::try_from(at + 1).unwrap_or_default();
            let row = client.query_one("SELECT pg_get_indexdef($1, $2, false)", &[&self.relation.oid, &number])?;
            let expression: &str = row.get(0);
            let Some((column, known)) = self.column_within(at, expression) else { continue };
            let source = expressions::source(client, &column.name, column.type_oid, known)?;
            let own = self.column(at).filter(|own| own.most_common_elements.is_some());
            let key = elements::Key { expression, class, known: own.unwrap_or(known), rows };
            if class == "gist_trgm_ops" {
                let trigrams = source.map(|source| elements::per_value(client, &key, &source)).transpose()?.flatten();
                // Three bytes each, with a header of five; as many as characters where the values are not known.
                layout.widths[at] = 5.0 + 3.0 * trigrams.unwrap_or(layout.widths[at]);
            } else if let Some(found) = elements::of_key(client, &key, source.as_ref())? {
                let all = layout.elements.get_or_insert_with(|| Elements { shares: Vec::new(), width: found.width });
                all.shares.extend(found.shares);
            }
        }
        Ok(())
    }

    /// The table's column that a key is of, or that its expression is computed from.
    fn column_within(&self, at: usize, expression: &str) -> Option<(&Column, &ColumnStatistics)> {
        let of = |column: &'_ Column| self.statistics.columns.get(&column.name);
        match self.index.columns.get(at)? {
            0 => {
                // The longest name: others may be parts of it.
                let columns = self.table.columns.values().filter(|column| expression.contains(&column.name));
                let column = columns.max_by_key(|column| (column.name.len(), &column.name))?;
                Some((column, of(column)?))
            }
            number => self.table.columns.get(number).and_then(|column| Some((column, of(column)?))),
        }
    }

    fn give(&self, cluster: &Cluster, size: Size, levels: Option<u32>) -> Result<(), Error> {
        let path = cluster.data().join(&self.relation.path);
        extend(&path, size.pages)?;
        if self.index.method == IndexMethod::Btree {
            let widths = (0..self.index.keys).map(|at| width(self.column(at)));
            write_height(&path, levels.unwrap_or_else(|| estimate::btree_levels(size.pages, widths.sum())))?;
        }
        Ok(())
    }

    /// What is known of a column of the index.
    fn column(&self, at: usize) -> Option<&ColumnStatistics> {
        match self.index.columns.get(at)? {
            0 => self.expressions.get(&u16::try_from(at + 1).ok()?),
            number => self.statistics.columns.get(&self.table.columns.get(number)?.name),
        }
    }
}

/// Bytes of a value.
fn width(column: Option<&ColumnStatistics>) -> f64 {
    column.map_or(8.0, |column| f64::from(column.average_width))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::io(format_args!("give `{}` its size", path.display()), &error)
}

/// Makes a relation at least so large, in as many files as PostgreSQL would use.
fn extend(first: &Path, pages: u64) -> Result<(), Error> {
    let owner = first.metadata().map_err(failed(first))?;
    let mut left = pages;
    for segment in 0.. {
        let path = segment_path(first, segment);
        let here = left.min(SEGMENT);
        let file = open(&path, &owner).map_err(failed(&path))?;
        let now = file.metadata().map_err(failed(&path))?.len();
        if now < here * PAGE {
            file.set_len(here * PAGE).map_err(failed(&path))?;
        }
        left -= here;
        if left == 0 {
            break;
        }
    }
    Ok(())
}

fn segment_path(first: &Path, segment: u64) -> PathBuf {
    let mut path = first.as_os_str().to_owned();
    if segment > 0 {
        path.push(format!(".{segment}"));
    }
    path.into()
}

fn open(path: &Path, owner: &std::fs::Metadata) -> std::io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let metadata = file.metadata()?;
    if (metadata.uid(), metadata.gid()) != (owner.uid(), owner.gid()) {
        fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(file)
}

/// Size of a page's header, and of a B-tree page's own data at its end (`src/include/access/nbtree.h`).
const HEADER: usize = 24;
const OPAQUE: usize = 16;
const LEAF: u16 = 1;
const ROOT: u16 = 2;
/// An inner entry without a key: smaller than everything.
const MINUS_INFINITY: usize = 8;
const HAS_ALTERNATIVE_TID: u16 = 0x2000;

/// Writes a B-tree's height into its first page, which is where the planner reads it, with one empty page per level: the planner also
/// looks for the least and greatest values, and must find nothing rather than nonsense.
fn write_height(path: &Path, levels: u32) -> Result<(), Error> {
    if levels == 0 {
        // As it was made: empty, with no root at all.
        return Ok(());
    }
    extend(path, u64::from(levels) + 2)?;
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed(path))?;
    // `BTMetaPageData` after magic number and version: root and its level, and the same of the fast root.
    let mut root = [0; 16];
    for (place, value) in [1, levels, 1, levels].into_iter().enumerate() {
        root[place * 4..place * 4 + 4].copy_from_slice(&value.to_ne_bytes());
    }
    file.write_all_at(&root, HEADER as u64 + 8).map_err(failed(path))?;
    for depth in 0..=levels {
        let block = u64::from(depth) + 1;
        file.write_all_at(&tree_page(levels - depth, depth == 0, block as u32 + 1), block * PAGE)
            .map_err(failed(path))?;
    }
    Ok(())
}

/// A page of that level with no entries, but the one that leads to the page below.
fn tree_page(level: u32, is_root: bool, below: u32) -> Vec<u8> {
    let mut page = vec![0; PAGE as usize];
    let special = page.len() - OPAQUE;
    let mut put = |at: usize, bytes: &[u8]| page[at..at + bytes.len()].copy_from_slice(bytes);
    let flags = if level == 0 { LEAF } else { 0 } | if is_root { ROOT } else { 0 };
    put(special + 8, &level.to_ne_bytes());
    put(special + 12, &flags.to_ne_bytes());
    let (mut lower, mut upper) = (HEADER, special);
    if level > 0 {
        upper -= MINUS_INFINITY;
        put(upper, &(((below >> 16) as u16).to_ne_bytes()));
        put(upper + 2, &((below as u16).to_ne_bytes()));
        put(upper + 6, &(MINUS_INFINITY as u16 | HAS_ALTERNATIVE_TID).to_ne_bytes());
        // Offset, "normal", length.
        let pointer = upper as u32 | 1 << 15 | (MINUS_INFINITY as u32) << 17;
        put(lower, &pointer.to_ne_bytes());
        lower += 4;
    }
    // After position in the log, checksum and flags: bounds of the free space, of the data at the end, size and layout's version.
    for (place, value) in [lower, upper, special, PAGE as usize | 4].into_iter().enumerate() {
        put(12 + place * 2, &(value as u16).to_ne_bytes());
    }
    page
}
