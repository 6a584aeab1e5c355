//! Headlines stand alone and fit a line.

/// The most characters of a headline.
const LONGEST: usize = 80;

/// The first wording that fits; the last, cut off, when names are so long that none does.
pub(crate) fn fitting(wordings: &[String]) -> String {
    if let Some(fits) = wordings.iter().find(|wording| wording.chars().count() <= LONGEST) {
        return fits.clone();
    }
    let last = wordings.last().map(String::as_str).unwrap_or_default();
    last.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn long_names_are_said_shorter() {
        let long = "x".repeat(90);
        assert_eq!(fitting(&[long.clone(), "short".to_owned()]), "short");
        let cut = fitting(&[long]);
        assert!(cut.chars().count() == 80 && cut.ends_with('…'));
    }
}
