//! What members carry beside their profile: attributes that the corp defines, and what outsiders see.
//! The simulator keeps it and does nothing with it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    answer::Refusal,
    body::{self, Field, Object},
    text,
};

#[derive(Serialize)]
pub(super) struct Extra {
    pub(super) extattr: Field<Object<ExtAttr>>,
    pub(super) external_profile: Field<Object<ExternalProfile>>,
    pub(super) external_position: Field<String>,
    pub(super) nickname: Field<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ExtAttr {
    attrs: Vec<Object<Attr>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ExternalProfile {
    external_corp_name: Field<String>,
    wechat_channels: Field<Object<Channels>>,
    external_attr: Field<Vec<Object<Attr>>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Channels {
    nickname: Field<String>,
    status: Field<i64>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Attr {
    r#type: Field<i64>,
    name: Field<String>,
    text: Field<Object<AttrText>>,
    web: Field<Object<AttrWeb>>,
    miniprogram: Field<Object<AttrProgram>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct AttrText {
    value: Field<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct AttrWeb {
    url: Field<String>,
    title: Field<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct AttrProgram {
    appid: Field<String>,
    pagepath: Field<String>,
    title: Field<String>,
}

impl Extra {
    /// What is to be kept, if it is within its limits.
    pub(super) fn checked(self) -> Result<Value, Refusal> {
        if let Some(Object(ExtAttr { attrs })) = self.extattr.as_ref() {
            for Object(attr) in attrs {
                check_attr(attr)?;
            }
        }
        if self.external_position.as_deref().is_some_and(|it| text::chars(it) > 12) {
            return Err(Refusal::invalid("external_position", "exceed max utf8 words 12"));
        }
        body::keep(&self)
    }
}

fn check_attr(attr: &Attr) -> Result<(), Refusal> {
    match (attr.r#type.0, &attr.text.0, &attr.web.0) {
        (Some(0), Some(Object(text)), None) => {
            if text.value.as_deref().is_some_and(|it| text::chars(it) > 64) {
                return Err(Refusal::invalid(
                    "extattr.attrs.text.value",
                    "exceed max utf8 words 64",
                ));
            }
        }
        (Some(1), None, Some(Object(web))) => {
            if web.title.as_deref().is_some_and(|it| text::chars(it) > 12) {
                return Err(Refusal::invalid(
                    "extattr.attrs.web.title",
                    "exceed max utf8 words 12",
                ));
            }
        }
        _ => {
            return Err(Refusal::invalid(
                "extattr.attrs",
                "type 0 goes with text, type 1 with web",
            ));
        }
    }
    Ok(())
}
