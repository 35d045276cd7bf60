//! The contract as documentation: what the WIT files say about every action, for people and programs that ask.

mod wave;

use std::collections::BTreeSet;

use serde_json::Value;
use wit_parser::{Docs, Function, Interface, Resolve, SourceMap, Type, TypeDefKind, TypeId};

/// The WIT files, by name.
pub const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/contract_files.rs"));

/// What the WIT files say.
pub struct Contract {
    /// About the whole package.
    pub documentation: String,
    /// All functions, in the order of the files.
    pub actions: Vec<Action>,
    /// All types that have a name, in the order of the files.
    pub types: Vec<NamedType>,
}

/// One function.
pub struct Action {
    /// Its name, such as `send-app-text`.
    pub name: String,
    /// Its interface, such as `app-messages`.
    pub interface: String,
    /// Its documentation without the sections below.
    pub documentation: String,
    /// The errors special to it, one each.
    pub errors: Vec<String>,
    /// Its example, in WAVE.
    pub example: String,
    /// Its parameters in order.
    pub parameters: Vec<Member>,
    /// What it returns, as WIT.
    pub result: String,
    /// The names of all types that its parameters are made of, in the order in which a reader meets them.
    pub input_types: Vec<String>,
    /// The names of those that its result is made of, beyond the ones above; `error` is not among them.
    pub output_types: Vec<String>,
}

/// A type with a name.
pub struct NamedType {
    /// Its name, such as `new-member`.
    pub name: String,
    /// What kind of type it is: `record`, `variant`, `enum`, `flags`, or `type` for another name of a type.
    pub kind: &'static str,
    /// The type that a `type` stands for.
    pub alias_of: Option<String>,
    /// Its documentation.
    pub documentation: String,
    /// Its fields or cases.
    pub members: Vec<Member>,
}

/// A parameter, field or case.
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its type as WIT. None for a case without payload.
    pub ty: Option<String>,
    /// Its documentation.
    pub documentation: String,
}

impl Contract {
    /// Read the WIT files that this library carries.
    ///
    /// # Errors
    /// None in practice: the library would not have been built.
    pub fn load() -> Result<Self, String> {
        let mut sources = SourceMap::new();
        for (name, text) in FILES {
            sources.push_str(name, *text);
        }
        let mut resolve = Resolve::new();
        let group = sources.parse().map_err(|(_, error)| format!("{error:?}"))?;
        let package = resolve.push_group(group).map_err(|error| format!("{error:?}"))?;
        let package = resolve.packages.get(package).ok_or("the package is missing")?;

        let mut contract =
            Self { documentation: text(&package.docs), actions: Vec::new(), types: Vec::new() };
        for id in package.interfaces.values() {
            let Some(interface) = resolve.interfaces.get(*id) else { continue };
            let types = Types(&resolve);
            contract.types.extend(interface.types.values().filter_map(|id| types.named(*id)));
            contract
                .actions
                .extend(interface.functions.values().map(|it| types.action(interface, it)));
        }
        Ok(contract)
    }

    /// The action of this name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|it| it.name == name)
    }

    /// The type of this name.
    pub fn named_type(&self, name: &str) -> Option<&NamedType> {
        self.types.iter().find(|it| it.name == name)
    }
}

impl Action {
    /// The first paragraph of the documentation, on one line.
    pub fn summary(&self) -> String {
        self.documentation.split("\n\n").next().unwrap_or_default().replace('\n', " ")
    }

    /// The arguments of the example as JSON, as [`Instance::call_json`](crate::Instance::call_json) takes them.
    pub fn example_arguments(&self) -> Option<Value> {
        let (name, values) = wave::call(&self.example)?;
        if name != self.name || values.len() > self.parameters.len() {
            return None;
        }
        let names = self.parameters.iter().map(|it| it.name.clone());
        Some(Value::Object(names.zip(values).collect()))
    }
}

/// Those of the names that somebody may have meant, the likeliest first.
pub fn similar<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    const CLOSE: f64 = 0.8;
    const MOST: usize = 3;
    let mut near: Vec<(f64, &str)> = names.map(|it| (strsim::jaro(name, it), it)).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().filter(|it| it.0 >= CLOSE).take(MOST).map(|it| it.1.to_owned()).collect()
}

struct Types<'a>(&'a Resolve);

