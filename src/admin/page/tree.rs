//! The organization: every OU with its accounts, the guardrails that lie on each, and what differs there.

use std::collections::{BTreeMap, BTreeSet};

use super::attention;
use super::html::{Html, Look, anchor, counted};
use super::words::force;
use crate::org::DocumentRef;
use crate::status::{AccountReport, Force, GuardrailHere, Here, Report, TreeReport, UnitReport};

/// Accounts of one OU from which on their list is closed at first.
const ACCOUNTS_OPEN_MAX: usize = 12;

/// Units by the path they lie in, and accounts by that of their OU.
struct Nodes<'a> {
    units: BTreeMap<&'a str, Vec<&'a UnitReport>>,
    accounts: BTreeMap<&'a str, Vec<&'a AccountReport>>,
}

/// What is below a node.
#[derive(Debug, Clone, Copy, Default)]
struct Below {
    accounts: usize,
    differing: usize,
}

pub(super) fn section(html: &mut Html, report: &Report) {
    html.markup("<section id=\"organization\" data-part aria-labelledby=\"organization-title\">");
    html.markup("<h2 id=\"organization-title\">Organization</h2>");
    match &report.tree {
        None => html.markup("<p class=\"nothing\">The tree could not be read.</p>"),
        Some(tree) => {
            html.markup(
                "<p class=\"quiet\">What lies on an OU is in force in everything below it.</p>",
            );
            let nodes = Nodes::of(tree);
            html.markup("<ul class=\"tree\">");
            for root in tree.units.iter().filter(|unit| unit.path == "/") {
                unit(html, &nodes, root, 0);
            }
            html.markup("</ul>");
        }
    }
    html.markup("</section>");
}

impl<'a> Nodes<'a> {
    fn of(tree: &'a TreeReport) -> Self {
        let mut nodes = Self { units: BTreeMap::new(), accounts: BTreeMap::new() };
        for unit in tree.units.iter().filter(|unit| unit.path != "/") {
            nodes.units.entry(above(&unit.path)).or_default().push(unit);
        }
        for account in &tree.accounts {
            nodes.accounts.entry(&account.unit).or_default().push(account);
        }
        for accounts in nodes.accounts.values_mut() {
            accounts.sort_by_key(|account| (account.name.is_none(), &account.name, &account.id));
        }
        nodes
    }

