//! One sandbox over many calls: what it caches, and what it reads again for each call.

use http_body_util::BodyExt;
use wasmtime::{
    Config, Engine, Store, Trap,
    component::{Component, Instance, InstancePre, Linker, ResourceTable, Val},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};
use wecom_host::{COMPONENT, body};

const FUEL: u64 = 1 << 40;

/// Grants a token for each secret, and accepts everything else.
#[derive(Default)]
struct Server {
    requests: Vec<String>,
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Server {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send> {
        let target = request.uri().path_and_query().unwrap().as_str().to_owned();
        let reply = match target.split_once("corpsecret=") {
            Some((_, secret)) => {
                format!(r#"{{"errcode":0,"access_token":"token-of-{secret}","expires_in":7200}}"#)
            }
            None => r#"{"errcode":0,"errmsg":"ok"}"#.to_owned(),
        };
        self.requests.push(target);
        Box::new(async move {
            request.into_body().collect().await?;
            Ok((http::Response::new(body(reply)), Box::new(async { Ok(()) }) as Io))
        })
    }
}

struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    server: Server,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.server, table: &mut self.table, ctx: &mut self.http }
    }
}

fn prepare() -> InstancePre<State> {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
    linker.instantiate_pre(&Component::from_binary(&engine, COMPONENT).unwrap()).unwrap()
}

struct Sandbox {
    store: Store<State>,
    instance: Instance,
}

impl Sandbox {
    async fn new(pre: &InstancePre<State>) -> Self {
        let state = State {
            table: ResourceTable::new(),
            wasi: environment("first"),
            http: WasiHttpCtx::new(),
            server: Server::default(),
        };
        let mut store = Store::new(pre.engine(), state);
        store.set_fuel(FUEL).unwrap();
        let instance = pre.instantiate_async(&mut store).await.unwrap();
        Self { store, instance }
    }

    /// Deletes a department with the credentials of the environment.
    async fn call(&mut self, fuel: u64) -> Result<(), wasmtime::Error> {
        let Self { store, instance } = self;
        let component = instance.instance_pre(&*store).component().clone();
        let interface = component
            .get_export_index(
                None,
                concat!("wecom:connector/departments@", env!("CARGO_PKG_VERSION")),
            )
            .unwrap();
        let function = component.get_export_index(Some(&interface), "delete-department").unwrap();
        let function = instance.get_func(&mut *store, function).unwrap();
        let application =
            Val::Variant("profile".into(), Some(Box::new(Val::String(String::new()))));
        let mut results = [Val::Bool(false)];
        store.set_fuel(fuel).unwrap();
        function.call_async(&mut *store, &[application, Val::U32(7)], &mut results).await?;
        assert!(matches!(&results, [Val::Result(Ok(_))]), "{results:?}");
        Ok(())
    }
}

fn environment(secret: &str) -> WasiCtx {
    WasiCtx::builder().envs(&[("WECOM_CORP_ID", "corp"), ("WECOM_SECRET", secret)]).build()
}

#[tokio::test]
async fn rotated_secret_takes_effect_at_the_next_call() {
    let mut sandbox = Sandbox::new(&prepare()).await;
    sandbox.call(FUEL).await.unwrap();
    sandbox.call(FUEL).await.unwrap();
    sandbox.store.data_mut().wasi = environment("second");
    sandbox.call(FUEL).await.unwrap();
    assert_eq!(
        sandbox.store.data().server.requests,
        [
            "/cgi-bin/gettoken?corpid=corp&corpsecret=first",
            "/cgi-bin/department/delete?access_token=token-of-first&id=7",
            "/cgi-bin/department/delete?access_token=token-of-first&id=7",
            "/cgi-bin/gettoken?corpid=corp&corpsecret=second",
            "/cgi-bin/department/delete?access_token=token-of-second&id=7",
        ]
    );
}

/// Wherever the trap was: the sandbox cannot be entered again, and a new one works.
#[tokio::test]
async fn sandbox_is_replaced_after_a_trap() {
    let pre = prepare();
    for fuel in [1_000, 10_000, 20_000] {
        let mut sandbox = Sandbox::new(&pre).await;
        let trap = sandbox.call(fuel).await.unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&Trap::OutOfFuel), "{fuel}: {trap:?}");
        let trap = sandbox.call(FUEL).await.unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&Trap::CannotEnterComponent), "{fuel}: {trap:?}");

        let mut sandbox = Sandbox::new(&pre).await;
        sandbox.call(FUEL).await.unwrap();
        assert_eq!(sandbox.store.data().server.requests.len(), 2, "{fuel}");
    }
}
