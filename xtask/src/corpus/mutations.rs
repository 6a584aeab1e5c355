//! Damaged source must never stop pgwright: files of real projects are cut, shortened and doubled, in their place.
//!
//! Each batch is a copy of a project in which some files are damaged. The choice is a function of the seed alone.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::projects;
use crate::pgwright;
use crate::shell::{output, printed};

const BATCHES: usize = 10;
const FILES_PER_BATCH: usize = 25;
const SEED: u64 = 20_240_229;

pub(crate) fn run(names: &[&str]) -> Result<bool> {
    let binary = pgwright::binary()?;
    let mut random = Random(SEED);
    let mut well = true;
    let mut damaged = 0;
    for project in projects(names)? {
        let mut sources = project.fetch()?;
        let mut files = Vec::new();
        python_files(&sources.source, &mut files)?;
        files.sort();
        let original = sources.source.clone();
        for batch in 0..BATCHES {
            let copy = std::env::temp_dir().join(format!("pgwright-mutations-{}", std::process::id()));
            let chosen: Vec<&PathBuf> = (0..FILES_PER_BATCH).map(|_| &files[random.below(files.len())]).collect();
            for file in &files {
                let target = copy.join(file.strip_prefix(&original)?);
                std::fs::create_dir_all(target.parent().context("a file lies in a directory")?)?;
                if chosen.contains(&file) {
                    std::fs::write(target, damage(&std::fs::read(file)?, &mut random))?;
                } else if std::fs::hard_link(file, &target).is_err() {
                    // The temporary directory may be on another file system.
                    std::fs::copy(file, target)?;
                }
            }
            damaged += chosen.len();
            sources.source.clone_from(&copy);
            let result = output(&mut project.pgwright(&binary, &pgwright::CHECK_MODELS, &sources))?;
            let text = printed(&result);
            let failed = !matches!(result.status.code(), Some(0 | 1)) || text.contains("\"internal-error\"");
            if failed {
                well = false;
                let kept = copy.with_extension(format!("{}-{batch}", project.name));
                std::fs::rename(&copy, &kept)?;
                println!("{} batch {batch}: {}, kept as {}", project.name, result.status, kept.display());
                let telling = text.lines().filter(|line| line.contains("internal-error") || line.contains("panicked"));
                telling.take(5).for_each(|line| println!("  {}", line.trim()));
            } else {
                std::fs::remove_dir_all(&copy)?;
            }
        }
    }
    println!("{damaged} damaged files, seed {SEED}");
    Ok(well)
}

fn python_files(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            python_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
    Ok(())
}

/// One to three of: cut the end off, leave words out, say words twice, change a byte.
fn damage(source: &[u8], random: &mut Random) -> Vec<u8> {
    let mut text = source.to_vec();
    for _ in 0..=random.below(3) {
        if text.is_empty() {
            break;
        }
        let at = random.below(text.len());
        let end = word_end(&text, at, 1 + random.below(4));
        match random.below(4) {
            0 => text.truncate(at),
            1 => drop(text.drain(at..end)),
            2 => {
                let words = text[at..end].to_vec();
                text.splice(end..end, words);
            }
            _ => text[at] = b"\x00\xff\t\n()[]{}:,'\"\\@*"[random.below(17)],
        }
    }
    text
}

/// Where so many words and the blanks after them end.
fn word_end(text: &[u8], start: usize, words: usize) -> usize {
    let ends = text[start..].windows(2).enumerate().filter(|(_, pair)| pair[0] == b' ' && pair[1] != b' ');
    ends.map(|(offset, _)| start + offset + 1).nth(words - 1).unwrap_or(text.len())
}

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (limit.max(1) as u64)).unwrap_or(0)
    }
}
