//! Problems of desired state: as rustc would print them, or as JSON.

use serde_json::{Value, json};

use crate::cli::render::paint::{Paint, counted};
use crate::desired::{Colour, Loaded};
use crate::lint::LintCode;
use crate::reference;

/// Every warning and problem, and how many there are.
pub(crate) fn problems_text(loaded: &Loaded, paint: Paint) -> String {
    let colour = match paint {
        Paint::Colour => Colour::Styled,
        Paint::Plain => Colour::Plain,
    };
    let mut text = String::new();
    for problem in loaded.warnings.iter().chain(&loaded.problems) {
        text.push_str(&problem.render(colour));
        text.push_str("\n\n");
    }
    text.push_str(&verdict(loaded, paint));
    text
}

/// The same for programs.
pub(crate) fn problems_json(loaded: &Loaded) -> Value {
    json!({
        "apiVersion": "palisade.validation/v1",
        "valid": loaded.is_valid(),
        "problems": loaded.problems,
        "warnings": loaded.warnings,
    })
}

fn verdict(loaded: &Loaded, paint: Paint) -> String {
    let warnings = match loaded.warnings.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "warning")),
    };
    match &loaded.org {
        Some(org) if loaded.problems.is_empty() => {
            let documents = counted(org.document_count(), "document");
            paint.good(&format!("Good: {documents}{warnings}."))
        }
        Some(_) => {
            let problems = counted(loaded.problems.len(), "problem");
            paint.bad(&format!("{problems} in tests{warnings}."))
        }
        None => paint.bad(&format!("{}{warnings}.", counted(loaded.problems.len(), "problem"))),
    }
}

/// What a finding means, how old the names are that it goes by, and how to silence it.
pub(crate) fn explanation(code: LintCode) -> String {
    format!(
        "{code}\n\n{}\n\nThe names of services, actions, condition keys and Regions are those of {}.\n\
         To silence it: `palisade/lint-ignore: \"{code}\"` in `metadata.annotations` of the document, or \
         `\"{code}:TheSid\"` for one statement.",
        code.explanation(),
        reference::date(),
    )
}
