//! Reads the WIT files into the model.

use std::collections::BTreeMap;

use wit_parser::{Docs, Function, Interface, Resolve, SourceMap, TypeDefKind, TypeId};

use crate::{
    FILES, example,
    model::{
        self, Action, Case, Contract, Credentials, Effect, Example, Field, Kind, NamedType, Page,
        Parameter, Type,
    },
};

impl Contract {
    /// Reads the WIT files that this crate carries.
    ///
    /// # Errors
    /// When the files are not the WIT that this crate understands. They are tested with it, so this fails only while they
    /// are being changed.
    pub fn load() -> Result<Self, String> {
        let mut sources = SourceMap::new();
        for (name, text) in FILES {
            sources.push_str(name, *text);
        }
        let mut resolve = Resolve::new();
        let group = sources.parse().map_err(|(_, error)| format!("{error:?}"))?;
        let package = resolve.push_group(group).map_err(|error| format!("{error:?}"))?;
        let package = resolve.packages.get(package).ok_or("the package is missing")?;

        let mut contract = Self {
            package: package.name.to_string(),
            documentation: text(&package.docs),
            interfaces: Vec::new(),
            types: Vec::new(),
            actions: Vec::new(),
        };
        let reader = Reader(&resolve);
        for id in package.interfaces.values() {
            let Some(interface) = resolve.interfaces.get(*id) else { continue };
            let name = interface.name.clone().unwrap_or_default();
            for id in interface.types.values() {
                contract.types.extend(reader.named_type(&name, *id)?);
            }
            for function in interface.functions.values() {
                let mut action = reader.action(interface, function)?;
                action.errors = contract.with_shared(action.errors)?;
                contract.actions.push(action);
            }
            contract
                .interfaces
                .push(model::Interface { name, documentation: text(&interface.docs) });
        }
        Ok(contract)
    }

    /// Replaces "As for `create-member`, but for 60102." by the errors of that action, which is above this one.
    fn with_shared(&self, errors: Vec<String>) -> Result<Vec<String>, String> {
        let mut all = Vec::new();
        for error in errors {
            match error.strip_prefix("As for `").and_then(|it| it.split_once('`')) {
                None => all.push(error),
                Some((name, but)) => {
                    let action = self.action(name);
                    let action = action.ok_or(format!("{error:?}: no such action above"))?;
                    let code = but.trim_matches(|it: char| !it.is_ascii_digit());
                    let shared = action.errors.iter();
                    all.extend(shared.filter(|it| code.is_empty() || !it.contains(code)).cloned());
                }
            }
        }
        Ok(all)
    }
}

struct Reader<'a>(&'a Resolve);

impl Reader<'_> {
    fn action(&self, interface: &Interface, function: &Function) -> Result<Action, String> {
        let name = function.name.clone();
        let wrong = |what: &str| format!("{name}: {what}");

        let Sections { documentation, page, requests, parameters: mut described, errors, example } =
            sections(&text(&function.docs));
        let page = page.ok_or_else(|| wrong("names no page of WeCom"))?;
        let arguments = example::arguments(self.0, function, &example).map_err(|error| {
            wrong(&format!("the example is not WAVE of this function: {error}"))
        })?;
        let mut parameters = Vec::new();
        for it in &function.params {
            let documentation = described.remove(&it.name).unwrap_or_default();
            parameters.push(Parameter {
                name: it.name.clone(),
                ty: self.ty(&it.ty)?,
                documentation,
            });
        }
        if let Some(other) = described.keys().next() {
            return Err(wrong(&format!("describes `{other}`, which is no parameter")));
        }
        let credentials = match parameters.first().map(|it| it.name.as_str()) {
            Some("application") => Some(Credentials::Application),
            Some("chatbot") => Some(Credentials::Chatbot),
            _ => None,
        };
        Ok(Action {
            interface: interface.name.clone().unwrap_or_default(),
            effect: effect(&name),
            credentials,
            summary: documentation.split("\n\n").next().unwrap_or_default().replace('\n', " "),
            documentation,
            page,
            requests,
            errors,
            example: Example { wave: example, arguments },
            parameters,
            result: self
                .success(function)
                .ok_or_else(|| wrong("does not return `result<…, error>`"))??,
            name,
        })
    }

    /// The `ok` of a `result<ok, error>`.
    fn success(&self, function: &Function) -> Option<Result<Type, String>> {
        let wit_parser::Type::Id(id) = function.result? else { return None };
        let TypeDefKind::Result(result) = &self.0.types.get(id)?.kind else { return None };
        (self.ty(&result.err?) == Ok(Type::Named("error".into()))).then_some(())?;
        Some(self.ty(&result.ok?))
    }

    /// None for a type that an interface only uses.
    fn named_type(&self, interface: &str, id: TypeId) -> Result<Option<NamedType>, String> {
        let Some(definition) = self.0.types.get(id) else { return Ok(None) };
        let Some(name) = definition.name.clone() else { return Ok(None) };
        let kind = match &definition.kind {
            TypeDefKind::Type(wit_parser::Type::Id(other)) if self.name(*other) == Some(&name) => {
                return Ok(None);
            }
            TypeDefKind::Record(it) => {
                let mut fields = Vec::new();
                for it in &it.fields {
                    let (name, documentation) = (it.name.clone(), text(&it.docs));
                    fields.push(Field { name, ty: self.ty(&it.ty)?, documentation });
                }
                Kind::Record { fields }
            }
            TypeDefKind::Variant(it) => {
                let mut cases = Vec::new();
                for it in &it.cases {
                    let ty = it.ty.as_ref().map(|it| self.ty(it)).transpose()?;
                    cases.push(Case { name: it.name.clone(), ty, documentation: text(&it.docs) });
                }
                Kind::Variant { cases }
            }
            TypeDefKind::Enum(it) => {
                let case = |it: &wit_parser::EnumCase| Case {
                    name: it.name.clone(),
                    ty: None,
                    documentation: text(&it.docs),
                };
                Kind::Enum { cases: it.cases.iter().map(case).collect() }
            }
            other => Kind::Alias { ty: self.defined(other)? },
        };
        let (interface, documentation) = (interface.to_owned(), text(&definition.docs));
        Ok(Some(NamedType { name, interface, documentation, kind }))
    }

    fn name(&self, id: TypeId) -> Option<&String> {
        self.0.types.get(id)?.name.as_ref()
    }

    fn ty(&self, ty: &wit_parser::Type) -> Result<Type, String> {
        use wit_parser::Type as Wit;
        Ok(match ty {
            Wit::Bool => Type::Bool,
            Wit::U8 => Type::U8,
            Wit::U16 => Type::U16,
            Wit::U32 => Type::U32,
            Wit::U64 => Type::U64,
            Wit::S8 => Type::S8,
            Wit::S16 => Type::S16,
            Wit::S32 => Type::S32,
            Wit::S64 => Type::S64,
            Wit::F64 => Type::F64,
            Wit::String => Type::String,
            Wit::Id(id) => match self.0.types.get(*id) {
                Some(it) => match &it.name {
                    Some(name) => Type::Named(name.clone()),
                    None => self.defined(&it.kind)?,
                },
                None => return Err("a type is missing".into()),
            },
            other => return Err(format!("{other:?} cannot be passed by every host")),
        })
    }

    fn defined(&self, kind: &TypeDefKind) -> Result<Type, String> {
        Ok(match kind {
            TypeDefKind::Option(of) => match self.ty(of)? {
                Type::Option(_) => return Err("an option of an option is ambiguous in JSON".into()),
                of => Type::Option(Box::new(of)),
            },
            TypeDefKind::List(of) => Type::List(Box::new(self.ty(of)?)),
            TypeDefKind::Type(of) => self.ty(of)?,
            other => return Err(format!("a {} cannot be passed by every host", other.as_str())),
        })
    }
}

