//! JSON to component values and back.
//!
//! | WIT | JSON |
//! |---|---|
//! | record | object; an `option` field may be null or absent |
//! | variant | `{"case": payload}`, or `"case"` where there is no payload |
//! | enum | string |
//! | flags | array of strings |
//! | option | the value, or null |
//! | result | `{"ok": …}` or `{"err": …}` |
//! | list, tuple | array |
//! | `list<u8>` | base64, or an array of numbers |
//! | variant with one case of a string | also the string, where it is the name of no case without a payload |
//! | variant of `bytes(list<u8>)` and `base64(string)` | also base64, or an array of numbers |
//!
//! No message contains a value: it may be a secret.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Number, Value, json};
use wasmtime::component::{Type, Val, types::Variant};

/// More errors than these are not reported.
const MAX_ERRORS: usize = 20;

/// One thing that is wrong with the JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError {
    /// Where, such as `message.recipients.selected.users[3]`. Empty for the whole.
    pub path: String,
    /// What was expected, and what kind of thing was found.
    pub message: String,
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(out, "{}: ", self.path)?;
        }
        out.write_str(&self.message)
    }
}

/// The arguments of a call, from an object with a member for each parameter. All errors are reported together.
pub(crate) fn arguments(
    params: &[(String, Type)],
    arguments: &Value,
    size_limit: usize,
) -> Result<Vec<Val>, Vec<ArgumentError>> {
    Reader::new(size_limit).arguments(params, arguments)
}

/// What a function returned: a WIT `result` becomes a Rust one.
pub(crate) fn result(ty: &Type, value: Val) -> Result<Value, Value> {
    match (ty, value) {
        (Type::Result(ty), Val::Result(Ok(value))) => Ok(payload(ty.ok(), value)),
        (Type::Result(ty), Val::Result(Err(value))) => Err(payload(ty.err(), value)),
        (ty, value) => Ok(write(ty, value)),
    }
}

/// A type, in words for a writer of JSON.
pub(crate) fn describe(ty: &Type) -> String {
    match ty {
        Type::Bool => "true or false".into(),
        Type::U8 => integer::<u8>(u8::MIN, u8::MAX),
        Type::U16 => integer(u16::MIN, u16::MAX),
        Type::U32 => integer(u32::MIN, u32::MAX),
        Type::U64 => integer(u64::MIN, u64::MAX),
        Type::S8 => integer(i8::MIN, i8::MAX),
        Type::S16 => integer(i16::MIN, i16::MAX),
        Type::S32 => integer(i32::MIN, i32::MAX),
        Type::S64 => integer(i64::MIN, i64::MAX),
        Type::Float32 | Type::Float64 => "a number".into(),
        Type::Char => "a string of one character".into(),
        Type::String => "a string".into(),
        ty @ Type::List(_) if is_bytes(ty) => "base64, or an array of bytes".into(),
        Type::List(_) => "an array".into(),
        Type::Tuple(ty) => format!("an array of {}", ty.types().len()),
        Type::Record(_) => "an object".into(),
        Type::Variant(ty) => {
            let case = |name: &str, payload: bool| {
                if payload { format!("{{\"{name}\": …}}") } else { format!("\"{name}\"") }
            };
            let cases = one_of(ty.cases().map(|it| case(it.name, it.ty.is_some())));
            if is_content(ty) { format!("base64, an array of bytes, or {cases}") } else { cases }
        }
        Type::Enum(ty) => one_of(ty.names().map(|it| format!("\"{it}\""))),
        Type::Flags(ty) => {
            format!("an array with any of {}", list(ty.names().map(ToOwned::to_owned)))
        }
        Type::Option(ty) => format!("{} or null", describe(&ty.ty())),
        Type::Result(_) => "{\"ok\": …} or {\"err\": …}".into(),
        _ => "something that JSON cannot express".into(),
    }
}

fn integer<T: fmt::Display>(min: T, max: T) -> String {
    format!("a whole number from {min} to {max}")
}

fn one_of(names: impl Iterator<Item = String>) -> String {
    format!("one of {}", list(names))
}

