"""Every action, and what the simulator knows afterwards."""

import base64
import hashlib
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY, Simulator
from script import play

from wecom_connector import (
    CLEAR,
    AccessToken,
    AppFile,
    AppImage,
    AppMarkdown,
    AppMessageOptions,
    AppMpnews,
    AppNews,
    AppNewsArticle,
    AppTemplateCard,
    AppText,
    AppTextCard,
    AppVideo,
    AppVoice,
    ButtonInteraction,
    ButtonText,
    ByteRange,
    Callback,
    CardButton,
    CardImage,
    CardTitle,
    ChatbotCredentials,
    ChatbotMediaKind,
    ChatbotText,
    CheckOutcome,
    Confidentiality,
    ContentEncoding,
    Department,
    DepartmentChanges,
    EmailKind,
    EnsureOutcome,
    Everyone,
    Gender,
    GetMediaOptions,
    GroupChatChanges,
    GroupFile,
    GroupImage,
    GroupMarkdown,
    GroupMpnews,
    GroupNews,
    GroupText,
    GroupTextCard,
    GroupVideo,
    GroupVoice,
    HorizontalContent,
    InvalidInput,
    Language,
    MediaKind,
    MemberChanges,
    MemberDetail,
    MemberInDepartment,
    MemberQuery,
    Membership,
    MemberTarget,
    MpnewsArticle,
    MpnewsConfidentiality,
    NewChatbotMedia,
    NewDepartment,
    NewFile,
    NewGroupChat,
    NewMedia,
    NewMember,
    NewsArticle,
    NewsNotice,
    Ordinary,
    Profile,
    Rejected,
    RejectedForNow,
    Selection,
    TemplateCardUpdate,
    TextCard,
    TextFormat,
    TokenScope,
    Truncation,
    Url,
    WeCom,
)
from wecom_connector._contract import INTERFACES

PNG = b"\x89PNG\r\n\x1a\n"
FOUNDER = Selection(users=["founder"])
called: set[str] = set()


@pytest.fixture(autouse=True)
def note_calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = WeCom._call

    def noting(self: WeCom, call: str, timeout: float | None, /, **arguments: Any) -> Any:
        result = real(self, call, timeout, **arguments)
        called.add(call)
        return result

    monkeypatch.setattr(WeCom, "_call", noting)
    yield


def two_members(wecom: WeCom) -> None:
    for user_id, mobile in [("noor.h", "+34600000001"), ("iker.z", "+34600000002")]:
        departments = [Membership(department_id=1)]
        wecom.create_member(
            NewMember(user_id=user_id, name=user_id, departments=departments, mobile=mobile, to_invite=False)
        )


def test_departments(wecom: WeCom, simulator: Simulator) -> None:
    created = wecom.create_department(NewDepartment(name="现场服务", parent_id=1, order=4200, id=310))
    assert (created.id, created.warning) == (310, None)
    assert wecom.update_department(310, DepartmentChanges(name="Field Service")).truncated == []
    assert wecom.list_department_ids(310) == [Department(id=310, parent_id=1, order=4200)]
    assert len(wecom.list_department_ids()) == 2
    expected = {"id": 310, "name": "Field Service", "order": 4200, "parentid": 1}
    assert simulator.state()["departments"][1] == expected
    wecom.delete_department(310)
    assert len(simulator.state()["departments"]) == 1


def test_members(wecom: WeCom, simulator: Simulator) -> None:
    two_members(wecom)
    member = NewMember(
        user_id="may.l",
        name="林美",
        gender=Gender.FEMALE,
        position="Dispatcher",
        departments=[Membership(department_id=1, order=20, leader=True)],
        direct_superiors=("noor.h",),
        mobile="13900000003",
        to_invite=False,
    )
    assert wecom.create_member(member).created_departments == []
    wecom.update_member("may.l", MemberChanges(position="Shift lead", direct_superiors=["iker.z"]))
    may = next(it for it in simulator.state()["members"] if it["userid"] == "may.l")
    assert (may["name"], may["position"], may["direct_leader"]) == ("林美", "Shift lead", ["iker.z"])
    wecom.update_member("may.l", MemberChanges(position=CLEAR, direct_superiors=CLEAR, enabled=False))
    may = next(it for it in simulator.state()["members"] if it["userid"] == "may.l")
    assert (may.get("position", ""), may["direct_leader"]) == ("", [])

    page = wecom.list_member_ids(limit=3)
    assert len(page.members) == 3
    last = wecom.list_member_ids(page.next_cursor, 3)
    assert last.members == [MemberInDepartment(user_id="noor.h", department_id=1)]
    assert last.next_cursor is None
    before = len(simulator.transcript())
    assert list(wecom.iter_member_ids(limit=3)) == [*page.members, *last.members]
    assert [it["path"] for it in simulator.transcript()[before:]] == ["/cgi-bin/user/list_id"] * 2
    wecom.delete_member("may.l")
    assert [it["userid"] for it in simulator.state()["members"]] == ["founder", "iker.z", "noor.h"]


