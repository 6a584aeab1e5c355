//! Headings and fenced blocks of a Markdown page; nothing more of Markdown is needed.

/// A page in the order it is read.
#[derive(Debug, Default)]
pub struct Page {
    /// `#` to `######`: level and text.
    pub headings: Vec<(usize, String)>,
    pub blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub language: String,
    /// What follows the language, as in `path=shop/models.py`.
    pub info: String,
    pub text: String,
    /// One-based line of the page on which `text` starts.
    pub line: usize,
    /// The heading it stands under.
    pub heading: String,
}

impl Block {
    pub fn path(&self) -> Option<&str> {
        self.info.split_whitespace().find_map(|word| word.strip_prefix("path="))
    }
}

impl Page {
    pub fn parse(text: &str) -> Self {
        let mut page = Page::default();
        let mut open: Option<(usize, Block)> = None;
        for (index, line) in text.lines().enumerate() {
            let fence = line.len() - line.trim_start_matches('`').len();
            match &mut open {
                Some((opened, block)) => {
                    if fence >= *opened && line.trim_matches('`').trim().is_empty() {
                        page.blocks.extend(open.take().map(|(_, block)| block));
                    } else {
                        block.text.push_str(line);
                        block.text.push('\n');
                    }
                }
                None if fence >= 3 => {
                    let (language, info) = line[fence..].trim().split_once(' ').unwrap_or((line[fence..].trim(), ""));
                    let block = Block {
                        language: language.to_owned(),
                        info: info.trim().to_owned(),
                        text: String::new(),
                        line: index + 2,
                        heading: page.headings.last().map(|(_, text)| text.clone()).unwrap_or_default(),
                    };
                    open = Some((fence, block));
                }
                None => {
                    let level = line.len() - line.trim_start_matches('#').len();
                    if (1..=6).contains(&level) && line[level..].starts_with(' ') {
                        page.headings.push((level, line[level..].trim().to_owned()));
                    }
                }
            }
        }
        page.blocks.extend(open.map(|(_, block)| block));
        page
    }
}
