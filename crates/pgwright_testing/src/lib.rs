//! Test support: projects written in Markdown.
//!
//! The page of a rule is its test ([`check_page`]). Every example is a project in memory:
//!
//! - A fenced `python` block is a file. `path=shop/models.py` after the language names it; without one it is `app/models.py`
//!   and starts a new example. Blocks with other paths that follow belong to the same example.
//! - Settings, `manage.py` and `__init__.py` files are implied; the folder at the top of every path is an installed app. An
//!   example may bring its own `settings.py`.
//! - `# error: "text"`, `# warning: "text"` and `# note: "text"` comments say which finding must be reported on their line,
//!   or, when alone on a line, on the next: `text` is part of the headline. They are not part of the code that is read.
//! - A `diff` block is what the fixes of the example above it change: its `-` and `+` lines, in order.
//! - Everything not said must not be reported; under the heading "Not reported" nothing may be.

mod example;
mod host;
mod page;
mod project;
mod rule_page;

pub use example::{Example, Expected};
pub use host::Memory;
pub use page::{Block, Page};
pub use project::{Checked, check_project};
pub use rule_page::{check_page, check_rules};
