//! What a hash index takes.

/// Buckets are made for so many rows each, three quarters of a page (`_hash_init` in `src/backend/access/hash/hashpage.c`).
const ROWS_PER_BUCKET: f64 = 307.0;
/// A page holds so many entries of 20 bytes.
const ROWS_PER_PAGE: f64 = 407.0;
/// From so many buckets on they are added in quarters of the next power of two (`_hash_spareindex`).
const IN_QUARTERS: f64 = 512.0;

/// 8 KiB pages of the index, freshly built. `common` are the rows of each value that many have.
pub(super) fn pages(rows: f64, common: impl Iterator<Item = f64>) -> f64 {
    let wanted = (rows / ROWS_PER_BUCKET).floor().max(2.0);
    let power = 2_f64.powf(wanted.log2().ceil());
    let step = if power > IN_QUARTERS { power / 8.0 } else { power };
    let buckets = (wanted / step).ceil() * step;
    // All rows of a value are in one bucket.
    let over: f64 = common.map(|rows| (rows / ROWS_PER_PAGE).floor()).sum();
    2.0 + buckets + over
}
