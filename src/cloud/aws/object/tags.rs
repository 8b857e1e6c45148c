//! Tags as IAM takes them.

use std::collections::BTreeMap;

use aws_sdk_iam::types::Tag;

use crate::cloud::aws::failure::unreadable;
use crate::cloud::{CloudError, Operation};

pub(super) fn iam_tags(
    operation: Operation,
    tags: BTreeMap<String, String>,
) -> Result<Vec<Tag>, CloudError> {
    tags.into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable(operation, &error.to_string()))
}
