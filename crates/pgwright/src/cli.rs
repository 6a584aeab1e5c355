//! The command line. Doc comments are the help.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use pgwright_diagnostics::{Confidence, Severity};
use pgwright_django::queries::workload::Situation;

/// The PostgreSQL architect for Django: reads your models without running them and says what PostgreSQL will make of them.
#[derive(Debug, Parser)]
#[command(name = "pgwright", version = env!("PGWRIGHT_VERSION"), max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Colour the output.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Audit a project: exit 0 when clean, 1 with findings, 2 when it could not run.
    Check(Box<CheckArgs>),
    /// Show the facts that findings are based on.
    Inspect(InspectArgs),
    /// Show how PostgreSQL will execute queries, asked of its own planner on a private server without any data.
    Explain(Box<ExplainArgs>),
    /// Say what migrations lock, for how long and who waits: exit 0 when nobody has to mind, 1 with findings, 2 when it could not run.
    Migrations(Box<MigrationsArgs>),
    /// List the rules, or explain one.
    Rules(RulesArgs),
    /// Write down what planning needs to know of a database: sizes and statistics, by default without texts of rows. Reads only.
    Snapshot(Box<SnapshotArgs>),
    /// The report of a database engineer: hard stops, the Explain plan, the Schema, the Tuning. Exits 1 where there are hard stops.
    Review(Box<ReviewArgs>),
    /// Show a model class as it should be: the changes with their reasons, the whole class, and the migration.
    Schema(Box<SchemaArgs>),
    /// Choose the indexes that lower the cost of the whole workload most, each tried by PostgreSQL's planner.
    Advise(Box<AdviseArgs>),
    /// Say how the database should keep its tables: vacuum, free space, ages, sequences, indexes nobody reads, settings.
    Tune(Box<TuneArgs>),
    /// Serve an editor over the Language Server Protocol, on stdin and stdout: findings as you type, fixes, SQL on hover.
    Server(ServerArgs),
    /// Answer a coding agent over the Model Context Protocol, on stdin and stdout: each command is a tool. Writes nothing.
    Mcp(McpArgs),
    /// Print a script that completes pgwright's options in a shell.
    Completions(CompletionsArgs),
    /// Write manual pages: `pgwright.1` and one for each command.
    Man(ManArgs),
}

/// What every command that reads a project takes.
#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    /// Projects, folders or files.
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<Utf8PathBuf>,

    #[command(flatten)]
    pub(crate) options: ProjectOptions,
}

