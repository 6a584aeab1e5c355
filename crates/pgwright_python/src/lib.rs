//! Reads Python source: modules, names, values, classes; nothing is ever imported or run.
