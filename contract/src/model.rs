//! What a contract consists of.

use serde::Serialize;
use serde_json::Value;

/// All actions and types of the package.
#[derive(Clone, Debug, Serialize)]
pub struct Contract {
    /// The package's name and version, such as `wecom:connector@0.1.0`.
    pub package: String,
    /// The package's documentation.
    pub documentation: String,
    /// The interfaces, in the order of the files.
    pub interfaces: Vec<Interface>,
    /// The types with a name, in the order of the files. Names are unique in the package.
    pub types: Vec<NamedType>,
    /// The functions, in the order of the files. Names are unique in the package.
    pub actions: Vec<Action>,
}

/// A group of actions and types.
#[derive(Clone, Debug, Serialize)]
pub struct Interface {
    /// Its name, such as `app-messages`.
    pub name: String,
    /// Its documentation.
    pub documentation: String,
}

/// A function of the contract. Every one returns `result<…, error>`.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    /// Its name, such as `send-app-text`.
    pub name: String,
    /// The interface that it belongs to.
    pub interface: String,
    /// What it does to the enterprise.
    pub effect: Effect,
    /// The kind of credentials that it takes as its first parameter. None for an action that works offline.
    pub credentials: Option<Credentials>,
    /// The first paragraph of the documentation, on one line.
    pub summary: String,
    /// The documentation without page, parameters, errors and example.
    pub documentation: String,
    /// WeCom's page.
    pub page: Page,
    /// The requests that it sends, such as `POST /cgi-bin/message/send`.
    pub requests: Vec<String>,
    /// The errors special to it, one each, with those that it shares with another action.
    pub errors: Vec<String>,
    /// A complete call.
    pub example: Example,
    /// The parameters in order; the first says which credentials to use.
    pub parameters: Vec<Parameter>,
    /// The type of the result when the call succeeds.
    pub result: Type,
}

/// What an action does to the enterprise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing: it reads.
    Read,
    /// Creates, changes or sends something.
    Write,
    /// Deletes or recalls something.
    Delete,
}

/// Which credentials an action takes. Also the name of the parameter that carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// Those of an application.
    Application,
    /// The key of a chatbot.
    Chatbot,
}

/// A page of WeCom's documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Its title, in Chinese.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// A complete call of an action.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// In WAVE, as `wasmtime run --invoke` takes it.
    pub wave: String,
    /// The arguments as JSON, an object by parameter. Absent options are left out.
    pub arguments: Value,
}

/// A parameter of an action.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Its documentation. Empty where that of its type says all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub documentation: String,
}

/// A type with a name.
#[derive(Clone, Debug, Serialize)]
pub struct NamedType {
    /// Its name, such as `new-member`.
    pub name: String,
    /// The interface that defines it.
    pub interface: String,
    /// Its documentation.
    pub documentation: String,
    /// What it is made of.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a named type is made of.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// Another name of a type.
    Alias {
        /// The type.
        #[serde(rename = "type")]
        ty: Type,
    },
    /// A value for each field.
    Record {
        /// The fields in order.
        fields: Vec<Field>,
    },
    /// One of several cases, some with a value.
    Variant {
        /// The cases in order.
        cases: Vec<Case>,
    },
    /// One of several names.
    Enum {
        /// The names in order.
        cases: Vec<Case>,
    },
}

/// A field of a record.
#[derive(Clone, Debug, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Its documentation.
    pub documentation: String,
}

/// A case of a variant or enum.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The type of its value. None where it carries none.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub ty: Option<Type>,
    /// Its documentation.
    pub documentation: String,
}

