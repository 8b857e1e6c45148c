//! The form of documents: what each mistake looks like to the person who made it.

use crate::desired::{ORGANIZATION, POLICY, expect};

#[test]
fn documents_that_are_right_are_taken() {
    expect(&format!("{ORGANIZATION}---\n{POLICY}"), "");
}
