//! The sizes of files, which are holes: they take no room on disk, and only `EXPLAIN` looks at them.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use pgwright_schema::estimate::{self, IndexLayout};
use pgwright_schema::names::quote_name;
use pgwright_schema::{IndexMethod, Size, Statistics, TableStatistics};
use postgres::Client;

use super::catalogue::{Index, Relation, of_table};
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

/// Gives every index of such a table the size it has, or is expected to have, and every B-tree its height.
pub(super) fn size_indexes(
    cluster: &Cluster,
    client: &mut Client,
    relations: &[Relation],
    statistics: &Statistics,
) -> Result<(), Error> {
    let tables: HashMap<u32, &Relation> = relations.iter().map(|relation| (relation.oid, relation)).collect();
    let mut estimated = String::new();
    for relation in relations {
        let Some(index) = &relation.index else { continue };
        let Some(table) = tables.get(&index.table) else { continue };
        let Some(found) = of_table(statistics, table) else { continue };
        let widths = widths(relation, index, table, found);
        let measured = found.index(&relation.name);
        let size = match measured {
            Some(measured) => measured.size,
            None => {
                let size = estimated_size(client, index, table, found, &widths)?;
                let pages = i32::try_from(size.pages).unwrap_or(i32::MAX);
                estimated.push_str(&format!(
                    "UPDATE pg_class SET relpages = {pages}, reltuples = {} WHERE oid = {};",
                    size.rows, relation.oid
                ));
                size
            }
        };
        let path = cluster.data().join(&relation.path);
        extend(&path, size.pages)?;
        if index.method == IndexMethod::Btree {
            let keys: f64 = widths.iter().take(index.keys).sum();
            let levels = measured.and_then(|measured| measured.levels);
            write_height(&path, levels.unwrap_or_else(|| estimate::btree_levels(size.pages, keys)))?;
        }
    }
    client.batch_execute(&format!("SET allow_system_table_mods = on; {estimated}"))?;
    Ok(())
}

/// Bytes of a value of each column of an index.
fn widths(relation: &Relation, index: &Index, table: &Relation, statistics: &TableStatistics) -> Vec<f64> {
    let of_expression = |at: usize| {
        let expressions = &statistics.index(&relation.name)?.expressions;
        expressions.get(&u16::try_from(at + 1).ok()?).map(|found| found.average_width)
    };
    let of_column =
        |number: i16| statistics.columns.get(&table.columns.get(&number)?.name).map(|found| found.average_width);
    let width = |(at, number): (usize, &i16)| if *number == 0 { of_expression(at) } else { of_column(*number) };
    index.columns.iter().enumerate().map(|column| f64::from(width(column).unwrap_or(8))).collect()
}

fn estimated_size(
    client: &mut Client,
    index: &Index,
    table: &Relation,
    statistics: &TableStatistics,
    widths: &[f64],
) -> Result<Size, Error> {
    let all = statistics.size.rows_today();
    let rows = match &index.predicate {
        None => all,
        Some(predicate) => {
            let statement =
                format!("SELECT FROM {}.{} WHERE {predicate}", quote_name(&table.schema), quote_name(&table.name));
            explain::plan(client, &statement)?.rows
        }
    };
    let distinct = match index.columns.as_slice() {
        [number] => table.columns.get(number).and_then(|column| statistics.columns.get(&column.name)),
        _ => None,
    };
    let layout = IndexLayout {
        method: index.method.clone(),
        rows,
        table_pages: statistics.size.pages,
        widths: widths.to_vec(),
        distinct: distinct.and_then(|column| column.distinct_of(all)),
        merges_equal: !index.unique && index.keys == index.columns.len(),
    };
    Ok(estimate::index_size(&layout))
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