def test_group_chats(wecom: WeCom, simulator: Simulator) -> None:
    two_members(wecom)
    chat = NewGroupChat(name="风暴" * 30, owner="noor.h", members=["noor.h", "iker.z"], id="storm2026a")
    created = wecom.create_group_chat(chat)
    assert created.id == "storm2026a"
    assert created.truncated == [Truncation(field="group_chat.name", original_bytes=180, kept_bytes=150)]
    wecom.update_group_chat("storm2026a", GroupChatChanges(name="Storm", add_members=["founder"]))
    got = wecom.get_group_chat("storm2026a")
    assert (got.name, got.owner, got.kind) == ("Storm", "noor.h", Ordinary())
    assert sorted(got.members) == ["founder", "iker.z", "noor.h"]

    file = wecom.upload_media(NewMedia(kind=MediaKind.FILE, file_name="rota.txt", content=b"Mon 7-5")).id
    image = wecom.upload_media(NewMedia(kind=MediaKind.IMAGE, file_name="n22.png", content=PNG)).id
    articles = [MpnewsArticle(title="Road status", thumbnail=image, content="<p>N-22 open</p>")]
    card = TextCard(title="Road status", description="N-22 open", url="https://ops.example/n22")
    wecom.send_group_text(GroupText(group_chat_id="storm2026a", content="Open.", mentioned_users=["noor.h"]))
    wecom.send_group_markdown(GroupMarkdown(group_chat_id="storm2026a", content="**Open**"))
    wecom.send_group_file(
        GroupFile(group_chat_id="storm2026a", media_id=file, confidentiality=Confidentiality.CONFIDENTIAL)
    )
    wecom.send_group_image(GroupImage(group_chat_id="storm2026a", media_id=image))
    wecom.send_group_mpnews(GroupMpnews(group_chat_id="storm2026a", articles=articles))
    wecom.send_group_text_card(GroupTextCard(group_chat_id="storm2026a", card=card))
    sent = [json.loads(it["body"]) for it in simulator.transcript() if it["path"] == "/cgi-bin/appchat/send"]
    assert [it["msgtype"] for it in sent] == ["text", "markdown", "file", "image", "mpnews", "textcard"]
    assert len(simulator.state()["group_messages"]) == 6


def test_app_messages(wecom: WeCom, simulator: Simulator) -> None:
    file = wecom.upload_media(NewMedia(kind=MediaKind.FILE, file_name="值班表.txt", content=b"Mon 7-5"))
    assert file.created_at is not None and file.created_at >= 1789000000
    downloaded = wecom.get_media(file.id)
    assert (downloaded.file_name, downloaded.content, downloaded.total_bytes) == ("值班表.txt", b"Mon 7-5", 7)
    image = wecom.upload_media(NewMedia(kind=MediaKind.IMAGE, file_name="n22.png", content=PNG)).id
    text = AppText(
        recipients=Selection(users=["founder", "Nobody.Known"], departments=[1]),
        content="长" * 700,
        options=AppMessageOptions(duplicate_check_interval=600),
    )
    delivery = wecom.send_app_text(text)
    assert delivery.invalid_users == ["nobody.known"]
    assert delivery.truncated == [Truncation(field="message.content", original_bytes=2100, kept_bytes=2046)]
    assert delivery.message_id is not None
    wecom.recall_app_message(delivery.message_id)

    wecom.send_app_markdown(AppMarkdown(recipients=FOUNDER, content="**T3** is offline"))
    wecom.send_app_file(AppFile(recipients=FOUNDER, media_id=file.id, confidentiality=Confidentiality.CONFIDENTIAL))
    wecom.send_app_image(AppImage(recipients=Selection(tags=[1]), media_id=image))
    article = MpnewsArticle(title="Digest", thumbnail=image, content="<p>All normal.</p>", author="Ops desk")
    within = MpnewsConfidentiality.WITHIN_CORP
    wecom.send_app_mpnews(AppMpnews(recipients=FOUNDER, articles=[article], confidentiality=within))
    card = TextCard(title="Outage", description="T3 offline", url="https://ops.example/o/8841", button_text="Open")
    wecom.send_app_text_card(AppTextCard(recipients=Everyone(), card=card))

    sent = [json.loads(it["body"]) for it in simulator.transcript() if it["path"] == "/cgi-bin/message/send"]
    assert [it["msgtype"] for it in sent] == ["text", "markdown", "file", "image", "mpnews", "textcard"]
    assert (sent[5]["touser"], sent[4]["safe"], sent[3]["totag"]) == ("@all", 2, "1")
    assert len(simulator.state()["messages"]) == 6


