//! From what a document passes to a guardrail to what its template takes: types, forms, names.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde_json::{Map, Value};

use crate::catalog::guardrail::{Format, Parameter, ParameterType};
use crate::catalog::template::{Argument, Scope};
use crate::desired::{
    NameKind, ProblemCode, Refusal, Site, UnknownName, did_you_mean, did_you_mean_action, listed,
    shown,
};
use crate::reference;

/// What a list of Regions says when it means all of them, tomorrow's included.
const ALL_REGIONS: &str = "ALL_SUPPORTED";

/// The arguments of a guardrail, defaults in place, or everything that is wrong with them.
pub(crate) fn read(
    guardrail: &str,
    parameters: &BTreeMap<String, Parameter>,
    with: &Map<String, Value>,
    site: &Site,
) -> Result<Scope, Vec<Refusal>> {
    let mut reader = Reader { guardrail, site, refusals: Vec::new() };
    let scope = reader.fields(parameters, with, "/with");
    if reader.refusals.is_empty() { Ok(scope) } else { Err(reader.refusals) }
}

/// What a parameter takes, in words.
pub fn describe(parameter: &Parameter) -> String {
    let items = match (parameter.format, parameter.allowed.is_empty()) {
        (_, false) => format!("one of {}", listed(parameter.allowed.iter().map(String::as_str))),
        (Some(format), true) => format.words().to_owned(),
        (None, true) => "a text".to_owned(),
    };
    match parameter.r#type {
        ParameterType::Text => items,
        ParameterType::Number => match (parameter.min, parameter.max) {
            (Some(min), Some(max)) => format!("a whole number from {min} to {max}"),
            (Some(min), None) => format!("a whole number, at least {min}"),
            (None, Some(max)) => format!("a whole number, at most {max}"),
            (None, None) => "a whole number".to_owned(),
        },
        ParameterType::Flag => "true or false".to_owned(),
        ParameterType::List => format!("a list, each {items}"),
        ParameterType::Records => {
            let names = parameter.fields.keys().map(String::as_str);
            format!("a list of mappings with {}", listed(names))
        }
    }
}

/// The arguments that name what AWS does not have, as far as is known.
pub(crate) fn unknown_names(
    parameters: &BTreeMap<String, Parameter>,
    given: &Map<String, Value>,
    pointer: &str,
) -> Vec<UnknownName> {
    let mut unknown = Vec::new();
    for (name, value) in given {
        let Some(parameter) = parameters.get(name) else { continue };
        let at = format!("{pointer}/{}", token(name));
        if let Some(text) = value.as_str() {
            unknown.extend(unknown_name(parameter, text, &at));
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            let at = format!("{at}/{index}");
            if let Some(text) = item.as_str() {
                unknown.extend(unknown_name(parameter, text, &at));
            } else if let Some(record) = item.as_object() {
                unknown.extend(unknown_names(&parameter.fields, record, &at));
            }
        }
    }
    unknown
}

fn unknown_name(parameter: &Parameter, name: &str, pointer: &str) -> Option<UnknownName> {
    let format = parameter.format?;
    let regions = || reference::regions().iter().map(|region| region.name.as_str());
    let region = match format {
        Format::Region | Format::RegionOrAll => Some(name).filter(|name| *name != ALL_REGIONS),
        // A pattern, or nothing where the resource has no Region, names none.
        Format::Arn => name.split(':').nth(3).filter(|it| !it.is_empty() && !it.contains('*')),
        Format::Account
        | Format::Action
        | Format::Principal
        | Format::Name
        | Format::Bucket
        | Format::Service
        | Format::TagKey
        | Format::Day
        | Format::ResourceType
        | Format::Network
        | Format::Vpc
        | Format::ImageProvider => None,
    };
    let unknown_region = region.filter(|region| reference::region(region).is_none());
    if let Some(region) = unknown_region {
        let help = did_you_mean(region, regions());
        let (pointer, kind, name) = (pointer.to_owned(), NameKind::Region, region.to_owned());
        return Some(UnknownName { pointer, kind, name, help });
    }
    let (kind, help) = if format == Format::Service && reference::service(name).is_none() {
        let prefixes = reference::services().iter().map(|service| service.prefix.as_str());
        (NameKind::Service, did_you_mean(name, prefixes))
    } else if format == Format::Action && reference::expand(name).is_empty() {
        (NameKind::Action, did_you_mean_action(name))
    } else {
        return None;
    };
    Some(UnknownName { pointer: pointer.to_owned(), kind, name: name.to_owned(), help })
}

struct Reader<'a> {
    guardrail: &'a str,
    site: &'a Site,
    refusals: Vec<Refusal>,
}

