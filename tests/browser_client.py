"""A test client that acts like a person with a browser and criticises every page it is shown.

It fills the real forms it finds (hidden fields included), follows redirects, counts the SQL of each answer, and fails on
a page without a heading, a field without a label, an id twice, a script in the markup.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from flask import Flask, g, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from app.core import db

VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
        "use",
        "path",
        "circle",
        "rect",
        "line",
    ]
)
CLOSED_BY: dict[str, frozenset[str]] = {
    "td": frozenset({"td", "th", "tr", "tbody", "tfoot", "thead"}),
    "th": frozenset({"td", "th", "tr", "tbody", "tfoot", "thead"}),
    "tr": frozenset({"tr", "tbody", "tfoot", "thead"}),
    "li": frozenset({"li"}),
    "option": frozenset({"option", "optgroup"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "p": frozenset(["p", "div", "ul", "ol", "table", "form", "h1", "h2", "h3", "section", "fieldset", "dl"]),
}
NOT_TYPED = frozenset({"hidden", "submit", "button", "image", "reset"})
UNCOUNTED = re.compile(
    r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SELECT pg_advisory|SELECT pg_current_snapshot|select pg_catalog|show )",
    re.I,
)


@dataclass(eq=False)
class Element:
    """A node of a page; `parts` are texts and elements in order."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    parts: list[Element | str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    def __contains__(self, name: str) -> bool:
        return name in self.attributes

    def walk(self) -> Iterator[Element]:
        yield self
        for part in self.parts:
            if isinstance(part, Element):
                yield from part.walk()

    def all(self, *tags: str, **attributes: str) -> list[Element]:
        """Everything below with one of `tags` (any without) whose attributes have these values (`class_` holds the word)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            each
            for each in self.walk()
            if each is not self
            and (not tags or each.tag in tags)
            and all(value in each["class"].split() if name == "class" else each[name] == value for name, value in wanted.items())
        ]

    def one(self, *tags: str, **attributes: str) -> Element:
        found = self.all(*tags, **attributes)
        assert len(found) == 1, f"{len(found)} of {tags} {attributes} instead of one"
        return found[0]

    def above(self, *tags: str) -> Element | None:
        node = self.parent
        while node is not None and node.tag not in tags:
            node = node.parent
        return node

    @property
    def text(self) -> str:
        """What is read aloud, blanks folded."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for part in self.parts:
            if isinstance(part, str):
                yield part
            elif part.tag not in {"script", "style", "template", "title"}:
                inline = part.tag in {"b", "i", "strong", "em", "small", "span", "a", "code", "svg", "use", "label"}
                yield "" if inline else " "
                yield from part._texts()
                yield "" if inline else " "


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self.here.tag in CLOSED_BY and tag in CLOSED_BY[self.here.tag] and self.here.parent is not None:
            self.here = self.here.parent
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        node = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.parts.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        node: Element | None = self.here
        while node is not None and node.tag != tag:
            node = node.parent
        assert node is not None and node.parent is not None, f"</{tag}> closes nothing (inside <{self.here.tag}>)"
        between: Element | None = self.here
        while between is not node and between is not None:
            assert between.tag in CLOSED_BY or between.tag in {"tbody", "thead"}, f"</{tag}> while <{between.tag}> is open"
            between = between.parent
        self.here = node.parent

    def handle_data(self, data: str) -> None:
        self.here.parts.append(data)


