//! Alertmanager's webhook format, version 4, rendered as WeCom's markdown.
//!
//! [webhook_config](https://prometheus.io/docs/alerting/latest/configuration/#webhook_config)

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Deserialize;

use crate::response::Response;

/// The most bytes of markdown that a chatbot accepts; WeCom refuses longer markdown.
pub(crate) const CHATBOT_LIMIT: usize = 4096;
/// The same for an application message.
pub(crate) const APP_LIMIT: usize = 2048;
/// Room for the closing line about what was left out.
const CLOSING: usize = 200;
/// The most bytes of a summary, a label's value, a title.
const MAX_TEXT: usize = 256;
/// The most bytes of a link. A truncated link is useless: longer ones are left out.
const MAX_LINK: usize = 512;

/// A group of alerts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    version: String,
    status: String,
    #[serde(default)]
    group_labels: Labels,
    #[serde(default, rename = "externalURL")]
    external_url: String,
    /// How many alerts Alertmanager itself left out (`max_alerts`).
    #[serde(default)]
    truncated_alerts: u64,
    alerts: Vec<Alert>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: String,
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    #[serde(default)]
    starts_at: String,
    #[serde(default)]
    ends_at: String,
    #[serde(default, rename = "generatorURL")]
    generator_url: String,
}

type Labels = BTreeMap<String, String>;

/// A message, and what was left out of it.
pub(crate) struct Markdown {
    pub(crate) text: String,
    /// None if it is complete.
    pub(crate) left_out: Option<String>,
}

impl Notification {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Response> {
        let it: Self = serde_json::from_slice(body).map_err(|error| {
            Response::new(400, format!("not a notification of Alertmanager: {error}"))
        })?;
        if it.version != "4" {
            return Err(Response::new(400, "only version 4 of the webhook format is supported"));
        }
        Ok(it)
    }

    /// As many alerts as fit into `limit` bytes, in their order, and a closing line about what was left out.
    pub(crate) fn markdown(&self, limit: usize) -> Markdown {
        let mut shortened = 0;
        let mut text = self.heading(&mut shortened);
        let mut shown = 0;
        for alert in &self.alerts {
            let mut shortened_here = 0;
            let block = alert.block(&self.group_labels, &mut shortened_here);
            if text.len() + block.len() > limit - CLOSING {
                break;
            }
            text += &block;
            shortened += shortened_here;
            shown += 1;
        }

        let counts = [
            (self.alerts.len() as u64 - shown, "alerts that did not fit"),
            (self.truncated_alerts, "alerts left out by Alertmanager"),
            (shortened, "texts truncated"),
        ];
        let left_out: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{what}: {count}"))
            .collect();
        if left_out.is_empty() {
            return Markdown { text, left_out: None };
        }
        let left_out = left_out.join(", ");
        let _ = write!(text, "\n<font color=\"comment\">{left_out}</font>");
        Markdown { text, left_out: Some(left_out) }
    }

    fn heading(&self, shortened: &mut u64) -> String {
        let firing = self.alerts.iter().filter(|it| it.is_firing()).count();
        let state = match self.status.as_str() {
            "firing" => format!("FIRING:{firing}"),
            other => inline(other, shortened).to_uppercase(),
        };
        let group: Vec<&str> = self.group_labels.values().map(String::as_str).collect();
        let group = inline(&group.join(" "), shortened);
        let mut heading = format!("**{}**", format!("[{state}] {group}").trim_end());
        if let Some(url) = link(&self.external_url, shortened) {
            let _ = write!(heading, " [Alertmanager]({url})");
        }
        heading
    }
}

impl Alert {
    fn is_firing(&self) -> bool {
        self.status == "firing"
    }

