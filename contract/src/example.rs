//! The WAVE examples as JSON.

use serde_json::{Map, Value};
use wasm_wave::{
    untyped::UntypedFuncCall,
    value::{Value as Wave, resolve_wit_func_type},
    wasm::{WasmFunc, WasmTypeKind, WasmValue},
};
use wit_parser::{Function, Resolve};

/// The arguments of a call in WAVE, an object by parameter. Absent options are left out.
pub(crate) fn arguments(
    resolve: &Resolve,
    function: &Function,
    example: &str,
) -> Result<Value, String> {
    let call = UntypedFuncCall::parse(example).map_err(|error| error.to_string())?;
    if call.name() != function.name {
        return Err(format!("it calls {}", call.name()));
    }
    let ty = resolve_wit_func_type(resolve, function).map_err(|error| error.to_string())?;
    let types: Vec<_> = ty.params().collect();
    let values: Vec<Wave> = call.to_wasm_params(&types).map_err(|error| error.to_string())?;
    let names = function.params.iter().map(|it| it.name.clone());
    Ok(Value::Object(names.zip(&values).filter_map(|(name, it)| Some((name, json(it)?))).collect()))
}

/// None for an absent option.
fn json(value: &Wave) -> Option<Value> {
    let part = |it: &Wave| json(it).unwrap_or_default();
    Some(match value.kind() {
        WasmTypeKind::Bool => value.unwrap_bool().into(),
        WasmTypeKind::U8 => value.unwrap_u8().into(),
        WasmTypeKind::U16 => value.unwrap_u16().into(),
        WasmTypeKind::U32 => value.unwrap_u32().into(),
        WasmTypeKind::U64 => value.unwrap_u64().into(),
        WasmTypeKind::S8 => value.unwrap_s8().into(),
        WasmTypeKind::S16 => value.unwrap_s16().into(),
        WasmTypeKind::S32 => value.unwrap_s32().into(),
        WasmTypeKind::S64 => value.unwrap_s64().into(),
        WasmTypeKind::F64 => value.unwrap_f64().into(),
        WasmTypeKind::String => value.unwrap_string().into_owned().into(),
        WasmTypeKind::Enum => value.unwrap_enum().into_owned().into(),
        WasmTypeKind::List => value.unwrap_list().map(|it| part(&it)).collect(),
        WasmTypeKind::Option => return value.unwrap_option().and_then(|it| json(&it)),
        WasmTypeKind::Record => Value::Object(
            value
                .unwrap_record()
                .filter_map(|(name, it)| Some((name.into_owned(), json(&it)?)))
                .collect(),
        ),
        WasmTypeKind::Variant => match value.unwrap_variant() {
            (name, Some(payload)) => {
                Value::Object(Map::from_iter([(name.into_owned(), part(&payload))]))
            }
            (name, None) => name.into_owned().into(),
        },
        // The reader of the WIT files refuses all other types.
        _ => return None,
    })
}
