//! What single policies make of calls that must work. Reads each document once and asks each question
//! once: accounts that a document cannot tell apart share the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use crate::org::{AccountId, TargetId};
use crate::plan::lockout::probe::Call;
use crate::plan::lockout::session::Fact;
use crate::plan::view::View;
use crate::policy::{
    AttachedPolicy, ControlType, Denial, Document, Hierarchy, Level, Missing, Request, Truth,
    Verdict,
};

/// Rounds of asking for keys. A policy that is answered all it asks for asks for others only when a
/// condition before them holds; no real one has as many layers.
const ROUNDS_MAX: usize = 16;

/// What a policy does to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It does not stand in the way.
    Free,
    /// This statement denies it.
    Denied(Culprit),
    /// This statement may deny it.
    Unknown(Culprit, Missing),
    /// What the policy says is not known.
    Unreadable(String),
}

/// A statement of the policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Culprit {
    /// Its place in the document, from 0.
    pub(super) statement: usize,
    pub(super) sid: Option<String>,
}

/// A document, read.
struct Reading {
    denying: Hierarchy,
    allowing: Hierarchy,
    /// Account ids in it: only these accounts can be told from the others.
    mentioned: BTreeSet<AccountId>,
    /// Can it tell accounts apart in other ways?
    is_particular: bool,
    has_denies: bool,
}

/// Remembers what was read and answered.
pub(super) struct Judge<'a> {
    calls: &'a [Call],
    management_account: String,
    texts: BTreeMap<(ControlType, Result<String, String>), Said>,
    readings: Vec<Result<Reading, String>>,
    organization_paths: &'a dyn Fn(&AccountId) -> Option<String>,
    allow_all: Arc<Document>,
    requests: BTreeMap<(usize, AccountId), Option<Request>>,
    judged: BTreeMap<(usize, Said, Question, Option<AccountId>), Judgement>,
}

/// The text of a policy of some type: the same text is the same wherever it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Said(usize);

