//! The page of every rule is true.

use std::sync::atomic::{AtomicUsize, Ordering};

use pgwright_rules::RULES;
use pgwright_testing::{check_page, check_rules};

#[test]
fn the_list_is_sound() {
    if let Err(wrong) = check_rules(RULES) {
        panic!("\n{}", wrong.join("\n"));
    }
}

#[test]
fn every_page_is_true() {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // Threads of their own: reading a project uses the pool itself, and waits for it.
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let check = || {
            let mut wrong = Vec::new();
            while let Some(rule) = RULES.get(next.fetch_add(1, Ordering::Relaxed)) {
                let said = check_page(rule, RULES).err().unwrap_or_default();
                wrong.extend(said.into_iter().map(|said| format!("{}: {said}", rule.name)));
            }
            wrong
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(check)).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("a page was checked")).collect()
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}
