//! One file per rule, and the list.

use crate::Rule;

mod backfill_with_ddl;
mod blocking_migration;
mod check_then_create;
mod concurrent_in_transaction;
mod conflicting_migrations;
mod constraint_without_validation;
mod count_for_existence;
mod deprecated_declaration;
mod distinct_hides_join;
mod dropped_while_used;
mod float_for_money;
mod foreign_key_to_busy_table;
mod foreign_key_without_index;
mod generic_foreign_key_without_index;
mod identifier_too_long;
mod index_cannot_serve;
mod integer_primary_key;
mod irreversible_migration;
mod json_in_text;
mod jsonfield_without_usable_index;
mod lost_update;
mod migration_drift;
mod mismatched_text_index;
mod missing_lock_timeout;
mod model_imported_in_migration;
mod order_with_respect_to_without_index;
mod plaintext_secret;
mod python_aggregation;
mod query_in_loop;
mod race_in_get_or_create;
mod random_order;
mod random_uuid_primary_key;
mod raw_sql_interpolation;
mod redundant_index;
mod related_access_in_loop;
mod required_column_without_default;
mod save_overwrites;
mod serializer_exposes_secret;
mod serializer_missing_field;
mod stale_f_expression;
mod task_in_transaction;
mod unindexable_lookup;
mod unindexed_filter;
mod unindexed_order;
mod unindexed_text_search;
mod unique_for_date;
mod unique_nullable;
mod unordered_pagination;
mod unused_index;
mod validation_without_constraint;
mod write_in_loop;

/// Every rule, in the order of the documentation.
pub static RULES: &[&Rule] = &[
    &backfill_with_ddl::RULE,
    &blocking_migration::RULE,
    &check_then_create::RULE,
    &concurrent_in_transaction::RULE,
    &conflicting_migrations::RULE,
    &constraint_without_validation::RULE,
    &count_for_existence::RULE,
    &deprecated_declaration::RULE,
    &distinct_hides_join::RULE,
    &dropped_while_used::RULE,
    &float_for_money::RULE,
    &foreign_key_to_busy_table::RULE,
    &foreign_key_without_index::RULE,
    &generic_foreign_key_without_index::RULE,
    &identifier_too_long::RULE,
    &index_cannot_serve::RULE,
    &integer_primary_key::RULE,
    &irreversible_migration::RULE,
    &json_in_text::RULE,
    &jsonfield_without_usable_index::RULE,
    &lost_update::RULE,
    &migration_drift::RULE,
    &mismatched_text_index::RULE,
    &missing_lock_timeout::RULE,
    &model_imported_in_migration::RULE,
    &order_with_respect_to_without_index::RULE,
    &plaintext_secret::RULE,
    &python_aggregation::RULE,
    &query_in_loop::RULE,
    &race_in_get_or_create::RULE,
    &random_order::RULE,
    &random_uuid_primary_key::RULE,
    &raw_sql_interpolation::RULE,
    &redundant_index::RULE,
    &related_access_in_loop::RULE,
    &required_column_without_default::RULE,
    &save_overwrites::RULE,
    &serializer_exposes_secret::RULE,
    &serializer_missing_field::RULE,
    &stale_f_expression::RULE,
    &task_in_transaction::RULE,
    &unindexable_lookup::RULE,
    &unindexed_filter::RULE,
    &unindexed_order::RULE,
    &unindexed_text_search::RULE,
    &unique_for_date::RULE,
    &unique_nullable::RULE,
    &unordered_pagination::RULE,
    &unused_index::RULE,
    &validation_without_constraint::RULE,
    &write_in_loop::RULE,
];
