//! The tests that a guardrail of the catalogue brings along, as documents for one organization: its names,
//! ids and arguments in place of those of the catalogue. Other guardrails have a say too: cases get what
//! ordinary calls come with where those ask for it, and what still does not hold is left out, with the reason:
//! the calls, or the case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Map, Value};

use crate::catalog::{Format, Guardrail, built_in};
use crate::cli::catalog::ordinary;
use crate::cli::catalog::ordinary::Ordinary;
use crate::cli::catalog::part;
use crate::cli::console::Console;
use crate::cli::render::{commented, counted};
use crate::cli::sources::today;
use crate::compile::compile;
use crate::desired::{self, DesiredOrg, DesiredTarget, Site};
use crate::judge;
use crate::judge::CaseReport;

/// What the tests of the catalogue say of the organization they are written for.
mod example {
    pub(super) const ORGANIZATION: &str = "o-a1b2c3d4e5";
    pub(super) const MANAGEMENT: &str = "111111111111";
    pub(super) const MEMBER: &str = "555555555555";
    pub(super) const ACCOUNTS: &[(&str, &str)] =
        &[("log-archive", "222222222222"), ("security-tooling", "210000000002")];
}

/// Telling one key can bring up the next, and so can taking one call out; more of either in a row nobody's
/// guardrails ask for.
const ROUNDS_MAX: usize = 8;

/// A guardrail and its arguments.
pub(super) struct Used {
    pub(super) guardrail: &'static Guardrail,
    pub(super) with: Map<String, Value>,
}

/// Writes tests of what `file` uses beside it.
pub(super) fn write(file: &Path, used: &[Used], console: Console) -> anyhow::Result<()> {
    let with_tests: Vec<&Used> =
        used.iter().filter(|used| !used.guardrail.tests.is_null()).collect();
    if with_tests.is_empty() {
        return Ok(());
    }
    let Some(root) = desired_state_of(file) else {
        console.say(
            "no tests written: there is no `Organization` document beside it to write them for",
        );
        return Ok(());
    };
    let tests = file.with_extension("test.yaml");
    if tests.exists() {
        console.say(&format!("no tests written: `{}` is there already", tests.display()));
        return Ok(());
    }
    let loaded = desired::load(&root, today(), built_in());
    let Some(org) = loaded.org else {
        console.say(&format!(
            "no tests written: desired state has problems, see `palisade validate`; to have tests, \
             mend those, delete `{}` and add it again",
            file.display()
        ));
        return Ok(());
    };
    let mut documents: Vec<Document> =
        with_tests.iter().filter_map(|used| Document::of(used, &org)).collect();
    let (judged, parts) = fit(&mut documents, &Ordinary::of(&org), &tests, &root)?;
    let left_out: Vec<String> = documents.iter().flat_map(|it| it.left_out(&judged)).collect();
    let kept: Vec<Document> = documents.iter().filter_map(|it| it.keep(&judged)).collect();
    if kept.is_empty() {
        fs::remove_file(&tests).with_context(|| format!("cannot remove `{}`", tests.display()))?;
        console.say("no tests written: none of the catalogue's hold in this organization");
    } else {
        let in_part: Vec<String> = parts.iter().map(Part::line).collect();
        let comments = [
            comment("Calls of the catalogue that do not hold in this organization:", &in_part),
            comment("Cases of the catalogue that do not hold in this organization:", &left_out),
        ];
        write_documents(&tests, &kept, &comments.concat())?;
        let cases = counted(kept.iter().map(|it| it.cases.len()).sum(), "case");
        let narrowed: BTreeSet<_> = parts.iter().map(|part| &part.case).collect();
        let part = match narrowed.len() {
            0 => String::new(),
            narrowed => format!(", {narrowed} of them in part"),
        };
        let rest = match left_out.len() {
            0 => String::new(),
            1 => "; 1 left out, which does not hold here".to_owned(),
            left_out => format!("; {left_out} left out, which do not hold here"),
        };
        console.say(&format!("written: {} ({cases}{part}{rest})", tests.display()));
        for line in &in_part {
            console.say(&format!("in part: {line}"));
        }
    }
    for line in &left_out {
        console.say(&format!("left out: {line}"));
    }
    Ok(())
}

