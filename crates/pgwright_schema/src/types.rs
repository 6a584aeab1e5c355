//! Column types, taken apart so that questions can be asked of them, and printed exactly as they were read.

use std::fmt;

use serde::{Serialize, Serializer};

/// A PostgreSQL type as Django writes it: `varchar(50)`, `numeric(10, 2)`, `timestamp with time zone`, `text[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgType {
    /// Without modifiers and array brackets: `varchar`, `timestamp with time zone`.
    pub base: String,
    /// Length, or precision and scale.
    pub modifiers: Vec<u32>,
    /// One per array dimension; the size where one was given (PostgreSQL ignores it).
    pub dimensions: Vec<Option<u32>>,
}

impl PgType {
    /// Takes a type's text apart; what is not understood (`geometry(POINT,4326)`) stays whole in `base`.
    pub fn parse(text: &str) -> PgType {
        let parsed = take_apart(text);
        if parsed.to_string() == text {
            parsed
        } else {
            PgType { base: text.to_owned(), modifiers: Vec::new(), dimensions: Vec::new() }
        }
    }

    pub fn is_array(&self) -> bool {
        !self.dimensions.is_empty()
    }

    /// `varchar`, `text`, `char` or `citext`, not as an array.
    pub fn is_text(&self) -> bool {
        !self.is_array() && matches!(self.base.as_str(), "varchar" | "text" | "char" | "citext" | "character varying")
    }

    /// The extension that must exist before a column of this type can.
    pub fn extension(&self) -> Option<&'static str> {
        match self.base.as_str() {
            "citext" => Some("citext"),
            "hstore" => Some("hstore"),
            "ltree" => Some("ltree"),
            "vector" | "halfvec" | "sparsevec" => Some("vector"),
            base if base.starts_with("geometry") || base.starts_with("geography") => Some("postgis"),
            _ => None,
        }
    }
}

fn take_apart(text: &str) -> PgType {
    let mut rest = text;
    let mut dimensions = Vec::new();
    while let Some((before, inside)) = rest.strip_suffix(']').and_then(|head| head.rsplit_once('[')) {
        let size = if inside.is_empty() { None } else { inside.parse().ok() };
        dimensions.insert(0, size);
        rest = before;
    }
    let (base, modifiers) = match rest.strip_suffix(')').and_then(|head| head.rsplit_once('(')) {
        Some((base, inside)) => (base, inside.split(',').filter_map(|number| number.trim().parse().ok()).collect()),
        None => (rest, Vec::new()),
    };
    PgType { base: base.to_owned(), modifiers, dimensions }
}

impl fmt::Display for PgType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        if !self.modifiers.is_empty() {
            let modifiers: Vec<String> = self.modifiers.iter().map(u32::to_string).collect();
            write!(f, "({})", modifiers.join(", "))?;
        }
        for size in &self.dimensions {
            match size {
                Some(size) => write!(f, "[{size}]")?,
                None => f.write_str("[]")?,
            }
        }
        Ok(())
    }
}

impl Serialize for PgType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::PgType;

    #[test]
    fn every_type_prints_as_it_was_read() {
        for text in [
            "varchar(50)",
            "varchar",
            "numeric(10, 2)",
            "timestamp with time zone",
            "text[]",
            "varchar(20)[3][]",
            "geometry(POINT,4326)",
            "double precision",
        ] {
            assert_eq!(PgType::parse(text).to_string(), text);
        }
        let array = PgType::parse("varchar(20)[]");
        assert_eq!((array.base.as_str(), array.modifiers.as_slice(), array.is_array()), ("varchar", &[20][..], true));
        assert!(PgType::parse("geometry(POINT,4326)").modifiers.is_empty());
    }
}
