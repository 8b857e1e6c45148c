//! `palisade catalog add`: a document that uses a guardrail, with comments, ready for review.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use crate::catalog::{Guardrail, Parameter, Profile, built_in, describe};
use crate::cli::catalog::args::AddArgs;
use crate::cli::catalog::tests::{self, Used};
use crate::cli::catalog::{arguments, find, refused};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::{administrators, bound_text, commented};
use crate::desired;
use crate::desired::{ProblemCode, Site};

pub(crate) fn run(args: &AddArgs, console: Console) -> anyhow::Result<Exit> {
    let (text, used) = if let Some(profile) = built_in().profile(&args.id) {
        let used = policies_of(profile, args)?;
        (of_profile(profile, &used, args), used)
    } else {
        let guardrail = find(built_in(), &args.id)?;
        let with = arguments(guardrail, &args.set)?;
        (of_guardrail(guardrail, args)?, vec![Used { guardrail, with }])
    };
    let file = args.to.join(format!("{}.yaml", args.id));
    write_new(&file, &text)?;
    console.say(&format!("written: {}", file.display()));
    tests::write(&file, &used, console)?;
    console.say("next: `palisade validate`, `palisade test` and `palisade plan`");
    Ok(Exit::Good)
}

fn of_guardrail(guardrail: &Guardrail, args: &AddArgs) -> anyhow::Result<String> {
    match &guardrail.document {
        Some(_) => policy(guardrail, args),
        None => other(guardrail),
    }
}

/// The policies of a profile. What must be set is set as `--set GUARDRAIL.NAME=VALUE`.
fn policies_of(profile: &Profile, args: &AddArgs) -> anyhow::Result<Vec<Used>> {
    let mut set: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for text in &args.set {
        let Some((id, argument)) = text.split_once('.') else {
            bail!("`--set {text}`: for a profile write GUARDRAIL.NAME=VALUE");
        };
        set.entry(id).or_default().push(argument.to_owned());
    }
    let mut used = Vec::new();
    let mut missing = Vec::new();
    let policies = profile.guardrails.iter().filter_map(|id| built_in().find(id));
    for guardrail in policies.filter(|guardrail| guardrail.document.is_some()) {
        let with = arguments(guardrail, &set.remove(guardrail.id.as_str()).unwrap_or_default())?;
        let unset = guardrail.required().filter(|name| !with.contains_key(*name));
        missing.extend(unset.map(|name| format!("--set {}.{name}=…", guardrail.id)));
        used.push(Used { guardrail, with });
    }
    if let Some(id) = set.keys().next() {
        bail!("`{id}` is not a policy of the profile `{}`", profile.id);
    }
    if !missing.is_empty() {
        bail!("the profile needs\n  {}", missing.join("\n  "));
    }
    Ok(used)
}

/// A `GuardrailProfile` document.
fn of_profile(profile: &Profile, used: &[Used], args: &AddArgs) -> String {
    let mut differing = String::new();
    for Used { guardrail, with } in used.iter().filter(|used| !used.with.is_empty()) {
        let with = Value::Object(with.clone());
        let _ = writeln!(differing, "    {}: {{with: {with}}}", guardrail.id);
    }
    let mut text = commented("", &format!("{}.", profile.title));
    text.push_str("#\n");
    text.push_str(&commented("", &profile.purpose));
    let targets = flow(&Value::from(args.target.clone()));
    let _ = write!(
        text,
        "apiVersion: palisade/v1\nkind: GuardrailProfile\nmetadata:\n  name: {}\nspec:\n  \
         profile: {}\n  targets: {targets}\n",
        profile.id, profile.id
    );
    if !differing.is_empty() {
        let _ = write!(text, "  guardrails:\n{differing}");
    }
    text.push_str("  # What is left out says why: `exclude: {deny-iam-users-and-keys: …}`.\n");
    text
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
    let Guardrail {
        id,
        title,
        purpose,
        kind,
        practices,
        severity,
        tier,
        runbook,
        limits,
        binds,
        ..
    } = guardrail;
    let mut text = commented("", &format!("{title}."));
    text.push_str("#\n");
    text.push_str(&commented("", purpose));
    for limit in limits {
        text.push_str(&commented("", &format!("Not covered: {limit}")));
    }
    for bound in binds {
        text.push_str(&commented("", &format!("Binds on purpose {}", bound_text(bound))));
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
            (None, Some(_)) if !parameter.administrators_of.is_empty() => {
                let words = format!("Unset, it is {}.", administrators(parameter));
                text.push_str(&commented("      ", &words));
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
    let Guardrail { id, kind, .. } = guardrail;
    let Some(written) = &guardrail.written_as else {
        bail!("`{id}` is not written in desired state; its runbook: {}", guardrail.runbook);
    };
    let version = env!("CARGO_PKG_VERSION");
    if !desired::kind_names().any(|known| known == kind) {
        bail!(
            "`{id}` needs documents of kind `{kind}`, which this version of palisade ({version}) \
             does not have"
        );
    }
    if written.starts_with("apiVersion:") {
        return Ok(format!("{}{written}", commented("", &guardrail.purpose)));
    }
    let line = written.lines().find(|line| !line.starts_with('#'));
    let Some((field, _)) = line.and_then(|line| line.split_once(':')) else {
        bail!("`{id}` needs a template of yours:\n\n{written}");
    };
    let pointer = format!("/definitions/{kind}/properties/spec/properties/{field}");
    if desired::json_schema().pointer(&pointer).is_none() {
        bail!(
            "`{id}` needs the field `{field}` of `{kind}`, which this version of palisade \
             ({version}) does not have"
        );
    }
    bail!("`{id}` is part of the {kind} document; add to its spec:\n\n{written}");
}