    fn block(&self, group: &Labels, shortened: &mut u64) -> String {
        let text =
            ["summary", "description", "message"].iter().find_map(|it| self.annotations.get(*it));
        let text = text.or_else(|| self.labels.get("alertname")).map_or("", String::as_str);
        let text = inline(text, shortened);
        let color = if self.is_firing() { "warning" } else { "info" };
        let state = match self.labels.get("severity") {
            Some(severity) if self.is_firing() => inline(severity, shortened),
            _ => inline(&self.status, shortened),
        };
        let mut block = format!("\n> <font color=\"{color}\">{state}</font> {text}");

        let (word, time) =
            if self.is_firing() { ("since", &self.starts_at) } else { ("until", &self.ends_at) };
        let mut details = Vec::new();
        if !time.is_empty() {
            details.push(format!("{word} {}", inline(time, shortened)));
        }
        for (name, value) in &self.labels {
            if name != "severity" && name != "alertname" && !group.contains_key(name) {
                details.push(format!("{}: {}", inline(name, shortened), inline(value, shortened)));
            }
        }
        if !details.is_empty() {
            let _ = write!(block, "\n> {}", details.join(", "));
        }
        if let Some(url) = link(&self.generator_url, shortened) {
            let _ = write!(block, " [source]({url})");
        }
        block
    }
}

/// A text for one line, without the angle brackets that would mention members (`<@all>`) or end a color.
fn inline(text: &str, shortened: &mut u64) -> String {
    let plain = |it: char| match it {
        '<' => '‹',
        '>' => '›',
        it if it.is_control() => ' ',
        it => it,
    };
    let mut text: String = text.trim().chars().map(plain).collect();
    if text.len() > MAX_TEXT {
        *shortened += 1;
        text.truncate(text.floor_char_boundary(MAX_TEXT - '…'.len_utf8()));
        text.push('…');
    }
    text
}

