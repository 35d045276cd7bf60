//! `contract.json`.

use serde_json::{Value, json};

use crate::{
    model::{Action, Contract},
    schema::object,
};

impl Contract {
    /// The contract as `contract.json` holds it: this model, in each action a JSON Schema of its arguments
    /// (`arguments-schema`) and of its result (`result-schema`), and the named types that those refer to (`$defs`).
    pub fn to_json(&self) -> Value {
        let action = |action: &Action| {
            let mut json = json!(action);
            let parameters = action.parameters.iter();
            let arguments =
                object(parameters.map(|it| (it.name.as_str(), &it.ty, &*it.documentation)));
            if let Some(object) = json.as_object_mut() {
                object.insert("arguments-schema".into(), arguments);
                object.insert("result-schema".into(), action.result.schema());
            }
            json
        };
        json!({
            "package": self.package,
            "documentation": self.documentation,
            "interfaces": self.interfaces,
            "types": self.types,
            "actions": self.actions.iter().map(action).collect::<Vec<_>>(),
            "$defs": self.definitions(self.types.iter()),
        })
    }

    /// The text of `contract.json`.
    pub fn to_json_text(&self) -> String {
        format!("{:#}\n", self.to_json())
    }
}