/// Tells cases what ordinary calls come with, and then takes out of them what still does not hold; what became of
/// each, and what was taken out.
fn fit(
    documents: &mut [Document],
    ordinary: &Ordinary,
    file: &Path,
    root: &Path,
) -> anyhow::Result<(Judged, Vec<Part>)> {
    write_documents(file, documents, "")?;
    let mut judged = judge_all(root);
    let mut parts = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let told = documents.iter_mut().map(|document| document.tell(ordinary, &judged));
        if told.sum::<usize>() == 0 {
            let narrowed = documents.iter_mut().flat_map(|document| document.narrow(&judged));
            let narrowed: Vec<Part> = narrowed.collect();
            if narrowed.is_empty() {
                break;
            }
            parts.extend(narrowed);
        }
        write_documents(file, documents, "")?;
        judged = judge_all(root);
    }
    parts.retain(|part| judged.get(&part.case).is_some_and(|it| it.failures.is_empty()));
    Ok((judged, parts))
}

fn write_documents(file: &Path, documents: &[Document], comment: &str) -> anyhow::Result<()> {
    let text: Vec<String> = documents.iter().map(Document::text).collect();
    let text = format!("{}{comment}", text.join("---\n"));
    fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))
}

/// What was left out, as a comment at the end of the file.
fn comment(opening: &str, left_out: &[String]) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let lines = left_out.iter().map(|line| commented("", &format!("- {line}")));
    std::iter::once(commented("", opening)).chain(lines).collect()
}

/// What was taken out of a case.
struct Part {
    /// Document and name of the case.
    case: (String, String),
    /// Actions or principals.
    items: Vec<String>,
    /// Why.
    why: String,
}

impl Part {
    fn line(&self) -> String {
        let Self { case: (guardrail, case), items, why } = self;
        let items: Vec<String> = items.iter().map(|item| format!("`{item}`")).collect();
        format!("`{guardrail}`, \"{case}\" without {}: {why}", items.join(", "))
    }
}

/// The directory of desired state that `file` is in: the one with the `Organization` document.
fn desired_state_of(file: &Path) -> Option<PathBuf> {
    let holds_organization = |directory: &&Path| {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let mut texts = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|it| it == "yaml" || it == "yml"))
            .filter_map(|path| fs::read_to_string(path).ok());
        texts.any(|text| text.lines().any(|line| line.trim_end() == "kind: Organization"))
    };
    let directory = file.parent()?;
    [Some(directory), directory.parent()]
        .into_iter()
        .flatten()
        .find(holds_organization)
        .map(Path::to_path_buf)
}

/// What became of every case, by document and name.
type Judged = BTreeMap<(String, String), CaseReport>;

fn judge_all(root: &Path) -> Judged {
    let Some(org) = desired::load(root, today(), built_in()).org else { return Judged::new() };
    let report = judge::judge(&org.tests, &compile(&org, today()), |_, _| true);
    let named = |case: CaseReport| ((case.document.clone(), case.name.clone()), case);
    report.cases.into_iter().map(named).collect()
}

/// A `GuardrailTest` document.
struct Document {
    guardrail: &'static Guardrail,
    place: String,
    cases: Vec<Value>,
}

impl Document {
    /// The tests of a guardrail where `org` attaches it; nothing if it does not.
    fn of(used: &Used, org: &DesiredOrg) -> Option<Self> {
        let guardrail = used.guardrail;
        let named = |it: &&desired::DesiredPolicy| it.header.document.name == guardrail.id;
        let policy = org.policies.iter().find(named)?;
        let (place, member) = place(policy.targets.iter().next()?, org);
        let site = Site::from(org);
        let translated = Translation::of(used, org, &site, member.as_deref());
        let tests = guardrail.tests_for(&used.with, &site);
        let defaults = tests.get("defaults").cloned().unwrap_or_default();
        let cases = tests["cases"].as_array()?.iter().map(|case| {
            let mut case = case.clone();
            for (field, value) in defaults.as_object().into_iter().flatten() {
                // The catalogue's defaults are keys that are absent.
                if case.get(field).is_none() && case.get("context").is_none() {
                    case[field] = value.clone();
                }
            }
            translated.value(&case)
        });
        let cases = cases.collect();
        Some(Self { guardrail, place, cases })
    }

