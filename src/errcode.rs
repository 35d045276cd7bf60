//! WeCom's error codes: whether retrying can help, what they mean, and what to do.
//!
//! From [全局错误码](https://developer.work.weixin.qq.com/document/path/90313), as far as the calls of this connector can return them.

#![allow(
    clippy::unreadable_literal,
    clippy::too_many_lines,
    reason = "a table, with the codes as the page writes them"
)]

use alloc::string::String;

use crate::bindings::wit::types::Language;

/// Whether the same call can succeed later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Disposition {
    /// The token is stale: a fresh one may do.
    RefreshToken,
    RetryLater,
    /// Not without a change.
    Permanent,
}

/// The call that was refused, as far as the meaning of a code depends on it.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) path: &'static str,
    /// It needs the contacts secret.
    pub(crate) contacts: bool,
    /// The caller gave the access token.
    pub(crate) given_token: bool,
    /// The secret that the call needs was not given; the other one stood in for it.
    pub(crate) substitute: bool,
}

/// What a code means and what to do about it, in one language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Texts {
    pub(crate) meaning: &'static str,
    pub(crate) advice: &'static str,
}

/// The row of the table for some codes. Each text is a meaning and an advice.
struct Entry {
    codes: &'static [i32],
    english: (&'static str, &'static str),
    chinese: (&'static str, &'static str),
}

pub(crate) fn disposition(code: i32) -> Disposition {
    match code {
        40001 | 40014 | 41001 | 42001 => Disposition::RefreshToken,
        -1 | 6000 | 45009 | 45033 | 45035 | 45036 | 81026 => Disposition::RetryLater,
        _ => Disposition::Permanent,
    }
}

/// Seconds, where WeCom documents them: the chatbots' window is a minute. Elsewhere the window that was exceeded may be a
/// minute, an hour or a day, and the response does not say which.
pub(crate) fn retry_after(code: i32, call: Call) -> Option<u32> {
    (code == 45009 && call.is_chatbot()).then_some(60)
}

/// None for a code that these calls do not return.
pub(crate) fn texts(code: i32, language: Language) -> Option<Texts> {
    let entry = TABLE.iter().find(|it| it.codes.contains(&code))?;
    let (meaning, advice) = match language {
        Language::English => entry.english,
        Language::Chinese => entry.chinese,
    };
    Some(Texts { meaning, advice })
}

/// What to do about a refusal.
pub(crate) fn hint(code: i32, call: Call, language: Language) -> String {
    if let Some((english, chinese)) = hint_for_call(code, call) {
        return String::from(match language {
            Language::English => english,
            Language::Chinese => chinese,
        });
    }
    match (texts(code, language), language) {
        (Some(Texts { meaning, advice }), Language::English) => [meaning, ": ", advice].concat(),
        (Some(Texts { meaning, advice }), Language::Chinese) => [meaning, "：", advice].concat(),
        (None, Language::English) => {
            "look the code up in WeCom's table of error codes (全局错误码)".into()
        }
        (None, Language::Chinese) => "请在企业微信的全局错误码表中查询该错误码".into(),
    }
}

/// Hints that depend on the call, in English and in Chinese.
fn hint_for_call(code: i32, call: Call) -> Option<(&'static str, &'static str)> {
    Some(match code {
        40001 | 40014 | 41001 | 42001 if call.given_token => (
            "the access token that was given is not valid, or belongs to another enterprise: fetch a fresh one with \
             get-access-token",
            "传入的 access_token 无效，或属于其他企业：请用 get-access-token 重新获取",
        ),
        40001 if call.path != "/cgi-bin/gettoken" => (
            "the access token was not accepted, even a fresh one: check that the application is enabled",
            "重新获取的 access_token 仍不被接受：请检查应用是否已启用",
        ),
        48002 | 60011 if call.contacts && call.substitute => (
            "this call needs the secret of the contacts assistant (通讯录同步), and an application's secret was used as no \
             contacts secret is given: set WECOM_CONTACTS_SECRET or contacts-secret",
            "此接口需要通讯录同步的 secret，但没有提供，因此使用了应用的 secret：请设置 WECOM_CONTACTS_SECRET 或 contacts-secret",
        ),
        48002 | 301002 if !call.contacts && call.substitute => (
            "this call needs an application's secret, and the contacts secret was used as no other is given: set \
             WECOM_SECRET or secret",
            "此接口需要应用的 secret，但没有提供，因此使用了通讯录同步的 secret：请设置 WECOM_SECRET 或 secret",
        ),
        48002 if call.contacts && call.given_token => (
            "this call needs a token of the contacts secret (通讯录同步): fetch one with get-access-token and scope contacts",
            "此接口需要通讯录同步 secret 的 token：请用 get-access-token（scope 为 contacts）获取",
        ),
        48002 if call.is_group_chat() => (
            "group chats need an application that the enterprise made itself and whose visible range is the root \
             department: widen it in the console",
            "群聊接口只允许可见范围为根部门的企业自建应用调用：请在管理后台扩大可见范围",
        ),
        60011 if call.contacts => (
            "writing contacts needs the secret of the contacts assistant (通讯录同步), and editing by API switched on in its \
             page; an application reads only what is within its visible range",
            "修改通讯录需要通讯录同步的 secret，并在其页面开启 API 编辑；应用只能读取可见范围内的数据",
        ),
        45009 if call.path == "/cgi-bin/gettoken" => (
            "too often: cache tokens, and do not fetch one for every call; a wrong secret that is tried again and again \
             blocks the address for an hour",
            "调用过于频繁：token 应缓存，不要每次请求都获取；反复使用错误的 secret 会使该 IP 被封禁一小时",
        ),
        45009 if call.is_chatbot() => (
            "a chatbot may send 20 messages a minute: wait a minute, and spread the messages",
            "每个机器人每分钟最多发送 20 条消息：等待一分钟，并分散发送",
        ),
        45009 if call.path == "/cgi-bin/appchat/create" => (
            "an enterprise may create 1000 group chats a day with all its applications: wait until tomorrow",
            "企业的所有应用每天最多创建 1000 个群聊：请明天再试",
        ),
        45009 if call.path == "/cgi-bin/appchat/update" => (
            "an enterprise may change group chats 1000 times an hour: wait an hour",
            "企业每小时最多修改群聊 1000 次：请一小时后再试",
        ),
        45009
            if ["/cgi-bin/user/getuserid", "/cgi-bin/user/get_userid_by_email"]
                .contains(&call.path) =>
        {
            (
                "too many mobile numbers or addresses were wrong: the call is open again tomorrow",
                "查询错误的手机号或邮箱过多：此接口明天恢复",
            )
        }
        40058 if call.path == "/cgi-bin/message/recall" => (
            "the message id is not one of a message that this application sent",
            "该消息 id 不属于此应用发送的消息",
        ),
        40058 if call.path == "/cgi-bin/webhook/upload_media" => (
            "the key is wrong or the chatbot was removed: give the key of the webhook address",
            "key 错误，或机器人已被移除：请填写 webhook 地址中的 key",
        ),
        60111 | 60123 if call.path.ends_with("/delete") => (
            "there is none with this id, or the application may not see it; after an earlier try, it is gone already",
            "该 id 不存在，或应用不可见；如果之前已尝试删除，说明已删除成功",
        ),
        _ => return None,
    })
}

