//! `palisade catalog add`: a document that uses a guardrail, with comments, ready for review.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use crate::catalog::{Guardrail, Parameter, built_in, describe};
use crate::cli::catalog::args::AddArgs;
use crate::cli::catalog::{arguments, find, refused};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::commented;
use crate::desired;
use crate::desired::{ProblemCode, Site};

pub(crate) fn run(args: &AddArgs, console: Console) -> anyhow::Result<Exit> {
    let guardrail = find(built_in(), &args.id)?;
    let text = match &guardrail.document {
        Some(_) => policy(guardrail, args)?,
        None => other(guardrail)?,
    };
    let file = args.to.join(format!("{}.yaml", guardrail.id));
    write_new(&file, &text)?;
    console.say(&format!("written: {}", file.display()));
    console.say("next: `palisade validate` and `palisade plan`");
    Ok(Exit::Good)
}

/// Writes a file that is not there yet.
fn write_new(file: &Path, text: &str) -> anyhow::Result<()> {
    let created = OpenOptions::new().write(true).create_new(true).open(file);
    let mut open = match created {
        Ok(open) => open,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("`{}` is there already: change it, or delete it first", file.display())
        }
        Err(error) => {
            let message = format!("cannot write `{}`", file.display());
            return Err(anyhow::Error::new(error).context(message));
        }
    };
    open.write_all(text.as_bytes()).with_context(|| format!("cannot write `{}`", file.display()))
}

fn policy(guardrail: &Guardrail, args: &AddArgs) -> anyhow::Result<String> {
    let with = arguments(guardrail, &args.set)?;
    if let Err(refusals) = guardrail.render(&with, &Site::default()) {
        // Names of accounts are those of a desired state that is not read here.
        let known = |code| code != ProblemCode::UnknownName;
        let certain: Vec<_> = refusals.into_iter().filter(|it| known(it.code)).collect();
        if !certain.is_empty() {
            return Err(refused(&certain)).with_context(|| format!("`{}`", guardrail.id));
        }
    }
    let mut text = opening(guardrail);
    let targets = flow(&Value::from(args.target.clone()));
    let _ = writeln!(text, "  targets: {targets}");
    let _ = writeln!(text, "  use:\n    guardrail: {}", guardrail.id);
    text.push_str(&parameters(guardrail, &with));
    Ok(text)
}

/// The comment, the metadata and the description of a document.
fn opening(guardrail: &Guardrail) -> String {
    let Guardrail { id, title, purpose, kind, practices, severity, tier, runbook, limits, .. } =
        guardrail;
    let mut text = commented("", &format!("{title}."));
    text.push_str("#\n");
    text.push_str(&commented("", purpose));
    for limit in limits {
        text.push_str(&commented("", &format!("Not covered: {limit}")));
    }
    text.push_str("#\n");
    text.push_str(&commented("", &format!("Severity {severity}, {tier}. {runbook}")));
    text.push_str("apiVersion: palisade/v1\n");
    let _ = writeln!(text, "kind: {kind}\nmetadata:\n  name: {id}\n  annotations:");
    let _ = writeln!(text, "    palisade/controls: \"{}\"", practices.join(", "));
    let description = flow(&Value::from(format!("{title}.")));
    let _ = writeln!(text, "spec:\n  description: {description}");
    text
}

/// Every parameter with what it does; those that are not set as comments.
fn parameters(guardrail: &Guardrail, with: &Map<String, Value>) -> String {
    if guardrail.parameters.is_empty() {
        return String::new();
    }
    let mut text = if with.is_empty() { String::new() } else { "    with:\n".to_owned() };
    for (name, parameter) in &guardrail.parameters {
        let Parameter { description, default, .. } = parameter;
        let what = format!("{name}: {description} Takes {}.", describe(parameter));
        text.push_str(&commented("      ", &what));
        match (with.get(name), default) {
            (Some(value), _) => {
                let _ = writeln!(text, "      {name}: {}", flow(value));
            }
            (None, Some(default)) => {
                let default = flow(default);
                if default.len() <= 80 {
                    let _ = writeln!(text, "      # {name}: {default}");
                } else {
                    let words = "The default is in `palisade catalog show`.";
                    text.push_str(&commented("      ", words));
                }
            }
            (None, None) => {}
        }
    }
    text
}

/// A value on one line. JSON is YAML.
fn flow(value: &Value) -> String {
    value.to_string()
}

/// A guardrail that is no policy: its document, if this version has the kind.
fn other(guardrail: &Guardrail) -> anyhow::Result<String> {
    let Some(written) = &guardrail.written_as else {
        bail!("`{}` is not written in desired state: {}", guardrail.id, guardrail.purpose);
    };
    if guardrail.kind == "Organization" {
        bail!(
            "`{}` is part of the Organization document; add to its spec:\n\n{written}",
            guardrail.id
        );
    }
    if !desired::kind_names().any(|kind| kind == guardrail.kind) {
        bail!(
            "`{}` needs documents of kind `{}`, which this version of palisade ({}) does not have",
            guardrail.id,
            guardrail.kind,
            env!("CARGO_PKG_VERSION")
        );
    }
    Ok(format!("{}{written}", commented("", &guardrail.purpose)))
}