/// What is asked of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Denies,
    Allows,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        calls: &'a [Call],
        management_account: &AccountId,
        organization_paths: &'a dyn Fn(&AccountId) -> Option<String>,
    ) -> Self {
        let all = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        Self {
            calls,
            texts: BTreeMap::new(),
            readings: Vec::new(),
            management_account: management_account.to_string(),
            organization_paths,
            // It is readable; were it not, what a level allows is not asked of it.
            allow_all: Arc::new(Document::read(&all).unwrap_or_default()),
            requests: BTreeMap::new(),
            judged: BTreeMap::new(),
        }
    }

    /// Reads a policy's text, or notes why it is not known.
    pub(super) fn read(&mut self, policy_type: ControlType, text: Result<String, String>) -> Said {
        let key = (policy_type, text);
        if let Some(said) = self.texts.get(&key) {
            return *said;
        }
        let reading = key.1.as_ref().map_err(Clone::clone).and_then(|text| {
            let value = serde_json::from_str(text).map_err(|_| "it is not JSON".to_owned())?;
            let document = Document::read(&value);
            let document = document.map_err(|_| "it is not understood".to_owned())?;
            Ok(read(policy_type, document, text, &self.management_account, &self.allow_all))
        });
        let said = Said(self.readings.len());
        self.readings.push(reading);
        self.texts.insert(key, said);
        said
    }

    /// What a policy does to the call at `call` when `account` is looked at.
    pub(super) fn judge(&mut self, call: usize, said: Said, account: &AccountId) -> Judgement {
        self.answer(call, said, Question::Denies, account)
    }

    /// Does a policy allow the call?
    pub(super) fn allows(&mut self, call: usize, said: Said, account: &AccountId) -> bool {
        self.answer(call, said, Question::Allows, account) == Judgement::Free
    }

    /// The accounts that a policy may tell from all others; nothing if that may be any.
    pub(super) fn told_apart(&self, said: Said) -> Option<BTreeSet<AccountId>> {
        match &self.readings[said.0] {
            Ok(reading) => (!reading.is_particular).then(|| reading.mentioned.clone()),
            Err(_) => Some(BTreeSet::new()),
        }
    }

    /// Does a policy deny anything, or might it?
    pub(super) fn may_deny(&self, said: Said) -> bool {
        self.readings[said.0].as_ref().map_or(true, |reading| reading.has_denies)
    }

    fn answer(
        &mut self,
        call: usize,
        said: Said,
        question: Question,
        account: &AccountId,
    ) -> Judgement {
        // A policy can compare the principal's account with the resource's.
        let is_own = self.calls[call].fixed_account().as_ref() == Some(account);
        let class = match &self.readings[said.0] {
            Ok(reading)
                if is_own || reading.is_particular || reading.mentioned.contains(account) =>
            {
                Some(account.clone())
            }
            Ok(_) => None,
            Err(why) => return Judgement::Unreadable(why.clone()),
        };
        let key = (call, said, question, class);
        if let Some(judgement) = self.judged.get(&key) {
            return judgement.clone();
        }
        let judgement = self.ask(call, said, question, account);
        self.judged.insert(key, judgement.clone());
        judgement
    }

    fn ask(&mut self, at: usize, said: Said, question: Question, account: &AccountId) -> Judgement {
        let call = &self.calls[at];
        let key = (at, account.clone());
        let known = self.requests.remove(&key);
        let request = known.unwrap_or_else(|| self.request(call, account));
        // A principal that is none was refused when it was read.
        let Some(mut request) = request else { return Judgement::Free };
        let Ok(reading) = &self.readings[said.0] else { return Judgement::Free };
        let hierarchy = match question {
            Question::Denies => &reading.denying,
            Question::Allows => &reading.allowing,
        };
        let judgement = judgement(hierarchy, call, &mut request);
        self.requests.insert(key, Some(request));
        judgement
    }

    fn request(&self, call: &Call, account: &AccountId) -> Option<Request> {
        let resource = call.resource(account);
        let mut request =
            call.on(Request::new(&call.principal(account), &call.action).ok()?, account);
        if resource.split(':').nth(4).is_none_or(str::is_empty) {
            request = request.in_account(account.as_str());
        }
        let paths = (self.organization_paths)(account);
        for key in ["aws:PrincipalOrgPaths", "aws:ResourceOrgPaths"] {
            if let Some(paths) = paths.as_ref().filter(|_| call.is_local()) {
                request = request.with(key, [paths.as_str()]);
            }
        }
        let (given, absent) = call.session.given();
        for (key, values) in given {
            request = request.with(key, values.iter().map(String::as_str));
        }
        Some(absent.iter().fold(request, |request, key| request.without(key)))
    }
}

/// Does a policy of this text leave a call alone?
pub(super) fn is_free(
    view: &View<'_>,
    policy_type: ControlType,
    text: String,
    call: &Call,
    account: &AccountId,
) -> bool {
    let paths = |account: &AccountId| organization_path(view, account);
    let calls = [call.clone()];
    let mut judge = Judge::new(&calls, &view.resources.management_account, &paths);
    let said = judge.read(policy_type, Ok(text));
    judge.judge(0, said, account) == Judgement::Free
}

/// Where an account lies, as `aws:PrincipalOrgPaths` says it.
pub(super) fn organization_path(view: &View<'_>, account: &AccountId) -> Option<String> {
    let lineage = view.tree.lineage(&TargetId::Account(account.clone()));
    let ids: Vec<&str> = lineage.iter().skip(1).rev().map(TargetId::as_str).collect();
    (!ids.is_empty()).then(|| format!("{}/{}/", view.resources.organization_id, ids.join("/")))
}