class Page:
    """An answer. `tree` is None unless it is HTML."""

    def __init__(self, response: TestResponse, path: str, queries: Sequence[str]) -> None:
        self.response = response
        self.path = path
        self.queries = list(queries)
        self.status = response.status_code
        self.tree: Element | None = None
        if response.mimetype == "text/html" and response.status_code != 304:
            parser = _Tree()
            parser.feed(response.get_data(as_text=True))
            self.tree = parser.root

    @property
    def html(self) -> Element:
        assert self.tree is not None, f"{self.path} is no HTML page but {self.response.mimetype} ({self.status})"
        return self.tree

    @property
    def body(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def main(self) -> Element:
        return self.html.one("main")

    @property
    def text(self) -> str:
        """The words of the main part."""
        return self.main.text

    @property
    def h1(self) -> str:
        return self.html.one("h1").text

    @property
    def title(self) -> str:
        return "".join(str(part) for part in self.html.one("title").parts).strip()

    @property
    def alerts(self) -> list[str]:
        """Messages and errors on the page."""
        return [each.text for each in self.main.walk() if "kern-alert" in each["class"].split()]

    @property
    def errors(self) -> dict[str, str]:
        """Error text by field name."""
        found = {}
        for each in self.html.all("p", class_="kern-error"):
            wanted = each["id"].removesuffix("-error")
            owners = [one for one in self.html.walk() if one["id"] == wanted or one["id"] == f"{wanted}-0"]
            found[owners[0]["name"] if owners else wanted] = each.text
        return found

    def link(self, words: str) -> Element:
        """The link whose text, or whose address, holds `words`."""
        links = self.html.all("a")
        found = [each for each in links if words == each.text] or [
            each for each in links if words in each.text or words in each["aria-label"] or words in each["href"]
        ]
        assert found, f"no link {words!r} on {self.path}; there are {[each.text for each in links]}"
        return found[0]

    def form(self, locator: str | None = None) -> tuple[Element, Element | None]:
        """The form (and its button) whose button reads `locator`, or whose address ends so; without: the only one in main."""
        if locator is None:
            forms = [each for each in self.main.all("form") if each["method"] == "post"]
            assert len(forms) == 1, f"{self.path} has {len(forms)} forms in its main part, say which"
            return forms[0], _first_button(forms[0])
        buttons = [each for each in self.html.all("button", "input") if each["type"] in {"", "submit"} and each.above("form")]
        named = [each for each in buttons if each.tag == "button" and each.text == locator]
        named = named or [each for each in buttons if each.tag == "button" and locator in each.text]
        for button in named:
            form = button.above("form")
            assert form is not None
            return form, button
        for form in self.html.all("form"):
            if urlsplit(form["action"] or self.path).path.endswith(locator):
                return form, _first_button(form)
        raise AssertionError(f"no form {locator!r} on {self.path}; buttons are {[each.text for each in buttons]}")

    def has_button(self, words: str) -> bool:
        return any(words in each.text for each in self.html.all("button"))

    def has_link(self, words: str) -> bool:
        return any(words in each.text for each in self.html.all("a"))


def _first_button(form: Element) -> Element | None:
    buttons = [each for each in form.all("button") if each["type"] in {"", "submit"}]
    return buttons[0] if buttons else None


class Reader:
    """Somebody with a browser. Every answer is a `Page`; `page` is the last one.

    They have chosen English in the menu, so that tests read in one language; None leaves it to browser and person.
    """

    def __init__(self, app: Flask, language: str | None = "en") -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.language = language
        self.page: Page
        self.headers: dict[str, str] = {}
        self.sign_out()

    @property
    def queries(self) -> int:
        """SQL statements of the last answer (redirects not counted)."""
        return len(self.page.queries)

    def at_most(self, number: int) -> None:
        listed = "\n".join(self.page.queries)
        assert self.queries <= number, f"{self.page.path} asked {self.queries} times instead of {number}:\n{listed}"

    def get(self, path: str, *, expect: int = 200, follow: bool = True, **headers: str) -> Page:
        """Open `path`; redirects are followed unless `follow` is false. `headers`: underscores become dashes."""
        return self._open("GET", path, None, expect, follow, headers)

    def post(
        self,
        path: str,
        values: dict[str, Any] | None = None,
        *,
        expect: int = 200,
        follow: bool = True,
        token: bool = True,
        **headers: str,
    ) -> Page:
        """Send `values` past any form, with the page secret unless `token` is false: for what people do not do by hand."""
        values = dict(values or {})
        if token:
            values.setdefault("csrf_token", self.token())
        return self._open("POST", path, values, expect, follow, headers)

    def click(self, words: str, *, expect: int = 200) -> Page:
        """Follow the link that reads `words`."""
        return self.get(urljoin(self.page.path, self.page.link(words)["href"]), expect=expect)

    def submit(self, locator: str | None = None, *, expect: int = 200, follow: bool = True, **values: Any) -> Page:
        """Fill the form found by `Page.form(locator)` and press its button. True ticks a box, a list chooses several."""
        form, button = self.page.form(locator)
        data = fill(form, values)
        if button is not None and button["name"]:
            data.setdefault(button["name"], []).append(button["value"])
        target = urljoin(self.page.path, (button["formaction"] if button is not None else "") or form["action"] or self.page.path)
        if form["method"].lower() == "post":
            return self._open("POST", target, data, expect, follow, {})
        return self._open("GET", f"{target.partition('?')[0]}?{urlencode(data, doseq=True)}", None, expect, follow, {})

    def sign_in_as(self, person_id: int, means: str = "password") -> Reader:
        """A real sign-in of this person; with ``mail`` or ``slip`` staff roles do not count."""
        from app.accounts import service

        def act() -> str:
            return service.open_sign_in(person_id, means=means, device="Test").secret

        if has_app_context():
            secret = db.run_transaction(act)
        else:
            with self.app.app_context():
                secret = db.run_transaction(act)
        self.sign_out()
        with self.client.session_transaction() as session:
            session["_user_id"] = secret
            session["_fresh"] = True
        return self

    def sign_out(self) -> None:
        """Begin a fresh session, as on another device."""
        with self.client.session_transaction() as session:
            session.clear()
            if self.language:
                session["language"] = self.language

    def token(self) -> str:
        """The page secret of this browser's session."""
        if not hasattr(self, "page") or self.page.tree is None or not self.page.html.all("input", name="csrf_token"):
            self.get("/sign-in/staff")
        return self.page.html.all("input", name="csrf_token")[0]["value"]

    def _open(self, method: str, path: str, data: Any, expect: int, follow: bool, headers: dict[str, str]) -> Page:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        for _ in range(8):
            _forget_who_asked()
            with counted() as queries:
                response = self.client.open(path, method=method, data=data, headers=sent)
            _look_anew()
            self.page = Page(response, path, queries)
            if response.status_code in {301, 302, 303, 307, 308} and follow:
                path, method, data = urljoin(path, response.headers["Location"]), "GET", None
                continue
            break
        else:
            raise AssertionError(f"{path} redirects for ever")
        assert self.page.status == expect, f"{method} {path}: {self.page.status} instead of {expect}\n{self._words()}"
        if self.page.tree is not None and self.page.status not in {301, 302, 303}:
            faults = criticise(self.page)
            assert not faults, f"{path}: " + "; ".join(faults)
        return self.page

    def _words(self) -> str:
        return self.page.html.text[:1500] if self.page.tree is not None else self.page.body[:1500]


def fill(form: Element, values: dict[str, Any]) -> dict[str, list[Any]]:
    """What a browser would send for `form` after somebody typed `values`; only what the form offers can be chosen."""
    data: dict[str, list[Any]] = {}
    names = set()
    for each in form.all("input", "select", "textarea"):
        name, kind = each["name"], each["type"] or "text"
        if not name or kind in {"submit", "button", "image", "reset"} or "disabled" in each:
            continue
        names.add(name)
        if each.tag == "select":
            options = each.all("option")
            offered = [option.attributes.get("value", option.text) for option in options]
            chosen = [value for value, option in zip(offered, options, strict=True) if "selected" in option]
            if not chosen and offered and "multiple" not in each:
                chosen = offered[:1]
            if name in values:
                chosen = [str(one) for one in _several(values[name])]
                assert set(chosen) <= set(offered), f"{name}: {chosen} is not offered, only {offered}"
            data.setdefault(name, []).extend(chosen)
        elif kind in {"radio", "checkbox"}:
            own = each.attributes.get("value", "on")
            if name not in values:
                ticked = "checked" in each
            elif isinstance(values[name], bool):
                ticked = values[name]
            else:
                offered = [one["value"] for one in form.all("input", name=name)]
                wanted = [str(one) for one in _several(values[name])]
                assert set(wanted) <= set(offered), f"{name}: {wanted} is not offered, only {offered}"
                ticked = own in wanted
            if ticked:
                data.setdefault(name, []).append(own)
        elif kind == "file":
            if name in values:
                data.setdefault(name, []).extend(values[name] if isinstance(values[name], list) else [values[name]])
        elif each.tag == "textarea":
            data.setdefault(name, []).append(values.get(name, "".join(map(str, each.parts)).removeprefix("\n")))
        else:
            data.setdefault(name, []).append(str(values.get(name, each["value"])))
    unknown = values.keys() - names
    assert not unknown, f"the form has no {sorted(unknown)}, only {sorted(names)}"
    return data


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set) else [value]