impl Call {
    fn is_chatbot(self) -> bool {
        self.path.starts_with("/cgi-bin/webhook/")
    }

    fn is_group_chat(self) -> bool {
        self.path.starts_with("/cgi-bin/appchat/")
    }
}

#[rustfmt::skip]
const TABLE: &[Entry] = &[
    Entry { codes: &[-1], english: ("WeCom is busy", "wait and retry, at most three times; before sending a message again, see whether it arrived"), chinese: ("系统繁忙", "稍等后重试，最多三次；重发消息之前，先确认上一条是否已送达") },
    Entry { codes: &[0], english: ("the call succeeded", "nothing needs to be done; where the message has a warning, check what was sent"), chinese: ("请求成功", "无需处理；如果返回信息中带有 Warning，请检查所发送的内容") },
    Entry { codes: &[6000], english: ("the same data is being changed by another call", "retry shortly, and write one after the other"), chinese: ("数据版本冲突，另一个请求正在修改同一数据", "稍后重试，并依次写入") },
    Entry { codes: &[40001], english: ("the secret is wrong, is not one of this corp id, or the application is disabled", "copy both again from the console"), chinese: ("secret 错误、与 corpid 不匹配，或应用已停用", "从管理后台重新复制这两项") },
    Entry { codes: &[40013, 2000002], english: ("the corp id is wrong", "copy it again from the console"), chinese: ("corpid 无效", "从管理后台重新复制") },
    Entry { codes: &[40014, 42001], english: ("the access token is dead", "get a fresh one; if that does not help, it is of the wrong kind for this call"), chinese: ("access_token 无效或已过期", "重新获取；如果仍然无效，说明该 token 的类型不适用于此接口") },
    Entry { codes: &[40091], english: ("the secret belongs to another enterprise", "use the corp id and the secret of the same enterprise"), chinese: ("secret 不属于该企业", "使用同一企业的 corpid 和 secret") },
    Entry { codes: &[41001], english: ("the access token is missing", "get a fresh one"), chinese: ("缺少 access_token", "重新获取") },
    Entry { codes: &[41002], english: ("the corp id is missing", "set WECOM_CORP_ID or corp-id"), chinese: ("缺少 corpid", "设置 WECOM_CORP_ID 或 corp-id") },
    Entry { codes: &[41004], english: ("the secret is missing", "set WECOM_SECRET or secret"), chinese: ("缺少 secret", "设置 WECOM_SECRET 或 secret") },
    Entry { codes: &[42007, 42009], english: ("a code or token of a third-party suite has expired", "use the corp id and the secret of an application that the enterprise made itself"), chinese: ("第三方应用套件的 pre_auth_code 或 suite_access_token 已过期", "请使用企业自建应用的 corpid 和 secret") },
    Entry { codes: &[45031], english: ("the secret is not safe enough", "reset it in the console"), chinese: ("secret 安全性不足", "在管理后台重置") },
    Entry { codes: &[43012], english: ("the application has no callback address", "configure a callback address for the application in the console"), chinese: ("应用未设置回调地址", "在管理后台为应用配置回调地址（接收消息服务器）") },
    Entry { codes: &[48001], english: ("this function is not granted to the application", "enable this function for the application in the console"), chinese: ("应用未获得该功能的授权", "在管理后台为应用开启该功能") },
    Entry { codes: &[48002], english: ("this secret may not make this call", "use the contacts secret for departments and members, an application's secret for everything else"), chinese: ("该 secret 无权调用此接口", "管理部门和成员使用通讯录同步的 secret，其他接口使用应用的 secret") },
    Entry { codes: &[48004], english: ("the authorization is invalid or was withdrawn", "authorize again"), chinese: ("授权无效或已取消", "重新授权") },
    Entry { codes: &[48005], english: ("WeCom has retired this call", "use the one that replaced it"), chinese: ("该接口已下线", "改用替代的新接口") },
    Entry { codes: &[48006], english: ("the right was withdrawn after long disuse", "enable the application again"), chinese: ("应用长期未使用，接口权限已被收回", "在管理后台重新启用应用") },
    Entry { codes: &[48008], english: ("the permission to edit contacts covers only some calls", "widen it in the console"), chinese: ("通讯录编辑权限只包含部分接口", "在管理后台扩大权限") },
    Entry { codes: &[48009], english: ("the contacts secret may not read details from this address", "use an application's secret"), chinese: ("通讯录同步的 secret 不能从此 IP 读取详细信息", "改用应用的 secret") },
    Entry { codes: &[48010], english: ("the TLS version of the connection is not supported", "use a newer TLS in the host or the proxy"), chinese: ("不支持该 TLS 版本", "在宿主或代理中使用更新的 TLS 版本") },
    Entry { codes: &[50002, 60021, 60030, 92000], english: ("the application may not see or edit this member or department", "widen its range in the console"), chinese: ("成员或部门不在应用的可见或可编辑范围内", "在管理后台扩大应用的可见范围") },
    Entry { codes: &[60011], english: ("the application may not see or edit this member, department or tag", "widen its range in the console; for writing contacts, use the contacts secret"), chinese: ("应用无权查看或编辑该成员、部门或标签", "在管理后台扩大应用的可见范围；修改通讯录请使用通讯录同步的 secret") },
    Entry { codes: &[50003], english: ("the application is disabled", "enable it in the console"), chinese: ("应用已停用", "在管理后台启用") },
    Entry { codes: &[60020, 301042], english: ("the caller's address (caller-address) is not trusted", "add it to the application's trusted addresses (企业可信IP) in the console, and wait a minute"), chinese: ("调用方的 IP（caller-address）不在可信列表中", "在管理后台将该 IP 加入应用的企业可信IP，约一分钟后生效") },
    Entry { codes: &[60031], english: ("this application may no longer make calls", "ask the administrator"), chinese: ("该应用已不允许调用接口", "联系企业管理员") },
    Entry { codes: &[92001], english: ("the application has no right to sensitive data", "request it in the console"), chinese: ("应用没有敏感数据权限", "在管理后台申请") },
    Entry { codes: &[92002, 92003], english: ("the token belongs to another enterprise or application", "use the credentials of the one that the call is about"), chinese: ("token 属于其他企业或其他应用", "使用该调用所属企业和应用的凭证") },
    Entry { codes: &[301002], english: ("the agent id is not that of the application whose secret or token is used", "use the secret and the agent id of the same application"), chinese: ("agentid 与所用 secret 或 token 的应用不一致", "使用同一应用的 secret 和 agentid") },
    Entry { codes: &[301007], english: ("the enterprise is dissolved or banned", "ask the administrator"), chinese: ("企业已解散或被封禁", "联系企业管理员") },
    Entry { codes: &[45009], english: ("too often for this minute, hour or day, and WeCom does not say which", "wait, spread the calls, and retry in an hour if a minute is not enough"), chinese: ("调用频率超过限制（每分钟、每小时或每天，企业微信未说明是哪一种）", "等待后再试并分散请求；一分钟不够时，一小时后再试") },
    Entry { codes: &[45033, 45035, 45036], english: ("too many calls at the same time", "make fewer in parallel"), chinese: ("并发请求过多", "降低并发") },
    Entry { codes: &[81026], english: ("the function is under maintenance", "retry later"), chinese: ("功能维护中", "稍后重试") },
    Entry { codes: &[45024], english: ("the enterprise has no accounts left", "extend their number in the console"), chinese: ("企业成员数已达上限", "在管理后台扩容") },
    Entry { codes: &[45026], english: ("WeCom's protection against mass deletion stepped in", "delete fewer at a time"), chinese: ("触发了批量删除保护", "减少每次删除的数量") },
    Entry { codes: &[45029], english: ("the response would be too large", "ask for less: without `recursive`, list the departments below one by one"), chinese: ("返回数据过大", "缩小查询范围：不使用 recursive，逐个查询子部门") },
    Entry { codes: &[40003], english: ("the user id is invalid or unknown", "check the user id"), chinese: ("userid 无效或不存在", "检查 userid") },
    Entry { codes: &[46004], english: ("there is no such member, or the application may not see it", "check the user id, the mobile number or the address, and the application's range"), chinese: ("成员不存在，或不在应用的可见范围内", "检查 userid、手机号或邮箱，以及应用的可见范围") },
    Entry { codes: &[40031, 301021], english: ("at least one user id is unknown or out of sight", "check the ids, one each"), chinese: ("至少有一个 userid 不存在或不可见", "逐个检查 userid") },
    Entry { codes: &[40032], english: ("too many user ids", "split the call: 1000 for a message, 200 for a deletion"), chinese: ("userid 数量过多", "拆分请求：发消息最多 1000 个，批量删除最多 200 个") },
    Entry { codes: &[40033], english: ("the text has a character that WeCom forbids, such as a control character", "remove it"), chinese: ("文本含有不允许的字符，例如控制字符", "删除该字符") },
    Entry { codes: &[40035], english: ("a parameter is not of the form that WeCom expects", "compare the call with WeCom's page"), chinese: ("参数格式不符合要求", "对照官方文档检查参数") },
    Entry { codes: &[40039], english: ("the url is empty or too long", "shorten it: some calls take only 1024 bytes"), chinese: ("url 为空或过长", "缩短 url：部分接口只允许 1024 字节") },
    Entry { codes: &[40094, 40127], english: ("the url is invalid, or its scheme is not supported", "begin it with http:// or https://"), chinese: ("url 无效，或不支持其协议", "以 http:// 或 https:// 开头") },
    Entry { codes: &[40056], english: ("there is no application with this agent id", "copy the agent id from the application's page in the console"), chinese: ("agentid 无效", "从管理后台的应用页面复制 agentid") },
    Entry { codes: &[40058], english: ("a parameter is wrong", "WeCom's message names it"), chinese: ("参数不合法", "errmsg 中写明了是哪个参数") },
    Entry { codes: &[40063], english: ("a parameter that this call needs is missing or empty", "fill it in; WeCom's message names it"), chinese: ("缺少必填参数或参数为空", "补全参数，errmsg 中写明了是哪个参数") },
    Entry { codes: &[41009], english: ("the user id is missing", "fill it in"), chinese: ("缺少 userid", "填写 userid") },
    Entry { codes: &[41010], english: ("the url is missing", "fill it in"), chinese: ("缺少 url", "填写 url") },
    Entry { codes: &[41011], english: ("the agent id is missing", "set WECOM_AGENT_ID or agent-id"), chinese: ("缺少 agentid", "设置 WECOM_AGENT_ID 或 agent-id") },
    Entry { codes: &[41016], english: ("the title is missing", "fill it in"), chinese: ("缺少标题", "填写标题") },
    Entry { codes: &[41033], english: ("the description is missing", "fill it in"), chinese: ("缺少描述", "填写描述") },
    Entry { codes: &[41019, 60127], english: ("the departments are missing", "name at least one department"), chinese: ("缺少部门", "至少填写一个部门") },
    Entry { codes: &[40066], english: ("the list of departments is empty or names one that does not exist", "check the ids of the departments"), chinese: ("部门列表为空，或包含不存在的部门", "检查部门 id") },
    Entry { codes: &[40068], english: ("there is no such tag", "check the id of the tag"), chinese: ("标签不存在", "检查标签 id") },
    Entry { codes: &[40070], english: ("no receiver is valid", "check the ids, and that the application may see them"), chinese: ("所有接收者都无效", "检查各 id，并确认它们在应用的可见范围内") },
    Entry { codes: &[40071], english: ("a tag of this name exists already", "use the existing one, or choose another name"), chinese: ("标签名称已存在", "使用已有标签，或换一个名称") },
    Entry { codes: &[40206], english: ("the request is too large", "send less at once"), chinese: ("请求体过大", "减少单次发送的内容") },
    Entry { codes: &[50100], english: ("the cursor is invalid", "start again from the first page"), chinese: ("分页游标无效", "从第一页重新开始") },
    Entry { codes: &[85002], english: ("the text has forbidden words", "change it"), chinese: ("文本含有违禁词", "修改文本") },
    Entry { codes: &[60001, 60125], english: ("the name is empty, too long or has a forbidden character", "shorten or clean it; some enterprises are held to 32 characters"), chinese: ("部门名称为空、过长或含有不允许的字符", "缩短名称或去掉这些字符；部分企业仍限制为 32 个字符") },
    Entry { codes: &[60003, 60123], english: ("there is no such department", "check the id; it may have been deleted"), chinese: ("部门不存在", "检查部门 id，它可能已被删除") },
    Entry { codes: &[60004, 60124], english: ("there is no such parent department", "create it first"), chinese: ("父部门不存在", "先创建父部门") },
    Entry { codes: &[60005], english: ("the department has members", "move them first"), chinese: ("部门下有成员", "先移走成员") },
    Entry { codes: &[60006], english: ("the department has departments below it", "delete those first"), chinese: ("部门下有子部门", "先删除子部门") },
    Entry { codes: &[60007], english: ("the root department cannot be deleted", "delete the departments below it instead"), chinese: ("不能删除根部门", "只能删除根部门下的部门") },
    Entry { codes: &[60008], english: ("the department exists already, by id or by name beside its siblings", "look it up"), chinese: ("部门已存在（id 已被使用，或同级部门中已有此名称）", "查询并使用已有的部门") },
    Entry { codes: &[60009], english: ("the name has a forbidden character", "remove it; no \\ : * ? \" < > | is allowed"), chinese: ("部门名称含有不允许的字符", "去掉这些字符：\\ : * ? \" < > |") },
    Entry { codes: &[60010], english: ("a department cannot be moved below itself", "choose another parent"), chinese: ("不能将部门移动到自身或其下级部门之下", "选择其他父部门") },
    Entry { codes: &[81001], english: ("a department may have 30000 departments and members directly below it", "split the department"), chinese: ("一个部门的直属子部门和成员总数不能超过 30000", "拆分部门") },
    Entry { codes: &[81002], english: ("departments may be 15 levels deep", "place it higher in the tree"), chinese: ("部门层级不能超过 15 层", "将部门放到更高的层级") },
    Entry { codes: &[60102], english: ("the user id exists already", "update the member instead"), chinese: ("userid 已存在", "改为更新该成员") },
    Entry { codes: &[60103], english: ("the mobile number is not one that WeCom accepts", "outside mainland China give the country code with `+`"), chinese: ("手机号格式不正确", "中国大陆以外的号码请加上带 + 的国际区号") },
    Entry { codes: &[60104], english: ("another member (conflicting-user) has this mobile number already", "update that member, or use another number"), chinese: ("手机号已被其他成员（conflicting-user）使用", "更新该成员，或换一个手机号") },
    Entry { codes: &[60105], english: ("the email address is not valid", "check it: 6 to 64 bytes"), chinese: ("邮箱格式不正确", "检查邮箱：6 至 64 字节") },
    Entry { codes: &[60106, 60145], english: ("another member has this address already", "use another address"), chinese: ("邮箱已被其他成员使用", "换一个邮箱") },
    Entry { codes: &[60107], english: ("the WeChat id is not valid", "leave it out: it is a field of the past"), chinese: ("微信号格式不正确", "不要填写：该字段已不再使用") },
    Entry { codes: &[60110], english: ("a member can belong to only so many departments", "name fewer departments"), chinese: ("成员所属部门过多", "减少部门数量") },
    Entry { codes: &[60111], english: ("there is no such member, or the application may not see it", "check the user id and the application's range"), chinese: ("成员不存在，或不在应用的可见范围内", "检查 userid 和应用的可见范围") },
    Entry { codes: &[60112], english: ("the name of the member is empty or not valid", "give a name of 1 to 64 characters"), chinese: ("成员名称为空或不合法", "填写 1 至 64 个字符的名称") },
    Entry { codes: &[60129], english: ("the member has neither a mobile number nor an email address", "give a mobile number or an email address"), chinese: ("手机号和邮箱不能同时为空", "填写手机号或邮箱") },
    Entry { codes: &[60132], english: ("the leader marks are not as many as the departments", "give the order and the leader mark for every department"), chinese: ("is_leader_in_dept 与部门的数量不一致", "为每个部门填写排序和负责人标记") },
    Entry { codes: &[60136], english: ("WeCom finds no such entry", "check the id"), chinese: ("记录不存在", "检查 id") },
    Entry { codes: &[60146], english: ("no member has this mobile number", "check the number"), chinese: ("手机号不存在", "检查手机号") },
    Entry { codes: &[60147, 60148], english: ("no member has this email address", "check the address and its kind"), chinese: ("邮箱不存在", "检查邮箱及其类型") },
    Entry { codes: &[60141, 60142], english: ("the personal email address cannot be set here", "give a mobile number, or leave the address as it is"), chinese: ("个人邮箱不能这样设置或修改", "填写手机号，或不修改邮箱") },
    Entry { codes: &[60143], english: ("the corporate email address is not valid", "check it: 6 to 64 bytes in the enterprise's own domain"), chinese: ("企业邮箱不合法", "检查邮箱：6 至 64 字节，使用企业自己的域名") },
    Entry { codes: &[60144], english: ("this mailbox address cannot be changed any more", "change it in the console"), chinese: ("企业邮箱已不能再修改", "在管理后台修改") },
    Entry { codes: &[60257], english: ("fewer direct superiors are allowed", "name one"), chinese: ("直属上级数量过多", "只填写一个") },
    Entry { codes: &[60269, 60270, 60271, 60272, 60273], english: ("an alias of the mailbox is not valid, taken, one too many, or the enterprise has no domain of its own", "change the aliases in the console"), chinese: ("企业邮箱别名不合法、已被占用、数量过多，或企业没有自有域名", "在管理后台修改别名") },
    Entry { codes: &[60275], english: ("this kind of member cannot be changed by API", "change it in the console"), chinese: ("该类型的成员不支持通过接口管理", "在管理后台修改") },
    Entry { codes: &[81015], english: ("the domain is not that of the enterprise's mailboxes", "use an address in the enterprise's own domain"), chinese: ("邮箱域名与企业邮箱域名不一致", "使用企业自己域名的邮箱") },
    Entry { codes: &[301005], english: ("the enterprise's creator cannot be deleted", "hand the role over first"), chinese: ("不能删除企业创建者", "先转让创建者身份") },
    Entry { codes: &[301012], english: ("the job title is too long", "a job title may have 128 characters"), chinese: ("职务过长", "职务最多 128 个字符") },
    Entry { codes: &[301013], english: ("the fixed-line number is not valid", "a fixed-line number has 1 to 32 digits, `-`, `+` and `,`"), chinese: ("座机号码不合法", "座机号码为 1 至 32 位数字、-、+ 和逗号") },
    Entry { codes: &[301014], english: ("the English name is not valid", "leave it out: it is a field of the past"), chinese: ("英文名不合法", "不要填写：该字段已不再使用") },
    Entry { codes: &[301015], english: ("the avatar is not an uploaded image", "upload an image first"), chinese: ("头像不是已上传的图片", "先上传图片") },
    Entry { codes: &[301036], english: ("the user id cannot be changed", "only one that WeCom made can be changed, and once"), chinese: ("userid 不能修改", "只有系统生成的 userid 可以修改一次") },
    Entry { codes: &[40008], english: ("WeCom does not know this kind of message", "use a kind that the page of the call lists"), chinese: ("消息类型不合法", "使用该接口文档中列出的消息类型") },
    Entry { codes: &[40074], english: ("news cannot be confidential", "use an image and text message (mpnews) for confidential articles"), chinese: ("图文消息（news）不支持保密", "保密文章请使用 mpnews") },
    Entry { codes: &[40201], english: ("WeCom takes the content for spam", "change it"), chinese: ("内容被反垃圾系统拦截", "修改内容") },
    Entry { codes: &[42014], english: ("the task id of the card is not valid", "give 1 to 128 digits, ASCII letters and `_ - @`, unique in the application"), chinese: ("卡片的 task_id 不合法", "使用 1 至 128 位数字、字母和 _ - @，且在应用内唯一") },
    Entry { codes: &[42015], english: ("the card was sent by another application", "use the credentials and the agent id of the application that sent it"), chinese: ("卡片由其他应用发送", "使用发送该卡片的应用的凭证和 agentid") },
    Entry { codes: &[42016], english: ("there is no card of this task", "check the task id or the response code"), chinese: ("任务不存在", "检查 task_id 或 response_code") },
    Entry { codes: &[42017, 42018, 42019, 42020], english: ("a button of the card is not valid: its key, its name or its replacement", "check the keys and the texts of the buttons"), chinese: ("卡片按钮的 key、名称或替换文案不合法", "检查按钮的 key 和文案") },
    Entry { codes: &[42027], english: ("a member of the template card is missing or not valid", "compare the card with WeCom's page; WeCom's message names the member"), chinese: ("模板卡片的字段缺失或不合法", "对照官方文档检查卡片，errmsg 中写明了字段") },
    Entry { codes: &[42028], english: ("a url of the template card is missing", "give the url where a click leads to a web page"), chinese: ("模板卡片缺少 url", "跳转到网页时必须填写 url") },
    Entry { codes: &[42029], english: ("a media id of the template card is missing or not valid", "upload the file again and use its media id"), chinese: ("模板卡片的 media_id 缺失或不合法", "重新上传文件并使用新的 media_id") },
    Entry { codes: &[42030], english: ("an app id of the template card is missing or not linked", "give the id of a mini-program that is linked to the application"), chinese: ("模板卡片的 appid 缺失或未关联", "填写已与应用关联的小程序 appid") },
    Entry { codes: &[42031], english: ("the kind of the template card is not valid", "use one of the five kinds; chatbots take two of them"), chinese: ("模板卡片的 card_type 不合法", "使用五种类型之一；群机器人只支持其中两种") },
    Entry { codes: &[42032, 42034, 42048], english: ("a member of the template card is not valid", "compare the card with WeCom's page; WeCom's message names the member"), chinese: ("模板卡片的字段不合法", "对照官方文档检查卡片，errmsg 中写明了字段") },
    Entry { codes: &[42033], english: ("the title of the template card is missing", "give a title"), chinese: ("模板卡片缺少标题", "填写标题") },
    Entry { codes: &[42035], english: ("the template card has too many horizontal contents, or one without a name", "give at most 6, each with a name"), chinese: ("模板卡片的 horizontal_content_list 过多或缺少 keyname", "最多 6 项，每项填写 keyname") },
    Entry { codes: &[42036], english: ("the template card has too many vertical contents, or one without a title", "give at most 4, each with a title"), chinese: ("模板卡片的 vertical_content_list 过多或缺少标题", "最多 4 项，每项填写标题") },
    Entry { codes: &[42037], english: ("the options of the template card are missing or too many", "give 1 to 10 options for a list, 1 to 20 for a vote"), chinese: ("模板卡片的选项缺失或过多", "下拉列表 1 至 10 项，投票 1 至 20 项") },
    Entry { codes: &[42038, 42039], english: ("a button of the template card has no text or no key, or there are too many", "give 1 to 6 buttons, each with a text and a key"), chinese: ("模板卡片的按钮缺少文案或 key，或数量过多", "1 至 6 个按钮，每个填写文案和 key") },
    Entry { codes: &[42040, 42041], english: ("an option of the template card has no id or no text, or an id is used twice", "give each option an id of its own and a text"), chinese: ("模板卡片的选项缺少 id 或文案，或 id 重复", "为每个选项填写唯一的 id 和文案") },
    Entry { codes: &[42042], english: ("the template card has too many jumps, or one without a title", "give at most 3, each with a title"), chinese: ("模板卡片的 jump_list 过多或缺少标题", "最多 3 项，每项填写标题") },
    Entry { codes: &[42043], english: ("a question key of the template card is missing, too long or used twice", "give each question a key of its own, at most 1024 bytes"), chinese: ("模板卡片的 question_key 缺失、过长或重复", "为每个问题填写唯一的 question_key，最多 1024 字节") },
    Entry { codes: &[42044], english: ("the address of the card's image is missing", "give the url of the image"), chinese: ("模板卡片缺少图片地址", "填写图片 url") },
    Entry { codes: &[42045], english: ("the action of the template card is missing", "say where a click on the card leads"), chinese: ("模板卡片缺少 card_action", "填写点击卡片的跳转") },
    Entry { codes: &[42046, 42049], english: ("the submit button of the template card is missing or not valid", "give a submit button with a key of at most 1024 bytes"), chinese: ("模板卡片的提交按钮缺失或不合法", "填写提交按钮及不超过 1024 字节的 key") },
    Entry { codes: &[42047], english: ("the template card has no drop-down list, or too many", "give 1 to 3"), chinese: ("模板卡片的 select_list 缺失或过多", "填写 1 至 3 个下拉列表") },
    Entry { codes: &[42050], english: ("a user id of the template card is missing or not valid", "check the user id"), chinese: ("模板卡片的 userid 缺失或不合法", "检查 userid") },
    Entry { codes: &[42051], english: ("two actions of the template card have the same key", "give each action a key of its own"), chinese: ("模板卡片中有重复的 key", "为每个操作使用唯一的 key") },
    Entry { codes: &[42052], english: ("the message is too old to be recalled", "a message can be recalled for 24 hours only"), chinese: ("消息发送时间过久，不能撤回", "只能撤回 24 小时内的消息") },
    Entry { codes: &[44004], english: ("the content is empty", "give a text"), chinese: ("内容为空", "填写内容") },
    Entry { codes: &[45002], english: ("the content is too long", "shorten or split it"), chinese: ("内容过长", "缩短或拆分内容") },
    Entry { codes: &[45008], english: ("the message has no article or too many", "a message takes one to eight articles"), chinese: ("文章数量不合法", "一条消息可有 1 至 8 篇文章") },
    Entry { codes: &[45032], english: ("the author is too long", "an author may have 64 bytes"), chinese: ("作者过长", "作者最多 64 字节") },
    Entry { codes: &[45034], english: ("the url has no scheme", "a url must begin with http:// or https://"), chinese: ("url 缺少协议", "url 必须以 http:// 或 https:// 开头") },
    Entry { codes: &[60140], english: ("the response code is invalid, older than 72 hours or used up", "use the code of the last callback, or send a new card"), chinese: ("response_code 无效、超过 72 小时或已被使用", "使用最近一次回调中的 response_code，或发送新卡片") },
    Entry { codes: &[60208], english: ("a third-party application may not send to everyone, departments or tags", "name the members"), chinese: ("第三方应用不支持 @all、部门和标签", "改为指定成员") },
    Entry { codes: &[81011], english: ("the application has no right on this tag", "give it the right in the console"), chinese: ("应用无权使用该标签", "在管理后台授予权限") },
    Entry { codes: &[81012, 82001], english: ("no receiver is given", "name a member, a department or a tag"), chinese: ("没有指定接收者", "指定成员、部门或标签") },
    Entry { codes: &[81013], english: ("no receiver is valid", "check the ids (invalid-receivers), and that the application may see them"), chinese: ("所有接收者都无效", "检查各 id（invalid-receivers），并确认它们在应用的可见范围内") },
    Entry { codes: &[82002], english: ("the message names too many departments", "a message goes to at most 100 departments: split it"), chinese: ("部门数量过多", "一条消息最多发给 100 个部门，请拆分") },
    Entry { codes: &[82003], english: ("the message names too many tags", "a message goes to at most 100 tags: split it"), chinese: ("标签数量过多", "一条消息最多发给 100 个标签，请拆分") },
    Entry { codes: &[82004], english: ("the content can crash clients", "change it"), chinese: ("内容可能导致客户端崩溃", "修改内容") },
    Entry { codes: &[82101], english: ("the update of the card names no receiver", "name a member, a department or a tag, or everyone"), chinese: ("更新卡片时没有指定接收者", "指定成员、部门、标签或全部接收者") },
    Entry { codes: &[82102], english: ("those whom the update names did not receive the card", "name members who received it"), chinese: ("指定的成员没有收到过该卡片", "指定收到过该卡片的成员") },
    Entry { codes: &[84200], english: ("the file could not be converted", "send the file in UTF-8"), chinese: ("文件转码失败", "使用 UTF-8 编码的文件") },
    Entry { codes: &[90200, 90201, 90202, 90203, 90204, 90205], english: ("the mini-program notice is not valid: app id, items, lengths or page", "compare it with WeCom's page"), chinese: ("小程序通知消息的 appid、内容项、长度或页面不合法", "对照官方文档检查") },
    Entry { codes: &[90206, 90207, 90208], english: ("the mini-program is not linked to the application, or its id is wrong", "link it to the application in the console"), chinese: ("小程序未与应用关联，或 appid 错误", "在管理后台将小程序与应用关联") },
    Entry { codes: &[40050, 86003], english: ("there is no such group chat", "create it first"), chinese: ("群聊不存在", "先创建群聊") },
    Entry { codes: &[49008], english: ("the group chat was dissolved by its owner", "create a new one"), chinese: ("群聊已被群主解散", "创建新的群聊") },
    Entry { codes: &[86001, 86205, 93006], english: ("the group chat id is invalid", "one that is chosen has 1 to 32 digits and ASCII letters"), chinese: ("群聊 id 不合法", "自定义的 id 为 1 至 32 位数字和字母") },
    Entry { codes: &[86004], english: ("the name of the group chat is invalid", "give a name of 1 to 50 characters"), chinese: ("群名称不合法", "填写 1 至 50 个字符的名称") },
    Entry { codes: &[86005], english: ("the owner is invalid", "check the user id; the owner must be a member of the chat"), chinese: ("群主不合法", "检查 userid，群主必须是群成员") },
    Entry { codes: &[86006], english: ("the group chat has too few or too many members", "a group chat has 2 to 2000 members"), chinese: ("群成员数量不合法", "群聊成员为 2 至 2000 人") },
    Entry { codes: &[86007], english: ("a member is invalid", "check the user ids, and that the application may see them"), chinese: ("群成员不合法", "检查 userid，并确认它们在应用的可见范围内") },
    Entry { codes: &[86008], english: ("another application created this group chat", "use that one's credentials"), chinese: ("群聊由其他应用创建", "使用创建该群聊的应用的凭证") },
    Entry { codes: &[86101], english: ("only the owner of the group chat may do this", "ask the owner"), chinese: ("只有群主可以操作", "联系群主") },
    Entry { codes: &[86201], english: ("the group chat id is missing", "fill it in"), chinese: ("缺少群聊 id", "填写群聊 id") },
    Entry { codes: &[86202], english: ("the name of the group chat is missing", "fill it in"), chinese: ("缺少群名称", "填写群名称") },
    Entry { codes: &[86203], english: ("the owner of the group chat is missing", "fill it in"), chinese: ("缺少群主", "填写群主") },
    Entry { codes: &[86204], english: ("the members of the group chat are missing", "fill them in"), chinese: ("缺少群成员", "填写群成员") },
    Entry { codes: &[86206], english: ("a group chat id of digits only must be below 2^63 (9223372036854775808)", "put a letter into it"), chinese: ("纯数字的群聊 id 必须小于 2^63（9223372036854775808）", "在 id 中加入字母") },
    Entry { codes: &[86207], english: ("the owner is not a member", "the owner must be a member; name a new one when the owner is removed"), chinese: ("群主不在成员列表中", "群主必须是群成员；移除群主时请指定新群主") },
    Entry { codes: &[86214], english: ("the kind of the bulk message is not valid", "use a kind that the page of the call lists"), chinese: ("群发类型不合法", "使用该接口文档中列出的类型") },
    Entry { codes: &[86215], english: ("the group chat exists already", "use it, or choose another id"), chinese: ("群聊 id 已存在", "使用已有群聊，或换一个 id") },
    Entry { codes: &[86216], english: ("a member to add is unknown, or one to remove is not in the chat", "read the chat and name only the differences"), chinese: ("要添加的成员不存在，或要移除的成员不在群中", "先获取群聊，只提交差异") },
    Entry { codes: &[86217], english: ("the sender is not a member of the group chat", "add the sender to the chat"), chinese: ("发送者不是群成员", "将发送者加入群聊") },
    Entry { codes: &[86220], english: ("the parameters of the group chat are not valid", "compare the call with WeCom's page"), chinese: ("群聊参数不合法", "对照官方文档检查参数") },
    Entry { codes: &[86222, 86224], english: ("WeCom's rules for chats with downstream enterprises do not allow this", "use a chat of members of the enterprise"), chinese: ("不符合上下游群聊的规则", "使用只含企业成员的群聊") },
    Entry { codes: &[86225, 86226, 86227], english: ("WeCom's rules for course chats do not allow this", "name an owner who has the right to course chats"), chinese: ("不符合课程群的规则", "指定有课程群权限的群主") },
    Entry { codes: &[40004], english: ("this file type is not allowed", "see the limits of the upload functions, and give the name its extension"), chinese: ("文件类型不允许", "查看上传函数的限制，并给文件名加上扩展名") },
    Entry { codes: &[40005], english: ("the kind of file is not valid", "the kind of file must be one that the function lists"), chinese: ("文件的 type 不合法", "使用函数列出的类型") },
    Entry { codes: &[40006], english: ("the file is empty, too small or too large", "send a file within the limits of its kind, more than 5 bytes"), chinese: ("文件为空、过小或过大", "文件须大于 5 字节且不超过该类型的上限") },
    Entry { codes: &[40007, 40145], english: ("the media id is unknown, older than three days, of another kind, another enterprise's or another chatbot's", "upload again, in the same enterprise"), chinese: ("media_id 无效、超过三天、类型不符，或属于其他企业或其他机器人", "在同一企业（或同一机器人）重新上传") },
    Entry { codes: &[40146], english: ("this file cannot be read in this range", "ask for ranges of a multiple of 16 bytes"), chinese: ("该文件不支持此 Range", "使用 16 字节整数倍的范围") },
    Entry { codes: &[40009], english: ("the image is too large or too small", "send an image within the limits of the function"), chinese: ("图片大小不合法", "图片大小须在函数的限制之内") },
    Entry { codes: &[40011], english: ("the video is too large or too small", "send a video within the limits of the function"), chinese: ("视频大小不合法", "视频大小须在函数的限制之内") },
    Entry { codes: &[40123, 90408], english: ("the image is damaged", "make it again, as JPG or PNG"), chinese: ("图片已损坏", "重新生成 JPG 或 PNG 图片") },
    Entry { codes: &[41006], english: ("the media id is missing", "upload the file first"), chinese: ("缺少 media_id", "先上传文件") },
    Entry { codes: &[44001], english: ("the uploaded file did not arrive", "send the file again; a proxy may have changed the form"), chinese: ("上传的文件为空", "重新上传；代理可能改动了表单") },
    Entry { codes: &[45001], english: ("the file is too large", "send a smaller one"), chinese: ("文件过大", "使用更小的文件") },
    Entry { codes: &[45007], english: ("the voice file is too long", "a voice file may last 60 seconds"), chinese: ("语音过长", "语音最长 60 秒") },
    Entry { codes: &[90405, 90406], english: ("the image is not of an allowed type or size", "send a JPG or PNG of at most 2 MB"), chinese: ("图片类型或大小不允许", "使用不超过 2 MB 的 JPG 或 PNG") },
    Entry { codes: &[90409], english: ("the upload of the image failed", "send it again"), chinese: ("图片上传失败", "重新上传") },
    Entry { codes: &[93000], english: ("the key is wrong or the chatbot was removed", "give the key alone, which stands behind `key=` in the webhook address, or make a new chatbot in the group chat"), chinese: ("key 错误，或机器人已被移除", "只填写 webhook 地址中 key= 后面的部分，或在群里新建机器人") },
    Entry { codes: &[93001], english: ("the group chat takes no messages of chatbots", "allow them in the group chat, or use another one"), chinese: ("该群不允许推送消息", "在群设置中允许，或使用其他群") },
    Entry { codes: &[93004], english: ("the chatbot is disabled", "enable it"), chinese: ("机器人已停用", "启用机器人") },
    Entry { codes: &[93008], english: ("the chatbot is not in the group chat", "add it"), chinese: ("机器人不在群中", "将机器人加入群聊") },
    Entry { codes: &[93017], english: ("the content is empty", "give a text"), chinese: ("内容为空", "填写内容") },
    Entry { codes: &[93018], english: ("the image is too large", "send a JPG or PNG of at most 2 MB"), chinese: ("图片过大", "使用不超过 2 MB 的 JPG 或 PNG") },
    Entry { codes: &[93019], english: ("the id of the chatbot is not valid", "copy the webhook address again from the group chat"), chinese: ("机器人 id 不合法", "从群里重新复制 webhook 地址") },
    Entry { codes: &[301016, 301017], english: ("the voice file is not AMR", "a voice file must be AMR"), chinese: ("语音文件不是 AMR 格式", "语音文件必须是 AMR") },
    Entry { codes: &[301019], english: ("the MD5 is not that of the image", "the MD5 must be that of the image before base64"), chinese: ("图片的 md5 不一致", "md5 必须是图片 base64 编码之前的值") },
    Entry { codes: &[830002], english: ("the file or the range is too large", "ask for ranges of at most 20 MB"), chinese: ("文件或范围过大", "分段下载，每段不超过 20 MB") },
];