def test_chatbots(wecom: WeCom, simulator: Simulator) -> None:
    media = NewChatbotMedia(kind=ChatbotMediaKind.FILE, file_name="rota.txt", content=b"Mon 7-5")
    file = wecom.upload_chatbot_media(media).id
    wecom.send_chatbot_text(ChatbotText(content="Pump 2 restarted", mention_everyone=True))
    wecom.send_chatbot_markdown("**Pump 2**")
    wecom.send_chatbot_file(file)
    wecom.send_chatbot_image(PNG)
    wecom.send_chatbot_image("iVBORw0KGgo=", "e9dd2797018cad79186e03e8c5aec8dc")
    article = NewsArticle(title="Pump report", url="https://ops.example/r/5", image_url="https://ops.example/r/5.png")
    wecom.send_chatbot_news([article])
    second = ChatbotCredentials(key=simulator.env["WECOM_SECOND_CHATBOT_KEY"], base_url=simulator.env["WECOM_BASE_URL"])
    wecom.send_chatbot_text(ChatbotText(content="From the second"), chatbot=second)
    assert len(simulator.state()["chatbot_messages"]) == 7


def test_tokens_and_profiles(simulator: Simulator) -> None:
    sales = {name.replace("WECOM_", "WECOM_SALES_"): value for name, value in simulator.env.items()}
    with WeCom(sales, profile="sales") as wecom:
        issued = wecom.get_access_token(TokenScope.CONTACTS)
        assert (issued.expires_in, issued.access_token.agent_id) == (7200, 1000002)
        assert issued.access_token.token not in repr(issued)
        wecom.create_department(NewDepartment(name="Sales", parent_id=1), application=Profile("sales"))
    with WeCom({}) as wecom:
        token = AccessToken(token=issued.access_token.token, base_url=simulator.env["WECOM_BASE_URL"])
        assert len(wecom.list_department_ids(application=token)) == 2


@pytest.mark.parametrize("size", [6, 7, 8, 100_000])
def test_files_arrive_whole(wecom: WeCom, simulator: Simulator, size: int) -> None:
    content = bytes(it % 251 for it in range(size))
    token = wecom.get_access_token(TokenScope.APPLICATION).access_token.token
    media = wecom.upload_media(NewMedia(kind=MediaKind.FILE, file_name="a.bin", content=content)).id
    url = f"{simulator.env['WECOM_BASE_URL']}/cgi-bin/media/get?access_token={token}&media_id={media}"
    with urllib.request.urlopen(url) as response:
        assert response.read() == content

    wecom.send_chatbot_image(PNG + content)
    digest = hashlib.md5(PNG + content).hexdigest()
    assert digest in json.dumps(simulator.state()["chatbot_messages"])


