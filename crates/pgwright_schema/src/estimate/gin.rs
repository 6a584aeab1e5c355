//! What a GIN index takes: its elements with the lists of rows that have each.

use super::{BTREE_SPACE, LINE_POINTER, PAGE, aligned};

/// The parts that GIN makes of values: words, elements of arrays, keys and values of JSON, trigrams.
#[derive(Debug, Clone, PartialEq)]
pub struct Elements {
    /// Shares of the rows, and how many elements so large a share has.
    pub shares: Vec<(f64, f64)>,
    /// Bytes of an element.
    pub width: f64,
}

/// An element's list is kept beside it up to this size (`GinMaxItemSize` in `src/include/access/ginblock.h`), in pages of its own beyond.
const LONGEST_LIST: f64 = 2704.0;
/// First row and length of a list.
const LIST_HEADER: f64 = 8.0;
const ENTRY_HEADER: f64 = 8.0;
/// Pages of lists are three quarters full after a build (`dataPlaceToPageLeafSplit`). Those of elements, which are added in order,
/// were a little more than half full in 14 indexes.
const LIST_FILL: f64 = 0.75;
const ENTRY_FILL: f64 = 0.55;

/// 8 KiB pages of the index, freshly built.
pub(super) fn pages(elements: &Elements, rows: f64, table_pages: f64) -> f64 {
    let (mut beside, mut apart) = (0.0, 0.0);
    for (share, count) in &elements.shares {
        let rows = (share * rows).max(1.0);
        let list = (rows - 1.0) * bytes_of_row(rows, table_pages);
        let entry = ENTRY_HEADER + elements.width + LINE_POINTER;
        if list + LIST_HEADER <= LONGEST_LIST {
            beside += count * (aligned(entry + LIST_HEADER + list));
        } else {
            let leaves = (list / (PAGE * LIST_FILL)).ceil();
            apart += count * if leaves > 1.0 { leaves + 1.0 } else { 1.0 };
            beside += count * aligned(entry);
        }
    }
    2.0 + apart + (beside / (BTREE_SPACE * ENTRY_FILL)).ceil()
}

/// Rows are kept as distances, seven bits to a byte, of 11 bits within a page of the table (`ginpostinglist.c`).
fn bytes_of_row(rows: f64, table_pages: f64) -> f64 {
    let gap = table_pages / rows;
    if gap < 1.0 { 1.0 + gap } else { 2.0 + (-8.0 / gap).exp() + (-1024.0 / gap).exp() }
}
