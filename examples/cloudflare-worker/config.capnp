# Runs the Worker on this machine: npx workerd serve config.capnp
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "local"])),  # local for the simulator
  ],
  sockets = [(name = "http", address = "127.0.0.1:8081", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [
    (name = "worker.js", esModule = embed "dist/worker.js"),
    (name = "./wecom.core.wasm", wasm = embed "dist/wecom.core.wasm"),
    (name = "./wecom.core2.wasm", wasm = embed "dist/wecom.core2.wasm"),
    (name = "./wecom.core3.wasm", wasm = embed "dist/wecom.core3.wasm"),
  ],
  bindings = [
    (name = "ALERTS_TOKEN", fromEnvironment = "ALERTS_TOKEN"),
    (name = "ALERTS_USERS", fromEnvironment = "ALERTS_USERS"),
    (name = "WECOM_CHATBOT_KEY", fromEnvironment = "WECOM_CHATBOT_KEY"),
    (name = "WECOM_CORP_ID", fromEnvironment = "WECOM_CORP_ID"),
    (name = "WECOM_SECRET", fromEnvironment = "WECOM_SECRET"),
    (name = "WECOM_AGENT_ID", fromEnvironment = "WECOM_AGENT_ID"),
    (name = "WECOM_BASE_URL", fromEnvironment = "WECOM_BASE_URL"),
  ],
);
