//! The emergency account, against an emulator of AWS: who is in it, what they may do, and who is told.

use serde_json::{Value, json};

use palisade::org::AccountId;

use crate::estate::emulated::write;
use crate::support::emulator::{EmulatedOrganization, Interference};
use crate::support::site::{Said, Site};

const DESIRED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: {organization}
  managementAccountId: "{management}"
  accounts: {break-glass: "{break-glass}"}
  organizationalUnits: {Workloads: {}}
  policyTypes: [SERVICE_CONTROL_POLICY]
---
apiVersion: palisade/v1
kind: BreakGlassRole
metadata: {name: emergency}
spec:
  emergencyAccount: break-glass
  targets: ["/"]
  operators: [{user: alice-break-glass, owner: alice}, {user: bob-break-glass, owner: bob}]
  roles: [{name: BREAK-GLASS-ROLE, managedPolicies: [AdministratorAccess]}]
  failureModes:
    - id: idp-down
      description: Nobody can sign in through the identity provider.
      confirmation: Two people cannot sign in, and its status page says so.
      runbook: https://runbooks.example.com/idp-down
  alerts:
    targets:
      - "arn:aws:sns:us-east-1:222222222222:alerts"
      - "arn:aws:sns:eu-west-1:222222222222:alerts"
      - "arn:aws:events:eu-central-1:222222222222:event-bus/security"
    regions: [us-east-1, eu-west-1]
"#;

/// Made for these tests; nobody has its key any more.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBbjCCARWgAwIBAgIUKlAQiu8Oe08CJ2ZcGhPun7dSWnQwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBYTAgFw0yNjExMjYyMTQ5MTNaGA8yMTI2MTEwMjIxNDkxM1ow
DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABI+1KCRbZoJm
FMfnqY95ZMeCrGreiWfGf0Lm+dCvwraH8I+ba4EveeZlkR7znhuoLFpXsJ9YKZSx
ZpJv+L2jo56jUzBRMB0GA1UdDgQWBBRDUkQPIQy7mXv69+R71xJ+14BY2jAfBgNV
HSMEGDAWgBRDUkQPIQy7mXv69+R71xJ+14BY2jAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0cAMEQCIBE7Rb68fT8O4HOOPcQIjCMvbZWNPim/m7J4hEVCoXaw
AiAg5ReXtjgdqpZKcJxZ6tT/7QLogzO3JjPLdCX1C3JOiQ==
-----END CERTIFICATE-----
";

fn site() -> Site {
    let site = Site::new(EmulatedOrganization::with(&[("/", 1), ("/Workloads", 1)]));
    write(&site, DESIRED);
    site
}

/// Somebody in the emergency account.
struct Insider<'a> {
    site: &'a Site,
    account: AccountId,
}

impl Insider<'_> {
    fn of(site: &Site) -> Insider<'_> {
        Insider { site, account: site.organization.account("/", 0) }
    }

    fn iam(&self, operation: &str, parameters: &[(&str, &str)]) -> String {
        let request = Interference::Iam(operation, parameters);
        self.site.organization.interfere_in(&self.account, &request)
    }

    fn events(&self, operation: &str, region: &str, body: Value) -> Value {
        let request = Interference::Events(operation, region, body);
        let answer = self.site.organization.interfere_in(&self.account, &request);
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// What people do when they get their user: a password, and an MFA device.
    fn signs_up(&self, user: &str) {
        let password = "correct-Horse-battery-1-staple";
        self.iam("CreateLoginProfile", &[("UserName", user), ("Password", password)]);
        let serial = format!("arn:aws:iam::{}:mfa/{user}", self.account);
        self.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", user)]);
        let device = [
            ("UserName", user),
            ("SerialNumber", serial.as_str()),
            ("AuthenticationCode1", "123456"),
            ("AuthenticationCode2", "654321"),
        ];
        self.iam("EnableMFADevice", &device);
    }
}

fn drill(site: &Site, data: &str) -> (Said, Value) {
    let said = site.palisade(&[
        "drill",
        "break-glass",
        "--output",
        "json",
        "--data-dir",
        data,
        "--api-budget",
        "unlimited",
    ]);
    let value = serde_json::from_str(&said.data).unwrap_or_else(|error| panic!("{error}: {said}"));
    (said, value)
}

