//! CloudFormation templates: JSON or YAML with CloudFormation's own tags, and what palisade has to know of one.
//!
//! Says what is wrong with the form, and no more: what a resource may hold, AWS and cfn-lint know better.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::node::{Node, parse_template};
use crate::desired::problem::{
    Finding, ProblemCode, Report, SourceText, Span, did_you_mean, listed, shown,
};

/// Bytes of a template that is sent with the request (`TemplateBody` of `CreateStackSet`, API reference).
const BYTES_MAX: usize = 51_200;

/// Resources, and parameters, of one template ("Quotas", CloudFormation User Guide).
const RESOURCES_MAX: usize = 500;
const PARAMETERS_MAX: usize = 200;

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

/// What a template says about itself.
#[derive(Debug, Default)]
pub(crate) struct Template {
    /// Its parameters.
    pub(crate) parameters: BTreeMap<String, TemplateParameter>,
    /// What AWS wants acknowledged before it takes it.
    pub(crate) needs: Option<Needs>,
    /// Its resources, by their logical ids.
    resources: BTreeMap<String, TemplateResource>,
}

/// A resource of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateResource {
    /// Its `Type`.
    pub kind: String,
    /// Does it stay in the account when the template no longer has it (`DeletionPolicy`)?
    pub is_kept: bool,
}

/// A parameter of a template.
#[derive(Debug, Default)]
pub(crate) struct TemplateParameter {
    /// Its default, as a text.
    pub(crate) default: Option<String>,
    /// Is its value never shown again?
    pub(crate) is_secret: bool,
    /// The values that it takes, if they are listed.
    pub(crate) allowed: Option<Vec<String>>,
}

/// The capability that a template needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Needs {
    /// It makes IAM resources.
    Iam,
    /// It gives them names.
    NamedIam,
}

/// Resources of IAM that AWS wants acknowledged, and the property that gives each its name
/// ("Acknowledging IAM resources in CloudFormation templates", CloudFormation User Guide).
const IAM: &[(&str, &str)] = &[
    ("AWS::IAM::AccessKey", ""),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Policy", ""),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
    ("AWS::IAM::UserToGroupAddition", ""),
];

/// Reads a template. What is wrong with it is found at places of its own text.
pub(crate) fn read(text: &SourceText) -> (Template, Vec<(Span, Finding)>) {
    let mut reader = Reader { findings: Vec::new(), template: Template::default() };
    let mut report = Report::default();
    let nodes = parse_template(text, &mut report);
    for problem in report.problems {
        let span = text.span_of((problem.source.line, problem.source.column));
        let finding = Finding { code: problem.code, message: problem.message, help: problem.help };
        reader.findings.push((span, finding));
    }
    let size = text.text.len();
    if size > BYTES_MAX {
        let message = format!("the template has {size} bytes, and AWS takes {BYTES_MAX}");
        let finding = Finding::new(ProblemCode::OverQuota, message)
            .help("divide it into two documents, or take out what is only for readers");
        reader.findings.push((text.span_of((1, 1)), finding));
    }
    match nodes.as_slice() {
        [template] => reader.template(template),
        [] if reader.findings.is_empty() => {
            reader.wrong(text.span_of((1, 1)), "the template is empty");
        }
        [] => {}
        [_, second, ..] => reader.wrong(second.span, "a template is one document"),
    }
    (reader.template, reader.findings)
}

/// The resources of a template by their logical ids; nothing if it cannot be read.
pub fn template_resources(text: &str) -> Option<BTreeMap<String, TemplateResource>> {
    let text = SourceText { name: String::new(), text: text.to_owned() };
    let (template, _) = read(&text);
    (!template.resources.is_empty()).then_some(template.resources)
}

struct Reader {
    findings: Vec<(Span, Finding)>,
    template: Template,
}

impl Reader {
    fn wrong(&mut self, span: Span, message: impl Into<String>) {
        self.findings.push((span, Finding::new(ProblemCode::InvalidValue, message)));
    }

    fn refuse(&mut self, span: Span, message: impl Into<String>, help: &str) {
        let finding = Finding::new(ProblemCode::InvalidValue, message).help(help);
        self.findings.push((span, finding));
    }