impl Reader<'_> {
    fn refuse(&mut self, pointer: &str, code: ProblemCode, message: String, help: Option<String>) {
        self.refusals.push(Refusal { pointer: pointer.to_owned(), code, message, help });
    }

    fn fields(
        &mut self,
        parameters: &BTreeMap<String, Parameter>,
        given: &Map<String, Value>,
        pointer: &str,
    ) -> Scope {
        for name in given.keys().filter(|name| !parameters.contains_key(*name)) {
            let message = format!("there is no parameter {}", shown(name));
            let names = || parameters.keys().map(String::as_str);
            let allowed = match parameters.len() {
                0 => "it takes none".to_owned(),
                _ => format!("it takes {}", listed(names())),
            };
            let help = did_you_mean(name, names()).unwrap_or(allowed);
            let at = format!("{pointer}/{}", token(name));
            self.refuse(&at, ProblemCode::UnknownField, message, Some(help));
        }
        let mut scope = Scope::new();
        for (name, parameter) in parameters {
            let default = parameter.default_at(self.site);
            let Some(value) = given.get(name).or(default.as_ref()) else {
                let message = format!("`{}` needs the parameter `{name}`", self.guardrail);
                let help = format!("`{name}`: {} ({})", parameter.description, describe(parameter));
                self.refuse(pointer, ProblemCode::MissingField, message, Some(help));
                continue;
            };
            let argument = self.argument(parameter, value, &format!("{pointer}/{}", token(name)));
            if let Some(Argument::Records(records)) = &argument {
                scope.extend(columns(name, records));
            }
            scope.extend(argument.map(|argument| (name.clone(), argument)));
        }
        scope
    }

    fn argument(
        &mut self,
        parameter: &Parameter,
        value: &Value,
        pointer: &str,
    ) -> Option<Argument> {
        match (parameter.r#type, value) {
            (ParameterType::Text, Value::String(text)) => {
                self.text(parameter, text, pointer).map(Argument::Text)
            }
            (ParameterType::Flag, Value::Bool(flag)) => Some(Argument::Flag(*flag)),
            (ParameterType::Number, Value::Number(number)) => {
                let whole = number.as_i64().filter(|number| {
                    parameter.min.is_none_or(|min| *number >= min)
                        && parameter.max.is_none_or(|max| *number <= max)
                });
                if whole.is_none() {
                    let message = format!("{number} is not {}", describe(parameter));
                    self.refuse(pointer, ProblemCode::InvalidValue, message, None);
                }
                whole.map(|number| Argument::Text(number.to_string()))
            }
            (ParameterType::List, Value::Array(items)) => {
                let mut list = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let at = format!("{pointer}/{index}");
                    match item.as_str() {
                        Some(text) => list.extend(self.text(parameter, text, &at)),
                        None => self.refuse_type("a text", item, &at),
                    }
                }
                Some(Argument::List(list))
            }
            (ParameterType::Records, Value::Array(items)) => {
                let mut records = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let at = format!("{pointer}/{index}");
                    match item.as_object() {
                        Some(given) => records.push(self.fields(&parameter.fields, given, &at)),
                        None => self.refuse_type("a mapping", item, &at),
                    }
                }
                if let Some(field) = &parameter.unique {
                    self.refuse_twice(field, items, pointer);
                }
                Some(Argument::Records(records))
            }
            (_, other) => {
                self.refuse_type(&describe(parameter), other, pointer);
                None
            }
        }
    }

    /// AWS knows no difference of case in what records differ by.
    fn refuse_twice(&mut self, field: &str, records: &[Value], pointer: &str) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (index, record) in records.iter().enumerate() {
            let Some(text) = record.get(field).and_then(Value::as_str) else { continue };
            if let Some(earlier) = seen.insert(text.to_lowercase(), text) {
                let message = format!("{} is there twice", shown(text));
                let help = (earlier != text).then(|| {
                    format!("{} differs in case alone, which does not count", shown(earlier))
                });
                let at = format!("{pointer}/{index}/{}", token(field));
                self.refuse(&at, ProblemCode::InvalidValue, message, help);
            }
        }
    }

    fn refuse_type(&mut self, expected: &str, found: &Value, pointer: &str) {
        let found = match found {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(value) => format!("the number `{value}`"),
            Value::String(text) => shown(text),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "a mapping".to_owned(),
        };
        let message = format!("expected {expected}, found {found}");
        self.refuse(pointer, ProblemCode::WrongType, message, None);
    }

    fn text(&mut self, parameter: &Parameter, text: &str, pointer: &str) -> Option<String> {
        if text.is_empty() && parameter.default.as_ref().is_some_and(|default| default == "") {
            return Some(String::new());
        }
        if !parameter.allowed.is_empty() {
            if parameter.allowed.iter().any(|allowed| allowed == text) {
                return Some(text.to_owned());
            }
            let names = || parameter.allowed.iter().map(String::as_str);
            let allowed = format!("allowed: {}", listed(names()));
            let help = did_you_mean(text, names()).unwrap_or(allowed);
            let message = format!("{} is not allowed here", shown(text));
            self.refuse(pointer, ProblemCode::InvalidValue, message, Some(help));
            return None;
        }
        if parameter.format == Some(Format::Account)
            && let Some(id) = self.site.accounts.get(text)
        {
            return Some(id.clone());
        }
        let Some(format) = parameter.format else { return Some(text.to_owned()) };
        if format.is_match(text) {
            return Some(text.to_owned());
        }
        let (code, help) = if format == Format::Account {
            let names = self.site.accounts.keys().map(String::as_str);
            (ProblemCode::UnknownName, did_you_mean(text, names))
        } else {
            (ProblemCode::InvalidValue, None)
        };
        let message = format!("{} is not {}", shown(text), format.words());
        self.refuse(pointer, code, message, help);
        None
    }
}

