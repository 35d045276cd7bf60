//! Completions: a script for each shell that asks `wecom complete` what may come next.
//!
//! The scripts of `clap_complete` know options and commands only; here what is typed most is `NAME=VALUE`.

use clap::ValueEnum;
use wecom_contract::{Contract, Field, Kind, Type};

use crate::topics;

/// A shell.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// What a shell runs to complete `wecom`.
pub(crate) fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
        Shell::Powershell => POWERSHELL,
    }
}

/// What the last of the words, which follow `wecom`, may become.
pub(crate) fn candidates(
    contract: &Contract,
    command: &clap::Command,
    words: &[String],
) -> Vec<String> {
    let (current, before) = match words.split_last() {
        Some((current, before)) => (current.as_str(), before),
        None => ("", words),
    };
    let mut plain = before.iter().filter(|it| !it.starts_with('-'));
    let first = plain.next().map(String::as_str);
    let second = plain.next().map(String::as_str);
    let action = match (first, second) {
        (Some("call"), Some(name)) | (Some(name), _) => contract.action(name),
        _ => None,
    };
    let actions = || contract.actions.iter().map(|it| it.name.clone());
    let subcommand = first.and_then(|it| command.find_subcommand(it)).unwrap_or(command);

    let values = |option: &str| {
        let own = values_of(subcommand, option);
        if own.is_empty() { values_of(command, option) } else { own }
    };

    let mut all: Vec<String> = if let Some((option, _)) =
        current.split_once('=').filter(|_| current.starts_with("--"))
    {
        values(option).into_iter().map(|it| format!("{option}={it}")).collect()
    } else if current.starts_with('-') {
        subcommand
            .get_arguments()
            .chain(command.get_arguments())
            .filter_map(|it| it.get_long())
            .map(|it| format!("--{it}"))
            .collect()
    } else if let Some(values) = before.last().map(|it| values(it)).filter(|it| !it.is_empty()) {
        values
    } else if let Some(action) = action {
        let record = contract.record_parameter(action).map(|it| it.name.as_str());
        let mut names = Vec::new();
        for it in action.inputs() {
            if record == Some(&it.name) {
                fields(contract, "", contract.fields(&it.ty), &mut names);
            } else {
                value(contract, &it.name, &it.ty, &mut names);
            }
        }
        names
    } else {
        match first {
            None => {
                let commands = command.get_subcommands().filter(|it| !it.is_hide_set());
                actions().chain(commands.map(|it| it.get_name().to_owned())).collect()
            }
            Some("call") => actions().collect(),
            Some("help") => {
                actions().chain(topics::TOPICS.iter().map(|it| (*it).to_owned())).collect()
            }
            Some("describe") => {
                actions().chain(contract.types.iter().map(|it| it.name.clone())).collect()
            }
            Some("completions") => {
                ["bash", "zsh", "fish", "powershell"].map(ToOwned::to_owned).to_vec()
            }
            Some(_) if second.is_none() => {
                subcommand.get_subcommands().map(|it| it.get_name().to_owned()).collect()
            }
            Some(_) => Vec::new(),
        }
    };
    all.retain(|it| it.starts_with(current));
    all.sort();
    all.dedup();
    all
}

/// The values of an option that has a choice of them.
fn values_of(command: &clap::Command, option: &str) -> Vec<String> {
    let argument = command.get_arguments().find(|it| {
        option.strip_prefix("--").is_some_and(|name| it.get_long() == Some(name))
            || option
                .strip_prefix('-')
                .is_some_and(|name| it.get_short().is_some_and(|short| name == short.to_string()))
    });
    let Some(argument) = argument.filter(|it| it.get_action().takes_values()) else {
        return Vec::new();
    };
    if argument.get_id() == "lang" {
        return vec!["en".into(), "zh".into()];
    }
    argument.get_possible_values().iter().map(|it| it.get_name().to_owned()).collect()
}

fn fields(contract: &Contract, prefix: &str, fields: &[Field], names: &mut Vec<String>) {
    for it in fields {
        value(contract, &format!("{prefix}{}", it.name), &it.ty, names);
    }
}

/// What can be written for a value: `NAME=`, or `NAME=CHOICE` for each choice.
fn value(contract: &Contract, name: &str, ty: &Type, names: &mut Vec<String>) {
    let ty = contract.resolve(ty.without_option());
    if contract.is_file(ty) {
        return names.push(format!("{name}@="));
    }
    match (ty, contract.kind(ty)) {
        (Type::Bool, _) => names.extend(["true", "false"].map(|it| format!("{name}={it}"))),
        (_, Some(Kind::Enum { cases })) => {
            names.extend(cases.iter().map(|it| format!("{name}={}", it.name)));
        }
        (_, Some(Kind::Record { fields })) => {
            self::fields(contract, &format!("{name}."), fields, names);
        }
        (_, Some(Kind::Variant { cases })) => {
            for case in cases {
                match &case.ty {
                    None => names.push(format!("{name}={}", case.name)),
                    Some(ty) => value(contract, &format!("{name}.{}", case.name), ty, names),
                }
            }
        }
        _ => names.push(format!("{name}=")),
    }
}

const BASH: &str = r#"# wecom completions for bash: eval "$(wecom completions bash)"
_wecom() {
    local line="${COMP_LINE:0:COMP_POINT}" words current it
    read -ra words <<<"$line"
    [[ "$line" == *[[:space:]] ]] && words+=("")
    current="${words[${#words[@]}-1]}"
    # bash takes `=` and `@` for the end of a word, and completes what is behind the last of them.
    local behind="${current##*[=@:]}"
    local ahead="${current%"$behind"}"
    COMPREPLY=()
    while IFS= read -r it; do
        COMPREPLY+=("${it#"$ahead"}")
    done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *= ]] && compopt -o nospace
    [[ ${#COMPREPLY[@]} -eq 0 ]] && compopt -o default
}
complete -F _wecom wecom
"#;

const ZSH: &str = r#"#compdef wecom
# wecom completions for zsh: eval "$(wecom completions zsh)"
_wecom() {
    local -a found
    found=("${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=(${found:#})
    if (( ${#found} )); then
        compadd -S '' -- ${(M)found:#*=}
        compadd -- ${found:#*=}
    else
        _files
    fi
}
compdef _wecom wecom
"#;

const FISH: &str = r#"# wecom completions for fish: wecom completions fish | source
function __wecom_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c wecom -f -a '(__wecom_complete)'
"#;

const POWERSHELL: &str = r#"# wecom completions for PowerShell: wecom completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName wecom -ScriptBlock {
    param($word, $ast, $cursor)
    $words = @($ast.CommandElements | ForEach-Object { $_.Extent.Text })
    if ($word -eq '') { $words += '""' }
    & $words[0] complete -- @($words | Select-Object -Skip 1) 2>$null | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
"#;

#[cfg(test)]
mod tests;
