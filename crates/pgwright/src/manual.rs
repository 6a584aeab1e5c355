//! What shells and `man` want to know of the command line, made from its own definition.

use camino::Utf8Path;
use clap::{Command, CommandFactory};
use clap_complete::generate;

use crate::Status;
use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::failure::Failure;
use crate::output::Output;

/// `pgwright completions`.
pub(crate) fn completions(args: &CompletionsArgs, output: &Output) -> Result<Status, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "pgwright", &mut script);
    output.data(&String::from_utf8_lossy(&script))?;
    Ok(Status::Clean)
}

/// `pgwright man`.
pub(crate) fn pages(args: &ManArgs, output: &Output) -> Result<Status, Failure> {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    let written = write_page(&cli, "pgwright", &args.folder, output)?;
    output.remark(&format!("{written} pages in `{}`", args.folder));
    Ok(Status::Clean)
}

/// The page of a command and those of the commands in it. Gives how many.
fn write_page(command: &Command, name: &str, folder: &Utf8Path, output: &Output) -> Result<usize, Failure> {
    let path = folder.join(format!("{name}.1"));
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone()).title(name.to_uppercase());
    page.render(&mut text).map_err(|error| Failure::write("write", &path, &error))?;
    output.data_to(Some(&path), &String::from_utf8_lossy(&text))?;
    let mut written = 1;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        written += write_page(inner, &format!("{name}-{}", inner.get_name()), folder, output)?;
    }
    Ok(written)
}
