//! `docs/actions.md`.

use std::{collections::BTreeSet, fmt::Write};

use crate::model::{Action, Contract, Field, Kind, NamedType, Type};

const HEAD: &str = "\
# Actions

*Made from [`wit/`](../wit) by `cargo run -p wecom-contract`. Do not edit.*

Parameters have the paths that error messages use: `department.name` is the field `name` of the parameter `department`. The
command `wecom` leaves the first part out where it is a record (`name=Sales`), and so do the packages for Node and Python. What is
not required may be left out, which the texts call \"none\". The last column has WeCom's own name.

The first parameter says which credentials to use, an [`application`](#application) or a [`chatbot`](#chatbot); the command takes
them from the environment. Every action may return any [`error`](#error); the list of each has those that are special to it.

The examples in WAVE are for `wasmtime run --invoke`, see [hosts.md](hosts.md#wasmtime-command-line).

";

impl Contract {
    /// The text of `docs/actions.md`: every action with its parameters, limits, errors, examples and WeCom's names, and the
    /// types that they share.
    pub fn to_markdown(&self) -> String {
        let mut out = HEAD.to_owned();
        out.push_str("| action | what it does | WeCom's request |\n|---|---|---|\n");
        for it in &self.actions {
            let (name, summary) = (&it.name, cell(&it.summary));
            let _ = writeln!(out, "| [`{name}`](#{name}) | {summary} | {} |", code(&it.requests));
        }
        for interface in &self.interfaces {
            let actions: Vec<_> =
                self.actions.iter().filter(|it| it.interface == interface.name).collect();
            if actions.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n## {}\n\n{}", interface.name, interface.documentation);
            for action in actions {
                self.write_action(&mut out, action);
            }
        }
        out.push_str("\n## Types\n");
        let records = self.actions.iter().filter_map(|it| self.record_parameter(it));
        let records: BTreeSet<_> = records.map(|it| type_name(&it.ty)).collect();
        let linked = self.linked_types();
        for ty in &self.types {
            if linked.contains(&*ty.name) || !records.contains(&*ty.name) {
                self.write_type(&mut out, ty);
            }
        }
        out
    }

    /// The types that the page links to: all but records whose fields stand in the tables of the actions that take them, and
    /// nowhere else.
    fn linked_types(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for action in &self.actions {
            let record = self.record_parameter(action).map(|it| &it.name);
            let others = action.inputs().iter().filter(|it| record != Some(&it.name));
            for ty in others.map(|it| &it.ty).chain([&action.result]) {
                names.extend(self.types_in(ty));
            }
        }
        for ty in &self.types {
            names.extend(self.types_in(&Type::Named(ty.name.clone())).into_iter().skip(1));
        }
        names
    }

    fn write_action(&self, out: &mut String, action: &Action) {
        let _ = writeln!(out, "\n### {}\n\n{}\n", action.name, action.documentation);
        let (page, requests) = (&action.page, code(&action.requests));
        let requests = if requests.is_empty() { "no request".into() } else { requests };
        let _ = writeln!(out, "WeCom: [{}]({}), {requests}\n", page.title, page.url);

        out.push_str("| parameter | type | required | meaning and limits | at WeCom |\n|---|---|---|---|---|\n");
        let required = |ty: &Type| if ty.is_option() { "no" } else { "yes" };
        let record = self.record_parameter(action).map(|it| &it.name);
        for it in action.inputs() {
            if record == Some(&it.name) {
                for field in self.fields(&it.ty) {
                    let path = format!("{}.{}", it.name, field.name);
                    self.row(out, &path, required(&field.ty), type_name(&it.ty), field);
                }
            } else {
                let (name, ty, documentation) =
                    (it.name.clone(), it.ty.clone(), it.documentation.clone());
                let field = Field { name, ty, documentation };
                self.row(out, &it.name, required(&it.ty), &action.name, &field);
            }
        }
        let _ = writeln!(out, "\nReturns {}.\n", in_words(&action.result));
        out.push_str("Errors:\n\n");
        for it in &action.errors {
            let _ = writeln!(out, "- {it}");
        }
        let command = self.command(action);
        let command = match command.join(" ") {
            line if line.chars().count() <= 110 => line,
            _ => {
                let (head, rest) = command.split_at(2);
                format!("{} \\\n    {}", head.join(" "), rest.join(" \\\n    "))
            }
        };
        let _ = writeln!(out, "\n```sh\n{command}\n```\n\n```wave\n{}\n```", action.example.wave);
    }

    fn write_type(&self, out: &mut String, ty: &NamedType) {
        let _ = writeln!(out, "\n### {}\n\n{}", ty.name, ty.documentation);
        match &ty.kind {
            Kind::Alias { ty } => {
                let _ = writeln!(out, "\nA {}.", in_words(ty));
            }
            Kind::Record { fields } => {
                out.push_str(
                    "\n| field | type | | meaning and limits | at WeCom |\n|---|---|---|---|---|\n",
                );
                for it in fields {
                    let optional = if it.ty.is_option() { "optional" } else { "" };
                    self.row(out, &it.name, optional, &ty.name, it);
                }
            }
            Kind::Variant { cases } | Kind::Enum { cases } => {
                out.push_str("\n| case | value | meaning |\n|---|---|---|\n");
                for it in cases {
                    let value = it.ty.as_ref().map_or_else(String::new, in_words);
                    let _ =
                        writeln!(out, "| `{}` | {value} | {} |", it.name, cell(&it.documentation));
                }
            }
        }
    }

    fn row(&self, out: &mut String, path: &str, presence: &str, owner: &str, field: &Field) {
        let names = self.wecom_names(owner, &field.name, &field.ty, &field.documentation);
        // The last column has them.
        let text = field.documentation.replace(&format!(" ({})", names.join(", ")), "");
        let (ty, text, names) = (in_words(&field.ty), cell(&text), code(&names));
        let _ = writeln!(out, "| `{path}` | {ty} | {presence} | {text} | {names} |");
    }
}

/// A type in words.
fn in_words(ty: &Type) -> String {
    match ty {
        Type::Bool => "true or false".into(),
        Type::String => "text".into(),
        Type::F64 => "number".into(),
        Type::Option(of) => in_words(of),
        Type::List(of) if **of == Type::U8 => "bytes".into(),
        Type::List(of) => format!("list of {}", in_words(of)),
        Type::Named(name) => format!("[`{name}`](#{name})"),
        _ => match ty.range() {
            Some((minimum, _)) if minimum < 0 => "whole number".into(),
            _ => "whole number from 0".into(),
        },
    }
}

fn type_name(ty: &Type) -> &str {
    if let Type::Named(name) = ty { name } else { "" }
}

/// A text on one line, as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', r"\|")
}

/// Names as code.
fn code(names: &[String]) -> String {
    names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}
