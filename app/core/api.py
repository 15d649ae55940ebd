"""The JSON door: the same verbs and rules as the pages, with bearer tokens, problem details and a description.

``api.get`` and ``api.post`` take pydantic models; from the same declarations comes ``/api/v1/openapi.json``.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, Generic, TypeVar

from flask import Blueprint, Response, current_app, g, request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import models_json_schema
from werkzeug.exceptions import BadRequest

from app.core import db, idempotency, web
from app.core.errors import Invalid, Refusal
from app.core.forms import clean_line, clean_text
from app.core.i18n import gettext
from app.core.i18n import lazy as _l
from app.core.policy import Rule, everyone

Item = TypeVar("Item")
Handler = TypeVar("Handler", bound=Callable[..., Any])
PREFIX = "/api/v1"
VERSION = "1.0"
"""Of the door, not of the program: the first number is the one in the address."""


def _storable(text: str) -> str:
    if any("\ud800" <= letter <= "\udfff" or letter == "\x00" for letter in text):
        raise ValueError(gettext("This text holds characters that cannot be stored."))
    return text


Line = Annotated[str, AfterValidator(_storable), AfterValidator(clean_line)]
Text = Annotated[str, AfterValidator(_storable), AfterValidator(clean_text)]


class Document(BaseModel):
    """Base of what the API takes and gives. Unknown keys are refused: a misspelt one is not silently dropped."""

    model_config = ConfigDict(extra="forbid", ser_json_timedelta="iso8601")


class Page(Document, Generic[Item]):
    """A list, a page at a time; `next` is the cursor for ``?cursor=``, None at the end."""

    items: list[Item]
    next: str | None = None


class Problem(BaseModel):
    """RFC 9457; further members are facts of the refusal."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None


class KeyUsedOtherwise(Refusal):
    status = 422
    kind = "idempotency-key-reused"
    message = _l("This Idempotency-Key has already been used for another request.")


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    name: str
    summary: str
    allow: Rule
    answer: type[BaseModel]
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    status: int


class Api:
    """The endpoints of one feature."""

    operations: list[Operation] = []

    def __init__(self, name: str) -> None:
        self.blueprint = Blueprint(f"{name}_api", __name__, url_prefix=PREFIX)

    def get(
        self,
        path: str,
        *,
        allow: Rule,
        answer: type[BaseModel],
        query: type[BaseModel] | None = None,
        load: Callable[..., Any] | None = None,
    ) -> Callable[[Handler], Handler]:
        return self._operation("GET", path, allow, answer, None, query, load, 200)

    def post(
        self,
        path: str,
        *,
        allow: Rule,
        answer: type[BaseModel],
        body: type[BaseModel] | None = None,
        load: Callable[..., Any] | None = None,
        status: int = 201,
        turns: Sequence[str] = (),
    ) -> Callable[[Handler], Handler]:
        """An act; `turns` as in `web.Pages.post`."""
        return self._operation("POST", path, allow, answer, body, None, load, status, turns)

    def _operation(
        self,
        method: str,
        path: str,
        allow: Rule,
        answer: type[BaseModel],
        body: type[BaseModel] | None,
        query: type[BaseModel] | None,
        load: Callable[..., Any] | None,
        status: int,
        turns: Sequence[str] = (),
    ) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            def call(*subject: Any, **values: Any) -> Any:
                if query is not None:
                    values["query"] = _checked(query, request.args.to_dict())
                if body is not None:
                    values["body"] = _checked(body, _json())
                return handler(*subject, **values)

            guarded = web.guarded(call, allow, load)
            endpoint = _write(guarded, status, turns) if method == "POST" else _read(guarded)
            endpoint.allow = allow  # type: ignore[attr-defined]
            self.blueprint.add_url_rule(web.storable(path), handler.__name__, endpoint, methods=[method])
            summary = (inspect.getdoc(handler) or handler.__name__).splitlines()[0]
            name = f"{self.blueprint.name.removesuffix('_api')}.{handler.__name__}"
            Api.operations.append(Operation(method, path, name, summary, allow, answer, body, query, status))
            return handler

        return declare


def _json() -> Any:
    """What was sent; nothing at all is an empty object."""
    if not request.get_data():
        return {}
    try:
        return request.get_json(force=True)
    except (BadRequest, RecursionError):
        raise Invalid(message=gettext("The body is not valid JSON.")) from None


def _checked(model: type[BaseModel], data: Any) -> BaseModel:
    try:
        return model.model_validate(data)
    except ValidationError as fault:
        fields: dict[str, list[Any]] = {}
        for error in fault.errors(include_url=False, include_context=False, include_input=False):
            place = ".".join(_readable(part) for part in error["loc"]) or "body"
            fields.setdefault(place, []).append(_reason(error["type"], error["msg"]))
        names = ", ".join(fields)
        raise Invalid(fields, gettext("Please check these values: %(names)s", names=names)) from None