def test_directory(wecom: WeCom) -> None:
    two_members(wecom)
    assert wecom.find_member_by_mobile("+34600000001").user_id == "noor.h"
    wecom.update_member("noor.h", MemberChanges(email="noor@ops.example"))
    assert wecom.find_member_by_email("noor@ops.example", EmailKind.PERSONAL).user_id == "noor.h"
    noor = wecom.get_member("noor.h")
    assert (noor.user_id, noor.name, noor.departments) == ("noor.h", "noor.h", noor.departments)
    assert {it.user_id for it in wecom.list_members(1).members} == {"founder", "iker.z", "noor.h"}
    full = wecom.list_members(1, MemberQuery(detail=MemberDetail.FULL)).members
    assert {it.user_id for it in full} == {"founder", "iker.z", "noor.h"}
    assert [it.id for it in wecom.list_departments().departments] == [1]
    assert wecom.get_department(1).id == 1
    wecom.delete_members(["noor.h", "iker.z"])
    assert [it.user_id for it in wecom.list_members(1).members] == ["founder"]


def test_ensure(wecom: WeCom) -> None:
    department = NewDepartment(name="North", parent_id=1, id=310)
    outcomes = [wecom.ensure_department(department).outcome for _ in range(2)]
    assert outcomes == [EnsureOutcome.CREATED, EnsureOutcome.UNCHANGED]
    member = NewMember(user_id="may.l", name="林美", mobile="13900000003", to_invite=False)
    assert wecom.ensure_member(member).outcome == EnsureOutcome.CREATED
    assert wecom.ensure_member(member).outcome == EnsureOutcome.UPDATED
    chat = NewGroupChat(name="Storm", members=["founder", "may.l"], id="storm2026b")
    outcomes = [wecom.ensure_group_chat(chat).outcome for _ in range(2)]
    assert outcomes == [EnsureOutcome.CREATED, EnsureOutcome.UNCHANGED]


def test_files_in_one_step(wecom: WeCom, simulator: Simulator) -> None:
    two_members(wecom)
    content = bytes(range(256))
    image = NewFile(file_name="n22.png", content=PNG)
    voice = NewFile(file_name="call.amr", content=b"#!AMR\n" + bytes(32))
    video = NewFile(file_name="n22.mp4", content=b"\x00\x00\x00\x18ftypmp42" + bytes(32))
    wecom.send_app_file(AppFile(recipients=FOUNDER, media_id=NewFile(file_name="a.bin", content=content)))
    wecom.send_app_voice(AppVoice(recipients=FOUNDER, media_id=voice))
    wecom.send_app_video(AppVideo(recipients=FOUNDER, media_id=video, title="N-22"))
    chat = wecom.create_group_chat(NewGroupChat(name="Storm", members=["noor.h", "iker.z"], id="storm2026c")).id
    wecom.send_group_text(GroupText(group_chat_id=chat, content="Open."))
    wecom.send_group_voice(GroupVoice(group_chat_id=chat, media_id=voice))
    wecom.send_group_video(GroupVideo(group_chat_id=chat, media_id=video))
    wecom.send_chatbot_voice(voice)
    articles = [NewsArticle(title="Report", url="https://ops.example/5")]
    wecom.send_group_news(GroupNews(group_chat_id=chat, articles=articles))
    link = Url("https://ops.example/5")
    wecom.send_app_news(AppNews(recipients=FOUNDER, articles=[AppNewsArticle(title="Report", link=link)]))
    assert wecom.upload_article_image(image).url.startswith("http")

    media = wecom.upload_media(NewMedia(kind=MediaKind.FILE, file_name="a.bin", content=content)).id
    for encoding in (None, *ContentEncoding):
        got = wecom.get_media(media, GetMediaOptions(encoding=encoding))
        assert (got.content, got.file_name) == (content, "a.bin")
    assert wecom.get_media(media).content == content
    part = wecom.get_media(media, GetMediaOptions(range=ByteRange(first=16, last=31)))
    assert (part.content, part.total_bytes) == (content[16:32], 256)

    for same in (bytearray(content), memoryview(content), base64.b64encode(content).decode()):
        wecom.send_chatbot_file(NewFile(file_name="b.bin", content=same))
        uploaded = simulator.state()["media"][-1]
        assert (uploaded["filename"], uploaded["size"]) == ("b.bin", 256)
    article = MpnewsArticle(title="Roads", thumbnail=image, content="<p>Open.</p>")
    wecom.send_app_mpnews(AppMpnews(recipients=FOUNDER, articles=[article]))

    mistakes: list[tuple[Any, str]] = [
        (content, r"^media_id: expected str or NewFile, found bytes$"),
        (Path("a.bin"), r"^media_id: expected str or NewFile, found \w*Path$"),
        (
            NewFile(file_name="a.bin", content=Path("a.bin")),
            r"^media_id\.content: expected bytes or str, found \w*Path$",
        ),  # type: ignore[arg-type]
    ]
    before = len(simulator.transcript())
    for wrong, message in mistakes:
        with pytest.raises(TypeError, match=message):
            wecom.send_chatbot_file(wrong)
    assert len(simulator.transcript()) == before
    with pytest.raises(InvalidInput) as caught:
        wecom.send_app_file(AppFile(recipients=FOUNDER, media_id=NewFile(file_name="", content=content)))
    assert [it.field for it in caught.value.fields] == ["message.media_id.file_name"]


