"""Letters with which people sign in."""

from __future__ import annotations

from datetime import timedelta

from app.accounts.events import CodeIssued, InvitationIssued
from app.core import clock, i18n
from app.core.i18n import gettext, ngettext
from app.notices import queries, service
from app.notices.reactions.letters import letter, url


def send_code(event: CodeIssued) -> None:
    """The six digits, always by mail to the address that was typed: that it arrives there is the proof."""
    house = queries.house(event.house_id)
    if house is None:
        return
    with i18n.speaking(event.language):
        valid = ngettext("It is valid for one minute.", "It is valid for %(num)d minutes.", event.minutes)
        paragraphs = (
            gettext("your code for signing in is %(code)s", code=event.code),
            valid + " " + gettext("Nobody from the house will ever ask you for it."),
            gettext("If it was not you who asked for it, you need do nothing."),
        )
        service.write_letter(
            occasion=f"code:{event.code_id}",
            subject=gettext("Your code for signing in"),
            body=letter(event.name, house, paragraphs),
            person=queries.recipient(event.person_id),
            address=event.email,
            language=i18n.language(),
            house_id=event.house_id,
            secret=True,
            useful_until=clock.now() + timedelta(minutes=event.minutes),
        )


def send_invitation(event: InvitationIssued) -> None:
    """The link with which staff choose password and second factor; without an address it was handed over on paper."""
    house = queries.house(event.house_id)
    if house is None or not event.email:
        return
    with i18n.speaking(event.language):
        paragraphs = (
            gettext("you are invited to work with %(house)s. Choose your password here:", house=house.name),
            url(f"/invitation/{event.token}"),
            gettext("The link works until %(when)s.", when=i18n.moment(event.expires_at))
            + " "
            + gettext("Have your phone at hand; it will show the second code."),
        )
        service.write_letter(
            occasion=f"invitation:{event.invitation_id}",
            subject=gettext("Your invitation from %(house)s", house=house.name),
            body=letter(event.name, house, paragraphs),
            person=queries.recipient(event.person_id),
            address=event.email,
            language=i18n.language(),
            house_id=event.house_id,
            secret=True,
            useful_until=event.expires_at,
        )
