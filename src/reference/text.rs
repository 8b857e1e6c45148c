//! Reads the embedded text. Its form is described where it is made, in `tests/reference/generate.mjs`.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::reference::key::{ConditionKey, KeyType};
use crate::reference::{Action, Region, Service};

const COMPRESSED: &[u8] = include_bytes!("aws.gz");

/// The data, read.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub(crate) date: String,
    pub(crate) regions: Vec<Region>,
    pub(crate) global_keys: Vec<ConditionKey>,
    /// Sorted by prefix.
    pub(crate) services: Vec<Service>,
}

impl Text {
    /// Reads what is embedded. A test reads it too, so that nothing can be wrong with it here: a line
    /// that is not understood is left out.
    pub(crate) fn read() -> Self {
        let mut unpacked = String::new();
        if GzDecoder::new(COMPRESSED).read_to_string(&mut unpacked).is_err() {
            return Self::default();
        }
        let mut text = Self::default();
        for line in unpacked.lines() {
            let _ = text.line(line);
        }
        text
    }

    /// Takes one line; nothing when it is not understood.
    pub(crate) fn line(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        match words.next()? {
            "palisade-reference" => words.next()?.clone_into(&mut self.date),
            "region" => self.regions.push(Region {
                partition: words.next()?.to_owned(),
                name: words.next()?.to_owned(),
                is_opt_in: words.next()? == "optIn",
            }),
            "global" => self.global_keys.push(key(words.next()?, words.next()?)?),
            "service" => self.services.push(Service {
                prefix: words.next()?.to_owned(),
                supports_rcp: words.next()? == "rcp",
                keys: Vec::new(),
                sets: Vec::new(),
                actions: Vec::new(),
            }),
            "key" => {
                let key = key(words.next()?, words.next()?)?;
                self.services.last_mut()?.keys.push(key);
            }
            "set" => {
                let places = words.map(|word| word.parse().ok()).collect::<Option<Vec<usize>>>()?;
                self.services.last_mut()?.sets.push(places);
            }
            name => {
                let set = words.next()?.parse().ok()?;
                let has_resources = words.next()? == "any";
                let action = Action { name: name.to_owned(), has_resources, set };
                self.services.last_mut()?.actions.push(action);
            }
        }
        Some(())
    }

    /// The embedded text itself, for the test that understands every line.
    #[cfg(test)]
    pub(crate) fn unpacked() -> String {
        let mut unpacked = String::new();
        GzDecoder::new(COMPRESSED).read_to_string(&mut unpacked).unwrap();
        unpacked
    }
}

fn key(name: &str, type_name: &str) -> Option<ConditionKey> {
    let (is_list, value) = match type_name.strip_prefix("ArrayOf") {
        Some(value) => (true, value),
        None => (false, type_name),
    };
    let value_type: KeyType = value.parse().ok()?;
    Some(ConditionKey { name: name.to_owned(), value_type, is_list })
}
