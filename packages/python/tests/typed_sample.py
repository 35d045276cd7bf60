"""What a caller writes. `mypy --strict` must accept it, and find the mistake in it."""

from wecom_connector import (
    CLEAR,
    AppMpnews,
    AppText,
    AsyncWeCom,
    ByteRange,
    ChatbotText,
    Confidentiality,
    Delivery,
    Everyone,
    GetMediaOptions,
    GroupChat,
    InvalidInput,
    MemberChanges,
    MemberQuery,
    MpnewsArticle,
    NewFile,
    Other,
    Profile,
    Receipt,
    Rejected,
    RejectedForNow,
    Selection,
    WeCom,
    WeComError,
)


def send(wecom: WeCom) -> str | None:
    text = AppText(
        recipients=Selection(users=["noor.h"], departments=(1, 2)),
        content="Shift swap approved.",
        confidentiality=Confidentiality.CONFIDENTIAL,
    )
    try:
        return wecom.send_app_text(text, application=Profile("sales")).message_id
    except InvalidInput as it:
        raise SystemExit([one.field for one in it.fields]) from None
    except Rejected as it:
        raise SystemExit(f"{it.code + 0} {it.hint.lower()}") from None
    except RejectedForNow as it:
        wait: int = it.retry_after or 60
        raise SystemExit(wait) from None
    except WeComError as it:
        raise SystemExit(it.kind if it.retryable else it.took_effect) from None


def change(wecom: WeCom, position: str | None) -> None:
    wecom.update_member("noor.h", MemberChanges(position=position or CLEAR))


def kind(chat: GroupChat) -> int | None:
    return chat.kind.value if isinstance(chat.kind, Other) else None


def long_text(wecom: WeCom, text: AppText) -> tuple[list[Delivery], Delivery, bytes]:
    return wecom.send_app_text(text, split=True), wecom.send_app_text(text), wecom.get_media("MEDIA-ID").content


def files(wecom: WeCom, content: bytes, whole: bool) -> list[Receipt] | Receipt:
    wecom.send_chatbot_file("MEDIA-ID")
    wecom.send_chatbot_file(NewFile(file_name="rota.txt", content=content))
    wecom.send_chatbot_file(NewFile(file_name="rota.txt", content="TW9uIDctNQ=="))
    wecom.send_chatbot_file(content)  # type: ignore[arg-type]
    article = MpnewsArticle(title="Roads", thumbnail=NewFile(file_name="n22.png", content=content), content="<p>")
    wecom.send_app_mpnews(AppMpnews(recipients=Everyone(), articles=[article]))
    wecom.get_media("MEDIA-ID", GetMediaOptions(range=ByteRange(first=0, last=15)))
    wecom.list_members(310, MemberQuery(recursive=True))
    wecom.list_members(310, None)  # type: ignore[arg-type]
    return wecom.send_chatbot_markdown("A long text.", split=not whole)


async def at_once(env: dict[str, str]) -> int:
    async with AsyncWeCom(env, timeout=5, max_calls=2) as wecom:
        departments = [it.id for it in await wecom.list_department_ids(timeout=1.5)]
        members = [it.user_id async for it in wecom.iter_member_ids(limit=100)]
        sent: list[Receipt] = await wecom.send_chatbot_markdown("A long text.", split=True)
        one: Receipt = await wecom.send_chatbot_markdown("A long text.")
        print(sent, one)
        print(wecom.list_department_ids().id)  # type: ignore[attr-defined]
        return len(departments) + len(members)


def everything(env: dict[str, str], image: bytes) -> list[int]:
    with WeCom(env, profile="sales") as wecom:
        wecom.send_chatbot_image(image)
        wecom.send_chatbot_image("iVBORw0KGgo=", md5=None, timeout=3)
        wecom.send_chatbot_text(ChatbotText(content=1))  # type: ignore[arg-type]
        return [it.id for it in wecom.list_department_ids()]
