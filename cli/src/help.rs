//! The contract in the words of the command line.

use std::fmt::Write;

use serde_json::{Value, json};
use textwrap::{Options, WordSplitter};
use wecom_contract::{Action, Contract, Field, Kind, NamedType, Type, quote};

use crate::{forms, lang::Lang};

/// The language and the width of the terminal that help is written for.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    pub(crate) lang: Lang,
    pub(crate) width: usize,
    /// Whether the texts are of a result: what is absent from one was not left out by the reader.
    of_result: bool,
}

/// A value that can be given, as `NAME=VALUE` and what it means.
struct Row {
    form: String,
    text: String,
    required: bool,
    /// The members of the objects that a list holds.
    members: Vec<Row>,
}

impl Reader {
    pub(crate) fn new(lang: Lang) -> Self {
        /// Longer lines are hard to read.
        const MAX_WIDTH: usize = 100;
        let width = terminal_size::terminal_size().map_or(80, |(width, _)| width.0.into());
        Self { lang, width: width.clamp(40, MAX_WIDTH), of_result: false }
    }

    /// All actions, by interface.
    pub(crate) fn actions(self, contract: &Contract) -> String {
        let mut out = String::new();
        for interface in &contract.interfaces {
            let actions: Vec<_> =
                contract.actions.iter().filter(|it| it.interface == interface.name).collect();
            if actions.is_empty() {
                continue;
            }
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{}", interface.name);
            let width = contract.actions.iter().map(|it| it.name.len()).max().unwrap_or_default();
            for it in actions {
                let first = format!("  {:width$}  ", it.name);
                let text = first_sentence(self.summary(it));
                self.hanging(&mut out, &first, width + 4, text);
            }
        }
        out
    }

    /// The names of all actions, by interface.
    pub(crate) fn names(self, contract: &Contract) -> String {
        let mut out = String::new();
        let width = contract.interfaces.iter().map(|it| it.name.len()).max().unwrap_or_default();
        for interface in &contract.interfaces {
            let actions = contract.actions.iter().filter(|it| it.interface == interface.name);
            let names: Vec<&str> = actions.map(|it| it.name.as_str()).collect();
            if !names.is_empty() {
                let first = format!("  {:width$}  ", interface.name);
                self.hanging(&mut out, &first, width + 4, &names.join(", "));
            }
        }
        out
    }

    /// What an action does, in one line.
    pub(crate) fn summary(self, action: &Action) -> &str {
        let text = self.lang.text(&action.name, &action.summary);
        text.split("\n\n").next().unwrap_or(text)
    }