impl Types<'_> {
    fn action(&self, interface: &Interface, function: &Function) -> Action {
        let (documentation, errors, example) = sections(&text(&function.docs));
        let mut seen = BTreeSet::from(["error".to_owned()]);
        let mut input_types = Vec::new();
        for param in &function.params {
            self.collect(&param.ty, &mut seen, &mut input_types);
        }
        let mut output_types = Vec::new();
        if let Some(ty) = &function.result {
            self.collect(ty, &mut seen, &mut output_types);
        }
        Action {
            name: function.name.clone(),
            interface: interface.name.clone().unwrap_or_default(),
            documentation,
            errors,
            example,
            parameters: function
                .params
                .iter()
                .map(|it| self.member(&it.name, Some(&it.ty), String::new()))
                .collect(),
            result: function.result.as_ref().map(|it| self.spell(it)).unwrap_or_default(),
            input_types,
            output_types,
        }
    }

    /// None for a type that is only used here and defined in another interface.
    fn named(&self, id: TypeId) -> Option<NamedType> {
        let definition = self.0.types.get(id)?;
        let name = definition.name.clone()?;
        let mut alias_of = None;
        let (kind, members) = match &definition.kind {
            TypeDefKind::Record(it) => (
                "record",
                it.fields
                    .iter()
                    .map(|it| self.member(&it.name, Some(&it.ty), text(&it.docs)))
                    .collect(),
            ),
            TypeDefKind::Variant(it) => (
                "variant",
                it.cases
                    .iter()
                    .map(|it| self.member(&it.name, it.ty.as_ref(), text(&it.docs)))
                    .collect(),
            ),
            TypeDefKind::Enum(it) => (
                "enum",
                it.cases.iter().map(|it| self.member(&it.name, None, text(&it.docs))).collect(),
            ),
            TypeDefKind::Flags(it) => (
                "flags",
                it.flags.iter().map(|it| self.member(&it.name, None, text(&it.docs))).collect(),
            ),
            TypeDefKind::Type(Type::Id(other)) if self.name(*other).as_ref() == Some(&name) => {
                return None;
            }
            TypeDefKind::Type(ty) => {
                alias_of = Some(self.spell(ty));
                ("type", Vec::new())
            }
            _ => {
                alias_of = Some(self.spell_definition(&definition.kind));
                ("type", Vec::new())
            }
        };
        Some(NamedType { name, kind, alias_of, documentation: text(&definition.docs), members })
    }

    fn member(&self, name: &str, ty: Option<&Type>, documentation: String) -> Member {
        Member { name: name.into(), ty: ty.map(|it| self.spell(it)), documentation }
    }

    fn name(&self, id: TypeId) -> Option<String> {
        self.0.types.get(id)?.name.clone()
    }

    /// The named types that a type is made of, itself first.
    fn collect(&self, ty: &Type, seen: &mut BTreeSet<String>, names: &mut Vec<String>) {
        let Type::Id(id) = ty else { return };
        let Some(definition) = self.0.types.get(*id) else { return };
        if let Some(name) = &definition.name {
            // A type that comes from another interface: go to where it is defined.
            if let TypeDefKind::Type(other @ Type::Id(origin)) = &definition.kind
                && self.name(*origin).as_ref() == Some(name)
            {
                return self.collect(other, seen, names);
            }
            if !seen.insert(name.clone()) {
                return;
            }
            names.push(name.clone());
        }
        for part in parts(&definition.kind) {
            self.collect(part, seen, names);
        }
    }

    fn spell(&self, ty: &Type) -> String {
        match ty {
            Type::Bool => "bool".into(),
            Type::U8 => "u8".into(),
            Type::U16 => "u16".into(),
            Type::U32 => "u32".into(),
            Type::U64 => "u64".into(),
            Type::S8 => "s8".into(),
            Type::S16 => "s16".into(),
            Type::S32 => "s32".into(),
            Type::S64 => "s64".into(),
            Type::F32 => "f32".into(),
            Type::F64 => "f64".into(),
            Type::Char => "char".into(),
            Type::String => "string".into(),
            Type::ErrorContext => "error-context".into(),
            Type::Id(id) => match self.0.types.get(*id) {
                Some(it) => it.name.clone().unwrap_or_else(|| self.spell_definition(&it.kind)),
                None => String::new(),
            },
        }
    }

    fn spell_definition(&self, kind: &TypeDefKind) -> String {
        let or_nothing = |it: &Option<Type>| it.as_ref().map_or("_".into(), |it| self.spell(it));
        match kind {
            TypeDefKind::Option(it) => format!("option<{}>", self.spell(it)),
            TypeDefKind::List(it) => format!("list<{}>", self.spell(it)),
            TypeDefKind::Result(it) => {
                format!("result<{}, {}>", or_nothing(&it.ok), or_nothing(&it.err))
            }
            TypeDefKind::Tuple(it) => {
                format!(
                    "tuple<{}>",
                    it.types.iter().map(|it| self.spell(it)).collect::<Vec<_>>().join(", ")
                )
            }
            TypeDefKind::Type(it) => self.spell(it),
            other => other.as_str().into(),
        }
    }
}

