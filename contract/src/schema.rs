//! JSON Schema of the model.

use serde_json::{Map, Value, json};

use crate::model::{Action, Contract, Kind, NamedType, Parameter, Type};

/// Makes JSON Schema (2020-12) of types and actions, for the JSON form that `wecom` and `wecom-host` take: a record is an
/// object whose options may be absent, a variant `"case"` or `{"case": …}`, bytes are base64. A string that is no case stands
/// for the only case with a string, see [`Contract::string_case`]. Not in the schema: bytes as an array of numbers, which are
/// accepted too, but take many times the space.
#[derive(Clone, Copy)]
pub struct Schemas<'a> {
    /// The contract that the types belong to.
    pub contract: &'a Contract,
    /// Whether null is allowed in place of an absent option, as the command and the host library do.
    pub nullable: bool,
    /// Where the named types stand, such as `#/$defs/`.
    pub definitions: &'a str,
}

impl Schemas<'_> {
    /// The arguments of an action as one object, from the parameters given.
    pub fn arguments(self, parameters: &[Parameter]) -> Value {
        self.object(parameters.iter().map(|it| (it.name.as_str(), &it.ty, &*it.documentation)))
    }

    /// The result of an action.
    pub fn result(self, action: &Action) -> Value {
        self.ty(&action.result)
    }

    /// A type with a name, as it stands among the definitions.
    pub fn named_type(self, ty: &NamedType) -> Value {
        let mut schema = match &ty.kind {
            Kind::Alias { ty } => self.ty(ty),
            Kind::Record { fields } => {
                self.object(fields.iter().map(|it| (it.name.as_str(), &it.ty, &*it.documentation)))
            }
            Kind::Enum { cases } => {
                let names: Vec<&str> = cases.iter().map(|it| it.name.as_str()).collect();
                json!({ "enum": names })
            }
            Kind::Variant { cases } => {
                let mut choices = Vec::new();
                if self.contract.is_file(&Type::Named(ty.name.clone())) {
                    choices.push(base64());
                } else if let Some(case) = self.contract.string_case(cases) {
                    let mut choice = json!({ "type": "string" });
                    describe(&mut choice, &case.documentation);
                    choices.push(choice);
                }
                for case in cases {
                    let mut choice = match &case.ty {
                        None => json!({ "const": case.name }),
                        Some(ty) => self.object([(case.name.as_str(), ty, "")].into_iter()),
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

    /// A type as it stands in a field.
    pub fn ty(self, ty: &Type) -> Value {
        if let Some((minimum, maximum)) = ty.range() {
            // Beyond 64 bits there is no integer type.
            let number =
                |it: i128| i64::try_from(it).map_or_else(|_| Value::from(u64::MAX), Value::from);
            return json!({ "type": "integer", "minimum": number(minimum), "maximum": number(maximum) });
        }
        match ty {
            Type::Bool => json!({ "type": "boolean" }),
            Type::F64 => json!({ "type": "number" }),
            Type::String => json!({ "type": "string" }),
            Type::List(of) if **of == Type::U8 => base64(),
            Type::List(of) => json!({ "type": "array", "items": self.ty(of) }),
            Type::Option(of) if self.nullable => {
                json!({ "anyOf": [self.ty(of), { "type": "null" }] })
            }
            Type::Option(of) => self.ty(of),
            Type::Named(name) => json!({ "$ref": format!("{}{name}", self.definitions) }),
            _ => Value::Bool(true),
        }
    }

    fn object<'a>(self, members: impl Iterator<Item = (&'a str, &'a Type, &'a str)>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (name, ty, documentation) in members {
            let mut schema = self.ty(ty);
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
}

fn base64() -> Value {
    json!({ "type": "string", "contentEncoding": "base64" })
}

fn describe(schema: &mut Value, documentation: &str) {
    if let Some(object) = schema.as_object_mut().filter(|_| !documentation.is_empty()) {
        object.insert("description".into(), documentation.replace('\n', " ").into());
    }
}