#[cfg(test)]
mod tests {
    use super::*;

    const SEND: Call = Call {
        path: "/cgi-bin/message/send",
        contacts: false,
        given_token: false,
        substitute: false,
    };
    const CREATE: Call = Call { path: "/cgi-bin/department/create", contacts: true, ..SEND };
    const CHATBOT: Call = Call { path: "/cgi-bin/webhook/send", ..SEND };

    /// Section 12 of the fact sheet: the codes that these calls can return.
    const CODES: &[i32] = &[
        -1, 0, 6000, 40001, 40013, 40014, 40091, 41001, 41002, 41004, 42001, 42007, 42009, 45031,
        43012, 48001, 48002, 48004, 48005, 48006, 48008, 48009, 48010, 50002, 50003, 60011, 60020,
        60021, 60030, 92000, 60031, 92001, 92002, 92003, 301002, 301007, 301042, 2000002, 45009,
        45033, 45035, 45036, 81026, 45024, 45026, 45029, 40003, 40031, 40032, 40033, 40035, 40039,
        40094, 40127, 40056, 40058, 40063, 40066, 40068, 40070, 40071, 40206, 41009, 41010, 41011,
        41016, 41033, 41019, 50100, 85002, 60001, 60003, 60004, 60005, 60006, 60007, 60008, 60009,
        60010, 60123, 60124, 60125, 81001, 81002, 60102, 60103, 60104, 60105, 60106, 60107, 60110,
        60111, 60112, 60127, 60129, 60132, 60136, 60141, 60142, 60143, 60144, 60145, 60146, 60147,
        60148, 60257, 60269, 60270, 60271, 60272, 60273, 60275, 81015, 301005, 301012, 301013,
        301014, 301015, 301021, 301036, 40008, 40074, 40201, 42014, 42015, 42016, 42017, 42018,
        42019, 42020, 42027, 42028, 42029, 42030, 42031, 42032, 42033, 42034, 42035, 42036, 42037,
        42038, 42039, 42040, 42041, 42042, 42043, 42044, 42045, 42046, 42047, 42048, 42049, 42050,
        42051, 42052, 44004, 45002, 45008, 45032, 45034, 46004, 60140, 60208, 81011, 81012, 81013,
        82001, 82002, 82003, 82004, 82101, 82102, 84200, 90200, 90201, 90202, 90203, 90204, 90205,
        90206, 90207, 90208, 40050, 49008, 86001, 86003, 86004, 86005, 86006, 86007, 86008, 86101,
        86201, 86202, 86203, 86204, 86205, 86206, 86207, 86214, 86215, 86216, 86217, 86220, 86222,
        86224, 86225, 86226, 86227, 40004, 40005, 40006, 40007, 40145, 40146, 40009, 40011, 40123,
        41006, 44001, 45001, 45007, 90405, 90406, 90408, 90409, 93000, 93001, 93004, 93006, 93008,
        93017, 93018, 93019, 301016, 301017, 301019, 830002,
    ];