fn list(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The case that a plain string stands for: the only one with a string.
fn only_string_case(ty: &Variant) -> Option<String> {
    let mut cases = ty.cases().filter(|it| matches!(it.ty, Some(Type::String)));
    cases.next().filter(|_| cases.next().is_none()).map(|it| it.name.to_owned())
}

/// Whether it is the content of a file as the contract has it: bytes, or base64 from callers that pay dearly for lists.
fn is_content(ty: &Variant) -> bool {
    let has = |name, fits: fn(&Type) -> bool| {
        ty.cases().any(|it| it.name == name && it.ty.as_ref().is_some_and(fits))
    };
    ty.cases().len() == 2
        && has("bytes", is_bytes)
        && has("base64", |it| matches!(it, Type::String))
}

fn is_bytes(ty: &Type) -> bool {
    matches!(ty, Type::List(of) if matches!(of.ty(), Type::U8))
}

/// What was found, by kind.
fn kind(json: &Value) -> &'static str {
    match json {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

struct Reader {
    path: String,
    errors: Vec<ArgumentError>,
    size: usize,
    size_limit: usize,
}

impl Reader {
    fn new(size_limit: usize) -> Self {
        let (path, errors) = Default::default();
        Self { path, errors, size: 0, size_limit }
    }

    fn arguments(
        mut self,
        params: &[(String, Type)],
        arguments: &Value,
    ) -> Result<Vec<Val>, Vec<ArgumentError>> {
        let fields: Vec<_> = params.iter().map(|(name, ty)| (name.as_str(), ty.clone())).collect();
        match self.fields(&fields, arguments, "an object with the parameters") {
            Some(values) if self.errors.is_empty() => {
                Ok(values.into_iter().map(|(_, it)| it).collect())
            }
            _ => Err(self.errors),
        }
    }

    fn read(&mut self, ty: &Type, json: &Value) -> Option<Val> {
        self.take(size_of::<u64>())?;
        match (ty, json) {
            (Type::Bool, Value::Bool(it)) => Some(Val::Bool(*it)),
            (Type::U8, _) => self.integer(ty, json, Val::U8),
            (Type::U16, _) => self.integer(ty, json, Val::U16),
            (Type::U32, _) => self.integer(ty, json, Val::U32),
            (Type::U64, _) => self.integer(ty, json, Val::U64),
            (Type::S8, _) => self.integer(ty, json, Val::S8),
            (Type::S16, _) => self.integer(ty, json, Val::S16),
            (Type::S32, _) => self.integer(ty, json, Val::S32),
            (Type::S64, _) => self.integer(ty, json, Val::S64),
            (Type::Float32, Value::Number(it)) => {
                #[allow(clippy::cast_possible_truncation, reason = "a JSON number has no width")]
                let narrow = it.as_f64()? as f32;
                Some(Val::Float32(narrow))
            }
            (Type::Float64, Value::Number(it)) => Some(Val::Float64(it.as_f64()?)),
            (Type::Char, Value::String(it)) => {
                let mut chars = it.chars();
                match (chars.next(), chars.next()) {
                    (Some(only), None) => Some(Val::Char(only)),
                    _ => self.expected(ty, json),
                }
            }
            (Type::String, Value::String(it)) => {
                self.take(it.len())?;
                Some(Val::String(it.clone()))
            }
            (Type::List(of), Value::String(it)) if matches!(of.ty(), Type::U8) => self.base64(it),
            (Type::List(of), Value::Array(items)) => self.items(items, &of.ty()).map(Val::List),
            (Type::Tuple(of), Value::Array(items)) if items.len() == of.types().len() => {
                let values = of.types().zip(items).enumerate();
                self.all(values.map(|(i, (ty, it))| (format!("[{i}]"), ty, it))).map(Val::Tuple)
            }
            (Type::Record(of), _) => {
                let fields: Vec<_> = of.fields().map(|it| (it.name, it.ty)).collect();
                let fields = self.fields(&fields, json, "an object")?;
                Some(Val::Record(
                    fields.into_iter().map(|(name, it)| (name.to_owned(), it)).collect(),
                ))
            }
            (Type::Variant(of), Value::String(text))
                if of.cases().all(|it| it.name != text || it.ty.is_some())
                    && let Some(case) = only_string_case(of) =>
            {
                self.take(text.len())?;
                Some(Val::Variant(case, Some(Box::new(Val::String(text.clone())))))
            }
            // As a list, bytes take forty times their size.
            (Type::Variant(of), Value::Object(object))
                if is_content(of)
                    && let Some(Value::String(text)) = object.get("bytes") =>
            {
                self.take(text.len())?;
                let text = Val::String(text.clone());
                Some(Val::Variant("base64".into(), Some(Box::new(text))))
            }
            (Type::Variant(of), Value::Array(_)) if is_content(of) => {
                let bytes = of.cases().find_map(|it| it.ty.filter(is_bytes))?;
                let bytes = self.read(&bytes, json)?;
                Some(Val::Variant("bytes".into(), Some(Box::new(bytes))))
            }
            (Type::Variant(of), _) => {
                let cases: Vec<_> = of.cases().map(|it| (it.name, it.ty)).collect();
                self.case(ty, &cases, json).map(|(name, it)| Val::Variant(name, it))
            }
            (Type::Result(of), _) => {
                let (name, it) = self.case(ty, &[("ok", of.ok()), ("err", of.err())], json)?;
                Some(Val::Result(if name == "ok" { Ok(it) } else { Err(it) }))
            }
            (Type::Enum(of), Value::String(it)) if of.names().any(|name| name == it) => {
                Some(Val::Enum(it.clone()))
            }
            (Type::Flags(of), Value::Array(items)) => {
                let flags: Option<Vec<_>> =
                    items.iter().map(|it| it.as_str().map(ToOwned::to_owned)).collect();
                match flags {
                    Some(flags) if flags.iter().all(|it| of.names().any(|name| name == it)) => {
                        Some(Val::Flags(flags))
                    }
                    _ => self.expected(ty, json),
                }
            }
            (Type::Option(_), Value::Null) => Some(Val::Option(None)),
            (Type::Option(of), _) => {
                self.read(&of.ty(), json).map(|it| Val::Option(Some(Box::new(it))))
            }
            _ => self.expected(ty, json),
        }
    }

    /// The fields of a record, or the parameters of a function, in their order.
    fn fields<'a>(
        &mut self,
        fields: &[(&'a str, Type)],
        json: &Value,
        expected: &str,
    ) -> Option<Vec<(&'a str, Val)>> {
        let Value::Object(object) = json else {
            return self.error(format!("expected {expected}, found {}", kind(json)));
        };
        let known = || list(fields.iter().map(|(name, _)| (*name).to_owned()));
        for name in object.keys().filter(|it| !fields.iter().any(|(name, _)| name == it)) {
            self.at(&member(name), |it| {
                it.error::<()>(format!("there is no such field; known are {}", known()))
            });
        }

        let mut complete = true;
        let mut values = Vec::with_capacity(fields.len());
        for (name, ty) in fields {
            let value = match (object.get(*name), ty) {
                (Some(json), _) => self.at(&member(name), |it| it.read(ty, json)),
                (None, Type::Option(_)) => Some(Val::Option(None)),
                (None, _) => self.at(&member(name), |it| {
                    it.error(format!("is missing; expected {}", describe(ty)))
                }),
            };
            match value {
                Some(value) => values.push((*name, value)),
                None => complete = false,
            }
        }
        complete.then_some(values)
    }

    fn case(
        &mut self,
        ty: &Type,
        cases: &[(&str, Option<Type>)],
        json: &Value,
    ) -> Option<(String, Option<Box<Val>>)> {
        let (name, payload) = match json {
            Value::String(name) => (name, &Value::Null),
            Value::Object(object) if object.len() == 1 => object.iter().next()?,
            _ => return self.expected(ty, json),
        };
        match cases.iter().find(|it| it.0 == name) {
            Some((_, None)) if payload.is_null() => Some((name.clone(), None)),
            Some((_, Some(ty))) if json.is_object() => {
                let payload = self.at(&member(name), |it| it.read(ty, payload))?;
                Some((name.clone(), Some(Box::new(payload))))
            }
            _ => self.expected(ty, json),
        }
    }

    fn integer<T: TryFrom<i128>>(
        &mut self,
        ty: &Type,
        json: &Value,
        make: fn(T) -> Val,
    ) -> Option<Val> {
        let number = json.as_u64().map(i128::from).or_else(|| json.as_i64().map(i128::from));
        match number.and_then(|it| T::try_from(it).ok()) {
            Some(it) => Some(make(it)),
            None if json.is_number() => self.error(format!("is not {}", describe(ty))),
            None => self.expected(ty, json),
        }
    }

    fn base64(&mut self, text: &str) -> Option<Val> {
        self.take(text.len() / 4 * 3)?;
        match BASE64.decode(text) {
            Ok(bytes) => Some(Val::List(bytes.into_iter().map(Val::U8).collect())),
            Err(_) => self.error("is not base64 in the standard alphabet with padding".into()),
        }
    }

    fn items(&mut self, items: &[Value], ty: &Type) -> Option<Vec<Val>> {
        self.all(items.iter().enumerate().map(|(i, it)| (format!("[{i}]"), ty.clone(), it)))
    }

    /// Reads on after an error, to report as many as there are.
    fn all<'a>(
        &mut self,
        items: impl Iterator<Item = (String, Type, &'a Value)>,
    ) -> Option<Vec<Val>> {
        let mut complete = true;
        let mut values = Vec::with_capacity(items.size_hint().0);
        for (step, ty, json) in items {
            match self.at(&step, |it| it.read(&ty, json)) {
                Some(value) => values.push(value),
                None => complete = false,
            }
            if self.errors.len() >= MAX_ERRORS {
                return None;
            }
        }
        complete.then_some(values)
    }

    fn at<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let outer = self.path.len();
        let step = if outer == 0 { step.trim_start_matches('.') } else { step };
        self.path.push_str(step);
        let value = read(self);
        self.path.truncate(outer);
        value
    }

    fn expected<T>(&mut self, ty: &Type, json: &Value) -> Option<T> {
        let found = match (ty, json) {
            (Type::Enum(_) | Type::Variant(_), Value::String(_)) => "another string",
            (Type::Flags(_), Value::Array(_)) => "an array with something else",
            (Type::Variant(_) | Type::Result(_), Value::Object(_)) => "another object",
            (Type::Tuple(_), Value::Array(_)) => "an array of another length",
            _ => kind(json),
        };
        self.error(format!("expected {}, found {found}", describe(ty)))
    }

    fn error<T>(&mut self, message: String) -> Option<T> {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(ArgumentError { path: self.path.clone(), message });
        }
        None
    }

    /// Counts what the values take in the component, before anything is copied into it.
    fn take(&mut self, bytes: usize) -> Option<()> {
        let fits = self.size <= self.size_limit;
        self.size = self.size.saturating_add(bytes);
        if fits && self.size > self.size_limit {
            let limit = self.size_limit >> 20;
            self.errors.push(ArgumentError {
                path: String::new(),
                message: format!("the arguments take more than {limit} MiB"),
            });
        }
        (self.size <= self.size_limit).then_some(())
    }
}

/// A step of a path; a name in the JSON may be of any length.
fn member(name: &str) -> String {
    const MAX_CHARS: usize = 64;
    match name.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!(".{}…", name.get(..end).unwrap_or_default()),
        None => format!(".{name}"),
    }
}