def test_template_cards(wecom: WeCom, simulator: Simulator) -> None:
    card = ButtonInteraction(
        title=CardTitle(title="Approve?"),
        horizontal_contents=[HorizontalContent(name="By", value="Founder", target=MemberTarget("founder"))],
        buttons=[CardButton(text="Yes", action=Callback("yes"))],
    )
    sent = wecom.send_app_template_card(AppTemplateCard(recipients=FOUNDER, task_id="t-1", card=card))
    assert sent.response_code
    change = ButtonText("Approved")
    update = TemplateCardUpdate(recipients=FOUNDER, response_code=sent.response_code, change=change)
    assert wecom.update_template_card(update).invalid_users == []
    with pytest.raises(Rejected) as caught:
        wecom.update_template_card(update)
    assert caught.value.code == 60140
    image = CardImage(url="https://ops.example/n22.png", aspect_ratio=2)
    notice = NewsNotice(title=CardTitle(title="N-22"), image=image, action=Url("https://ops.example"))
    wecom.send_chatbot_template_card(notice)
    assert simulator.state()["chatbot_messages"][-1]["msgtype"] == "template_card"


def test_long_texts(wecom: WeCom, simulator: Simulator) -> None:
    text = "\n\n".join(f"Crew {it}: road N-{it} reopened." for it in range(200))
    parts = wecom.split_text(text, TextFormat.PLAIN, 2048, True)
    assert len(parts) == 4 and all(len(it.encode()) <= 2048 for it in parts)
    delivered = wecom.send_app_text(AppText(recipients=FOUNDER, content=text), split=True)
    assert [it.truncated for it in delivered] == [[]] * 4
    assert [it["content"]["content"] for it in simulator.state()["messages"][-4:]] == parts
    assert len(wecom.send_chatbot_markdown_v2("# Report\n\n" + text, split=True)) == 2
    assert wecom.send_chatbot_markdown_v2("# Report").truncated == []
    with pytest.raises(InvalidInput) as refused:
        wecom.send_app_text(AppText(recipients=FOUNDER, content=""), split=True)
    assert not hasattr(refused.value, "__notes__")
    simulator.fault("/cgi-bin/webhook/send", {"errcode": {"code": 45009, "message": "api freq out of limit"}}, skip=1)
    with pytest.raises(RejectedForNow) as caught:
        wecom.send_chatbot_markdown(text, split=True)
    assert len(caught.value.sent) == 1
    assert caught.value.__notes__ == ["part 2 of 2; `sent` has the results of the parts before it"]


def test_diagnosis(wecom: WeCom) -> None:
    assert "trusted" in wecom.explain_error(60020, Language.ENGLISH).advice
    assert "IP" in wecom.explain_error(60020, Language.CHINESE).advice
    findings = [*wecom.check_application(), *wecom.check_chatbot()]
    assert {it.outcome for it in findings} <= {CheckOutcome.PASSED, CheckOutcome.WARNED}
    found = wecom.check_chatbot(
        chatbot=ChatbotCredentials(key="wrong", base_url=wecom._settings.environment["WECOM_BASE_URL"])
    )
    assert CheckOutcome.FAILED in {it.outcome for it in found}


def test_every_action_was_called() -> None:
    assert called == INTERFACES.keys()


def test_script(wecom: WeCom) -> None:
    steps = json.loads((REPOSITORY / "host-tests/script.json").read_text(encoding="utf-8"))
    lines = play(wecom, steps)
    assert [it["call"] for it in lines] == [it["call"] for it in steps]
    assert [it for it in lines if "error" in it] == []
    assert {it["call"] for it in lines} == INTERFACES.keys()
