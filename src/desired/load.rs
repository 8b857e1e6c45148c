//! From a directory to desired state, or to every problem there is. Never panics, whatever it reads.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::Date;

use crate::desired::check;
use crate::desired::files::{self, FileError, Files};
use crate::desired::guardrail::Guardrails;
use crate::desired::model::DesiredOrg;
use crate::desired::node::{self, Node};
use crate::desired::private;
use crate::desired::problem::{Finding, Problem, ProblemCode, Report, SourceText};
use crate::desired::salvage::salvage;
use crate::desired::validate;
use crate::org::DocumentRef;

/// How often a directory is read that is exchanged while it is read. Exchanges are minutes apart and
/// reading takes milliseconds, so that the second time is nearly always the last.
const READS_MAX: usize = 3;

/// What a directory of desired state holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Desired state; nothing when anything but a test has a problem. A typo in a test must not keep
    /// guardrails from being in force; the case it is in is left out.
    pub org: Option<DesiredOrg>,
    /// What is wrong, in reading order.
    pub problems: Vec<Problem>,
    /// What somebody should look at.
    pub warnings: Vec<Problem>,
    /// The digest of every file read, names and bytes: the generation of desired state.
    pub digest: String,
}

impl Loaded {
    /// Is nothing wrong, in tests neither?
    pub fn is_valid(&self) -> bool {
        self.org.is_some() && self.problems.is_empty()
    }
}

/// A document whose form has been checked.
pub(crate) struct Document {
    /// Its kind.
    pub(crate) kind: String,
    /// Its file.
    pub(crate) file: usize,
    /// Its tree.
    pub(crate) node: Node,
    /// Is its form good? What is not is only asked for names.
    pub(crate) is_sound: bool,
}

impl Document {
    /// Its name, if it has one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.node.find("/metadata/name").and_then(Node::as_str)
    }

    /// What refers to it, given its name.
    pub(crate) fn reference(&self, name: String) -> DocumentRef {
        DocumentRef { kind: self.kind.clone(), name }
    }
}

/// Loads `directory` as of the day `today` (UTC), which decides whether suspensions have ended.
///
/// An empty or missing directory is a problem, never an empty desired state: what is not written
/// is not wanted, and a mount that is not there must not mean that nothing is wanted. What documents
/// `use` comes from `guardrails`.
pub fn load(directory: &Path, today: Date, guardrails: &dyn Guardrails) -> Loaded {
    let mut report = Report::default();
    let (mut files, texts) = match read_files(directory, &mut report) {
        Ok(read) => read,
        Err(error) => {
            return Loaded {
                org: None,
                problems: vec![files::unreadable(&directory.display().to_string(), &error)],
                warnings: Vec::new(),
                digest: String::new(),
            };
        }
    };
    let documents = read_documents(&texts, &mut report);
    if documents.is_empty() && report.problems.is_empty() {
        let name = directory.display().to_string();
        report.problems.push(Problem::of_file(&name, "no documents found".to_owned()));
    }
    let org = validate::validate(&documents, &texts, &mut files, (today, guardrails), &mut report);
    let org = org.filter(|_| report.is_usable());
    report.tidy();
    let Report { mut problems, mut warnings, .. } = report;
    for list in [&mut problems, &mut warnings] {
        private::cover(list, &documents, &texts);
    }
    Loaded { org, problems, warnings, digest: files.digest() }
}

/// Reads every YAML file, and all of them again if the directory was exchanged meanwhile.
fn read_files(
    directory: &Path,
    report: &mut Report,
) -> Result<(Files, Vec<SourceText>), FileError> {
    for _ in 1..READS_MAX {
        let mut problems = Vec::new();
        let (files, texts) = read_files_once(directory, &mut problems)?;
        if files.is_current() {
            report.problems.append(&mut problems);
            return Ok((files, texts));
        }
    }
    read_files_once(directory, &mut report.problems)
}

fn read_files_once(
    directory: &Path,
    problems: &mut Vec<Problem>,
) -> Result<(Files, Vec<SourceText>), FileError> {
    let mut files = Files::open(directory)?;
    let mut texts = Vec::new();
    for name in files.names(problems) {
        match files.read(&name) {
            Ok(text) => texts.push(text),
            Err(error) => problems.push(files::unreadable(&name, &error)),
        }
    }
    Ok((files, texts))
}

fn read_documents(texts: &[SourceText], report: &mut Report) -> Vec<Document> {
    let mut documents = Vec::new();
    let templates = template_files(texts);
    for (file, text) in texts.iter().enumerate() {
        if templates.contains(&text.name) {
            continue;
        }
        if text.text.trim().is_empty() {
            let message = "is empty: half written? Delete the file if it is not needed".to_owned();
            report.problems.push(Problem::of_file(&text.name, message));
        }
        for node in node::parse(text, report) {
            if node.kind != node::NodeKind::Null {
                documents.push(read_document(file, text, node, report));
            }
        }
    }
    documents
}

/// The files that a `Baseline` names as its template: they may be called `.yaml`, and are no documents.
fn template_files(texts: &[SourceText]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in texts.iter().filter(|text| text.text.contains("templateFile")) {
        for node in node::parse(text, &mut Report::default()) {
            let path = node.find("/spec/templateFile").and_then(Node::as_str);
            let is_baseline = node.get("kind").and_then(Node::as_str) == Some("Baseline");
            let path = path.filter(|_| is_baseline);
            names.extend(path.and_then(|path| files::relative_to(&text.name, path)));
        }
    }
    names
}

fn read_document(file: usize, text: &SourceText, node: Node, report: &mut Report) -> Document {
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default().to_owned();
    let findings = private::discreet(&node, check::check(&node));
    let rest = if findings.is_empty() { None } else { salvage(&kind, &node, &findings) };
    let is_sound = findings.is_empty() || rest.is_some();
    for (span, finding) in findings {
        report.problem_in(&kind, text, span, finding);
    }
    Document { kind, file, node: rest.unwrap_or(node), is_sound }
}

/// Takes a checked document as a value. The check has seen everything serde could complain of; if
/// it has not, that is a problem like any other and not a panic.
pub(crate) fn deserialize<T: serde::de::DeserializeOwned>(
    document: &Document,
    text: &SourceText,
    report: &mut Report,
) -> Option<T> {
    match serde_json::from_value(document.node.to_json()) {
        Ok(value) => Some(value),
        Err(error) => {
            let finding = Finding::new(ProblemCode::InvalidValue, error.to_string());
            report.problem_in(&document.kind, text, document.node.span, finding);
            None
        }
    }
}
