//! Queries: what the ORM is asked for, and the SQL that Django sends to PostgreSQL for it.