/// How a project is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProjectOptions {
    /// The settings module (`shop.settings`), when it is not the one `manage.py` names.
    #[arg(long, value_name = "MODULE", help_heading = "Project")]
    pub(crate) settings: Option<String>,

    /// Where dependencies are installed: a site-packages folder, a virtual environment or a Python executable.
    #[arg(long, value_name = "PATH", help_heading = "Project")]
    pub(crate) python: Option<Utf8PathBuf>,

    /// The Django version to assume, as in `5.2`, instead of the one found.
    #[arg(long, value_name = "X.Y", help_heading = "Project")]
    pub(crate) django: Option<String>,

    /// The configuration file: a `pgwright.toml`, or a `pyproject.toml` with `[tool.pgwright]`.
    #[arg(long, value_name = "FILE", help_heading = "Project")]
    pub(crate) config: Option<Utf8PathBuf>,

    /// Find the queries anew, even where nothing has changed since the last run, and leave nothing for the next.
    #[arg(long, help_heading = "Project")]
    pub(crate) no_cache: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("fixing").multiple(true).args(["fix", "diff"])))]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    /// Apply the fixes that keep behaviour and data.
    #[arg(long, help_heading = "Fixes")]
    pub(crate) fix: bool,

    /// With `--fix` or `--diff`: also the fixes that need a look, such as those that need a data migration.
    #[arg(long, requires = "fixing", help_heading = "Fixes")]
    pub(crate) unsafe_fixes: bool,

    /// Print what fixing would change, and change nothing.
    #[arg(long, help_heading = "Fixes")]
    pub(crate) diff: bool,

    /// Rules or groups to run, instead of those configured.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub(crate) select: Vec<String>,

    /// Rules or groups not to run, beside those configured.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub(crate) ignore: Vec<String>,

    /// Show only findings at least this severe.
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Rules")]
    pub(crate) min_severity: Option<SeverityArg>,

    /// Show only findings at least this sure: `certain` follows from the code, `likely` from names or habits.
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Rules")]
    pub(crate) min_confidence: Option<ConfidenceArg>,

    /// A snapshot of production's statistics, instead of the `pgwright.statistics.json` of the project: which tables are large.
    #[arg(long, value_name = "FILE", help_heading = "Planner")]
    pub(crate) statistics: Option<Utf8PathBuf>,

    /// Try each proposed index with PostgreSQL's planner on a private server, and drop the findings that it does not confirm.
    #[arg(long, help_heading = "Planner")]
    pub(crate) plan: bool,

    /// With `--plan`: list the findings that were dropped, with the reason.
    #[arg(long, requires = "plan", help_heading = "Planner")]
    pub(crate) show_dropped: bool,

    /// The folder with the programs of a PostgreSQL server (13 or newer), instead of those found on this machine.
    #[arg(long, value_name = "FOLDER", env = "PGWRIGHT_POSTGRES_BIN", help_heading = "Planner")]
    pub(crate) postgres_bin: Option<Utf8PathBuf>,

    /// The form of the report.
    #[arg(long, value_enum, default_value_t = Format::Full, help_heading = "Output")]
    pub(crate) format: Format,

    /// Write the report to a file instead of stdout.
    #[arg(long, short = 'o', value_name = "FILE", help_heading = "Output")]
    pub(crate) output_file: Option<Utf8PathBuf>,

    /// List what could not be understood.
    #[arg(long, help_heading = "Output")]
    pub(crate) unresolved: bool,

    /// Exit 0 also with findings.
    #[arg(long, help_heading = "Output")]
    pub(crate) exit_zero: bool,

    /// Report only what is not in this file of known findings.
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    pub(crate) baseline: Option<Utf8PathBuf>,

    /// Write today's findings to the baseline file, and exit 0.
    #[arg(long, help_heading = "Baseline")]
    pub(crate) update_baseline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(subcommand)]
    pub(crate) what: Inspect,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Inspect {
    /// The models as Django's app registry would hold them.
    Models(InspectModelsArgs),
    /// The tables, indexes and constraints that Django's migrations create.
    Schema(InspectSchemaArgs),
    /// Every query the code can send, as the SQL Django sends.
    Queries(InspectQueriesArgs),
    /// The migrations: the statements each operation sends, and which tables they lock.
    Migrations(InspectMigrationsArgs),
    /// Settings, apps, versions and what could not be understood.
    Project(InspectProjectArgs),
}

#[derive(Debug, Args)]
pub(crate) struct InspectModelsArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    /// Models of dependencies too.
    #[arg(long)]
    pub(crate) all: bool,

    /// The form of the output.
    #[arg(long, value_enum, default_value_t = FactFormat::Text)]
    pub(crate) format: FactFormat,
}

#[derive(Debug, Args)]
pub(crate) struct InspectSchemaArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    /// Tables of dependencies too.
    #[arg(long)]
    pub(crate) all: bool,

    /// The form of the output.
    #[arg(long, value_enum, default_value_t = SchemaFormat::Text)]
    pub(crate) format: SchemaFormat,
}

#[derive(Debug, Args)]
pub(crate) struct InspectMigrationsArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    #[arg(long, value_enum, default_value_t = FactFormat::Text)]
    pub(crate) format: FactFormat,

    /// Only the migrations of an app, or one: `APP`, `APP.NAME`. A name may be cut short, as in `shop.0004`.
    #[arg(long, value_name = "APP[.NAME]")]
    pub(crate) migration: Option<String>,

    /// Also those of installed packages.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InspectQueriesArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    /// Only queries of this model (`app.Model` or `Model`).
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Only queries from this kind of code.
    #[arg(long, value_enum)]
    pub(crate) context: Option<QueryContext>,

    /// Only queries at this place; may be given several times.
    #[arg(long, value_name = "FILE[:LINE]")]
    pub(crate) at: Vec<String>,

    /// Only those whose SQL is not known, with the reason.
    #[arg(long)]
    pub(crate) unresolved: bool,

    /// The form of the output.
    #[arg(long, value_enum, default_value_t = FactFormat::Text)]
    pub(crate) format: FactFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum QueryContext {
    View,
    Admin,
    Serializer,
    Template,
    Task,
    Command,
    Other,
}

