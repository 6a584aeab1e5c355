//! PostgreSQL schemas as plain data: tables, columns, indexes, constraints, DDL.
