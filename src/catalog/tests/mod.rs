//! Every entry renders, is what AWS takes, and fits.

mod settings;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::catalog::files::GUARDRAILS;
use crate::catalog::{Exempt, Guardrail, built_in};
use crate::desired::{Guardrails, ProblemCode, Site, Wanted};
use crate::org::{POLICY_TYPES, PolicyTypeFacts};
use crate::policy;
use crate::policy::{Grammar, Language};
use crate::reference;

fn site() -> Site {
    Site {
        organization_id: "o-a1b2c3d4e5".to_owned(),
        management_account: "111111111111".to_owned(),
        accounts: [("log-archive".to_owned(), "222222222222".to_owned())].into(),
        ..Site::default()
    }
}

fn policies() -> impl Iterator<Item = (&'static Guardrail, PolicyTypeFacts)> {
    built_in().guardrails().filter(|guardrail| guardrail.document.is_some()).map(|guardrail| {
        (guardrail, *PolicyTypeFacts::of_kind(&guardrail.kind).expect(&guardrail.id))
    })
}

fn rendered(guardrail: &Guardrail) -> Value {
    guardrail.render(&guardrail.example, &site()).expect(&guardrail.id)
}

#[test]
fn every_file_of_the_catalogue_can_be_read() {
    for text in GUARDRAILS {
        let read: Result<Guardrail, _> = serde_yaml::from_str(text);
        if let Err(error) = read {
            panic!("{}: {error}", text.lines().next().unwrap_or_default());
        }
    }
    assert_eq!(built_in().guardrails().count(), GUARDRAILS.len());
}

#[test]
fn every_policy_renders_to_what_aws_takes_and_fits() {
    for (guardrail, facts) in policies() {
        let document = rendered(guardrail);
        let text = policy::minify(&document);
        assert!(!text.contains("{{") && !text.contains("\"$"), "{}: {text}", guardrail.id);
        let problems = policy::check(Grammar::of(facts.name), &document);
        assert_eq!(problems, [], "{}", guardrail.id);
        let size = text.chars().count();
        assert!(size <= facts.quota.characters_max, "{} has {size} characters", guardrail.id);
        let described = format!(
            "{} [palisade {} {}/{}]",
            guardrail.title,
            "x".repeat(63),
            guardrail.kind,
            guardrail.id
        );
        assert!(described.len() <= crate::org::DESCRIPTION_CHARACTERS_MAX, "{}", guardrail.id);
    }
}

#[test]
fn every_policy_renders_with_its_defaults_alone_and_with_every_parameter_set() {
    for (guardrail, facts) in policies() {
        let mut least = guardrail.example.clone();
        least.retain(|name, _| guardrail.parameters[name].default.is_none());
        let document = guardrail.render(&least, &site()).expect(&guardrail.id);
        assert_eq!(policy::check(Grammar::of(facts.name), &document), [], "{}", guardrail.id);
    }
}

