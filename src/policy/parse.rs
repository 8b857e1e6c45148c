//! Strict JSON: no comments, no repeated keys, bounded depth, and where a value stands in the text.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Map, Number, Value};

use crate::policy::problem::{PolicyProblem, Position};

/// How deep values may nest. IAM statements need 7 levels and backup policies about 14; the rest is
/// room, and small enough that recursion over a document never threatens the stack.
const DEPTH_MAX: usize = 64;

/// Whole numbers beyond this do not survive a reader that takes numbers as doubles.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Reads a policy document; the keys keep their order.
///
/// Stricter than [`serde_json::from_str`], which keeps the last of repeated keys: AWS refuses them,
/// and a reader that does not would check another policy than the one it sends.
pub fn parse(text: &str) -> Result<Value, PolicyProblem> {
    let mut deserializer = Deserializer::from_str(text);
    let value = Strict { depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| problem_of(text, &error))
}

fn problem_of(text: &str, error: &serde_json::Error) -> PolicyProblem {
    let whole = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = whole.strip_suffix(&suffix).unwrap_or(&whole);
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let before = line.get(..error.column().saturating_sub(1)).unwrap_or(line);
    PolicyProblem {
        pointer: String::new(),
        message: format!("not the JSON of one policy: {message}"),
        position: Some(Position { line: error.line().max(1), column: before.chars().count() + 1 }),
    }
}

/// Reads one value that lies `depth` levels down.
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        match Number::from_f64(value) {
            Some(number) if value.abs() < EXACT_MAX => Ok(Value::Number(number)),
            _ => Err(E::custom("the number is too large to keep exactly; write it as a string")),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.deeper::<A::Error>()?)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut seen = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format_args!("the key `{key}` is repeated")));
            }
            let value = entries.next_value_seed(self.deeper::<A::Error>()?)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// Where the value at the JSON pointer `pointer` begins in `text`; nothing when there is no such
/// value, or when `text` is not JSON that [`parse`] takes.
pub fn locate(text: &str, pointer: &str) -> Option<Position> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.skip_space();
    for segment in pointer.split('/').skip(1) {
        cursor.enter(&segment.replace("~1", "/").replace("~0", "~"))?;
    }
    let before = text.get(..cursor.at)?;
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Some(Position {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..)?.chars().count() + 1,
    })
}

/// A place in a JSON text, always before a value or at a separator.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Takes `byte` and the white space around it.
    fn take(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        (self.peek() == Some(byte)).then(|| self.at += 1)?;
        self.skip_space();
        Some(())
    }

    /// From before an object or array to before its member `segment`.
    fn enter(&mut self, segment: &str) -> Option<()> {
        if self.peek()? == b'{' {
            self.take(b'{')?;
            loop {
                let start = self.at;
                self.skip_string()?;
                let key: String = serde_json::from_str(self.text.get(start..self.at)?).ok()?;
                self.take(b':')?;
                if key == segment {
                    return Some(());
                }
                self.skip_value()?;
                self.take(b',')?;
            }
        }
        self.take(b'[')?;
        for _ in 0..segment.parse::<usize>().ok()? {
            self.skip_value()?;
            self.take(b',')?;
        }
        (self.peek()? != b']').then_some(())
    }

    /// Past a value, however deep, by counting brackets.
    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.skip_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ => self.skip_until_separator(),
            }
            self.skip_space();
            if depth == 0 {
                return Some(());
            }
            while self.peek().is_some_and(|byte| byte == b',' || byte == b':') {
                self.at += 1;
                self.skip_space();
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        (self.peek()? == b'"').then(|| self.at += 1)?;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    fn skip_until_separator(&mut self) {
        while self.peek().is_some_and(|byte| !matches!(byte, b',' | b':' | b'}' | b']')) {
            self.at += 1;
        }
    }
}
