//! The page of every rule is true.

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
    let wrong: Vec<String> = RULES
        .iter()
        .filter_map(|rule| Some((rule.name, check_page(rule, RULES).err()?)))
        .flat_map(|(name, wrong)| wrong.into_iter().map(move |wrong| format!("{name}: {wrong}")))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}