    /// Everything about an action.
    pub(crate) fn action(self, contract: &Contract, action: &Action) -> String {
        let pick = |english, chinese| self.lang.pick(english, chinese);
        let mut out = format!("{}\n\n", action.name);
        self.paragraphs(&mut out, 0, self.lang.text(&action.name, &action.documentation));

        let rows = self.rows(contract, action);
        let (required, optional): (Vec<_>, Vec<_>) = rows.into_iter().partition(|it| it.required);
        let mut usage = vec!["wecom", &action.name];
        usage.extend(required.iter().map(|it| it.form.as_str()));
        if !optional.is_empty() {
            usage.extend(self.lang.pick(["[NAME=VALUE", "…]"], ["[名称=值", "…]"]));
        }
        let _ = writeln!(out, "\n{}", pick("Usage", "用法"));
        command_lines(&mut out, &usage);
        for (title, rows) in
            [(pick("Required", "必填"), &required), (pick("Optional", "可选"), &optional)]
        {
            if !rows.is_empty() {
                let _ = writeln!(out, "\n{title}");
                for it in rows {
                    self.row(&mut out, 2, it);
                }
            }
        }
        self.values(&mut out, contract, action);

        let _ = writeln!(out, "\n{}", pick("Credentials", "凭证"));
        self.paragraphs(&mut out, 2, self.credentials(action));

        let _ = writeln!(out, "\n{}", pick("Example", "示例"));
        command_lines(&mut out, &contract.command(action));
        let _ = writeln!(out, "\n{}", pick("The same as JSON", "同一示例的 JSON 写法"));
        out.push_str(&example_object(contract, action));
        if let Some(words) = file_example(contract, action) {
            let _ = writeln!(out, "\n{}", pick("With a file", "附带文件"));
            command_lines(&mut out, &words);
        }

        let _ = writeln!(out, "\n{}", pick("Returns", "返回"));
        Self { of_result: true, ..self }.result(&mut out, contract, &action.result);
        if let Some(field) = forms::file_of_result(contract, action) {
            let text = match self.lang {
                Lang::English => {
                    format!("`--to FILE` writes `{field}` to a file that does not exist yet.")
                }
                Lang::Chinese => format!("`--to 文件` 把 `{field}` 写入一个尚不存在的文件。"),
            };
            self.paragraphs(&mut out, 2, &text);
        }

        let _ = writeln!(out, "\n{}", pick("Errors", "错误"));
        for error in &action.errors {
            self.hanging(&mut out, "  - ", 4, &self.text(error, error));
        }
        let _ = writeln!(
            out,
            "\n{}{}{}\n{}wecom help options",
            action.page.title,
            pick(": ", "："),
            action.page.url,
            pick("Options that every action takes: ", "所有操作通用的选项："),
        );
        out
    }

    /// Everything about a type.
    pub(crate) fn named_type(self, contract: &Contract, ty: &NamedType) -> String {
        let mut out = format!("{}\n\n", ty.name);
        self.paragraphs(&mut out, 0, self.lang.text(&ty.name, &ty.documentation));
        out.push('\n');
        match &ty.kind {
            Kind::Alias { ty } => {
                let _ = writeln!(out, "  {}", self.placeholder(contract, ty));
            }
            Kind::Record { fields } => {
                for it in fields {
                    self.row(&mut out, 2, &self.member(contract, &ty.name, it));
                }
            }
            Kind::Variant { cases } | Kind::Enum { cases } => {
                for case in cases {
                    let form = match &case.ty {
                        None => case.name.clone(),
                        Some(of) => {
                            format!("{}: {}", case.name, self.placeholder(contract, of))
                        }
                    };
                    let text =
                        self.text(&format!("{}.{}", ty.name, case.name), &case.documentation);
                    self.row(&mut out, 2, &Row { form, text, required: true, members: Vec::new() });
                }
            }
        }
        out
    }

