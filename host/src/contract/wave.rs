//! WAVE, the text form in which the contract gives its examples, as JSON.

use serde_json::{Map, Value};

/// A call: its name, and the values of its arguments.
pub(super) fn call(text: &str) -> Option<(String, Vec<Value>)> {
    let mut reader = Reader { rest: text };
    let name = reader.name()?.to_owned();
    reader.skip("(").then_some(())?;
    let arguments = reader.list(")")?;
    reader.rest.trim().is_empty().then_some((name, arguments))
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '"' => self.string(),
            '[' => {
                self.skip("[");
                self.list("]").map(Value::Array)
            }
            '(' => {
                self.skip("(");
                self.list(")").map(Value::Array)
            }
            '{' => {
                self.skip("{");
                self.record()
            }
            '0'..='9' | '-' | '+' => {
                let end =
                    self.rest.find(|it: char| !it.is_ascii_alphanumeric() && !"+-.".contains(it));
                serde_json::from_str(self.advance(end.unwrap_or(self.rest.len()))?).ok()
            }
            _ => self.named(),
        }
    }

    /// A case, with its payload if there is one; options and booleans are cases, too.
    fn named(&mut self) -> Option<Value> {
        let name = self.name()?;
        let payload = if self.skip("(") {
            let payload = self.value()?;
            self.skip(")").then_some(payload)
        } else {
            None
        };
        Some(match (name, payload) {
            ("none", None) => Value::Null,
            ("true", None) => true.into(),
            ("false", None) => false.into(),
            ("some", Some(payload)) => payload,
            (name, Some(payload)) => Value::Object(Map::from_iter([(name.to_owned(), payload)])),
            (name, None) => name.into(),
        })
    }

    fn record(&mut self) -> Option<Value> {
        let mut fields = Map::new();
        while !self.skip("}") {
            let name = self.name()?;
            self.skip(":").then_some(())?;
            fields.insert(name.to_owned(), self.value()?);
            self.skip(",");
        }
        Some(Value::Object(fields))
    }

    fn list(&mut self, end: &str) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        while !self.skip(end) {
            values.push(self.value()?);
            self.skip(",");
        }
        Some(values)
    }

    /// The escapes in use are those of JSON.
    fn string(&mut self) -> Option<Value> {
        let mut escaped = true;
        let end = self.rest.find(|it| {
            let ends = it == '"' && !escaped;
            escaped = it == '\\' && !escaped;
            ends
        })?;
        serde_json::from_str(self.advance(end + 1)?).ok()
    }

    fn name(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '-' && it != '%');
        let name = self.advance(end.unwrap_or(self.rest.len()))?;
        (!name.is_empty()).then(|| name.trim_start_matches('%'))
    }

    fn skip(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn advance(&mut self, bytes: usize) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Value>) {
        let values = call(text).map(|(_, values)| Value::Array(values));
        assert_eq!(values, expected, "{text}");
    }

    #[test]
    fn values() {
        check("f()", Some(json!([])));
        check(r#"f(profile(""), none, some(5000))"#, Some(json!([{"profile": ""}, null, 5000])));
        check(
            r#"f({a: "x\"y", b: [-1, 2.5], c: clear}, (1, true))"#,
            Some(json!([{"a": "x\"y", "b": [-1, 2.5], "c": "clear"}, [1, true]])),
        );
        check(r#"f("")"#, Some(json!([""])));
    }

    #[test]
    fn broken() {
        for text in ["", "f", "f(", "f(1", "f(1) x", r#"f("a)"#, "f({a 1})", "f(é)"] {
            check(text, None);
        }
    }
}
