//! The answer with everything that explains it. Data only; `render` words it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::explain::message::{Stated, StatedEffect};
use crate::cli::explain::question::Question;
use crate::cli::guardrails::Guardrails;
use crate::compile::{Enforcement, Source};
use crate::effective::{Answer, Bindings, Effective, Origin};
use crate::org::DocumentRef;
use crate::policy;
use crate::policy::{
    AttachedPolicy, ControlType, Denial, Document, Hierarchy, Level, StatementRef, Truth,
};

/// An answer, explained.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    /// Whose guardrails were asked.
    pub(crate) asked: String,
    /// The call.
    pub(crate) call: Call,
    /// What becomes of it.
    pub(crate) verdict: AskedVerdict,
    /// The level that allows nothing, when no Deny applies and the call is denied.
    pub(crate) implicit_at: Option<String>,
    /// Every Deny that applies, root first, SCPs before RCPs: the first one is what AWS names, and
    /// each has to let the call through.
    pub(crate) denied_by: Vec<Statement>,
    /// Every Deny that may apply.
    pub(crate) may_be_denied_by: Vec<Statement>,
    /// The condition keys that would decide.
    pub(crate) missing_keys: Vec<String>,
    /// Questions that AWS's pages leave open.
    pub(crate) doubts: Vec<String>,
    /// What is not known of the policies.
    pub(crate) unseen: Vec<String>,
    /// What AWS said, where that and the verdict differ.
    pub(crate) stated: Option<String>,
    /// The role that a session is taken to be of.
    pub(crate) taken_role: Option<String>,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AskedVerdict {
    /// No guardrail stands in the way.
    Allowed,
    /// A guardrail forbids it.
    Denied,
    /// It depends.
    Unknown,
}

/// The call that was asked about.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    /// Who.
    pub(crate) principal: String,
    /// What.
    pub(crate) action: String,
    /// On what.
    pub(crate) resource: Option<String>,
    /// In which account.
    pub(crate) account: Option<String>,
    /// Its name in desired state.
    pub(crate) account_name: Option<String>,
    /// Whose resource it is.
    pub(crate) resource_account: Option<String>,
    /// Is the principal in the management account, which no SCP binds?
    pub(crate) is_management: bool,
}

/// A statement that has a say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statement {
    /// SCP or RCP.
    pub(crate) policy_type: &'static str,
    /// Where the policy is attached.
    pub(crate) level: String,
    /// The policy.
    pub(crate) policy: String,
    /// The Sid.
    pub(crate) sid: Option<String>,
    /// Its place in the policy, from 1.
    pub(crate) number: usize,
    /// Where it is written.
    pub(crate) written: Written,
    /// How palisade enforces the document, when it does not.
    pub(crate) enforcement: Option<Enforcement>,
    /// Its conditions: it applies only while all of them hold.
    pub(crate) conditions: Vec<Condition>,
    /// The smallest pattern of principals that lets the call through when it stands in `except.principals`;
    /// nothing if there is none.
    pub(crate) exemption: Option<String>,
}

/// Where a statement is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Written {
    /// The kind of place.
    pub(crate) place: Place,
    /// The document, `kind/name`, if palisade knows one.
    pub(crate) document: Option<String>,
    /// The file and the line.
    pub(crate) source: Option<Source>,
}

/// Kinds of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Place {
    /// In git, and this is the statement.
    Git,
    /// In a document of git that does not say the same, or not in the same order.
    GitDocument,
    /// The mark names a document that was not given.
    Marked,
    /// Not palisade's.
    Foreign,
    /// AWS's own.
    Aws,
}

/// One operator on one key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Condition {
    /// The operator.
    pub(crate) operator: String,
    /// The key.
    pub(crate) key: String,
    /// What the policy compares with.
    pub(crate) values: Vec<String>,
    /// What the request has, where that is known.
    pub(crate) request: Option<Vec<String>>,
}