/// Absent options are left out of records.
fn write(ty: &Type, value: Val) -> Value {
    match (ty, value) {
        (_, Val::Bool(it)) => it.into(),
        (_, Val::U8(it)) => it.into(),
        (_, Val::U16(it)) => it.into(),
        (_, Val::U32(it)) => it.into(),
        (_, Val::U64(it)) => it.into(),
        (_, Val::S8(it)) => it.into(),
        (_, Val::S16(it)) => it.into(),
        (_, Val::S32(it)) => it.into(),
        (_, Val::S64(it)) => it.into(),
        (_, Val::Float32(it)) => Number::from_f64(it.into()).into(),
        (_, Val::Float64(it)) => Number::from_f64(it).into(),
        (_, Val::Char(it)) => it.to_string().into(),
        (_, Val::String(it) | Val::Enum(it)) => it.into(),
        (_, Val::Flags(it)) => it.into(),
        (Type::List(of), Val::List(items)) if matches!(of.ty(), Type::U8) => {
            BASE64.encode(bytes_of(&items)).into()
        }
        (Type::List(of), Val::List(items)) => {
            items.into_iter().map(|it| write(&of.ty(), it)).collect()
        }
        (Type::Tuple(of), Val::Tuple(items)) => {
            of.types().zip(items).map(|(ty, it)| write(&ty, it)).collect()
        }
        (Type::Record(of), Val::Record(fields)) => {
            let fields =
                of.fields().zip(fields).filter(|(_, (_, it))| !matches!(it, Val::Option(None)));
            Value::Object(fields.map(|(field, (name, it))| (name, write(&field.ty, it))).collect())
        }
        (Type::Variant(of), Val::Variant(name, value)) => {
            let ty = of.cases().find(|it| it.name == name).and_then(|it| it.ty);
            match ty.zip(value) {
                Some((ty, value)) => Value::Object(Map::from_iter([(name, write(&ty, *value))])),
                None => name.into(),
            }
        }
        (Type::Option(of), Val::Option(Some(it))) => write(&of.ty(), *it),
        (Type::Result(of), Val::Result(Ok(it))) => json!({ "ok": payload(of.ok(), it) }),
        (Type::Result(of), Val::Result(Err(it))) => json!({ "err": payload(of.err(), it) }),
        _ => Value::Null,
    }
}

