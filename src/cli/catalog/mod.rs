//! `palisade catalog`: the ready-made guardrails, to find, to read, and to take.

mod add;
mod args;
mod ordinary;
mod part;
mod tests;

use anyhow::bail;
use serde_json::{Map, Value, json};

use crate::catalog::{Catalog, Guardrail, ParameterType, Profile, built_in};
use crate::cli::args::DataFormat;
use crate::cli::catalog::args::{ListArgs, ShowArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::{catalog_text, guardrail_text, profile_text};
use crate::desired::{Refusal, Site};

pub(crate) use crate::cli::catalog::args::{CatalogArgs, CatalogCommand};

pub(crate) fn run(args: &CatalogArgs, console: Console) -> anyhow::Result<Exit> {
    match &args.command {
        CatalogCommand::List(args) => list(args, console),
        CatalogCommand::Show(args) => show(args, console),
        CatalogCommand::Add(args) => add::run(args, console),
    }
}

fn list(args: &ListArgs, console: Console) -> anyhow::Result<Exit> {
    let found: Vec<&Guardrail> =
        built_in().guardrails().filter(|guardrail| is_about(guardrail, &args.search)).collect();
    let is_named = |profile: &&Profile| {
        let text = format!("{} {} {} profile", profile.id, profile.title, profile.purpose);
        has_all(&text, &args.search)
    };
    let profiles: Vec<&Profile> = built_in().profiles().iter().filter(is_named).collect();
    if found.is_empty() && profiles.is_empty() {
        bail!("nothing in the catalogue is about `{}`", args.search.join(" "));
    }
    match args.output {
        DataFormat::Text => console.data(&catalog_text(&found, &profiles, console.data_paint))?,
        DataFormat::Json => {
            let guardrails: Vec<Value> = found.into_iter().map(summary).collect();
            let list = json!({
                "apiVersion": "palisade.catalog/v1", "guardrails": guardrails, "profiles": profiles,
            });
            console.data(&format!("{}\n", serde_json::to_string_pretty(&list)?))?;
        }
    }
    Ok(Exit::Good)
}

/// Does every word occur in what the entry says of itself?
fn is_about(guardrail: &Guardrail, words: &[String]) -> bool {
    let Guardrail { id, title, purpose, kind, practices, cis, severity, tier, document, .. } =
        guardrail;
    let document = document.as_ref().map(Value::to_string).unwrap_or_default();
    let lists = [practices.join(" "), cis.join(" ")].join(" ");
    let text = format!("{id} {title} {purpose} {kind} {lists} {severity} {tier} {document}");
    has_all(&text, words)
}

fn has_all(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(&word.to_lowercase()))
}

fn summary(guardrail: &Guardrail) -> Value {
    let Guardrail { id, title, kind, practices, cis, severity, tier, .. } = guardrail;
    json!({
        "id": id, "title": title, "kind": kind, "practices": practices, "cis": cis,
        "severity": severity, "tier": tier,
    })
}

fn show(args: &ShowArgs, console: Console) -> anyhow::Result<Exit> {
    if let Some(profile) = built_in().profile(&args.id) {
        let text = match args.output {
            DataFormat::Text => profile_text(profile, built_in(), console.data_paint),
            DataFormat::Json => {
                let answer = json!({"apiVersion": "palisade.catalog/v1", "profile": profile});
                format!("{}\n", serde_json::to_string_pretty(&answer)?)
            }
        };
        console.data(&text)?;
        return Ok(Exit::Good);
    }
    let guardrail = find(built_in(), &args.id)?;
    let with = arguments(guardrail, &args.set)?;
    let shown: Map<String, Value> = guardrail.example.clone().into_iter().chain(with).collect();
    let document = match &guardrail.document {
        Some(_) => Some(guardrail.render(&shown, &example_site()).map_err(|it| refused(&it))?),
        None => None,
    };
    match args.output {
        DataFormat::Text => {
            let text = guardrail_text(guardrail, &shown, document.as_ref(), console.data_paint);
            console.data(&text)?;
        }
        DataFormat::Json => {
            let mut entry = serde_json::to_value(guardrail)?;
            entry["template"] = entry["document"].take();
            entry["document"] = json!(document);
            entry["with"] = json!(shown);
            let answer = json!({"apiVersion": "palisade.catalog/v1", "guardrail": entry});
            console.data(&format!("{}\n", serde_json::to_string_pretty(&answer)?))?;
        }
    }
    Ok(Exit::Good)
}

/// The organization that what is shown is rendered for: there may be no desired state yet.
fn example_site() -> Site {
    Site {
        organization_id: "o-a1b2c3d4e5".to_owned(),
        management_account: "111111111111".to_owned(),
        ..Site::default()
    }
}

fn find<'a>(catalog: &'a Catalog, id: &str) -> anyhow::Result<&'a Guardrail> {
    let Some(guardrail) = catalog.find(id) else {
        let list = "`palisade catalog list` shows them all".to_owned();
        bail!("the catalogue has no guardrail `{id}`: {}", catalog.nearest(id).unwrap_or(list));
    };
    Ok(guardrail)
}

/// What `--set NAME=VALUE` sets. A value is written as in YAML; a list also with commas alone.
fn arguments(guardrail: &Guardrail, set: &[String]) -> anyhow::Result<Map<String, Value>> {
    let mut arguments = Map::new();
    for text in set {
        let Some((name, value)) = text.split_once('=') else {
            bail!("`--set {text}`: write it as NAME=VALUE");
        };
        let parameter = guardrail.parameters.get(name).map(|parameter| parameter.r#type);
        let value = match parameter {
            Some(ParameterType::Text) => Value::from(value),
            Some(ParameterType::List) if !value.trim_start().starts_with('[') => {
                value.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
            }
            _ => match serde_yaml::from_str(value) {
                Ok(value) => value,
                Err(error) => bail!("`--set {text}`: the value is not YAML: {error}"),
            },
        };
        if arguments.insert(name.to_owned(), value).is_some() {
            bail!("`--set {name}` is there twice: write a list as `{name}=[a, b]`");
        }
    }
    Ok(arguments)
}

/// Everything that keeps a guardrail from being rendered, as one error.
fn refused(refusals: &[Refusal]) -> anyhow::Error {
    let line = |refusal: &Refusal| {
        let at = refusal.pointer.trim_start_matches("/with").trim_start_matches('/');
        let place = if at.is_empty() { String::new() } else { format!("{at}: ") };
        let help = refusal.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{place}{}{help}", refusal.message)
    };
    anyhow::anyhow!(refusals.iter().map(line).collect::<Vec<_>>().join("\n  "))
}