impl Format {
    /// What it is, in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Account => "an account's name in desired state, or its id of 12 digits",
            Self::Action => "an action such as `s3:GetObject`, or a pattern such as `s3:*`",
            Self::Arn => "an ARN or a pattern of one, such as `arn:aws:s3:::logs-*`",
            Self::Principal => {
                "a principal's ARN or a pattern, such as `arn:aws:iam::*:role/Admin`"
            }
            Self::Region => "a Region such as `eu-west-1`",
            Self::RegionOrAll => "a Region such as `eu-west-1`, or `ALL_SUPPORTED`",
            Self::Name => "a name or a pattern of one, such as `Audit-*`",
            Self::Bucket => "a bucket's name or a pattern of one, such as `acme-logs-*`",
            Self::Service => "the prefix of a service's actions, such as `s3`",
            Self::TagKey => "the key of a tag, which does not begin with `@@`",
            Self::Day => "a day such as `2027-06-30`",
            Self::ResourceType => "a type of resources such as `ec2:instance`",
            Self::Network => "a network such as `203.0.113.0/24`, smaller than all addresses",
            Self::Vpc => "the id of a VPC such as `vpc-0a1b2c3d`",
            Self::ImageProvider => {
                "an account's id of 12 digits, or `amazon`, `aws_marketplace` or `aws_backup_vault`"
            }
        }
    }

    fn is_match(self, text: &str) -> bool {
        const fn pattern(format: Format) -> &'static str {
            match format {
                Format::Account => "^[0-9]{12}$",
                Format::Action => r"^[a-z0-9-]+:[A-Za-z0-9*?]+$",
                Format::Arn => r"^arn:[a-z*-]+:[a-z0-9-]+:[a-z0-9*-]*:[0-9*]*:[^ \t\r\n]+$",
                Format::Principal => {
                    r"^arn:[a-z*-]+:(iam|sts)::[0-9*?]{1,12}:[^ \t\r\n*][^ \t\r\n]*$"
                }
                Format::Region => r"^[a-z]{2,}(-[a-z]+)+-[0-9]+$",
                Format::RegionOrAll => r"^(ALL_SUPPORTED|[a-z]{2,}(-[a-z]+)+-[0-9]+)$",
                Format::Name => {
                    r"^[A-Za-z0-9_+=,.@/*?-]*[A-Za-z0-9_+=,.@/-]{2}[A-Za-z0-9_+=,.@/*?-]*$"
                }
                Format::Bucket => r"^[a-z0-9][a-z0-9.*?-]{2,62}$",
                Format::Service => r"^[a-z0-9][a-z0-9-]*$",
                // `@@assign` and its like are operators of tag policies.
                Format::TagKey => r"^@?[A-Za-z0-9_.:/=+ -][A-Za-z0-9_.:/=+@ -]{0,126}$",
                Format::Day => r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
                Format::ResourceType => r"^[a-z0-9-]+:[A-Za-z0-9*/-]+$",
                // `/0`, and the two halves of it, are every address: nothing would be denied.
                Format::Network => r"^[0-9a-fA-F.:]+/([2-9]|[1-9][0-9]{1,2})$",
                Format::Vpc => r"^vpc-[0-9a-f]{8,17}$",
                Format::ImageProvider => "^([0-9]{12}|amazon|aws_marketplace|aws_backup_vault)$",
            }
        }
        static PATTERNS: LazyLock<BTreeMap<&'static str, Regex>> = LazyLock::new(|| {
            use strum::IntoEnumIterator;
            let compiled = Format::iter().map(pattern).map(|text| (text, Regex::new(text)));
            compiled.filter_map(|(text, regex)| Some((text, regex.ok()?))).collect()
        });
        // A day that no calendar has would be a time that AWS does not take.
        let is_real = self != Self::Day || text.parse::<Date>().is_ok();
        is_real && PATTERNS.get(pattern(self)).is_some_and(|regex| regex.is_match(text))
    }
}

/// The texts of one field of all records, as `parameter.field`.
fn columns(name: &str, records: &[Scope]) -> Scope {
    let mut columns = Scope::new();
    for (field, value) in records.iter().flatten() {
        let column = columns.entry(format!("{name}.{field}")).or_insert(Argument::List(Vec::new()));
        if let (Argument::List(column), Argument::Text(text)) = (column, value) {
            column.push(text.clone());
        }
    }
    columns
}

/// A name as a token of a JSON pointer.
fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
