//! Reads the WIT files into the model.

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
                contract.actions.push(reader.action(interface, function)?);
            }
            contract
                .interfaces
                .push(model::Interface { name, documentation: text(&interface.docs) });
        }
        Ok(contract)
    }
}

struct Reader<'a>(&'a Resolve);

impl Reader<'_> {
    fn action(&self, interface: &Interface, function: &Function) -> Result<Action, String> {
        let name = function.name.clone();
        let wrong = |what: &str| format!("{name}: {what}");

        let Sections { documentation, page, errors, example } = sections(&text(&function.docs));
        let page = page.ok_or_else(|| wrong("names no page of WeCom"))?;
        let arguments = example::arguments(self.0, function, &example).map_err(|error| {
            wrong(&format!("the example is not WAVE of this function: {error}"))
        })?;
        let mut parameters = Vec::new();
        for it in &function.params {
            parameters.push(Parameter { name: it.name.clone(), ty: self.ty(&it.ty)? });
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
    errors: Vec<String>,
    example: String,
}

/// Splits a function's documentation into prose, WeCom's page, errors and example.
fn sections(documentation: &str) -> Sections {
    let mut found = Sections::default();
    let mut section = "";
    for line in documentation.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            section = title;
            continue;
        }
        match section {
            "Errors" => match (line.strip_prefix("- "), found.errors.last_mut()) {
                (Some(error), _) => found.errors.push(error.to_owned()),
                (None, Some(error)) if !line.is_empty() => {
                    error.push(' ');
                    error.push_str(line.trim());
                }
                _ => {}
            },
            "Example" if line.starts_with("```") => {}
            "Example" => {
                found.example.push_str(line);
                found.example.push('\n');
            }
            _ => match page(line) {
                Some(page) if found.page.is_none() => found.page = Some(page),
                _ => {
                    found.documentation.push_str(line);
                    found.documentation.push('\n');
                }
            },
        }
    }
    found.documentation = found.documentation.trim().replace("\n\n\n", "\n\n");
    found.example = found.example.trim().to_owned();
    found
}

/// A line that is a link to a page of WeCom and nothing else.
fn page(line: &str) -> Option<Page> {
    let (title, url) = line.strip_prefix('[')?.strip_suffix(')')?.split_once("](")?;
    url.starts_with("https://developer.work.weixin.qq.com/document/path/")
        .then(|| Page { title: title.into(), url: url.into() })
}
