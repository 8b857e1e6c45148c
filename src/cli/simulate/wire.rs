//! A line as it is written: form only. Strict, because a misspelled field would change an answer.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::policy::Request;
use crate::reference;

/// One request with its policies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Line<'a> {
    /// Given back with the answer.
    #[serde(borrow, default)]
    pub(super) id: Option<&'a RawValue>,
    /// The request.
    #[serde(borrow)]
    pub(super) request: WrittenRequest<'a>,
    /// SCPs from the root to the account.
    #[serde(borrow, default)]
    pub(super) service_control_policies: Option<Vec<WrittenLevel<'a>>>,
    /// RCPs from the root to the account.
    #[serde(borrow, default)]
    pub(super) resource_control_policies: Option<Vec<WrittenLevel<'a>>>,
    /// The account that no policy binds. `null` is refused: it would be taken for there being none.
    #[serde(default, deserialize_with = "given")]
    pub(super) management_account: Option<String>,
}

/// A level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenLevel<'a> {
    /// Its name.
    pub(super) level: String,
    /// What is attached to it.
    #[serde(borrow)]
    pub(super) policies: Vec<WrittenPolicy<'a>>,
}

/// A policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPolicy<'a> {
    /// Its name.
    pub(super) name: String,
    /// Its document.
    #[serde(borrow)]
    pub(super) document: &'a RawValue,
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WrittenRequest<'a> {
    #[serde(borrow)]
    principal: Text<'a>,
    #[serde(borrow)]
    action: Text<'a>,
    #[serde(borrow, default)]
    resource: Option<Text<'a>>,
    #[serde(borrow, default)]
    resource_account: Option<Text<'a>>,
    #[serde(borrow, default)]
    context: Entries<'a>,
    #[serde(borrow, default)]
    absent: Vec<Text<'a>>,
}

/// A text, borrowed from the line where it has no escapes.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The context, in the order of the line, repeated keys included.
#[derive(Debug, Default)]
struct Entries<'a>(Vec<(Text<'a>, Vec<String>)>);

/// A value of a key: a text, a number or a truth value, or several.
struct Values(Vec<String>);

impl<'a> Line<'a> {
    /// Reads a line.
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        let line: Self = serde_json::from_str(text).map_err(|error| {
            // The line is the first and only one of its text.
            let message = error.to_string().replace(" at line 1 column ", " at column ");
            if error.is_data() { message } else { format!("not JSON: {message}") }
        })?;
        if line.id.is_some_and(|id| !is_plain(id)) {
            return Err("`id` must be a string or a number".to_owned());
        }
        if let Some(account) = &line.management_account {
            check_account("managementAccount", account)?;
        }
        Ok(line)
    }
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// The id of a line that is otherwise wrong, if that can be told.
pub(super) fn id_of(text: &str) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Identified<'a> {
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
    }
    let identified: Identified<'_> = serde_json::from_str(text).ok()?;
    identified.id.filter(|id| is_plain(id))
}

fn is_plain(id: &RawValue) -> bool {
    id.get().starts_with(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
}

impl WrittenRequest<'_> {
    /// The request, if it contradicts itself nowhere.
    pub(super) fn read(&self) -> Result<Request, String> {
        let request = Request::new(&self.principal.0, &self.action.0);
        let mut request = request.map_err(|problem| problem.to_string())?;
        if let Some(Text(account)) = &self.resource_account {
            check_account("resourceAccount", account)?;
            request = request.in_account(account);
        }
        if let Some(Text(resource)) = &self.resource {
            check_resource(resource)?;
            request = reference::on(request, resource);
        }
        self.check_keys()?;
        for (Text(key), values) in &self.context.0 {
            if key.eq_ignore_ascii_case("aws:ResourceAccount")
                && let ([account], None) = (&values[..], request.resource_account())
            {
                check_account("aws:ResourceAccount", account)?;
                request = request.in_account(account);
            }
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            request = request.told(key, &values).map_err(|problem| problem.to_string())?;
        }
        for Text(key) in &self.absent {
            request = request.told(key, &[]).map_err(|problem| problem.to_string())?;
        }
        Ok(request)
    }

    /// Each key once: names are compared without regard to case.
    fn check_keys(&self) -> Result<(), String> {
        let mut keys: Vec<&str> = self.context.0.iter().map(|(Text(key), _)| &**key).collect();
        keys.sort_unstable_by(|one, other| folded(one, other));
        let mut pairs = keys.iter().zip(keys.iter().skip(1));
        if let Some((_, key)) = pairs.find(|(one, other)| folded(one, other).is_eq()) {
            return Err(format!("`context` has the key `{key}` twice"));
        }
        let is_both =
            |key: &&Text<'_>| keys.binary_search_by(|known| folded(known, &key.0)).is_ok();
        match self.absent.iter().find(is_both) {
            Some(Text(key)) => Err(format!("`{key}` is in `context` and in `absent`")),
            None => Ok(()),
        }
    }
}

fn folded(one: &str, other: &str) -> Ordering {
    let lower =
        |text: &str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<u8>>();
    if one.is_ascii() && other.is_ascii() && one.len() == other.len() {
        let pairs = one.bytes().zip(other.bytes());
        let different = pairs
            .map(|(one, other)| one.to_ascii_lowercase().cmp(&other.to_ascii_lowercase()))
            .find(|order| order.is_ne());
        return different.unwrap_or(Ordering::Equal);
    }
    lower(one).cmp(&lower(other))
}

/// A resource is written as AWS writes it: a name alone would match no pattern but `*`.
fn check_resource(resource: &str) -> Result<(), String> {
    let is_arn = resource.starts_with("arn:") && resource.matches(':').count() >= 5;
    if resource == "*" || is_arn {
        return Ok(());
    }
    Err(format!(
        "the resource `{resource}` must be an ARN, `arn:partition:service:region:account:name`, or `*`"
    ))
}

fn check_account(field: &str, account: &str) -> Result<(), String> {
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(()) } else { Err(format!("`{field}` must be an account id of 12 digits")) }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of condition keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, Values(values))) = map.next_entry()? {
                    entries.push((key, values));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;
        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = Values;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string, a number, true or false, or a list of these")
            }

            fn visit_str<E>(self, value: &str) -> Result<Values, E> {
                Ok(Values(vec![value.to_owned()]))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Values, E> {
                Ok(Values(vec![value.to_string()]))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Values, E> {
                Ok(Values(vec![value.to_string()]))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Values, E> {
                Ok(Values(vec![value.to_string()]))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Values, E> {
                Ok(Values(vec![value.to_string()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(Single(value)) = items.next_element()? {
                    values.push(value);
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_any(ValuesVisitor)
    }
}

/// A value in a list.
#[derive(Deserialize)]
#[serde(from = "Scalar")]
struct Single(String);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a list holds strings, numbers, true and false")]
enum Scalar {
    Text(String),
    Truth(bool),
    Number(serde_json::Number),
}

impl From<Scalar> for Single {
    fn from(scalar: Scalar) -> Self {
        Self(match scalar {
            Scalar::Text(text) => text,
            Scalar::Truth(truth) => truth.to_string(),
            Scalar::Number(number) => number.to_string(),
        })
    }
}
