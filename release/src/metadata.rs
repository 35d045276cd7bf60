//! What registries and people read about a component that they find.

use serde_json::{Map, Value, json};
use wasm_metadata::{
    AddMetadata, AddMetadataField::Set, Description, Licenses, Payload, Revision, Source, Version,
};

const NAME: &str = "wecom-connector";
const DESCRIPTION: &str = "WeCom (企业微信): departments, members, group chats, application, group and chatbot messages, files";

/// Adds the metadata; an empty revision or source is left out.
pub(crate) fn describe(wasm: &[u8], revision: &str, source: &str) -> anyhow::Result<Vec<u8>> {
    let mut add = AddMetadata::default();
    add.name = Set(NAME.to_owned());
    add.version = Set(Version::new(env!("CARGO_PKG_VERSION")));
    add.description = Set(Description::new(DESCRIPTION));
    add.licenses = Set(Licenses::new(env!("CARGO_PKG_LICENSE"))?);
    if !revision.is_empty() {
        add.revision = Set(Revision::new(revision.to_owned()));
    }
    if !source.is_empty() {
        add.source = Set(Source::new(source)?);
    }
    add.to_wasm(wasm)
}

/// The metadata of the outermost component, under the names of `describe`.
pub(crate) fn read(wasm: &[u8]) -> anyhow::Result<Map<String, Value>> {
    let payload = Payload::from_binary(wasm)?;
    let it = payload.metadata();
    let text = |it: Option<String>| it.map(Value::from);
    let fields = [
        ("name", text(it.name.clone())),
        ("version", text(it.version.as_ref().map(ToString::to_string))),
        ("description", text(it.description.as_ref().map(ToString::to_string))),
        ("license", text(it.licenses.as_ref().map(ToString::to_string))),
        ("revision", text(it.revision.as_ref().map(ToString::to_string))),
        ("source", text(it.source.as_ref().map(ToString::to_string))),
        ("bytes", Some(json!(wasm.len()))),
    ];
    Ok(fields.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sections::has_names;

    fn described(revision: &str, source: &str) -> Value {
        let wasm = wat::parse_str("(component)").unwrap();
        let described = describe(&wasm, revision, source).unwrap();
        assert!(!has_names(&described).unwrap());
        let mut read = read(&described).unwrap();
        read.remove("bytes");
        read.into()
    }

    #[test]
    fn metadata_is_read_back() {
        let expected = json!({
            "name": "wecom-connector",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": "Apache-2.0",
            "revision": "0a1b2c",
            "source": "https://git.example/wecom-connector",
        });
        assert_eq!(described("0a1b2c", "https://git.example/wecom-connector"), expected);
    }

    #[test]
    fn unknown_revision_and_source_are_left_out() {
        let described = described("", "");
        assert_eq!((described.get("revision"), described.get("source")), (None, None));
    }

    #[test]
    fn source_that_is_no_address_is_an_error() {
        describe(&wat::parse_str("(component)").unwrap(), "", "here").unwrap_err();
    }
}