fn read(
    policy_type: ControlType,
    document: Document,
    text: &str,
    management_account: &str,
    allow_all: &Arc<Document>,
) -> Reading {
    let attached = |document: Arc<Document>| AttachedPolicy { name: String::new(), document };
    let level = |policies| vec![Level { name: String::new(), policies }];
    let empty = || Hierarchy {
        management_account: Some(management_account.to_owned()),
        ..Hierarchy::default()
    };
    let allowing = Arc::new(document.allows_only());
    let has_denies = document.has_denies();
    let document = Arc::new(document);
    let (mut denying, mut allows) = (empty(), empty());
    match policy_type {
        ControlType::ServiceControl => {
            denying.service_control =
                level(vec![attached(Arc::clone(allow_all)), attached(document)]);
            allows.service_control = level(vec![attached(allowing)]);
        }
        ControlType::ResourceControl => denying.resource_control = level(vec![attached(document)]),
    }
    let (mentioned, is_particular) = accounts_in(text);
    Reading { denying, allowing: allows, mentioned, is_particular, has_denies }
}

fn judgement(hierarchy: &Hierarchy, call: &Call, request: &mut Request) -> Judgement {
    for _ in 0..ROUNDS_MAX {
        let missing = match hierarchy.decide(request) {
            Verdict::Allowed => return Judgement::Free,
            Verdict::Denied(Denial::Explicit(by)) => {
                let sid = by.sid.map(str::to_owned);
                return Judgement::Denied(Culprit { statement: by.statement, sid });
            }
            Verdict::Denied(Denial::Implicit { .. }) => {
                return Judgement::Denied(Culprit { statement: 0, sid: None });
            }
            Verdict::Unknown(missing) => missing,
        };
        let facts: Vec<(&String, Fact)> =
            missing.keys.iter().filter_map(|key| Some((key, call.session.fact(key)?))).collect();
        if facts.is_empty() {
            if !call.session.fails_without(&missing) {
                return Judgement::Free;
            }
            return Judgement::Unknown(suspect(hierarchy, request), missing);
        }
        for (key, fact) in facts {
            let known = request.clone();
            *request = match fact {
                Fact::Absent => known.without(key),
                Fact::Value(value) => known.with(key, [value]),
            };
        }
    }
    Judgement::Unknown(suspect(hierarchy, request), Missing::default())
}

/// The first statement whose condition is not known to hold.
fn suspect(hierarchy: &Hierarchy, request: &Request) -> Culprit {
    let hits = hierarchy.hits(request);
    let found = hits.iter().find(|hit| hit.is_deny && hit.truth == Truth::Unknown);
    let by = found.map(|hit| hit.statement);
    Culprit {
        statement: by.map_or(0, |by| by.statement),
        sid: by.and_then(|by| by.sid).map(str::to_owned),
    }
}

/// The account ids in a document, and whether it may tell accounts apart in another way: by a part of
/// the id, or by where they lie.
fn accounts_in(text: &str) -> (BTreeSet<AccountId>, bool) {
    let bytes = text.as_bytes();
    let is_wild = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| b"*?".contains(byte))
    };
    let mut mentioned = BTreeSet::new();
    let mut is_particular = text.to_ascii_lowercase().contains("orgpaths");
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let before = at.checked_sub(1);
        let begins_segment =
            before.and_then(|at| bytes.get(at)).is_some_and(|byte| b":\"*?".contains(byte));
        is_particular |= begins_segment && (is_wild(before) || is_wild(Some(at + length)));
        mentioned.extend(text[at..at + length].parse());
        at += length;
    }
    (mentioned, is_particular)
}

#[cfg(test)]
mod tests {
    use super::accounts_in;

    #[test]
    fn accounts_that_a_document_cannot_tell_apart_share_an_answer() {
        for (text, mentioned, is_particular) in [
            (r#""arn:aws:iam::*:role/A""#, 0, false),
            (r#""arn:aws:iam::222222222222:role/A", "2012-10-17""#, 1, false),
            (r#""arn:aws:iam::2222*:role/A""#, 0, true),
            (r#""arn:aws:iam::?22222222222:role/A""#, 0, true),
            (r#""arn:aws:s3:::logs-1*", "t3.*""#, 0, false),
            (r#"{"aws:PrincipalOrgPaths": "o-1/r-1/"}"#, 0, true),
        ] {
            let (accounts, particular) = accounts_in(text);
            assert_eq!((accounts.len(), particular), (mentioned, is_particular), "{text}");
        }
    }
}
