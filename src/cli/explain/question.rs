//! The question: who does what where, from flags or from a message.

use anyhow::Context;

use crate::cli::args::ExplainArgs;
use crate::cli::explain::message::{self, Stated};
use crate::cli::explain::role::{PRINCIPAL_ARN, is_path_decisive, role_of_session};
use crate::cli::sources;
use crate::effective::Effective;
use crate::policy::Request;
use crate::reference;
use crate::replay::calls_in;

/// A question that is complete.
#[derive(Debug)]
pub(crate) struct Question {
    /// The principal's ARN, a service, or `*`.
    pub(crate) principal: String,
    /// The action.
    pub(crate) action: String,
    /// The resource, if one was given.
    pub(crate) resource: Option<String>,
    /// The account that is asked about.
    pub(crate) account: Option<String>,
    /// All of it, with its condition keys, for the engine.
    pub(crate) request: Request,
    /// What AWS said stood in the way.
    pub(crate) stated: Option<Stated>,
    /// The ARN of the role that a session is taken to be of: a session does not say its role's path.
    pub(crate) taken_role: Option<String>,
}

impl Question {
    /// The question that the flags ask; names are those of `effective`.
    pub(crate) fn read(args: &ExplainArgs, effective: &Effective) -> anyhow::Result<Self> {
        let account = match &args.account {
            Some(name) => Some(account_id(name, effective)?),
            None => None,
        };
        let mut question = match &args.event {
            Some(event) => Self::of_event(&sources::text_or_file(event)?, effective)?,
            None => Self::of_words(args, account.as_deref())?,
        };
        if let Some(name) = &args.resource_account {
            question.request = question.request.in_account(&account_id(name, effective)?);
        }
        let account = account.or_else(|| question.request.principal_account().map(str::to_owned));
        // Most calls stay inside one account.
        if let (None, Some(account)) = (question.request.resource_account(), &account) {
            question.request = question.request.in_account(account);
        }
        question.account = account;
        question.add_keys(args)?;
        question.request = effective.with_organization(question.request);
        question.take_role(effective);
        Ok(question)
    }

    /// The call that an event is about: one that was refused, if there are several.
    fn of_event(text: &str, effective: &Effective) -> anyhow::Result<Self> {
        let mut calls = calls_in(text, effective);
        let at = calls.iter().position(|call| call.refused).unwrap_or(0);
        anyhow::ensure!(
            at < calls.len(),
            "there is no CloudTrail event of a call in what was given"
        );
        let call = calls.swap_remove(at);
        let request = call.requests.into_iter().next().context("the call has no request")?;
        Ok(Self {
            principal: call.principal,
            action: call.action,
            resource: call.resource,
            account: None,
            request,
            stated: None,
            taken_role: None,
        })
    }

    /// What flags and a message say.
    fn of_words(args: &ExplainArgs, account: Option<&str>) -> anyhow::Result<Self> {
        let message = match &args.message {
            Some(text) => Some(message::read(&sources::text_or_file(text)?)?),
            None => None,
        };
        let (said_principal, said_action, said_resource, stated) = match message {
            Some(message) => {
                (Some(message.principal), Some(message.action), message.resource, message.stated)
            }
            None => (None, None, None, None),
        };
        let principal = args.principal.clone().or(said_principal);
        let principal = principal.context("who? Say `--principal`, `--event` or `--message`")?;
        let principal = whole_arn(&principal, account)?;
        let action = args.action.clone().or(said_action);
        let action = action.context("what? Say `--action`, `--event` or `--message`")?;
        let resource = args.resource.clone().or(said_resource);
        let mut request = Request::new(&principal, &action)?;
        if let Some(resource) = &resource {
            request = reference::on(request, resource);
        }
        Ok(Self { principal, action, resource, account: None, request, stated, taken_role: None })
    }

    /// Who asks by hand has seldom more than the session's ARN, and few roles have a path: without an
    /// assumption every exemption would make the answer unknown. The answer says what was assumed.
    ///
    /// Where another path of the role would change the answer nothing is assumed, and it is unknown.
    fn take_role(&mut self, effective: &Effective) {
        if self.request.tells(PRINCIPAL_ARN) {
            return;
        }
        let Some(role) = role_of_session(&self.principal) else { return };
        let taken = self.request.clone().with(PRINCIPAL_ARN, [role.as_str()]);
        let bindings = effective.bindings(taken.principal_account(), taken.resource_account());
        if is_path_decisive(&self.principal, &taken, &bindings, effective) {
            return;
        }
        self.request = taken;
        self.taken_role = Some(role);
    }

    /// Adds what is said of condition keys, over what follows from the call.
    fn add_keys(&mut self, args: &ExplainArgs) -> anyhow::Result<()> {
        let context = grouped(&args.context);
        let mut request = self.request.clone();
        for (key, values) in &context {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            request = request.told(key, &values)?;
        }
        for key in &args.absent {
            let is_both = context.iter().any(|(known, _)| known.eq_ignore_ascii_case(key));
            anyhow::ensure!(!is_both, "`{key}` is in `--context` and in `--absent`");
            request = request.told(key, &[])?;
        }
        self.request = request;
        Ok(())
    }
}

/// An account by its name or id.
fn account_id(name: &str, effective: &Effective) -> anyhow::Result<String> {
    let id = effective.account(name).with_context(|| {
        let meant = effective.account_names().min_by_key(|known| strsim::levenshtein(known, name));
        let meant = meant.map(|known| format!(" (did you mean `{known}`?)")).unwrap_or_default();
        format!(
            "no account is called `{name}`{meant}: write its id, or a name from `accounts` of the \
             `Organization` document"
        )
    })?;
    Ok(id.to_string())
}

/// `role/dev` in an account is short for its ARN.
fn whole_arn(principal: &str, account: Option<&str>) -> anyhow::Result<String> {
    let is_short = ["role/", "user/", "root"].iter().any(|start| principal.starts_with(start));
    match account {
        _ if !is_short => Ok(principal.to_owned()),
        Some(account) => Ok(format!("arn:aws:iam::{account}:{principal}")),
        None => anyhow::bail!("`{principal}` of which account? Say `--account`"),
    }
}

/// `--context` may name a key several times: it then has several values.
fn grouped(context: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let mut grouped: Vec<(String, Vec<String>)> = Vec::new();
    for (key, value) in context {
        match grouped.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((_, values)) => values.push(value.clone()),
            None => grouped.push((key.clone(), vec![value.clone()])),
        }
    }
    grouped
}
