//! The custom sections of a component.

use std::mem;

use wasm_encoder::{ComponentSectionId, CustomSection, Encode, RawSection, Section};
use wasmparser::{ComponentName, KnownCustom, Parser, Payload};

/// The custom sections with names for debuggers, of modules and of components.
const NAMES: [&str; 2] = ["name", "component-name"];

/// The component without names for debuggers, at any depth. Everything else stays as it is, byte for byte.
pub(crate) fn without_names(wasm: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut enclosing: Vec<(ComponentSectionId, Vec<u8>)> = Vec::new();
    let mut output = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::Version { range, .. } => output.extend_from_slice(slice(wasm, range)?),
            Payload::ModuleSection { .. } => {
                enclosing.push((ComponentSectionId::CoreModule, mem::take(&mut output)));
            }
            Payload::ComponentSection { .. } => {
                enclosing.push((ComponentSectionId::Component, mem::take(&mut output)));
            }
            Payload::End(_) => {
                if let Some((id, mut outer)) = enclosing.pop() {
                    outer.push(id as u8);
                    output.encode(&mut outer);
                    output = outer;
                }
            }
            Payload::CustomSection(section) if NAMES.contains(&section.name()) => {}
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    RawSection { id, data: slice(wasm, range)? }.append_to(&mut output);
                }
            }
        }
    }
    Ok(output)
}

fn slice(wasm: &[u8], range: std::ops::Range<u64>) -> anyhow::Result<&[u8]> {
    let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
    wasm.get(range).ok_or_else(|| anyhow::anyhow!("a section passes the end of the file"))
}

/// Whether names for debuggers are left, at any depth. The component's own name is metadata, in the same section.
pub(crate) fn has_names(wasm: &[u8]) -> anyhow::Result<bool> {
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload? else { continue };
        match section.as_known() {
            KnownCustom::Name(_) => return Ok(true),
            KnownCustom::ComponentName(names) => {
                for name in names {
                    if !matches!(name?, ComponentName::Component { .. }) {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(false)
}

/// The component with one more custom section, at its end.
pub(crate) fn with_custom(mut wasm: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    CustomSection { name: name.into(), data: data.into() }.append_to(&mut wasm);
    wasm
}

/// The content of a custom section of the outermost component.
pub(crate) fn custom<'a>(wasm: &'a [u8], name: &str) -> anyhow::Result<Option<&'a [u8]>> {
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if depth == 1 && section.name() == name => {
                return Ok(Some(section.data()));
            }
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: &str = r#"
        (component $outer
            (core module $module (func $secret (export "f") (result i32) i32.const 7))
            (component $inner (core module $deep (func $hidden)))
            (core instance $instance (instantiate $module))
            (func (export "f") (result u32) (canon lift (core func $instance "f"))))"#;

    #[test]
    fn names_are_removed_at_any_depth_and_nothing_else() {
        let named = wat::parse_str(NAMED).unwrap();
        let bare = without_names(&named).unwrap();
        assert!(has_names(&named).unwrap() && !has_names(&bare).unwrap());
        let holds =
            |wasm: &[u8], name: &str| wasm.windows(name.len()).any(|it| it == name.as_bytes());
        for name in ["outer", "module", "secret", "inner", "hidden", "instance"] {
            assert!(holds(&named, name) && !holds(&bare, name), "{name}");
        }
        let sections = |wasm: &[u8]| -> Vec<(u8, u64)> {
            let all = Parser::new(0).parse_all(wasm).map(Result::unwrap);
            let kept = all.filter(|it| !matches!(it, Payload::CustomSection(_)));
            kept.filter_map(|it| it.as_section())
                .filter(|(id, _)| !matches!(id, 1 | 4)) // a module or a component is as long as what is left in it
                .map(|(id, range)| (id, range.end - range.start))
                .collect()
        };
        assert_eq!(sections(&bare), sections(&named));
        assert_eq!(without_names(&bare).unwrap(), bare);
    }

    #[test]
    fn custom_section_of_the_outermost_component_is_read_back() {
        let bare = wat::parse_str(r#"(component (component (@custom "docs" "inner")))"#).unwrap();
        assert_eq!(custom(&bare, "docs").unwrap(), None);
        let documented = with_custom(bare, "docs", b"outer");
        assert_eq!(custom(&documented, "docs").unwrap(), Some(&b"outer"[..]));
    }
}