impl Explanation {
    /// Explains the answer of `guardrails` to `question`.
    pub(crate) fn of(question: &Question, guardrails: &Guardrails) -> Self {
        let effective = &guardrails.effective;
        let request = &question.request;
        let bindings = effective.bindings(request.principal_account(), request.resource_account());
        let mut explanation = Self {
            asked: guardrails.place.clone(),
            call: Call::of(question, effective, &bindings),
            verdict: AskedVerdict::Allowed,
            implicit_at: None,
            denied_by: Vec::new(),
            may_be_denied_by: Vec::new(),
            missing_keys: Vec::new(),
            doubts: Vec::new(),
            unseen: Vec::new(),
            stated: None,
            taken_role: question.taken_role.clone(),
        };
        explanation.take(bindings.decide(request));
        for hit in bindings.hierarchy.hits(request).into_iter().filter(|hit| hit.is_deny) {
            let statement = Statement::of(hit.statement, question, guardrails);
            match hit.truth {
                Truth::True => explanation.denied_by.push(statement),
                Truth::Unknown => explanation.may_be_denied_by.push(statement),
                Truth::False => {}
            }
        }
        explanation.stated = stated(question, &explanation, effective);
        let is_stated = question.stated.as_ref().is_some_and(Stated::is_guardrail);
        // AWS refused it: what is not seen here denied it all the same.
        if is_stated && explanation.verdict == AskedVerdict::Allowed {
            explanation.verdict = AskedVerdict::Denied;
        }
        explanation
    }

    fn take(&mut self, answer: Answer<'_>) {
        match answer {
            Answer::Allowed => {}
            Answer::Denied(denial) => {
                self.verdict = AskedVerdict::Denied;
                if let Denial::Implicit { level } = denial {
                    self.implicit_at = Some(level.to_owned());
                }
            }
            Answer::Unknown { missing, unseen } => {
                self.verdict = AskedVerdict::Unknown;
                self.missing_keys = missing.keys.into_iter().collect();
                self.doubts = missing.doubts.iter().map(ToString::to_string).collect();
                self.unseen = unseen.iter().map(|unseen| unseen.reason.clone()).collect();
            }
        }
    }
}

/// What AWS said, if the verdict does not say the same.
fn stated(question: &Question, explanation: &Explanation, effective: &Effective) -> Option<String> {
    let stated = question.stated.as_ref()?;
    let kind = &stated.policy_kind;
    if !stated.is_guardrail() {
        return Some(format!(
            "AWS says that it was the {kind}: that is no guardrail, look at the principal and the \
             resource"
        ));
    }
    let named = stated.policy_id().map(|id| {
        let found = id.parse().ok().and_then(|id| effective.find_by_id(&id));
        let name = found.and_then(|index| effective.policy_name(index));
        name.map_or_else(|| format!("`{id}`"), |name| format!("`{name}` ({id})"))
    });
    let is_here = match stated.effect {
        StatedEffect::Denies => {
            let same = |by: &Statement| stated.is_of(by.policy_type);
            explanation.denied_by.iter().any(same)
        }
        StatedEffect::AllowsNothing => explanation.implicit_at.is_some(),
    };
    match (explanation.verdict, named) {
        (AskedVerdict::Denied, None) if is_here => None,
        (AskedVerdict::Denied, Some(named)) if is_here => Some(format!("AWS names {named}")),
        (AskedVerdict::Allowed | AskedVerdict::Denied, named) => {
            let named = named.map(|named| format!(", {named},")).unwrap_or_default();
            let did = match stated.effect {
                StatedEffect::Denies => format!("a {kind}{named} denied it"),
                StatedEffect::AllowsNothing => format!("no {kind} allowed it"),
            };
            Some(format!(
                "AWS says that {did}, and here that is not so: the organization differs from what \
                 was asked (try `--live`), or it has changed since"
            ))
        }
        (AskedVerdict::Unknown, named) => {
            let named = named.map(|named| format!(", {named}")).unwrap_or_default();
            Some(format!("AWS says that a {kind}{named} stood in the way"))
        }
    }
}

