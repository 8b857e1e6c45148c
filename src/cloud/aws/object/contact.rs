//! Alternate contacts: the Account API, asked from the management account.

use aws_sdk_account::operation::RequestId;
use aws_sdk_account::types::AlternateContactType;

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::member::Clients;
use crate::cloud::aws::object::{Answered, nothing_if_missing};
use crate::cloud::{CloudError, CloudErrorKind, Operation, Reading};
use crate::org::{Contact, ContactDetails, ContactStep, ObjectState};

type Client = Clients<aws_sdk_account::Client>;

/// What is said of a contact that AWS refuses: its own words may repeat what is in it.
const REFUSED: &str = "AWS refuses the contact: see that name, title, e-mail address and phone number in `alternateContacts` are ones that it takes";

/// The contact of the type `name`. `account` is nothing for the caller's own.
pub(super) async fn read(
    client: &Client,
    account: Option<String>,
    name: &str,
) -> Answered<Reading> {
    const OPERATION: Operation = Operation::GetAlternateContact;
    let request = client.reads.get_alternate_contact();
    let request = request.alternate_contact_type(AlternateContactType::from(name));
    let answer = match request.set_account_id(account).send().await {
        Ok(answer) => answer,
        Err(error) => return nothing_if_missing(failure(OPERATION, &error)),
    };
    let found = answer
        .alternate_contact()
        .ok_or_else(|| unreadable(OPERATION, "no `AlternateContact` in the answer"))?;
    let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
    let contact = Contact::new(ContactDetails {
        name: text(found.name()),
        title: text(found.title()),
        email_address: text(found.email_address()),
        phone_number: text(found.phone_number()),
    });
    let request_id = answer.request_id().map(str::to_owned);
    Ok((Reading::whole(ObjectState::AlternateContact(contact)), request_id))
}

/// Writes the contact of the type `name`.
pub(super) async fn write(
    client: &Client,
    account: Option<String>,
    name: &str,
    step: ContactStep,
) -> Result<Option<String>, CloudError> {
    const OPERATION: Operation = Operation::PutAlternateContact;
    let ContactStep::Put { contact } = step;
    let Some(details) = contact.details() else {
        let message = "a plan holds no contacts: plan anew from desired state";
        return Err(CloudError::new(CloudErrorKind::Invalid, OPERATION, "NoDetails", message));
    };
    let ContactDetails { name: person, title, email_address, phone_number } = details;
    let request = client.writes.put_alternate_contact();
    let request = request.alternate_contact_type(AlternateContactType::from(name));
    let request = request.name(person).title(title);
    let request = request.email_address(email_address).phone_number(phone_number);
    let sent = request.set_account_id(account).send().await;
    let answer = sent.map_err(|error| {
        let error = failure(OPERATION, &error);
        let repeats = error.kind == CloudErrorKind::Invalid;
        if repeats { CloudError { message: REFUSED.to_owned(), ..error } } else { error }
    })?;
    Ok(answer.request_id().map(str::to_owned))
}
