//! An explanation in words: the verdict, what decides it, and what would have to change.

use std::fmt::Write;

use crate::cli::explain::{AskedVerdict, Condition, Explanation, Place, Statement};
use crate::cli::render::paint::{Paint, inert};
use crate::compile::Enforcement;
use crate::policy::Doubt;

/// How many values of a condition are shown.
const VALUES_MAX: usize = 6;

/// The explanation for people.
pub(crate) fn explanation_text(explanation: &Explanation, paint: Paint) -> String {
    let mut text = head(explanation, paint);
    for statement in &explanation.denied_by {
        text.push_str(&statement_text(statement, "denies", paint));
    }
    if let Some(level) = &explanation.implicit_at {
        let action = inert(&explanation.call.action);
        let _ = writeln!(text, "\n  no SCP on {} allows {action}", paint.bold(&inert(level)));
    }
    if explanation.verdict == AskedVerdict::Unknown {
        for statement in &explanation.may_be_denied_by {
            text.push_str(&statement_text(statement, "may deny", paint));
        }
    }
    if let Some(stated) = &explanation.stated {
        let _ = writeln!(text, "\n  {}", inert(stated));
    }
    let advice = advice(explanation);
    if !advice.is_empty() {
        let _ = writeln!(text, "\n{}", paint.bold(advice_title(explanation)));
        for line in advice {
            let _ = writeln!(text, "  - {}", inert(&line));
        }
    }
    text
}

fn head(explanation: &Explanation, paint: Paint) -> String {
    let call = &explanation.call;
    let verdict = match explanation.verdict {
        AskedVerdict::Allowed => paint.good("allowed"),
        AskedVerdict::Denied => paint.bad("denied"),
        AskedVerdict::Unknown => paint.warn("unknown"),
    };
    let on = call.resource.as_ref().map(|on| format!(" on {}", inert(on))).unwrap_or_default();
    let mut text = format!("{verdict}  {}{on}\n", inert(&call.action));
    let _ = writeln!(text, "  by {}", inert(&call.principal));
    if let Some(role) = &explanation.taken_role {
        let _ = writeln!(
            text,
            "  taken for {}: if the role is another, say `--context aws:PrincipalArn=ARN`",
            inert(role)
        );
    }
    let account = match (&call.account, &call.account_name) {
        (Some(id), Some(name)) => format!("in account {} ({id}), ", inert(name)),
        (Some(id), None) => format!("in account {id}, "),
        (None, _) => String::new(),
    };
    let _ = writeln!(text, "  {account}asked of {}", inert(&explanation.asked));
    if explanation.verdict == AskedVerdict::Allowed {
        let why = if call.is_management {
            "no SCP binds the management account"
        } else {
            "no guardrail stands in the way"
        };
        let _ = writeln!(
            text,
            "\n  {why}; guardrails only take away, so IAM policies must still grant the call"
        );
    }
    text
}

fn statement_text(statement: &Statement, verb: &str, paint: Paint) -> String {
    let sid = statement.sid.as_ref().map(|sid| format!(" `{}`", inert(sid))).unwrap_or_default();
    let mut text = format!(
        "\n  {} {verb}: {} `{}`, statement {}{sid}\n",
        paint.bold(&inert(&statement.level)),
        statement.policy_type,
        inert(&statement.policy),
        statement.number,
    );
    let written = &statement.written;
    let document = written.document.as_deref().unwrap_or_default();
    let place = match (&written.source, written.place) {
        (Some(source), Place::Git) => format!("{source}  ({document})"),
        (Some(source), _) => {
            format!("{source}  ({document}; what AWS holds is not what is written there)")
        }
        (None, Place::Marked) => format!("made for {document}, which was not given"),
        (None, Place::Aws) => "AWS's own policy".to_owned(),
        (None, Place::Git | Place::GitDocument | Place::Foreign) => {
            "not in git: the policy is not palisade's".to_owned()
        }
    };
    let _ = writeln!(text, "    {}", inert(&place));
    match &statement.enforcement {
        None | Some(Enforcement::Enforced) => {}
        Some(Enforcement::Observed) => {
            text.push_str(
                "    `mode: observe`: palisade reports drift of it and enforces nothing\n",
            );
        }
        Some(Enforcement::Suspended { until, reason: _ }) => {
            let _ = writeln!(text, "    suspended until {until}: palisade enforces nothing");
        }
    }
    if !statement.conditions.is_empty() {
        text.push_str("    applies while\n");
        for condition in &statement.conditions {
            let _ = writeln!(text, "      {}", condition_text(condition));
        }
    }
    text
}

