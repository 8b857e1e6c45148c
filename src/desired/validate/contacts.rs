//! Alternate contacts: what AWS takes of each field. No message repeats a value.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::contacts::ContactType;
use crate::desired::load::Document;
use crate::desired::problem::{Finding, ProblemCode};
use crate::desired::raw::{RawContact, RawContacts};
use crate::desired::validate::Context;
use crate::org::{Contact, ContactDetails};

/// The service that lets the management account speak for the others ("Enabling trusted access for AWS
/// Account Management", AWS Organizations User Guide).
pub(crate) const ACCOUNT_SERVICE: &str = "account.amazonaws.com";

/// The service that manages root access centrally ("Centralize root access for member accounts", IAM User
/// Guide).
pub(crate) const IAM_SERVICE: &str = "iam.amazonaws.com";

const FIELD: &str = "/spec/alternateContacts";

/// Reads the contacts; what is wrong with one is reported without it.
pub(crate) fn read(
    document: &Document,
    raw: Option<RawContacts>,
    trusted_services: &BTreeSet<String>,
    context: &mut Context<'_>,
) -> BTreeMap<ContactType, Contact> {
    let Some(RawContacts { security, operations, billing }) = raw else { return BTreeMap::new() };
    check_trusted(document, FIELD, ACCOUNT_SERVICE, trusted_services, context);
    let all = [
        (ContactType::Security, "security", security),
        (ContactType::Operations, "operations", operations),
        (ContactType::Billing, "billing", billing),
    ];
    let mut contacts = BTreeMap::new();
    for (contact_type, field, raw) in all {
        let Some(raw) = raw else { continue };
        check(document, &format!("{FIELD}/{field}"), &raw, context);
        let RawContact { name, title, email_address, phone_number } = raw;
        let contact = Contact::new(ContactDetails {
            name: name.0,
            title: title.0,
            email_address: email_address.0,
            phone_number: phone_number.0,
        });
        contacts.insert(contact_type, contact);
    }
    contacts
}

/// Reports that a service that is needed has no trusted access.
pub(crate) fn check_trusted(
    document: &Document,
    pointer: &str,
    service: &str,
    trusted_services: &BTreeSet<String>,
    context: &mut Context<'_>,
) {
    if !trusted_services.contains(service) {
        let message = format!("this needs trusted access of `{service}`");
        let finding = Finding::new(ProblemCode::UnknownName, message)
            .help("add it to `trustedServices` of the `Organization` document");
        context.problem_at_key(document, pointer, finding);
    }
}

/// What `PutAlternateContact` takes (Account Management, API reference).
fn check(document: &Document, pointer: &str, raw: &RawContact, context: &mut Context<'_>) {
    let is_short = |text: &str, most: usize| (1..=most).contains(&text.trim().chars().count());
    let is_address = |text: &str| {
        let has_parts = text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !host.contains('@')
        });
        has_parts && is_short(text, 254) && !text.contains(char::is_whitespace)
    };
    let is_number = |text: &str| {
        is_short(text, 25) && text.chars().all(|c| c.is_ascii_digit() || " ()+-".contains(c))
    };
    for (field, is_right, form) in [
        ("name", is_short(&raw.name.0, 64), "1 to 64 characters"),
        ("title", is_short(&raw.title.0, 50), "1 to 50 characters"),
        ("emailAddress", is_address(&raw.email_address.0), "an e-mail address"),
        (
            "phoneNumber",
            is_number(&raw.phone_number.0),
            "a telephone number of digits, spaces and `()+-`, at most 25",
        ),
    ] {
        if !is_right {
            let finding = Finding::new(ProblemCode::InvalidValue, format!("must be {form}"));
            context.problem(document, &format!("{pointer}/{field}"), finding);
        }
    }
}
