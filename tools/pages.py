"""Every page of the house, and how to come to it: what the browser tests walk through and ``make shots`` takes pictures of.

A page that is missing here fails ``tests/browser/test_page_list.py``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from playwright.sync_api import Locator, Response
from playwright.sync_api import Page as Tab

from tests.plumbing.demo_house import one
from tests.plumbing.server import Server

SIGNED_IN = ("resident", "volunteer", "partner", "treasurer", "desk", "manager")
ROLES = ("anonymous", *SIGNED_IN)
STAFF = ("desk", "manager")
DESK, MANAGER, RESIDENT, ANONYMOUS = ("desk",), ("manager",), ("resident",), ("anonymous",)
TREASURER, KEEPERS = ("treasurer",), ("manager", "treasurer")
FOUNDER, TRAVELLER = "founder", "traveller"
"""Whoever opens a house that has not been set up yet, and whoever stands before two that are still empty."""
LETTERS_WITHIN = 25.0

Act = Callable[[Tab, "Visit"], Response | None]


@dataclass(frozen=True)
class Page:
    """`path` may name `FACTS` in braces. `act` goes on from there to what only an act shows, and gives back the last answer.

    `reaches` is the endpoint that this ends at, where `path` alone does not tell.
    """

    name: str
    path: str
    roles: tuple[str, ...]
    act: Act | None = None
    reaches: str = ""
    status: int = 200


@dataclass
class Visit:
    """Somebody's way through the house."""

    server: Server
    role: str

    def address(self, path: str) -> str:
        """The whole address; what stands in braces is looked up in the house."""
        found = {name: one(self.server, FACTS[name]) for name in re.findall(r"\{(\w+)\}", path)}
        return self.server.url + path.format(**found)

    def open(self, tab: Tab, page: Page) -> Response:
        """Come to `page`; the last answer, which is checked for its status."""
        answer = tab.goto(self.address(page.path))
        if page.act is not None:
            answer = page.act(tab, self) or answer
        if answer is None or answer.status != page.status:
            raise LookupError(
                f"{page.name} at {tab.url} answered {answer.status if answer else 'nothing'} instead of {page.status}"
            )
        return answer


def enter(tab: Tab, server: Server, role: str, language: str = "de") -> None:
    """Choose the language as a person does, then sign in by the demonstration's one tap; `role` may be nobody's."""
    tab.goto(server.url + "/sign-in" if role in ROLES else server.url)
    menu = tab.locator("details.menu")
    menu.locator("summary").click()
    press(tab, menu.locator(f"button[name=language][value={language}]"))
    if role in SIGNED_IN:
        press(tab, f"button[name=role][value={role}]")


def letters(server: Server, to: str) -> list[EmailMessage]:
    """What lies in ``instance/mail`` for this address, the oldest first."""
    folder = server.settings.instance_path / "mail"
    files = sorted(folder.glob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name)) if folder.is_dir() else []
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    return [letter for letter in found if isinstance(letter, EmailMessage) and str(letter["To"]).lower() == to.lower()]


def wait_for_letter(server: Server, to: str, known: int = 0, holding: str = "") -> EmailMessage:
    """The newest letter to this address that has `holding` in its text, once there are more than `known` of them."""
    until = time.monotonic() + LETTERS_WITHIN
    while time.monotonic() < until:
        found = [letter for letter in letters(server, to) if re.search(holding, text_of(letter))]
        if len(found) > known:
            return found[-1]
        time.sleep(0.1)
    raise LookupError(f"no letter to {to} came within {LETTERS_WITHIN:.0f} seconds\n{server.tail()}")


def text_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


SIX_DIGITS = r"(?<!\d)\d{3} ?\d{3}(?!\d)"


def code_in(letter: EmailMessage) -> str:
    """The six digits of a sign-in letter."""
    found = re.search(SIX_DIGITS, text_of(letter))
    if found is None:
        raise LookupError(f"no code in: {text_of(letter)}")
    return found[0].replace(" ", "")


# What people do on the way -----------------------------------------------------------------------------------------


def press(tab: Tab, button: str | Locator = "main form[method=post] button:not([type=button])") -> Response:
    """Press the (first) button; the answer of the page that it leads to, after redirects."""
    place = tab.locator(button).first if isinstance(button, str) else button
    with tab.expect_event("load"), tab.expect_response(_is_a_page) as answered:
        place.click()
    return answered.value


def _is_a_page(answer: Response) -> bool:
    return answer.request.is_navigation_request() and not 300 <= answer.status < 400


def send_form(**values: str) -> Act:
    """Fill the fields of these names and send the form they stand in; checks of the browser itself are passed by."""

    def act(tab: Tab, visit: Visit) -> Response | None:
        field = None
        for name, value in values.items():
            field = tab.locator(f"main [name={name}]:not([type=hidden])").first
            kind = field.evaluate("one => one.type")
            if kind in {"radio", "checkbox"}:
                tab.locator(f"main [name={name}][value='{value}']").check(force=True)
            elif kind.startswith("select"):
                field.select_option(value)
            else:
                field.fill(value)
        form = tab.locator("main form[method=post]").first if field is None else field.locator("xpath=ancestor::form")
        form.evaluate("one => { one.noValidate = true }")
        return press(tab, form.locator("button:not([type=button]):not([formmethod=get])").last)

    return act


def ask_for_code(email: str) -> Act:
    return send_form(key=email)


