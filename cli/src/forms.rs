//! How a value is written on the command line.

use serde_json::Value;
use wecom_contract::{Action, Contract, Kind, Type};
use wecom_host::ArgumentError;

/// The ways to write a value, such as `recipients=everyone` and `recipients.selected.users=…`.
pub(crate) fn forms(contract: &Contract, path: &str, ty: &Type) -> Vec<String> {
    let ty = ty.without_option();
    if contract.is_file(ty) {
        return vec![format!("{path}@=FILE")];
    }
    let within = |name: &str, ty: &Type| forms(contract, &format!("{path}.{name}"), ty);
    match contract.kind(ty) {
        Some(Kind::Record { fields }) => {
            // A file brings its name.
            let file = fields.iter().find(|it| contract.is_file(&it.ty));
            let required = || fields.iter().find(|it| !it.ty.is_option());
            let field = file.or_else(required).or(fields.first());
            field.map(|it| within(&it.name, &it.ty)).unwrap_or_default()
        }
        Some(Kind::Variant { cases }) => cases
            .iter()
            .flat_map(|case| match &case.ty {
                None => vec![format!("{path}={}", case.name)],
                Some(ty) => within(&case.name, ty),
            })
            .collect(),
        Some(Kind::Enum { cases }) => {
            let names: Vec<&str> = cases.iter().map(|it| it.name.as_str()).collect();
            vec![format!("{path}={}", names.join("|"))]
        }
        _ if matches!(contract.resolve(ty), Type::List(of) if !contract.fields(of).is_empty()) => {
            vec![format!("{path}='[{{…}}, …]'")]
        }
        _ => vec![format!("{path}=…")],
    }
}

/// What an action takes, credentials aside: names as the command line has them.
pub(crate) fn inputs<'a>(contract: &'a Contract, action: &'a Action) -> Vec<(&'a str, &'a Type)> {
    let record = contract.record_parameter(action).map(|it| it.name.as_str());
    let mut inputs: Vec<(&str, &Type)> = Vec::new();
    for it in action.inputs() {
        if record == Some(&it.name) {
            let fields = contract.fields(&it.ty).iter();
            inputs.extend(fields.map(|it| (it.name.as_str(), &it.ty)));
        } else {
            inputs.push((&it.name, &it.ty));
        }
    }
    inputs
}

/// How the first file that an action takes is given.
pub(crate) fn file(contract: &Contract, action: &Action) -> Option<String> {
    let forms =
        inputs(contract, action).into_iter().flat_map(|(name, ty)| forms(contract, name, ty));
    forms.into_iter().find(|it| it.ends_with("@=FILE"))
}

/// The field of an action's result that is a file.
pub(crate) fn file_of_result<'a>(contract: &'a Contract, action: &Action) -> Option<&'a str> {
    let mut fields = contract.fields(&action.result).iter();
    fields.find(|it| contract.is_file(&it.ty)).map(|it| it.name.as_str())
}

/// Says how an input is written that an action did not get, or did not get in a form that it takes.
pub(crate) fn explain(
    contract: &Contract,
    action: &Action,
    arguments: &Value,
    error: &mut ArgumentError,
) {
    let record = contract.record_parameter(action);
    let field =
        record.and_then(|it| Some((it, error.path.strip_prefix(&it.name)?.strip_prefix('.')?)));
    let (name, value) = match field {
        Some((record, name)) => (name, arguments.get(&record.name).and_then(|it| it.get(name))),
        None => (error.path.as_str(), arguments.get(&error.path)),
    };
    let Some((name, ty)) = inputs(contract, action).into_iter().find(|it| it.0 == name) else {
        return;
    };
    let forms = forms(contract, name, ty);
    // Of a text or a number the error itself says enough.
    let is_plain = matches!(forms.as_slice(), [one] if one.ends_with("=…"));
    if value.is_none_or(Value::is_null) {
        error.message = format!("is missing; write {}", forms.join(" or "));
    } else if !is_plain {
        error.message = format!("{}; write {}", error.message, forms.join(" or "));
    }
}