    fn is_chinese(text: &str) -> bool {
        text.contains(|it| ('\u{4e00}'..='\u{9fff}').contains(&it))
    }

    #[test]
    fn table_has_each_code_once_in_both_languages() {
        for code in CODES {
            assert_eq!(TABLE.iter().filter(|it| it.codes.contains(code)).count(), 1, "{code}");
            let english = texts(*code, Language::English).unwrap();
            let chinese = texts(*code, Language::Chinese).unwrap();
            for (text, language) in [
                (english.meaning, Language::English),
                (english.advice, Language::English),
                (chinese.meaning, Language::Chinese),
                (chinese.advice, Language::Chinese),
            ] {
                assert!(!text.is_empty(), "{code}");
                // A name of the console is Chinese in English, too.
                let bare = text.replace("企业可信IP", "");
                assert_eq!(is_chinese(&bare), language == Language::Chinese, "{code}: {text}");
            }
        }
        assert_eq!(TABLE.iter().map(|it| it.codes.len()).sum::<usize>(), CODES.len());
        assert_eq!(texts(45047, Language::English), None);
    }

    #[test]
    fn hint_is_in_the_language_asked_for() {
        assert_eq!(
            hint(40013, SEND, Language::English),
            "the corp id is wrong: copy it again from the console"
        );
        assert_eq!(hint(40013, SEND, Language::Chinese), "corpid 无效：从管理后台重新复制");
        assert!(hint(45009, CHATBOT, Language::Chinese).contains("每分钟最多发送 20 条"));
        assert!(hint(45047, SEND, Language::English).contains("table of error codes"));
        assert!(is_chinese(&hint(45047, SEND, Language::Chinese)));
    }

