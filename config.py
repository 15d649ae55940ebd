"""Typed settings of one centre.

Three layers, the later wins: the defaults below, ``instance/config.toml``, the environment (``QR_*``).
A default stands here only if it is right in production and fit to publish; an unknown key is an error,
because a misspelt setting that is silently ignored is worse than a house that does not open.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).resolve().parent
PREFIX = "QR_"


class BadSetting(Exception):
    """A setting is unknown or unreadable; the message names it and says what is expected."""


@dataclass(frozen=True)
class Settings:
    """Everything an operator may decide outside the program; see docs/running.md."""

    instance_path: Path = ROOT / "instance"
    database_url: str = ""
    """Empty means ``instance/centre.db`` (SQLite); for a city ``postgresql+psycopg://…``."""
    public_url: str = "http://127.0.0.1:8000"
    """The address people type; feeds, letters and QR codes carry it."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    trusted_proxies: int = 0
    """How many proxies in front may be believed about address and scheme."""
    trusted_hosts: tuple[str, ...] = ()
    """Host names the house answers to; empty means those of ``public_url``, and loopback."""
    smtp_url: str = ""
    """``smtp://user:password@host:587?tls=starttls`` or ``smtps://…``; empty keeps letters in instance/mail."""
    mail_from: str = ""
    """Sender address; empty means ``haus@`` and the host of ``public_url``."""
    timezone: str = "Europe/Berlin"
    languages: tuple[str, ...] = ("de", "en", "ar")
    demo: bool = False
    """A demonstration: invented people, a moving clock, one-click ways in. Never for a real house."""
    clock: str = ""
    """Demo only: an ISO instant, or an offset such as ``+3d``."""
    log_level: str = "INFO"
    metrics_token: str = ""
    """Bearer token that /metrics asks for; empty lets only loopback read it."""
    max_upload_bytes: int = 5_000_000

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.instance_path / 'centre.db'}"


def load(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from defaults, ``config.toml``, environment and `overrides` (tests, tools).

    Raises `BadSetting` for an unknown key or a value of the wrong kind.
    """
    env = os.environ if environ is None else environ
    instance = Path(overrides.get("instance_path") or env.get("QR_INSTANCE_PATH") or ROOT / "instance")
    values: dict[str, Any] = {"instance_path": instance.resolve()}
    file = instance / "config.toml"
    if file.exists():
        try:
            written = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as fault:
            raise BadSetting(f"{file} is not valid TOML: {fault}") from fault
        for key, value in written.items():
            values[key] = _typed(key, value, str(file))
    for name, text in env.items():
        if name.startswith(PREFIX) and name != "QR_INSTANCE_PATH":
            key = name.removeprefix(PREFIX).lower()
            values[key] = _typed(key, text, f"the environment ({name})")
    values.update({key: value for key, value in overrides.items() if key != "instance_path"})
    settings = replace(Settings(), **values)
    try:
        settings.zone  # noqa: B018 - asked for now, so that a typing slip is told at the start
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise BadSetting(f"timezone: no time zone is called {settings.timezone!r}") from fault
    if settings.clock and not settings.demo:
        raise BadSetting("clock: only a demo house may move its clock (demo = true)")
    return settings


_KINDS = {field.name: field.type for field in fields(Settings)}


def _typed(key: str, value: Any, where: str) -> Any:
    """`value` as the kind the setting has; text from the environment is read, TOML must already fit."""
    kind = _KINDS.get(key)
    if kind is None:
        raise BadSetting(f"{key}: no such setting (in {where})")
    try:
        if kind == "int":
            if isinstance(value, bool):
                raise ValueError
            return int(value)
        if kind == "bool":
            if isinstance(value, bool):
                return value
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}[str(value).lower()]
        if kind == "tuple[str, ...]":
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(str(part).strip() for part in parts if str(part).strip())
        if kind == "Path":
            return Path(value)
        if not isinstance(value, str):
            raise ValueError
        return value.strip()
    except (ValueError, KeyError, TypeError) as fault:
        raise BadSetting(f"{key}: {value!r} is not a {kind} (in {where})") from fault