fn bytes_of(items: &[Val]) -> Vec<u8> {
    items.iter().filter_map(|it| if let Val::U8(it) = it { Some(*it) } else { None }).collect()
}

fn payload(ty: Option<Type>, value: Option<Box<Val>>) -> Value {
    ty.zip(value).map_or(Value::Null, |(ty, it)| write(&ty, *it))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use wasmtime::{Engine, component::Component};

    use super::*;

    /// One type of each kind.
    const TYPES: &str = r#"(component
        (import "types" (instance $types
            (type $point (record (field "x" s8) (field "y" (option u64))))
            (export "point" (type $p (eq $point)))
            (type $shape (variant (case "dot") (case "circle" f64) (case "polygon" (list $p))))
            (export "shape" (type (eq $shape)))
            (type $color (enum "red" "green"))
            (export "color" (type (eq $color)))
            (type $style (flags "bold" "wide"))
            (export "style" (type (eq $style)))
            (type $content (variant (case "bytes" (list u8)) (case "base64" string)))
            (export "content" (type (eq $content)))))
        (alias export $types "point" (type $point))
        (alias export $types "shape" (type $shape))
        (alias export $types "color" (type $color))
        (alias export $types "style" (type $style))
        (alias export $types "content" (type $content))
        (import "f" (func
            (param "point" $point) (param "shape" $shape) (param "color" (option $color)) (param "style" (option $style))
            (param "bytes" (list u8)) (param "texts" (list string)) (param "pair" (option (tuple char bool)))
            (param "outcome" (option (result u8 (error string)))) (param "content" (option $content)))))"#;

    fn params() -> Vec<(String, Type)> {
        let engine = Engine::default();
        let component = Component::new(&engine, wat::parse_str(TYPES).unwrap()).unwrap();
        let ty = component.component_type();
        let import = ty.get_import(&engine, "f").unwrap();
        let wasmtime::component::types::ComponentItem::ComponentFunc(function) = import.ty else {
            panic!()
        };
        function.params().map(|(name, ty)| (name.to_owned(), ty)).collect()
    }

    #[track_caller]
    fn check_round_trip(arguments: &Value, expected: Expect) {
        let params = params();
        let values = super::arguments(&params, arguments, 1 << 20).unwrap();
        let written =
            params.iter().zip(values).map(|((name, ty), it)| (name.clone(), write(ty, it)));
        expected.assert_eq(&Value::Object(written.collect()).to_string());
    }

    #[track_caller]
    fn check_errors(arguments: &Value, expected: Expect) {
        let errors = super::arguments(&params(), arguments, 100).unwrap_err();
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        expected.assert_eq(&(lines.join("\n") + "\n"));
    }

    #[test]
    fn round_trips() {
        check_round_trip(
            &json!({
                "point": {"x": -128}, "shape": "dot", "bytes": "AP8=", "texts": [],
            }),
            expect![[
                r#"{"point":{"x":-128},"shape":"dot","color":null,"style":null,"bytes":"AP8=","texts":[],"pair":null,"outcome":null,"content":null}"#
            ]],
        );
        check_round_trip(
            &json!({
                "point": {"x": 1, "y": u64::MAX}, "shape": {"polygon": [{"x": 0, "y": null}]}, "color": "green",
                "style": ["wide"], "bytes": [1, 2, 255], "texts": ["部", ""], "pair": ["é", true],
                "outcome": {"err": "no"},
            }),
            expect![[
                r#"{"point":{"x":1,"y":18446744073709551615},"shape":{"polygon":[{"x":0}]},"color":"green","style":["wide"],"bytes":"AQL/","texts":["部",""],"pair":["é",true],"outcome":{"err":"no"},"content":null}"#
            ]],
        );
        check_round_trip(
            &json!({"point": {"x": 1}, "shape": {"dot": null}, "bytes": "", "texts": [], "outcome": {"ok": 5}}),
            expect![[
                r#"{"point":{"x":1},"shape":"dot","color":null,"style":null,"bytes":"","texts":[],"pair":null,"outcome":{"ok":5},"content":null}"#
            ]],
        );
    }

    #[test]
    fn content_of_a_file() {
        for (content, expected) in [
            (json!("AQL/"), json!({"base64": "AQL/"})),
            (json!({"base64": "bytes"}), json!({"base64": "bytes"})),
            (json!("bytes"), json!({"base64": "bytes"})),
            (json!([1, 2, 255]), json!({"bytes": "AQL/"})),
            (json!({"bytes": [1, 2, 255]}), json!({"bytes": "AQL/"})),
            (json!({"bytes": "AQL/"}), json!({"base64": "AQL/"})),
        ] {
            let arguments = json!({
                "point": {"x": 1}, "shape": "dot", "bytes": "", "texts": [], "content": content,
            });
            let values = super::arguments(&params(), &arguments, 1 << 20).unwrap();
            let (_, ty) = params().pop().unwrap();
            assert_eq!(write(&ty, values.last().unwrap().clone()), expected, "{content}");
        }
    }

    #[test]
    fn errors() {
        check_errors(
            &json!([]),
            expect!["expected an object with the parameters, found an array\n"],
        );
        check_errors(
            &json!({"point": {"x": 128, "z": 1}, "shape": {"circle": "round"}, "color": "blue", "style": ["thin"],
                "texts": ["a", 1, null], "pair": ["ab", false], "outcome": {"ok": 1, "err": "x"}, "q": 1}),
            expect![[r#"
                q: there is no such field; known are point, shape, color, style, bytes, texts, pair, outcome, content
                point.z: there is no such field; known are x, y
                point.x: is not a whole number from -128 to 127
                shape.circle: expected a number, found a string
                color: expected one of "red", "green", found another string
                style: expected an array with any of bold, wide, found an array with something else
                bytes: is missing; expected base64, or an array of bytes
                texts[1]: expected a string, found a number
                texts[2]: expected a string, found null
                the arguments take more than 0 MiB
            "#]],
        );
        check_errors(
            &json!({"point": {"x": 1.5, "y": "1"}, "shape": "circle", "bytes": "a b", "texts": "a", "pair": [1], "content": 1}),
            expect![[r#"
                point.x: is not a whole number from -128 to 127
                point.y: expected a whole number from 0 to 18446744073709551615, found a string
                shape: expected one of "dot", {"circle": …}, {"polygon": …}, found another string
                bytes: is not base64 in the standard alphabet with padding
                texts: expected an array, found a string
                pair: expected an array of 2, found an array of another length
                content: expected base64, an array of bytes, or one of {"bytes": …}, {"base64": …}, found a number
            "#]],
        );
    }

    #[test]
    fn too_much() {
        let many: Vec<_> = (0..1000).map(|it| it.to_string()).collect();
        let long = "x".repeat(101);
        for texts in [json!(many), json!([long])] {
            check_errors(
                &json!({"point": {"x": 1}, "shape": "dot", "bytes": "", "texts": texts}),
                expect!["the arguments take more than 0 MiB\n"],
            );
        }
        let wrong: Vec<_> = (0..1000).collect();
        let arguments = json!({"point": {"x": 1}, "shape": "dot", "bytes": "", "texts": wrong});
        assert_eq!(
            super::arguments(&params(), &arguments, usize::MAX).unwrap_err().len(),
            MAX_ERRORS
        );
    }

    #[test]
    fn no_error_contains_a_value() {
        let secret = "canary";
        let shapes = [
            json!(secret),
            json!([secret]),
            json!({"x": secret}),
            json!({"circle": secret}),
            json!({"polygon": secret}),
            json!({"ok": secret}),
            json!({"err": [secret]}),
        ];
        for name in
            ["point", "shape", "color", "style", "bytes", "texts", "pair", "outcome", "content"]
        {
            for shape in &shapes {
                if let Err(errors) = super::arguments(&params(), &json!({ name: shape }), 1 << 20) {
                    assert!(!format!("{errors:?}").contains(secret), "{errors:?}");
                }
            }
        }
    }
}
