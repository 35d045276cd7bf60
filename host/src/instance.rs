//! One sandbox, and the calls into it.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time::timeout;
use wasmtime::{
    ResourceLimiter, Store,
    component::{self, ResourceTable, Val},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::{
    connector::Connector,
    host::{self, Host, Loaded},
    json::{self, Problem},
    limits::Guard,
    transport::Hooks,
    upload::{self, Upload},
};

/// One sandbox of a [`Host`], with environment variables of its own. Takes one call at a time, any number in all, and
/// keeps the access tokens between them.
///
/// A call that fails with [`CallError::Stopped`] or is dropped half way ends the sandbox; the next call gets a fresh one.
pub struct Instance {
    host: Host,
    environment: Vec<(String, String)>,
    /// In a box, as each call takes it out and puts it back.
    live: Option<Box<Live>>,
}

struct Live {
    store: Store<State>,
    instance: component::Instance,
    connector: Connector,
}

/// Why a call has no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The component exports no function of this name; these come near.
    UnknownFunction {
        /// The name asked for.
        name: String,
        /// Names that may have been meant, the likeliest first.
        similar: Vec<String>,
    },
    /// The JSON does not fit the parameters. Nothing was called.
    Arguments(Vec<Problem>),
    /// The function itself returned an error: the contract's `error`, as JSON.
    Returned(Value),
    /// The component could not be instantiated: too many at once, or it lacks what was asked for.
    Unavailable(String),
    /// The call was stopped: it trapped, or went over a limit. Whether it took effect is unknown.
    Stopped(String),
}

impl Instance {
    pub(crate) fn new(host: Host, environment: Vec<(String, String)>) -> Self {
        Self { host, environment, live: None }
    }

    /// Call functions with Rust types.
    ///
    /// # Errors
    /// [`CallError::Stopped`] and [`CallError::Unavailable`]; what the function returns, errors too, is the value.
    pub async fn call<T>(
        &mut self,
        function: impl AsyncFnOnce(&mut Store<State>, &Connector) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let mut live = self.take().await?;
        let typed = self.host.0.typed.as_ref().map_err(unavailable)?;
        typed.check(&mut live.store, &live.instance).map_err(|it| unavailable(&it))?;
        let time = self.host.0.limits.time;
        let call = function(&mut live.store, &live.connector);
        let result = within(time, call).await;
        self.keep(live, result)
    }

    /// Call a function by its name, with its parameters as the members of a JSON object, all by their names in the WIT.
    ///
    /// A record is an object, in which options may be absent; a variant `{"case": payload}` or `"case"`; an enum a string; an
    /// option the value or null; bytes are base64 or an array of numbers. Results have the same form, absent options left
    /// out. Of a WIT `result`, the value is returned here and the error as [`CallError::Returned`].
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn call_json(
        &mut self,
        function: &str,
        arguments: &Value,
    ) -> Result<Value, CallError> {
        let loaded = Arc::clone(&self.host.0);
        let Some(function) = loaded.functions.get(function) else {
            let similar = self.host.similar_functions(function);
            return Err(CallError::UnknownFunction { name: function.into(), similar });
        };
        let limit = loaded.limits.arguments;
        if upload::carries_file(&function.name) && loaded.typed.is_ok() {
            let apart = json::arguments_and_bytes(&function.params, arguments, limit)
                .map_err(CallError::Arguments)?;
            if let Some(upload) = Upload::new(&function.name, apart) {
                let call = self.call(async |store, connector| upload.call(store, connector).await);
                return call.await?.map_err(CallError::Returned);
            }
        }
        let arguments =
            json::arguments(&function.params, arguments, limit).map_err(CallError::Arguments)?;

        let mut live = self.take().await?;
        let Some(callee) = live.instance.get_func(&mut live.store, function.index) else {
            return Err(CallError::Unavailable(format!("{} is not a function", function.name)));
        };
        let mut results = vec![Val::Bool(false); usize::from(function.result.is_some())];
        let call = callee.call_async(&mut live.store, &arguments, &mut results);
        let outcome = within(loaded.limits.time, call).await;
        self.keep(live, outcome)?;

        let result = results.into_iter().next().zip(function.result.as_ref());
        let Some((result, ty)) = result else { return Ok(Value::Null) };
        json::result(ty, result).map_err(CallError::Returned)
    }

