//! What reading costs (`optimizer/path/costsize.c`, `utils/adt/selfuncs.c`).

/// The planner's settings; the defaults are PostgreSQL's.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub seq_page_cost: f64,
    pub random_page_cost: f64,
    pub cpu_tuple_cost: f64,
    pub cpu_index_tuple_cost: f64,
    pub cpu_operator_cost: f64,
    pub parallel_tuple_cost: f64,
    pub parallel_setup_cost: f64,
    /// 8 KiB pages.
    pub effective_cache_size: f64,
    /// Bytes.
    pub work_mem: f64,
    pub hash_mem_multiplier: f64,
    pub max_parallel_workers_per_gather: u32,
    /// 8 KiB pages.
    pub min_parallel_table_scan_size: f64,
    /// 8 KiB pages.
    pub min_parallel_index_scan_size: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            seq_page_cost: 1.0,
            random_page_cost: 4.0,
            cpu_tuple_cost: 0.01,
            cpu_index_tuple_cost: 0.005,
            cpu_operator_cost: 0.0025,
            parallel_tuple_cost: 0.1,
            parallel_setup_cost: 1000.0,
            effective_cache_size: 524_288.0,
            work_mem: 4.0 * 1024.0 * 1024.0,
            hash_mem_multiplier: 2.0,
            max_parallel_workers_per_gather: 2,
            min_parallel_table_scan_size: 1024.0,
            min_parallel_index_scan_size: 64.0,
        }
    }
}

impl Settings {
    /// Pages read when so many rows are fetched from a table in no order, some of them twice (Mackert and Lohman,
    /// `index_pages_fetched`).
    pub(super) fn pages_fetched(&self, tuples: f64, pages: f64, index_pages: f64) -> f64 {
        let table = pages.max(1.0);
        let cache = (self.effective_cache_size * table / (table + index_pages).max(1.0)).ceil().max(1.0);
        let fetched = if table <= cache {
            (2.0 * table * tuples / (2.0 * table + tuples)).min(table)
        } else {
            let limit = 2.0 * table * cache / (2.0 * table - cache);
            if tuples <= limit {
                2.0 * table * tuples / (2.0 * table + tuples)
            } else {
                cache + (tuples - limit) * (table - cache) / table
            }
        };
        fetched.ceil()
    }

    /// What sorting costs on top of its input: up to the first row, and in all (`cost_tuplesort`).
    pub(super) fn sort(&self, rows: f64, width: f64, limit: Option<f64>) -> (f64, f64) {
        let rows = rows.max(2.0);
        let comparison = 2.0 * self.cpu_operator_cost;
        let bytes = rows * (width + 24.0);
        let (out, out_bytes) = match limit {
            Some(limit) if limit > 0.0 && limit < rows => (limit, bytes * limit / rows),
            _ => (rows, bytes),
        };
        let startup = if out_bytes > self.work_mem {
            let pages = (bytes / 8192.0).ceil();
            let runs = bytes / self.work_mem;
            let order = (self.work_mem / (8192.0 * 33.0)).clamp(6.0, 500.0);
            let passes = if runs > order { (runs.ln() / order.ln()).ceil() } else { 1.0 };
            let accesses = 2.0 * pages * passes;
            comparison * rows * rows.log2() + accesses * (self.seq_page_cost * 0.75 + self.random_page_cost * 0.25)
        } else if rows > 2.0 * out || bytes > self.work_mem {
            comparison * rows * (2.0 * out).max(2.0).log2()
        } else {
            comparison * rows * rows.log2()
        };
        (startup, startup + self.cpu_operator_cost * rows)
    }

    /// What sorting within groups that come in order costs: up to the first row, and in all, its input included
    /// (`cost_incremental_sort`).
    pub(super) fn incremental_sort(
        &self,
        input: (f64, f64),
        rows: f64,
        width: f64,
        groups: f64,
        limit: Option<f64>,
    ) -> (f64, f64) {
        let (input_startup, input_total) = input;
        let groups = groups.clamp(1.0, rows.max(1.0));
        let group_rows = rows / groups;
        let (startup, total) = self.sort(group_rows, width, limit.filter(|limit| *limit < group_rows));
        let run = total - startup;
        let input_run = (input_total - input_startup) / groups;
        let first = startup + input_startup + input_run;
        let rest = run + (run + startup) * (groups - 1.0) + input_run * (groups - 1.0);
        let comparison = 2.0 * self.cpu_operator_cost;
        let bookkeeping = (self.cpu_tuple_cost + comparison) * rows + 2.0 * self.cpu_tuple_cost * groups;
        (first, first + rest + bookkeeping)
    }

    /// Workers for a scan of so many pages (`compute_parallel_worker`); None when it is not worth it.
    pub(super) fn workers(&self, heap_pages: Option<f64>, index_pages: Option<f64>) -> Option<f64> {
        let count = |pages: f64, least: f64| {
            let mut workers = 1.0;
            let mut threshold = least.max(1.0);
            if pages < threshold {
                return 0.0;
            }
            while pages >= threshold * 3.0 {
                workers += 1.0;
                threshold *= 3.0;
            }
            workers
        };
        let heap = heap_pages.map(|pages| count(pages, self.min_parallel_table_scan_size));
        let index = index_pages.map(|pages| count(pages, self.min_parallel_index_scan_size));
        let workers = match (heap, index) {
            (Some(heap), Some(index)) => f64::min(heap, index),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 0.0,
        };
        let workers = workers.min(f64::from(self.max_parallel_workers_per_gather));
        (workers > 0.0).then_some(workers)
    }

    /// By how much work is divided: the leader helps, less the more workers there are (`get_parallel_divisor`).
    pub(super) fn divisor(workers: f64) -> f64 {
        workers + (1.0 - 0.3 * workers).max(0.0)
    }
}