    /// What became of one of its cases; nothing if desired state did not load.
    fn judged<'a>(&self, case: &Value, judged: &'a Judged) -> Option<&'a CaseReport> {
        let name = case["name"].as_str().unwrap_or_default();
        judged.get(&(self.guardrail.id.clone(), name.to_owned()))
    }

    /// Gives cases that are undecided what ordinary calls come with; how many got something.
    fn tell(&mut self, ordinary: &Ordinary, judged: &Judged) -> usize {
        let missing = |case: &Value| self.judged(case, judged).map(ordinary::missing);
        let missing: Vec<_> = self.cases.iter().map(missing).collect();
        let told = self.cases.iter_mut().zip(missing.into_iter().map(Option::unwrap_or_default));
        told.filter_map(|(case, missing)| ordinary.tell(case, &missing).then_some(())).count()
    }

    /// Takes out of cases the calls that do not hold, where others of the same case do.
    fn narrow(&mut self, judged: &Judged) -> Vec<Part> {
        let id = &self.guardrail.id;
        let narrowed = self.cases.iter_mut().filter_map(|case| {
            let name = case["name"].as_str().unwrap_or_default().to_owned();
            let key = (id.clone(), name);
            let report = judged.get(&key).filter(|report| !report.failures.is_empty())?;
            let items = part::narrow(case, report)?;
            Some(Part { case: key, items, why: ordinary::why(report) })
        });
        narrowed.collect()
    }

    /// With the cases that hold; nothing if none does.
    fn keep(&self, judged: &Judged) -> Option<Self> {
        let holds =
            |case: &&Value| self.judged(case, judged).is_some_and(|it| it.failures.is_empty());
        let cases: Vec<Value> = self.cases.iter().filter(holds).cloned().collect();
        let kept = Self { guardrail: self.guardrail, place: self.place.clone(), cases };
        (!kept.cases.is_empty()).then_some(kept)
    }

    /// The cases that do not hold, and why.
    fn left_out(&self, judged: &Judged) -> Vec<String> {
        let line = |case: &Value| {
            let report = self.judged(case, judged)?;
            let why = ordinary::why(report);
            (!why.is_empty())
                .then(|| format!("`{}`, \"{}\": {why}", self.guardrail.id, report.name))
        };
        self.cases.iter().filter_map(line).collect()
    }

    fn text(&self) -> String {
        let Self { guardrail, place, cases } = self;
        let mut text = format!(
            "# What `{id}` must do, from the catalogue: `palisade test` makes every call.\n\
             apiVersion: palisade/v1\nkind: GuardrailTest\nmetadata:\n  name: {id}\nspec:\n  \
             defaults: {{{place}, by: {id}}}\n  cases:\n",
            id = guardrail.id,
        );
        for case in cases {
            let fields = case.as_object().into_iter().flatten();
            for (index, (field, value)) in fields.enumerate() {
                let dash = if index == 0 { "    - " } else { "      " };
                // JSON is YAML.
                let _ = writeln!(text, "{dash}{field}: {value}");
            }
        }
        text
    }
}

/// What a case says of where it is, and the account it is in.
fn place(target: &DesiredTarget, org: &DesiredOrg) -> (String, Option<String>) {
    let name_of = |id: &crate::org::AccountId| {
        org.accounts.iter().find(|(_, account)| account.id == *id).map(|(name, _)| name.clone())
    };
    let account = match target {
        DesiredTarget::Account(id) => name_of(id),
        DesiredTarget::Unit(unit) => {
            let mut below = org.placements.iter().filter(|(_, path)| unit.contains(path));
            below.find_map(|(id, _)| name_of(id))
        }
    };
    let unit = match target {
        DesiredTarget::Unit(unit) => unit.to_string(),
        DesiredTarget::Account(id) => id.to_string(),
    };
    let quoted = |text: &str| Value::from(text).to_string();
    match account {
        Some(name) => (format!("account: {}", quoted(&name)), Some(name)),
        None => (format!("ou: {}", quoted(&unit)), None),
    }
}

/// What the catalogue's tests say, and what is said instead.
struct Translation {
    /// Whole texts.
    whole: BTreeMap<String, String>,
    /// Parts of texts, the longest first: what is there, and what comes instead.
    parts: Vec<(String, String)>,
}