    /// Takes the live sandbox out, or makes one: a call that does not come to its end leaves none behind.
    async fn take(&mut self) -> Result<Box<Live>, CallError> {
        if let Some(mut live) = self.live.take() {
            live.store.data_mut().guard.begin();
            return Ok(live);
        }
        let loaded = &self.host.0;
        let mut store = host::store(loaded, &self.environment);
        let start = loaded.pre.instantiate_async(&mut store);
        let instance = within(loaded.limits.time, start).await.map_err(|it| {
            unavailable(it.as_ref().unwrap_or(&wasmtime::format_err!("took too long to start")))
        })?;
        let connector = Connector::new(Arc::clone(&self.host.0), instance);
        Ok(Box::new(Live { store, instance, connector }))
    }

    /// Puts the sandbox back, if it is still usable.
    fn keep<T>(
        &mut self,
        live: Box<Live>,
        result: Result<T, Option<wasmtime::Error>>,
    ) -> Result<T, CallError> {
        let error = match result {
            Ok(value) => {
                self.live = Some(live);
                return Ok(value);
            }
            Err(error) => error,
        };
        let limits = &self.host.0.limits;
        Err(CallError::Stopped(match (live.store.data().guard.hit(), error) {
            (Some("memory"), _) => {
                format!("went over the limit of {} MiB of memory", limits.memory >> 20)
            }
            (Some(limit), _) => format!("went over the {limit} limit"),
            (None, Some(error)) => format!("trapped: {}", error.root_cause()),
            (None, None) => format!("took longer than {}", seconds(limits.time)),
        }))
    }
}

fn unavailable(error: &wasmtime::Error) -> CallError {
    CallError::Unavailable(error.root_cause().to_string())
}

/// The outcome of a call, or none as its error when the time is over.
async fn within<T>(
    limit: Duration,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> Result<T, Option<wasmtime::Error>> {
    timeout(limit, call).await.map_err(|_| None)?.map_err(Some)
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

impl fmt::Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFunction { name, similar } => {
                write!(out, "there is no action {name}")?;
                if let Some((first, rest)) = similar.split_first() {
                    write!(out, "; did you mean {first}")?;
                    rest.iter().try_for_each(|it| write!(out, " or {it}"))?;
                    write!(out, "?")?;
                }
                Ok(())
            }
            Self::Arguments(problems) => {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                out.write_str(&problems.join("; "))
            }
            Self::Returned(error) => write!(out, "{error}"),
            Self::Unavailable(why) => write!(out, "the component cannot be used: {why}"),
            Self::Stopped(why) => write!(out, "the component was stopped: it {why}"),
        }
    }
}

impl Error for CallError {}

/// What the host keeps for an instance: its environment, its handles, and what it has used up.
pub struct State {
    pub(crate) guard: Guard,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
}

