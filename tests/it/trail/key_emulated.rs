//! The key that encrypts the logs: CloudTrail may use it, and nobody takes it out of use for long.

use serde_json::{Value, json};

use crate::support::emulator::Interference;
use crate::support::site::Site;
use crate::trail::{DESIRED, TRAIL, site, write};

const REGION: &str = "eu-west-1";

/// A site whose archive is encrypted with a key of its account.
struct Keyed {
    site: Site,
    id: String,
}

impl Keyed {
    fn new() -> Self {
        let site = site();
        let made = Self::ask_of(&site, "CreateKey", json!({}));
        let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        let key = format!("region: eu-west-1, kmsKey: {{arn: {}}}}}", made["KeyMetadata"]["Arn"]);
        write(&site, &DESIRED.replace("region: eu-west-1}", &key));
        Self { site, id }
    }

    fn ask_of(site: &Site, operation: &str, body: Value) -> Value {
        let request = Interference::Kms(operation, REGION, body);
        let answer = site.organization.interfere_in(&site.organization.account("/", 0), &request);
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    fn ask(&self, operation: &str, mut body: Value) -> Value {
        body["KeyId"] = json!(self.id);
        Self::ask_of(&self.site, operation, body)
    }

    fn state(&self) -> String {
        let key = self.ask("DescribeKey", json!({}));
        key["KeyMetadata"]["KeyState"].as_str().unwrap().to_owned()
    }

    fn statements(&self) -> Vec<Value> {
        let answer = self.ask("GetKeyPolicy", json!({"PolicyName": "default"}));
        let policy: Value = serde_json::from_str(answer["Policy"].as_str().unwrap()).unwrap();
        policy["Statement"].as_array().unwrap().clone()
    }

    fn assert_rests(&self) {
        let plan = self.site.plan();
        assert_eq!(plan.code, 0, "{plan}");
    }
}

#[test]
fn cloudtrail_may_use_the_key_and_what_others_may_stays() {
    let keyed = Keyed::new();
    let own = keyed.statements();
    let plan = keyed.site.plan();
    assert!(
        plan.data.contains("AWSCloudTrailEncrypt") || plan.data.contains("kms:GenerateDataKey"),
        "{plan}"
    );
    keyed.site.apply();
    keyed.assert_rests();
    let all = keyed.statements();
    assert_eq!(all[..own.len()], own);
    let management = &keyed.site.organization.management_account;
    let trail = format!("arn:aws:cloudtrail:{REGION}:{management}:trail/{TRAIL}");
    for statement in &all[own.len()..] {
        assert_eq!(statement["Principal"]["Service"], "cloudtrail.amazonaws.com");
        assert_eq!(statement["Condition"]["StringEquals"]["aws:SourceArn"], json!([trail]));
    }
    assert_eq!(all.len(), own.len() + 2);
}

#[test]
fn a_key_that_is_disabled_or_about_to_be_deleted_is_taken_into_use_again() {
    let keyed = Keyed::new();
    keyed.site.apply();
    for (operation, body) in
        [("DisableKey", json!({})), ("ScheduleKeyDeletion", json!({"PendingWindowInDays": 7}))]
    {
        keyed.ask(operation, body);
        assert_ne!(keyed.state(), "Enabled");
        assert_eq!(keyed.site.plan().code, 2, "{operation}");
        keyed.site.apply();
        assert_eq!(keyed.state(), "Enabled", "{operation}");
        keyed.assert_rests();
    }
}

#[test]
fn a_key_policy_that_shuts_cloudtrail_out_or_lets_everybody_in_is_told() {
    let keyed = Keyed::new();
    keyed.site.apply();
    let open = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"},
    ]});
    keyed.ask("PutKeyPolicy", json!({"PolicyName": "default", "Policy": open.to_string()}));
    let plan = keyed.site.plan();
    assert!(plan.data.contains("lets everybody use it"), "{plan}");
    keyed.site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    assert_eq!(keyed.statements().len(), 3, "the statements for CloudTrail are back");
    let plan = keyed.site.plan();
    assert!(plan.data.contains("lets everybody use it"), "{plan}");
}