#[test]
fn every_name_in_the_catalogue_is_one_that_aws_has() {
    let mut wrong = Vec::new();
    for (guardrail, facts) in policies().filter(|(_, facts)| facts.language == Language::Iam) {
        let is_rcp = facts.name == "RESOURCE_CONTROL_POLICY";
        for statement in rendered(guardrail)["Statement"].as_array().unwrap() {
            for action in ["Action", "NotAction"].iter().flat_map(|key| texts(&statement[*key])) {
                let service = action.split_once(':').and_then(|(it, _)| reference::service(it));
                let is_known = action == "*" || !reference::expand(&action).is_empty();
                if !is_known || is_rcp && service.is_none_or(|service| !service.supports_rcp) {
                    wrong.push(format!("{}: {action}", guardrail.id));
                }
            }
            let condition = statement["Condition"].as_object().cloned().unwrap_or_default();
            for key in condition.values().filter_map(Value::as_object).flat_map(Map::keys) {
                if reference::condition_key(key).is_none() {
                    wrong.push(format!("{}: {key}", guardrail.id));
                }
            }
        }
        for case in guardrail.tests["cases"].as_array().unwrap() {
            for action in texts(&case["action"]) {
                if reference::action(&action).is_none() {
                    wrong.push(format!("{}: {action} in its tests", guardrail.id));
                }
            }
            let keys =
                [&case["context"], &case["forEach"]].into_iter().filter_map(Value::as_object);
            let keys = keys.flat_map(Map::keys).cloned().chain(texts(&case["absent"]));
            for key in keys.filter(|key| reference::condition_key(key).is_none()) {
                wrong.push(format!("{}: {key} in its tests", guardrail.id));
            }
            for said in ["context", "forEach"] {
                for region in texts(&case[said]["aws:RequestedRegion"]) {
                    if reference::region(&region).is_none() {
                        wrong.push(format!("{}: {region} in its tests", guardrail.id));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "AWS (as of {}) has no\n{}", reference::date(), wrong.join("\n"));
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn a_resource_control_policy_exempts_no_role_patterns() {
    // A pattern such as `arn:*:iam::*:role/BREAK-GLASS-*` matches roles of every account there is.
    for (guardrail, facts) in policies() {
        let is_scp = facts.name == "SERVICE_CONTROL_POLICY";
        assert!(is_scp || guardrail.exempt.is_empty(), "{}", guardrail.id);
    }
}

#[test]
fn whoever_is_exempt_by_name_is_protected_from_being_imitated() {
    let used: BTreeSet<Exempt> =
        policies().flat_map(|(guardrail, _)| guardrail.exempt.iter().copied()).collect();
    let protected = ["protect-governance-roles", "protect-break-glass-roles"]
        .map(|id| rendered(built_in().find(id).unwrap())["Statement"].to_string());
    for exempt in used {
        let mut alone = built_in().find("protect-cloudtrail").unwrap().clone();
        alone.exempt = vec![exempt];
        for arn in alone.exempt_principals(&site().roles) {
            assert!(protected.iter().any(|text| text.contains(&format!("\"{arn}\""))), "{arn}");
        }
    }
}

#[test]
fn every_policy_that_decides_calls_has_tests_of_both_sides() {
    for (guardrail, facts) in policies() {
        if facts.language != Language::Iam {
            continue;
        }
        let cases = guardrail.tests["cases"].as_array().expect(&guardrail.id);
        for expect in ["denied", "allowed"] {
            let has = cases.iter().any(|case| case["expect"] == expect);
            assert!(has, "{}: no case expects {expect}", guardrail.id);
        }
        for case in cases {
            assert!(case["name"].is_string(), "{}: a case has no name", guardrail.id);
        }
    }
}

#[test]
fn an_argument_that_does_not_fit_is_refused_with_what_would() {
    let refused =
        |guardrail: &str, kind: &str, with: Value| -> Vec<(String, ProblemCode, String)> {
            let with: Map<String, Value> = with.as_object().unwrap().clone();
            let wanted = Wanted { kind, guardrail, with: &with };
            let refusals = Guardrails::render(built_in(), &wanted, &site()).unwrap_err();
            let line =
                |help: Option<String>| help.map(|help| format!(" ({help})")).unwrap_or_default();
            refusals
                .into_iter()
                .map(|it| (it.pointer, it.code, format!("{}{}", it.message, line(it.help))))
                .collect()
        };
    let scp = "ServiceControlPolicy";
    let one = |pointer: &str, code, text: &str| vec![(pointer.to_owned(), code, text.to_owned())];
    assert_eq!(
        refused("deny-root-usr", scp, json!({})),
        one(
            "/guardrail",
            ProblemCode::UnknownName,
            "the catalogue has no guardrail `deny-root-usr` (did you mean `deny-root-user`?)"
        )
    );
    assert_eq!(
        refused("deny-root-user", "TagPolicy", json!({})),
        one(
            "/guardrail",
            ProblemCode::InvalidValue,
            "`deny-root-user` is a ServiceControlPolicy (write `kind: ServiceControlPolicy`)"
        )
    );
    assert_eq!(
        refused("deny-root-user", scp, json!({"allowAction": []})),
        one(
            "/with/allowAction",
            ProblemCode::UnknownField,
            "there is no parameter `allowAction` (did you mean `allowActions`?)"
        )
    );
    assert_eq!(
        refused("deny-root-user", scp, json!({"keepCentralRootSessions": "yes"})),
        one(
            "/with/keepCentralRootSessions",
            ProblemCode::WrongType,
            "expected true or false, found `yes`"
        )
    );
    assert_eq!(
        refused("region-allow-list", scp, json!({})),
        one(
            "/with",
            ProblemCode::MissingField,
            "`region-allow-list` needs the parameter `allowedRegions` (`allowedRegions`: The Regions that can be used. (a list, each a Region such as `eu-west-1`))"
        )
    );
    assert_eq!(
        refused("region-allow-list", scp, json!({"allowedRegions": ["eu-west-1", "Ireland", 3]})),
        vec![
            (
                "/with/allowedRegions/1".to_owned(),
                ProblemCode::InvalidValue,
                "`Ireland` is not a Region such as `eu-west-1`".to_owned()
            ),
            (
                "/with/allowedRegions/2".to_owned(),
                ProblemCode::WrongType,
                "expected a text, found the number `3`".to_owned()
            ),
        ]
    );
}

/// No kind of document uses it: to ask for `kind: outside` would lead nowhere.
#[test]
fn an_entry_that_is_no_policy_is_used_in_no_document() {
    for guardrail in built_in().guardrails().filter(|guardrail| guardrail.document.is_none()) {
        let with = Map::new();
        let wanted = Wanted { kind: "ServiceControlPolicy", guardrail: &guardrail.id, with: &with };
        let refused = Guardrails::render(built_in(), &wanted, &site()).unwrap_err();
        assert_eq!(refused[0].message, format!("`{}` is not a policy", guardrail.id));
    }
}

#[test]
fn accounts_are_named_as_desired_state_names_them() {
    let guardrail = built_in().find("deny-iam-users-and-keys").unwrap();
    let with = json!({"exceptAccounts": ["log-archive", "333333333333"]});
    let document = guardrail.render(with.as_object().unwrap(), &site()).unwrap();
    let expected = json!(["222222222222", "333333333333"]);
    assert_eq!(
        document["Statement"][0]["Condition"]["StringNotEquals"]["aws:PrincipalAccount"],
        expected
    );
    let unknown = json!({"exceptAccounts": ["log-archiv"]});
    let refusals = guardrail.render(unknown.as_object().unwrap(), &site()).unwrap_err();
    assert_eq!(refusals[0].help.as_deref(), Some("did you mean `log-archive`?"));
}

/// Whoever administers `GuardDuty` for everybody must not be denied it for want of an argument.
#[test]
fn delegated_administrators_are_left_alone_unless_others_are_named() {
    let site = Site {
        administrators: [("guardduty.amazonaws.com".to_owned(), "log-archive".to_owned())].into(),
        ..site()
    };
    let condition = |with: Value| {
        let guardrail = built_in().find("protect-guardduty").unwrap();
        let document = guardrail.render(with.as_object().unwrap(), &site).unwrap();
        let condition = &document["Statement"][0]["Condition"];
        condition["StringNotEquals"]["aws:PrincipalAccount"].clone()
    };
    assert_eq!(condition(json!({})), json!(["222222222222"]));
    assert_eq!(condition(json!({"administrators": ["333333333333"]})), json!(["333333333333"]));
    assert_eq!(condition(json!({"administrators": []})), json!(null));
    let other = built_in().find("protect-security-hub").unwrap();
    let document = other.render(&Map::new(), &site).unwrap();
    assert_eq!(document["Statement"][0]["Condition"]["StringNotEquals"], json!(null));
}

#[test]
fn a_case_about_what_is_not_set_is_no_case() {
    let guardrail = built_in().find("deny-imdsv1").unwrap();
    let count = |with: Value| {
        let tests = guardrail.tests_for(with.as_object().unwrap(), &site());
        assert!(!tests.to_string().contains("$when"));
        tests["cases"].as_array().unwrap().len()
    };
    assert_eq!(count(json!({"refuseOldCredentials": true})) - count(json!({})), 1);
}

#[test]
fn every_kind_of_a_policy_is_one_that_desired_state_knows() {
    for (guardrail, facts) in policies() {
        assert!(POLICY_TYPES.contains(&facts), "{}", guardrail.id);
    }
}

#[track_caller]
fn refuses(guardrail: &str, with: &Value, pointer: &str) {
    let guardrail = built_in().find(guardrail).unwrap();
    let refusals = guardrail.render(with.as_object().unwrap(), &site()).unwrap_err();
    let found: Vec<&str> = refusals.iter().map(|refusal| refusal.pointer.as_str()).collect();
    assert_eq!(found, [pointer], "{with}");
}

#[test]
fn an_operator_of_tag_policies_is_no_key_of_a_tag() {
    for key in ["@@assign", "@@operators_allowed_for_child_policies", ""] {
        refuses("required-tags", &json!({"keys": [{"name": key}]}), "/with/keys/0/name");
    }
    let with = json!({"keys": [{"name": "cost@centre"}]});
    built_in().find("required-tags").unwrap().render(with.as_object().unwrap(), &site()).unwrap();
}

/// EC2's own API writes `aws-marketplace`; a policy that did would allow no image of it.
#[test]
fn a_publisher_of_images_is_named_as_policies_name_it() {
    for publisher in ["aws-marketplace", "self", "12345"] {
        refuses("allowed-images", &json!({"publishers": [publisher]}), "/with/publishers/0");
    }
    let with = json!({"publishers": ["amazon", "aws_marketplace", "555555555555"]});
    built_in().find("allowed-images").unwrap().render(with.as_object().unwrap(), &site()).unwrap();
}

#[test]
fn a_network_of_every_address_is_not_expected() {
    for network in ["0.0.0.0/0", "::/0", "0.0.0.0/00", "128.0.0.0/1"] {
        for id in ["data-perimeter-network", "data-perimeter-network-resources"] {
            refuses(id, &json!({"networks": [network]}), "/with/networks/0");
        }
    }
}

#[test]
fn an_argument_that_names_what_aws_does_not_have_is_found() {
    let unknown = |guardrail: &str, with: Value| -> Vec<(String, Option<String>)> {
        let with = with.as_object().unwrap();
        let wanted = Wanted { kind: "ServiceControlPolicy", guardrail, with };
        let found = built_in().unknown_names(&wanted);
        found.into_iter().map(|unknown| (unknown.pointer, unknown.help)).collect()
    };
    let one = |pointer: &str, meant: &str| {
        vec![(pointer.to_owned(), Some(format!("did you mean `{meant}`?")))]
    };
    assert_eq!(
        unknown("region-allow-list", json!({"allowedRegions": ["eu-central-1", "eu-wets-1"]})),
        one("/with/allowedRegions/1", "eu-west-1")
    );
    assert_eq!(
        unknown("deny-root-user", json!({"allowActions": ["s3:*", "iam:CreateUsr"]})),
        one("/with/allowActions/1", "CreateUser")
    );
    assert_eq!(
        unknown("service-allow-list", json!({"services": ["dynamodbb", "ec2"]})),
        one("/with/services/0", "dynamodb")
    );
}

#[test]
fn a_misspelt_region_is_found_in_an_arn_and_beside_all_supported() {
    let regions = |guardrail: &str, kind: &str, with: Value| -> Vec<(String, String)> {
        let wanted = Wanted { kind, guardrail, with: with.as_object().unwrap() };
        let found = built_in().unknown_names(&wanted);
        found.into_iter().map(|it| (it.pointer, it.help.unwrap_or_default())).collect()
    };
    let meant = |pointer: &str| vec![(pointer.to_owned(), "did you mean `eu-west-1`?".to_owned())];
    for (id, kind) in
        [("org-security-hub", "SecurityHubPolicy"), ("org-vulnerability-scan", "InspectorPolicy")]
    {
        let with = json!({"regions": ["ALL_SUPPORTED", "eu-wets-1"]});
        assert_eq!(regions(id, kind, with), meant("/with/regions/1"));
        refuses(id, &json!({"regions": ["ALL_SUPORTED"]}), "/with/regions/0");
    }
    let vault = json!({"copyTo": "arn:aws:backup:eu-wets-1:222222222222:backup-vault:central"});
    assert_eq!(regions("backup-baseline", "BackupPolicy", vault), meant("/with/copyTo"));
    for rule in ["arn:aws:config:*:*:config-rule/x", "arn:aws:config:eu-west-1:*:config-rule/x"] {
        let with = json!({"rules": [rule]});
        assert_eq!(regions("protect-config", "ServiceControlPolicy", with), []);
    }
}

#[test]
fn a_tag_named_twice_is_refused_whatever_its_case() {
    for twice in ["owner", "Owner"] {
        let with = json!({"keys": [{"name": "owner"}, {"name": "stage"}, {"name": twice}]});
        refuses("required-tags", &with, "/with/keys/2/name");
    }
    let vendors = json!({"vendors": [{"account": "281000000001"}, {"account": "281000000001"}]});
    refuses("restrict-third-party-assume-role", &vendors, "/with/vendors/1/account");
}

#[test]
fn a_day_that_no_calendar_has_is_refused() {
    let until = |day: &str| json!({"vendors": [{"account": "281000000001", "expires": day}]});
    for day in ["2027-02-29", "2027-02-31", "2027-04-31", "2027-13-01"] {
        let id = "restrict-third-party-assume-role";
        refuses(id, &until(day), "/with/vendors/0/expires");
    }
    let guardrail = built_in().find("restrict-third-party-assume-role").unwrap();
    guardrail.render(until("2028-02-29").as_object().unwrap(), &site()).unwrap();
}

#[test]
fn every_name_in_an_example_or_a_default_is_one_that_aws_has() {
    for guardrail in built_in().guardrails() {
        let defaults = guardrail.parameters.iter();
        let defaults = defaults.filter_map(|(name, it)| Some((name.clone(), it.default.clone()?)));
        for with in [guardrail.example.clone(), defaults.collect()] {
            let wanted = Wanted { kind: &guardrail.kind, guardrail: &guardrail.id, with: &with };
            assert_eq!(built_in().unknown_names(&wanted), [], "{}", guardrail.id);
        }
    }
}