def enter_with_code(email: str) -> Act:
    """As far as the page after the right code."""

    def act(tab: Tab, visit: Visit) -> Response | None:
        known = len([each for each in letters(visit.server, email) if re.search(SIX_DIGITS, text_of(each))])
        ask_for_code(email)(tab, visit)
        code = code_in(wait_for_letter(visit.server, email, known, SIX_DIGITS))
        return send_form(code=code)(tab, visit)

    return act


def wrong_code(tab: Tab, visit: Visit) -> Response | None:
    ask_for_code("lena.brandt@meilentreff.example")(tab, visit)
    return send_form(code="000000")(tab, visit)


def look_somebody_up(tab: Tab, visit: Visit) -> Response | None:
    tab.locator("main [name=purpose]").fill("Taufe")
    tab.locator("main [name=who]").fill("Kaya")
    return press(tab, "main button[formmethod=get]")


def take_taken_time(tab: Tab, visit: Visit) -> Response | None:
    return send_form(day="2026-12-03", starts="11:00", ends="13:00", purpose="Geburtstag", people="12", tariff_class="C")(
        tab, visit
    )


def wish_another_time(tab: Tab, visit: Visit) -> Response | None:
    return send_form(starts="19:00", ends="21:00")(tab, visit)


def refuse_it(tab: Tab, visit: Visit) -> Response | None:
    return send_form(reason="An dem Tag feiert schon jemand. Wie wäre es mit dem Samstag?")(tab, visit)


def invite_amira(tab: Tab, visit: Visit) -> Response | None:
    """She gets a staff role, then the link that is shown once."""
    send_form(role="desk")(tab, visit)
    tab.goto(tab.url.replace("/roles", "/invitation"))
    return send_form(way="paper")(tab, visit)