_REASONS: dict[str, Any] = {
    "missing": _l("This value is missing."),
    "extra_forbidden": _l("There is no such value."),
    "string_too_long": _l("This text is too long."),
    "string_too_short": _l("This text is too short."),
    "string_type": _l("This must be text."),
    "string_unicode": _l("This text holds characters that cannot be stored."),
    "int_parsing": _l("This must be a whole number."),
    "int_parsing_size": _l("This number is too large."),
    "int_from_float": _l("This must be a whole number."),
    "bool_parsing": _l("This must be true or false."),
    "bool_type": _l("This must be true or false."),
    "enum": _l("Please choose one of these."),
    "literal_error": _l("Please choose one of these."),
    "model_type": _l("This must be an object with named values."),
    "int_type": _l("This must be a whole number."),
    "greater_than_equal": _l("This number is too small."),
    "less_than_equal": _l("This number is too large."),
    "timezone_aware": _l("This time needs an offset, such as +01:00."),
    "datetime_from_date_parsing": _l("This is not a time in ISO 8601 with an offset."),
    "datetime_parsing": _l("This is not a time in ISO 8601 with an offset."),
    "datetime_object_invalid": _l("This is not a time in ISO 8601 with an offset."),
    "datetime_type": _l("This is not a time in ISO 8601 with an offset."),
}


def _reason(kind: str, fallback: str) -> str:
    return str(_REASONS.get(kind) or fallback.removeprefix("Value error, "))


def _readable(part: object) -> str:
    """A step on the way to a value, which somebody else may have named: short, and such that it can be sent."""
    return str(part).encode("utf-8", "replace").decode()[:60]


def _read(answer: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(answer)
    def edge(**values: Any) -> Response:
        return _respond(200, _plain(answer(**values)))

    return edge


def _write(answer: Callable[..., Any], status: int, turns: Sequence[str]) -> Callable[..., Any]:
    @wraps(answer)
    def edge(**values: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")[:200]
        content = re.sub(r"\s+", "", request.get_data(as_text=True))

        def attempt() -> tuple[int, Any]:
            g.pop("_login_user", None)
            scope = f"{request.endpoint}:{request.path}:{web.actor().session_key}"
            if key and (stored := idempotency.earlier(scope, key)) is not None:
                done = json.loads(stored)
                if done["content"] != content:
                    raise KeyUsedOtherwise
                return done["status"], done["document"]
            document = _plain(answer(**dict(values)))
            if key:
                idempotency.remember(scope, key, json.dumps({"status": status, "document": document, "content": content}))
            return status, document

        return _respond(*db.run_transaction(attempt, turns=turns))

    return edge


def _plain(document: Any) -> Any:
    return document.model_dump(mode="json", by_alias=True) if isinstance(document, BaseModel) else document


def _respond(status: int, document: Any, kind: str = "application/json") -> Response:
    return current_app.response_class(json.dumps(document, ensure_ascii=False), status=status, mimetype=kind)


def describe(server: str, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 description of every declared operation."""
    models: dict[str, type[BaseModel]] = {"Problem": Problem}
    for operation in Api.operations:
        for model in (operation.answer, operation.body):
            if model is not None:
                models[model.__name__] = model
    refs, definitions = models_json_schema(
        [(model, "serialization" if model is Problem else "validation") for model in models.values()],
        ref_template="#/components/schemas/{model}",
    )
    by_model: dict[Any, dict[str, Any]] = {model: schema for (model, _mode), schema in refs.items()}
    paths: dict[str, Any] = {}
    for operation in Api.operations:
        path = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _described(operation, by_model)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Quartiersraum", "version": version, "description": "The house's verbs for other programs."},
        "servers": [{"url": server.rstrip("/") + PREFIX}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


description = Blueprint("description_api", __name__, url_prefix=PREFIX)


def openapi() -> Response:
    """What other programs can do here, in words for programs. Nothing in it is secret."""
    return _respond(200, describe(current_app.extensions["settings"].public_url, VERSION))


openapi.allow = everyone  # type: ignore[attr-defined]
description.add_url_rule("/openapi.json", "openapi", openapi)


def _described(operation: Operation, schemas: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer" if kind == "int:" else "string"}}
        for kind, name in re.findall(r"<((?:[a-z]+:)?)([a-z_]+)>", operation.path)
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema()
        needed = schema.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in needed, "schema": part}
            for name, part in schema["properties"].items()
        ]
    if operation.method == "POST":
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string"}})
    problem_answer = {"description": "Problem", "content": {"application/problem+json": {"schema": schemas[Problem]}}}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Who may: {operation.allow.name}",
        "parameters": parameters,
        "responses": {
            str(operation.status): {
                "description": "OK",
                "content": {"application/json": {"schema": schemas[operation.answer]}},
            },
            "4XX": problem_answer,
            "503": problem_answer,
        },
    }
    if operation.body is not None:
        needed = any(field.is_required() for field in operation.body.model_fields.values())
        described["requestBody"] = {"required": needed, "content": {"application/json": {"schema": schemas[operation.body]}}}
    return described


Moment = AwareDatetime
"""ISO 8601 with an offset; a time without one is refused."""