impl QueryContext {
    pub(crate) fn situation(self) -> Situation {
        match self {
            QueryContext::View => Situation::View,
            QueryContext::Admin => Situation::Admin,
            QueryContext::Serializer => Situation::Serializer,
            QueryContext::Template => Situation::Template,
            QueryContext::Task => Situation::Task,
            QueryContext::Command => Situation::Command,
            QueryContext::Other => Situation::Other,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// `FILE:LINE`, a file, a model (`app.Model` or `Model`) or the text of a statement, then the project when it is not here;
    /// with `--all` only the project.
    #[arg(value_name = "TARGET", required_unless_present = "all")]
    pub(crate) targets: Vec<String>,

    /// Every query of the project.
    #[arg(long)]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) options: ProjectOptions,

    /// A snapshot of production's statistics, instead of the `pgwright.statistics.json` of the project.
    #[arg(long, value_name = "FILE", help_heading = "Planner")]
    pub(crate) statistics: Option<Utf8PathBuf>,

    /// Plan for tables so many times as large, as in `--scale 10`, or tell where plans change on the way, as in `--scale 1..1000`.
    #[arg(long, value_name = "N[..M]", value_parser = parse_scale, help_heading = "Planner")]
    pub(crate) scale: Option<(f64, f64)>,

    /// Ask this database instead, `postgresql://user@host/name`, in a session that cannot write. Libpq's variables and files complete it.
    #[arg(long, value_name = "URL", conflicts_with_all = ["statistics", "scale"], help_heading = "Planner")]
    pub(crate) database_url: Option<String>,

    /// The folder with the programs of a PostgreSQL server (13 or newer), instead of those found on this machine.
    #[arg(long, value_name = "FOLDER", env = "PGWRIGHT_POSTGRES_BIN", help_heading = "Planner")]
    pub(crate) postgres_bin: Option<Utf8PathBuf>,

    /// The form of the output.
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub(crate) format: PlanFormat,
}

#[derive(Debug, Args)]
pub(crate) struct MigrationsArgs {
    /// The migrations of an app, or one, `APP` or `APP.NAME` (a name may be cut short), when it is not all; then the project when it is
    /// not here.
    #[arg(value_name = "APP[.NAME]")]
    pub(crate) targets: Vec<String>,

    #[command(flatten)]
    pub(crate) options: ProjectOptions,

    /// All migrations, instead of the last ones of each app: what lies before them has run.
    #[arg(long, help_heading = "Migrations")]
    pub(crate) all: bool,

    /// Rewrite one migration into a sequence of safe ones that ends in the same schema.
    #[arg(long, conflicts_with_all = ["all", "since"], help_heading = "Migrations")]
    pub(crate) fix: bool,

    /// Those that are new or changed since this revision of git (since the branch left it).
    #[arg(long, value_name = "REV", conflicts_with = "all", help_heading = "Migrations")]
    pub(crate) since: Option<String>,

    /// Those that a database has not applied, of libraries too: what `migrate` would run there. Reads only.
    #[arg(long, conflicts_with_all = ["all", "since", "fix"], help_heading = "Migrations")]
    pub(crate) unapplied: bool,

    /// Run them on a private PostgreSQL server, without rows, and say whether it locks, rewrites and reads what is predicted.
    #[arg(long, conflicts_with = "fix", help_heading = "Migrations")]
    pub(crate) trace: bool,

    /// The database that is asked for sizes, and for what it has applied: `postgresql://user@host/name`. Libpq's variables
    /// (`PGHOST`…), service file and password file complete it. Reads only.
    #[arg(long, value_name = "URL", conflicts_with = "statistics", help_heading = "Database")]
    pub(crate) database_url: Option<String>,

    /// A snapshot of the database, instead of the `pgwright.statistics.json` of the project.
    #[arg(long, value_name = "FILE", help_heading = "Database")]
    pub(crate) statistics: Option<Utf8PathBuf>,

    /// The folder with the programs of a PostgreSQL server (13 or newer), instead of those found on this machine.
    #[arg(long, value_name = "FOLDER", env = "PGWRIGHT_POSTGRES_BIN", help_heading = "Database")]
    pub(crate) postgres_bin: Option<Utf8PathBuf>,

    /// The form of the report.
    #[arg(long, value_enum, default_value_t = Format::Full, help_heading = "Output")]
    pub(crate) format: Format,

    /// Write the report to a file instead of stdout.
    #[arg(long, short = 'o', value_name = "FILE", help_heading = "Output")]
    pub(crate) output_file: Option<Utf8PathBuf>,

    /// List what could not be understood.
    #[arg(long, help_heading = "Output")]
    pub(crate) unresolved: bool,

    /// Exit 0 also with findings.
    #[arg(long, help_heading = "Output")]
    pub(crate) exit_zero: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SnapshotArgs {
    /// The database: `postgresql://user@host/name`. Libpq's variables (`PGHOST`…), service file and password file complete it.
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,

    /// Read the output of `pg_dump --statistics-only` instead of a database; the project says what its indexes belong to.
    #[arg(long, value_name = "FILE", conflicts_with = "database_url")]
    pub(crate) from_pg_dump: Option<Utf8PathBuf>,

    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    /// Which values of columns the file keeps.
    #[arg(long, value_enum, default_value_t = ValuesArg::Safe)]
    pub(crate) values: ValuesArg,

    /// The file to write instead of `pgwright.statistics.json`; `-` is stdout.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output_file: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    /// Only what was brought since this revision of git (since the branch left it): findings, queries, migrations, other plans.
    #[arg(long, value_name = "REV", help_heading = "Selection")]
    pub(crate) since: Option<String>,

    /// A snapshot of production's statistics, instead of the `pgwright.statistics.json` of the project.
    #[arg(long, value_name = "FILE", help_heading = "Planner")]
    pub(crate) statistics: Option<Utf8PathBuf>,

    /// Fail where no server can be started to plan, instead of predicting how tables are read.
    #[arg(long, help_heading = "Planner")]
    pub(crate) plan: bool,

    /// The folder with the programs of a PostgreSQL server (13 or newer), instead of those found on this machine.
    #[arg(long, value_name = "FOLDER", env = "PGWRIGHT_POSTGRES_BIN", help_heading = "Planner")]
    pub(crate) postgres_bin: Option<Utf8PathBuf>,

    /// The form of the report.
    #[arg(long, value_enum, default_value_t = ReviewFormat::Text, help_heading = "Output")]
    pub(crate) format: ReviewFormat,

    /// Write the report to a file instead of stdout.
    #[arg(long, short = 'o', value_name = "FILE", help_heading = "Output")]
    pub(crate) output_file: Option<Utf8PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReviewFormat {
    Text,
    Json,
    /// One page that needs no network: findings to search, tables, plans to open (`--output-file report.html`).
    Html,
    /// For a comment on a pull request: short, with details to open, below 65,000 characters.
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The model: `app.Model`, or `Model` where only one has that name.
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,

    /// The project, when it is not here.
    pub(crate) paths: Vec<Utf8PathBuf>,

    #[command(flatten)]
    pub(crate) options: ProjectOptions,

    /// Write the class and the migration.
    #[arg(long)]
    pub(crate) fix: bool,

    /// The form of the output.
    #[arg(long, value_enum, default_value_t = FactFormat::Text)]
    pub(crate) format: FactFormat,
}

#[derive(Debug, Args)]
pub(crate) struct AdviseArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    /// A snapshot of production's statistics, instead of the `pgwright.statistics.json` of the project.
    #[arg(long, value_name = "FILE", help_heading = "Planner")]
    pub(crate) statistics: Option<Utf8PathBuf>,

    /// Choose for tables so many times as large.
    #[arg(long, value_name = "N", value_parser = parse_factor, default_value = "1", help_heading = "Planner")]
    pub(crate) scale: f64,

    /// The folder with the programs of a PostgreSQL server (13 or newer), instead of those found on this machine.
    #[arg(long, value_name = "FOLDER", env = "PGWRIGHT_POSTGRES_BIN", help_heading = "Planner")]
    pub(crate) postgres_bin: Option<Utf8PathBuf>,

    /// How many indexes to propose at the most.
    #[arg(long, value_name = "N", help_heading = "Budget")]
    pub(crate) max_indexes: Option<usize>,

    /// How much room they may take together, as in `20GB`.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = "Budget")]
    pub(crate) max_size: Option<u64>,

    /// Write the indexes into the models, and a migration for each app.
    #[arg(long, help_heading = "Fixes")]
    pub(crate) fix: bool,

    /// Print what `--fix` would write as a patch, and write nothing.
    #[arg(long, conflicts_with = "fix", help_heading = "Fixes")]
    pub(crate) diff: bool,

    /// The form of the output.
    #[arg(long, value_enum, default_value_t = FactFormat::Text)]
    pub(crate) format: FactFormat,
}

#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    /// A model (`app.Model` or `Model`), when it is not all; then the project when it is not here.
    #[arg(value_name = "MODEL")]
    pub(crate) targets: Vec<String>,

    #[command(flatten)]
    pub(crate) options: ProjectOptions,

    /// A snapshot of the database, instead of the `pgwright.statistics.json` of the project.
    #[arg(long, value_name = "FILE", help_heading = "Database")]
    pub(crate) statistics: Option<Utf8PathBuf>,

    /// Ask this database instead, in a session that cannot write. Libpq's variables and files complete the address.
    #[arg(long, value_name = "URL", conflicts_with = "statistics", help_heading = "Database")]
    pub(crate) database_url: Option<String>,

    /// The memory of the database's machine, as in `64GB`: settings are compared with it.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = "Database")]
    pub(crate) memory: Option<u64>,

    /// The disk of the database's machine.
    #[arg(long, value_enum, help_heading = "Database")]
    pub(crate) disk: Option<DiskArg>,

    /// The form of the output.
    #[arg(long, value_enum, default_value_t = FactFormat::Text)]
    pub(crate) format: FactFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiskArg {
    Ssd,
    Hdd,
}

/// `64GB`, `512MB`: bytes.
fn parse_size(text: &str) -> Result<u64, String> {
    let units = [("TB", 40), ("GB", 30), ("MB", 20)];
    let upper = text.trim().to_ascii_uppercase();
    let sized =
        units.into_iter().find_map(|(unit, bits)| Some((upper.strip_suffix(unit)?.trim().parse::<f64>().ok()?, bits)));
    match sized {
        Some((number, bits)) if number.is_finite() && number > 0.0 && number < 1e6 => {
            Ok((number * f64::from(1u32 << (bits - 20)) * 1_048_576.0) as u64)
        }
        _ => Err("write a number with MB, GB or TB, as in `64GB`".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValuesArg {
    /// All, as `pg_stats` has them.
    All,
    /// Numbers, dates, times and booleans; placeholders in the same order for others.
    Safe,
    /// None: only how many there are.
    None,
}

impl From<ValuesArg> for pgwright_schema::privacy::Values {
    fn from(arg: ValuesArg) -> Self {
        match arg {
            ValuesArg::All => Self::All,
            ValuesArg::Safe => Self::Safe,
            ValuesArg::None => Self::None,
        }
    }
}

fn parse_factor(text: &str) -> Result<f64, String> {
    match parse_scale(text)? {
        (from, to) if from == to => Ok(from),
        _ => Err("write one number".to_owned()),
    }
}

/// `10`, or `1..1000`: from and to.
fn parse_scale(text: &str) -> Result<(f64, f64), String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    let both = match text.split_once("..") {
        Some((from, to)) => number(from).zip(number(to)),
        None => number(text).map(|factor| (factor, factor)),
    };
    match both {
        Some((from, to)) if from <= to && to <= 1e6 => Ok((from, to)),
        Some(_) => Err("the second number must not be the smaller one, and at most 1000000".to_owned()),
        None => Err("write a number, or two as in `1..1000`".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    Text,
    Json,
    /// Graphs for Graphviz.
    Dot,
}

#[derive(Debug, Args)]
pub(crate) struct InspectProjectArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    /// The form of the output.
    #[arg(long, value_enum, default_value_t = FactFormat::Text)]
    pub(crate) format: FactFormat,
}

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// The rule to explain.
    pub(crate) name: Option<String>,

    /// The form of the output.
    #[arg(long, value_enum, default_value_t = FactFormat::Text)]
    pub(crate) format: FactFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    #[command(flatten)]
    pub(crate) options: ProjectOptions,

    /// Taken for granted; editors pass it.
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

#[derive(Debug, Args)]
pub(crate) struct McpArgs {
    /// Let the agent apply fixes to files.
    #[arg(long)]
    pub(crate) allow_fix: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// An existing folder, such as `/usr/local/share/man/man1`.
    pub(crate) folder: Utf8PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// When writing to a terminal.
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With source, reasons and fixes.
    Full,
    /// One line per finding.
    Concise,
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations in GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    Junit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FactFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaFormat {
    Text,
    Json,
    Sql,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SeverityArg {
    Note,
    Warning,
    Error,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ConfidenceArg {
    Likely,
    Certain,
}

impl From<SeverityArg> for Severity {
    fn from(arg: SeverityArg) -> Self {
        match arg {
            SeverityArg::Note => Severity::Note,
            SeverityArg::Warning => Severity::Warning,
            SeverityArg::Error => Severity::Error,
        }
    }
}

impl From<ConfidenceArg> for Confidence {
    fn from(arg: ConfidenceArg) -> Self {
        match arg {
            ConfidenceArg::Likely => Confidence::Likely,
            ConfidenceArg::Certain => Confidence::Certain,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