impl Call {
    fn of(question: &Question, effective: &Effective, bindings: &Bindings) -> Self {
        let account = question.account.clone();
        let id = account.as_deref().and_then(|account| account.parse().ok());
        let principal_account = question.request.principal_account();
        Self {
            principal: question.principal.clone(),
            action: question.action.clone(),
            resource: question.resource.clone(),
            account_name: id.as_ref().and_then(|id| effective.account_name(id)).map(str::to_owned),
            account,
            resource_account: question.request.resource_account().map(str::to_owned),
            is_management: principal_account.is_some()
                && principal_account == bindings.hierarchy.management_account.as_deref(),
        }
    }
}

impl Statement {
    fn of(statement: StatementRef<'_>, question: &Question, guardrails: &Guardrails) -> Self {
        let effective = &guardrails.effective;
        let origin = effective.origin(&statement).unwrap_or(Origin::Foreign);
        let text = effective.statement(&statement).unwrap_or_default();
        Self {
            policy_type: statement.policy_type.into(),
            level: statement.level.to_owned(),
            policy: statement.policy.to_owned(),
            sid: statement.sid.map(str::to_owned),
            number: statement.statement + 1,
            enforcement: origin
                .document()
                .and_then(|document| guardrails.documents.get(document))
                .map(|document| document.enforcement.clone())
                .filter(|enforcement| *enforcement != Enforcement::Enforced),
            written: Written::of(origin),
            conditions: conditions(&text, question),
            exemption: exemption(&text, &statement, question),
        }
    }
}

/// The pattern that exempts the caller, if that lets the call through: the statement is asked again with it.
fn exemption(statement: &Value, place: &StatementRef<'_>, question: &Question) -> Option<String> {
    let pattern = (*question.request.values("aws:PrincipalArn").first()?).to_owned();
    let document = json!({"Version": "2012-10-17", "Statement": [statement]});
    let exempting = policy::with_exceptions(&document, std::slice::from_ref(&pattern));
    let document = Document::read(&exempting).ok()?;
    let policies = vec![AttachedPolicy { name: String::new(), document: Arc::new(document) }];
    let levels = vec![Level { name: String::new(), policies }];
    let hierarchy = match place.policy_type {
        ControlType::ServiceControl => {
            Hierarchy { service_control: levels, ..Hierarchy::default() }
        }
        ControlType::ResourceControl => {
            Hierarchy { resource_control: levels, ..Hierarchy::default() }
        }
    };
    hierarchy.hits(&question.request).iter().all(|hit| !hit.is_deny).then_some(pattern)
}

fn conditions(statement: &Value, question: &Question) -> Vec<Condition> {
    let operators = statement.get("Condition").and_then(Value::as_object);
    let mut conditions = Vec::new();
    for (operator, keys) in operators.into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let values = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
            let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
            let given = question.request.values(key);
            conditions.push(Condition {
                operator: operator.clone(),
                key: key.clone(),
                values: values.iter().map(text).collect(),
                request: (!given.is_empty())
                    .then(|| given.into_iter().map(str::to_owned).collect()),
            });
        }
    }
    conditions
}

impl Written {
    fn of(origin: Origin<'_>) -> Self {
        let named = |place, document: &DocumentRef, source: Option<&Source>| Self {
            place,
            document: Some(document.to_string()),
            source: source.cloned(),
        };
        match origin {
            Origin::Statement { document, source } => named(Place::Git, document, Some(source)),
            Origin::Document { document, source } => {
                named(Place::GitDocument, document, Some(source))
            }
            Origin::Marked(document) => named(Place::Marked, document, None),
            Origin::Foreign => Self { place: Place::Foreign, document: None, source: None },
            Origin::Aws => Self { place: Place::Aws, document: None, source: None },
        }
    }
}
