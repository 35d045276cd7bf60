//! The pages of `wecom help` that are not about one action.

use wecom_contract::Contract;

use crate::{help::Reader, lang::Lang};

/// The names of the pages.
pub(crate) const TOPICS: &[&str] = &["credentials", "errors", "options", "values"];

/// A page by its name.
pub(crate) fn page(name: &str, reader: Reader) -> Option<&'static str> {
    Some(match (name, reader.lang) {
        ("credentials", Lang::English) => CREDENTIALS,
        ("credentials", Lang::Chinese) => CREDENTIALS_ZH,
        ("errors", Lang::English) => ERRORS,
        ("errors", Lang::Chinese) => ERRORS_ZH,
        ("options", Lang::English) => OPTIONS,
        ("options", Lang::Chinese) => OPTIONS_ZH,
        ("values", Lang::English) => VALUES,
        ("values", Lang::Chinese) => VALUES_ZH,
        _ => return None,
    })
}

/// `wecom help`.
pub(crate) fn overview(contract: &Contract, reader: Reader) -> String {
    let (head, actions, tail) =
        reader.lang.pick((HEAD, ACTIONS, TAIL), (HEAD_ZH, ACTIONS_ZH, TAIL_ZH));
    format!("{head}\n{actions}{}\n{tail}", reader.names(contract))
}

/// What the manual page says beside commands and options.
pub(crate) fn manual(contract: &Contract, reader: Reader) -> String {
    let pages = ["values", "credentials", "errors"].iter().filter_map(|it| page(it, reader));
    let title = reader.lang.pick("Actions", "操作");
    format!("{title}\n{}\n{}", reader.actions(contract), pages.collect::<Vec<_>>().join("\n"))
}

/// `wecom call --help`.
pub(crate) fn call(reader: Reader) -> String {
    let head = reader.lang.pick(CALL, CALL_ZH);
    let values = reader.lang.pick(VALUES, VALUES_ZH);
    let options = reader.lang.pick(OPTIONS, OPTIONS_ZH);
    format!("{head}\n{values}\n{options}")
}

const HEAD: &str = "\
Call WeCom (企业微信): contacts, group chats, messages, files.

Usage
  wecom ACTION [NAME=VALUE …] [OPTIONS]
  wecom COMMAND

Examples
  wecom send-chatbot-text content='Pump 2 restarted'
  wecom send-app-text recipients=everyone content=hi
  wecom send-app-text recipients.selected.users=noor.h content=hi
  wecom send-app-file recipients=everyone media-id.file.content@=rota.pdf
  make 2>&1 | wecom send-chatbot-text content@=-
  wecom help send-chatbot-text
";

const HEAD_ZH: &str = "\
调用企业微信（WeCom）：通讯录、群聊、消息、素材。

用法
  wecom 操作 [名称=值 …] [选项]
  wecom 命令

示例
  wecom send-chatbot-text content='2 号泵已重启'
  wecom send-app-text recipients=everyone content=你好
  wecom send-app-text recipients.selected.users=noor.h content=你好
  wecom send-app-file recipients=everyone media-id.file.content@=rota.pdf
  make 2>&1 | wecom send-chatbot-text content@=-
  wecom help send-chatbot-text
";

const ACTIONS: &str = "\
Actions: `wecom actions` says what they do, `wecom help ACTION` what they take
";

const ACTIONS_ZH: &str = "\
操作：`wecom actions` 简述各操作，`wecom help 操作` 列出参数
";

const TAIL: &str = "\
Commands
  call         call an action by its name, for scripts: `wecom call ACTION JSON`
  batch        call actions from JSON lines, on one instance
  profile      store credentials: add, list, remove, check
  check        say which credentials work, and what to do about the others
  explain      explain an error code of WeCom: `wecom explain 60020`
  mcp          serve the actions as tools for a model
  completions  a script for bash, zsh, fish or powershell
  man          the manual page
  actions      list all actions; --json for programs
  describe     describe an action or a type; --json for programs

More
  wecom help credentials  where they come from: WECOM_CHATBOT_KEY and others
  wecom help errors       errors and exit codes
  wecom help options      --dry-run, --retry, -o json, --lang zh and others
  wecom help values       how values, lists and files are written
";