fn condition_text(condition: &Condition) -> String {
    let request = match &condition.request {
        Some(values) => format!("  (the request has {})", shown(values)),
        None => String::new(),
    };
    let Condition { operator, key, values, request: _ } = condition;
    format!("{} {} {}{request}", inert(operator), inert(key), shown(values))
}

fn shown(values: &[String]) -> String {
    let mut shown: Vec<String> =
        values.iter().take(VALUES_MAX).map(|value| format!("`{}`", inert(value))).collect();
    if values.len() > VALUES_MAX {
        shown.push(format!("and {} more", values.len() - VALUES_MAX));
    }
    shown.join(", ")
}

fn advice_title(explanation: &Explanation) -> &'static str {
    match (explanation.verdict, explanation.denied_by.len()) {
        (AskedVerdict::Unknown, _) => "To decide it",
        (_, 0 | 1) => "To let it through",
        (_, _) => "To let it through, every one of these statements has to",
    }
}

fn advice(explanation: &Explanation) -> Vec<String> {
    let mut advice = Vec::new();
    for statement in &explanation.denied_by {
        advice.extend(exemption(statement));
    }
    if let Some(level) = &explanation.implicit_at {
        advice.push(format!(
            "allow `{}` in an SCP that is attached to {level}: every level needs one that does",
            explanation.call.action
        ));
    }
    if explanation.verdict == AskedVerdict::Unknown {
        for key in &explanation.missing_keys {
            advice.push(match key.as_str() {
                "resource" => "say `--resource ARN`".to_owned(),
                "aws:ResourceAccount" => "say `--resource-account ACCOUNT`".to_owned(),
                "aws:PrincipalArn" if explanation.call.principal.contains(":assumed-role/") => {
                    "say `--context aws:PrincipalArn=ARN`: the ARN of a session leaves out the path of its \
                     role, which decides here"
                        .to_owned()
                }
                key => format!("say `--context {key}=VALUE`, or `--absent {key}`"),
            });
        }
        let of_part = Doubt::ResourceInPart.to_string();
        advice.extend(explanation.doubts.iter().map(|doubt| {
            if *doubt == of_part {
                format!("say `--resource ARN` of one resource: {doubt}")
            } else {
                format!("AWS does not document what happens here: {doubt}")
            }
        }));
        advice.extend(explanation.unseen.iter().cloned());
    }
    advice
}

/// Where a document names whom its policies leave alone; nothing if it cannot.
fn exemptions_of(document: &str) -> Option<&'static str> {
    match document.split('/').next()? {
        "LoggingTrail" => Some("spec.protect.except.principals"),
        "BreakGlassRole" => None,
        _ => Some("spec.except.principals"),
    }
}

/// What would make a statement let the call through.
fn exemption(statement: &Statement) -> Vec<String> {
    let named = match &statement.sid {
        Some(sid) => format!("`{}` ({sid})", statement.policy),
        None => format!("statement {} of `{}`", statement.number, statement.policy),
    };
    let mut ways = Vec::new();
    let written = &statement.written;
    let field = written.document.as_deref().and_then(exemptions_of);
    match (written.place, &written.document, statement.exemption.as_ref().zip(field)) {
        (Place::Git | Place::GitDocument, Some(document), Some((pattern, field))) => {
            ways.push(format!(
                "{named}: exempt the principal, with `{pattern}` in `{field}` of {document}"
            ));
        }
        (Place::Git | Place::GitDocument | Place::Marked, Some(document), _) => {
            ways.push(format!("{named}: change {document}"));
        }
        (_, _, _) => ways.push(format!("{named}: ask whoever owns the policy, it is not in git")),
    }
    // That another principal would do is said above, and nobody but AWS begins a central root session.
    let is_of_principal = |key: &str| {
        ["aws:PrincipalArn", "aws:AssumedRoot"].iter().any(|it| key.eq_ignore_ascii_case(it))
    };
    let others = statement.conditions.iter().filter(|condition| !is_of_principal(&condition.key));
    let keys: Vec<String> = others.map(|condition| format!("`{}`", condition.key)).collect();
    if !keys.is_empty() {
        ways.push(format!(
            "{named}: or send a request for which one of its conditions does not hold: {}",
            keys.join(", ")
        ));
    }
    ways
}
