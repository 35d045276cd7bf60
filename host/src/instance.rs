//! One sandbox, and the calls into it.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::{error::Elapsed, timeout};
use wasmtime::{
    Store,
    component::{self, Val},
};

use crate::{
    connector::Connector,
    error::CallError,
    json,
    loaded::Loaded,
    sandbox::{self, State},
};

/// One sandbox of a [`Host`](crate::Host), with environment variables of its own. Takes one call at a time, any number in
/// all, and caches the access tokens between them.
///
/// A call that fails with [`CallError::Stopped`] or is dropped half way ends the sandbox; the next call gets a fresh one.
pub struct Instance {
    loaded: Arc<Loaded>,
    environment: Vec<(String, String)>,
    /// In a box, as each call takes it out and puts it back.
    sandbox: Option<Box<Sandbox>>,
}

struct Sandbox {
    store: Store<State>,
    instance: component::Instance,
    /// With the first call by types.
    connector: Option<Connector>,
}

impl Instance {
    pub(crate) fn new(loaded: Arc<Loaded>, environment: Vec<(String, String)>) -> Self {
        Self { loaded, environment, sandbox: None }
    }

    /// Calls functions with Rust types.
    ///
    /// # Errors
    /// [`CallError::Stopped`] and [`CallError::Unavailable`]; what the function returns, errors too, is the value.
    pub async fn call<T>(
        &mut self,
        function: impl AsyncFnOnce(&mut Store<State>, &Connector) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let mut sandbox = self.acquire().await?;
        let Sandbox { store, instance, connector } = &mut *sandbox;
        let typed = self.loaded.typed.as_ref().map_err(unavailable)?;
        typed.check(store, instance).map_err(|it| unavailable(&it))?;
        let connector =
            connector.get_or_insert_with(|| Connector::new(Arc::clone(typed), *instance));
        let result = timeout(self.loaded.limits.time, function(store, connector)).await;
        self.release(sandbox, result)
    }

    /// Calls a function by its name, with its parameters as the members of a JSON object, all by their names in the WIT.
    ///
    /// A record is an object, in which options may be absent; a variant `{"case": payload}` or `"case"`; an enum a string; an
    /// option the value or null; bytes are base64 or an array of numbers. A string that is no case of a variant stands for
    /// its only case with a string: base64 for the content of a file, the new text for a change, the name of a profile for
    /// an application. Results have the same form, absent options left out. Of a WIT `result`, the value is returned here and the error as
    /// [`CallError::Returned`].
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn call_json(
        &mut self,
        function: &str,
        arguments: &Value,
    ) -> Result<Value, CallError> {
        let loaded = Arc::clone(&self.loaded);
        let Some(function) = loaded.functions.get(function) else {
            return Err(CallError::UnknownFunction(function.into()));
        };
        let arguments = json::arguments(&function.params, arguments, loaded.limits.arguments)
            .map_err(CallError::Arguments)?;

        let mut sandbox = self.acquire().await?;
        let Sandbox { store, instance, .. } = &mut *sandbox;
        let Some(callee) = instance.get_func(&mut *store, function.index) else {
            return Err(CallError::Unavailable(format!("{} is not a function", function.name)));
        };
        let mut results = vec![Val::Bool(false); usize::from(function.result.is_some())];
        let call = callee.call_async(store, &arguments, &mut results);
        let outcome = timeout(loaded.limits.time, call).await;
        self.release(sandbox, outcome)?;

        let result = results.into_iter().next().zip(function.result.as_ref());
        let Some((result, ty)) = result else { return Ok(Value::Null) };
        json::result(ty, result).map_err(CallError::Returned)
    }

    /// Takes the sandbox out, or makes one: a call that does not come to its end leaves none behind.
    async fn acquire(&mut self) -> Result<Box<Sandbox>, CallError> {
        if let Some(mut sandbox) = self.sandbox.take() {
            sandbox.store.data_mut().guard.begin();
            return Ok(sandbox);
        }
        let Loaded { pre, limits, transport, .. } = &*self.loaded;
        let mut store = sandbox::store(pre.engine(), limits, transport, &self.environment);
        let start = timeout(limits.time, pre.instantiate_async(&mut store)).await;
        let instance = start
            .map_err(|_| CallError::Unavailable("took too long to start".into()))?
            .map_err(|it| unavailable(&it))?;
        Ok(Box::new(Sandbox { store, instance, connector: None }))
    }

    /// Puts the sandbox back, if the call came to its end.
    fn release<T>(
        &mut self,
        sandbox: Box<Sandbox>,
        result: Result<wasmtime::Result<T>, Elapsed>,
    ) -> Result<T, CallError> {
        let limits = &self.loaded.limits;
        let why = match result {
            Ok(Ok(value)) => {
                self.sandbox = Some(sandbox);
                return Ok(value);
            }
            Ok(Err(error)) => limits
                .exceeded(&error)
                .unwrap_or_else(|| format!("trapped: {}", error.root_cause())),
            Err(_) => format!("took longer than {} s", limits.time.as_secs_f64()),
        };
        Err(CallError::Stopped(why))
    }
}

fn unavailable(error: &wasmtime::Error) -> CallError {
    CallError::Unavailable(error.root_cause().to_string())
}