def follow_invitation(tab: Tab, visit: Visit) -> Response | None:
    invite_amira(tab, visit)
    found = re.search(r"/invitation/[\w-]+", tab.locator("main").inner_text())
    if found is None:
        raise LookupError("the invitation shows no link")
    return tab.goto(visit.server.url + found[0])


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Singkreis//DE
X-WR-CALNAME:Singkreis Germania
BEGIN:VEVENT
UID:probe@singkreis
DTSTART;TZID=Europe/Berlin:20261201T100000
DTEND;TZID=Europe/Berlin:20261201T120000
RRULE:FREQ=WEEKLY;COUNT=6
EXDATE;TZID=Europe/Berlin:20261208T100000
SUMMARY:Chorprobe
END:VEVENT
BEGIN:VEVENT
UID:fest@singkreis
DTSTART;TZID=Europe/Berlin:20261204T110000
DTEND;TZID=Europe/Berlin:20261204T140000
SUMMARY:Kleines Konzert
END:VEVENT
BEGIN:VEVENT
UID:frueher@singkreis
DTSTART;TZID=Europe/Berlin:20260902T100000
DTEND;TZID=Europe/Berlin:20260902T120000
SUMMARY:Sommerfest
END:VEVENT
END:VCALENDAR
"""


def show_calendar_file(tab: Tab, visit: Visit) -> Response | None:
    content = CALENDAR.replace("\n", "\r\n").encode()
    tab.locator("main input[type=file]").set_input_files(
        {"name": "singkreis.ics", "mimeType": "text/calendar", "buffer": content}
    )
    return press(tab)


def import_calendar_file(tab: Tab, visit: Visit) -> Response | None:
    show_calendar_file(tab, visit)
    return press(tab)


def send_nothing_useful(tab: Tab, visit: Visit) -> Response | None:
    tab.locator("main input[type=file]").set_input_files(
        {"name": "urlaub.txt", "mimeType": "text/plain", "buffer": b"Wir sind im Urlaub."}
    )
    return press(tab)


# Money at the desk -------------------------------------------------------------------------------------------------


def write_charge(tab: Tab, visit: Visit) -> Response | None:
    return send_form(title="Beamer ausgeliehen", kind="room-extra", normal="12,50")(tab, visit)


def charge_somebody(tab: Tab, visit: Visit) -> Response | None:
    """Aylin owes something; back at the page that takes it."""
    tab.goto(visit.address("/money/charges/new?person={aylin}"))
    write_charge(tab, visit)
    return tab.goto(visit.address("/money/take?person={aylin}"))


def take_nothing(tab: Tab, visit: Visit) -> Response | None:
    charge_somebody(tab, visit)
    tab.locator("main input[name^=cents-]").first.fill("zwölf")
    return press(tab, "main form[data-take] button:not([formmethod])")


def take_it_all(tab: Tab, visit: Visit) -> Response | None:
    charge_somebody(tab, visit)
    tab.locator("main [name=given]").fill("500")
    return press(tab, "main form[data-take] button:not([formmethod])")


def take_back(tab: Tab, visit: Visit) -> Response | None:
    take_it_all(tab, visit)
    return tab.goto(tab.url.split("?")[0] + "/undo")


def cancel_paid(tab: Tab, visit: Visit) -> Response | None:
    """What was paid for a charge that is cancelled is owed back."""
    take_it_all(tab, visit)
    press(tab, "main a[href*='/money/charges/']")
    tab.goto(tab.url + "/cancel")
    send_form(reason="Der Termin fällt aus.")(tab, visit)
    return press(tab, "main a[href*='/money/refunds/']")


def then(step: str) -> Act:
    """A new charge, and from its page to what is done with it."""

    def act(tab: Tab, visit: Visit) -> Response | None:
        write_charge(tab, visit)
        return tab.goto(f"{tab.url}/{step}")

    return act


def ask_deposit(tab: Tab, visit: Visit) -> Response | None:
    return send_form(kind="key", title="Schlüssel der Werkstatt", cents="25,00")(tab, visit)


def drop_deposit(tab: Tab, visit: Visit) -> Response | None:
    ask_deposit(tab, visit)
    return tab.goto(f"{tab.url}/drop")


def hold_deposit(tab: Tab, visit: Visit) -> Response | None:
    ask_deposit(tab, visit)
    deposit = tab.url
    press(tab, "main a[href*='/money/take']")
    press(tab, "main form[data-take] button:not([formmethod])")
    return tab.goto(f"{deposit}/give-back")


def count_the_drawer(tab: Tab, visit: Visit) -> Response | None:
    """With something missing, so that the page asks for a reason."""
    for name, value in {"n5000": "3", "n2000": "6", "n1000": "9", "banked": "100", "t0": "164,90", "t1": "247,70"}.items():
        tab.locator(f"main [name={name}]").fill(value)
    for part, value in {"payee": "Kiosk Kaya", "reason": "Milch", "no": "118", "cents": "38,50"}.items():
        tab.locator(f"main [name=v0_{part}]").fill(value)
    return press(tab, "main form button:not([name])")


def count_nonsense(tab: Tab, visit: Visit) -> Response | None:
    tab.locator("main form").evaluate("one => { one.noValidate = true }")
    tab.locator("main [name=banked]").fill("viel")
    tab.locator("main [name=v0_payee]").fill("Kiosk Kaya")
    return press(tab, "main form button:not([name])")


def close_alone(tab: Tab, visit: Visit) -> Response | None:
    count_the_drawer(tab, visit)
    tab.locator("main form").first.evaluate("one => { one.noValidate = true }")
    return press(tab, "main form button:not([name])")


# Swapping ----------------------------------------------------------------------------------------------------------


def set_aside(tab: Tab, visit: Visit) -> Response | None:
    return press(tab, "main form[action$='/claim'] button")


def count_one(tab: Tab, visit: Visit) -> Response | None:
    return press(tab, "main form[action$='/swap/count'] button")


# The list ----------------------------------------------------------------------------------------------------------


def hand_nothing_out(tab: Tab, visit: Visit) -> Response | None:
    """Everything on the pile has been taken off in another window."""
    tab.evaluate("document.querySelector('#hand-out-form input[name=out]').value = ''")
    tab.evaluate(
        "document.getElementById('hand-out-form').removeAttribute('id')"
    )  # so that nothing is asked for before it is sent
    return press(tab, "form[action$='/hand-out'] button.kern-btn--primary")


def take_nothing_back(tab: Tab, visit: Visit) -> Response | None:
    """The same with what comes back."""
    tab.evaluate("document.querySelector('#return-form input[name=back]').value = ''")
    return press(tab, "#return-form button.kern-btn--primary")


def end_an_approval(tab: Tab, visit: Visit) -> Response | None:
    """Approve somebody, then ask to end it."""
    tab.locator("main form [name=reason]").fill("kennt sich mit Maschinen aus")
    press(tab, "main form[method=post] button[type=submit]")
    return press(tab, "main a[href*='/library/approvals/']")


FACTS = {
    "drill": "SELECT id FROM thing WHERE slug = 'akkuschrauber'",
    "drill_piece": "SELECT min(piece.id) FROM piece JOIN thing ON thing.id = piece.thing_id WHERE slug = 'akkuschrauber'",
    "offered_piece": "SELECT min(id) FROM piece WHERE intake = 'offered'",
    "neighbours_piece": "SELECT min(id) FROM piece WHERE origin = 'neighbour'",
    "plates": "SELECT id FROM thing WHERE slug = 'partygeschirr-fuer-30'",
    "tools": "SELECT id FROM thing_class WHERE name = 'Werkzeug'",
    "lendable": "SELECT min(id) FROM piece WHERE whereabouts = 'shelf' AND condition = 'fine' AND retired_at IS NULL",
    "thing": "SELECT min(thing_id) FROM piece WHERE whereabouts = 'shelf' AND condition = 'fine' AND retired_at IS NULL",
    "line": "SELECT min(id) FROM loan_line WHERE returned_at IS NULL",
    "loan": "SELECT min(loan_id) FROM loan_line WHERE returned_at IS NULL",
    "missing": "SELECT min(id) FROM missing_part",
    "missing_line": "SELECT line_id FROM missing_part ORDER BY id LIMIT 1",
    "damage": "SELECT min(id) FROM damage WHERE line_id IS NOT NULL",
    "damage_line": "SELECT line_id FROM damage WHERE line_id IS NOT NULL ORDER BY id LIMIT 1",
    "reservation": "SELECT min(id) FROM reservation WHERE state IN ('wished', 'confirmed')",
    "erna": "SELECT id FROM person WHERE given_name = 'Erna'",
    "emine": "SELECT id FROM person WHERE given_name = 'Emine'",
    "aylin": "SELECT id FROM person WHERE given_name = 'Aylin'",
    "amira": "SELECT id FROM person WHERE given_name = 'Amira'",
    "moeller": "SELECT id FROM person WHERE family_name = 'Möller'",
    "choir": "SELECT id FROM organisation WHERE name LIKE 'Singkreis%'",
    "bridge": "SELECT id FROM organisation WHERE name LIKE 'Sprachbr%'",
    "family": "SELECT min(household_id) FROM person WHERE family_name = 'Kaya'",
    "child": "SELECT id FROM child WHERE first_name = 'Elif'",
    "birthday": "SELECT id FROM booking WHERE purpose = '70. Geburtstag'",
    "tenants": "SELECT id FROM booking WHERE purpose LIKE 'Mieterversammlung%'",
    "course": "SELECT min(id) FROM booking WHERE purpose = 'Sprachkurs' AND starts_at > '2026-11-27'",
    "own": "SELECT id FROM booking WHERE purpose LIKE 'Brief vom Amt%'",
    "feast": "SELECT id FROM booking WHERE purpose = 'Tauffeier'",
    "letting": "SELECT id FROM offering WHERE code = 'O01'",
    "cleaning": "SELECT min(id) FROM room_surcharge WHERE code = 'reinigung'",
    "hours": "SELECT min(id) FROM opening_hours WHERE weeks = ''",
    "cash_day": "SELECT max(id) FROM cash_day WHERE banked_cents > 0",
    "transit": "SELECT max(e.id) FROM ledger_entry e JOIN ledger_line l ON l.entry_id = e.id"
    " WHERE l.account_code = '1500' AND e.source = 'cash_day'",
    "call": "SELECT min(id) FROM letter WHERE way = 'phone' AND state = 'waiting'",
    "told": "SELECT min(id) FROM letter WHERE way = 'mail' AND state = 'sent'",
    "fund": "SELECT min(id) FROM fund",
    "expense": "SELECT min(id) FROM expense",
    "entry": "SELECT min(id) FROM ledger_entry",
    "announced": "SELECT min(id) FROM shelf_thing WHERE state = 'announced'",
    "listing": "SELECT id FROM time_listing WHERE title = 'English conversation'",
    "care": "SELECT id FROM time_listing WHERE careful",
    "own_listing": "SELECT id FROM time_listing WHERE title LIKE 'German practice%'",
    "match": "SELECT min(id) FROM time_match WHERE state = 'agreed'",
    "hours_waiting": "SELECT min(id) FROM time_hours WHERE state = 'booked' AND match_id IS NOT NULL",
    "hours_stopped": "SELECT min(id) FROM time_hours WHERE stopped_at IS NOT NULL",
    "own_account": "SELECT a.id FROM time_account a JOIN person p ON p.id = a.person_id WHERE p.given_name = 'Nour'",
    "pot": "SELECT id FROM time_account WHERE kind = 'pot'",
    "time_entry": "SELECT max(id) FROM time_entry WHERE kind = 'group'",
}

PAGES = [
    # The front, rooms
    Page("front", "/", ROLES),
    Page("rooms", "/rooms", ("anonymous", "resident", "desk")),
    Page("rooms-as-table", "/rooms?as=table", ANONYMOUS),
    Page("rooms-next-week", "/rooms?day=2026-12-04", ("resident", "desk")),
    Page("rooms-holiday", "/rooms?day=2026-12-25", ANONYMOUS),
    Page("rooms-for-somebody", "/rooms?for={erna}", DESK),
    Page("find-room", "/rooms/find", ANONYMOUS),
    Page("find-room-answers", "/rooms/find?day=2026-11-30&people=25&minutes=120&feature=step_free&feature=projector", RESIDENT),
    Page("room", "/rooms/saal", ("anonymous", "resident", "manager")),
    Page("room-part", "/rooms/saal-ost", DESK),
    # Booking
    Page("book", "/rooms/gruppenraum/book?start=2026-12-01T10:00", ("resident", "desk")),
    Page("book-instant", "/rooms/lernraum/book?start=2026-12-01T11:00", RESIDENT),
    Page(
        "book-errors",
        "/rooms/gruppenraum/book?start=2026-12-01T10:00",
        RESIDENT,
        send_form(purpose="", people="500"),
        "rooms.book_room",
        422,
    ),
    Page("book-taken", "/rooms/gruppenraum/book?start=2026-12-03T11:00", RESIDENT, take_taken_time, "rooms.book_room", 409),
    Page("book-on-behalf", "/rooms/gruppenraum/book?start=2026-12-01T10:00", DESK, look_somebody_up, "rooms.show_booking_form"),
    Page("my-bookings", "/bookings", ("resident", "volunteer")),
    Page("booking", "/bookings/{own}", ("resident", "desk")),
    Page("booking-wish", "/bookings/{birthday}", DESK),
    Page("booking-change", "/bookings/{own}/change", RESIDENT),
    Page("booking-change-staff", "/bookings/{course}/change", DESK),
    Page("booking-cancel", "/bookings/{own}/cancel", RESIDENT),
    Page("booking-charged", "/bookings/{feast}", DESK),
    Page("booking-cancel-charged", "/bookings/{feast}/cancel", DESK),
    Page("book-with-price", "/rooms/saal/book?start=2026-12-13T14:00", ("resident", "desk")),
    Page("booking-refuse", "/bookings/{birthday}/refuse", DESK),
    Page("booking-refuse-errors", "/bookings/{birthday}/refuse", DESK, send_form(reason=""), "rooms.refuse_booking", 422),
    Page("wishes", "/wishes", STAFF),
    Page("wishes-after-refusal", "/bookings/{tenants}/refuse", DESK, refuse_it, "rooms.show_wishes"),
    Page("bookings-list", "/bookings/list", STAFF),
    Page("bookings-list-none", "/bookings/list?room=werkstatt&from=2027-06-01&to=2027-06-02", DESK),
    # Signing in
    Page("sign-in", "/sign-in", ANONYMOUS),
    Page("sign-in-errors", "/sign-in", ANONYMOUS, send_form(key="Lena"), "accounts.begin_sign_in", 422),
    Page("sign-in-code", "/sign-in", ANONYMOUS, ask_for_code("lena.brandt@meilentreff.example"), "accounts.enter_code"),
    Page("sign-in-code-wrong", "/sign-in", ANONYMOUS, wrong_code, "accounts.redeem_code", 422),
    Page("sign-in-join", "/sign-in", ANONYMOUS, enter_with_code("neu.hier@meilentreff.example"), "accounts.join"),
    Page("sign-in-who", "/sign-in", ANONYMOUS, enter_with_code("familie.kaya@meilentreff.example"), "accounts.choose_person"),
    Page("sign-in-staff", "/sign-in/staff", ANONYMOUS),
    Page(
        "sign-in-staff-errors",
        "/sign-in/staff",
        ANONYMOUS,
        send_form(email="a@b", password="x", code="1"),
        "accounts.enter_with_password",
        422,
    ),
    # Oneself
    Page("me", "/me", ("resident", "treasurer", "desk")),
    Page("me-edit", "/me/edit", RESIDENT),
    Page("my-devices", "/my/devices", ("resident", "manager")),
    Page("my-password", "/my/password", DESK),
    # People
    Page("people", "/people", STAFF),
    Page("people-search", "/people?q=kaia", DESK),
    Page("people-nobody", "/people?q=Xanthippe", DESK),
    Page("people-new", "/people/new?q=Ada+Lovelace", DESK),
    Page("people-new-errors", "/people/new", DESK, send_form(given_name="", family_name=""), "people.create_person", 422),
    Page("people-choose", "/people/choose?q=kaya&next=/rooms", DESK),
    Page("person", "/people/{erna}", STAFF),
    Page("person-with-family", "/people/{aylin}", DESK),
    Page("person-edit", "/people/{erna}/edit", DESK),
    Page("person-household", "/people/{erna}/household?q=kaya", DESK),
    Page("person-consent", "/people/{erna}/consents/new", DESK),
    Page("person-merge-choice", "/people/{aylin}/merge?q=kaya", DESK),
    Page("person-merge", "/people/{aylin}/merge?with={emine}", DESK),
    Page("household", "/households/{family}", DESK),
    Page("child", "/households/{family}/children/{child}", DESK),
    Page("organisations", "/organisations", DESK),
    Page("organisation", "/organisations/{bridge}", DESK),
    Page("organisation-new", "/organisations/new", DESK),
    Page("organisation-edit", "/organisations/{choir}/edit", DESK),
    Page("organisation-members", "/organisations/{choir}/members?q=nowak", DESK),
    # Keys
    Page("slips", "/people/{erna}/slip", DESK),
    Page("slip", "/people/{erna}/slip", DESK, send_form(), "accounts.show_slip"),
    Page("roles", "/people/{moeller}/roles", MANAGER),
    Page("invitation", "/people/{moeller}/invitation", MANAGER),
    Page("invitation-link", "/people/{amira}/roles", MANAGER, invite_amira, "accounts.show_invitation"),
    Page("invitation-accept", "/people/{amira}/roles", MANAGER, follow_invitation, "accounts.accept_invitation"),
    Page("tokens", "/tokens", MANAGER),
    Page("token", "/tokens", MANAGER, send_form(label="Türanzeige Saal", role="resident"), "accounts.show_token"),
    # Telling people
    Page("outbox", "/outbox", STAFF),
    Page("outbox-paper", "/outbox?shelf=paper", DESK),
    Page("outbox-failed", "/outbox?shelf=failed", DESK),
    Page("outbox-waiting", "/outbox?shelf=waiting", DESK),
    Page("outbox-sent", "/outbox?shelf=sent", DESK),
    Page("letter-to-phone", "/outbox/{call}", DESK),
    Page("letter", "/outbox/{told}", DESK),
    # The drawer
    Page("cash", "/money/cash", ("desk", "treasurer")),
    Page("cash-count", "/money/cash/count", DESK),
    Page("cash-count-errors", "/money/cash/count", DESK, count_nonsense, "money.check_count", 422),
    Page("cash-check", "/money/cash/count", DESK, count_the_drawer, "money.check_count"),
    Page("cash-close-errors", "/money/cash/count", DESK, close_alone, "money.close_cash_day", 422),
    Page("cash-day", "/money/cash/{cash_day}", ("desk", "treasurer")),
    Page("cash-transit", "/money/cash/transit/{transit}", ("treasurer",)),
    # The manager's
    Page("house", "/house", MANAGER),
    Page("hours", "/house/hours", MANAGER),
    Page("hours-new", "/house/hours/new", MANAGER),
    Page("hours-end", "/house/hours/{hours}/end", MANAGER),
    Page("days-close", "/house/days/close", MANAGER),
    Page("days-close-errors", "/house/days/close", MANAGER, send_form(first="", reason=""), "offers.close_days", 422),
    Page("days-open", "/house/days/open", MANAGER),
    Page("days-remove", "/house/days/remove?first=2026-12-24&last=2026-12-24", MANAGER),
    Page("prices", "/house/prices", MANAGER),
    Page("prices-of-room", "/house/prices/saal", MANAGER),
    Page("rooms-manage", "/rooms/manage", MANAGER),
    Page("surcharge-new", "/rooms/saal/surcharges/new", MANAGER),
    Page("surcharge-edit", "/rooms/saal/surcharges/{cleaning}", MANAGER),
    Page("surcharge-remove", "/rooms/saal/surcharges/{cleaning}/remove", MANAGER),
    Page("surcharge-prices", "/house/surcharges/heizung/prices", MANAGER),
    Page("room-new", "/rooms/new", MANAGER),
    Page("room-edit", "/rooms/saal/edit", MANAGER),
    Page("room-archive", "/rooms/saal/archive", MANAGER),
    Page("rooms-affected", "/rooms/affected", MANAGER),
    # Offerings, kinds of income, values
    Page("offerings", "/money/offerings", KEEPERS),
    Page("offering-new", "/money/offerings/new", TREASURER),
    Page("offering-new-errors", "/money/offerings/new", TREASURER, send_form(name=""), "money.add_offering", 422),
    Page("offering-edit", "/money/offerings/{letting}", TREASURER),
    Page("offering-archive", "/money/offerings/{letting}/archive", TREASURER),
    Page("income-kinds", "/money/kinds", TREASURER),
    Page("income-kind-new", "/money/kinds/new", TREASURER),
    Page("income-kind-edit", "/money/kinds/room", TREASURER),
    Page("values", "/money/values", KEEPERS),
    Page("value-edit", "/money/values/vat.food", TREASURER),
    Page("value-terms", "/money/values/rooms.cancellation", TREASURER),
    Page("journal", "/journal", MANAGER),
    Page("import", "/rooms/werkstatt/import", DESK),
    Page("import-errors", "/rooms/werkstatt/import", DESK, send_nothing_useful, "rooms.preview_import", 422),
    Page("import-preview", "/rooms/werkstatt/import", DESK, show_calendar_file, "rooms.preview_import"),
    Page("import-done", "/rooms/werkstatt/import", DESK, import_calendar_file, "rooms.show_import_form"),
    # The books
    Page("ledger", "/money/ledger", TREASURER),
    Page("ledger-filters", "/money/ledger?more=1", TREASURER),
    Page("ledger-none", "/money/ledger?q=Xanthippe", TREASURER),
    Page("ledger-entry", "/money/ledger/{entry}", TREASURER),
    Page("ledger-post", "/money/ledger/new", TREASURER),
    Page(
        "ledger-post-errors",
        "/money/ledger/new",
        TREASURER,
        send_form(text="Zinsen", account_1="1200", debit_1="5", account_2="4900", credit_2="4,99"),
        "money.post_entry",
        422,
    ),
    Page("ledger-reverse", "/money/ledger/{entry}/reverse", TREASURER),
    Page("ledger-reverse-errors", "/money/ledger/{entry}/reverse", TREASURER, send_form(reason=""), "money.reverse_entry", 422),
    Page("accounts", "/money/accounts", TREASURER),
    Page("accounts-year", "/money/accounts?period=2026&all=1", TREASURER),
    Page("account", "/money/accounts/1200", TREASURER),
    Page("account-new", "/money/accounts/new", TREASURER),
    Page("account-new-errors", "/money/accounts/new", TREASURER, send_form(code="12", name=""), "money.add_account", 422),
    Page("account-edit", "/money/accounts/6500/edit", TREASURER),
    Page("account-edit-errors", "/money/accounts/6500/edit", TREASURER, send_form(name=""), "money.change_account", 422),
    Page("items", "/money/items", TREASURER),
    Page("items-none", "/money/items?q=Xanthippe", TREASURER),
    Page("payments", "/money/payments", TREASURER),
    Page("deposits", "/money/deposits", TREASURER),
    Page("deposits-settled", "/money/deposits?shelf=closed", TREASURER),
    Page("lock", "/money/lock", TREASURER),
    Page("lock-confirm", "/money/lock/confirm?locked_through=2026-10-31", TREASURER),
    Page("lock-errors", "/money/lock/confirm?locked_through=2027-10-31", TREASURER, status=422),
    Page("funds", "/money/funds", TREASURER),
    Page("fund", "/money/funds/{fund}", TREASURER),
    Page("fund-new", "/money/funds/new", TREASURER),
    Page("fund-new-errors", "/money/funds/new", TREASURER, send_form(code="zu lang!", name=""), "money.add_fund", 422),
    Page("fund-edit", "/money/funds/{fund}/edit", TREASURER),
    Page("fund-edit-errors", "/money/funds/{fund}/edit", TREASURER, send_form(name=""), "money.change_fund", 422),
    Page("fund-receive", "/money/funds/{fund}/receive", TREASURER),
    Page("fund-receive-errors", "/money/funds/{fund}/receive", TREASURER, send_form(cents="0"), "money.receive_money", 422),
    Page("fund-return", "/money/funds/{fund}/return", TREASURER),
    Page("fund-return-errors", "/money/funds/{fund}/return", TREASURER, send_form(cents="0"), "money.return_money", 422),
    Page("fund-close", "/money/funds/{fund}/close", TREASURER),
    Page("vouchers", "/money/funds/{fund}/vouchers", TREASURER),
    Page("expenses", "/money/expenses", TREASURER),
    Page("expense", "/money/expenses/{expense}", TREASURER),
    Page("expense-new", "/money/expenses/new", TREASURER),
    Page("expense-new-errors", "/money/expenses/new", TREASURER, send_form(cents="0", payee=""), "money.record_expense", 422),
    Page("expense-undo", "/money/expenses/{expense}/undo", TREASURER),
    Page("expense-undo-errors", "/money/expenses/{expense}/undo", TREASURER, send_form(reason=""), "money.undo_expense", 422),
    # Where nothing is
    Page("not-found", "/nowhere", ("anonymous", "resident"), None, "-", 404),
    Page("not-for-you", "/people", RESIDENT, None, "", 403),
    # Money at the desk
    Page("money", "/money", ("desk", "treasurer")),
    Page("money-find", "/money?q=kaya", DESK),
    Page("money-take-who", "/money/take?q=kaya", DESK),
    Page("money-take-whom", "/money/take", DESK),
    Page("money-take", "/money/take?person={aylin}", DESK, charge_somebody),
    Page("money-take-errors", "/money/take?person={aylin}", DESK, take_nothing, "money.take_payment", 422),
    Page("money-payment", "/money/take?person={aylin}", DESK, take_it_all, "money.show_payment"),
    Page("money-payment-undo", "/money/take?person={aylin}", DESK, take_back, "money.show_undo_payment"),
    Page("money-charge-new", "/money/charges/new?person={aylin}", DESK),
    Page("money-charge-errors", "/money/charges/new?person={aylin}", DESK, send_form(title=""), "money.make_charge", 422),
    Page("money-charge", "/money/charges/new?person={aylin}", ("desk", "treasurer"), write_charge, "money.show_charge"),
    Page("money-charge-reduce", "/money/charges/new?person={aylin}", DESK, then("reduce"), "money.show_reduce_charge"),
    Page("money-charge-waive", "/money/charges/new?person={aylin}", ("treasurer",), then("waive"), "money.show_waive_charge"),
    Page("money-charge-cancel", "/money/charges/new?person={aylin}", DESK, then("cancel"), "money.show_cancel_charge"),
    Page("money-invoice", "/money/charges/new?person={aylin}", DESK, then("invoice"), "money.show_issue_invoice"),
    Page("money-refund", "/money/take?person={aylin}", DESK, cancel_paid, "money.show_pay_refund"),
    Page("money-deposit-new", "/money/deposits/new?person={aylin}", DESK),
    Page("money-deposit", "/money/deposits/new?person={aylin}", DESK, ask_deposit, "money.show_deposit"),
    Page("money-deposit-drop", "/money/deposits/new?person={aylin}", DESK, drop_deposit, "money.show_drop_deposit"),
    Page("money-deposit-back", "/money/deposits/new?person={aylin}", DESK, hold_deposit, "money.show_give_back"),
    Page("operator", "/money/operator", ("treasurer",)),
    Page("operator-errors", "/money/operator", ("treasurer",), send_form(iban="DE00 1234"), "money.change_operator", 422),
    Page("my-money", "/me/money", ("resident", "volunteer")),
    # Things that are lent
    Page("things", "/things", ("anonymous", "desk")),
    Page("things-found", "/things?q=bohrmaschiene&free=1", ANONYMOUS),
    Page("thing", "/things/akkuschrauber", ("anonymous", "resident")),
    Page("thing-reserve", "/things/akkuschrauber/reserve?day=2026-12-03", RESIDENT),
    Page("thing-reserve-closed", "/things/akkuschrauber/reserve?day=2026-12-06", RESIDENT),
    Page("my-things", "/me/things", ("resident", "volunteer")),
    Page("my-thing-cancel", "/me/things/reservations/{reservation}/cancel", DESK),
    Page("things-kept", "/library/things", STAFF),
    Page("things-to-wash", "/library/things?state=wash", DESK),
    Page("things-none", "/library/things?state=lost", DESK),
    Page("thing-new", "/library/things/new", DESK),
    Page("thing-new-errors", "/library/things/new", DESK, send_form(name=""), "library.add_thing", 422),
    Page("thing-kept", "/library/things/{drill}", STAFF),
    Page("thing-edit", "/library/things/{drill}/edit", DESK),
    Page("pieces-new", "/library/things/{plates}/pieces/new", DESK),
    Page("piece-offered-new", "/library/things/{drill}/pieces/new?offered=1", DESK),
    Page("piece", "/library/pieces/{drill_piece}", DESK),
    Page("piece-of-a-neighbour", "/library/pieces/{neighbours_piece}", DESK),
    Page("piece-offered", "/library/pieces/{offered_piece}", DESK),
    Page("piece-edit", "/library/pieces/{drill_piece}/edit", DESK),
    Page("piece-retire", "/library/pieces/{drill_piece}/retire", DESK),
    Page("piece-decline", "/library/pieces/{offered_piece}/decline", DESK),
    Page("piece-test", "/library/pieces/{drill_piece}/test", DESK),
    Page("tests", "/library/tests", DESK),
    Page("labels", "/library/labels?q=leiter", DESK),
    Page("things-import", "/library/things/import", DESK),
    Page("classes", "/library/classes", MANAGER),
    Page("class-new", "/library/classes/new", MANAGER),
    Page("class", "/library/classes/{tools}", MANAGER),
    Page("terms", "/library/terms", MANAGER),
    # Swap shelf and time bank
    Page("swap", "/swap", ("anonymous", "resident", "desk")),
    Page("swap-none", "/swap?kind=other", RESIDENT, set_aside, "swap.show_shelf"),
    Page("swap-bring", "/swap/bring", ("resident", "desk")),
    Page("swap-bring-errors", "/swap/bring", RESIDENT, send_form(title=""), "swap.bring_thing", 422),
    Page("swap-desk", "/swap/desk", STAFF),
    Page("swap-desk-counted", "/swap/desk", DESK, count_one, "swap.show_shelf_desk"),
    Page("swap-decline", "/swap/things/{announced}/decline", DESK),
    Page("swap-counts", "/swap/counts", DESK),
    Page("time", "/time", ("resident", "desk")),
    Page("time-nothing-found", "/time?q=Raketenbau", RESIDENT),
    Page("time-join", "/time/join", ("volunteer",)),
    Page("time-join-errors", "/time/join", ("volunteer",), send_form(), "swap.join", 422),
    Page("time-join-on-behalf", "/time/join?for={erna}", DESK),
    Page("time-account", "/time/account", ("resident", "volunteer")),
    Page("time-leave", "/time/accounts/{own_account}/leave", RESIDENT),
    Page("time-new", "/time/new?kind=offer", RESIDENT),
    Page(
        "time-new-errors",
        "/time/new?kind=offer",
        RESIDENT,
        send_form(title="Ruf an", about="0231 5550176"),
        "swap.add_listing",
        422,
    ),
    Page("time-listing", "/time/listings/{care}", ("resident", "manager")),
    Page("time-listing-own", "/time/listings/{own_listing}", RESIDENT),
    Page("time-listing-change", "/time/listings/{own_listing}/change", RESIDENT),
    Page("time-match", "/time/matches/{match}", ("resident", "desk")),
    Page("time-hours-new", "/time/matches/{match}/hours", RESIDENT),
    Page("time-hours", "/time/hours/{hours_waiting}", RESIDENT),
    Page("time-hours-stopped", "/time/hours/{hours_stopped}", STAFF),
    Page("time-desk", "/time/desk", STAFF),
    Page("time-desk-account", "/time/accounts/{own_account}", STAFF),
    Page("time-desk-pot", "/time/accounts/{pot}", DESK),
    Page("time-desk-hours", "/time/desk/hours", DESK),
    Page("time-desk-group", "/time/desk/group", DESK),
    Page("time-desk-group-errors", "/time/desk/group", DESK, send_form(note=""), "swap.thank_group", 422),
    Page("time-correct", "/time/entries/{time_entry}/correct", MANAGER),
    # The library: the desk
    Page("library", "/library", DESK),
    Page("library-hand-out", "/library?person={aylin}&out={lendable}", DESK),
    Page("library-hand-out-nothing", "/library?person={aylin}&out={lendable}", DESK, hand_nothing_out, "library.hand_out", 422),
    Page("library-take-back", "/library?back={line}", DESK),
    Page("library-take-back-nothing", "/library?back={line}", DESK, take_nothing_back, "library.return_pieces", 422),
    Page("library-none", "/library?q=Xanthippe", DESK),
    Page("library-today", "/library/today", STAFF),
    Page("library-loans", "/library/loans", DESK),
    Page("library-loans-none", "/library/loans?q=Xanthippe", DESK),
    Page("library-loan", "/library/loans/{loan}", DESK),
    Page("library-renew", "/library/lines/{line}/renew", DESK),
    Page("library-new-date", "/library/lines/{line}/new-date", DESK),
    Page("library-write-off", "/library/lines/{line}/write-off", DESK),
    Page("library-part", "/library/lines/{missing_line}/parts/{missing}", DESK),
    Page("library-damage", "/library/lines/{damage_line}/damages/{damage}", DESK),
    Page("library-reservations", "/library/reservations", DESK),
    Page("library-reservation", "/library/reservations/{reservation}", DESK),
    Page("library-reservation-give-up", "/library/reservations/{reservation}/give-up", DESK),
    Page("library-reservation-refuse", "/library/reservations/{reservation}/refuse", DESK),
    Page("library-reserve-who", "/library/reserve?q=kaya", DESK),
    Page("library-reserve-what", "/library/reserve?person={aylin}&q=bohr", DESK),
    Page("library-reserve", "/library/reserve?person={aylin}&thing={thing}", DESK),
    Page("library-queue", "/library/queue", DESK),
    Page("library-borrower", "/library/people/{aylin}", DESK),
    Page("library-block", "/library/people/{aylin}/block", DESK),
    Page("library-block-errors", "/library/people/{aylin}/block", DESK, send_form(reason=""), "library.block_borrower", 422),
    Page("library-approve", "/library/people/{aylin}/approve", DESK),
    Page("library-approval-end", "/library/people/{aylin}/approve", DESK, end_an_approval, "library.show_end_approval_form"),
    Page("library-guardian", "/library/people/{aylin}/consent", DESK),
    # Other houses
    Page("set-up", "/set-up", (FOUNDER,)),
    Page("set-up-errors", "/set-up", (FOUNDER,), send_form(name=""), "home.open_house", 422),
    Page("houses", "/houses", (TRAVELLER,)),
    Page("rooms-none", "/rooms", (TRAVELLER,)),
    Page("front-bare", "/", (TRAVELLER,)),
]

NOT_PAGES = frozenset(
    {
        "healthz", "metrics", "readyz", "static",
        "money.print_invoice", "money.print_receipt",
        "money.take_account", "money.take_accounts", "money.take_deposits", "money.take_entries", "money.take_expenses",
        "money.take_funds", "money.take_items", "money.take_payments", "money.take_vouchers",
        "accounts.slip_pdf", "money.print_blank_sheet", "money.print_cash_report", "money.take_cash_days",
        "notices.print_call_list", "rooms.print_booking", "rooms.print_room_sheet",
        "library.export_things", "library.follow_label", "library.print_labels", "library.print_tests", "library.show_photo",
        "library.print_day", "library.print_loan", "library.take_loans", "library.take_reservations",
        "people.organisations_sheet", "people.people_sheet", "rooms.take_bookings",
        "rooms.subscribe_person", "rooms.subscribe_room", "swap.print_hours",
        "rooms.show_price",  # a piece of the booking form
    }
)  # fmt: skip
"""What GET also answers: signs of life, browser files, PDFs, sheets, calendars, pieces. All of the API is none, either."""


def pages_of(role: str, pattern: str = "") -> list[Page]:
    return [page for page in PAGES if role in page.roles and (not pattern or re.search(pattern, page.name))]