/// A web address that markdown can hold.
fn link<'a>(url: &'a str, shortened: &mut u64) -> Option<&'a str> {
    if url.is_empty() {
        return None;
    }
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let breaks = |it: char| it.is_whitespace() || it.is_control() || "()<>".contains(it);
    if is_web && url.len() <= MAX_LINK && !url.contains(breaks) {
        return Some(url);
    }
    *shortened += 1;
    None
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    use super::*;

    fn payload() -> Value {
        include_str!("../tests/alertmanager.json").parse().unwrap()
    }

    fn markdown(payload: &Value) -> Markdown {
        Notification::read(payload.to_string().as_bytes()).unwrap().markdown(CHATBOT_LIMIT)
    }

    fn check(payload: &Value, expected: Expect) {
        expected.assert_eq(&markdown(payload).text);
    }

    #[test]
    fn firing_group() {
        check(
            &payload(),
            expect![[r#"
            **[FIRING:2] TransformerOverTemperature north** [Alertmanager](https://alertmanager.example)
            > <font color="warning">critical</font> 变压器 T3 油温 98.2 °C
            > since 2026-05-14T08:01:22.254Z, instance: t3.substation-north.example:9100, job: transformers [source](https://prometheus.example/graph?g0.expr=transformer_oil_celsius+%3E+95&g0.tab=1)
            > <font color="warning">warning</font> 变压器 T4 油温 86.0 °C
            > since 2026-05-14T08:03:52.254Z, instance: t4.substation-north.example:9100, job: transformers [source](https://prometheus.example/graph?g0.expr=transformer_oil_celsius+%3E+85&g0.tab=1)
            > <font color="info">resolved</font> 变压器 T1 油温 84.1 °C
            > until 2026-05-14T08:04:07.254Z, instance: t1.substation-north.example:9100, job: transformers [source](https://prometheus.example/graph?g0.expr=transformer_oil_celsius+%3E+85&g0.tab=1)"#]],
        );
        assert_eq!(markdown(&payload()).left_out, None);
    }

    #[test]
    fn resolved_group() {
        let mut payload = payload();
        payload["status"] = json!("resolved");
        for alert in payload["alerts"].as_array_mut().unwrap() {
            alert["status"] = json!("resolved");
            alert["endsAt"] = json!("2026-05-14T08:31:07.254Z");
        }
        check(
            &payload,
            expect![[r#"
            **[RESOLVED] TransformerOverTemperature north** [Alertmanager](https://alertmanager.example)
            > <font color="info">resolved</font> 变压器 T3 油温 98.2 °C
            > until 2026-05-14T08:31:07.254Z, instance: t3.substation-north.example:9100, job: transformers [source](https://prometheus.example/graph?g0.expr=transformer_oil_celsius+%3E+95&g0.tab=1)
            > <font color="info">resolved</font> 变压器 T4 油温 86.0 °C
            > until 2026-05-14T08:31:07.254Z, instance: t4.substation-north.example:9100, job: transformers [source](https://prometheus.example/graph?g0.expr=transformer_oil_celsius+%3E+85&g0.tab=1)
            > <font color="info">resolved</font> 变压器 T1 油温 84.1 °C
            > until 2026-05-14T08:31:07.254Z, instance: t1.substation-north.example:9100, job: transformers [source](https://prometheus.example/graph?g0.expr=transformer_oil_celsius+%3E+85&g0.tab=1)"#]],
        );
    }

    #[test]
    fn minimal_notification() {
        let alert = json!({"status": "firing", "labels": {"alertname": "Watchdog"}});
        let payload = json!({"version": "4", "status": "firing", "alerts": [alert]});
        check(
            &payload,
            expect![[r#"
                **[FIRING:1]**
                > <font color="warning">firing</font> Watchdog"#]],
        );
    }

    #[test]
    fn markup_in_alerts_is_neutralized() {
        let annotations = json!({"summary": "</font>\n# <@all> 水泵"});
        let labels = json!({"alertname": "X", "a": "1\r\n2"});
        let alert = json!({"status": "firing", "labels": labels, "annotations": annotations,
            "generatorURL": "javascript:alert(1)"});
        let payload = json!({"version": "4", "status": "firing", "alerts": [alert]});
        check(
            &payload,
            expect![[r#"
                **[FIRING:1]**
                > <font color="warning">firing</font> ‹/font› # ‹@all› 水泵
                > a: 1  2
                <font color="comment">texts truncated: 1</font>"#]],
        );
    }

    #[test]
    fn alerts_that_do_not_fit_are_counted() {
        let mut payload = payload();
        let mut long = payload["alerts"][0].clone();
        long["annotations"]["summary"] = json!("水泵".repeat(500));
        payload["alerts"] = json!(vec![long; 100]);
        payload["truncatedAlerts"] = json!(7);
        let Markdown { text, left_out } = markdown(&payload);
        let left_out = left_out.unwrap();
        assert!(text.len() <= CHATBOT_LIMIT && text.len() > CHATBOT_LIMIT - 800, "{}", text.len());
        assert!(text.ends_with(&format!("{left_out}</font>")), "{text}");
        let expected =
            "alerts that did not fit: 93, alerts left out by Alertmanager: 7, texts truncated: 7";
        assert_eq!(left_out, expected);
    }

    #[test]
    fn length_stays_within_the_limit() {
        let text = "<部\u{1f600}".repeat(400);
        let url = format!("https://a.example/{}", "x".repeat(MAX_LINK - 18));
        for count in [0, 1, 2, 3, 1000] {
            let labels: Labels = (0..9).map(|it| (format!("{it}{text}"), text.clone())).collect();
            let alert = json!({"status": text, "labels": labels, "annotations": {"summary": text},
                "endsAt": text, "generatorURL": url});
            let payload = json!({"version": "4", "status": text, "groupLabels": {"a": text},
                "externalURL": url, "truncatedAlerts": u64::MAX, "alerts": vec![alert; count]});
            let notification = Notification::read(payload.to_string().as_bytes()).unwrap();
            for limit in [APP_LIMIT, CHATBOT_LIMIT] {
                let text = notification.markdown(limit).text;
                assert!(text.len() <= limit, "{count}: {} > {limit}", text.len());
            }
        }
    }

    #[test]
    fn other_bodies_are_rejected() {
        let mut old = payload();
        old["version"] = json!("3");
        for body in ["", "{}", "[]", "{\"version\":\"4\"}", &old.to_string()] {
            let rejected = Notification::read(body.as_bytes()).err();
            assert_eq!(rejected.map(|it| it.status), Some(400), "{body}");
        }
    }
}