impl State {
    pub(crate) fn new(loaded: &Loaded, environment: &[(String, String)]) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(loaded.limits.handles);
        Self {
            guard: Guard::new(loaded.limits),
            table,
            wasi: WasiCtx::builder().envs(environment).build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks(Arc::clone(&loaded.transport)),
        }
    }

    pub(crate) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.guard
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Limits, Options, bindings::exports::wecom::connector::types::Chatbot, contract,
        testing::hollow_connector,
    };

    /// Adds, refuses, spins, and eats memory and tables.
    const MISBEHAVED: &str = r#"(component
        (core module $m
            (memory 1)
            (table $t 1 funcref)
            (global $calls (mut i32) (i32.const 0))
            (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export "refuse") (param i32) (result i32) (local.get 0))
            (func (export "count") (result i32)
                (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                (global.get $calls))
            (func (export "spin") (loop (br 0)))
            (func (export "eat-memory") (loop (drop (memory.grow (i32.const 16))) (br 0)))
            (func (export "eat-table")
                (loop (drop (table.grow $t (ref.null func) (i32.const 1000))) (br 0)))
            (func $deep (export "recurse") (call $deep)))
        (core instance $i (instantiate $m))
        (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
        (func (export "refuse") (param "whether" bool) (result (result)) (canon lift (core func $i "refuse")))
        (func (export "count") (result u32) (canon lift (core func $i "count")))
        (func (export "spin") (canon lift (core func $i "spin")))
        (func (export "eat-memory") (canon lift (core func $i "eat-memory")))
        (func (export "eat-table") (canon lift (core func $i "eat-table")))
        (func (export "recurse") (canon lift (core func $i "recurse"))))"#;

    fn host(component: &[u8], limits: Limits) -> Host {
        Host::new(component, Options { limits, instances: 4, ..Options::default() }).unwrap()
    }

    fn instance(host: &Host) -> Instance {
        host.instance::<String, String>([])
    }

    #[tokio::test]
    async fn calls_by_name() {
        let host = host(&wat::parse_str(MISBEHAVED).unwrap(), Limits::default());
        let mut instance = instance(&host);

        assert_eq!(instance.call_json("add", &json!({"a": 2, "b": 3})).await.unwrap(), json!(5));
        assert_eq!(
            instance.call_json("refuse", &json!({"whether": false})).await.unwrap(),
            json!(null)
        );
        let refused = instance.call_json("refuse", &json!({"whether": true})).await;
        assert!(matches!(refused, Err(CallError::Returned(Value::Null))), "{refused:?}");
        let unknown = instance.call_json("ad", &json!({})).await.unwrap_err();
        assert_eq!(unknown.to_string(), "there is no action ad; did you mean add?");
        let bad = instance.call_json("add", &json!({"a": -1, "c": 1})).await.unwrap_err();
        assert_eq!(
            bad.to_string(),
            "c: there is no such field; known are a, b; \
             a: is not a whole number from 0 to 4294967295; \
             b: is missing; expected a whole number from 0 to 4294967295"
        );

        assert_eq!(instance.call_json("count", &json!({})).await.unwrap(), json!(1));
        assert_eq!(instance.call_json("count", &json!({})).await.unwrap(), json!(2));
    }

    #[tokio::test]
    async fn misbehavior_ends_the_sandbox_and_not_the_host() {
        let limits =
            Limits { compute: Duration::from_millis(50), memory: 4 << 20, ..Limits::default() };
        let host = host(&wat::parse_str(MISBEHAVED).unwrap(), limits);
        let mut instance = instance(&host);
        for (function, why) in [
            ("spin", "the component was stopped: it went over the computing time limit"),
            ("eat-memory", "the component was stopped: it went over the limit of 4 MiB of memory"),
            ("eat-table", "the component was stopped: it went over the table limit"),
            ("recurse", "the component was stopped: it trapped: wasm trap: call stack exhausted"),
        ] {
            assert_eq!(
                instance.call_json(function, &json!({})).await.unwrap_err().to_string(),
                why
            );
            assert_eq!(
                instance.call_json("count", &json!({})).await.unwrap(),
                json!(1),
                "after {function}"
            );
        }
    }

    #[tokio::test]
    async fn others_get_their_turn_beside_a_spinning_component() {
        let limits = Limits { compute: Duration::from_millis(300), ..Limits::default() };
        let host = host(&wat::parse_str(MISBEHAVED).unwrap(), limits);
        let (mut spinning, mut counting) = (instance(&host), instance(&host));
        let spin = tokio::spawn(async move { spinning.call_json("spin", &json!({})).await });
        while !spin.is_finished() {
            counting.call_json("count", &json!({})).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let calls = counting.call_json("count", &json!({})).await.unwrap();
        assert!(calls.as_u64().unwrap() > 3, "{calls}");
    }

    #[tokio::test]
    async fn more_instances_than_there_is_room_for() {
        let host = host(&wat::parse_str(MISBEHAVED).unwrap(), Limits::default());
        let mut instances: Vec<_> = (0..4).map(|_| instance(&host)).collect();
        for instance in &mut instances {
            instance.call_json("count", &json!({})).await.unwrap();
        }
        let mut extra = instance(&host);
        let full = extra.call_json("count", &json!({})).await;
        assert!(matches!(full, Err(CallError::Unavailable(_))), "{full:?}");
        instances.clear();
        assert_eq!(extra.call_json("count", &json!({})).await.unwrap(), json!(1));
    }

    #[tokio::test]
    async fn calls_with_types() {
        let limits = Limits { time: Duration::from_millis(50), ..Limits::default() };
        let host = host(&hollow_connector(contract::FILES), limits);
        let mut instance = instance(&host);
        // In a task of its own, as servers do.
        let trap = tokio::spawn(async move {
            let chatbot = Chatbot::Profile(String::new());
            let trap = instance
                .call(async |store, connector| {
                    let chatbots = connector.chatbots(store)?;
                    chatbots.call_send_chatbot_markdown(store, &chatbot, "hi").await
                })
                .await;
            let slow = instance
                .call(async |_, _| -> wasmtime::Result<()> {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    Ok(())
                })
                .await;
            (trap.map(drop), slow)
        });
        let (trap, slow) = trap.await.unwrap();
        assert!(matches!(trap, Err(CallError::Stopped(_))), "{trap:?}");
        assert_eq!(
            slow.unwrap_err().to_string(),
            "the component was stopped: it took longer than 0.05 s"
        );
    }

    #[test]
    fn a_sandbox_may_outlive_the_runtime() {
        let limits = Limits { time: Duration::from_millis(50), ..Limits::default() };
        let host = host(&hollow_connector(contract::FILES), limits);
        let mut instance = instance(&host);
        for (pause, fits) in [(1, true), (1, true), (5_000, false)] {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let called = runtime.unwrap().block_on(instance.call(async |_, _| {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                Ok(())
            }));
            assert_eq!(called.is_ok(), fits, "{called:?}");
        }
    }

    #[tokio::test]
    async fn another_contract_is_noticed_before_the_call() {
        // In an interface that is not used.
        let other: Vec<_> = contract::FILES
            .iter()
            .map(|(name, text)| {
                (
                    *name,
                    text.replace(
                        "markdown: func(chatbot: chatbot, content: string",
                        "markdown: func(chatbot: chatbot, content: u32",
                    ),
                )
            })
            .collect();
        let files: Vec<_> = other.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let host = host(&hollow_connector(&files), Limits::default());
        for _ in 0..2 {
            let called = instance(&host)
                .call(async |store, connector| connector.media(store).map(drop))
                .await;
            assert!(matches!(called, Err(CallError::Unavailable(_))), "{called:?}");
        }
    }

    #[test]
    fn every_example_of_the_contract_fits() {
        let host = host(&hollow_connector(contract::FILES), Limits::default());
        let contract = contract::Contract::load().unwrap();
        assert_eq!(contract.actions.len(), host.functions().count());
        for action in contract.actions {
            let function = host.function(&action.name).unwrap();
            let arguments = action.example_arguments().unwrap();
            let read = json::arguments(&function.params, &arguments, usize::MAX);
            assert!(read.is_ok(), "{}: {:?}", action.name, read.err());
        }
    }

    #[test]
    fn no_more_than_needed() {
        let greedy = r#"(component (import "wasi:filesystem/preopens@0.2.0" (instance
            (export "get-directories" (func (result (list u32)))))))"#;
        let error = Host::new(&wat::parse_str(greedy).unwrap(), Options::default()).err().unwrap();
        assert!(format!("{error:?}").contains("wasi:filesystem/preopens"), "{error:?}");
        assert!(Host::new(b"no component", Options::default()).is_err());
    }
}