    fn credentials(self, action: &Action) -> &'static str {
        match (action.credentials, self.lang) {
            (None, Lang::English) => "None: it works offline.",
            (None, Lang::Chinese) => "不需要：离线运行。",
            (Some(wecom_contract::Credentials::Chatbot), Lang::English) => {
                "WECOM_CHATBOT_KEY, or another chatbot by --profile NAME; see `wecom help credentials`."
            }
            (Some(wecom_contract::Credentials::Chatbot), Lang::Chinese) => {
                "WECOM_CHATBOT_KEY；用 --profile NAME 选择其他机器人。见 `wecom help credentials`。"
            }
            (_, Lang::English) => {
                "WECOM_CORP_ID and a secret, or another application by --profile NAME; see `wecom help credentials`."
            }
            (_, Lang::Chinese) => {
                "WECOM_CORP_ID 和 secret；用 --profile NAME 选择其他应用。见 `wecom help credentials`。"
            }
        }
    }

    /// Everything that can be given, credentials aside.
    fn rows(self, contract: &Contract, action: &Action) -> Vec<Row> {
        let record = contract.record_parameter(action).map(|it| it.name.as_str());
        let mut rows = Vec::new();
        for it in action.inputs() {
            if record == Some(&it.name) {
                for field in contract.fields(&it.ty) {
                    let owner = type_name(&it.ty);
                    self.walk(contract, &field.name, owner, field, true, &mut rows);
                }
            } else {
                let docs = match it.ty.without_option() {
                    _ if !it.documentation.is_empty() => {
                        self.text(&format!("{}.{}", action.name, it.name), &it.documentation)
                    }
                    Type::Named(name) => contract
                        .named_type(name)
                        .map(|ty| self.text(name, &ty.documentation))
                        .unwrap_or_default(),
                    _ => String::new(),
                };
                let required = !it.ty.is_option();
                self.walk_type(
                    contract,
                    &it.name,
                    it.ty.without_option(),
                    docs,
                    required,
                    &mut rows,
                );
            }
        }
        rows
    }

    fn walk(
        self,
        contract: &Contract,
        path: &str,
        owner: &str,
        field: &Field,
        required: bool,
        rows: &mut Vec<Row>,
    ) {
        let mut text = self.text(&format!("{owner}.{}", field.name), &field.documentation);
        let mut required = required && !field.ty.is_option();
        if field.name == "file-name"
            && contract.fields(&Type::Named(owner.into())).iter().any(|it| contract.is_file(&it.ty))
        {
            // `NAME@=FILE` says it.
            required = false;
            text += self
                .lang
                .pick(" Leaving it out takes the name of the file.", "省略时使用文件本身的名称。");
        }
        self.walk_type(contract, path, field.ty.without_option(), text, required, rows);
    }

    fn walk_type(
        self,
        contract: &Contract,
        path: &str,
        ty: &Type,
        text: String,
        required: bool,
        rows: &mut Vec<Row>,
    ) {
        let mut row = |form: String, text: String, required, members| {
            rows.push(Row { form, text, required, members });
        };
        if contract.is_file(ty) {
            return row(format!("{path}@=FILE"), text, required, Vec::new());
        }
        let resolved = contract.resolve(ty);
        match (resolved, contract.kind(resolved)) {
            (_, Some(Kind::Record { fields })) => {
                for field in fields {
                    let path = format!("{path}.{}", field.name);
                    self.walk(contract, &path, type_name(resolved), field, required, rows);
                }
            }
            (_, Some(Kind::Variant { cases })) => {
                let owner = type_name(resolved);
                let forms: Vec<String> = cases
                    .iter()
                    .map(|case| match &case.ty {
                        None => format!("{path}={}", case.name),
                        Some(_) => format!("{path}.{}…", case.name),
                    })
                    .collect();
                let choice = self.lang.pick("One of: ", "以下之一：");
                let text = format!("{text} {choice}{}", forms.join(", "));
                row(format!("{path}=…"), text, required, Vec::new());
                for case in cases {
                    let text = self.text(&format!("{owner}.{}", case.name), &case.documentation);
                    match &case.ty {
                        None => rows.push(Row {
                            form: format!("{path}={}", case.name),
                            text,
                            required: false,
                            members: Vec::new(),
                        }),
                        Some(of) => {
                            let path = format!("{path}.{}", case.name);
                            self.walk_type(contract, &path, of.without_option(), text, false, rows);
                        }
                    }
                }
            }
            (Type::List(of), _) => {
                if let Some(Kind::Record { fields }) = contract.kind(of) {
                    let members =
                        fields.iter().map(|it| self.member(contract, type_name(of), it)).collect();
                    row(format!("{path}='[{{…}}, …]'"), text, required, members);
                } else {
                    let more = self.lang.pick(" Give it again for more.", " 可重复。");
                    let form = format!("{path}={}", self.placeholder(contract, of));
                    row(form, format!("{text}{more}"), required, Vec::new());
                }
            }
            _ => {
                let form = format!("{path}={}", self.placeholder(contract, ty));
                row(form, text, required, Vec::new());
            }
        }
    }

    /// A member of an object in a list, or of a result.
    fn member(self, contract: &Contract, owner: &str, field: &Field) -> Row {
        let inner = field.ty.without_option();
        let members = match contract.resolve(inner) {
            Type::List(of) => contract
                .fields(of)
                .iter()
                .map(|it| self.member(contract, type_name(of), it))
                .collect(),
            ty => contract
                .fields(ty)
                .iter()
                .map(|it| self.member(contract, type_name(ty), it))
                .collect(),
        };
        Row {
            // A long line can be broken between alternatives.
            form: format!(
                "{}: {}",
                field.name,
                self.placeholder(contract, inner).replace('|', " | ")
            ),
            text: self.text(&format!("{owner}.{}", field.name), &field.documentation),
            required: !field.ty.is_option(),
            members,
        }
    }

    /// What stands for a value of a type.
    fn placeholder(self, contract: &Contract, ty: &Type) -> String {
        let pick = |english: &str, chinese: &str| self.lang.pick(english, chinese).to_owned();
        if contract.is_file(ty) {
            return "BASE64".into();
        }
        if ty.range().is_some() {
            return pick("NUMBER", "数字");
        }
        match ty {
            Type::Bool => "true|false".into(),
            Type::String => pick("TEXT", "文本"),
            Type::Option(of) => self.placeholder(contract, of),
            Type::List(of) => format!("[{}, …]", self.placeholder(contract, of)),
            Type::Named(name) => match contract.kind(ty) {
                Some(Kind::Enum { cases }) => {
                    cases.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join("|")
                }
                Some(Kind::Record { .. }) => "{…}".into(),
                Some(Kind::Variant { cases }) => {
                    let case = |it: &wecom_contract::Case| match &it.ty {
                        None => it.name.clone(),
                        Some(_) => format!("{{{}: …}}", it.name),
                    };
                    cases.iter().map(case).collect::<Vec<_>>().join("|")
                }
                _ => name.to_uppercase(),
            },
            _ => pick("VALUE", "值"),
        }
    }

    /// What the placeholders mean that are names of types.
    fn values(self, out: &mut String, contract: &Contract, action: &Action) {
        let mut names: Vec<&str> = Vec::new();
        let record = contract.record_parameter(action).map(|it| it.name.as_str());
        for it in action.inputs() {
            let own = type_name(it.ty.without_option());
            for name in contract.types_in(&it.ty) {
                // The text of a parameter's own type is next to it.
                if !names.contains(&name) && (name != own || record == Some(&it.name)) {
                    names.push(name);
                }
            }
        }
        let aliases: Vec<&NamedType> = names
            .iter()
            .filter_map(|it| contract.named_type(it))
            .filter(|it| matches!(it.kind, Kind::Alias { .. }))
            .collect();
        let enums = names.iter().filter_map(|it| contract.named_type(it)).filter_map(|it| {
            if let Kind::Enum { cases } = &it.kind { Some((it, cases)) } else { None }
        });
        let mut lines = Vec::new();
        for ty in aliases {
            lines.push((ty.name.to_uppercase(), self.text(&ty.name, &ty.documentation)));
        }
        for (ty, cases) in enums {
            for case in cases {
                let text = self.text(&format!("{}.{}", ty.name, case.name), &case.documentation);
                lines.push((case.name.clone(), text));
            }
        }
        if lines.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{}", self.lang.pick("Values", "取值"));
        let width = lines.iter().map(|it| it.0.len()).max().unwrap_or_default();
        for (name, text) in lines {
            self.hanging(out, &format!("  {name:width$}  "), width + 4, &text);
        }
    }

    fn result(self, out: &mut String, contract: &Contract, ty: &Type) {
        match contract.resolve(ty) {
            Type::List(of) => {
                let list = self.lang.pick("A list of objects with", "对象列表，每个对象含");
                let _ = writeln!(out, "  {list}");
                for it in contract.fields(of) {
                    self.row(out, 4, &self.member(contract, type_name(of), it));
                }
            }
            ty => {
                for it in contract.fields(ty) {
                    self.row(out, 2, &self.member(contract, type_name(ty), it));
                }
            }
        }
    }

    fn row(self, out: &mut String, indent: usize, row: &Row) {
        self.hanging(out, &" ".repeat(indent), indent + 4, &row.form);
        self.paragraphs(out, indent + 4, &row.text);
        for it in &row.members {
            self.row(out, indent + 4, it);
        }
    }

    /// A text of the contract in the reader's language, in words that fit a command line.
    fn text(self, key: &str, english: &str) -> String {
        match self.lang.text(key, english) {
            text if text != english => text.to_owned(),
            _ if self.of_result => of_result(english),
            _ => plain(english),
        }
    }

    fn paragraphs(self, out: &mut String, indent: usize, text: &str) {
        let margin = " ".repeat(indent);
        for (i, paragraph) in text.split("\n\n").enumerate() {
            if paragraph.trim().is_empty() {
                continue;
            }
            if i > 0 {
                out.push('\n');
            }
            let paragraph = plain(&paragraph.replace('\n', " "));
            wrap(
                out,
                paragraph.trim(),
                Options::new(self.width).initial_indent(&margin).subsequent_indent(&margin),
            );
        }
    }

    /// A text behind a first word, the lines below indented.
    fn hanging(self, out: &mut String, first: &str, indent: usize, text: &str) {
        let margin = " ".repeat(indent);
        let options = Options::new(self.width).initial_indent(first).subsequent_indent(&margin);
        let text = text.replace('\n', " ");
        wrap(out, text.trim(), options);
    }
}