fn parts(kind: &TypeDefKind) -> Vec<&Type> {
    match kind {
        TypeDefKind::Record(it) => it.fields.iter().map(|it| &it.ty).collect(),
        TypeDefKind::Variant(it) => it.cases.iter().filter_map(|it| it.ty.as_ref()).collect(),
        TypeDefKind::Tuple(it) => it.types.iter().collect(),
        TypeDefKind::Result(it) => it.ok.iter().chain(&it.err).collect(),
        TypeDefKind::Option(it) | TypeDefKind::List(it) | TypeDefKind::Type(it) => vec![it],
        _ => Vec::new(),
    }
}

fn text(docs: &Docs) -> String {
    docs.contents.as_deref().unwrap_or_default().trim().to_owned()
}

/// Takes a function's documentation apart: the text, the errors, the example.
fn sections(documentation: &str) -> (String, Vec<String>, String) {
    let mut prose = String::new();
    let mut errors: Vec<String> = Vec::new();
    let mut example = String::new();
    let mut section = "";
    for line in documentation.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            section = title;
            continue;
        }
        match section {
            "Errors" => match (line.strip_prefix("- "), errors.last_mut()) {
                (Some(error), _) => errors.push(error.to_owned()),
                (None, Some(error)) if !line.is_empty() => {
                    error.push(' ');
                    error.push_str(line.trim());
                }
                _ => {}
            },
            "Example" if line.starts_with("```") => {}
            "Example" => {
                example.push_str(line);
                example.push('\n');
            }
            _ => {
                prose.push_str(line);
                prose.push('\n');
            }
        }
    }
    (prose.trim().to_owned(), errors, example.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_documented() {
        let contract = Contract::load().unwrap();
        assert_eq!(contract.actions.len(), 32);
        for action in &contract.actions {
            assert!(!action.summary().is_empty(), "{}", action.name);
            assert!(!action.errors.is_empty(), "{}", action.name);
            assert!(action.example_arguments().is_some(), "{}", action.name);
            for name in action.input_types.iter().chain(&action.output_types) {
                assert!(contract.named_type(name).is_some(), "{} in {}", name, action.name);
            }
        }
        for ty in &contract.types {
            assert!(!ty.documentation.is_empty(), "{}", ty.name);
            assert!(ty.members.iter().all(|it| !it.documentation.is_empty()), "{}", ty.name);
        }
    }

    #[test]
    fn types_of_an_action() {
        let contract = Contract::load().unwrap();
        let action = contract.action("update-member").unwrap();
        assert_eq!(action.parameters[2].ty.as_deref(), Some("member-changes"));
        assert_eq!(action.result, "result<receipt, error>");
        assert_eq!(
            action.input_types,
            [
                "application",
                "application-credentials",
                "agent-id",
                "access-token",
                "user-id",
                "member-changes",
                "gender",
                "department-id",
                "text-change",
                "membership",
                "users-change",
            ]
        );
        assert_eq!(action.output_types, ["receipt", "truncation"]);
    }

    #[test]
    fn similar_names() {
        let names = ["send-app-text", "send-group-text", "delete-member", "create-member"];
        assert_eq!(similar("send-ap-text", names.into_iter())[0], "send-app-text");
        assert_eq!(similar("creat-member", names.into_iter())[0], "create-member");
        assert!(similar("xyzzy", names.into_iter()).is_empty());
    }
}
