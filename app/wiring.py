"""What the house is made of, and what causes what, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from flask import Blueprint

import app.accounts.models
import app.accounts.queries
import app.accounts.views
import app.houses.models
import app.journal.models
import app.notices.models
import app.occupancy.models
import app.offers.models
import app.people.models
import app.rooms.models  # noqa: F401 - every table is known as soon as the house is wired
from app.accounts import events as accounts
from app.core import i18n
from app.core.events import Event, Reaction
from app.core.jobs import Job
from app.core.policy import Actor
from app.home import views as home_pages
from app.people import events as people
from app.rooms import events as rooms
from app.rooms import views as room_pages
from app.rooms.jobs import LAPSE_WISHES

IDENTIFY: Callable[[str], Actor | None] = app.accounts.views.identify
IDENTIFY_TOKEN: Callable[[str], Actor | None] = app.accounts.queries.identify_token
LANGUAGE: Callable[[], str | None] = app.accounts.views.language
PAGES: list[Blueprint] = [*home_pages.blueprints, room_pages.blueprint]
APIS: list[Blueprint] = []
JOBS: list[Job] = [LAPSE_WISHES]
COMMANDS: list[click.Command] = []
CONTEXT: list[Callable[[], dict[str, Any]]] = [app.accounts.views.context]
TEMPLATE_WORDS: dict[str, Any] = {
    "clock_time": i18n.clock_time,
    "day_name": i18n.day,
    "duration": i18n.duration,
    "hours": i18n.hours,
    "moment": i18n.moment,
    "money": i18n.money,
    "wall": i18n.wall,
}
REACTIONS: Mapping[type[Event], Sequence[Reaction]] = {
    accounts.CodeIssued: [],
    accounts.SignedIn: [],
    accounts.SignInsEnded: [],
    accounts.SlipIssued: [],
    accounts.SlipWithdrawn: [],
    accounts.InvitationIssued: [],
    accounts.AccountPrepared: [],
    accounts.PasswordChanged: [],
    accounts.RoleGranted: [],
    accounts.RoleWithdrawn: [],
    accounts.TokenCreated: [],
    accounts.TokenRevoked: [],
    people.PersonCreated: [],
    people.PersonChanged: [],
    people.CardGiven: [],
    people.PeopleMerged: [],
    people.HouseholdCreated: [],
    people.HouseholdChanged: [],
    people.HouseholdJoined: [],
    people.HouseholdLeft: [],
    people.OrganisationCreated: [],
    people.OrganisationChanged: [],
    people.OrganisationArchived: [],
    people.OrganisationReopened: [],
    people.MemberAdded: [],
    people.MemberRemoved: [],
    people.ConsentGiven: [],
    people.ConsentWithdrawn: [],
    rooms.BookingWished: [],
    rooms.BookingConfirmed: [],
    rooms.BookingRefused: [],
    rooms.BookingCancelled: [],
    rooms.BookingLapsed: [],
    rooms.BookingMoved: [],
    rooms.BookingChanged: [],
    rooms.ChangeWished: [],
    rooms.ChangeRefused: [],
    rooms.RoomChanged: [],
    rooms.CalendarImported: [],
    rooms.FeedRenewed: [],
}
