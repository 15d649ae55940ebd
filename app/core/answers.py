"""How a refusal or a fault is told: a page in the reader's language, or for programs a problem document (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.core import db
from app.core.errors import Invalid, Refusal, SignInNeeded
from app.core.i18n import lazy as _l


def init_app(app: Flask) -> None:
    app.register_error_handler(Refusal, show_refusal)
    app.register_error_handler(HTTPException, _http_fault)
    app.register_error_handler(db.Busy, _busy)
    app.register_error_handler(Exception, _fault)


def wants_json() -> bool:
    return request.path.startswith("/api/")


def show_refusal(refusal: Refusal) -> Any:
    if wants_json():
        return problem(refusal)
    if isinstance(refusal, SignInNeeded) and request.method == "GET":
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)
    title, text = WORDS.get(refusal.status, WORDS[409])
    return error_page(refusal.status, title, str(refusal) or str(text)), refusal.status


def error_page(status: int, title: Any, text: Any) -> str:
    return render_template(
        "errors/error.html", status=status, title=str(title), text=str(text), request_id=g.get("request_id", "")
    )


WORDS: dict[int, tuple[Any, Any]] = {
    400: (_l("That could not be understood"), _l("The address or the form was incomplete. Nothing has been changed.")),
    401: (_l("Please sign in"), _l("Sign in first; then this page opens.")),
    403: (_l("Not for you"), _l("Your role does not include this page. If it should, ask the manager of the house.")),
    404: (_l("Nothing here"), _l("This page does not exist, or it is not meant for you.")),
    405: (_l("Not this way"), _l("This address cannot be used like that. Nothing has been changed.")),
    409: (_l("That does not work now"), _l("Something else was in the way. Nothing has been changed.")),
    413: (_l("Too large"), _l("What was sent is larger than this house accepts. Nothing has been changed.")),
    422: (_l("Something is missing"), _l("Please check what you entered. Nothing has been changed.")),
    429: (_l("A moment, please"), _l("That was too often in a short time. Please wait a little.")),
    500: (_l("That went wrong"), _l("The fault is ours, and it has been written down. Nothing you sent has been changed half.")),
    503: (_l("Very busy just now"), _l("Many people act at this moment. Nothing has been changed; please try again.")),
}


def _http_fault(fault: HTTPException) -> Any:
    status = fault.code or 500
    if status < 400:
        return fault
    title, text = WORDS.get(status, WORDS[400] if status < 500 else WORDS[500])
    if wants_json():
        return problem_document(status, "http-" + str(status), str(title), str(text))
    if isinstance(fault, RequestEntityTooLarge):
        status = 413
    response = make_response(error_page(status, title, text), status)
    if getattr(fault, "valid_methods", None):
        response.headers["Allow"] = ", ".join(fault.valid_methods)  # type: ignore[attr-defined]
    return response


def _busy(fault: db.Busy) -> Any:
    title, text = WORDS[503]
    if wants_json():
        return problem_document(503, "busy", str(title), str(text))
    return error_page(503, title, text), 503, {"Retry-After": "1"}


def _fault(fault: Exception) -> Any:
    current_app.logger.exception("fault in %s %s", request.method, request.path)
    if current_app.testing:
        raise fault
    title, text = WORDS[500]
    if wants_json():
        return problem_document(500, "fault", str(title), str(text))
    return error_page(500, title, text), 500


# Problem documents -------------------------------------------------------------------------------------------------


def problem(refusal: Refusal) -> Response:
    """The refusal as a problem document; `facts` become members."""
    facts = dict(refusal.facts)
    if isinstance(refusal, Invalid) and refusal.fields:
        facts["errors"] = {name: [str(reason) for reason in reasons] for name, reasons in refusal.fields.items()}
    title, text = WORDS.get(refusal.status, WORDS[409])
    response = problem_document(refusal.status, refusal.kind, str(title), str(refusal) or str(text), **facts)
    if "retry_after" in facts:
        response.headers["Retry-After"] = str(facts["retry_after"])
    if isinstance(refusal, SignInNeeded):
        response.headers["WWW-Authenticate"] = 'Bearer realm="quartiersraum"'
    return response


def problem_document(status: int, kind: str, title: str, detail: str, **facts: Any) -> Response:
    plain = json.loads(json.dumps(facts, default=_json_fact))
    body = {"type": f"urn:quartiersraum:problem:{kind}", "title": title, "status": status, "detail": detail, **plain}
    body["request_id"] = g.get("request_id")
    return current_app.response_class(json.dumps(body, ensure_ascii=False), status=status, mimetype="application/problem+json")


def _json_fact(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
