// Sends a message by a chatbot. Prints `sent`, or the error case of the contract.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmtime.h>
#include <wasmtime/component.h>

static void check(wasmtime_error_t *error, const char *what) {
  if (error == NULL) return;
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  fprintf(stderr, "%s: %.*s\n", what, (int)message.size, message.data), exit(2);
}

static wasmtime_component_val_t string(const char *text) {
  wasmtime_component_val_t value = {.kind = WASMTIME_COMPONENT_STRING};
  return wasm_name_new_from_string(&value.of.string, text), value;
}

int main(int argc, char **argv) {
  static uint8_t wasm[8 << 20]; // the component has less than 1 MB
  FILE *file = argc == 3 && getenv("WECOM_CHATBOT_KEY") ? fopen(argv[1], "rb") : NULL;
  if (file == NULL) return fprintf(stderr, "usage: WECOM_CHATBOT_KEY=… send COMPONENT TEXT\n"), 2;
  size_t size = fread(wasm, 1, sizeof wasm, file);
  wasm_engine_t *engine = wasm_engine_new();
  wasmtime_component_t *component;
  check(wasmtime_component_new(engine, wasm, size, &component), "compile");
  wasmtime_component_linker_t *linker = wasmtime_component_linker_new(engine);
  check(wasmtime_component_linker_add_wasip2(linker), "link WASI");
  check(wasmtime_component_linker_add_wasi_http(linker), "link HTTP");
  wasmtime_context_t *context = wasmtime_store_context(wasmtime_store_new(engine, NULL, NULL));
  const char *names[] = {"WECOM_CHATBOT_KEY", "WECOM_BASE_URL"}, *values[] = {getenv(names[0]), getenv(names[1])};
  wasi_config_t *wasi = wasi_config_new();
  wasi_config_set_env(wasi, values[1] ? 2 : 1, names, values); // the component sees no other variables
  check(wasmtime_context_set_wasi(context, wasi), "configure WASI");
  wasmtime_context_set_wasi_http(context);
  wasmtime_component_instance_t instance; // keep it, and the store, for many calls: it keeps access tokens
  check(wasmtime_component_linker_instantiate(linker, context, component, &instance), "instantiate");
  wasmtime_component_export_index_t *index = NULL;
  for (const char **it = (const char *[]){"wecom:connector/chatbots@0.1.0", "send-chatbot-text", NULL}; *it; it++)
    index = wasmtime_component_instance_get_export_index(&instance, context, index, *it, strlen(*it));
  wasmtime_component_func_t send;
  if (index == NULL || !wasmtime_component_instance_get_func(&instance, context, index, &send)) return 2;
  wasmtime_component_val_t name = string(""), none = {.kind = WASMTIME_COMPONENT_OPTION}, result;
  wasmtime_component_val_t arguments[] = {{.kind = WASMTIME_COMPONENT_VARIANT}, {.kind = WASMTIME_COMPONENT_RECORD}};
  wasm_name_new_from_string(&arguments[0].of.variant.discriminant, "profile"); // profile("")
  arguments[0].of.variant.val = wasmtime_component_val_new(&name);
  const char *fields[] = {"content", "mentioned-users", "mentioned-mobiles", "mention-everyone"};
  wasmtime_component_valrecord_new_uninit(&arguments[1].of.record, 4);
  for (int i = 0; i < 4; i++) {
    wasm_name_new_from_string(&arguments[1].of.record.data[i].name, fields[i]);
    arguments[1].of.record.data[i].val = i == 0 ? string(argv[2]) : none;
  }
  check(wasmtime_component_func_call(&send, context, arguments, 2, &result, 1), "call");
  if (result.of.result.is_ok) return puts("sent"), 0;
  wasm_name_t error = result.of.result.val->of.variant.discriminant;
  return printf("%.*s\n", (int)error.size, error.data), 1;
}
