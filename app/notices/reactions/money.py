"""Letters about money."""

from __future__ import annotations

from app.core import i18n
from app.core.i18n import gettext
from app.money.events import FundEnding
from app.money.queries import funds
from app.notices import queries, service
from app.notices.reactions.letters import letter, url


def fund_ending(event: FundEnding) -> None:
    """To whoever looks after the fund, once for each end and each report."""
    person, house = queries.recipient(event.person_id), queries.house(event.house_id)
    fund = funds.fund(event.fund_id, event.house_id) if event.house_id is not None else None
    if person is None or house is None or fund is None:
        return
    with i18n.speaking(person.language):
        day = i18n.day(event.day)
        if event.kind == "end":
            subject = gettext("A fund ends soon")
            news = gettext("the fund “%(fund)s” ends on %(day)s.", fund=fund.name, day=day)
        else:
            subject = gettext("A report is due soon")
            news = gettext("the report about the fund “%(fund)s” is due on %(day)s.", fund=fund.name, day=day)
        left = gettext("Unspent: %(amount)s", amount=i18n.money(event.unspent_cents)) if fund.restricted else ""
        coming = (
            gettext("Still to come: %(amount)s", amount=i18n.money(event.outstanding_cents)) if event.outstanding_cents else ""
        )
        facts = "\n".join(filter(None, (left, coming)))
        service.write_letter(
            occasion=f"fund:{event.fund_id}:{event.kind}:{event.day}",
            subject=subject,
            body=letter(
                person.name, house, (news, facts, gettext("Look at it here: %(url)s", url=url(f"/money/funds/{fund.id}")))
            ),
            spoken=" ".join(filter(None, (news, left, coming))),
            person=person,
            language=i18n.language(),
            house_id=house.id,
        )