/// Lines that break between words, not in names such as `media-id`.
fn wrap(out: &mut String, text: &str, options: Options<'_>) {
    let options = options.break_words(false).word_splitter(WordSplitter::NoHyphenation);
    for line in textwrap::wrap(text, options) {
        let _ = writeln!(out, "{line}");
    }
}

/// The example with a file in place of the id of an uploaded one.
fn file_example(contract: &Contract, action: &Action) -> Option<Vec<String>> {
    let file = forms::file(contract, action)?;
    let (path, _) = file.split_once('.')?;
    let of_path = |it: &str| it.strip_prefix(path).is_some_and(|it| it.starts_with(['.', '=']));
    let mut words = contract.command(action);
    let place = words.iter().position(|it| of_path(it))?;
    words.retain(|it| !of_path(it));
    words.insert(place, file);
    Some(words)
}

/// The same as a JSON object, without credentials.
fn example_object(contract: &Contract, action: &Action) -> String {
    let mut object = serde_json::Map::new();
    let arguments = action.example.arguments.as_object();
    for it in action.inputs() {
        let record = contract.record_parameter(action).is_some_and(|record| record.name == it.name);
        match arguments.and_then(|all| all.get(&it.name)) {
            Some(Value::Object(fields)) if record => object.extend(fields.clone()),
            Some(value) => {
                object.insert(it.name.clone(), value.clone());
            }
            None => {}
        }
    }
    let json = Value::Object(object);
    let one_line = format!("  wecom {} {}", action.name, quote(&json.to_string()));
    if textwrap::core::display_width(&one_line) <= 78 {
        return format!("{one_line}\n");
    }
    // Within quotes a line break is part of the word, and white space in JSON.
    format!("  wecom {} {}\n", action.name, quote(&format!("{json:#}")))
}

