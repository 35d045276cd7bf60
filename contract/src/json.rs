//! `contract.json`.

use serde_json::{Value, json};

use crate::{
    model::{Action, Contract},
    schema::Schemas,
};

impl Contract {
    /// The contract as `contract.json` holds it: this model, in each action a JSON Schema of its arguments
    /// (`arguments-schema`) and of its result (`result-schema`), and the named types that those refer to (`$defs`).
    pub fn to_json(&self) -> Value {
        let schemas = Schemas { contract: self, nullable: true, definitions: "#/$defs/" };
        let action = |action: &Action| {
            let mut json = json!(action);
            if let Some(object) = json.as_object_mut() {
                object.insert("arguments-schema".into(), schemas.arguments(&action.parameters));
                object.insert("result-schema".into(), schemas.result(action));
            }
            json
        };
        let definitions = self.types.iter().map(|it| (it.name.clone(), schemas.named_type(it)));
        json!({
            "package": self.package,
            "documentation": self.documentation,
            "interfaces": self.interfaces,
            "types": self.types,
            "actions": self.actions.iter().map(action).collect::<Vec<_>>(),
            "$defs": Value::Object(definitions.collect()),
        })
    }

    /// The text of `contract.json`.
    pub fn to_json_text(&self) -> String {
        format!("{:#}\n", self.to_json())
    }
}