const TAIL_ZH: &str = "\
命令
  call         按名称调用操作，供脚本使用：`wecom call 操作 JSON`
  batch        按 JSON 行批量调用操作
  profile      保存凭证：add、list、remove、check
  check        检查哪些凭证可用，以及如何处理其余的
  explain      解释企业微信的错误码：`wecom explain 60020`
  mcp          把操作作为工具提供给模型 (MCP)
  completions  bash、zsh、fish 或 powershell 的补全脚本
  man          手册页
  actions      列出所有操作；--json 供程序使用
  describe     说明一个操作或类型；--json 供程序使用

更多
  wecom help credentials  凭证的来源：WECOM_CHATBOT_KEY 等
  wecom help errors       错误与退出码
  wecom help options      --dry-run、--retry、-o json、--lang zh 等
  wecom help values       取值、列表和文件的写法
";

const CALL: &str = "\
Call an action, and print its result.

Usage
  wecom call ACTION [NAME=VALUE|JSON|@FILE|- …] [OPTIONS]

`wecom help ACTION` shows the parameters of an action.
";

const CALL_ZH: &str = "\
调用一个操作并输出结果。

用法
  wecom call 操作 [名称=值|JSON|@文件|- …] [选项]

`wecom help 操作` 列出该操作的参数。
";

const VALUES: &str = "\
Values
  NAME=VALUE    one parameter or field. Text is taken as it is, whatever it
                begins with. NAME may lead further in: `card.title=Outage`,
                `position.set=Driver`.
  NAME@=FILE    the same from a file: a text, the bytes of a file to upload,
                or JSON. `-` is standard input: `content@=-`.
  {…}           a JSON object with any of them; a file to upload is base64.
  @FILE, -      such an object in a file, or on standard input.

  A list takes one element, and again for more, or a JSON array. A choice takes
  the bare word. Everything else is JSON: 5, true, '{\"user-id\":\"noor.h\"}'.
  `application` and `chatbot` may be left out: see `wecom help credentials`.
";

const VALUES_ZH: &str = "\
取值
  名称=值       一个参数或字段。文本按原样使用，无论以什么字符开头。
                名称可指向更深一层：`card.title=Outage`、`position.set=Driver`。
  名称@=文件    从文件读取：文本、要上传的文件内容，或 JSON。
                `-` 表示标准输入：`content@=-`。
  {…}           包含这些参数的 JSON 对象；要上传的文件用 base64。
  @文件, -      文件或标准输入中的 JSON 对象。

  列表：写一个元素，重复书写可添加更多，或写 JSON 数组。枚举：直接写单词。
  其余为 JSON：5、true、'{\"user-id\":\"noor.h\"}'。
  `application` 和 `chatbot` 可以省略：见 `wecom help credentials`。
";

const OPTIONS: &str = "\
Options
      --profile NAME     whose credentials to use; also WECOM_PROFILE; without
                         both, the unnamed ones
      --as JSON|@FILE    the `application` or `chatbot` itself, instead
      --dry-run          show the requests that would be sent, and send nothing
      --retry TIMES      call again where the error allows it, after the time
                         that it names
      --all              all pages of a listing; if one fails, the error comes
                         with the rows before it and the cursor to go on from
      --split            a text that is too long in several messages
      --to FILE          write the file that get-media returns to a new file;
                         `-` is standard output
      --timeout SECONDS  the longest the call may take, 1 to 86400
      --no-cache         use no cached access tokens, and cache none
  -o, --output FORM      text, json, yaml or table; if left out, text on a
                         terminal and json in a pipe
  -q, --quiet            print no result, only errors
  -v, --verbose          show requests and responses on stderr, secrets masked
      --wasm FILE        another build of the component
      --lang en|zh       the language of help and messages; also WECOM_LANG
  -h, --help             help for the action
  -V, --version          the version
";

const OPTIONS_ZH: &str = "\
选项
      --profile NAME     使用哪一组凭证；也可用 WECOM_PROFILE；
                         两者都省略时使用未命名的一组
      --as JSON|@FILE    直接给出 `application` 或 `chatbot`
      --dry-run          显示将要发送的请求，但不发送
      --retry TIMES      错误允许时，等待其给出的时间后重试
      --all              列表的所有页；某页失败时，错误中附带此前的各行，
                         以及用于继续的 cursor
      --split            过长的文本分为若干条消息发送
      --to FILE          把 get-media 得到的文件写入新文件；`-` 表示标准输出
      --timeout SECONDS  调用的最长时间，以秒计，1 到 86400
      --no-cache         不使用也不保存 access_token
  -o, --output FORM      text、json、yaml 或 table；终端默认 text，管道默认 json
  -q, --quiet            不输出结果，只输出错误
  -v, --verbose          在 stderr 显示请求和响应，secret 已隐藏
      --wasm FILE        使用另一个组件文件
      --lang en|zh       帮助和消息的语言；也可用 WECOM_LANG
  -h, --help             操作的帮助
  -V, --version          版本