    fn units_in(&self, path: &str) -> &[&'a UnitReport] {
        self.units.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    fn accounts_in(&self, path: &str) -> &[&'a AccountReport] {
        self.accounts.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is in and below `path`. An OU is at most five deep; the bound is for what AWS never answers.
    fn below(&self, path: &str, depth: usize) -> Below {
        let mut below = Below::default();
        for account in self.accounts_in(path) {
            below.accounts += 1;
            below.differing += usize::from(!account.here.differing.is_empty());
        }
        for unit in self.units_in(path).iter().filter(|_| depth < DEPTH_MAX) {
            let deeper = self.below(&unit.path, depth + 1);
            below.accounts += deeper.accounts;
            below.differing += deeper.differing + usize::from(!unit.here.differing.is_empty());
        }
        below
    }
}

/// OUs below OUs that are followed. AWS allows 5.
const DEPTH_MAX: usize = 10;

/// The path of what `path` lies in.
fn above(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((above, _)) => above,
    }
}

fn unit(html: &mut Html, nodes: &Nodes<'_>, unit: &UnitReport, depth: usize) {
    let UnitReport { path, id, declared, here } = unit;
    let below = nodes.below(path, depth);
    let is_open = depth < 2 || below.differing > 0 || !here.differing.is_empty();
    let id_of_element = anchor("ou", path);
    html.markup("<li>");
    let attributes = [("id", id_of_element.as_str()), ("data-find", path.as_str()), ("open", "")];
    html.open("details", if is_open { &attributes } else { &attributes[..2] });
    html.markup("<summary><span class=\"row\">");
    let name = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("Root");
    html.element("b", &[], name);
    if let Some(id) = id.as_deref().filter(|id| *id != name) {
        html.element("small", &[], &format!(" {id}"));
    }
    chips(html, here, below);
    if id.is_none() {
        html.element("span", &[("class", "quiet")], " to be created");
    } else if !declared {
        html.element("span", &[("class", "quiet")], " in no document");
    }
    html.markup("</span></summary>");
    contents(html, here);
    accounts(html, nodes.accounts_in(path), path);
    let units = nodes.units_in(path);
    if !units.is_empty() && depth < DEPTH_MAX {
        html.markup("<ul>");
        for below in units {
            self::unit(html, nodes, below, depth + 1);
        }
        html.markup("</ul>");
    }
    html.markup("</details></li>");
}

fn chips(html: &mut Html, here: &Here, below: Below) {
    let worst = worst(&here.guardrails);
    if !here.guardrails.is_empty() {
        html.text(" ");
        html.state(worst, &counted(here.guardrails.len(), "guardrail"));
    }
    html.element(
        "span",
        &[("class", "quiet")],
        &format!(" {}", counted(below.accounts, "account")),
    );
    if !here.differing.is_empty() {
        html.text(" ");
        html.state(Look::Wait, "differs here");
    }
    if below.differing > 0 {
        html.text(" ");
        html.state(Look::Wait, &format!("{} below", below.differing));
    }
}

fn worst(guardrails: &[GuardrailHere]) -> Look {
    guardrails.iter().map(|each| force(each.force).0).max().unwrap_or(Look::Quiet)
}

/// What lies on a node itself.
fn contents(html: &mut Html, here: &Here) {
    let Here { guardrails, others, differing } = here;
    if !guardrails.is_empty() {
        html.markup("<ul class=\"chips\" aria-label=\"Guardrails on it\">");
        for GuardrailHere { document, force: at } in guardrails {
            let (look, word) = force(*at);
            html.markup("<li>");
            let link = format!("#{}", anchor(&document.kind, &document.name));
            html.open("a", &[("href", &link)]);
            html.state(look, &document.name);
            html.element(
                "span",
                &[("class", if look == Look::Good { "hidden" } else { "quiet" })],
                &format!(" {word}"),
            );
            html.markup("</a></li>");
        }
        html.markup("</ul>");
    }
    if *others > 0 {
        let text = format!(
            "{} of others, left alone",
            counted(*others, "policy").replace("policys", "policies")
        );
        html.element("p", &[("class", "quiet")], &text);
    }
    let shown = |document: &DocumentRef| {
        let mut guardrails = guardrails.iter().filter(|each| each.document == *document);
        guardrails.any(|each| each.force != Force::InForce)
    };
    let rest: BTreeSet<DocumentRef> =
        differing.iter().filter(|document| !shown(document)).cloned().collect();
    if !rest.is_empty() {
        html.markup("<p class=\"quiet\">Differs by:</p>");
        attention::documents(html, &rest);
    }
}

fn accounts(html: &mut Html, accounts: &[&AccountReport], path: &str) {
    if accounts.is_empty() {
        return;
    }
    let is_open = accounts.len() <= ACCOUNTS_OPEN_MAX
        || accounts.iter().any(|account| !account.here.differing.is_empty());
    let id = anchor("accounts", path);
    let attributes = [("id", id.as_str()), ("class", "accounts"), ("open", "")];
    html.open("details", if is_open { &attributes } else { &attributes[..2] });
    html.element("summary", &[], &counted(accounts.len(), "account"));
    html.markup("<ul class=\"leaves\">");
    for account in accounts {
        one_account(html, account);
    }
    html.markup("</ul></details>");
}

fn one_account(html: &mut Html, account: &AccountReport) {
    let AccountReport { id, name, unit: _, active, here } = account;
    let found = format!("{} {id}", name.as_deref().unwrap_or_default());
    html.open("li", &[("data-find", &found)]);
    match name {
        Some(name) => {
            html.text(name);
            html.element("small", &[], &format!(" {id}"));
        }
        None => html.element("small", &[], id),
    }
    if !active {
        html.element("span", &[("class", "quiet")], " not active");
    }
    if !here.differing.is_empty() {
        html.text(" ");
        html.state(Look::Wait, "differs");
    }
    contents(html, here);
    html.close("li");
}
