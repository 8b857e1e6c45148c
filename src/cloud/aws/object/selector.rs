//! Event selectors of trails. The older form, which knows less, reads as the newer one.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, EventSelector as BasicSelector, ReadWriteType,
};
use strum::IntoEnumIterator;

use crate::cloud::aws::failure::unreadable;
use crate::cloud::{CloudError, Operation};
use crate::org::{Comparison, EventSelector, FieldSelector};

/// A selector as `CloudTrail` gives it.
pub(super) fn read(selector: &AdvancedEventSelector) -> EventSelector {
    EventSelector {
        fields: selector.field_selectors().iter().map(read_field).collect(),
        name: selector.name().filter(|name| !name.is_empty()).map(str::to_owned),
    }
}

fn read_field(selector: &AdvancedFieldSelector) -> FieldSelector {
    let of = |comparison: Comparison| match comparison {
        Comparison::Equals => selector.equals(),
        Comparison::StartsWith => selector.starts_with(),
        Comparison::EndsWith => selector.ends_with(),
        Comparison::NotEquals => selector.not_equals(),
        Comparison::NotStartsWith => selector.not_starts_with(),
        Comparison::NotEndsWith => selector.not_ends_with(),
    };
    let values = Comparison::iter().map(|comparison| (comparison, of(comparison)));
    let values = values.filter(|(_, values)| !values.is_empty());
    FieldSelector {
        field: selector.field().to_owned(),
        values: values
            .map(|(comparison, values)| (comparison, values.iter().cloned().collect()))
            .collect(),
    }
}

/// What a selector of the older form lets through, which is management events, data events or both.
pub(super) fn read_basic(selector: &BasicSelector) -> Vec<EventSelector> {
    let read_only = match selector.read_write_type() {
        Some(ReadWriteType::ReadOnly) => Some("true"),
        Some(ReadWriteType::WriteOnly) => Some("false"),
        Some(_) | None => None,
    };
    let category = |category: &str| {
        let mut fields = BTreeSet::from([FieldSelector::equals("eventCategory", [category])]);
        fields.extend(read_only.map(|text| FieldSelector::equals("readOnly", [text])));
        fields
    };
    let mut selectors = Vec::new();
    if selector.include_management_events().unwrap_or(true) {
        let mut fields = category("Management");
        let left_out = selector.exclude_management_event_sources();
        if !left_out.is_empty() {
            let sources = left_out.iter().map(String::as_str);
            fields.insert(FieldSelector::compared("eventSource", Comparison::NotEquals, sources));
        }
        selectors.push(EventSelector { fields, name: None });
    }
    for resource in selector.data_resources() {
        let mut fields = category("Data");
        let of_type = resource.r#type().unwrap_or_default();
        fields.insert(FieldSelector::equals("resources.type", [of_type]));
        let values = resource.values();
        if !values.is_empty() {
            let values = values.iter().map(String::as_str);
            let starts = FieldSelector::compared("resources.ARN", Comparison::StartsWith, values);
            fields.insert(starts);
        }
        selectors.push(EventSelector { fields, name: None });
    }
    selectors
}

/// A selector as `CloudTrail` takes it.
pub(super) fn write(selector: &EventSelector) -> Result<AdvancedEventSelector, CloudError> {
    let fields = selector.fields.iter().map(write_field).collect::<Result<_, _>>()?;
    AdvancedEventSelector::builder()
        .set_name(selector.name.clone())
        .set_field_selectors(Some(fields))
        .build()
        .map_err(|error| unreadable(Operation::PutEventSelectors, &error.to_string()))
}

fn write_field(selector: &FieldSelector) -> Result<AdvancedFieldSelector, CloudError> {
    let FieldSelector { field, values } = selector;
    let of = |comparison: Comparison| list(values, comparison);
    AdvancedFieldSelector::builder()
        .field(field)
        .set_equals(of(Comparison::Equals))
        .set_starts_with(of(Comparison::StartsWith))
        .set_ends_with(of(Comparison::EndsWith))
        .set_not_equals(of(Comparison::NotEquals))
        .set_not_starts_with(of(Comparison::NotStartsWith))
        .set_not_ends_with(of(Comparison::NotEndsWith))
        .build()
        .map_err(|error| unreadable(Operation::PutEventSelectors, &error.to_string()))
}

fn list(
    values: &BTreeMap<Comparison, BTreeSet<String>>,
    comparison: Comparison,
) -> Option<Vec<String>> {
    values.get(&comparison).map(|values| values.iter().cloned().collect())
}