";

const CREDENTIALS: &str = "\
Credentials come from the environment
  WECOM_CORP_ID          the enterprise (corpid)
  WECOM_SECRET           the application's secret
  WECOM_CONTACTS_SECRET  the contacts assistant's secret, for departments and
                         members
  WECOM_AGENT_ID         the application (agentid), to send application messages
  WECOM_CHATBOT_KEY      the chatbot's key, or its whole webhook address
  WECOM_BASE_URL         another server than https://qyapi.weixin.qq.com
  WECOM_ALLOW_HTTP       1 lets WECOM_BASE_URL be http beyond this machine
  With `--profile sales` they are WECOM_SALES_CORP_ID and so on, and none of the
  above is used: without WECOM_SALES_BASE_URL the call goes to WeCom itself. The
  same holds for credentials given by --as. The component sees nothing else.
  `wecom profile add sales` stores them: the secrets in the system's keyring, or
  where there is none, or with `--in file`, in a file that only you can read;
  `wecom profile list` says which. Where the environment has one of
  WECOM_SALES_…, only the environment counts.
";

const CREDENTIALS_ZH: &str = "\
凭证来自环境变量
  WECOM_CORP_ID          企业 ID (corpid)
  WECOM_SECRET           应用的 secret
  WECOM_CONTACTS_SECRET  通讯录同步的 secret，用于部门和成员
  WECOM_AGENT_ID         应用 ID (agentid)，发送应用消息时需要
  WECOM_CHATBOT_KEY      群机器人的 key，或完整的 webhook 地址
  WECOM_BASE_URL         其他服务器；默认为 https://qyapi.weixin.qq.com
  WECOM_ALLOW_HTTP       设为 1 时 WECOM_BASE_URL 可以是本机以外的 http 地址
  使用 `--profile sales` 时，变量名为 WECOM_SALES_CORP_ID 等，不使用上面的变量：
  没有 WECOM_SALES_BASE_URL 时，请求发往企业微信。--as 给出的凭证同理。
  组件看不到其他环境变量。
  也可用 `wecom profile add sales` 保存：secret 存入系统密钥环；没有密钥环或使用
  `--in file` 时，存入只有您能读取的文件。`wecom profile list` 会显示保存位置。
  只要环境中有任何 WECOM_SALES_… 变量，就只使用环境变量。
";

const ERRORS: &str = "\
Errors and exit codes. In a pipe, an error is one line of JSON on stderr,
{\"error\":{CASE:…}}
  0  done; the result is on stdout
  1  anything else               component, stopped, output
  2  the input is wrong          usage, unknown-action, arguments,
                                 permanent-invalid-input,
                                 permanent-missing-credential
  3  rejected                    permanent-rejected
  4  rejected for now            rejected-for-now
  5  no connection,              unreachable
     nothing was sent
  6  no usable response; it may  no-reply, permanent-no-reply,
     have taken effect           permanent-unexpected-reply, and stopped after
                                 a request may have been sent
With --all, \"result\" after \"error\" has the rows before the page that failed,
and \"next-cursor\" to go on from; with --split, \"sent\" has the results of the
messages that were sent, of so many \"parts\".
`wecom describe error` explains the cases that come from the action.
";

const ERRORS_ZH: &str = "\
错误与退出码。输出到管道时，错误是 stderr 上的一行 JSON：{\"error\":{类别: …}}
  0  成功；结果在 stdout
  1  其他                        component, stopped, output
  2  调用本身有误                usage, unknown-action, arguments,
                                 permanent-invalid-input,
                                 permanent-missing-credential
  3  被拒绝                      permanent-rejected
  4  暂时被拒绝                  rejected-for-now
  5  无法连接，什么也没有发送    unreachable
  6  没有可用的响应；            no-reply, permanent-no-reply,
     调用可能已经生效            permanent-unexpected-reply，以及请求可能已
                                 发出之后的 stopped
使用 --all 时，\"error\" 之后的 \"result\" 是失败页之前的各行，其中的
\"next-cursor\" 可用于继续；使用 --split 时，\"sent\" 是已发送各条的结果，
\"parts\" 是总条数。
`wecom describe error` 说明来自操作的各类错误。
";
