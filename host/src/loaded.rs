//! A component, compiled and linked, and what it exports.

use std::{collections::BTreeMap, sync::Arc};

use wasmtime::component::{
    Component, ComponentExportIndex, InstancePre, Type,
    types::{ComponentFunc, ComponentItem},
};

use crate::{
    connector::Typed,
    limits::Limits,
    sandbox::{self, State},
    transport::Transport,
};

/// What all instances of a component share.
pub(crate) struct Loaded {
    pub(crate) pre: InstancePre<State>,
    /// The functions with Rust types; an error where the component has another contract.
    pub(crate) typed: wasmtime::Result<Arc<Typed>>,
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) limits: Limits,
    pub(crate) transport: Arc<dyn Transport>,
}

/// A function that the component exports.
pub struct Function {
    /// Its name, such as `send-app-text`.
    pub name: String,
    /// Its interface, such as `wecom:connector/app-messages@0.1.0`. None for a function of the world itself.
    pub interface: Option<String>,
    /// Its parameters in order, by name.
    pub params: Vec<(String, Type)>,
    /// What it returns.
    pub result: Option<Type>,
    pub(crate) index: ComponentExportIndex,
}

impl Loaded {
    /// Links a component, which must import nothing beyond what a sandbox has.
    pub(crate) fn new(
        component: &Component,
        limits: Limits,
        transport: Arc<dyn Transport>,
    ) -> wasmtime::Result<Self> {
        let pre = sandbox::linker(component.engine())?.instantiate_pre(component)?;
        let typed = Typed::new(&pre).map(Arc::new);
        Ok(Self { pre, typed, functions: functions(component), limits, transport })
    }
}

fn functions(component: &Component) -> BTreeMap<String, Function> {
    let mut functions = BTreeMap::new();
    let mut add = |name: &str, interface: Option<&str>, ty: ComponentFunc, index| {
        let params = ty.params().map(|(name, ty)| (name.into(), ty)).collect();
        let function = Function {
            name: name.into(),
            interface: interface.map(Into::into),
            params,
            result: ty.results().next(),
            index,
        };
        functions.insert(function.name.clone(), function);
    };

    let engine = component.engine();
    for (name, item) in component.component_type().exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(ty) => {
                if let Some(index) = component.get_export_index(None, name) {
                    add(name, None, ty, index);
                }
            }
            ComponentItem::ComponentInstance(interface) => {
                let Some(outer) = component.get_export_index(None, name) else { continue };
                for (function, item) in interface.exports(engine) {
                    let ComponentItem::ComponentFunc(ty) = item.ty else { continue };
                    if let Some(index) = component.get_export_index(Some(&outer), function) {
                        add(function, Some(name), ty, index);
                    }
                }
            }
            _ => {}
        }
    }
    functions
}
