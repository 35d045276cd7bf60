//! JSON Schema (2020-12) of the model, for the JSON form that `wecom` and `wecom-host` take: a record is an object whose
//! options may be absent or null, a variant `"case"` or `{"case": …}`, bytes are base64. A string that is no case stands for
//! the only case with a string, see [`Contract::string_case`]. Not in the schema: bytes as an array of numbers, which are
//! accepted too, but take many times the space.

use serde_json::{Map, Value, json};

use crate::model::{Contract, Kind, NamedType, Type};

impl Contract {
    /// The JSON Schema of each of these types, by name: the `$defs` that [`Type::schema`] refers to.
    pub fn definitions<'a>(&self, types: impl Iterator<Item = &'a NamedType>) -> Value {
        Value::Object(types.map(|it| (it.name.clone(), self.definition(it))).collect())
    }

    fn definition(&self, ty: &NamedType) -> Value {
        let mut schema = match &ty.kind {
            Kind::Alias { ty } => ty.schema(),
            Kind::Record { fields } => {
                object(fields.iter().map(|it| (it.name.as_str(), &it.ty, &*it.documentation)))
            }
            Kind::Enum { cases } => {
                let names: Vec<&str> = cases.iter().map(|it| it.name.as_str()).collect();
                json!({ "enum": names })
            }
            Kind::Variant { cases } => {
                let mut choices = Vec::new();
                if self.is_file(&Type::Named(ty.name.clone())) {
                    choices.push(base64());
                } else if let Some(case) = self.string_case(cases) {
                    let mut choice = json!({ "type": "string" });
                    describe(&mut choice, &case.documentation);
                    choices.push(choice);
                }
                for case in cases {
                    let mut choice = match &case.ty {
                        None => json!({ "const": case.name }),
                        Some(ty) => object([(case.name.as_str(), ty, "")].into_iter()),
                    };
                    describe(&mut choice, &case.documentation);
                    choices.push(choice);
                }
                // A case without a value is a string as well.
                json!({ "anyOf": choices })
            }
        };
        describe(&mut schema, &ty.documentation);
        schema
    }
}

impl Type {
    /// The JSON Schema of a value of this type. A type with a name is a reference to `#/$defs/`.
    pub fn schema(&self) -> Value {
        if let Some((minimum, maximum)) = self.range() {
            // Beyond 64 bits there is no integer type.
            let number =
                |it: i128| i64::try_from(it).map_or_else(|_| Value::from(u64::MAX), Value::from);
            return json!({ "type": "integer", "minimum": number(minimum), "maximum": number(maximum) });
        }
        match self {
            Type::Bool => json!({ "type": "boolean" }),
            Type::F64 => json!({ "type": "number" }),
            Type::String => json!({ "type": "string" }),
            Type::List(of) if **of == Type::U8 => base64(),
            Type::List(of) => json!({ "type": "array", "items": of.schema() }),
            Type::Option(of) => json!({ "anyOf": [of.schema(), { "type": "null" }] }),
            Type::Named(name) => json!({ "$ref": format!("#/$defs/{name}") }),
            _ => Value::Bool(true),
        }
    }
}

/// An object with these members: name, type, documentation.
pub(crate) fn object<'a>(members: impl Iterator<Item = (&'a str, &'a Type, &'a str)>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, ty, documentation) in members {
        let mut schema = ty.schema();
        describe(&mut schema, documentation);
        properties.insert(name.into(), schema);
        if !ty.is_option() {
            required.push(name);
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if let Some(object) = schema.as_object_mut() {
        if !required.is_empty() {
            object.insert("required".into(), required.into());
        }
        object.insert("additionalProperties".into(), false.into());
    }
    schema
}

fn base64() -> Value {
    json!({ "type": "string", "contentEncoding": "base64" })
}

fn describe(schema: &mut Value, documentation: &str) {
    if let Some(object) = schema.as_object_mut().filter(|_| !documentation.is_empty()) {
        object.insert("description".into(), documentation.replace('\n', " ").into());
    }
}