/// A command in lines of 78 columns, each but the last ending with a backslash.
fn command_lines(out: &mut String, words: &[impl AsRef<str>]) {
    const MAX_COLUMNS: usize = 78;
    let mut line = String::from(" ");
    for word in words.iter().map(AsRef::as_ref) {
        let width = textwrap::core::display_width(&line) + textwrap::core::display_width(word);
        if width + 3 > MAX_COLUMNS && !line.trim().is_empty() {
            let _ = writeln!(out, "{line} \\");
            line = "   ".into();
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
}

/// An action as JSON, with the types it uses.
pub(crate) fn action_json(contract: &Contract, action: &Action) -> Value {
    let mut json = json!(action);
    let mut names: Vec<&str> = Vec::new();
    let types = action.parameters.iter().map(|it| &it.ty).chain([&action.result]);
    for name in types.flat_map(|it| contract.types_in(it)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let types: Vec<_> = names.iter().filter_map(|it| contract.named_type(it)).collect();
    if let Some(object) = json.as_object_mut() {
        object.insert("types".into(), json!(types));
    }
    json
}

/// A text up to its first full stop.
pub(crate) fn first_sentence(text: &str) -> &str {
    match text.find(". ").or_else(|| text.find(".\n")) {
        Some(end) => text.get(..=end).unwrap_or(text),
        None => text,
    }
}

fn type_name(ty: &Type) -> &str {
    match ty {
        Type::Named(name) => name,
        Type::Option(of) | Type::List(of) => type_name(of),
        _ => "",
    }
}

/// The contract's words for an absent value in those of a command line, which has none.
pub(crate) fn plain(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for sentence in sentences(text) {
        let rewritten = match sentence.strip_prefix("None") {
            _ if sentence.starts_with("None for none") => continue,
            Some(rest) if rest.starts_with(" for ") || rest.starts_with(" where ") => {
                format!("Leave it out{rest}")
            }
            Some(rest) if rest.starts_with(" if ") => format!("Absent{rest}"),
            Some(rest) if rest.starts_with(" or empty") => {
                format!("Left out{rest}")
            }
            Some(rest) if rest.starts_with(' ') => format!("Leaving it out{rest}"),
            _ => sentence
                .replace("With none, ", "Without it: ")
                .replace("if none was", "if nothing was"),
        };
        out.push(rewritten);
    }
    out.join(" ")
}

/// The contract's words for an absent value in those of a result, where it is a field that is not there.
fn of_result(text: &str) -> String {
    let absent = |it: &str| match it.strip_prefix("None ") {
        Some(rest) => format!("Absent {rest}"),
        None => it.to_owned(),
    };
    sentences(text).into_iter().map(absent).collect::<Vec<_>>().join(" ")
}

/// The sentences of a text, each with its full stop.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(". ") {
        let (sentence, more) = rest.split_at(end + 1);
        found.push(sentence);
        rest = more.trim_start_matches(' ');
    }
    found.push(rest);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_fits_80_columns_and_the_words_of_a_command_line() {
        let contract = Contract::load().unwrap();
        for action in &contract.actions {
            let text = Reader { lang: Lang::English, width: 80, of_result: false }
                .action(&contract, action);
            for wrong in ["option<", "list<", "result<", "None "] {
                assert!(!text.contains(wrong), "{wrong} in\n{text}");
            }
            for line in text.lines() {
                assert!(!line.contains(" none ") || line.contains(" none of "), "{line}");
                // A text in JSON and an address are not broken.
                let whole = line.trim_start().starts_with('"') || line.contains("https://");
                assert!(textwrap::core::display_width(line) <= 80 || whole, "{line}");
            }
        }
    }

    #[test]
    fn commands_break_between_words() {
        let mut out = String::new();
        let apostrophes = "content='Noor'\\''s and Iker'\\''s crews: road N-22 reopened'";
        command_lines(&mut out, &["wecom", "send-chatbot-text", apostrophes, "mentioned-users=a"]);
        let expected =
            format!("  wecom send-chatbot-text \\\n    {apostrophes} \\\n    mentioned-users=a\n");
        assert_eq!(out, expected);
    }

    #[test]
    fn absent_values_in_words() {
        assert_eq!(plain("At most 100. None for none."), "At most 100.");
        assert_eq!(plain("None means public."), "Leaving it out means public.");
        assert_eq!(
            plain("Its id. None lets WeCom choose."),
            "Its id. Leaving it out lets WeCom choose."
        );
        assert_eq!(of_result("Above it. None for the root."), "Above it. Absent for the root.");
    }
}
