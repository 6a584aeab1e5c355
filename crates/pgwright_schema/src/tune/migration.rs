//! Recommendations as operations of a Django migration.

use crate::tune::{Django, Recommendation};

/// The operations, as they stand in a migration; None where that is not a migration's work.
pub fn operations(recommendation: &Recommendation) -> Option<Vec<String>> {
    if recommendation.django != Django::RunSql {
        return None;
    }
    let mut reverse = recommendation.reverse.iter();
    let operation = |statement: &String| {
        let reverse = reverse.next().map_or_else(|| "migrations.RunSQL.noop".to_owned(), |text| python(text));
        format!("migrations.RunSQL(sql={}, reverse_sql={reverse})", python(statement))
    };
    Some(recommendation.statements.iter().map(operation).collect())
}

/// The file of a migration that carries it out; None where that is not a migration's work.
pub fn migration(recommendation: &Recommendation) -> Option<String> {
    let operations = operations(recommendation)?;
    let operations: String = operations.iter().map(|operation| format!("        {operation},\n")).collect();
    Some(format!(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    \
         # The app's last migration.\n    dependencies = []\n\n    operations = [\n{operations}    ]\n"
    ))
}

/// A string literal of Python.
fn python(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}