def criticise(page: Page) -> list[str]:
    """What is wrong with an HTML page."""
    tree, faults = page.html, []
    root = tree.one("html")
    if not root["lang"] or root["dir"] not in {"ltr", "rtl"}:
        faults.append("html without lang or dir")
    if not page.title or page.title.startswith("·"):
        faults.append("no title")
    for tag in ("h1", "main"):
        if len(tree.all(tag)) != 1:
            faults.append(f"{len(tree.all(tag))} <{tag}>")
    ids = Counter(each["id"] for each in tree.walk() if each["id"])
    faults += [f"id {name!r} {count} times" for name, count in ids.items() if count > 1]
    labelled = {each["for"] for each in tree.all("label") if each.text}
    for each in tree.walk():
        where = f"<{each.tag} {each['name'] or each['id'] or each['class']}>"
        if each.tag in {"input", "select", "textarea"} and each["type"] not in NOT_TYPED:
            wrapped = each.above("label")
            if not (each["id"] in labelled or each["aria-label"] or each["aria-labelledby"] or (wrapped and wrapped.text)):
                faults.append(f"{where} has no label")
        spoken = each.text or each["aria-label"] or any(image["alt"] for image in each.all("img"))
        if each.tag in {"a", "button"} and not spoken:
            faults.append(f"{where} {each['href']} says nothing")
        if each.tag == "a" and not each["href"]:
            faults.append(f"{where} leads nowhere")
        if each.tag == "img" and "alt" not in each:
            faults.append(f"{where} without alt")
        if each.tag == "style" or (each.tag == "script" and not each["src"]) or "style" in each:
            faults.append(f"{where} has style or script inside the page")
        faults += [f"{where} has {name}" for name in each.attributes if name.startswith("on")]
        faults += [
            f"{where} points to {name}={each[name]!r}, which is missing"
            for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls", "list")
            if name in each.attributes and not all(one in ids for one in each[name].split())
        ]
        if each.tag == "form" and each["method"].lower() == "post" and not each.all("input", name="csrf_token"):
            faults.append(f"form {each['action']} without the page secret")
    level = 0
    for heading in tree.all("h1", "h2", "h3", "h4"):
        if int(heading.tag[1]) > level + 1:
            faults.append(f"<{heading.tag}> {heading.text!r} skips a level")
        level = int(heading.tag[1])
    return faults


class counted:
    """Collects the SQL statements sent inside, without those that only frame them: begin, commit, has anything been written?"""

    def __enter__(self) -> list[str]:
        self.statements: list[str] = []
        event.listen(Engine, "before_cursor_execute", self._note)
        db.asked.connect(self._note_plain)
        return self.statements

    def __exit__(self, *fault: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._note)
        db.asked.disconnect(self._note_plain)

    def _note(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        self._note_plain(statement)

    def _note_plain(self, statement: str) -> None:
        if not UNCOUNTED.match(statement):
            self.statements.append(statement)


@contextmanager
def cold() -> Iterator[None]:
    """Inside, each session remembers only what it has read itself: that is the most a page ever asks."""
    kept_with = db.kept_with
    db.kept_with = lambda dialect, connection: {}
    try:
        yield
    finally:
        db.kept_with = kept_with


def _forget_who_asked() -> None:
    """Flask lends a test's application context to each request: what the last one kept there must not answer for this one."""
    if has_app_context():
        for name in list(g):
            g.pop(name)


def _look_anew() -> None:
    """The test's own session forgets what it saw before the request."""
    if has_app_context() and not db.in_transaction():
        db.session().close()
