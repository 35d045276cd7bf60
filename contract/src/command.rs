//! The examples as commands of `wecom`.

use serde_json::Value;

use crate::model::{Action, Contract, Kind, Type};

impl Contract {
    /// The example of an action as a command of `wecom`: its words, quoted for a shell. Credentials come from the
    /// environment.
    pub fn command(&self, action: &Action) -> Vec<String> {
        let mut words = vec!["wecom".to_owned(), action.name.clone()];
        let arguments = action.example.arguments.as_object();
        for (parameter, value) in
            action.inputs().iter().filter_map(|it| Some((it, arguments?.get(&it.name)?)))
        {
            let record = self.record_parameter(action).is_some_and(|it| it.name == parameter.name);
            match value {
                Value::Object(fields) if record => {
                    let file = fields.get("file-name").and_then(Value::as_str);
                    for field in self.fields(&parameter.ty) {
                        let Some(value) = fields.get(&field.name) else { continue };
                        self.words(&mut words, &field.name, &field.ty, value, file);
                    }
                }
                value => self.words(&mut words, &parameter.name, &parameter.ty, value, None),
            }
        }
        words
    }

    /// `NAME=VALUE` for a value: one for each part of an object, and for each element of a list of texts or numbers.
    fn words(
        &self,
        words: &mut Vec<String>,
        name: &str,
        ty: &Type,
        value: &Value,
        file: Option<&str>,
    ) {
        let ty = ty.without_option();
        if self.is_file(ty) {
            words.push(match (file, value.get("base64").and_then(Value::as_str)) {
                (None, Some(base64)) => format!("{name}={}", quote(base64)),
                (file, _) => format!("{name}@={}", quote(file.unwrap_or("FILE"))),
            });
            return;
        }
        match value {
            Value::Null => {}
            Value::Object(fields) => {
                for (field, it) in fields {
                    let part = match self.kind(ty) {
                        Some(Kind::Record { fields }) => {
                            fields.iter().find(|it| it.name == *field).map(|it| &it.ty)
                        }
                        Some(Kind::Variant { cases }) => {
                            cases.iter().find(|it| it.name == *field).and_then(|it| it.ty.as_ref())
                        }
                        _ => None,
                    };
                    self.words(words, &format!("{name}.{field}"), part.unwrap_or(ty), it, file);
                }
            }
            Value::Array(items)
                if !items.is_empty() && items.iter().all(|it| it.is_string() || it.is_number()) =>
            {
                for it in items {
                    self.words(words, name, &Type::String, it, file);
                }
            }
            Value::String(text) => words.push(format!("{name}={}", quote(text))),
            other => {
                let json = other.to_string();
                let long = json.len() > 60 || name.len() + json.len() > 70;
                let json = if long { format!("{other:#}") } else { json };
                words.push(format!("{name}={}", quote(&json)));
            }
        }
    }
}

/// A text as one word of a shell's command. `shlex` would escape each `"` of JSON that has a backslash or an apostrophe in it.
pub fn quote(text: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || "-_./:@+,%".contains(it);
    if !text.is_empty() && text.chars().all(plain) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
