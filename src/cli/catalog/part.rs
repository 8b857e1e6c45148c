//! Cases of which a part holds: what other guardrails have a say in is taken out of the lists of a case, and the
//! rest of it stays.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::judge::{CaseReport, JudgedCall};

/// What a call says for an item of a list of a case.
type Said = fn(&JudgedCall) -> &str;

/// Lists of a case of which every item is a call of its own.
const LISTS: &[(&str, Said)] =
    &[("action", |call| &call.action), ("principal", |call| &call.principal)];

/// Takes out of one list of `case` the items whose calls did not come out as expected, as long as others are
/// left. Which items, if there were such.
pub(super) fn narrow(case: &mut Value, report: &CaseReport) -> Option<Vec<String>> {
    let cuts = LISTS.iter().filter_map(|(field, of)| {
        let items = case[*field].as_array()?;
        let is_failing = |item: &&Value| {
            let text = item.as_str().unwrap_or_default();
            report.failures.iter().any(|failure| is_meant(text, of(&failure.call)))
        };
        let failing: BTreeSet<String> =
            items.iter().filter(is_failing).filter_map(Value::as_str).map(str::to_owned).collect();
        let is_part = !failing.is_empty() && failing.len() < items.len();
        // The share of the calls that goes.
        is_part.then(|| (failing.len() * 1000 / items.len(), *field, failing))
    });
    let (_, field, failing) = cuts.min()?;
    let items = case[field].as_array_mut()?;
    items.retain(|item| !item.as_str().is_some_and(|text| failing.contains(text)));
    Some(failing.into_iter().collect())
}

/// Is it what a case calls so? A case leaves the account out of a principal.
fn is_meant(written: &str, called: &str) -> bool {
    called == written || called.ends_with(&format!(":{written}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{is_meant, narrow};
    use crate::desired::Source;
    use crate::judge::{CaseReport, ExpectedVerdict, Failure, Finding, JudgedCall, Verdict};

    fn report(calls: &[(&str, &str)]) -> CaseReport {
        let failure = |(principal, action): &(&str, &str)| Failure {
            call: JudgedCall {
                principal: format!("arn:aws:iam::555555555555:{principal}"),
                account: None,
                action: (*action).to_owned(),
                resource: None,
                resource_account: "member".to_owned(),
                context: [].into(),
                absent: [].into(),
            },
            found: Finding::default(),
        };
        CaseReport {
            document: "t".to_owned(),
            name: "t".to_owned(),
            source: Source { file: "t.yaml".to_owned(), line: 1, column: 1 },
            expected: ExpectedVerdict { verdict: Verdict::Allowed, by: None },
            calls: 6,
            failures: calls.iter().map(failure).collect(),
        }
    }

    #[track_caller]
    fn check(calls: &[(&str, &str)], out: Option<&[&str]>, rest: &Value) {
        let mut case = json!({"principal": ["role/a", "root"], "action": ["s3:A", "s3:B", "s3:C"]});
        let found = narrow(&mut case, &report(calls));
        assert_eq!(
            found.as_deref().map(|it| it.iter().map(String::as_str).collect()),
            out.map(<[&str]>::to_vec)
        );
        assert_eq!(case, *rest);
    }

    #[test]
    fn what_fails_goes_out_of_the_list_that_loses_least() {
        let rest = json!({"principal": ["role/a", "root"], "action": ["s3:A", "s3:C"]});
        check(&[("role/a", "s3:B")], Some(&["s3:B"]), &rest);
        check(&[("role/a", "s3:B"), ("root", "s3:B")], Some(&["s3:B"]), &rest);
        let rest = json!({"principal": ["role/a"], "action": ["s3:A", "s3:B", "s3:C"]});
        check(&[("root", "s3:A"), ("root", "s3:B")], Some(&["root"]), &rest);
    }

    #[test]
    fn a_case_that_fails_in_all_its_parts_stays_whole() {
        let all = [("role/a", "s3:A"), ("root", "s3:B"), ("root", "s3:C")];
        check(
            &all,
            None,
            &json!({"principal": ["role/a", "root"], "action": ["s3:A", "s3:B", "s3:C"]}),
        );
        assert!(is_meant("cloudtrail.amazonaws.com", "cloudtrail.amazonaws.com"));
        assert!(!is_meant("role/a", "arn:aws:iam::555555555555:role/aa"));
    }
}