fn effect(name: &str) -> Effect {
    match name.split('-').next() {
        Some("get" | "list" | "check" | "find" | "explain" | "split") => Effect::Read,
        Some("delete" | "recall") => Effect::Delete,
        _ => Effect::Write,
    }
}

fn text(docs: &Docs) -> String {
    docs.contents.as_deref().unwrap_or_default().trim().to_owned()
}

#[derive(Default)]
struct Sections {
    documentation: String,
    page: Option<Page>,
    requests: Vec<String>,
    parameters: BTreeMap<String, String>,
    errors: Vec<String>,
    example: String,
}

/// Splits a function's documentation into prose, WeCom's page with the requests, parameters, errors and example.
fn sections(documentation: &str) -> Sections {
    let mut found = Sections::default();
    let mut section = "";
    let mut parameters = Vec::new();
    for line in documentation.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            section = title;
            continue;
        }
        match section {
            "Parameters" => list_item(&mut parameters, line),
            "Errors" => list_item(&mut found.errors, line),
            "Example" if line.starts_with("```") => {}
            "Example" => {
                found.example.push_str(line);
                found.example.push('\n');
            }
            _ => match page(line) {
                Some((page, requests)) if found.page.is_none() => {
                    found.page = Some(page);
                    found.requests = requests;
                }
                _ => {
                    found.documentation.push_str(line);
                    found.documentation.push('\n');
                }
            },
        }
    }
    // "`name`: text"
    let described = parameters.iter().filter_map(|it| it.strip_prefix('`')?.split_once("`: "));
    found.parameters = described.map(|(name, text)| (name.into(), text.into())).collect();
    found.documentation = found.documentation.trim().replace("\n\n\n", "\n\n");
    found.example = String::from(found.example.trim());
    found
}

/// Adds a line of a list to its items.
fn list_item(items: &mut Vec<String>, line: &str) {
    match (line.strip_prefix("- "), items.last_mut()) {
        (Some(item), _) => items.push(item.to_owned()),
        (None, Some(item)) if !line.is_empty() => {
            item.push(' ');
            item.push_str(line.trim());
        }
        _ => {}
    }
}

/// A line that is a link to a page of WeCom, and the requests behind it: ``[title](url): `POST /path`, `GET /path` ``.
fn page(line: &str) -> Option<(Page, Vec<String>)> {
    let (title, rest) = line.strip_prefix('[')?.split_once("](")?;
    let (url, rest) = rest.split_once(')')?;
    let requests = rest.strip_prefix(": ").unwrap_or_default().split(", ");
    let requests = requests.filter_map(|it| it.strip_prefix('`')?.strip_suffix('`'));
    url.starts_with("https://developer.work.weixin.qq.com/document/path/").then(|| {
        let page = Page { title: title.into(), url: url.into() };
        (page, requests.map(str::to_owned).collect())
    })
}