    #[test]
    fn only_temporary_refusals_are_retried() {
        for code in [-1, 6000, 45009, 45033, 45035, 45036, 81026] {
            assert_eq!(disposition(code), Disposition::RetryLater, "{code}");
        }
        for code in [40001, 40014, 41001, 42001] {
            assert_eq!(disposition(code), Disposition::RefreshToken, "{code}");
        }
        // Codes of other flows, and those that look temporary but are not.
        for code in [42007, 42009, 45024, 45029, 48002, 60020, 93000, 7] {
            assert_eq!(disposition(code), Disposition::Permanent, "{code}");
        }
    }

    #[test]
    fn only_the_chatbots_window_is_known() {
        assert_eq!(retry_after(45009, CHATBOT), Some(60));
        assert_eq!(retry_after(45009, SEND), None);
        assert_eq!(retry_after(45009, Call { path: "/cgi-bin/gettoken", ..SEND }), None);
        assert_eq!(retry_after(-1, CHATBOT), None);
    }

    #[test]
    fn hint_depends_on_the_call_and_its_secret() {
        for (code, call, words) in [
            (60011, Call { substitute: true, ..CREATE }, "WECOM_CONTACTS_SECRET"),
            (48002, Call { substitute: true, ..CREATE }, "WECOM_CONTACTS_SECRET"),
            (48002, Call { given_token: true, ..CREATE }, "scope contacts"),
            (48002, Call { substitute: true, ..SEND }, "WECOM_SECRET"),
            (48002, Call { path: "/cgi-bin/appchat/send", ..SEND }, "root department"),
            (60011, CREATE, "contacts assistant"),
            (60011, SEND, "widen its range"),
            (60011, Call { path: "/cgi-bin/department/get", ..SEND }, "range"),
            (48002, Call { path: "/cgi-bin/user/get", substitute: true, ..SEND }, "WECOM_SECRET"),
            (40001, Call { path: "/cgi-bin/gettoken", ..SEND }, "secret is wrong"),
            (48002, CREATE, "this secret may not"),
            (48002, SEND, "this secret may not"),
            (40001, SEND, "even a fresh one"),
            (40001, Call { given_token: true, ..SEND }, "get-access-token"),
            (40014, Call { given_token: true, ..SEND }, "get-access-token"),
            (45009, CHATBOT, "20 messages a minute"),
            (45009, Call { path: "/cgi-bin/gettoken", ..SEND }, "do not fetch one for every call"),
            (45009, Call { path: "/cgi-bin/appchat/create", ..SEND }, "1000 group chats a day"),
            (45009, Call { path: "/cgi-bin/appchat/update", ..SEND }, "1000 times an hour"),
            (45009, Call { path: "/cgi-bin/user/getuserid", ..SEND }, "tomorrow"),
            (45009, SEND, "does not say which"),
            (40058, Call { path: "/cgi-bin/message/recall", ..SEND }, "this application sent"),
            (40058, Call { path: "/cgi-bin/webhook/upload_media", ..SEND }, "the key is wrong"),
            (40058, SEND, "a parameter is wrong"),
            (60111, Call { path: "/cgi-bin/user/delete", ..CREATE }, "gone"),
            (60111, Call { path: "/cgi-bin/user/get", ..CREATE }, "no such member"),
            (86206, CREATE, "2^63"),
            (93000, CHATBOT, "key="),
        ] {
            let hint = hint(code, call, Language::English);
            assert!(hint.contains(words), "{code} {}: {hint}", call.path);
        }
    }
}
