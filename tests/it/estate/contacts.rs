//! Alternate contacts in every account, and nobody sees what is in them.

use palisade::cloud::Cloud;
use palisade::org::{
    AccountId, Contact, ContactDetails, ContactStep, ObjectKey, ObjectKind, ObjectState, ObjectStep,
};

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

const DESIRED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: {organization}
  managementAccountId: "{management}"
  organizationalUnits: {Workloads: {}}
  trustedServices: [account.amazonaws.com]
  alternateContacts:
    security: {name: Ada Lovelace, title: Head of Numbers, emailAddress: ada@example.com, phoneNumber: "020 7946 0000"}
    billing: {name: Charles Babbage, title: Engines, emailAddress: charles@example.com, phoneNumber: "+44 20 7946 0001"}
"#;

/// What must be seen nowhere. Each with something that no digest has.
const SECRETS: &[&str] = &[
    "Ada", "Lovelace", "Head of", "ada@", "7946 000", "Babbage", "Engines", "charles@", "Mallory",
];

fn site() -> Site {
    let site = Site::new(EmulatedOrganization::with(&[("/Workloads", 2)]));
    let organization = &site.organization;
    let text = DESIRED
        .replace("{organization}", organization.organization.as_str())
        .replace("{management}", organization.management_account.as_str());
    site.write("organization.yaml", &text);
    site
}

fn key(account: &AccountId, contact_type: &str) -> ObjectKey {
    ObjectKey::global(ObjectKind::AlternateContact, account.clone(), contact_type)
}

async fn contact(site: &Site, account: &AccountId, contact_type: &str) -> Option<ContactDetails> {
    let cloud = site.organization.cloud().await;
    let found = (&cloud as &dyn Cloud).object(&key(account, contact_type)).await.unwrap()?;
    let ObjectState::AlternateContact(contact) = found else { panic!("{found:?}") };
    contact.details().cloned()
}

#[track_caller]
fn shows_nothing(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "`{secret}` is seen in\n{text}");
    }
}

#[tokio::test]
async fn contacts_are_the_same_in_every_account_and_come_back() {
    let site = site();
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    site.apply();
    assert_eq!(site.plan().code, 0, "{}", site.plan());
    let organization = &site.organization;
    let accounts = [
        organization.management_account.clone(),
        organization.account("/Workloads", 0),
        organization.account("/Workloads", 1),
    ];
    for account in &accounts {
        let found = contact(&site, account, "SECURITY").await.unwrap();
        assert_eq!(
            (found.name.as_str(), found.phone_number.as_str()),
            ("Ada Lovelace", "020 7946 0000")
        );
        assert_eq!(contact(&site, account, "OPERATIONS").await, None, "nobody asked for one");
    }
    let mallory = Contact::new(ContactDetails {
        name: "Mallory".into(),
        title: "Intruder".into(),
        email_address: "mallory@example.org".into(),
        phone_number: "1".into(),
    });
    let step = ObjectStep::AlternateContact(ContactStep::Put { contact: mallory });
    let cloud = organization.cloud().await;
    let port = &cloud as &dyn Cloud;
    port.write_object(&key(&accounts[1], "SECURITY"), &step).await.unwrap();
    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    assert!(plan.data.contains("alternate contact `SECURITY`"), "{plan}");
    site.apply();
    assert_eq!(contact(&site, &accounts[1], "SECURITY").await.unwrap().name, "Ada Lovelace");
    assert_eq!(site.plan().code, 0);
    assert_eq!(site.apply(), []);
}

#[tokio::test]
async fn no_plan_snapshot_journal_or_message_shows_a_contact() {
    let site = site();
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    for arguments in [
        ["plan", "--detailed", "--out", "plan.json"].as_slice(),
        &["plan", "--output", "markdown"],
        &["plan", "--output", "json"],
        &["observe", "--out", "snapshot.json"],
        &["plan", "--snapshot", "snapshot.json"],
        &["apply", "--plan", "plan.json", "--yes", "--journal", "journal.ndjson"],
        &["plan"],
        &["coverage"],
    ] {
        let said = site.palisade(arguments);
        shows_nothing(&said.to_string());
        if arguments.contains(&"--plan") {
            assert_eq!(said.code, 0, "a plan is carried out from its file: {said}");
        }
    }
    for file in ["plan.json", "snapshot.json", "journal.ndjson"] {
        let text = std::fs::read_to_string(site.path(file)).unwrap();
        shows_nothing(&text);
        assert!(text.contains("lternateContact"), "{file} is about contacts: {text}");
    }
    assert_eq!(site.plan().code, 0, "{}", site.plan());
}