/// A type as it stands in a field or parameter. In JSON: `"u32"`, `{"option": …}`, `{"list": …}`, `{"named": "user-id"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// True or false.
    Bool,
    /// A whole number from 0 to 2⁸-1.
    U8,
    /// A whole number from 0 to 2¹⁶-1.
    U16,
    /// A whole number from 0 to 2³²-1.
    U32,
    /// A whole number from 0 to 2⁶⁴-1.
    U64,
    /// A whole number from -2⁷ to 2⁷-1.
    S8,
    /// A whole number from -2¹⁵ to 2¹⁵-1.
    S16,
    /// A whole number from -2³¹ to 2³¹-1.
    S32,
    /// A whole number from -2⁶³ to 2⁶³-1.
    S64,
    /// A number of double precision.
    F64,
    /// Text.
    String,
    /// A value or nothing.
    Option(Box<Type>),
    /// Any number of values.
    List(Box<Type>),
    /// A type of [`Contract::types`].
    Named(String),
}

impl Contract {
    /// The action of this name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|it| it.name == name)
    }

    /// The type of this name.
    pub fn named_type(&self, name: &str) -> Option<&NamedType> {
        self.types.iter().find(|it| it.name == name)
    }

    /// The kind of a type, through its names. None for a type that is built in.
    pub fn kind(&self, ty: &Type) -> Option<&Kind> {
        let Type::Named(name) = ty else { return None };
        match &self.named_type(name)?.kind {
            Kind::Alias { ty } => self.kind(ty),
            kind => Some(kind),
        }
    }

    /// A type without its other names: what an alias stands for.
    pub fn resolve<'a>(&'a self, ty: &'a Type) -> &'a Type {
        match ty {
            Type::Named(name) => match self.named_type(name).map(|it| &it.kind) {
                Some(Kind::Alias { ty }) => self.resolve(ty),
                _ => ty,
            },
            _ => ty,
        }
    }

    /// Whether values of a type are files: bytes, or a variant of bytes and base64. In JSON a plain string is base64.
    pub fn is_file(&self, ty: &Type) -> bool {
        match (self.resolve(ty), self.kind(ty)) {
            (Type::List(of), _) => **of == Type::U8,
            (_, Some(Kind::Variant { cases })) => {
                matches!(cases.as_slice(), [bytes, base64]
                    if bytes.name == "bytes" && base64.name == "base64"
                        && bytes.ty.as_ref().is_some_and(|it| self.is_file(it))
                        && base64.ty == Some(Type::String))
            }
            _ => false,
        }
    }

    /// The case of a variant that a string in JSON stands for, where it is no case without a value: the only one that carries
    /// a string.
    pub fn string_case<'a>(&self, cases: &'a [Case]) -> Option<&'a Case> {
        let is_string =
            |it: &&Case| it.ty.as_ref().is_some_and(|ty| *self.resolve(ty) == Type::String);
        let mut found = cases.iter().filter(is_string);
        found.next().filter(|_| found.next().is_none())
    }

    /// The one parameter of an action that is a record; its fields are unambiguous without its name.
    pub fn record_parameter<'a>(&self, action: &'a Action) -> Option<&'a Parameter> {
        let mut records = action
            .parameters
            .iter()
            .filter(|it| matches!(self.kind(&it.ty), Some(Kind::Record { .. })));
        records.next().filter(|_| records.next().is_none())
    }

    /// The fields of a type that is a record.
    pub fn fields(&self, ty: &Type) -> &[Field] {
        match self.kind(ty) {
            Some(Kind::Record { fields }) => fields,
            _ => &[],
        }
    }

    /// WeCom's names of a field or parameter: those in parentheses in its documentation, or in that of a type with the same
    /// name, or else its own with `_` for `-`. None for what WeCom has no counterpart of: holders of records, and what the
    /// connector adds. `owner` is the type that has the field, or the action.
    pub fn wecom_names(
        &self,
        owner: &str,
        name: &str,
        ty: &Type,
        documentation: &str,
    ) -> Vec<String> {
        let inner = ty.without_option();
        let of_type = || match inner {
            Type::Named(it) if it == name => {
                self.named_type(it).and_then(|it| names_in_parentheses(&it.documentation))
            }
            _ => None,
        };
        if let Some(names) = names_in_parentheses(documentation).or_else(of_type) {
            return names.into_iter().map(str::to_owned).collect();
        }
        let is_record = |it: &&str| {
            self.named_type(it).is_some_and(|it| matches!(it.kind, Kind::Record { .. }))
        };
        let is_own = matches!(inner, Type::Named(it) if OWN_TYPES.contains(&it.as_str()));
        if is_own || self.is_own(owner) || self.types_in(ty).iter().any(is_record) {
            return Vec::new();
        }
        vec![name.replace('-', "_")]
    }

    /// Whether the connector adds a type to what WeCom has: errors, credentials, [`OWN_TYPES`].
    fn is_own(&self, name: &str) -> bool {
        let roots = ["error", "application", "chatbot"].map(|it| Type::Named(it.into()));
        OWN_TYPES.contains(&name) || roots.iter().any(|it| self.types_in(it).contains(&name))
    }

    /// The names of all types that a type is made of, itself first, in the order in which a reader meets them.
    pub fn types_in(&self, ty: &Type) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect(ty, &mut names);
        names
    }

    fn collect<'a>(&'a self, ty: &Type, names: &mut Vec<&'a str>) {
        match ty {
            Type::Option(of) | Type::List(of) => self.collect(of, names),
            Type::Named(name) => {
                let Some(ty) = self.named_type(name).filter(|it| !names.contains(&&*it.name))
                else {
                    return;
                };
                names.push(&ty.name);
                match &ty.kind {
                    Kind::Alias { ty } => self.collect(ty, names),
                    Kind::Record { fields } => {
                        for it in fields {
                            self.collect(&it.ty, names);
                        }
                    }
                    Kind::Variant { cases } | Kind::Enum { cases } => {
                        for it in cases.iter().filter_map(|it| it.ty.as_ref()) {
                            self.collect(it, names);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// Types of parameters and results that WeCom has no counterpart of: their fields have no name there.
const OWN_TYPES: [&str; 11] = [
    "byte-range",
    "content-encoding",
    "downloaded-media",
    "ensure-outcome",
    "explanation",
    "finding",
    "language",
    "member-detail",
    "text-format",
    "token-scope",
    "truncation",
];

/// WeCom's names of a field, which its documentation has in parentheses where they are not the field's own: `(parentid)`.
fn names_in_parentheses(documentation: &str) -> Option<Vec<&str>> {
    documentation.split('(').skip(1).find_map(|it| {
        let names: Vec<&str> = it.split_once(')')?.0.split(", ").collect();
        let is_name = |it: &&str| {
            it.starts_with(|it: char| it.is_ascii_lowercase())
                && it.chars().all(|it| matches!(it, 'a'..='z' | '0'..='9' | '_'))
        };
        names.iter().all(is_name).then_some(names)
    })
}

impl Action {
    /// The parameters that are not credentials.
    pub fn inputs(&self) -> &[Parameter] {
        self.parameters.get(usize::from(self.credentials.is_some())..).unwrap_or_default()
    }
}

impl Credentials {
    /// The name of the parameter, and of its type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Chatbot => "chatbot",
        }
    }
}

impl Type {
    /// The least and the largest value of an integer type.
    pub fn range(&self) -> Option<(i128, i128)> {
        Some(match self {
            Self::U8 => (0, u8::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
            Self::S8 => (i8::MIN.into(), i8::MAX.into()),
            Self::S16 => (i16::MIN.into(), i16::MAX.into()),
            Self::S32 => (i32::MIN.into(), i32::MAX.into()),
            Self::S64 => (i64::MIN.into(), i64::MAX.into()),
            _ => return None,
        })
    }

    /// The type of a value where it is there.
    pub fn without_option(&self) -> &Self {
        match self {
            Self::Option(of) => of,
            other => other,
        }
    }

    /// Whether a value may be absent.
    pub fn is_option(&self) -> bool {
        matches!(self, Self::Option(_))
    }
}