    fn template(&mut self, template: &Node) {
        if template.entries().is_empty() {
            return self.wrong(template.span, "a template is a mapping that holds `Resources`");
        }
        for (key, _) in template.entries() {
            if !SECTIONS.contains(&key.text.as_str()) {
                let message = format!("a template has no section {}", shown(&key.text));
                let allowed = format!("it has {}", listed(SECTIONS.iter().copied()));
                let help = did_you_mean(&key.text, SECTIONS.iter().copied()).unwrap_or(allowed);
                self.findings
                    .push((key.span, Finding::new(ProblemCode::UnknownField, message).help(help)));
            }
        }
        if let Some((key, _)) = template.entry("Transform") {
            self.refuse(
                key.span,
                "a StackSet for an organization takes no macros and no transforms",
                "put the template here as it is after the transform (`CreateStackSet`, API reference)",
            );
        }
        match template.get("Resources") {
            Some(resources) if !resources.entries().is_empty() => self.resources(resources),
            Some(resources) => self.wrong(resources.span, "`Resources` names no resource"),
            None => {
                let finding =
                    Finding::new(ProblemCode::MissingField, "the template lacks `Resources`");
                self.findings.push((template.span, finding));
            }
        }
        if let Some(parameters) = template.get("Parameters") {
            self.parameters(parameters);
        }
    }

    fn resources(&mut self, resources: &Node) {
        if resources.entries().len() > RESOURCES_MAX {
            let message = format!("AWS takes {RESOURCES_MAX} resources in a template");
            self.findings.push((resources.span, Finding::new(ProblemCode::OverQuota, message)));
        }
        for (key, resource) in resources.entries() {
            if !key.text.chars().all(|c| c.is_ascii_alphanumeric()) {
                let message = format!("{} is no name of a resource", shown(&key.text));
                self.refuse(key.span, message, "use letters and digits");
            }
            let Some(kind) = resource.get("Type").and_then(Node::as_str) else {
                let message = format!("the resource {} has no `Type`", shown(&key.text));
                self.findings.push((key.span, Finding::new(ProblemCode::MissingField, message)));
                continue;
            };
            let policy = resource.get("DeletionPolicy").and_then(Node::as_str).unwrap_or_default();
            let is_kept = matches!(policy, "Retain" | "RetainExceptOnCreate");
            let kept = TemplateResource { kind: kind.to_owned(), is_kept };
            self.template.resources.insert(key.text.clone(), kept);
            if kind == "AWS::CloudFormation::Stack" {
                self.refuse(
                    resource.span,
                    "a StackSet for an organization takes no nested stacks",
                    "write a second `Baseline` document (`CreateStackSet`, API reference)",
                );
            }
            let iam = IAM.iter().find(|(name, _)| *name == kind);
            let Some((_, property)) = iam else { continue };
            let is_named = !property.is_empty()
                && resource.get("Properties").is_some_and(|it| it.get(property).is_some());
            let needs = if is_named { Needs::NamedIam } else { Needs::Iam };
            self.template.needs = self.template.needs.max(Some(needs));
        }
    }

    fn parameters(&mut self, parameters: &Node) {
        if parameters.entries().len() > PARAMETERS_MAX {
            let message = format!("AWS takes {PARAMETERS_MAX} parameters in a template");
            self.findings.push((parameters.span, Finding::new(ProblemCode::OverQuota, message)));
        }
        for (key, parameter) in parameters.entries() {
            if parameter.get("Type").and_then(Node::as_str).is_none() {
                let message = format!("the parameter {} has no `Type`", shown(&key.text));
                self.findings.push((key.span, Finding::new(ProblemCode::MissingField, message)));
            }
            let allowed = parameter.get("AllowedValues");
            let declared = TemplateParameter {
                default: parameter.get("Default").and_then(Node::as_text),
                is_secret: parameter
                    .get("NoEcho")
                    .and_then(Node::as_text)
                    .is_some_and(|text| text.eq_ignore_ascii_case("true")),
                allowed: allowed
                    .map(|allowed| allowed.items().iter().filter_map(Node::as_text).collect()),
            };
            self.template.parameters.insert(key.text.clone(), declared);
        }
    }
}

impl Template {
    /// The names of its parameters.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.parameters.keys().map(String::as_str).collect()
    }
}