#[test]
fn operators_may_assume_the_roles_and_nothing_else_and_somebody_is_told() {
    let site = site();
    site.apply();
    let plan = site.plan();
    assert_eq!(plan.code, 0, "a second look finds nothing to do: {plan}");
    let insider = Insider::of(&site);
    let alice = ("UserName", "alice-break-glass");
    let policies = insider.iam("ListUserPolicies", &[alice]);
    assert_eq!(policies.matches("<member>").count(), 1, "{policies}");
    let policy = insider.iam("GetUserPolicy", &[alice, ("PolicyName", "break-glass-roles")]);
    for said in ["sts%3AAssumeRole", "role%2FBREAK-GLASS-EMERGENCY", "role%2FBREAK-GLASS-ROLE"] {
        assert!(
            policy.contains(said) || policy.contains(&said.replace("%3A", ":").replace("%2F", "/")),
            "{policy}"
        );
    }
    let rules = insider.iam("GetAccountPasswordPolicy", &[]);
    assert!(rules.contains("<MinimumPasswordLength>20<"), "{rules}");
    for region in ["us-east-1", "eu-west-1"] {
        let name = "palisade-break-glass-emergency";
        let rule = insider.events("DescribeRule", region, json!({"Name": name}));
        assert_eq!(rule["State"], "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", "{rule}");
        let targets = insider.events("ListTargetsByRule", region, json!({"Rule": name}));
        let arns: Vec<&str> = targets["Targets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|target| target["Arn"].as_str().unwrap())
            .collect();
        assert_eq!(arns.len(), 2, "the topic of the Region and the bus of another: {arns:?}");
        assert!(arns.contains(&format!("arn:aws:sns:{region}:222222222222:alerts").as_str()));
    }
}

#[test]
fn drift_in_the_emergency_account_is_found_and_healed() {
    let site = site();
    site.apply();
    let insider = Insider::of(&site);
    let alice = ("UserName", "alice-break-glass");
    let check = |what: &str, named: &str| {
        let seen = site.plan();
        assert_eq!(seen.code, 2, "{what} is not seen: {seen}");
        assert!(seen.data.contains(named), "{what}: {seen}");
        site.apply();
        let after = site.plan();
        assert_eq!(after.code, 0, "{what} is not healed: {after}");
    };
    insider.iam(
        "AttachUserPolicy",
        &[alice, ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess")],
    );
    check("an operator who may do everything", "AdministratorAccess");
    let rule = json!({"Name": "palisade-break-glass-emergency"});
    insider.events("DisableRule", "eu-west-1", rule);
    check("a rule that is disabled", "DISABLED");
    let targets = json!({"Rule": "palisade-break-glass-emergency", "Ids": ["target-1"]});
    insider.events("RemoveTargets", "us-east-1", targets);
    check("a target that is gone", "target-1");
    insider.iam("DeleteAccountPasswordPolicy", &[]);
    check("a password policy that is gone", "at least 20 characters");
    insider.iam("DeleteUserPolicy", &[alice, ("PolicyName", "break-glass-roles")]);
    insider.iam("DeleteUser", &[alice]);
    check("an operator who is gone", "alice-break-glass");
}

#[test]
fn an_access_key_is_deactivated_at_once_and_deleted_with_approval() {
    let site = site();
    site.apply();
    let insider = Insider::of(&site);
    let alice = ("UserName", "alice-break-glass");
    insider.iam("CreateAccessKey", &[alice]);
    let seen = site.plan();
    assert!(seen.data.contains("active access key"), "{seen}");
    assert!(!seen.data.contains("approval"), "the door is closed at once: {seen}");
    // What is left to do then was not in the plan that was shown: it is shown before it is done.
    let said = site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    assert!(said.words.contains("deactivate access key") && said.code == 1, "{said}");
    let left = insider.iam("ListAccessKeys", &[alice]);
    assert!(left.contains("<Status>Inactive<"), "{left}");
    let seen = site.plan();
    assert!(seen.data.contains("1 action waits for approval"), "{seen}");
    site.apply();
    let left = insider.iam("ListAccessKeys", &[alice]);
    assert!(!left.contains("<AccessKeyId>"), "{left}");
    assert_eq!(site.plan().code, 0);
}

/// Access keys are not the only thing that needs no MFA.
#[test]
fn other_credentials_of_an_operator_are_deactivated_at_once_and_deleted_with_approval() {
    let site = site();
    site.apply();
    let insider = Insider::of(&site);
    let alice = ("UserName", "alice-break-glass");
    insider.iam("UploadSSHPublicKey", &[alice, ("SSHPublicKeyBody", "ssh-rsa AAAA")]);
    insider
        .iam("CreateServiceSpecificCredential", &[alice, ("ServiceName", "bedrock.amazonaws.com")]);
    insider.iam("UploadSigningCertificate", &[alice, ("CertificateBody", CERTIFICATE)]);
    let lists = ["ListSSHPublicKeys", "ListServiceSpecificCredentials", "ListSigningCertificates"];
    let seen = site.plan();
    for credential in ["SSH public key", "service-specific credential", "signing certificate"] {
        assert!(seen.data.contains(&format!("active {credential}")), "{seen}");
    }
    let said = site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    assert!(said.words.contains("deactivate SSH public key") && said.code == 1, "{said}");
    for list in lists {
        let left = insider.iam(list, &[alice]);
        assert_eq!(left.matches("<Status>Inactive<").count(), 1, "{list}: {left}");
    }
    site.apply();
    for list in lists {
        let left = insider.iam(list, &[alice]);
        assert!(!left.contains("<Status>"), "{list}: {left}");
    }
    assert_eq!(site.plan().code, 0);
}

#[test]
fn whoever_nobody_declared_is_reported_and_left_to_a_person() {
    let site = site();
    site.apply();
    let insider = Insider::of(&site);
    insider.iam("CreateUser", &[("UserName", "mallory")]);
    let trust = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    let role = [("RoleName", "backdoor"), ("AssumeRolePolicyDocument", trust.as_str())];
    insider.iam("CreateRole", &role);
    let provider = [
        ("Url", "https://token.example.com/mallory"),
        ("ThumbprintList.member.1", "c768506ed0bd6f4bbe4d9a9c1c2b9b0d8ac3b1a4"),
    ];
    insider.iam("CreateOpenIDConnectProvider", &provider);
    let said = site.palisade(&["plan", "--detailed", "--api-budget", "unlimited"]);
    assert!(said.data.contains("mallory") && said.data.contains("backdoor"), "{said}");
    assert!(said.data.contains("OIDC provider token.example.com/mallory"), "{said}");
    let applied = site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    assert_eq!(applied.code, 1, "{applied}");
    assert!(insider.iam("ListUsers", &[]).contains("mallory"), "nothing foreign is deleted");
    let others = "{users: [mallory], roles: [backdoor], identityProviders: [token.example.com/*]}";
    write(&site, &format!("{DESIRED}  others: {others}\n"));
    let plan = site.plan();
    assert_eq!(plan.code, 0, "{plan}");
}

#[test]
fn a_drill_says_what_is_missing_and_records_the_day_on_which_nothing_is() {
    let site = site();
    site.apply();
    let data = site.path("data").display().to_string();
    let (said, drill_one) = drill(&site, &data);
    assert_eq!((said.code, &drill_one["ready"]), (1, &json!(false)), "{said}");
    assert_eq!(said.data.matches("no console password yet").count(), 2, "{said}");
    assert_eq!(said.data.matches("no MFA device").count(), 2, "{said}");
    assert!(!site.path("data").exists(), "what would not work is not recorded");

    let insider = Insider::of(&site);
    insider.signs_up("alice-break-glass");
    insider.signs_up("bob-break-glass");
    let changes = site.organization.changes().len();
    let (said, drill_two) = drill(&site, &data);
    assert_eq!((said.code, &drill_two["ready"]), (0, &json!(true)), "{said}");
    assert_eq!(drill_two["documents"][0]["accountsReady"], 2, "{said}");
    assert!(said.words.contains("palisade/last-drill: \"20"), "{said}");
    assert!(std::fs::read_to_string(site.path("data/drills.json")).unwrap().contains("emergency"));
    assert_eq!(site.organization.changes().len(), changes, "a drill changes nothing");

    // A guardrail that stands in the way is found, although everything is as declared.
    let denies = r#"
---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: no-sessions}
spec:
  targets: ["account:break-glass"]
  document:
    Version: "2012-10-17"
    Statement: {Sid: NoSessions, Effect: Deny, Action: "sts:AssumeRole", Resource: "arn:aws:iam::*:role/BREAK-GLASS-ROLE"}
"#;
    let accepted =
        "  acceptLockouts: [{probe: break-glass, until: 2099-01-31, reason: a trial}]\n---";
    write(&site, &format!("{}{denies}", DESIRED.replacen("---", accepted, 1)));
    site.apply();
    let (said, _) = drill(&site, &data);
    assert_eq!(said.code, 1, "{said}");
    assert!(said.data.contains("NoSessions"), "{said}");
}