impl Translation {
    fn of(used: &Used, org: &DesiredOrg, site: &Site, member: Option<&str>) -> Self {
        let mut whole = BTreeMap::new();
        let mut parts = vec![
            (example::ORGANIZATION.to_owned(), org.organization_id.to_string()),
            (example::MANAGEMENT.to_owned(), org.management_account.to_string()),
        ];
        if let Some(name) = member {
            whole.insert("member".to_owned(), name.to_owned());
            parts.push((example::MEMBER.to_owned(), org.accounts[name].id.to_string()));
        }
        whole.insert("management".to_owned(), org.management_account.to_string());
        for (name, id) in example::ACCOUNTS {
            if let Some(account) = org.accounts.get(*name) {
                parts.push(((*id).to_owned(), account.id.to_string()));
            }
        }
        let Used { guardrail, with } = used;
        for (name, shown) in &guardrail.example {
            let Some(parameter) = guardrail.parameters.get(name) else { continue };
            let administrators = (!parameter.administrators_of.is_empty())
                .then(|| parameter.default_at(site))
                .flatten();
            let Some(given) = with.get(name).or(administrators.as_ref()) else { continue };
            let mut found = Vec::new();
            pairs(shown, given, &mut found);
            match parameter.format {
                // `s3` is a part of far too much.
                Some(Format::Service | Format::Action) => {}
                Some(Format::TagKey) => {
                    let key = |key: &String| format!("aws:ResourceTag/{key}");
                    whole.extend(found.iter().map(|(shown, given)| (key(shown), key(given))));
                    whole.extend(found);
                }
                Some(
                    Format::Account
                    | Format::Arn
                    | Format::Principal
                    | Format::Region
                    | Format::RegionOrAll
                    | Format::Name
                    | Format::Bucket
                    | Format::Day
                    | Format::ResourceType
                    | Format::Network
                    | Format::Vpc
                    | Format::ImageProvider,
                )
                | None => parts.extend(found),
            }
        }
        for (name, id) in
            example::ACCOUNTS.iter().filter(|(name, _)| !org.accounts.contains_key(*name))
        {
            let given = parts.iter().find(|(shown, _)| shown == id).map(|(_, given)| given.clone());
            whole.extend(given.map(|given| ((*name).to_owned(), given)));
        }
        parts.sort_by_key(|(shown, _)| std::cmp::Reverse(shown.len()));
        Self { whole, parts }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::from(self.text(text)),
            Value::Array(items) => {
                let mut translated: Vec<Value> = Vec::new();
                for item in items {
                    let item = self.value(item);
                    if !translated.contains(&item) {
                        translated.push(item);
                    }
                }
                Value::Array(translated)
            }
            Value::Object(map) => {
                let translated = map.iter().map(|(key, value)| (self.text(key), self.value(value)));
                Value::Object(translated.collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        if let Some(whole) = self.whole.get(text) {
            return whole.clone();
        }
        let found = self.parts.iter().find_map(|(shown, given)| {
            let stem = shown.trim_end_matches('*');
            let at = text.find(stem).filter(|_| !stem.is_empty())?;
            let after = &text[at + stem.len()..];
            // What a test puts in the place of `*` stays where the other has one as well.
            let (given, after) = match given.strip_suffix('*') {
                Some(given) => (given, after),
                None => (given.as_str(), after.trim_start_matches(is_of_a_name)),
            };
            let after = if shown == stem { &text[at + stem.len()..] } else { after };
            Some(format!("{}{given}{}", self.text(&text[..at]), self.text(after)))
        });
        found.unwrap_or_else(|| text.to_owned())
    }
}

fn is_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '-'
}

/// Texts of an example and what is given in their place.
fn pairs(shown: &Value, given: &Value, pairs_found: &mut Vec<(String, String)>) {
    match (shown, given) {
        (Value::String(shown), Value::String(given)) => {
            pairs_found.push((shown.clone(), given.clone()));
            // Cases name principals without the account: `role/deploy`.
            let name = |arn: &str| arn.rsplit(':').next().map(str::to_owned);
            let names = name(shown).zip(name(given)).filter(|(shown, _)| shown.contains('/'));
            pairs_found.extend(names.filter(|_| shown.starts_with("arn:")));
        }
        (Value::Array(shown), Value::Array(given)) => {
            for (index, shown) in shown.iter().enumerate() {
                if let Some(given) = given.get(index).or(given.last()) {
                    pairs(shown, given, pairs_found);
                }
            }
        }
        (Value::Object(shown), Value::Object(given)) => {
            for (field, shown) in shown {
                if let Some(given) = given.get(field) {
                    pairs(shown, given, pairs_found);
                }
            }
        }
        _ => {}
    }
}
