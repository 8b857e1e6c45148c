//! The catalogue from the outside: its files, and what they become in desired state.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use palisade::catalog;

#[test]
fn every_file_in_the_directory_is_in_the_catalogue() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/guardrails");
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> =
        names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let ids: BTreeSet<String> =
        catalog::built_in().guardrails().map(|guardrail| guardrail.id.clone()).collect();
    assert_eq!(files, ids);
}
